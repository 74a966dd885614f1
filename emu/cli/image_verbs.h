/* emu/cli/image_verbs.h -- the verbs of `thimble image`. argv[0] is the first argument after the verb. */
#pragma once
#include "emu/cli/image_open.h"

int image_ls(const struct image_options *o, int argc, char **argv);
int image_df(const struct image_options *o, int argc, char **argv);
int image_check(const struct image_options *o, int argc, char **argv);
int image_replay(const struct image_options *o, int argc, char **argv);
int image_cat(const struct image_options *o, int argc, char **argv);
int image_get(const struct image_options *o, int argc, char **argv);
int image_put(const struct image_options *o, int argc, char **argv);
int image_rm(const struct image_options *o, int argc, char **argv);
int image_create(const struct image_options *o, int argc, char **argv);
