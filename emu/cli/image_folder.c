/* emu/cli/image_folder.c -- whole folders of the PC into an image, and out of it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_path.h"
#include "emu/cli/image_verbs.h"

#define DEPTH_MAX 32

/* ---- in ---- */

static int visible(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int store_folder(struct image *im, const char *folder, const char *path, int depth);

static int store_entry(struct image *im, const char *folder, const char *path, const char *entry, int depth)
{
    char inside[IMAGE_PATH_MAX], *file = NULL;
    struct stat st;
    int status = 0;
    if (asprintf(&file, "%s/%s", folder, entry) < 0)
        return thm_fail(THM_EXIT_HOST, "%s: out of memory", folder);
    if (!image_join(inside, path, entry))
        status = thm_fail(THM_EXIT_USAGE, "%s: the path is too long", file);
    else if (stat(file, &st) < 0)
        status = thm_fail(THM_EXIT_USAGE, "%s: %s", file, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        status = store_folder(im, file, inside, depth + 1);
    else
        status = image_store_file(im, file, inside);
    free(file);
    return status;
}

/* In the order of names, so that the same folder gives the same image. */
static int store_folder(struct image *im, const char *folder, const char *path, int depth)
{
    struct dirent **entries;
    struct stat st;
    int n = depth < DEPTH_MAX ? scandir(folder, &entries, visible, alphasort) : -1;
    if (n < 0)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", folder,
                        depth < DEPTH_MAX ? strerror(errno) : "too deep: a link to a folder above it?");
    im->clock = stat(folder, &st) == 0 ? (uint32_t)st.st_mtime : 0;
    int status = *path ? image_make_directory(im, path) : 0;
    for (int i = 0; i < n; i++) {
        if (!status)
            status = store_entry(im, folder, path, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return status;
}

int image_put_folder(struct image *im, const char *folder, const char *name)
{
    char path[IMAGE_PATH_MAX] = "";
    bool to_root = name[strspn(name, "/.")] == '\0';
    if (to_root && im->ops->flat)
        snprintf(path, sizeof path, "%s", im->ops->root);
    int status = to_root ? 0 : image_new_name(im, name, path);
    if (!status)
        status = image_make_parents(im, path);
    return status ? status : store_folder(im, folder, path, 0);
}

/* ---- out ---- */

struct output {
    struct image *im;
    const char *folder;
    size_t skip; /* bytes of a path that name what is taken */
    unsigned count;
};

/* A name from an image must not lead out of the folder. */
static bool is_safe(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");
        if (len == 0 || (len <= 2 && strspn(path, ".") >= len))
            return false;
        if (!path[len])
            return true;
        path += len + 1;
    }
}

static int make_folders(char *file)
{
    int status = 0;
    for (char *slash = file; !status && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        status = thm_make_folder(file);
        *slash = '/';
    }
    return status;
}

static int write_entry(struct output *out, const struct image_entry *e, char *file)
{
    uint8_t *data;
    size_t len = 0;
    int status = make_folders(file);
    if (status || e->st->directory)
        return status ? status : thm_make_folder(file);
    status = image_load(out->im, e->path, &data, &len);
    if (!status)
        status = thm_write_file(file, data, len);
    free(data);
    return status;
}

static int take_out(void *ctx, const struct image_entry *e)
{
    struct output *out = ctx;
    const char *name = e->path + out->skip;
    char *file = NULL;
    name += strspn(name, "/");
    if (e->leaving)
        return 0;
    if (!is_safe(name))
        return thm_fail(THM_EXIT_USAGE, "%s: '%s' cannot be a name on this computer; get it alone, with a name",
                        out->im->path, e->path);
    if (asprintf(&file, "%s/%s", out->folder, name) < 0)
        return thm_fail(THM_EXIT_HOST, "%s: out of memory", out->im->path);
    out->count++;
    int status = write_entry(out, e, file);
    free(file);
    return status;
}

int image_get_folder(struct image *im, const char *name, const char *folder)
{
    char path[IMAGE_PATH_MAX];
    int status = image_find_directory(im, name, path);
    struct output out = { im, folder, strlen(path), 0 };
    if (!status)
        status = thm_make_folder(folder);
    if (!status)
        status = image_walk(im, path, take_out, &out);
    if (!status && out.count == 0 && *path && im->ops->flat)
        status = thm_fail(THM_EXIT_USAGE, "%s: no names begin with %s/", im->path, path);
    return status;
}
