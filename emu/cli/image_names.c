/* emu/cli/image_names.c -- rm, mv, mkdir: all of it, or none. */
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_path.h"
#include "emu/cli/image_verbs.h"

#define UNCHANGED "the image was not changed"

/* Open for a change, do it, write the image back. */
static int change(const struct image_options *o, int argc, char **argv,
                  int (*work)(struct image *im, const struct image_options *o, int argc, char **argv))
{
    struct image im;
    int status = image_open(&im, argv[0], o);
    if (!status)
        status = work(&im, o, argc - 1, argv + 1);
    if (!status)
        status = image_commit(&im);
    image_close(&im);
    return status;
}

static int remove_one(struct image *im, const char *path)
{
    int32_t res = im->ops->remove(im->fs, path);
    return res < 0 ? image_fail(im, res, path, UNCHANGED) : 0;
}

struct removal {
    struct image *im;
    unsigned count;
};

static int remove_visited(void *ctx, const struct image_entry *e)
{
    struct removal *r = ctx;
    if (e->st->directory && !e->leaving)
        return 0;
    r->count++;
    return remove_one(r->im, e->path);
}

static int remove_below(struct image *im, const char *name)
{
    char path[IMAGE_PATH_MAX];
    struct removal r = { im, 0 };
    int status = image_find_directory(im, name, path);
    if (!status)
        status = image_walk(im, path, remove_visited, &r);
    if (!status && r.count == 0 && im->ops->flat)
        status = thm_fail(THM_EXIT_USAGE, "%s: neither %s nor a name that begins with %s/; " UNCHANGED, im->path, path,
                          path);
    return status;
}

static int remove_named(struct image *im, const char *name, bool recursive)
{
    char path[IMAGE_PATH_MAX];
    struct thm_fs_stat st;
    int32_t res = image_stat(im, name, path, &st);
    bool flat_folder = res < 0 && im->ops->flat && recursive;
    int status = flat_folder || (res >= 0 && st.directory && recursive) ? remove_below(im, name) : 0;
    if (status || flat_folder || (res >= 0 && !*path)) /* the root stays */
        return status;
    return res < 0 ? image_fail(im, res, name, UNCHANGED) : remove_one(im, path);
}

static int remove_all(struct image *im, const struct image_options *o, int argc, char **argv)
{
    int status = 0;
    for (int i = 0; !status && i < argc; i++)
        status = remove_named(im, argv[i], o->recursive);
    return status;
}

int image_rm(const struct image_options *o, int argc, char **argv)
{
    return change(o, argc, argv, remove_all);
}

static int move(struct image *im, const struct image_options *o, int argc, char **argv)
{
    char from[IMAGE_PATH_MAX], to[IMAGE_PATH_MAX], into[IMAGE_PATH_MAX];
    struct thm_fs_stat st;
    (void)o, (void)argc;
    int32_t res = image_stat(im, argv[0], from, &st);
    if (res < 0)
        return image_fail(im, res, argv[0], UNCHANGED);
    if (!im->ops->flat && image_stat(im, argv[1], into, &st) >= 0 && st.directory) {
        if (!image_join(to, into, image_base_name(from)))
            return thm_fail(THM_EXIT_USAGE, "%s: the path is too long", argv[1]);
    } else {
        int status = image_new_name(im, argv[1], to);
        if (status)
            return status;
    }
    res = im->ops->rename(im->fs, from, to);
    return res < 0 ? image_fail(im, res, to, UNCHANGED) : 0;
}

int image_mv(const struct image_options *o, int argc, char **argv)
{
    return change(o, argc, argv, move);
}

int image_make_directory(struct image *im, const char *path)
{
    struct thm_fs_stat st;
    char found[IMAGE_PATH_MAX];
    if (im->ops->flat || (image_stat(im, path, found, &st) >= 0 && st.directory))
        return 0;
    int32_t res = im->ops->mkdir(im->fs, path);
    return res < 0 ? image_fail(im, res, path, UNCHANGED) : 0;
}

int image_make_parents(struct image *im, const char *path)
{
    char part[IMAGE_PATH_MAX];
    int status = strlen(path) < sizeof part ? 0 : thm_fail(THM_EXIT_USAGE, "%s: the path is too long", path);
    for (const char *slash = path; !status && (slash = strchr(slash, '/')); slash++) {
        size_t len = (size_t)(slash - path);
        memcpy(part, path, len);
        part[len] = '\0';
        if (len)
            status = image_make_directory(im, part);
    }
    return status;
}

static int make_directories(struct image *im, const struct image_options *o, int argc, char **argv)
{
    int status = im->ops->flat ? thm_fail(THM_EXIT_USAGE, "%s: %s has no directories; names may contain slashes",
                                          im->path, im->ops->name)
                               : 0;
    for (int i = 0; !status && i < argc; i++) {
        if (o->recursive) {
            status = image_make_parents(im, argv[i]);
            status = status ? status : image_make_directory(im, argv[i]);
            continue;
        }
        int32_t res = im->ops->mkdir(im->fs, argv[i]);
        status = res < 0 ? image_fail(im, res, argv[i], UNCHANGED) : 0;
    }
    return status;
}

int image_mkdir(const struct image_options *o, int argc, char **argv)
{
    return change(o, argc, argv, make_directories);
}
