/* fsimages/spiffs/spiffs.c -- mount and unmount, format, list, the operations table. */
#include "fsimages/spiffs/core.h"
#include <stdlib.h>
#include <string.h>

static void give_back(struct sf *fs)
{
    void *const parts[] = { fs->cache, fs->fds, fs->work, fs->control };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i])
            fs->mem.free(fs->mem.ctx, parts[i]);
    free(fs);
}

/* What the device takes from its heap, in the order ESP-IDF does (esp_spiffs_init). */
static bool take_memory(struct sf *fs, uint32_t cache_pages)
{
    const struct thm_fs_memory *m = &fs->mem;
    fs->control = m->alloc(m->ctx, SF_CONTROL_BYTES, "SPIFFS control block");
    if (fs->control)
        fs->work = m->alloc(m->ctx, 2 * fs->g.page, "SPIFFS work pages");
    if (fs->work)
        fs->fds = m->alloc(m->ctx, SF_FD_BYTES * fs->fd_count, "SPIFFS file descriptors");
    if (fs->fds && cache_pages)
        fs->cache = m->alloc(m->ctx, sf_cache_bytes(fs->g.page, cache_pages), "SPIFFS cache");
    if (!fs->fds || (cache_pages && !fs->cache))
        return false;
    fs->lookup = fs->work + fs->g.page;
    memset(fs->fds, 0, SF_FD_BYTES * fs->fd_count);
    sf_cache_init(fs, cache_pages);
    return true;
}

static struct sf *prepare(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem,
                          int32_t *res)
{
    struct sf *fs = calloc(1, sizeof *fs);
    if (!fs) {
        *res = SF_ERR_MEDIUM - THM_FS_EHOST;
        return NULL;
    }
    fs->base.ops = &thm_fs_spiffs;
    fs->medium = m;
    fs->config = *c;
    fs->mem = mem ? *mem : thm_fs_host_memory;
    fs->fd_count = c->max_files ? c->max_files : 5;
    *res = sf_geometry_init(&fs->g, m, c);
    if (!*res && fs->fd_count > 1024)
        *res = SPIFFS_ERR_NOT_CONFIGURED;
    return fs;
}

static int32_t spiffs_mount(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                            const struct thm_fs_memory *mem)
{
    int32_t res;
    struct sf *fs = prepare(m, c, mem, &res);
    *out = NULL;
    if (!fs)
        return res;
    uint32_t cache_pages = c->cache_pages ? c->cache_pages : fs->fd_count;
    if (!res && !take_memory(fs, cache_pages < 31 ? cache_pages : 31))
        res = SF_ERR_NO_MEM;
    if (!res)
        res = sf_scan(fs);
    if (res)
        give_back(fs);
    else
        *out = &fs->base;
    return res;
}

static void spiffs_unmount(struct thm_fs *f)
{
    struct sf *fs = (struct sf *)f;
    if (!fs)
        return;
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (fs->fds[i].open)
            (void)sf_flush(fs, &fs->fds[i]);
    give_back(fs);
}

/* Every block starts with erase count 0. Needs no memory of the device beyond what a mount attempt had. */
static int32_t spiffs_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem)
{
    int32_t res;
    struct sf *fs = prepare(m, c, mem, &res);
    if (!fs)
        return res;
    for (uint32_t b = 0; !res && b < fs->g.blocks; b++) {
        fs->erase_counter = 0;
        res = sf_block_erase(fs, b);
    }
    give_back(fs);
    return res;
}

static void stat_from_header(const struct sf *fs, struct thm_fs_stat *st)
{
    const char *name = (const char *)fs->header + SF_OBJECT_NAME;
    uint32_t size = sf_get32(fs->header + SF_OBJECT_SIZE);
    size_t len = strnlen(name, fs->g.name_len - 1);
    *st = (struct thm_fs_stat){ .size = size == SF_UNDEFINED ? 0 : size };
    memcpy(st->name, name, len);
    st->name[len] = '\0';
}

static int32_t read_header(struct sf *fs, const char *name, uint16_t *page)
{
    int32_t res = strnlen(name, fs->g.name_len) < fs->g.name_len ? 0 : SPIFFS_ERR_NAME_TOO_LONG;
    if (!res)
        res = sf_find_name(fs, name, page);
    return res ? res : sf_read(fs, *page * fs->g.page, fs->header, fs->g.header_len);
}

static int32_t spiffs_stat(struct thm_fs *f, const char *name, struct thm_fs_stat *out)
{
    struct sf *fs = (struct sf *)f;
    uint16_t page;
    int32_t res = read_header(fs, name, &page);
    if (!res)
        stat_from_header(fs, out);
    return res;
}

int32_t thm_spiffs_info(struct thm_fs *f, const char *name, struct thm_spiffs_info *out)
{
    struct sf *fs = (struct sf *)f;
    uint16_t page;
    int32_t res = read_header(fs, name, &page);
    if (res)
        return res;
    *out = (struct thm_spiffs_info){ .object_id = sf_get16(fs->header) & ~SF_ID_INDEX,
                                     .header_page = page,
                                     .meta_len = fs->g.meta_len };
    memcpy(out->meta, fs->header + SF_OBJECT_NAME + fs->g.name_len, fs->g.meta_len);
    return 0;
}

struct listing {
    int32_t (*each)(void *ctx, const struct thm_fs_stat *st);
    void *ctx;
    int32_t result; /* what ended the walk */
};

#define STOP 3 /* a walk's end that is neither success nor an error */

static int32_t visit_file(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    struct listing *l = ctx;
    struct thm_fs_stat st;
    if (id == SF_ID_FREE || id == SF_ID_DELETED || !(id & SF_ID_INDEX))
        return SF_GO_ON;
    int32_t res = sf_read_around(fs, sf_slot_page(&fs->g, at) * fs->g.page, fs->header, fs->g.header_len);
    if (res)
        return res;
    struct sf_page_header h = sf_page_header_get(fs->header);
    if (h.span != 0 || !sf_flags_are(h.flags, SF_DELET | SF_FINAL | SF_IXDELE, SF_DELET | SF_IXDELE))
        return SF_GO_ON;
    stat_from_header(fs, &st);
    l->result = l->each(l->ctx, &st);
    return l->result ? STOP : SF_GO_ON_RELOAD; /* each() may have used the volume */
}

static int32_t spiffs_list(struct thm_fs *f, const char *dir, int32_t (*each)(void *, const struct thm_fs_stat *),
                           void *ctx)
{
    (void)dir;
    struct listing l = { each, ctx, 0 };
    int32_t res = sf_walk_all((struct sf *)f, visit_file, &l);
    return res == STOP ? l.result : res;
}

static int32_t spiffs_usage(struct thm_fs *f, struct thm_fs_usage *out)
{
    const struct sf *fs = (const struct sf *)f;
    out->total = ((fs->g.blocks - 2) * fs->g.entries + 1) * fs->g.data;
    out->used = fs->alloc * fs->g.data;
    return 0;
}

void thm_spiffs_counters(const struct thm_fs *f, struct thm_spiffs_counters *out)
{
    const struct sf *fs = (const struct sf *)f;
    *out = (struct thm_spiffs_counters){ .alloc = fs->alloc,
                                         .deleted = fs->deleted,
                                         .free_blocks = fs->free_blocks,
                                         .erase_counter = fs->erase_counter,
                                         .pages = fs->g.blocks * fs->g.entries };
}

static uint64_t spiffs_need(const struct thm_fs *f, uint64_t len)
{
    const struct sf_geometry *g = &((const struct sf *)f)->g;
    uint64_t data = (len + g->data - 1) / g->data, further = 0;
    if (data > g->header_entries)
        further = (data - g->header_entries + g->index_entries - 1) / g->index_entries;
    return (data + 1 + 2 * further) * g->data; /* each further index page moves the header once */
}

int32_t thm_spiffs_gc(struct thm_fs *f, uint32_t bytes)
{
    return sf_gc_check((struct sf *)f, bytes);
}

int32_t thm_spiffs_gc_quick(struct thm_fs *f, uint32_t max_free)
{
    return sf_gc_quick((struct sf *)f, max_free);
}

const struct thm_fs_ops thm_fs_spiffs = {
    .name = "spiffs",
    .flat = true,
    .root = "/",
    .probe = sf_probe,
    .format = spiffs_format,
    .mount = spiffs_mount,
    .unmount = spiffs_unmount,
    .open = sf_open,
    .close = sf_close,
    .read = sf_file_read,
    .write = sf_file_write,
    .sync = sf_sync,
    .seek = sf_seek,
    .truncate = sf_truncate,
    .remove = sf_remove,
    .rename = sf_rename,
    .stat = spiffs_stat,
    .list = spiffs_list,
    .usage = spiffs_usage,
    .need = spiffs_need,
    .check = sf_check,
    .describe = sf_describe,
    .map = sf_map,
    .codes = sf_codes,
};
