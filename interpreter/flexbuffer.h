/* interpreter/flexbuffer.h -- reading the map of a FlexBuffer: the custom options of an operator.
 *
 * The blob is hostile: every position is checked when it is followed, so that nothing outside it is ever read.
 * Layout (FlexBuffers, google/flatbuffers docs/internals): the last byte is the width of the root value, the one before
 * its packed type (type << 2 | log2 of the width of what it refers to), before that the value itself. A map is
 * [distance to the keys][width of a key][length] values... types..., its values in the order of the sorted keys. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct thm_flex { /* private */
    const uint8_t *data;
    uint64_t size;
    uint64_t values, count, width; /* position of the first value, how many, bytes each */
    uint64_t keys, key_width;      /* position of the first key's distance */
};

/* data is lent. false: its root is not a map, or the map does not lie in the blob. */
bool thm_flex_open(struct thm_flex *map, const uint8_t *data, uint32_t size);
/* Value i in the order of the keys, taken as a signed number without a look at its type, as
 * FlexbufferWrapper::ElementAsInt32() of the reference runtime does. false: there is none. */
bool thm_flex_int_at(const struct thm_flex *map, uint32_t i, int32_t *value);
/* The value with that key; numbers and booleans are converted. false: there is none, it is null or no number. */
bool thm_flex_int(const struct thm_flex *map, const char *key, int32_t *value);
bool thm_flex_float(const struct thm_flex *map, const char *key, float *value);
