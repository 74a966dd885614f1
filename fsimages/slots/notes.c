/* fsimages/slots/notes.c -- notes behind a payload: at the end of its half, the first one last.
 *
 * A note takes 32 bytes, padded to whole program units: "THMN", the slot's sequence number, the note's length, its
 * bytes, padded with 0xFF to 16, and the CRC-32 of the 28 bytes before. Those of an earlier payload are erased before
 * the next one becomes current: a sequence number may come again when a payload was dropped. */
#include "fsimages/crc32.h"
#include "fsimages/slots/header.h"
#include <string.h>

enum { NOTE = 32, SEQUENCE = 4, LENGTH = 8, DATA = 12, CRC = 28 };

static const uint8_t magic[4] = { 'T', 'H', 'M', 'N' };

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t stride(const struct thm_slots *s)
{
    const uint32_t unit = s->medium->program_unit;
    return (NOTE + unit - 1) / unit * unit;
}

/* In the half; 0: there is no room behind the payload. */
static uint32_t place(const struct thm_slots *s, const struct thm_slot *slot, uint32_t k)
{
    const uint64_t from_end = (uint64_t)(k + 1) * stride(s), end = (uint64_t)s->payload + slot->len;
    return from_end + end <= s->half ? (uint32_t)(s->half - from_end) : 0;
}

static enum thm_fs_err read_raw(const struct thm_slots *s, uint32_t index, uint32_t at, uint8_t *raw)
{
    return thm_medium_read(s->medium, (uint64_t)index * s->half + at, raw, NOTE);
}

static bool is_valid(const struct thm_slot *slot, const uint8_t *raw)
{
    return memcmp(raw, magic, sizeof magic) == 0 && get32(raw + SEQUENCE) == slot->sequence &&
           get32(raw + LENGTH) <= THM_SLOTS_NOTE_MAX && get32(raw + CRC) == thm_crc32(0, raw, CRC);
}

static bool is_blank(const uint8_t *raw)
{
    for (int i = 0; i < NOTE; i++)
        if (raw[i] != 0xFF)
            return false;
    return true;
}

enum thm_fs_err thm_slots_notes(const struct thm_slots *s, const struct thm_slot *slot,
                                uint8_t out[THM_SLOTS_NOTES_BYTES], uint32_t *len)
{
    *len = 0;
    for (uint32_t k = 0; k < THM_SLOTS_NOTES && place(s, slot, k); k++) {
        uint8_t raw[NOTE];
        const enum thm_fs_err e = read_raw(s, slot->index, place(s, slot, k), raw);
        if (e && e != THM_FS_EIO) /* of ECC: a torn one */
            return e;
        if (e || !is_valid(slot, raw))
            continue;
        memcpy(out + *len, raw + DATA, get32(raw + LENGTH));
        *len += get32(raw + LENGTH);
    }
    return THM_FS_OK;
}

/* What does not fill a unit goes through the unit's buffer. */
static enum thm_fs_err program(const struct thm_slots *s, uint64_t off, const uint8_t *raw, uint8_t *unit)
{
    const uint32_t size = s->medium->program_unit, whole = NOTE / size * size;
    enum thm_fs_err e = whole ? thm_medium_program(s->medium, off, raw, whole) : THM_FS_OK;
    if (e || whole == NOTE)
        return e;
    memset(unit, 0xFF, size);
    memcpy(unit, raw + whole, NOTE - whole);
    return thm_medium_program(s->medium, off + whole, unit, size);
}

static void make(uint8_t *raw, const struct thm_slot *slot, const void *data, uint32_t len)
{
    memset(raw, 0xFF, NOTE);
    memcpy(raw, magic, sizeof magic);
    put32(raw + SEQUENCE, slot->sequence);
    put32(raw + LENGTH, len);
    memcpy(raw + DATA, data, len);
    put32(raw + CRC, thm_crc32(0, raw, CRC));
}

/* The first blank place: what was torn is passed over. */
enum thm_fs_err thm_slots_add_note(const struct thm_slots *s, const struct thm_slot *slot, const void *data,
                                   uint32_t len, uint8_t *unit)
{
    uint8_t raw[NOTE];
    if (len > THM_SLOTS_NOTE_MAX)
        return THM_FS_EINVAL;
    for (uint32_t k = 0; k < THM_SLOTS_NOTES && place(s, slot, k); k++) {
        const uint32_t at = place(s, slot, k);
        const enum thm_fs_err e = read_raw(s, slot->index, at, raw);
        if (e && e != THM_FS_EIO)
            return e;
        if (e || !is_blank(raw))
            continue;
        make(raw, slot, data, len);
        return program(s, (uint64_t)slot->index * s->half + at, raw, unit);
    }
    return THM_FS_ENOSPC;
}

enum thm_fs_err sl_clear_notes(const struct thm_slots *s, uint32_t index, uint32_t from)
{
    const uint32_t blocks = s->half / s->medium->erase_size;
    uint8_t raw[NOTE];
    for (uint32_t k = 0; k < THM_SLOTS_NOTES && (uint64_t)(k + 1) * stride(s) + from <= s->half; k++) {
        const uint32_t at = s->half - (k + 1) * stride(s);
        enum thm_fs_err e = read_raw(s, index, at, raw);
        if (e && e != THM_FS_EIO)
            return e;
        if (e || !is_blank(raw))
            e = thm_medium_erase(s->medium, index * blocks + at / s->medium->erase_size);
        if (e)
            return e;
    }
    return THM_FS_OK;
}
