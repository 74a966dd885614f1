/* emu/report/tensor_text.h -- a tensor's values for people and for JSON: numbers, dequantised numbers, the winning label. */
#pragma once
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "interpreter/model.h"

struct thm_tensor_view { /* everything lent */
    const char *name;
    enum thm_type type;
    const uint32_t *shape;
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

size_t thm_tensor_count(const struct thm_tensor_view *t);          /* elements */
double thm_tensor_raw(const struct thm_tensor_view *t, size_t i);  /* as stored */
double thm_tensor_real(const struct thm_tensor_view *t, size_t i); /* dequantised */
size_t thm_tensor_winner(const struct thm_tensor_view *t);         /* index of the largest value; the first of equals */

/* "wing 0.98 (next: ring 0.01)" when there are as many labels as values, else the first values. No newline. */
void thm_tensor_print(FILE *f, const struct thm_tensor_view *t, const struct thm_labels *l);
/* {name, type, shape, scale, zero_point, values, winner: {index, label, value}}; a new reference. */
json_t *thm_tensor_json(const struct thm_tensor_view *t, const struct thm_labels *l);
