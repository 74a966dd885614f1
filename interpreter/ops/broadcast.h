/* interpreter/ops/broadcast.h -- element-wise operators with two inputs, whose dimensions may be 1 where the output's
 * are not. */
#pragma once
#include "interpreter/op.h"

struct thm_binary {
    struct thm_value a, b, out;
};

/* `count` elements from a (step_a elements apart, 0 or 1), b and to out. */
typedef void thm_row_fn(const void *ctx, const void *a, size_t step_a, const void *b, size_t step_b, void *out,
                        size_t count);

/* Both inputs and the output. Refused: one is missing, the types differ, the shapes do not go together. */
enum thm_nn_err thm_binary_prepare(struct thm_node *n, struct thm_binary *v);
void thm_binary_gather(const struct thm_node *n, struct thm_binary *v);
/* Call `row` for stretches of the output until all is done; element sizes in bytes. */
void thm_binary_rows(const struct thm_binary *v, thm_row_fn *row, const void *ctx);
