/* emu/cli/image_files.c -- cat, get, put: files in and out of an image. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_path.h"
#include "emu/cli/image_verbs.h"

#define FILE_MAX (256u << 20)
#define PIECE    4096u

static int read_open(struct image *im, int32_t fd, const char *path, uint32_t size, uint8_t *data, size_t *len)
{
    int32_t n = 0;
    *len = 0;
    while (*len < size && (n = im->ops->read(im->fs, fd, data + *len, size - (uint32_t)*len)) > 0)
        *len += (size_t)n;
    return n < 0 ? image_fail(im, n, path, "'image check' may tell more") : 0;
}

int image_load(struct image *im, const char *name, uint8_t **data, size_t *len)
{
    struct thm_fs_stat st;
    char path[IMAGE_PATH_MAX];
    int32_t res = image_stat(im, name, path, &st);
    *data = NULL;
    if (res < 0)
        return image_fail(im, res, name, "");
    if (st.directory)
        return thm_fail(THM_EXIT_USAGE, "%s: %s is a directory; get --recursive takes it", im->path, name);
    if (st.size > thm_medium_size(im->volume)) /* the image says so */
        return thm_fail(THM_EXIT_STORAGE, "%s: %s: its size of %u bytes is larger than the volume", im->path, path,
                        (unsigned)st.size);
    int32_t fd = im->ops->open(im->fs, path, THM_FS_READ);
    if (fd < 0)
        return image_fail(im, fd, path, "");
    *data = malloc((size_t)st.size + 1);
    int status =
        *data ? read_open(im, fd, path, st.size, *data, len) : thm_fail(THM_EXIT_HOST, "%s: out of memory", im->path);
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

static int get_to(const struct image_options *o, const char *image, const char *name, const char *file)
{
    struct image im;
    uint8_t *data = NULL;
    size_t len = 0;
    int status = image_open(&im, image, o);
    if (!status)
        status = image_load(&im, name, &data, &len);
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

static int get_folder(const struct image_options *o, const char *image, const char *name, const char *folder)
{
    struct image im;
    int status = image_open(&im, image, o);
    if (!status)
        status = image_get_folder(&im, name, folder);
    image_close(&im);
    return status;
}

int image_get(const struct image_options *o, int argc, char **argv)
{
    const char *to = argc > 2 ? argv[2] : image_base_name(argv[1]);
    if (argc == 2 && (*to == '/' || *to == '\0' || strcmp(to, ".") == 0 || strcmp(to, "..") == 0))
        return thm_fail(THM_EXIT_USAGE, "%s: say to which file or folder", argv[1]);
    return o->recursive ? get_folder(o, argv[0], argv[1], to) : get_to(o, argv[0], argv[1], to);
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

/* A file system may tell that it is full by a short count. */
static int32_t write_open(struct image *im, int32_t fd, const uint8_t *data, size_t len, size_t piece, size_t *written)
{
    int32_t n = 1;
    for (*written = 0; *written < len && n > 0; *written += n > 0 ? (size_t)n : 0)
        n = im->ops->write(im->fs, fd, data + *written, (uint32_t)(len - *written < piece ? len - *written : piece));
    return n < 0 ? n : 0;
}

static int32_t write_in(struct image *im, const char *name, const uint8_t *data, size_t len, size_t piece,
                        size_t *written)
{
    int32_t fd = im->ops->open(im->fs, name, THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    *written = 0;
    if (fd < 0)
        return fd;
    int32_t res = write_open(im, fd, data, len, piece, written), closed = im->ops->close(im->fs, fd);
    return res < 0 ? res : closed;
}

static bool is_full(const struct image *im, int32_t res, size_t written, size_t len)
{
    return res < 0 ? thm_fs_code_kind(im->ops->codes, res) == THM_FS_ENOSPC : written < len;
}

/* All at once, which leaves the tidiest volume; where garbage must be collected for it, piece by piece as devices do;
 * where files keep the room that they were made with, as a new file. */
static int32_t write_all(struct image *im, const char *name, const uint8_t *data, size_t len, size_t *written)
{
    int32_t res = write_in(im, name, data, len, len, written);
    if (len > PIECE && is_full(im, res, *written, len))
        res = write_in(im, name, data, len, PIECE, written);
    if (is_full(im, res, *written, len) && im->ops->remove(im->fs, name) >= 0)
        res = write_in(im, name, data, len, PIECE, written);
    return res;
}

static int store_failed(struct image *im, int32_t code, const char *name, size_t len, const struct thm_fs_usage *before)
{
    char help[160];
    uint64_t available = before->used < before->total ? before->total - before->used : 0;
    snprintf(help, sizeof help,
             "%zu bytes need %" PRIu64 " with their indices, %" PRIu64 " of %" PRIu64
             " are free; the image was not changed",
             len, im->ops->need(im->fs, len), available, before->total);
    if (code >= 0)
        return thm_fail(THM_EXIT_STORAGE, "%s: %s: %s; %s", im->path, name, thm_fs_strerror(THM_FS_ENOSPC), help);
    return image_fail(im, code, name,
                      thm_fs_code_kind(im->ops->codes, code) == THM_FS_ENOSPC ? help : "the image was not changed");
}

int image_store(struct image *im, const char *name, const uint8_t *data, size_t len)
{
    struct thm_fs_usage before = { 0 };
    size_t written;
    if (len > INT32_MAX)
        return thm_fail(THM_EXIT_USAGE, "%s: %s: %zu bytes, at most %d can be stored", im->path, name, len, INT32_MAX);
    im->ops->usage(im->fs, &before);
    int32_t res = write_all(im, name, data, len, &written);
    return res < 0 || written < len ? store_failed(im, res, name, len, &before) : 0;
}

int image_store_file(struct image *im, const char *file, const char *name)
{
    uint8_t *data = NULL;
    size_t len = 0;
    struct stat st;
    bool from_stdin = strcmp(file, "-") == 0;
    int status = from_stdin ? read_stdin(&data, &len) : thm_read_file(file, FILE_MAX, &data, &len);
    im->clock = !status && !from_stdin && stat(file, &st) == 0 ? (uint32_t)st.st_mtime : 0; /* it keeps its date */
    if (!status)
        status = image_store(im, name, data, len);
    im->clock = 0;
    free(data);
    return status;
}

/* Where a file goes that is put as `name`: an existing directory takes it under its own name. */
static int put_name(struct image *im, const char *file, const char *name, char path[IMAGE_PATH_MAX])
{
    struct thm_fs_stat st;
    char found[IMAGE_PATH_MAX];
    if (name && !im->ops->flat && image_stat(im, name, found, &st) >= 0 && st.directory)
        return image_join(path, found, image_base_name(file))
                   ? 0
                   : thm_fail(THM_EXIT_USAGE, "%s: the path is too long", name);
    return image_new_name(im, name ? name : image_base_name(file), path);
}

int image_put(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    char path[IMAGE_PATH_MAX];
    if (strcmp(argv[1], "-") == 0 && (argc < 3 || o->recursive))
        return thm_fail(THM_EXIT_USAGE, "standard input has no name: put IMAGE - NAME");
    int status = image_open(&im, argv[0], o);
    const char *name = argc > 2 ? argv[2] : NULL;
    if (!status && o->recursive) {
        status = image_put_folder(&im, argv[1], name ? name : image_base_name(argv[1]));
    } else if (!status) {
        status = put_name(&im, argv[1], name, path);
        status = status ? status : image_store_file(&im, argv[1], path);
    }
    if (!status)
        status = image_commit(&im);
    image_close(&im);
    return status;
}
