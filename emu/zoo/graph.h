/* emu/zoo/graph.h -- a model under construction: tensors, ops, and where the constant data comes from.
 *
 * After a failure (out of memory, too many tensors or ops) `err` is set and the calls do nothing useful but
 * no harm; look at it once at the end. */
#pragma once
#include <stdint.h>
#include "emu/zoo/tflite_writer.h"

#define THM_GRAPH_TENSORS_MAX 512
#define THM_GRAPH_OPS_MAX     128

struct thm_graph_data { /* of one constant tensor */
    const void *raw;    /* the bytes; NULL: drawn at random */
    uint64_t seed;
    float amplitude; /* float32 and int32: largest real value; int8 weights always use -127..127 */
    uint8_t sparse;  /* int8: half of the weights are zero */
};

struct thm_graph {
    struct thm_tflite_tensor tensors[THM_GRAPH_TENSORS_MAX];
    struct thm_graph_data data[THM_GRAPH_TENSORS_MAX];
    uint32_t tensor_count;
    struct thm_tflite_op ops[THM_GRAPH_OPS_MAX];
    uint32_t op_count;
    uint64_t macs; /* multiply-accumulates of one inference */
    int32_t input, output;
    enum thm_zoo_err err;
    struct thm_graph_block *blocks;
};

/* Result: NULL if the PC is out of memory. */
struct thm_graph *thm_graph_create(void);
void thm_graph_destroy(struct thm_graph *g); /* NULL is fine */

/* Zeroed memory that lives as long as the graph; NULL (and g->err) if there is none. */
void *thm_graph_alloc(struct thm_graph *g, size_t bytes);
const char *thm_graph_text(struct thm_graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add a tensor without data or quantisation; never NULL. *index (may be NULL) is its number. */
struct thm_tflite_tensor *thm_graph_tensor(struct thm_graph *g, const char *name, enum thm_type type, uint32_t rank,
                                           const int32_t *shape, int32_t *index);
/* Give a tensor one scale. */
void thm_graph_quantize(struct thm_graph *g, struct thm_tflite_tensor *t, float scale, int64_t zero_point);
/* Make a tensor constant: data_bytes from its type and shape. Result: what to fill in. */
struct thm_graph_data *thm_graph_constant(struct thm_graph *g, int32_t tensor);
/* Add an op with one input and no options; never NULL. */
struct thm_tflite_op *thm_graph_op(struct thm_graph *g, enum thm_tflite_op_code code, int32_t version, int32_t input,
                                   int32_t output);
uint32_t thm_graph_elements(const struct thm_tflite_tensor *t);

/* View for the writer; lent, lives as long as the graph. */
struct thm_tflite_model thm_graph_model(struct thm_graph *g, const char *description);
