/* interpreter/model.h -- a .tflite file (FlatBuffers, TensorFlow Lite schema v3), read in place.
 *
 * thm_model_open() checks every offset, vector, string, enum and cross reference that the accessors below
 * will follow (bounds, alignment, depth), so that afterwards no accessor can leave the file. The file is lent:
 * it must stay readable and unchanged while the model is in use. Nothing is allocated or copied.
 *
 * Source: tensorflow/lite/schema/schema.fbs (field numbers), FlatBuffers internals (binary layout). */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "interpreter/err.h"

enum thm_type { /* numbers of the schema's TensorType */
                THM_FLOAT32 = 0,
                THM_FLOAT16 = 1,
                THM_INT32 = 2,
                THM_UINT8 = 3,
                THM_INT64 = 4,
                THM_STRING = 5,
                THM_BOOL = 6,
                THM_INT16 = 7,
                THM_COMPLEX64 = 8,
                THM_INT8 = 9,
                THM_FLOAT64 = 10,
                THM_COMPLEX128 = 11,
                THM_UINT64 = 12,
                THM_RESOURCE = 13,
                THM_VARIANT = 14,
                THM_UINT32 = 15,
                THM_UINT16 = 16,
                THM_INT4 = 17,
};
const char *thm_type_name(enum thm_type t); /* "int8"; "unknown" for a number outside the enum */
uint32_t thm_type_size(enum thm_type t); /* bytes an element; 0 = no fixed size. int4: 1 (two to a byte in the file) */

struct thm_model { /* read-only for users */
    const uint8_t *data;
    uint32_t size;
    uint32_t root; /* offset of the Model table */
    uint32_t subgraphs;
};

/* A tensor as the file describes it. Pointers lie in the file. */
struct thm_tensor_info {
    const char *name;
    uint32_t name_len;
    enum thm_type type;
    const int32_t *shape; /* rank numbers, little-endian in the file; 4-aligned */
    uint32_t rank;
    const uint8_t *data; /* constant data, NULL = none */
    uint32_t data_bytes;
    int is_variable;
    const float *scale; /* scales entries, NULL = not quantised */
    uint32_t scales;
    const int64_t *zero_point; /* zero_points entries; may be only 4-aligned: read with memcpy */
    uint32_t zero_points;
    int32_t quantized_dimension;
};

/* In:     data at a multiple of 4 (THM_NN_EUSE otherwise: vectors are read in place); size > UINT32_MAX - 8 is refused.
 * Out:    *m is usable only when THM_NN_OK is returned; *diag (may be NULL) says where otherwise. */
enum thm_nn_err thm_model_open(struct thm_model *m, const void *data, size_t size, struct thm_nn_diag *diag);

uint32_t thm_model_tensors(const struct thm_model *m, uint32_t subgraph);
uint32_t thm_model_ops(const struct thm_model *m, uint32_t subgraph);
uint32_t thm_model_inputs(const struct thm_model *m, uint32_t subgraph);            /* how many */
uint32_t thm_model_outputs(const struct thm_model *m, uint32_t subgraph);           /* how many */
int32_t thm_model_input(const struct thm_model *m, uint32_t subgraph, uint32_t i);  /* tensor index */
int32_t thm_model_output(const struct thm_model *m, uint32_t subgraph, uint32_t i); /* tensor index */
void thm_model_tensor(const struct thm_model *m, uint32_t subgraph, uint32_t tensor, struct thm_tensor_info *out);
