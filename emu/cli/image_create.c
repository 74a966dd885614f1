/* emu/cli/image_create.c -- a new image: a formatted volume or a whole flash, with the files of a folder in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_board.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/eefs.h"
#include "fsimages/mbr.h"

#define CSV_MAX (1u << 20)

static int format(struct image *im, struct thm_medium *m)
{
    int32_t res = im->ops->format(m, &im->config, NULL);
    return res ? image_fail(im, res, "format", "size and geometry must fit each other") : 0;
}

static int format_partition(struct image *im, const struct thm_partition *p)
{
    struct thm_volume place = { .offset = p->offset, .size = p->size };
    memcpy(place.name, p->name, sizeof place.name);
    int status = image_narrow(im, &place);
    return status ? status : format(im, im->volume);
}

/* Format the partitions of our kind; the volume is the only one. *count: how many there are. */
static int format_partitions(struct image *im, const struct thm_partition *parts, size_t n, size_t *count)
{
    int type = thm_partition_type("data"), subtype = thm_partition_subtype(type, im->ops->name), status = 0;
    *count = 0;
    for (size_t i = 0; !status && i < n; i++) {
        if (parts[i].type != type || parts[i].subtype != subtype)
            continue;
        status = format_partition(im, &parts[i]);
        (*count)++;
    }
    return status;
}

static int read_table(const struct image *im, const char *csv, struct thm_partition *parts, size_t *n)
{
    struct thm_partition_csv_error where;
    uint8_t *text, table[0xC00];
    size_t len;
    int status = thm_read_file(csv, CSV_MAX, &text, &len);
    if (status)
        return status;
    enum thm_fs_err e = thm_partitions_parse_csv((const char *)text, len, parts, n, &where);
    free(text);
    if (e)
        return thm_fail(THM_EXIT_USAGE, "%s:%u: %s", csv, (unsigned)where.line, where.why);
    uint32_t size = (uint32_t)thm_medium_size(im->chip);
    if (parts[*n - 1].offset + parts[*n - 1].size > size)
        return thm_fail(THM_EXIT_USAGE, "%s: the partitions end at %u, the flash has %u bytes", csv,
                        (unsigned)(parts[*n - 1].offset + parts[*n - 1].size), (unsigned)size);
    thm_partitions_build(parts, *n, table, sizeof table);
    thm_medium_program(im->chip, THM_PARTITION_TABLE_OFFSET, table, sizeof table);
    return 0;
}

/* A card's table with one partition, which is what im->volume is then. */
static int format_card(struct image *im)
{
    const uint64_t size = im->file.size;
    struct thm_fs_config found = { 0 };
    if (strcmp(im->ops->name, "fat") != 0 || size < 2 * THM_MBR_FIRST_BYTE)
        return thm_fail(THM_EXIT_USAGE, "--mbr is for --fs fat and a --size of at least 2M");
    const struct thm_mbr_entry one = thm_mbr_build_card(size, 0, im->file.bytes);
    int status = image_narrow(im, &(struct thm_volume){ "p1", "", one.offset, one.size });
    if (!status)
        status = format(im, im->volume);
    if (status)
        return status;
    (void)im->ops->probe(im->volume, &found);
    (void)thm_mbr_build_card(size, found.fat_bits, im->file.bytes); /* its type follows from what was made */
    return 0;
}

static int make_volume(struct image *im, const struct image_options *o, bool need_one)
{
    struct thm_partition parts[THM_PARTITIONS_MAX];
    size_t n, count;
    if (!o->table)
        return o->mbr ? format_card(im) : format(im, im->volume);
    int status = read_table(im, o->table, parts, &n);
    if (!status)
        status = format_partitions(im, parts, n, &count);
    if (!status && need_one && count != 1)
        status = thm_fail(THM_EXIT_USAGE, "%s: %zu partitions for %s, a folder needs exactly one", o->table, count,
                          im->ops->name);
    return status;
}

static int fill(struct image *im, const char *dir)
{
    int32_t res = image_mount(im);
    int status = res ? image_fail(im, res, "mount", "") : image_put_folder(im, dir, "/");
    res = !status && im->ops == &thm_fs_eefs ? thm_eefs_seal(im->fs) : 0; /* as its packer does */
    status = res ? image_fail(im, res, "checksum", "") : status;
    if (im->fs)
        im->ops->unmount(im->fs);
    im->fs = NULL;
    return status;
}

static int make_image(struct image *im, const struct image_options *o, uint64_t size, const char *dir)
{
    const struct thm_part part = image_part(im, size);
    enum thm_fs_err e = thm_imagefile_new(&im->file, size);
    if (e)
        return thm_fail(THM_EXIT_HOST, "%s: %s", im->path, e == THM_FS_EHOST ? strerror(errno) : thm_fs_strerror(e));
    if (thm_part_erased(&part) != 0) /* else it stays sparse */
        memset(im->file.bytes, thm_part_erased(&part), size);
    int status = image_seat(im, im->file.bytes, size, &(struct thm_volume){ .size = size });
    if (!status)
        status = make_volume(im, o, dir != NULL);
    if (!status && dir)
        status = fill(im, dir);
    return status ? status : image_write(im);
}

/* What kind of image, and how large: from the options, else from the board. */
static int plan(struct image *im, struct image_options *o, uint64_t *size)
{
    struct image_board board = { 0 };
    int status = o->board ? image_board_load(&board, o->board) : 0;
    o->mbr |= board.mbr;
    bool whole = o->table || o->mbr;
    const char *name = o->fs ? o->fs : board.fs ? board.fs : "spiffs";
    im->config = board.config;
    im->board_part = board.part;
    im->ops = thm_fs_find(name);
    *size = o->size ? o->size : whole ? board.chip_size : board.place.size;
    image_fs_config_merge(&im->config, &o->fs_config);
    if (!status && !im->ops)
        status = thm_fail(THM_EXIT_USAGE, "--fs %s: unknown file system", name);
    if (!status && *size == 0)
        status = thm_fail(THM_EXIT_USAGE, "create needs --size, for example --size 4M, or --board");
    image_board_free(&board);
    return status;
}

int image_create(const struct image_options *o, int argc, char **argv)
{
    struct image im = { .lock = -1, .folder_lock = -1, .path = strdup(argv[0]) };
    uint64_t size;
    struct image_options planned = *o;
    int status = im.path ? plan(&im, &planned, &size) : thm_fail(THM_EXIT_HOST, "%s: out of memory", argv[0]);
    if (!status && access(argv[0], F_OK) == 0)
        status = thm_fail(THM_EXIT_USAGE, "%s: exists; remove it first", argv[0]);
    if (!status)
        status = make_image(&im, &planned, size, argc > 1 ? argv[1] : NULL);
    image_close(&im);
    return status;
}
