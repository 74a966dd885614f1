/* emu/cli/image_path.h -- names in an image: found, listed and walked through, with directories or flat. */
#pragma once
#include <stddef.h>
#include "emu/cli/image_open.h"

#define IMAGE_PATH_MAX 1024

/* Flat file systems begin names with ops->root by convention: find the name as it is, then with that. path is what the
 * file system calls it; the root directory is a directory. Result: as ops->stat. */
int32_t image_stat(struct image *im, const char *name, char path[IMAGE_PATH_MAX], struct thm_fs_stat *st);
/* What a new file of that name is called: with ops->root before it on a flat file system. Result: 0, or an exit
 * status, reported. */
int image_new_name(const struct image *im, const char *name, char path[IMAGE_PATH_MAX]);
/* What a directory is called; on a flat file system, which has none, what the names below it begin with. Result: 0, or
 * an exit status, reported. */
int image_find_directory(struct image *im, const char *name, char path[IMAGE_PATH_MAX]);
/* "DIR/NAME" without doubled slashes; false: too long. */
bool image_join(char path[IMAGE_PATH_MAX], const char *dir, const char *name);
const char *image_base_name(const char *path);

/* Something in a walk. path is from the image's root; depth counts from 0. A directory comes before what is in it, and
 * again after it with `leaving` set. Non-zero ends the walk: an exit status, reported. */
struct image_entry {
    const char *path;
    const struct thm_fs_stat *st;
    unsigned depth;
    bool leaving;
};
typedef int image_visit(void *ctx, const struct image_entry *e);

struct image_listing {
    struct thm_fs_stat *items;
    size_t count;
};
/* What is in a directory, in the file system's own order, or by name. Result: 0, or an exit status, reported; free with
 * image_listing_free() in any case. */
int image_list(struct image *im, const char *dir, bool sorted, struct image_listing *out);
void image_listing_free(struct image_listing *l);
/* All that is below a directory ("" is the root), by name. On a flat file system `dir` is the beginning of the names,
 * up to a slash. */
int image_walk(struct image *im, const char *dir, image_visit *visit, void *ctx);
