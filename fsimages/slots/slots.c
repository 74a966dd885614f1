/* fsimages/slots/slots.c -- find the current payload, write the next one. */
#include "fsimages/crc32.h"
#include "fsimages/slots/header.h"
#include <string.h>

#define ALIGNMENT 16u /* of the payload: what a model wants that is used in place */

/* Whole program units, and a multiple of the alignment. */
static uint64_t header_room(uint32_t unit)
{
    uint64_t step = unit;
    while (step % ALIGNMENT)
        step += unit;
    return (SL_HEADER + step - 1) / step * step;
}

enum thm_fs_err thm_slots_init(struct thm_slots *s, struct thm_medium *medium)
{
    uint64_t half = (uint64_t)(medium->erase_count / 2) * medium->erase_size;
    uint64_t payload = header_room(medium->program_unit);
    if (half > UINT32_MAX || half <= payload || medium->erase_size % medium->program_unit)
        return THM_FS_EINVAL;
    *s = (struct thm_slots){ medium, (uint32_t)half, (uint32_t)payload, (uint32_t)(half - payload) };
    return THM_FS_OK;
}

/* ---- find ---- */

static enum thm_fs_err payload_crc(const struct thm_slots *s, const struct thm_slot *slot, uint32_t *crc)
{
    uint8_t part[256];
    *crc = 0;
    for (uint32_t at = 0, n; at < slot->len; at += n) {
        n = slot->len - at < sizeof part ? slot->len - at : sizeof part;
        enum thm_fs_err e = thm_medium_read(s->medium, slot->off + at, part, n);
        if (e)
            return e;
        *crc = thm_crc32(*crc, part, n);
    }
    return THM_FS_OK;
}

/* slot->index is THM_SLOTS_NONE if the half is not valid. */
static enum thm_fs_err load(const struct thm_slots *s, uint32_t index, struct thm_slot *slot)
{
    uint8_t raw[SL_HEADER];
    uint32_t crc = 0;
    uint64_t half = (uint64_t)index * s->half;
    *slot = (struct thm_slot){ .index = THM_SLOTS_NONE, .off = half + s->payload };
    enum thm_fs_err e = thm_medium_read(s->medium, half, raw, sizeof raw);
    if (!e && (!sl_header_get(raw, slot) || slot->len > s->capacity))
        return THM_FS_OK;
    if (!e)
        e = payload_crc(s, slot, &crc);
    if (!e && crc == slot->crc)
        slot->index = index;
    return e == THM_FS_EIO ? THM_FS_OK : e;
}

static bool later(const struct thm_slot *a, const struct thm_slot *b)
{
    if (a->index == THM_SLOTS_NONE || b->index == THM_SLOTS_NONE)
        return a->index != THM_SLOTS_NONE;
    return (int32_t)(a->sequence - b->sequence) > 0;
}

enum thm_fs_err thm_slots_find(const struct thm_slots *s, struct thm_slot *current, struct thm_slot *older)
{
    enum thm_fs_err e = load(s, 0, current);
    if (!e)
        e = load(s, 1, older);
    if (!e && later(older, current)) {
        struct thm_slot first = *current;
        *current = *older;
        *older = first;
    }
    return e;
}

/* ---- write ---- */

static enum thm_fs_err erase_block_of(const struct thm_slots *s, uint32_t index, uint32_t at)
{
    return thm_medium_erase(s->medium, (index * s->half + at) / s->medium->erase_size);
}

static enum thm_fs_err begin(const struct thm_slots *s, struct thm_slots_writer *w, uint8_t *unit, uint32_t index,
                             uint32_t sequence)
{
    *w = (struct thm_slots_writer){
        .slots = s, .unit = unit, .index = index, .sequence = sequence, .erased = s->medium->erase_size
    };
    return erase_block_of(s, index, 0);
}

enum thm_fs_err thm_slots_open(const struct thm_slots *s, const struct thm_slot *current, struct thm_slots_writer *w,
                               uint8_t *unit)
{
    if (current->index == THM_SLOTS_NONE)
        return begin(s, w, unit, 0, 0);
    return begin(s, w, unit, !current->index, current->sequence + 1);
}

static enum thm_fs_err erase_next(struct thm_slots_writer *w)
{
    uint32_t at = w->erased;
    w->erased += w->slots->medium->erase_size;
    return erase_block_of(w->slots, w->index, at);
}

/* Whole program units at a place in the half; blocks are erased as they are entered. */
static enum thm_fs_err program(struct thm_slots_writer *w, uint32_t at, const uint8_t *from, uint32_t len)
{
    const struct thm_slots *s = w->slots;
    enum thm_fs_err e = THM_FS_OK;
    while (!e && len) {
        uint32_t room = at < w->erased ? w->erased - at : 0, n = len < room ? len : room;
        e = n ? thm_medium_program(s->medium, (uint64_t)w->index * s->half + at, from, n) : erase_next(w);
        at += n;
        from += n;
        len -= n;
    }
    return e;
}

/* Fill the pending unit; a full one is programmed. Returns how many bytes it took. */
static uint32_t fill_unit(struct thm_slots_writer *w, const uint8_t *from, uint32_t len, enum thm_fs_err *e)
{
    uint32_t unit = w->slots->medium->program_unit, room = unit - w->pending, n = len < room ? len : room;
    memcpy(w->unit + w->pending, from, n);
    w->pending += n;
    if (w->pending == unit) {
        *e = program(w, w->slots->payload + (w->len + n - unit), w->unit, unit);
        w->pending = 0;
    }
    return n;
}

enum thm_fs_err thm_slots_append(struct thm_slots_writer *w, const void *data, uint32_t len)
{
    const struct thm_slots *s = w->slots;
    const uint8_t *from = data;
    enum thm_fs_err e = THM_FS_OK;
    if (len > s->capacity - w->len)
        return THM_FS_ENOSPC;
    w->crc = thm_crc32(w->crc, data, len);
    while (!e && len) {
        uint32_t n = w->pending ? 0 : len / s->medium->program_unit * s->medium->program_unit;
        if (n)
            e = program(w, s->payload + w->len, from, n);
        else
            n = fill_unit(w, from, len, &e);
        w->len += n;
        from += n;
        len -= n;
    }
    return e;
}

static enum thm_fs_err flush_unit(struct thm_slots_writer *w)
{
    uint32_t unit = w->slots->medium->program_unit, at = w->slots->payload + w->len - w->pending;
    if (w->pending == 0)
        return THM_FS_OK;
    memset(w->unit + w->pending, 0xFF, unit - w->pending);
    w->pending = 0;
    return program(w, at, w->unit, unit);
}

/* What does not fill a unit goes through the unit's buffer. */
static enum thm_fs_err program_header(struct thm_slots_writer *w, const uint8_t *raw)
{
    uint32_t unit = w->slots->medium->program_unit, whole = SL_HEADER / unit * unit, rest = SL_HEADER - whole;
    enum thm_fs_err e = program(w, 0, raw, whole);
    if (e || rest == 0)
        return e;
    memset(w->unit, 0xFF, unit);
    memcpy(w->unit, raw + whole, rest);
    return program(w, whole, w->unit, unit);
}

enum thm_fs_err thm_slots_commit(struct thm_slots_writer *w, const void *meta, uint32_t len)
{
    struct thm_slot slot = { .sequence = w->sequence, .len = w->len, .crc = w->crc, .meta_len = len };
    uint8_t raw[SL_HEADER];
    if (len > sizeof slot.meta)
        return THM_FS_EINVAL;
    if (len)
        memcpy(slot.meta, meta, len);
    enum thm_fs_err e = flush_unit(w);
    if (!e)
        e = sl_clear_notes(w->slots, w->index, w->erased);
    if (e)
        return e;
    sl_header_put(raw, &slot);
    return program_header(w, raw);
}

enum thm_fs_err thm_slots_drop(const struct thm_slots *s, uint32_t index)
{
    return index < THM_SLOTS_NONE ? erase_block_of(s, index, 0) : THM_FS_EINVAL;
}

enum thm_fs_err thm_slots_format(const struct thm_slots *s, uint8_t *unit)
{
    struct thm_slots_writer w;
    enum thm_fs_err e = thm_slots_drop(s, 1);
    if (!e)
        e = begin(s, &w, unit, 0, 0);
    return e ? e : thm_slots_commit(&w, NULL, 0);
}
