/* fsimages/slots/fs.c -- the halves as a file system with the files "model" and "model.old". What is valid is found at
 * mount and after every change, not at every call: it takes reading both payloads. */
#include "fsimages/slots/header.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDLES 8

struct handle {
    bool used, writes, appends;
    struct thm_slot slot; /* read */
    uint32_t pos;
};

struct sl {
    struct thm_fs base;
    struct thm_fs_memory mem;
    struct thm_slots slots;
    struct thm_slot current, older;
    struct thm_slots_writer writer;
    enum thm_fs_err failed;                  /* of the writer, which is not committed then */
    uint8_t notes[2][THM_SLOTS_NOTES_BYTES]; /* of each half, behind its payload */
    uint32_t notes_len[2];
    uint8_t *unit;
    struct handle handles[HANDLES];
};

static int32_t code(enum thm_fs_err e)
{
    return -(int32_t)e;
}

/* ---- the halves ---- */

enum state { FREE, CURRENT, OLDER, UNFINISHED, DAMAGED };

static const struct {
    const char *text;
    uint8_t unit;
} states[] = {
    [FREE] = { "free", THM_FS_UNIT_FREE },
    [CURRENT] = { "current", THM_FS_UNIT_DATA },
    [OLDER] = { "older", THM_FS_UNIT_DATA },
    [UNFINISHED] = { "not valid: no header, or an unfinished one", THM_FS_UNIT_DELETED },
    [DAMAGED] = { "damaged: the payload is not what its header says", THM_FS_UNIT_BAD },
};

static enum state state_of(struct sl *fs, uint32_t index, struct thm_slot *slot)
{
    uint8_t raw[SL_HEADER];
    if (index == fs->current.index || index == fs->older.index) {
        *slot = index == fs->current.index ? fs->current : fs->older;
        return index == fs->current.index ? CURRENT : OLDER;
    }
    if (thm_medium_peek(fs->slots.medium, (uint64_t)index * fs->slots.half, raw, sizeof raw) != THM_FS_OK)
        return UNFINISHED;
    if (sl_header_get(raw, slot))
        return DAMAGED;
    return sl_header_blank(raw) ? FREE : UNFINISHED;
}

/* ---- mount ---- */

static enum thm_fs_err slots_probe(struct thm_medium *m, struct thm_fs_config *c)
{
    struct thm_slots s;
    struct thm_slot slot;
    uint8_t raw[SL_HEADER];
    (void)c;
    if (thm_slots_init(&s, m) != THM_FS_OK)
        return THM_FS_EFORMAT;
    for (uint32_t i = 0; i < 2; i++)
        if (thm_medium_peek(m, i * s.half, raw, sizeof raw) == THM_FS_OK && sl_header_get(raw, &slot))
            return THM_FS_OK;
    return THM_FS_EFORMAT;
}

static int32_t slots_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem)
{
    struct thm_slots s;
    (void)c;
    if (!mem)
        mem = &thm_fs_host_memory;
    enum thm_fs_err e = thm_slots_init(&s, m);
    if (e)
        return code(e);
    uint8_t *unit = mem->alloc(mem->ctx, m->program_unit, "slots program unit");
    if (!unit)
        return code(THM_FS_ENOMEM);
    e = thm_slots_format(&s, unit);
    mem->free(mem->ctx, unit);
    return code(e);
}

static int32_t refresh(struct sl *fs)
{
    const struct thm_slot *slot[] = { &fs->current, &fs->older };
    enum thm_fs_err e = thm_slots_find(&fs->slots, &fs->current, &fs->older);
    for (uint32_t i = 0; !e && i < 2; i++)
        if (slot[i]->index != THM_SLOTS_NONE)
            e = thm_slots_notes(&fs->slots, slot[i], fs->notes[slot[i]->index], &fs->notes_len[slot[i]->index]);
    return code(e);
}

/* Nothing valid, and nothing that an interrupted first write on erased flash could have left. */
static bool foreign(struct sl *fs)
{
    struct thm_slot slot;
    return state_of(fs, 0, &slot) == UNFINISHED && state_of(fs, 1, &slot) == UNFINISHED;
}

static void give_back(struct sl *fs)
{
    if (fs->unit)
        fs->mem.free(fs->mem.ctx, fs->unit);
    free(fs);
}

static int32_t slots_mount(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                           const struct thm_fs_memory *mem)
{
    struct sl *fs = calloc(1, sizeof *fs);
    (void)c;
    *out = NULL;
    if (!fs)
        return code(THM_FS_EHOST);
    fs->base.ops = &thm_fs_slots;
    fs->mem = mem ? *mem : thm_fs_host_memory;
    int32_t res = code(thm_slots_init(&fs->slots, m));
    if (!res)
        fs->unit = fs->mem.alloc(fs->mem.ctx, m->program_unit, "slots program unit");
    if (!res)
        res = fs->unit ? refresh(fs) : code(THM_FS_ENOMEM);
    if (!res && foreign(fs))
        res = code(THM_FS_EFORMAT);
    if (res)
        give_back(fs);
    else
        *out = &fs->base;
    return res;
}

static void slots_unmount(struct thm_fs *f)
{
    if (f)
        give_back((struct sl *)f);
}

/* ---- files ---- */

static const char *const names[] = { "model", "model.old", NULL };

static bool known(const char *name)
{
    return strcmp(name, names[0]) == 0 || strcmp(name, names[1]) == 0;
}

/* The payload of that name. NULL: there is none. */
static const struct thm_slot *find(const struct sl *fs, const char *name)
{
    const struct thm_slot *slot = strcmp(name, names[0]) == 0 ? &fs->current : &fs->older;
    return known(name) && slot->index != THM_SLOTS_NONE && slot->len ? slot : NULL;
}

static uint32_t size_of(const struct sl *fs, const struct thm_slot *slot)
{
    return slot->len + fs->notes_len[slot->index];
}

static bool half_in_use(const struct sl *fs, uint32_t index)
{
    for (int i = 0; i < HANDLES; i++)
        if (fs->handles[i].used && !fs->handles[i].writes && fs->handles[i].slot.index == index)
            return true;
    return false;
}

static bool writing(const struct sl *fs)
{
    for (int i = 0; i < HANDLES; i++)
        if (fs->handles[i].used && fs->handles[i].writes)
            return true;
    return false;
}

static int32_t may_write(const struct sl *fs, const char *name, int flags)
{
    const struct thm_slot *model = find(fs, name);
    if (strcmp(name, names[0]) != 0 || flags & THM_FS_APPEND || writing(fs) || half_in_use(fs, fs->older.index))
        return code(THM_FS_EINVAL);
    if (!model)
        return flags & THM_FS_CREATE ? 0 : code(THM_FS_ENOENT);
    if (flags & THM_FS_EXCL)
        return code(THM_FS_EEXIST);
    return flags & THM_FS_TRUNC ? 0 : code(THM_FS_EINVAL); /* only as a whole */
}

static int32_t begin_writing(struct sl *fs)
{
    fs->failed = THM_FS_OK;
    fs->older.index = THM_SLOTS_NONE;
    return code(thm_slots_open(&fs->slots, &fs->current, &fs->writer, fs->unit));
}

static int32_t take_handle(struct sl *fs, const struct handle *h)
{
    for (int32_t i = 0; i < HANDLES; i++)
        if (!fs->handles[i].used) {
            fs->handles[i] = *h;
            return i;
        }
    return code(THM_FS_EINVAL);
}

static int32_t open_for_notes(struct sl *fs)
{
    return writing(fs) ? code(THM_FS_EINVAL)
                       : take_handle(fs, &(struct handle){ .used = true, .appends = true, .slot = fs->current });
}

static int32_t add_note(struct sl *fs, struct handle *h, const void *buf, uint32_t len)
{
    const uint32_t i = h->slot.index;
    enum thm_fs_err e = thm_slots_add_note(&fs->slots, &h->slot, buf, len, fs->unit);
    if (!e)
        e = thm_slots_notes(&fs->slots, &h->slot, fs->notes[i], &fs->notes_len[i]);
    return e ? code(e) : (int32_t)len;
}

static int32_t slots_open(struct thm_fs *f, const char *name, int flags)
{
    struct sl *fs = (struct sl *)f;
    if (!(flags & THM_FS_WRITE)) {
        const struct thm_slot *slot = find(fs, name);
        return slot ? take_handle(fs, &(struct handle){ .used = true, .slot = *slot }) : code(THM_FS_ENOENT);
    }
    if (flags & THM_FS_APPEND && !(flags & THM_FS_TRUNC) && strcmp(name, names[0]) == 0 && find(fs, name))
        return open_for_notes(fs);
    int32_t res = may_write(fs, name, flags);
    if (res)
        return res;
    int32_t n = take_handle(fs, &(struct handle){ .used = true, .writes = true });
    res = n < 0 ? n : begin_writing(fs);
    if (n >= 0 && res)
        fs->handles[n].used = false;
    return res ? res : n;
}

static struct handle *get_handle(struct thm_fs *f, int32_t n)
{
    struct sl *fs = (struct sl *)f;
    return n >= 0 && n < HANDLES && fs->handles[n].used ? &fs->handles[n] : NULL;
}

/* The switch to what was written, if it reads back as it was written. */
static int32_t commit(struct sl *fs)
{
    int32_t res = fs->failed ? code(fs->failed) : code(thm_slots_commit(&fs->writer, NULL, 0));
    if (!res)
        res = refresh(fs);
    return res || fs->current.index == fs->writer.index ? res : code(THM_FS_EIO);
}

static int32_t slots_close(struct thm_fs *f, int32_t n)
{
    struct sl *fs = (struct sl *)f;
    struct handle *h = get_handle(f, n);
    if (!h)
        return code(THM_FS_EINVAL);
    h->used = false;
    return h->writes ? commit(fs) : 0;
}

static int32_t slots_read(struct thm_fs *f, int32_t n, void *buf, uint32_t len)
{
    struct sl *fs = (struct sl *)f;
    struct handle *h = get_handle(f, n);
    if (!h || h->writes || h->appends)
        return code(THM_FS_EINVAL);
    if (len > size_of(fs, &h->slot) - h->pos)
        len = size_of(fs, &h->slot) - h->pos;
    if (len > INT32_MAX)
        len = INT32_MAX;
    const uint32_t left = h->pos < h->slot.len ? h->slot.len - h->pos : 0, model = len < left ? len : left;
    enum thm_fs_err e = thm_medium_read(fs->slots.medium, h->slot.off + h->pos, buf, model);
    if (e)
        return code(e);
    if (len > model)
        memcpy((uint8_t *)buf + model, fs->notes[h->slot.index] + (h->pos + model - h->slot.len), len - model);
    h->pos += len;
    return (int32_t)len;
}

static int32_t slots_write(struct thm_fs *f, int32_t n, const void *buf, uint32_t len)
{
    struct sl *fs = (struct sl *)f;
    struct handle *h = get_handle(f, n);
    if (h && h->appends)
        return add_note(fs, h, buf, len);
    if (!h || !h->writes || len > INT32_MAX)
        return code(THM_FS_EINVAL);
    if (!fs->failed)
        fs->failed = thm_slots_append(&fs->writer, buf, len);
    return fs->failed ? code(fs->failed) : (int32_t)len;
}

/* Nothing written counts before the close. */
static int32_t slots_sync(struct thm_fs *f, int32_t n)
{
    const struct handle *h = get_handle(f, n);
    return h && !h->writes ? 0 : code(THM_FS_EINVAL);
}

/* A payload that is being written has no other place than its end. */
static int64_t slots_seek(struct thm_fs *f, int32_t n, int64_t off, int whence)
{
    struct sl *fs = (struct sl *)f;
    struct handle *h = get_handle(f, n);
    if (!h || off < -(int64_t)UINT32_MAX || off > UINT32_MAX)
        return code(THM_FS_EINVAL);
    uint32_t pos = h->writes ? fs->writer.len : h->pos, end = h->writes ? fs->writer.len : size_of(fs, &h->slot);
    int64_t to = off + (whence == THM_FS_CUR ? pos : whence == THM_FS_END ? end : 0);
    if (to < 0 || to > end || (h->writes && to != end))
        return code(THM_FS_EINVAL);
    h->pos = (uint32_t)to;
    return to;
}

/* ---- names ---- */

static int32_t slots_truncate(struct thm_fs *f, const char *name, uint32_t size)
{
    const struct thm_slot *slot = find((struct sl *)f, name);
    if (!slot)
        return code(THM_FS_ENOENT);
    return size_of((struct sl *)f, slot) == size ? 0 : code(THM_FS_EINVAL);
}

static int32_t drop(struct sl *fs, const struct thm_slot *slot)
{
    if (writing(fs) || half_in_use(fs, slot->index))
        return code(THM_FS_EINVAL);
    enum thm_fs_err e = thm_slots_drop(&fs->slots, slot->index);
    return e ? code(e) : refresh(fs);
}

/* The model is removed as it is replaced: by a payload of length 0. */
static int32_t slots_remove(struct thm_fs *f, const char *name)
{
    struct sl *fs = (struct sl *)f;
    const struct thm_slot *slot = find(fs, name);
    if (!slot)
        return code(THM_FS_ENOENT);
    if (slot == &fs->older)
        return drop(fs, slot);
    int32_t n = slots_open(f, name, THM_FS_WRITE | THM_FS_TRUNC);
    return n < 0 ? n : slots_close(f, n);
}

/* Back to the payload before. */
static int32_t slots_rename(struct thm_fs *f, const char *from, const char *to)
{
    struct sl *fs = (struct sl *)f;
    if (!find(fs, from))
        return code(THM_FS_ENOENT);
    if (strcmp(from, names[1]) != 0 || strcmp(to, names[0]) != 0)
        return code(THM_FS_EINVAL);
    return drop(fs, &fs->current);
}

static void stat_from_slot(const char *name, uint32_t size, struct thm_fs_stat *st)
{
    *st = (struct thm_fs_stat){ .size = size, .read_only = strcmp(name, names[1]) == 0 };
    memcpy(st->name, name, strlen(name));
}

static int32_t slots_stat(struct thm_fs *f, const char *name, struct thm_fs_stat *out)
{
    const struct thm_slot *slot = find((struct sl *)f, name);
    if (!slot)
        return code(THM_FS_ENOENT);
    stat_from_slot(name, size_of((struct sl *)f, slot), out);
    return 0;
}

static int32_t slots_list(struct thm_fs *f, const char *dir, int32_t (*each)(void *, const struct thm_fs_stat *),
                          void *ctx)
{
    int32_t res = 0;
    (void)dir;
    for (int i = 0; !res && i < 2; i++) {
        struct thm_fs_stat st;
        if (slots_stat(f, names[i], &st) == 0)
            res = each(ctx, &st);
    }
    return res;
}

static int32_t slots_extent(struct thm_fs *f, const char *name, uint64_t *off, uint32_t *len)
{
    const struct thm_slot *slot = find((struct sl *)f, name);
    if (!slot)
        return code(THM_FS_ENOENT);
    *off = slot->off;
    *len = slot->len;
    return 0;
}

static int32_t slots_usage(struct thm_fs *f, struct thm_fs_usage *out)
{
    const struct sl *fs = (const struct sl *)f;
    const struct thm_slot *model = find(fs, names[0]);
    *out = (struct thm_fs_usage){ fs->slots.capacity, model ? model->len : 0 };
    return 0;
}

static uint64_t slots_need(const struct thm_fs *f, uint64_t len)
{
    (void)f;
    return len;
}

/* ---- check and show ---- */

static enum state tell_state(struct sl *fs, uint32_t index, thm_fs_line *line, void *ctx)
{
    struct thm_slot slot = { 0 };
    enum state is = state_of(fs, index, &slot);
    char text[120];
    int n = snprintf(text, sizeof text, "slot %c: %s", "AB"[index], states[is].text);
    if (is == CURRENT || is == OLDER)
        snprintf(text + n, sizeof text - (size_t)n,
                 ", sequence %" PRIu32 ", %" PRIu32 " bytes at %" PRIu64 ", CRC %08" PRIX32, slot.sequence, slot.len,
                 slot.off, slot.crc);
    if (line)
        line(ctx, text);
    return is;
}

/* Only a payload that lost bits is damage: a write that was interrupted is what the other half is for. */
static int32_t slots_check(struct thm_fs *f, bool repair, thm_fs_line *report, void *ctx)
{
    struct sl *fs = (struct sl *)f;
    int32_t findings = 0, res = writing(fs) ? code(THM_FS_EINVAL) : refresh(fs);
    for (uint32_t i = 0; !res && i < 2; i++) {
        enum state is = tell_state(fs, i, report, ctx);
        findings += is == DAMAGED;
        if (repair && (is == DAMAGED || is == UNFINISHED))
            res = code(thm_slots_drop(&fs->slots, i));
    }
    return res ? res : findings;
}

static int32_t slots_describe(struct thm_fs *f, thm_fs_line *line, void *ctx)
{
    struct sl *fs = (struct sl *)f;
    char text[80];
    snprintf(text, sizeof text, "capacity of a slot: %" PRIu32, fs->slots.capacity);
    line(ctx, text);
    snprintf(text, sizeof text, "payload behind a slot's start: %" PRIu32, fs->slots.payload);
    line(ctx, text);
    for (uint32_t i = 0; i < 2; i++)
        tell_state(fs, i, line, ctx);
    return 0;
}

static int32_t slots_map(struct thm_fs *f, struct thm_fs_map *out)
{
    struct sl *fs = (struct sl *)f;
    *out =
        (struct thm_fs_map){ .unit = "slot", .unit_size = fs->slots.half, .count = 2, .row = 2, .states = malloc(2) };
    if (!out->states)
        return code(THM_FS_EHOST);
    for (uint32_t i = 0; i < 2; i++)
        out->states[i] = states[tell_state(fs, i, NULL, NULL)].unit;
    return 0;
}

/* ---- codes ---- */

/* The numbers are this folder's, negated. */
static const struct thm_fs_code codes[] = {
#define X(name, status, text) { -(int32_t)(name), name, &#name[sizeof "THM_FS_" - 1] },
    THM_FS_ERRORS(X)
#undef X
        { 0, THM_FS_OK, NULL },
};

const struct thm_fs_ops thm_fs_slots = {
    .name = "slots",
    .flat = true,
    .root = "",
    .slots = names,
    .probe = slots_probe,
    .format = slots_format,
    .mount = slots_mount,
    .unmount = slots_unmount,
    .open = slots_open,
    .close = slots_close,
    .read = slots_read,
    .write = slots_write,
    .sync = slots_sync,
    .seek = slots_seek,
    .truncate = slots_truncate,
    .remove = slots_remove,
    .rename = slots_rename,
    .stat = slots_stat,
    .list = slots_list,
    .extent = slots_extent,
    .usage = slots_usage,
    .need = slots_need,
    .check = slots_check,
    .describe = slots_describe,
    .map = slots_map,
    .codes = codes,
};
