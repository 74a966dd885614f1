/* emu/cli/ota_verbs.h -- the verbs of `thimble ota`, and what they lend each other. argv[0] is the first argument after
 * the verb. All return 0 or an exit status, reported. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "emu/cli/cli.h"
#include "emu/ota/eon.h"
#include "emu/ota/weights.h"

struct ota_format;

struct ota_options {
    const char *key, *trust; /* PEM files */
    const char *algorithm, *board_class;
    uint32_t version, counter, arena, flash;
    const char *output;
    const struct ota_format *format; /* NULL: the first */
    bool marker, partial, json;
};

int ota_keygen(const struct ota_options *o, int argc, char **argv);
int ota_sign(const struct ota_options *o, int argc, char **argv);
int ota_verify(const struct ota_options *o, int argc, char **argv);
int ota_diff(const struct ota_options *o, int argc, char **argv);
int ota_apply(const struct ota_options *o, int argc, char **argv);
int ota_show(const struct ota_options *o, int argc, char **argv);

const struct ota_format *ota_format_find(const char *name); /* NULL: unknown */

/* Where weights come from: a .tflite file, an Edge Impulse Arduino library (.zip), or the C++ source in it. */
struct ota_source {
    const char *path;
    uint8_t *data;
    size_t len;
    bool is_model;
    struct thm_model model; /* of a .tflite file */
    struct thm_weights_model walk;
    struct thm_eon eon;
    struct thm_weights weights;
};
int ota_source_open(struct ota_source *s, const char *path);
void ota_source_close(struct ota_source *s); /* all 0 is fine */

/* The source in a library, malloc'ed and NUL-terminated. */
int ota_read_library(const char *path, uint8_t **text, size_t *len);
