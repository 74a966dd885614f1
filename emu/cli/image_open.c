/* emu/cli/image_open.c -- find the file system in an image, mount it, write the image back. */
#include "emu/cli/image_open.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "fsimages/spiffs.h"

#define ERASE_SIZE 4096u
#define NAMES      512

/* "IMAGE:PARTITION", unless a file has just that name. */
static int split_name(struct image *im, const char *name)
{
    const char *colon = strrchr(name, ':');
    bool whole = !colon || access(name, F_OK) == 0;
    im->path = whole ? strdup(name) : strndup(name, (size_t)(colon - name));
    if (!im->path)
        return thm_fail(THM_EXIT_HOST, "%s: out of memory", name);
    if (!whole && strlen(colon + 1) >= sizeof im->partition)
        return thm_fail(THM_EXIT_USAGE, "%s: a partition's name has at most 16 characters", name);
    snprintf(im->partition, sizeof im->partition, "%s", whole ? "" : colon + 1);
    return 0;
}

int image_wrap(struct image *im, uint8_t *bytes, size_t size)
{
    im->part = *thm_nor_part_find("W25Q32JV");
    im->part.sector_size = ERASE_SIZE;
    if (size == 0 || size % ERASE_SIZE)
        return thm_fail(THM_EXIT_USAGE, "%s: %zu bytes, an image has a multiple of %u", im->path, size, ERASE_SIZE);
    enum thm_fs_err e =
        thm_nor_create(&im->chip, &im->part, (uint32_t)size, &(struct thm_nor_cells){ .bytes = bytes }, NULL);
    im->volume = im->chip;
    return e ? thm_fail(thm_fs_exit_status(e), "%s: %s", im->path, thm_fs_strerror(e)) : 0;
}

static int open_file(struct image *im)
{
    enum thm_fs_err e = thm_imagefile_open(&im->file, im->path, 0, 0);
    if (e == THM_FS_EFORMAT)
        return thm_fail(THM_EXIT_USAGE, "%s: empty, not a file or larger than 256 MB", im->path);
    if (e)
        return thm_fail(e == THM_FS_ENOENT || errno == EACCES ? THM_EXIT_USAGE : THM_EXIT_HOST, "%s: %s", im->path,
                        strerror(errno));
    return image_wrap(im, im->file.bytes, im->file.size);
}

bool image_probe(struct image *im, uint32_t off, uint32_t len, struct thm_fs_config *c)
{
    struct thm_medium *slice;
    if (thm_slice_create(&slice, im->chip, off, len))
        return false;
    bool found = thm_fs_spiffs.probe(slice, c) == THM_FS_OK;
    thm_medium_destroy(slice);
    return found;
}

static void add_name(char *names, const char *name)
{
    if (*names)
        strncat(names, ", ", NAMES - 1 - strlen(names));
    strncat(names, name, NAMES - 1 - strlen(names));
}

/* The partition asked for, or the only one with a file system. NULL: reported. */
static const struct thm_partition *choose(struct image *im, const struct thm_partition *parts, size_t n)
{
    const struct thm_partition *found = NULL;
    char with_fs[NAMES] = "", all[NAMES] = "";
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct thm_fs_config c = im->config;
        add_name(all, parts[i].name);
        if (*im->partition ? strcmp(parts[i].name, im->partition) != 0
                           : !image_probe(im, parts[i].offset, parts[i].size, &c))
            continue;
        found = &parts[i];
        count++;
        add_name(with_fs, parts[i].name);
    }
    if (count == 1)
        return found;
    if (*im->partition)
        thm_fail(THM_EXIT_USAGE, "%s: no partition '%s'; there are %s", im->path, im->partition, all);
    else if (count)
        thm_fail(THM_EXIT_USAGE, "%s: partitions %s have file systems; say which: IMAGE:PARTITION", im->path, with_fs);
    else
        thm_fail(THM_EXIT_USAGE, "%s: no file system found in partitions %s", im->path, all);
    return NULL;
}

/* Narrow im->volume to a partition, if the image is a whole flash. */
static int find_volume(struct image *im)
{
    struct thm_partition parts[THM_PARTITIONS_MAX];
    const size_t table = THM_PARTITION_TABLE_OFFSET;
    size_t n = 0;
    bool flash = im->file.size > table + THM_PARTITION_TABLE_SIZE &&
                 thm_partitions_parse(im->file.bytes + table, THM_PARTITION_TABLE_SIZE, (uint32_t)im->file.size, parts,
                                      &n) == THM_FS_OK;
    if (!flash && *im->partition)
        return thm_fail(THM_EXIT_USAGE, "%s: no partition table at 0x8000, so no partition '%s'", im->path,
                        im->partition);
    if (!flash)
        return 0;
    const struct thm_partition *p = choose(im, parts, n);
    if (!p)
        return THM_EXIT_USAGE;
    memcpy(im->partition, p->name, sizeof im->partition);
    enum thm_fs_err e = thm_slice_create(&im->slice, im->chip, p->offset, p->size);
    im->volume = im->slice;
    return e ? thm_fail(THM_EXIT_USAGE, "%s: partition %s: offset and size must be multiples of %u", im->path, p->name,
                        ERASE_SIZE)
             : 0;
}

static int mount_volume(struct image *im, const struct image_options *o)
{
    bool given = o->fs_config.page_size && o->fs_config.block_size;
    if (!given && thm_fs_spiffs.probe(im->volume, &im->config))
        return thm_fail(THM_EXIT_USAGE, "%s%s%s: not a SPIFFS volume; --page-size and --block-size may help", im->path,
                        *im->partition ? ":" : "", im->partition);
    int32_t res = im->ops->mount(&im->fs, im->volume, &im->config, NULL);
    return res ? image_fail(im, res, "", "") : 0;
}

int image_open(struct image *im, const char *name, const struct image_options *o)
{
    *im = (struct image){ .config = o->fs_config, .ops = &thm_fs_spiffs };
    int status = split_name(im, name);
    if (!status)
        status = open_file(im);
    if (!status)
        status = find_volume(im);
    return status ? status : mount_volume(im, o);
}

void image_close(struct image *im)
{
    if (im->fs)
        im->ops->unmount(im->fs);
    thm_medium_destroy(im->slice);
    thm_medium_destroy(im->chip);
    thm_imagefile_close(&im->file);
    free(im->path);
    *im = (struct image){ 0 };
}

int image_commit(struct image *im)
{
    im->ops->unmount(im->fs);
    im->fs = NULL;
    char *real = realpath(im->path, NULL); /* replace what a link points to, not the link */
    int status = thm_write_file(real ? real : im->path, im->file.bytes, im->file.size);
    free(real);
    return status;
}

int image_fail(const struct image *im, int32_t code, const char *what, const char *help)
{
    const char *name = im->ops->code_name(code);
    enum thm_fs_err kind = im->ops->code_kind(code);
    return thm_fail(thm_fs_exit_status(kind), "%s%s%s: %s%s%s %d: %s%s%s", im->path, *im->partition ? ":" : "",
                    im->partition, what, *what ? ": " : "", name ? name : "error", (int)code, thm_fs_strerror(kind),
                    *help ? "; " : "", help);
}
