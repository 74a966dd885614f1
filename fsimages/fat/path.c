/* fsimages/fat/path.c -- from a path to a place in a directory. */
#include <string.h>
#include "fsimages/fat/core.h"

int32_t fat_names_begin(struct fat *fs)
{
    if (fs->config.no_long_names)
        return 0;
    fs->long_name = fs->mem.alloc(fs->mem.ctx, FAT_NAME_BYTES, "FatFs long name");
    if (!fs->long_name)
        return FR_NOT_ENOUGH_CORE;
    memset(fs->long_name, 0, FAT_NAME_BYTES); /* names are compared beyond the end of the shorter one */
    return 0;
}

void fat_names_end(struct fat *fs)
{
    if (fs->long_name)
        fs->mem.free(fs->mem.ctx, fs->long_name);
    fs->long_name = NULL;
}

int32_t fat_follow(struct fat *fs, struct fat_dir *d, const char *path)
{
    *d = (struct fat_dir){ .block = FAT_NO_BLOCK };
    while (*path == '/' || *path == '\\')
        path++;
    if (*path == '\0') {
        d->flags = NAME_ROOT;
        d->attr = ATTR_DIR;
        return fat_dir_seek(fs, d, 0);
    }
    for (;;) {
        int32_t res = fat_name_take(fs, d, &path);
        if (!res)
            res = fat_dir_find(fs, d);
        bool last = d->flags & NAME_LAST;
        if (res)
            return res == FR_NO_FILE && !last ? FR_NO_PATH : res;
        if (last)
            return 0;
        if (!(d->attr & ATTR_DIR))
            return FR_NO_PATH;
        d->first = fat_entry_cluster(fs, fat_entry(fs, d));
    }
}
