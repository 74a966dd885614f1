/* emu/cli/ota_format.h -- the payload formats: one row each. */
#pragma once
#include <stdio.h>
#include "emu/cli/ota_verbs.h"

struct ota_format {
    const char *name, *title;
    bool (*recognises)(const uint8_t *data, size_t len);
    /* The payload that makes a into b, malloc'ed. */
    int (*write)(const struct ota_options *o, struct ota_source *a, struct ota_source *b, uint8_t **out, size_t *len);
    /* Into the model's bytes, as the board's reader would. false: text says why; what it had written stays. */
    bool (*apply)(uint8_t *model, size_t model_len, const uint8_t *data, size_t len, char *text, size_t size);
    /* model: NULL, or whose tensors' names are told. */
    int (*show)(const struct ota_options *o, const uint8_t *data, size_t len, const struct thm_model *model);
};

extern const struct ota_format ota_edge_impulse, ota_safe;
const struct ota_format *ota_format_at(size_t i);                        /* NULL after the last */
const struct ota_format *ota_format_of(const uint8_t *data, size_t len); /* NULL: no payload */
/* " 'conv2/w'", or "" without a model or a tensor of that index. */
const char *ota_tensor_name(const struct thm_model *m, uint32_t subgraph, uint32_t tensor, char *buf, size_t size);
