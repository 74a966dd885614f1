/* emu/ota/weights.h -- the weights of a model as Edge Impulse's compiler declares them: what a weights-only update
 * writes.
 *
 * Of the first subgraph, in the order of the tensors: the constant data of int8 and int32 tensors, then the scales and
 * zero points of every quantised tensor, computed ones included. All else (graph, shapes, other types) is the same on
 * both sides. Device code: constant memory. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "interpreter/model.h"

enum thm_weights_kind { THM_WEIGHTS_DATA, THM_WEIGHTS_QUANT };

struct thm_weights_record {
    enum thm_weights_kind kind;
    uint32_t index; /* of the tensor */
    uint32_t bits;  /* of an element: 8 or 32; QUANT: 64, a scale and a zero point */
    uint32_t count; /* elements; QUANT: channels */
    uint8_t *data;  /* little-endian; QUANT: the scales, float32 */
    /* QUANT: zero_points numbers of zero_bytes each; channels beyond them have 0, which is not stored. */
    uint8_t *zero_point;
    uint32_t zero_points, zero_bytes;
};

struct thm_weights {                                                   /* where they are */
    bool (*at)(void *ctx, uint32_t n, struct thm_weights_record *out); /* record n; false: there are no more */
    void *ctx;
};

struct thm_weights_model { /* of a .tflite file; private */
    struct thm_model model;
    uint8_t *writable;
    uint32_t next, tensor; /* where a walk in order goes on */
    enum thm_weights_kind kind;
};

/* m: opened. writable: its bytes, if records are to be written; then the file is checked again before each record,
 * since weights of a hostile file may lie over its tables. Both are lent. */
struct thm_weights thm_weights_of_model(struct thm_weights_model *w, const struct thm_model *m, uint8_t *writable);

/* Bytes on the wire, without the record's head. */
static inline uint64_t thm_weights_bytes(const struct thm_weights_record *r)
{
    return (uint64_t)r->count * r->bits / 8;
}
