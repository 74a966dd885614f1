/* emu/report/tensor_text.h -- a tensor's values for people and for JSON: numbers, dequantised numbers, the winning
 * label. */
#pragma once
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "interpreter/model.h"

struct thm_tensor_view { /* everything lent */
    const char *name;    /* not NUL-terminated */
    uint32_t name_len;
    enum thm_type type;
    const int32_t *shape;
    uint32_t rank;
    int quantized;
    float scale;
    int32_t zero_point;
    const uint8_t *data;
    size_t bytes;
};

struct thm_labels { /* names of the values of an output */
    char **name;
    size_t n;
};

/* What a model file says of a tensor (its first scale, if it has several), with `bytes` bytes at data. */
struct thm_tensor_view thm_tensor_view_of(const struct thm_tensor_info *info, const uint8_t *data, size_t bytes);
size_t thm_tensor_count(const struct thm_tensor_view *t);          /* elements */
double thm_tensor_raw(const struct thm_tensor_view *t, size_t i);  /* as stored */
double thm_tensor_real(const struct thm_tensor_view *t, size_t i); /* dequantised */
size_t thm_tensor_winner(const struct thm_tensor_view *t);         /* index of the largest value; the first of equals */

/* "wing 0.98 (next: ring 0.01)" when there are as many labels as values, else the first values. No newline. */
void thm_tensor_print(FILE *f, const struct thm_tensor_view *t, const struct thm_labels *l);
/* "int8 1x49x10x1, 490 bytes, scale 0.5847, zero point 83". No newline. */
void thm_tensor_print_type(FILE *f, const struct thm_tensor_view *t);
/* {name, type, shape, bytes, scale, zero_point}; thm_tensor_json() adds values (as stored) and winner. New references.
 */
json_t *thm_tensor_json_type(const struct thm_tensor_view *t);
json_t *thm_tensor_json(const struct thm_tensor_view *t, const struct thm_labels *l);
/* {index, label, value} of the largest value; the label only if there are as many labels as values. A new reference. */
json_t *thm_tensor_json_winner(const struct thm_tensor_view *t, const struct thm_labels *l);
