/* interpreter/reader.h -- what the interpreter reads from a verified model beyond the public accessors.
 * Tables are byte positions in the file, see fb.h. */
#pragma once
#include "interpreter/model.h"

uint32_t thm_model_subgraph_table(const struct thm_model *m, uint32_t subgraph);
uint32_t thm_model_tensor_table(const struct thm_model *m, uint32_t subgraph, uint32_t tensor);
uint32_t thm_model_op_table(const struct thm_model *m, uint32_t subgraph, uint32_t op);
uint32_t thm_model_opcode_table(const struct thm_model *m, uint32_t op_table);
void thm_model_tensor_at(const struct thm_model *m, uint32_t table, struct thm_tensor_info *out);
const uint8_t *thm_model_buffer(const struct thm_model *m, uint32_t buffer, uint32_t *bytes); /* NULL = empty */
/* Buffer of the metadata entry of that name (name_len characters); NULL = there is none. */
const uint8_t *thm_model_metadata(const struct thm_model *m, const char *name, uint32_t name_len, uint32_t *bytes);
/* Product of the dimensions; UINT64_MAX if one is negative or the product exceeds INT32_MAX. */
uint64_t thm_shape_elements(const int32_t *shape, uint32_t rank);

struct thm_op_identity {
    uint32_t code;    /* builtin code */
    const char *name; /* not NUL-terminated for custom operators */
    uint32_t name_len;
};
void thm_op_identity(const struct thm_model *m, uint32_t op_table, struct thm_op_identity *id);
