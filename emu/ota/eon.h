/* emu/ota/eon.h -- the weights in the C++ source that Edge Impulse's compiler makes of a model
 * (tflite-model/tflite_learn_*.cpp of an Arduino library).
 *
 * Wanted are the arrays tensor_data<N> of int8_t or int32_t, and the pairs quant<N>_scale and quant<N>_zero; all else
 * is passed over. Records are in the order of the text, data first. PC only. */
#pragma once
#include <stddef.h>
#include "emu/ota/weights.h"

struct thm_eon {
    struct thm_weights_record *record; /* with their bytes: freed by thm_eon_free() */
    size_t count, data;                /* all, and those with data, which come first */
};

/* false: error says what and in which line; *out holds nothing. Fewer numbers than an array has elements: the others
 * are 0, as in C++ (the reference encoder leaves them out, and its reader then goes astray). */
bool thm_eon_parse(const char *text, size_t len, struct thm_eon *out, char *error, size_t error_size);
void thm_eon_free(struct thm_eon *e);
struct thm_weights thm_weights_of_eon(struct thm_eon *e);
