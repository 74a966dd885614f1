/* emu/cli/image_files.c -- cat, get, put, rm: files in and out of an image. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_verbs.h"
#include "fsimages/spiffs.h"

#define FILE_MAX (256u << 20)

/* SPIFFS names start with '/' by convention only: try the name as it is, then with one. */
static int32_t find_file(struct image *im, const char *name, struct thm_fs_stat *st)
{
    char slashed[THM_FS_NAME_MAX + 2];
    int32_t res = im->ops->stat(im->fs, name, st);
    if (res >= 0 || *name == '/' || im->ops->code_kind(res) != THM_FS_ENOENT)
        return res;
    snprintf(slashed, sizeof slashed, "/%s", name);
    return im->ops->stat(im->fs, slashed, st) >= 0 ? 0 : res;
}

static int read_open(struct image *im, int32_t fd, const struct thm_fs_stat *st, uint8_t *data, size_t *len)
{
    int32_t n = 0;
    *len = 0;
    while (*len < st->size && (n = im->ops->read(im->fs, fd, data + *len, st->size - (uint32_t)*len)) > 0)
        *len += (size_t)n;
    if (n < 0)
        return image_fail(im, n, st->name, "'image check' may tell more");
    return 0;
}

/* A file's content, malloc'ed. Result: 0, or an exit status, reported. */
static int load(struct image *im, const char *name, uint8_t **data, size_t *len)
{
    struct thm_fs_stat st;
    int32_t res = find_file(im, name, &st);
    *data = NULL;
    if (res < 0)
        return image_fail(im, res, name, "");
    if (st.size > thm_medium_size(im->volume)) /* the image says so */
        return thm_fail(THM_EXIT_STORAGE, "%s: %s: its size of %u bytes is larger than the volume", im->path, st.name,
                        (unsigned)st.size);
    int32_t fd = im->ops->open(im->fs, st.name, THM_FS_READ);
    if (fd < 0)
        return image_fail(im, fd, st.name, "");
    *data = malloc(st.size + 1);
    int status = *data ? read_open(im, fd, &st, *data, len) : thm_fail(THM_EXIT_HOST, "%s: out of memory", im->path);
    im->ops->close(im->fs, fd);
    return status;
}

static int write_out(const char *file, const uint8_t *data, size_t len)
{
    if (strcmp(file, "-") != 0)
        return thm_write_file(file, data, len);
    if (fwrite(data, 1, len, stdout) != len)
        return thm_fail(THM_EXIT_HOST, "standard output: %s", strerror(errno));
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static int get_to(const struct image_options *o, const char *image, const char *name, const char *file)
{
    struct image im;
    uint8_t *data = NULL;
    size_t len = 0;
    int status = image_open(&im, image, o);
    if (!status)
        status = load(&im, name, &data, &len);
    if (!status)
        status = write_out(file, data, len);
    free(data);
    image_close(&im);
    return status;
}

int image_cat(const struct image_options *o, int argc, char **argv)
{
    (void)argc;
    return get_to(o, argv[0], argv[1], "-");
}

int image_get(const struct image_options *o, int argc, char **argv)
{
    const char *file = argc > 2 ? argv[2] : base_name(argv[1]);
    if (argc == 2 && (*file == '/' || *file == '\0' || strcmp(file, ".") == 0 || strcmp(file, "..") == 0))
        return thm_fail(THM_EXIT_USAGE, "%s: say to which file", argv[1]);
    return get_to(o, argv[0], argv[1], file);
}

static int read_stdin(uint8_t **data, size_t *len)
{
    size_t room = 0;
    *len = 0;
    *data = NULL;
    do {
        room = room ? room * 2 : 65536;
        uint8_t *more = room <= FILE_MAX ? realloc(*data, room) : NULL;
        if (!more) {
            free(*data);
            *data = NULL;
            return thm_fail(THM_EXIT_USAGE, "standard input: more than an image can hold");
        }
        *data = more;
        *len += fread(*data + *len, 1, room - *len, stdin);
    } while (*len == room);
    if (!ferror(stdin))
        return 0;
    free(*data);
    *data = NULL;
    return thm_fail(THM_EXIT_HOST, "standard input: %s", strerror(errno));
}

static int32_t write_all(struct image *im, const char *name, const uint8_t *data, size_t len)
{
    int32_t fd = im->ops->open(im->fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC), res = 0;
    if (fd < 0)
        return fd;
    if (len)
        res = im->ops->write(im->fs, fd, data, (uint32_t)len);
    int32_t closed = im->ops->close(im->fs, fd);
    return res < 0 ? res : closed;
}

static int store_failed(struct image *im, int32_t code, const char *name, size_t len, const struct thm_fs_usage *before)
{
    char help[160];
    uint64_t available = before->used < before->total ? before->total - before->used : 0;
    snprintf(help, sizeof help,
             "%zu bytes need %" PRIu64 " with their indices, %" PRIu64 " of %" PRIu64
             " are free; the image was not changed",
             len, im->ops->need(im->fs, len), available, before->total);
    return image_fail(im, code, name, im->ops->code_kind(code) == THM_FS_ENOSPC ? help : "the image was not changed");
}

int image_store(struct image *im, const char *name, const uint8_t *data, size_t len)
{
    struct thm_fs_usage before = { 0 };
    if (*name == '\0')
        return thm_fail(THM_EXIT_USAGE, "%s: a file needs a name", im->path);
    im->ops->usage(im->fs, &before);
    int32_t res = len <= INT32_MAX ? write_all(im, name, data, len) : -1;
    return res < 0 ? store_failed(im, res, name, len, &before) : 0;
}

int image_put(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    char name[THM_FS_NAME_MAX + 2];
    uint8_t *data = NULL;
    size_t len = 0;
    bool from_stdin = strcmp(argv[1], "-") == 0;
    if (from_stdin && argc < 3)
        return thm_fail(THM_EXIT_USAGE, "standard input has no name: put IMAGE - NAME");
    snprintf(name, sizeof name, "%s%s", argc > 2 ? "" : "/", argc > 2 ? argv[2] : base_name(argv[1]));
    int status = from_stdin ? read_stdin(&data, &len) : thm_read_file(argv[1], FILE_MAX, &data, &len);
    if (status)
        return status;
    status = image_open(&im, argv[0], o);
    if (!status)
        status = image_store(&im, name, data, len);
    if (!status)
        status = image_commit(&im);
    image_close(&im);
    free(data);
    return status;
}

int image_rm(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    int status = image_open(&im, argv[0], o);
    for (int i = 1; !status && i < argc; i++) {
        struct thm_fs_stat st;
        int32_t res = find_file(&im, argv[i], &st);
        if (res >= 0)
            res = im.ops->remove(im.fs, st.name);
        if (res < 0)
            status = image_fail(&im, res, argv[i], "the image was not changed");
    }
    if (!status)
        status = image_commit(&im);
    image_close(&im);
    return status;
}
