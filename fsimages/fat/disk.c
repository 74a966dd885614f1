/* fsimages/fat/disk.c -- sectors on the medium, and the window through which tables and directories are seen. */
#include <string.h>
#include "fsimages/fat/core.h"

int32_t fat_read(struct fat *fs, uint32_t sector, void *buf, uint32_t count)
{
    uint64_t off = (uint64_t)sector * fs->g.sector;
    return fat_medium_code(thm_medium_read(fs->medium, off, buf, count * fs->g.sector));
}

int32_t fat_write(struct fat *fs, uint32_t sector, const void *buf, uint32_t count)
{
    uint64_t off = (uint64_t)sector * fs->g.sector;
    return fat_medium_code(thm_medium_program(fs->medium, off, buf, count * fs->g.sector));
}

int32_t fat_window_flush(struct fat *fs)
{
    if (!fs->window_dirty)
        return 0;
    int32_t res = fat_write(fs, fs->window_sector, fs->window, 1);
    if (res)
        return res;
    fs->window_dirty = false;
    if (fs->g.fats == 2 && fs->window_sector - fs->g.fat_start < fs->g.fat_sectors)
        res = fat_write(fs, fs->window_sector + fs->g.fat_sectors, fs->window, 1);
    return res;
}

int32_t fat_window(struct fat *fs, uint32_t sector)
{
    if (sector == fs->window_sector)
        return 0;
    int32_t res = fat_window_flush(fs);
    if (res)
        return res;
    res = fat_read(fs, sector, fs->window, 1);
    fs->window_sector = res ? FAT_NO_SECTOR : sector;
    return res;
}

int32_t fat_window_clear(struct fat *fs, uint32_t sector)
{
    int32_t res = fat_window_flush(fs);
    if (res)
        return res;
    memset(fs->window, 0, fs->g.sector);
    fs->window_sector = sector;
    return 0;
}

static int32_t write_info(struct fat *fs)
{
    uint8_t *w = fs->window;
    int32_t res = fat_window_clear(fs, fs->g.info);
    if (res)
        return res;
    fat_put16(w + BOOT_MARK, 0xAA55);
    fat_put32(w + INFO_LEAD, INFO_LEAD_MARK);
    fat_put32(w + INFO_STRUCT, INFO_STRUCT_MARK);
    fat_put32(w + INFO_FREE, fs->free);
    fat_put32(w + INFO_NEXT, fs->last);
    fs->info_dirty = false;
    return fat_write(fs, fs->g.info, w, 1);
}

int32_t fat_flush(struct fat *fs)
{
    int32_t res = fat_window_flush(fs);
    return !res && fs->info_dirty && fs->g.info ? write_info(fs) : res;
}
