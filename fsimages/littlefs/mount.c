/* fsimages/littlefs/mount.c -- from a medium to a volume: geometry, memory, superblock; format; recognising one. */
#include "fsimages/littlefs/core.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_BLOCK     4096u /* ESP32's littlefs (joltwallet/esp_littlefs), as are the others */
#define DEFAULT_READ      128u
#define DEFAULT_CACHE     512u
#define DEFAULT_LOOKAHEAD 128u
#define DEFAULT_CYCLES    512

static uint32_t or_default(uint32_t configured, uint32_t fallback)
{
    return configured ? configured : fallback;
}

static void take_sizes(struct lf *fs, const struct thm_fs_config *c)
{
    const struct thm_medium *m = fs->medium;
    fs->block_size = or_default(c->block_size, lf_max(DEFAULT_BLOCK, m->erase_size));
    fs->cache_size =
        or_default(c->cache_size, lf_max(lf_min(DEFAULT_CACHE, fs->block_size), lf_max(c->read_size, c->program_size)));
    fs->read_size = or_default(c->read_size, lf_min(DEFAULT_READ, fs->cache_size));
    fs->program_size = or_default(c->program_size, lf_max(lf_min(DEFAULT_READ, fs->cache_size), m->program_unit));
    fs->lookahead_size = or_default(c->lookahead_size, DEFAULT_LOOKAHEAD);
    const int32_t cycles = c->block_cycles ? c->block_cycles : DEFAULT_CYCLES;
    fs->cycles = cycles > 0 ? ((uint32_t)cycles + 1) | 1 : 0; /* odd: both blocks of a pair get their turn */
    fs->version = or_default(c->disk_version, LF_VERSION_2_1);
    fs->file_count = or_default(c->max_files, LF_FILES);
}

/* What lfs_init asserts, and what the medium adds. */
static bool sizes_fit(const struct lf *fs)
{
    const struct thm_medium *m = fs->medium;
    return fs->block_size >= LF_BLOCK_MIN && fs->block_size % m->erase_size == 0 && fs->cache_size <= fs->block_size &&
           fs->block_size % fs->cache_size == 0 && fs->cache_size % fs->read_size == 0 &&
           fs->cache_size % fs->program_size == 0 && fs->program_size % m->program_unit == 0 &&
           fs->lookahead_size <= 1u << 20 && fs->file_count <= 1024 && thm_medium_size(m) / fs->block_size >= 2 &&
           thm_medium_size(m) / fs->block_size < LF_INLINE &&
           (fs->version == LF_VERSION_2_0 || fs->version == LF_VERSION_2_1);
}

static int32_t prepare(struct lf **out, struct thm_medium *m, const struct thm_fs_config *c,
                       const struct thm_fs_memory *mem)
{
    struct lf *fs = *out = calloc(1, sizeof *fs);
    if (!fs)
        return LF_ERR_MEDIUM - THM_FS_EHOST;
    fs->base.ops = &thm_fs_littlefs;
    fs->medium = m;
    fs->mem = mem ? *mem : thm_fs_host_memory;
    take_sizes(fs, c);
    if (!sizes_fit(fs)) {
        fs->file_count = 0;
        return LFS_ERR_INVAL;
    }
    fs->block_count = (uint32_t)(thm_medium_size(m) / fs->block_size);
    fs->name_max = LF_NAME_MAX;
    fs->file_max = LF_FILE_MAX;
    fs->attr_max = LF_ATTR_MAX;
    fs->inline_max = lf_min(fs->cache_size, lf_min(fs->attr_max, fs->block_size / 8));
    fs->root[0] = fs->root[1] = LF_NULL;
    fs->files = calloc(fs->file_count, sizeof *fs->files);
    return fs->files ? 0 : LF_ERR_MEDIUM - THM_FS_EHOST;
}

/* What the device takes from its heap, in lfs_init's order. */
static int32_t take_memory(struct lf *fs)
{
    const struct thm_fs_memory *m = &fs->mem;
    fs->rcache.buf = m->alloc(m->ctx, fs->cache_size, "littlefs read cache");
    if (fs->rcache.buf)
        fs->pcache.buf = m->alloc(m->ctx, fs->cache_size, "littlefs program cache");
    if (!fs->pcache.buf)
        return LFS_ERR_NOMEM;
    lf_cache_zero(fs, &fs->rcache);
    lf_cache_zero(fs, &fs->pcache);
    fs->ahead.map = m->alloc(m->ctx, fs->lookahead_size, "littlefs lookahead buffer");
    return fs->ahead.map ? 0 : LFS_ERR_NOMEM;
}

static void give_back(struct lf *fs)
{
    void *const parts[] = { fs ? fs->rcache.buf : NULL, fs ? fs->pcache.buf : NULL, fs ? fs->ahead.map : NULL };
    if (!fs)
        return;
    lf_close_all(fs);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i])
            fs->mem.free(fs->mem.ctx, parts[i]);
    free(fs->files);
    free(fs);
}

static int32_t begin(struct lf **out, struct thm_medium *m, const struct thm_fs_config *c,
                     const struct thm_fs_memory *mem)
{
    int32_t res = prepare(out, m, c, mem);
    return res ? res : take_memory(*out);
}

/* ---- superblock ---- */

enum { VERSION = 0, BLOCK_SIZE = 4, BLOCK_COUNT = 8, NAME_MAX = 12, FILE_MAX = 16, ATTR_MAX = 20 };

void lf_superblock_put(const struct lf *fs, uint8_t bytes[LF_SUPERBLOCK])
{
    lf_put32(bytes + VERSION, fs->version);
    lf_put32(bytes + BLOCK_SIZE, fs->block_size);
    lf_put32(bytes + BLOCK_COUNT, fs->block_count);
    lf_put32(bytes + NAME_MAX, fs->name_max);
    lf_put32(bytes + FILE_MAX, fs->file_max);
    lf_put32(bytes + ATTR_MAX, fs->attr_max);
}

int32_t lf_superblock_get(struct lf *fs, const struct lf_dir *root, uint8_t bytes[LF_SUPERBLOCK])
{
    const struct lf_want w = { LF_TAG(LF_M_TYPE, LF_M_ID, 0), LF_TAG(LF_T_INLINE_STRUCT, 0, 0) };
    int32_t tag = lf_get(fs, root, w, 0, bytes, LF_SUPERBLOCK);
    return tag < 0 ? tag : 0;
}

static bool take_limit(uint32_t stored, uint32_t *limit)
{
    if (stored > *limit)
        return false;
    if (stored)
        *limit = stored;
    return true;
}

static int32_t take_superblock(struct lf *fs, const struct lf_dir *dir)
{
    uint8_t bytes[LF_SUPERBLOCK];
    int32_t res = lf_superblock_get(fs, dir, bytes);
    if (res)
        return res;
    const uint32_t version = lf_get32(bytes + VERSION), count = lf_get32(bytes + BLOCK_COUNT);
    if (version >> 16 != fs->version >> 16 || version > fs->version)
        return LFS_ERR_INVAL;
    fs->now.tag &= ~LF_OLD_SUPERBLOCK;
    if (version < fs->version)
        fs->now.tag |= LF_OLD_SUPERBLOCK;
    if (!take_limit(lf_get32(bytes + NAME_MAX), &fs->name_max) ||
        !take_limit(lf_get32(bytes + FILE_MAX), &fs->file_max) ||
        !take_limit(lf_get32(bytes + ATTR_MAX), &fs->attr_max))
        return LFS_ERR_INVAL;
    fs->inline_max = lf_min(fs->inline_max, fs->attr_max);
    if (lf_get32(bytes + BLOCK_SIZE) != fs->block_size || count < 2 ||
        count > thm_medium_size(fs->medium) / fs->block_size)
        return LFS_ERR_INVAL;
    fs->root[0] = dir->pair[0];
    fs->root[1] = dir->pair[1];
    fs->block_count = count;
    return 0;
}

/* ---- mount ---- */

static int32_t read_pair(struct lf *fs, struct lf_dir *dir)
{
    static const struct lf_name magic = { LF_MAGIC, LF_MAGIC_LEN };
    static const struct lf_match m = { LF_TAG(LF_M_TYPE, LF_M_ID, 0), LF_TAG(LF_T_SUPERBLOCK, 0, LF_MAGIC_LEN),
                                       lf_name_fits, &magic };
    int32_t tag = lf_fetch_match(fs, dir, dir->tail, &m, NULL);
    if (tag < 0)
        return tag;
    int32_t res = tag && !lf_is_deleted((uint32_t)tag) ? take_superblock(fs, dir) : 0;
    return res ? res : lf_get_state(fs, dir, &fs->now);
}

/* The superblock (the last one in the thread counts) and the state, which all pairs have a part of. */
static int32_t read_thread(struct lf *fs)
{
    struct lf_dir dir = lf_thread_start();
    uint32_t steps = 0;
    int32_t more;
    while ((more = lf_thread_goes_on(fs, &dir, &steps)) > 0) {
        int32_t res = read_pair(fs, &dir);
        if (res)
            return res;
    }
    return more;
}

static int32_t load(struct lf *fs)
{
    int32_t res = read_thread(fs);
    if (res)
        return res;
    if (lf_pair_is_null(fs->root))
        return LFS_ERR_INVAL; /* a pair, but no superblock in it */
    if (fs->now.tag & LF_INVALID)
        fs->now.tag++; /* there are orphans, nobody knows how many */
    fs->disk = fs->now;
    fs->ahead.start = fs->seed % fs->block_count; /* spreads wear over boots */
    lf_alloc_drop(fs);
    return 0;
}

int32_t lf_mount(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                 const struct thm_fs_memory *mem)
{
    struct lf *fs;
    int32_t res = begin(&fs, m, c, mem);
    if (!res)
        res = load(fs);
    *out = res ? NULL : &fs->base;
    if (res)
        give_back(fs);
    return res;
}

void lf_unmount(struct thm_fs *f)
{
    give_back((struct lf *)f);
}

/* ---- format ---- */

static int32_t write_root(struct lf *fs)
{
    uint8_t bytes[LF_SUPERBLOCK];
    struct lf_dir root;
    memset(fs->ahead.map, 0, fs->lookahead_size);
    fs->ahead.size = lf_min(8 * fs->lookahead_size, fs->block_count);
    lf_alloc_checkpoint(fs);
    int32_t res = lf_dir_alloc(fs, &root);
    lf_superblock_put(fs, bytes);
    if (!res)
        res = lf_commit(fs, &root,
                        LF_ATTRS({ LF_TAG(LF_T_CREATE, 0, 0), NULL },
                                 { LF_TAG(LF_T_SUPERBLOCK, 0, LF_MAGIC_LEN), LF_MAGIC },
                                 { LF_TAG(LF_T_INLINE_STRUCT, 0, sizeof bytes), bytes }));
    root.erased = false; /* once more, into the other block: nothing older must be left */
    if (!res)
        res = lf_commit(fs, &root, (struct lf_attrs){ NULL, 0 });
    return res ? res : lf_fetch(fs, &root, (const uint32_t[2]){ 0, 1 });
}

int32_t lf_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem)
{
    struct lf *fs;
    int32_t res = begin(&fs, m, c, mem);
    if (!res)
        res = write_root(fs);
    give_back(fs);
    return res;
}

/* ---- probe ---- */

static bool has_magic(struct thm_medium *m, uint64_t block)
{
    char magic[LF_MAGIC_LEN];
    return thm_medium_peek(m, block + 8, magic, sizeof magic) == THM_FS_OK &&
           memcmp(magic, LF_MAGIC, sizeof magic) == 0;
}

/* Is there a superblock for this block size? */
static bool try_block_size(struct thm_medium *m, uint32_t block_size, uint32_t disk_version, uint32_t *version)
{
    const struct thm_fs_config as = { .block_size = block_size,
                                      .read_size = 1,
                                      .program_size = m->program_unit,
                                      .cache_size = m->program_unit,
                                      .disk_version = disk_version };
    uint8_t bytes[LF_SUPERBLOCK];
    struct lf_dir root = lf_thread_start();
    struct lf *fs;
    if (!has_magic(m, 0) && !has_magic(m, block_size))
        return false;
    bool found = begin(&fs, m, &as, NULL) == 0;
    if (found) {
        fs->peeking = true;
        found = read_pair(fs, &root) == 0 && !lf_pair_is_null(fs->root) && lf_superblock_get(fs, &root, bytes) == 0;
    }
    if (found)
        *version = lf_get32(bytes + VERSION);
    give_back(fs);
    return found;
}

/* The block size that a superblock at the start of block 0 tells, where a format puts it; 0: none. */
static uint32_t told_block_size(struct thm_medium *m)
{
    uint8_t bytes[4];
    return has_magic(m, 0) && thm_medium_peek(m, 8 + LF_MAGIC_LEN + 4 + BLOCK_SIZE, bytes, sizeof bytes) == THM_FS_OK
               ? lf_get32(bytes)
               : 0;
}

static bool find_block_size(struct thm_medium *m, const struct thm_fs_config *c, uint32_t *block_size,
                            uint32_t *version)
{
    const uint64_t half = thm_medium_size(m) / 2;
    *block_size = c->block_size ? c->block_size : told_block_size(m);
    if (*block_size && try_block_size(m, *block_size, c->disk_version, version))
        return true;
    for (uint64_t b = LF_BLOCK_MIN; !c->block_size && b <= half && b < UINT32_MAX; b *= 2) {
        *block_size = (uint32_t)b;
        if (try_block_size(m, *block_size, c->disk_version, version))
            return true;
    }
    return false;
}

enum thm_fs_err lf_probe(struct thm_medium *m, struct thm_fs_config *c)
{
    uint32_t block_size, version;
    if (!find_block_size(m, c, &block_size, &version))
        return THM_FS_EFORMAT;
    c->block_size = block_size;
    if (!c->disk_version)
        c->disk_version = version; /* the tool must not make it newer than the board's driver knows */
    return THM_FS_OK;
}
