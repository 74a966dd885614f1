/* interpreter/ops/reduce.h -- what operators share that make one element of all along some axes. The axes, int32, are
 * constant or read when the operator runs. */
#pragma once
#include "interpreter/op.h"

struct thm_reduction {
    struct thm_value in, axes, out;
    uint32_t reduced; /* bit i: dimension i goes away */
    uint32_t count;   /* input elements for each output element */
};

/* All tensors; the axes are resolved if they are constant. */
enum thm_nn_err thm_reduce_prepare(struct thm_node *n, struct thm_reduction *r);
/* The same when it runs; refuses wrong axes, and types outside `types` (a set, move.h) with the sentence `only`. */
enum thm_nn_err thm_reduce_open(struct thm_node *n, struct thm_reduction *r, uint32_t types, const char *only);
/* The last scratch requests of all reducers: the reference's index and axis lists. */
enum thm_nn_err thm_reduce_request_lists(struct thm_node *n, const struct thm_reduction *r);

/* Rows of the input's last dimension are reduced to one output element each, or go to as many side by side. */
struct thm_reduce_rows {
    size_t row;  /* elements */
    size_t step; /* from one output element of a row to the next: 0 or 1 */
};
struct thm_reduce_rows thm_reduce_rows_of(const struct thm_reduction *r);
size_t thm_reduce_output_of(const struct thm_reduction *r, size_t i); /* where input element i goes */

/* Their option, keep_dims, is not looked at: the output's shape in the file says it. */
#define THM_REDUCER(NAME, PREPARE, EVAL)                                                                            \
    {                                                                                                               \
        .name = NAME, .options = THM_BYTES(1), .data = THM_BYTES(44), .temps = "i0o0i1i0i18o0", .prepare = PREPARE, \
        .eval = EVAL                                                                                                \
    }
