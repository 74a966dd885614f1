/* emu/cli/ota_verbs.h -- the verbs of `thimble ota`. argv[0] is the first argument after the verb. All return 0 or an
 * exit status, reported. */
#pragma once
#include <stdint.h>
#include "emu/cli/cli.h"

struct ota_options {
    const char *key, *trust; /* PEM files */
    const char *algorithm, *board_class;
    uint32_t version, counter, arena, flash;
};

int ota_keygen(const struct ota_options *o, int argc, char **argv);
int ota_sign(const struct ota_options *o, int argc, char **argv);
int ota_verify(const struct ota_options *o, int argc, char **argv);
