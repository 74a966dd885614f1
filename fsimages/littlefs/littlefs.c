/* fsimages/littlefs/littlefs.c -- what the volume says of itself, and the operations table. */
#include "fsimages/littlefs/core.h"

static int32_t usage(struct thm_fs *f, struct thm_fs_usage *out)
{
    struct lf *fs = (struct lf *)f;
    int32_t used = lf_blocks_used(fs);
    if (used < 0)
        return used;
    out->total = (uint64_t)fs->block_count * fs->block_size;
    out->used = (uint64_t)used * fs->block_size;
    return 0;
}

static uint64_t need(const struct thm_fs *f, uint64_t len)
{
    const struct lf *fs = (const struct lf *)f;
    if (len <= fs->inline_max)
        return 0; /* in its directory */
    if (len > LF_FILE_MAX)
        return UINT64_MAX;
    uint32_t last = (uint32_t)len - 1;
    return ((uint64_t)lf_ctz_index(fs->block_size, &last) + 1) * fs->block_size;
}

int32_t thm_littlefs_info(struct thm_fs *f, struct thm_littlefs_info *out)
{
    struct lf *fs = (struct lf *)f;
    uint8_t bytes[LF_SUPERBLOCK];
    struct lf_dir root;
    int32_t used = lf_blocks_used(fs);
    int32_t res = used < 0 ? used : lf_fetch(fs, &root, fs->root);
    if (!res)
        res = lf_superblock_get(fs, &root, bytes);
    if (res)
        return res;
    *out = (struct thm_littlefs_info){ lf_get32(bytes), fs->block_size, fs->block_count, fs->name_max,
                                       fs->file_max,    fs->attr_max,   (uint32_t)used };
    return 0;
}

int32_t thm_littlefs_mkconsistent(struct thm_fs *f)
{
    return lf_mkconsistent((struct lf *)f);
}

const struct thm_fs_ops thm_fs_littlefs = {
    .name = "littlefs",
    .root = "/",
    .probe = lf_probe,
    .format = lf_format,
    .mount = lf_mount,
    .unmount = lf_unmount,
    .open = lf_open,
    .close = lf_close,
    .read = lf_op_read,
    .write = lf_op_write,
    .sync = lf_op_sync,
    .seek = lf_op_seek,
    .truncate = lf_op_truncate,
    .remove = lf_remove,
    .rename = lf_rename,
    .mkdir = lf_mkdir,
    .stat = lf_stat,
    .list = lf_list,
    .usage = usage,
    .need = need,
    .check = lf_check,
    .describe = lf_describe,
    .map = lf_map,
    .codes = lf_codes,
};
