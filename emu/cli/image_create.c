/* emu/cli/image_create.c -- a new image: a formatted volume or a whole flash, with the files of a folder in it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/spiffs.h"

#define CSV_MAX   (1u << 20)
#define FILE_MAX  (256u << 20)
#define DEPTH_MAX 16

static int format(struct image *im, struct thm_medium *m)
{
    int32_t res = im->ops->format(m, &im->config, NULL);
    return res ? image_fail(im, res, "format", "--size, --page-size and --block-size must fit each other") : 0;
}

static int format_partition(struct image *im, const struct thm_partition *p)
{
    enum thm_fs_err e = thm_slice_create(&im->slice, im->chip, p->offset, p->size);
    if (e)
        return thm_fail(THM_EXIT_USAGE, "%s: partition %s: %s", im->path, p->name, thm_fs_strerror(e));
    im->volume = im->slice;
    return format(im, im->slice);
}

/* Format the partitions of our kind; the volume is the only one. *count: how many there are. */
static int format_partitions(struct image *im, const struct thm_partition *parts, size_t n, size_t *count)
{
    int type = thm_partition_type("data"), subtype = thm_partition_subtype(type, im->ops->name), status = 0;
    *count = 0;
    for (size_t i = 0; !status && i < n; i++) {
        if (parts[i].type != type || parts[i].subtype != subtype)
            continue;
        thm_medium_destroy(im->slice);
        im->slice = NULL;
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

static int make_volume(struct image *im, const struct image_options *o, bool need_one)
{
    struct thm_partition parts[THM_PARTITIONS_MAX];
    size_t n, count;
    if (!o->table)
        return format(im, im->chip);
    int status = read_table(im, o->table, parts, &n);
    if (!status)
        status = format_partitions(im, parts, n, &count);
    if (!status && need_one && count != 1)
        status = thm_fail(THM_EXIT_USAGE, "%s: %zu partitions for %s, a folder needs exactly one", o->table, count,
                          im->ops->name);
    return status;
}

static int store_file(struct image *im, const char *path, const char *name)
{
    uint8_t *data;
    size_t len;
    int status = thm_read_file(path, FILE_MAX, &data, &len);
    if (!status)
        status = image_store(im, name, data, len);
    free(data);
    return status;
}

static int visible(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int store_folder(struct image *im, const char *path, const char *prefix, int depth);

static int store_entry(struct image *im, const char *dir, const char *prefix, const char *entry, int depth)
{
    char *path = NULL, *name = NULL;
    struct stat st;
    int status = 0;
    if (asprintf(&path, "%s/%s", dir, entry) < 0 || asprintf(&name, "%s/%s", prefix, entry) < 0)
        status = thm_fail(THM_EXIT_HOST, "%s: out of memory", dir);
    else if (stat(path, &st) < 0)
        status = thm_fail(THM_EXIT_USAGE, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        status = store_folder(im, path, name, depth + 1);
    else
        status = store_file(im, path, name);
    free(path);
    free(name);
    return status;
}

/* In the order of names, so that the same folder gives the same image. */
static int store_folder(struct image *im, const char *path, const char *prefix, int depth)
{
    struct dirent **entries;
    int status = 0, n = depth < DEPTH_MAX ? scandir(path, &entries, visible, alphasort) : -1;
    if (n < 0)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", path, depth < DEPTH_MAX ? strerror(errno) : "too deep");
    for (int i = 0; i < n; i++) {
        if (!status)
            status = store_entry(im, path, prefix, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int fill(struct image *im, const char *dir)
{
    int32_t res = im->ops->mount(&im->fs, im->volume, &im->config, NULL);
    int status = res ? image_fail(im, res, "mount", "") : store_folder(im, dir, "", 0);
    if (im->fs)
        im->ops->unmount(im->fs);
    im->fs = NULL;
    return status;
}

static int make_image(struct image *im, const struct image_options *o, uint8_t *bytes, const char *dir)
{
    memset(bytes, 0xFF, o->size);
    int status = image_wrap(im, bytes, o->size);
    if (!status)
        status = make_volume(im, o, dir != NULL);
    if (!status && dir)
        status = fill(im, dir);
    return status ? status : thm_write_file(im->path, bytes, o->size);
}

int image_create(const struct image_options *o, int argc, char **argv)
{
    struct image im = { .config = o->fs_config, .ops = thm_fs_find(o->fs ? o->fs : "spiffs") };
    if (!im.ops)
        return thm_fail(THM_EXIT_USAGE, "--fs %s: unknown file system", o->fs);
    if (o->size == 0)
        return thm_fail(THM_EXIT_USAGE, "create needs --size, for example --size 4M");
    if (access(argv[0], F_OK) == 0)
        return thm_fail(THM_EXIT_USAGE, "%s: exists; remove it first", argv[0]);
    uint8_t *bytes = malloc(o->size);
    im.path = strdup(argv[0]);
    int status = bytes && im.path ? make_image(&im, o, bytes, argc > 1 ? argv[1] : NULL)
                                  : thm_fail(THM_EXIT_HOST, "%s: out of memory", argv[0]);
    image_close(&im);
    free(bytes);
    return status;
}
