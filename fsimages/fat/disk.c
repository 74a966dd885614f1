/* fsimages/fat/disk.c -- sectors on the medium, and the window through which tables and directories are seen. */
#include <string.h>
#include "fsimages/fat/core.h"

/* Part of an erase block: the rest of it is read before and programmed again. */
static enum thm_fs_err rewrite_block(struct thm_medium *m, uint64_t off, const uint8_t *data, uint32_t len,
                                     uint8_t *block)
{
    uint64_t start = off / m->erase_size * m->erase_size;
    enum thm_fs_err e = THM_FS_OK;
    if (len < m->erase_size) {
        e = thm_medium_read(m, start, block, m->erase_size);
        memcpy(block + (off - start), data, len);
        data = block;
    }
    if (!e)
        e = thm_medium_erase(m, (uint32_t)(start / m->erase_size));
    return e ? e : thm_medium_program(m, start, data, m->erase_size);
}

int32_t fat_medium_write(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len, uint8_t *block)
{
    const uint8_t *data = buf;
    enum thm_fs_err e = THM_FS_OK;
    if (m->rewritable)
        return fat_medium_code(thm_medium_program(m, off, buf, len));
    for (uint32_t n; len && !e; off += n, data += n, len -= n) {
        uint32_t room = m->erase_size - (uint32_t)(off % m->erase_size);
        n = len < room ? len : room;
        e = rewrite_block(m, off, data, n, block);
    }
    return fat_medium_code(e);
}

int32_t fat_read(struct fat *fs, uint32_t sector, void *buf, uint32_t count)
{
    uint64_t off = (uint64_t)sector * fs->g.sector;
    return fat_medium_code(thm_medium_read(fs->medium, off, buf, count * fs->g.sector));
}

int32_t fat_write(struct fat *fs, uint32_t sector, const void *buf, uint32_t count)
{
    uint64_t off = (uint64_t)sector * fs->g.sector;
    return fat_medium_write(fs->medium, off, buf, count * fs->g.sector, fs->block);
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
