#include "emu/cli/image_path.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"

#define DEPTH_MAX   40
#define ENTRIES_MAX 200000u /* more are a loop in a damaged image, or would fill the PC's memory */

const char *image_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

bool image_join(char path[IMAGE_PATH_MAX], const char *dir, const char *name)
{
    size_t len = strlen(dir);
    int n = snprintf(path, IMAGE_PATH_MAX, "%s%s%s", dir, len && dir[len - 1] != '/' ? "/" : "", name);
    return n < IMAGE_PATH_MAX;
}

static bool is_root(const char *name)
{
    return name[strspn(name, "/")] == '\0';
}

/* The name without slashes at its end: on a file system with directories they mean nothing. */
static bool copy_name(const struct image *im, char path[IMAGE_PATH_MAX], const char *name)
{
    int n = snprintf(path, IMAGE_PATH_MAX, "%s", name);
    for (; !im->ops->flat && n > 1 && n < IMAGE_PATH_MAX && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    return n < IMAGE_PATH_MAX;
}

int32_t image_stat(struct image *im, const char *name, char path[IMAGE_PATH_MAX], struct thm_fs_stat *st)
{
    if (!im->ops->flat && is_root(name)) {
        *st = (struct thm_fs_stat){ .directory = true };
        *path = '\0';
        return 0;
    }
    if (!copy_name(im, path, name))
        *path = '\0'; /* the file system says what is wrong with that */
    int32_t res = im->ops->stat(im->fs, path, st);
    size_t root = strlen(im->ops->root);
    if (res >= 0 || !im->ops->flat || strncmp(name, im->ops->root, root) == 0 ||
        thm_fs_code_kind(im->ops->codes, res) != THM_FS_ENOENT)
        return res;
    snprintf(path, IMAGE_PATH_MAX, "%s%s", im->ops->root, name);
    int32_t again = im->ops->stat(im->fs, path, st);
    return again >= 0 ? again : res;
}

int image_new_name(const struct image *im, const char *name, char path[IMAGE_PATH_MAX])
{
    const char *root = im->ops->flat ? im->ops->root : "";
    if (is_root(name))
        return thm_fail(THM_EXIT_USAGE, "%s: a file needs a name", im->path);
    int n = snprintf(path, IMAGE_PATH_MAX, "%s%s", strncmp(name, root, strlen(root)) == 0 ? "" : root, name);
    return n < IMAGE_PATH_MAX ? 0
                              : thm_fail(THM_EXIT_USAGE, "%s: a name of %d bytes, at most %d are possible", im->path, n,
                                         IMAGE_PATH_MAX - 1);
}

int image_find_directory(struct image *im, const char *name, char path[IMAGE_PATH_MAX])
{
    struct thm_fs_stat st;
    *path = '\0';
    if (im->ops->flat)
        return name[strspn(name, "/")] ? image_new_name(im, name, path) : 0;
    int32_t res = image_stat(im, name, path, &st);
    if (res < 0)
        return image_fail(im, res, name, "");
    return st.directory ? 0 : thm_fail(THM_EXIT_USAGE, "%s: %s is not a directory", im->path, name);
}

/* ---- listing ---- */

#define OUT_OF_ENTRIES 1
#define OUT_OF_MEMORY  2

static int32_t collect(void *ctx, const struct thm_fs_stat *st)
{
    struct image_listing *l = ctx;
    if (l->count >= ENTRIES_MAX)
        return OUT_OF_ENTRIES;
    if ((l->count & (l->count - 1)) == 0) { /* full: twice as much */
        struct thm_fs_stat *more = realloc(l->items, (l->count ? 2 * l->count : 1) * sizeof *more);
        if (!more)
            return OUT_OF_MEMORY;
        l->items = more;
    }
    l->items[l->count++] = *st;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct thm_fs_stat *)a)->name, ((const struct thm_fs_stat *)b)->name);
}

int image_list(struct image *im, const char *dir, bool sorted, struct image_listing *out)
{
    *out = (struct image_listing){ 0 };
    int32_t res = im->ops->list(im->fs, dir, collect, out);
    if (res < 0)
        return image_fail(im, res, *dir ? dir : "listing", "'image check' may tell more");
    if (res == OUT_OF_MEMORY)
        return thm_fail(THM_EXIT_HOST, "%s: out of memory", im->path);
    if (res == OUT_OF_ENTRIES)
        return thm_fail(THM_EXIT_STORAGE, "%s: %s: more than %u entries: the image is damaged", im->path, dir,
                        ENTRIES_MAX);
    if (sorted && out->count)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return 0;
}

void image_listing_free(struct image_listing *l)
{
    free(l->items);
    *l = (struct image_listing){ 0 };
}

/* ---- walking ---- */

struct walk {
    struct image *im;
    image_visit *visit;
    void *ctx;
    unsigned entries;
};

static int walk_directory(struct walk *w, const char *dir, unsigned depth);

static int walk_entry(struct walk *w, const char *path, const struct thm_fs_stat *st, unsigned depth)
{
    struct image_entry e = { path, st, depth, false };
    if (++w->entries > ENTRIES_MAX)
        return thm_fail(THM_EXIT_STORAGE, "%s: %s: more than %u entries: the image is damaged", w->im->path, path,
                        ENTRIES_MAX);
    int status = w->visit(w->ctx, &e);
    if (status || !st->directory)
        return status;
    status = walk_directory(w, path, depth + 1);
    e.leaving = true;
    return status ? status : w->visit(w->ctx, &e);
}

static int walk_directory(struct walk *w, const char *dir, unsigned depth)
{
    struct image_listing l = { 0 };
    char path[IMAGE_PATH_MAX];
    int status = depth < DEPTH_MAX
                     ? image_list(w->im, dir, true, &l)
                     : thm_fail(THM_EXIT_STORAGE, "%s: %s: more than %d directories deep", w->im->path, dir, DEPTH_MAX);
    for (size_t i = 0; !status && i < l.count; i++)
        status = image_join(path, dir, l.items[i].name)
                     ? walk_entry(w, path, &l.items[i], depth)
                     : thm_fail(THM_EXIT_STORAGE, "%s: %s: a path of more than %d bytes", w->im->path, dir,
                                IMAGE_PATH_MAX - 1);
    image_listing_free(&l);
    return status;
}

static bool below(const char *name, const char *dir)
{
    size_t len = strlen(dir);
    while (len && dir[len - 1] == '/')
        len--;
    return strncmp(name, dir, len) == 0 && (len == 0 || name[len] == '/');
}

static int walk_flat(struct walk *w, const char *dir)
{
    struct image_listing l;
    int status = image_list(w->im, "", true, &l);
    for (size_t i = 0; !status && i < l.count; i++)
        if (below(l.items[i].name, dir))
            status = walk_entry(w, l.items[i].name, &l.items[i], 0);
    image_listing_free(&l);
    return status;
}

int image_walk(struct image *im, const char *dir, image_visit *visit, void *ctx)
{
    struct walk w = { .im = im, .visit = visit, .ctx = ctx };
    return im->ops->flat ? walk_flat(&w, dir) : walk_directory(&w, dir, 0);
}
