/* emu/cli/image_verbs.h -- the verbs of `thimble image`, and what they lend each other. argv[0] is the first argument
 * after the verb. All return 0 or an exit status, reported. */
#pragma once
#include <stdio.h>
#include "emu/cli/image_open.h"

int image_ls(const struct image_options *o, int argc, char **argv);
int image_tree(const struct image_options *o, int argc, char **argv);
int image_df(const struct image_options *o, int argc, char **argv);
int image_check(const struct image_options *o, int argc, char **argv);
int image_repair(const struct image_options *o, int argc, char **argv);
int image_dump(const struct image_options *o, int argc, char **argv);
int image_wear(const struct image_options *o, int argc, char **argv);
int image_replay(const struct image_options *o, int argc, char **argv);
int image_cat(const struct image_options *o, int argc, char **argv);
int image_get(const struct image_options *o, int argc, char **argv);
int image_put(const struct image_options *o, int argc, char **argv);
int image_rm(const struct image_options *o, int argc, char **argv);
int image_mv(const struct image_options *o, int argc, char **argv);
int image_mkdir(const struct image_options *o, int argc, char **argv);
int image_create(const struct image_options *o, int argc, char **argv);

/* A file's content, malloc'ed; NULL on error. */
int image_load(struct image *im, const char *name, uint8_t **data, size_t *len);
/* One file from the PC into the volume, from memory or from a file ("-": standard input), as the file system names it.
 */
int image_store(struct image *im, const char *path, const uint8_t *data, size_t len);
int image_store_file(struct image *im, const char *file, const char *path);
/* A folder's content as the directory `name` ("/": the root), merged with what is there; and back. */
int image_put_folder(struct image *im, const char *folder, const char *name);
int image_get_folder(struct image *im, const char *name, const char *folder);
/* A directory, unless it is there; those above a path. Nothing on a flat file system. */
int image_make_directory(struct image *im, const char *path);
int image_make_parents(struct image *im, const char *path);

/* For people, as text: superblock, map of units, erase counters, partitions. */
int image_print_facts(struct image *im, FILE *to);
int image_print_map(struct image *im, FILE *to, bool colours);
int image_print_wear(struct image *im, FILE *to, bool colours);
void image_print_partitions(const struct image *im, FILE *to);
/* A finding a line and their number; nothing is changed. */
int image_print_findings(struct image *im, FILE *to);
