/* fsimages/fat/fat.c -- mount and unmount, usage, the operations table. */
#include "fsimages/fat.h"
#include <stdlib.h>
#include <string.h>
#include "fsimages/fat/core.h"
#include "fsimages/media/rewritable.h"

static void give_back(struct fat *fs)
{
    void *const parts[] = { fs->window, fs->block, fs->append_flags, fs->context };
    for (uint32_t i = 0; i < fs->file_count && fs->files; i++)
        if (fs->files[i].open)
            fs->mem.free(fs->mem.ctx, fs->files[i].buf);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i])
            fs->mem.free(fs->mem.ctx, parts[i]);
    thm_medium_destroy(fs->flash);
    free(fs->files);
    free(fs);
}

/* What ESP-IDF takes, in its order. */
static int32_t take_memory(struct fat *fs)
{
    const struct thm_fs_memory *m = &fs->mem;
    fs->context = m->alloc(m->ctx, FAT_CONTEXT_BYTES + FAT_FILE_BYTES * fs->file_count, "FatFs objects");
    if (fs->context)
        fs->append_flags = m->alloc(m->ctx, fs->file_count, "FatFs append flags");
    if (!fs->append_flags)
        return FAT_NO_MEM;
    if (fs->flash && fs->g.sector % fs->flash->erase_size) {
        fs->block = m->alloc(m->ctx, fs->flash->erase_size, "flash erase block");
        if (!fs->block)
            return FAT_NO_MEM;
    }
    fs->window = m->alloc(m->ctx, fs->g.sector, "FatFs window");
    return fs->window ? 0 : FR_NOT_ENOUGH_CORE;
}

/* The host's part; the geometry by the boot sector. */
static int32_t prepare(struct fat *fs, struct thm_medium *m, const struct thm_fs_config *c,
                       const struct thm_fs_memory *mem)
{
    uint8_t boot[512];
    fs->base.ops = &thm_fs_fat;
    fs->medium = m;
    fs->config = *c;
    fs->mem = mem ? *mem : thm_fs_host_memory;
    fs->file_count = c->max_files ? c->max_files : FAT_MAX_FILES;
    fs->window_sector = FAT_NO_SECTOR;
    fs->last = fs->free = INFO_UNKNOWN;
    if (fs->file_count > 1024)
        return FR_INVALID_PARAMETER;
    fs->files = calloc(fs->file_count, sizeof *fs->files);
    if (!fs->files || (!m->rewritable && thm_rewritable_create(&fs->flash, m) != THM_FS_OK))
        return FAT_HOST_FAILED;
    if (fs->flash)
        fs->medium = fs->flash;
    if (thm_medium_size(m) < sizeof boot)
        return FR_NO_FILESYSTEM;
    int32_t res = fat_medium_code(thm_medium_read(m, 0, boot, sizeof boot));
    if (res)
        return res;
    bool known = fat_geometry_read(&fs->g, boot, thm_medium_size(m)) && fs->g.sector % fs->medium->program_unit == 0;
    return known ? 0 : FR_NO_FILESYSTEM;
}

/* What FSInfo tells is believed. */
static int32_t read_info(struct fat *fs)
{
    const uint8_t *w = fs->window;
    int32_t res = fs->g.info ? fat_window(fs, fs->g.info) : 0;
    if (res || !fs->g.info)
        return res;
    if (fat_get16(w + BOOT_MARK) == 0xAA55 && fat_get32(w + INFO_LEAD) == INFO_LEAD_MARK &&
        fat_get32(w + INFO_STRUCT) == INFO_STRUCT_MARK) {
        fs->free = fat_get32(w + INFO_FREE);
        fs->last = fat_get32(w + INFO_NEXT);
    }
    return 0;
}

static int32_t fat_mount(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                         const struct thm_fs_memory *mem)
{
    struct fat *fs = calloc(1, sizeof *fs);
    *out = NULL;
    if (!fs)
        return FAT_HOST_FAILED;
    int32_t res = prepare(fs, m, c, mem);
    if (!res)
        res = take_memory(fs);
    if (!res)
        res = read_info(fs);
    if (res)
        give_back(fs);
    else
        *out = &fs->base;
    return res;
}

/* Files that are still open are closed; what cannot be written is lost. */
static void fat_unmount(struct thm_fs *t)
{
    struct fat *fs = (struct fat *)t;
    if (!fs)
        return;
    for (uint32_t i = 0; i < fs->file_count; i++)
        if (fs->files[i].open)
            (void)fat_file_sync(fs, &fs->files[i]);
    give_back(fs);
}

static int32_t fat_usage(struct thm_fs *t, struct thm_fs_usage *out)
{
    struct fat *fs = (struct fat *)t;
    uint32_t free_clusters;
    int32_t res = fat_count_free(fs, &free_clusters);
    if (res)
        return res;
    out->total = (uint64_t)fs->g.clusters * fs->g.cluster;
    out->used = (uint64_t)(fs->g.clusters - free_clusters) * fs->g.cluster;
    return 0;
}

static uint64_t fat_need(const struct thm_fs *t, uint64_t len)
{
    uint32_t cluster = ((const struct fat *)t)->g.cluster;
    return (len + cluster - 1) / cluster * cluster;
}

const struct thm_fs_ops thm_fs_fat = {
    .name = "fat",
    .root = "/",
    .probe = fat_probe,
    .format = fat_format,
    .mount = fat_mount,
    .unmount = fat_unmount,
    .open = fat_open,
    .close = fat_close,
    .read = fat_file_read,
    .write = fat_file_write,
    .sync = fat_sync,
    .seek = fat_seek,
    .truncate = fat_truncate,
    .remove = fat_remove,
    .rename = fat_rename,
    .mkdir = fat_mkdir,
    .stat = fat_stat,
    .list = fat_list,
    .usage = fat_usage,
    .need = fat_need,
    .check = fat_check,
    .describe = fat_describe,
    .map = fat_map,
    .codes = fat_codes,
};
