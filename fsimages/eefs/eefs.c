/* fsimages/eefs/eefs.c -- probe, format, mount and unmount; names, slots and figures; the operations table. */
#include "fsimages/eefs/core.h"
#include <stdlib.h>
#include <string.h>

static enum thm_fs_err eefs_probe(struct thm_medium *m, struct thm_fs_config *c)
{
    uint8_t raw[EF_TABLE_HEADER];
    struct ef_table_header h;
    if (thm_medium_peek(m, 0, raw, sizeof raw) != THM_FS_OK)
        return THM_FS_EFORMAT;
    for (int big = 0; big < 2; big++) {
        ef_table_header_get(big, raw, &h);
        if (ef_table_header_good(&h)) {
            c->big_endian = big;
            return THM_FS_OK;
        }
    }
    return THM_FS_EFORMAT;
}

/* ---- mount ---- */

static void give_back(struct ef *fs)
{
    void *const parts[] = { fs->t, fs->directory, fs->fds };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i])
            fs->mem.free(fs->mem.ctx, parts[i]);
    free(fs);
}

/* The library's tables, which are static there: descriptors, the directory, and one inode table a volume. */
static bool take_memory(struct ef *fs)
{
    const struct thm_fs_memory *m = &fs->mem;
    fs->fds = m->alloc(m->ctx, (uint32_t)sizeof *fs->fds * fs->fd_count, "EEFS file descriptors");
    if (fs->fds)
        fs->directory = m->alloc(m->ctx, EF_DIRECTORY_BYTES, "EEFS directory");
    if (fs->directory)
        fs->t = m->alloc(m->ctx, sizeof *fs->t, "EEFS inode table");
    if (!fs->t)
        return false;
    memset(fs->fds, 0, sizeof *fs->fds * fs->fd_count);
    memset(fs->t, 0, sizeof *fs->t);
    return true;
}

static int32_t load_table(struct ef *fs)
{
    struct ef_table_header h;
    int32_t res = ef_table_header_read(fs, &h);
    if (res)
        return res;
    if (!ef_table_header_good(&h))
        return EEFS_NO_SUCH_DEVICE;
    fs->t->free_offset = h.free_offset;
    fs->t->free_size = h.free_size;
    fs->t->files = h.files;
    for (uint32_t i = 0; !res && i < h.files; i++)
        res = ef_entry_read(fs, i, &fs->t->file[i]);
    return res;
}

static int32_t eefs_mount(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                          const struct thm_fs_memory *mem)
{
    *out = NULL;
    if (c->max_files > 1024)
        return EEFS_INVALID_ARGUMENT;
    struct ef *fs = calloc(1, sizeof *fs);
    if (!fs)
        return ef_medium(THM_FS_EHOST);
    fs->base.ops = &thm_fs_eefs;
    fs->medium = m;
    fs->config = *c;
    fs->mem = mem ? *mem : thm_fs_host_memory;
    fs->fd_count = c->max_files ? c->max_files : EF_FILES_OPEN;
    int32_t res = take_memory(fs) ? load_table(fs) : ef_medium(THM_FS_ENOMEM);
    if (res)
        give_back(fs);
    else
        *out = &fs->base;
    return res;
}

static void eefs_unmount(struct thm_fs *f)
{
    if (f)
        give_back((struct ef *)f);
}

/* As the packer's image without files. Until the table, which is last, there is no volume. */
static int32_t eefs_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem)
{
    uint8_t *image;
    size_t len, bad;
    enum thm_fs_err e = THM_FS_OK;
    (void)mem;
    if (!m->rewritable)
        return EEFS_READ_ONLY_FILE_SYSTEM;
    if (thm_medium_size(m) < EF_TABLE || thm_medium_size(m) > UINT32_MAX)
        return EEFS_INVALID_ARGUMENT;
    const struct thm_eefs_packing how = { (uint32_t)thm_medium_size(m), c->big_endian, true, 0 };
    e = thm_eefs_pack(&how, NULL, 0, &image, &len, &bad);
    if (e)
        return ef_medium(e);
    for (size_t at = EF_TABLE, n; !e && at < len; at += n) {
        size_t room = m->erase_size - at % m->erase_size;
        n = room < len - at ? room : len - at;
        e = thm_medium_program(m, at, image + at, (uint32_t)n);
    }
    if (!e)
        e = thm_medium_program(m, 0, image, EF_TABLE);
    free(image);
    return ef_medium(e);
}

/* ---- names ---- */

/* A file by name for something that changes its header. */
static int32_t find_for_change(struct ef *fs, const char *name, struct ef_header *h)
{
    int32_t slot = ef_find(fs, name, h);
    return slot >= 0 && h->attributes & THM_EEFS_READONLY ? EEFS_PERMISSION_DENIED : slot;
}

/* The slot and its memory stay taken. */
static int32_t eefs_remove(struct thm_fs *f, const char *name)
{
    struct ef *fs = (struct ef *)f;
    struct ef_header h;
    if (!ef_name_valid(name))
        return EEFS_INVALID_ARGUMENT;
    if (!ef_writable(fs))
        return EEFS_READ_ONLY_FILE_SYSTEM;
    int32_t slot = find_for_change(fs, name, &h);
    if (slot < 0)
        return slot;
    if (ef_slot_mode(fs, (uint32_t)slot))
        return EEFS_PERMISSION_DENIED;
    h = (struct ef_header){ 0 };
    return ef_header_write(fs, fs->t->file[slot].header, &h);
}

static int32_t eefs_rename(struct thm_fs *f, const char *from, const char *to)
{
    struct ef *fs = (struct ef *)f;
    struct ef_header h;
    if (!ef_name_valid(from) || !ef_name_valid(to))
        return EEFS_INVALID_ARGUMENT;
    if (!ef_writable(fs))
        return EEFS_READ_ONLY_FILE_SYSTEM;
    int32_t slot = ef_find(fs, to, &h);
    if (slot != EEFS_FILE_NOT_FOUND)
        return slot < 0 ? slot : EEFS_PERMISSION_DENIED;
    slot = find_for_change(fs, from, &h);
    if (slot < 0)
        return slot;
    memset(h.name, 0, sizeof h.name);
    memcpy(h.name, to, strlen(to));
    return ef_header_write(fs, fs->t->file[slot].header, &h);
}

int32_t thm_eefs_set_attributes(struct thm_fs *f, const char *name, uint32_t attributes)
{
    struct ef *fs = (struct ef *)f;
    struct ef_header h;
    if ((attributes != THM_EEFS_NONE && attributes != THM_EEFS_READONLY) || !ef_name_valid(name))
        return EEFS_INVALID_ARGUMENT;
    if (!ef_writable(fs))
        return EEFS_READ_ONLY_FILE_SYSTEM;
    int32_t slot = ef_find(fs, name, &h);
    if (slot < 0)
        return slot;
    h.attributes = attributes;
    return ef_header_write(fs, fs->t->file[slot].header, &h);
}

/* ---- slots and figures ---- */

static void describe_slot(const struct ef *fs, uint32_t i, const struct ef_header *h, struct thm_eefs_slot *out)
{
    *out = (struct thm_eefs_slot){ .slot = i,
                                   .header_offset = fs->t->file[i].header,
                                   .max_size = fs->t->file[i].max,
                                   .in_use = h->in_use,
                                   .attributes = h->attributes,
                                   .size = h->size,
                                   .modified = h->modified,
                                   .created = h->created };
    memcpy(out->name, h->name, strnlen(h->name, EF_NAME));
}

int32_t thm_eefs_slot(struct thm_fs *f, uint32_t i, struct thm_eefs_slot *out)
{
    struct ef *fs = (struct ef *)f;
    struct ef_header h;
    if (i >= fs->t->files)
        return EEFS_FILE_NOT_FOUND;
    int32_t res = ef_header_read(fs, fs->t->file[i].header, &h);
    if (!res)
        describe_slot(fs, i, &h, out);
    return res;
}

int32_t thm_eefs_find(struct thm_fs *f, const char *name, struct thm_eefs_slot *out)
{
    struct ef *fs = (struct ef *)f;
    struct ef_header h;
    if (!ef_name_valid(name))
        return EEFS_INVALID_ARGUMENT;
    int32_t slot = ef_find(fs, name, &h);
    if (slot < 0)
        return slot;
    describe_slot(fs, (uint32_t)slot, &h, out);
    return 0;
}

void thm_eefs_counters(const struct thm_fs *f, struct thm_eefs_counters *out)
{
    const struct ef_inodes *t = ((const struct ef *)f)->t;
    *out = (struct thm_eefs_counters){ t->files, t->free_offset, t->free_size };
}

static void stat_from_slot(const struct thm_eefs_slot *s, struct thm_fs_stat *st)
{
    *st = (struct thm_fs_stat){ .size = s->size,
                                .read_only = s->attributes & THM_EEFS_READONLY,
                                .modified = s->modified };
    memcpy(st->name, s->name, sizeof s->name);
}

static int32_t eefs_stat(struct thm_fs *f, const char *name, struct thm_fs_stat *out)
{
    struct thm_eefs_slot s;
    int32_t res = thm_eefs_find(f, name, &s);
    if (!res)
        stat_from_slot(&s, out);
    return res;
}

static int32_t list_slots(struct ef *fs, int32_t (*each)(void *, const struct thm_fs_stat *), void *ctx)
{
    int32_t res = 0;
    for (uint32_t i = 0; !res && i < fs->t->files; i++) {
        struct thm_eefs_slot s;
        struct thm_fs_stat st;
        res = thm_eefs_slot(&fs->base, i, &s);
        if (res == ef_medium(THM_FS_ERANGE)) {
            res = 0;
            continue;
        }
        if (res || s.in_use != 1)
            continue;
        stat_from_slot(&s, &st);
        res = each(ctx, &st);
    }
    return res;
}

/* There is one directory descriptor only. */
static int32_t eefs_list(struct thm_fs *f, const char *dir, int32_t (*each)(void *, const struct thm_fs_stat *),
                         void *ctx)
{
    struct ef *fs = (struct ef *)f;
    (void)dir;
    if (fs->listing)
        return EEFS_ERROR;
    fs->listing = true;
    int32_t res = list_slots(fs, each, ctx);
    fs->listing = false;
    return res;
}

static int32_t eefs_extent(struct thm_fs *f, const char *name, uint64_t *off, uint32_t *len)
{
    struct thm_eefs_slot s;
    int32_t res = thm_eefs_find(f, name, &s);
    if (res)
        return res;
    *off = (uint64_t)s.header_offset + EF_HEADER;
    *len = s.size;
    uint64_t size = thm_medium_size(((struct ef *)f)->medium);
    return *off <= size && *len <= size - *off ? 0 : ef_medium(THM_FS_ERANGE);
}

static int32_t eefs_usage(struct thm_fs *f, struct thm_fs_usage *out)
{
    const struct ef_inodes *t = ((const struct ef *)f)->t;
    out->total = (uint64_t)t->free_offset + t->free_size;
    out->used = t->free_offset;
    return 0;
}

/* Spare bytes are taken only as far as there are any. */
static uint64_t eefs_need(const struct thm_fs *f, uint64_t len)
{
    const struct ef_inodes *t = ((const struct ef *)f)->t;
    uint64_t want = EF_HEADER + ef_round_up(len + THM_EEFS_SPARE);
    return want > t->free_size && EF_HEADER + len <= t->free_size ? t->free_size : want;
}

const struct thm_fs_ops thm_fs_eefs = {
    .name = "eefs",
    .flat = true,
    .root = "",
    .rewrites = true,
    .probe = eefs_probe,
    .format = eefs_format,
    .mount = eefs_mount,
    .unmount = eefs_unmount,
    .open = ef_open,
    .close = ef_close,
    .read = ef_file_read,
    .write = ef_file_write,
    .sync = ef_sync,
    .seek = ef_seek,
    .truncate = ef_truncate,
    .remove = eefs_remove,
    .rename = eefs_rename,
    .stat = eefs_stat,
    .list = eefs_list,
    .extent = eefs_extent,
    .usage = eefs_usage,
    .need = eefs_need,
    .check = ef_check,
    .describe = ef_describe,
    .map = ef_map,
    .codes = ef_codes,
};
