/* emu/library/api.h -- between libthimble.a, which programs link, and the emulator, which it loads.
 *
 * The emulator is no ordinary shared library, because a firmware links with -lthimble as well: it must take its
 * interpreter from there and nothing else, and a program's own operators new and delete must stay its own (the
 * emulator has a board's). Rows are added at the end only; another first version number gives the symbol another name.
 */
#pragma once
#include <stddef.h>
#include "emu/library/device.h"

/* result, name behind thm_device_, parameters, arguments */
#define THM_DEVICE_API(X)                                                                                            \
    X(struct thm_device *, create, (const char *board), (board))                                                     \
    X(struct thm_device *, copy, (const struct thm_device *d), (d))                                                  \
    X(void, destroy, (struct thm_device * d), (d))                                                                   \
    X(const char *, trouble, (void), ())                                                                             \
    X(const char *, version, (void), ())                                                                             \
    X(void, model, (struct thm_device * d, enum thm_device_from from, const void *data, size_t bytes),               \
      (d, from, data, bytes))                                                                                        \
    X(void, model_file, (struct thm_device * d, enum thm_device_from from, const char *path), (d, from, path))       \
    X(void, input, (struct thm_device * d, unsigned index, const void *data, size_t bytes), (d, index, data, bytes)) \
    X(void, input_file, (struct thm_device * d, unsigned index, const char *path), (d, index, path))                 \
    X(void, storage, (struct thm_device * d, const char *name), (d, name))                                           \
    X(void, store, (struct thm_device * d, const char *strategy), (d, strategy))                                     \
    X(void, arena, (struct thm_device * d, uint32_t bytes), (d, bytes))                                              \
    X(void, stack, (struct thm_device * d, uint32_t bytes), (d, bytes))                                              \
    X(void, link, (struct thm_device * d, const char *name), (d, name))                                              \
    X(void, firmware, (struct thm_device * d, const char *path), (d, path))                                          \
    X(void, set, (struct thm_device * d, const char *key, const char *value), (d, key, value))                       \
    X(void, seconds, (struct thm_device * d, double seconds), (d, seconds))                                          \
    X(void, answer, (struct thm_device * d, const char *url, unsigned status, const void *data, size_t bytes),       \
      (d, url, status, data, bytes))                                                                                 \
    X(void, fail_allocation, (struct thm_device * d, uint32_t nth), (d, nth))                                        \
    X(void, cut_power, (struct thm_device * d, uint32_t nth, enum thm_device_cut when), (d, nth, when))              \
    X(void, fill_storage, (struct thm_device * d, uint32_t left), (d, left))                                         \
    X(void, bad_blocks, (struct thm_device * d, uint32_t per_million), (d, per_million))                             \
    X(void, bit_flips, (struct thm_device * d, uint32_t per_billion), (d, per_billion))                              \
    X(void, wear_out, (struct thm_device * d), (d))                                                                  \
    X(void, network_fault, (struct thm_device * d, const char *list), (d, list))                                     \
    X(void, seed, (struct thm_device * d, uint32_t seed), (d, seed))                                                 \
    X(void, no_faults, (struct thm_device * d), (d))                                                                 \
    X(const struct thm_outcome *, power_on, (struct thm_device * d), (d))                                            \
    X(void, erase, (struct thm_device * d), (d))                                                                     \
    X(const struct thm_output *, output, (const struct thm_device *d, unsigned i), (d, i))                           \
    X(int, label, (const struct thm_device *d, unsigned i), (d, i))

struct thm_device_api {
    size_t size; /* of this structure, as the emulator has it */
#define X(result, name, parameters, arguments) result(*name) parameters;
    THM_DEVICE_API(X)
#undef X
};

#define THM_DEVICE_API_SYMBOL "thm_device_api_1"
extern const struct thm_device_api thm_device_api_1; /* the emulator's */
