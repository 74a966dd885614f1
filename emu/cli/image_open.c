/* emu/cli/image_open.c -- open an image, mount the file system in it, write the image back. */
#include "emu/cli/image_open.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_find.h"
#include "emu/cli/image_lock.h"

#define WEAR_MAX  (64u << 20)
#define FILES_MAX 256u /* open at once: more than any board's limit */

/* ---- names ---- */

/* A board's state folder stands for the flash in it. */
static char *image_path(const char *path)
{
    struct stat st;
    char *inside = NULL;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || asprintf(&inside, "%s/flash.bin", path) < 0)
        return strdup(path);
    if (access(inside, F_OK) == 0)
        return inside;
    free(inside);
    return strdup(path);
}

/* "IMAGE:PARTITION", unless a file has just that name. */
static int split_name(struct image *im, const char *name)
{
    const char *colon = strrchr(name, ':');
    bool whole = !colon || access(name, F_OK) == 0;
    char *path = whole ? strdup(name) : strndup(name, (size_t)(colon - name));
    im->path = path ? image_path(path) : NULL;
    free(path);
    if (!im->path)
        return thm_fail(THM_EXIT_HOST, "%s: out of memory", name);
    if (!whole && strlen(colon + 1) >= sizeof im->partition)
        return thm_fail(THM_EXIT_USAGE, "%s: a partition's name has at most 16 characters", name);
    snprintf(im->partition, sizeof im->partition, "%s", whole ? "" : colon + 1);
    return 0;
}

/* ---- the chip ---- */

/* What a file system is usually on. */
static const struct thm_part *usual_part(const char *fs)
{
    static const struct {
        const char *fs, *part;
    } parts[] = { { "fat", "SDHC-SDMMC" }, { "eefs", "AT25M02" } };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].fs, fs) == 0)
            return thm_part_find(parts[i].part);
    return thm_part_find("W25Q32JV");
}

struct thm_part image_part(const struct image *im, uint64_t size)
{
    const struct thm_part *usual = usual_part(im->ops->name), *named = im->board_part;
    struct thm_part part = named && thm_part_rewritable(named) == thm_part_rewritable(usual) ? *named : *usual;
    if (im->sector_size)
        part.sector_size = im->sector_size;
    while (thm_part_rewritable(&part) && size % part.sector_size && part.sector_size > part.program_unit)
        part.sector_size /= 2; /* an EEPROM of another size */
    return part;
}

static int make_chip(struct image *im, uint8_t *bytes, uint64_t size, uint32_t *wear)
{
    thm_medium_destroy(im->slice);
    thm_medium_destroy(im->chip);
    im->slice = im->chip = NULL;
    if (size == 0 || size % im->part.sector_size)
        return thm_fail(THM_EXIT_USAGE, "%s: %llu bytes, an image has a multiple of %u", im->path,
                        (unsigned long long)size, (unsigned)im->part.sector_size);
    enum thm_fs_err e =
        thm_chip_create(&im->chip, &im->part, size, &(struct thm_cells){ .bytes = bytes, .wear = wear }, NULL);
    im->volume = im->chip;
    return e ? thm_fail(thm_fs_exit_status(e), "%s: %s", im->path, thm_fs_strerror(e)) : 0;
}

int image_look(struct image *im, uint8_t *bytes, uint64_t size)
{
    im->part = *thm_part_find("W25Q32JV");
    for (im->part.sector_size = 512; size % im->part.sector_size;)
        im->part.sector_size /= 2;
    return make_chip(im, bytes, size, NULL);
}

int image_seat(struct image *im, uint8_t *bytes, uint64_t size, const struct thm_volume *place)
{
    im->part = image_part(im, size);
    uint32_t *wear = im->sector_size == im->part.sector_size ? im->wear : NULL;
    int status = make_chip(im, bytes, size, wear);
    return status ? status : image_narrow(im, place);
}

int image_narrow(struct image *im, const struct thm_volume *place)
{
    thm_medium_destroy(im->slice);
    im->slice = NULL;
    im->place = *place;
    enum thm_fs_err e = thm_slice_create(&im->slice, im->chip, place->offset, place->size);
    im->volume = im->slice;
    return e ? thm_fail(THM_EXIT_USAGE,
                        "%s: partition %s: offset %llu and size %llu must be multiples of %u, within %llu", im->path,
                        place->name, (unsigned long long)place->offset, (unsigned long long)place->size,
                        (unsigned)im->part.sector_size, (unsigned long long)thm_medium_size(im->chip))
             : 0;
}

const struct thm_fs_ops *image_probe(struct image *im, const struct thm_volume *place, struct thm_fs_config *c)
{
    struct thm_medium *slice;
    if (thm_slice_create(&slice, im->chip, place->offset, place->size))
        return NULL;
    const struct thm_fs_ops *found = thm_fs_probe(slice, c);
    thm_medium_destroy(slice);
    return found;
}

/* ---- erase counters beside the image ---- */

static char *wear_path(const struct image *im)
{
    char *path = NULL;
    return asprintf(&path, "%s.wear", im->path) < 0 ? NULL : path;
}

/* How large the sectors are follows from how many are counted; 0: not a file of this image's counters. */
static uint32_t counted_sector(const char *path, uint64_t image_size)
{
    struct stat st;
    if (stat(path, &st) < 0 || st.st_size < 4 || st.st_size % 4)
        return 0;
    uint64_t count = (uint64_t)st.st_size / 4, sector = image_size / count;
    return image_size % count == 0 && sector >= 64 && sector <= 1u << 20 ? (uint32_t)sector : 0;
}

/* The counters as a copy, which a change works on. */
static int load_wear(struct image *im, const char *path, uint64_t image_size)
{
    uint8_t *words;
    size_t len;
    im->sector_size = counted_sector(path, image_size);
    if (!im->sector_size)
        return 0;
    int status = thm_read_file(path, WEAR_MAX, &words, &len);
    im->wear = status ? NULL : (uint32_t *)(void *)words; /* malloc'ed, little-endian as this PC */
    if (!status && len != image_size / im->sector_size * 4)
        status = thm_fail(THM_EXIT_HOST, "%s: changed while it was read", path);
    return status;
}

/* ---- open ---- */

static int host_error(const struct image *im, enum thm_fs_err e)
{
    if (e == THM_FS_EFORMAT)
        return thm_fail(THM_EXIT_USAGE, "%s: empty, not a file or larger than 64 GB", im->path);
    return thm_fail(e == THM_FS_ENOENT || errno == EACCES ? THM_EXIT_USAGE : THM_EXIT_HOST, "%s: %s", im->path,
                    strerror(errno));
}

static int open_in_place(struct image *im, const char *wear, uint64_t size)
{
    im->sector_size = counted_sector(wear, size);
    enum thm_fs_err e = thm_imagefile_open(&im->file, im->path,
                                           THM_IMAGE_WRITE | (im->sector_size ? THM_IMAGE_WEAR : 0), im->sector_size);
    im->wear = im->file.wear;
    return e ? host_error(im, e) : 0;
}

static int open_private(struct image *im, const char *wear)
{
    enum thm_fs_err e = thm_imagefile_open(&im->file, im->path, 0, 0);
    return e ? host_error(im, e) : load_wear(im, wear, im->file.size);
}

static int open_file(struct image *im, enum image_use use)
{
    struct stat st;
    char *wear = wear_path(im);
    int status = wear ? 0 : thm_fail(THM_EXIT_HOST, "%s: out of memory", im->path);
    if (!status && stat(im->path, &st) < 0)
        status = host_error(im, errno == ENOENT || errno == ENOTDIR ? THM_FS_ENOENT : THM_FS_EHOST);
    if (!status && use != IMAGE_LOOK)
        status = image_lock(im);
    if (!status)
        status = use == IMAGE_IN_PLACE ? open_in_place(im, wear, (uint64_t)st.st_size) : open_private(im, wear);
    free(wear);
    return status ? status : image_look(im, im->file.bytes, im->file.size);
}

static uint32_t told_time(void *ctx)
{
    const struct image *im = ctx;
    return im->clock ? im->clock : (uint32_t)time(NULL);
}

int32_t image_mount(struct image *im)
{
    im->config.max_files = FILES_MAX;
    im->config.seconds = told_time;
    im->config.seconds_ctx = im;
    return im->ops->mount(&im->fs, im->volume, &im->config, NULL);
}

int image_open(struct image *im, const char *name, const struct image_options *o)
{
    *im = (struct image){ .lock = -1, .folder_lock = -1 };
    int status = split_name(im, name);
    if (!status)
        status = open_file(im, o->use);
    if (!status)
        status = image_find(im, o);
    if (status)
        return status;
    int32_t res = image_mount(im);
    return res ? image_fail(im, res, "mount", "") : 0;
}

void image_close(struct image *im)
{
    if (im->fs)
        im->ops->unmount(im->fs);
    thm_medium_destroy(im->slice);
    thm_medium_destroy(im->chip);
    if (im->wear != im->file.wear)
        free(im->wear);
    thm_imagefile_close(&im->file);
    image_unlock(im);
    free(im->path);
    *im = (struct image){ .lock = -1, .folder_lock = -1 };
}

/* ---- commit ---- */

int image_write(const struct image *im)
{
    enum thm_fs_err e = thm_imagefile_commit(&im->file, im->path);
    return e ? host_error(im, e) : 0;
}

/* Replace what a link points to, not the link. */
static int write_wear(const struct image *im)
{
    char *path = wear_path(im), *real = path ? realpath(path, NULL) : NULL;
    int status = path ? thm_write_file(real ? real : path, im->wear, im->file.size / im->sector_size * sizeof *im->wear)
                      : thm_fail(THM_EXIT_HOST, "%s: out of memory", im->path);
    free(real);
    free(path);
    return status;
}

int image_commit(struct image *im)
{
    im->ops->unmount(im->fs);
    im->fs = NULL;
    int status = image_write(im);
    return status || !im->wear ? status : write_wear(im);
}

int image_fail(const struct image *im, int32_t code, const char *what, const char *help)
{
    const char *name = thm_fs_code_name(im->ops->codes, code);
    enum thm_fs_err kind = thm_fs_code_kind(im->ops->codes, code);
    return thm_fail(thm_fs_exit_status(kind), "%s%s%s: %s%s%s %d: %s%s%s", im->path, *im->partition ? ":" : "",
                    im->partition, what, *what ? ": " : "", name ? name : "error", (int)code, thm_fs_strerror(kind),
                    *help ? "; " : "", help);
}
