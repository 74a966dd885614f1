/* interpreter/ops/move.h -- what the operators that move elements around share.
 *
 * Types that the reference runtime refuses only when the operator runs are refused there as well: a model with such an
 * operator allocates, and fails in its first invocation.
 *
 * Copies are made with memmove(): a model may place tensors on top of each other. What is computed at run time is read
 * once, checked and kept, because writing the output may change it. */
#pragma once
#include "interpreter/op.h"

/* All inputs (exactly `inputs`) and the only output, or a refusal. */
enum thm_nn_err thm_take(struct thm_node *n, uint32_t inputs, struct thm_value *in, struct thm_value *out);

/* Number i of a tensor of int32 or int64; any alignment. */
int64_t thm_index_at(const struct thm_value *v, uint32_t i);
static inline bool thm_is_index(const struct thm_value *v)
{
    return v->type == THM_INT32 || v->type == THM_INT64;
}

/* Negative axes count from the end. false: there is no such dimension. */
static inline bool thm_axis(int64_t axis, uint32_t rank, uint32_t *result)
{
    if (axis < 0)
        axis += rank;
    *result = (uint32_t)axis;
    return axis >= 0 && axis < rank;
}

/* Elements in the dimensions from..to-1; not to be trusted for tensors without elements. */
size_t thm_span(const struct thm_value *v, uint32_t from, uint32_t to);
/* Steps, in elements, from one index to the next in each dimension. */
void thm_steps(const int32_t *shape, uint32_t rank, size_t *step);

/* Elements that move from one place to another, with a step for each dimension. A backward step is a size_t that wraps
 * around. Nothing is checked: every element must lie in its tensor. */
struct thm_box {
    uint32_t rank; /* at most THM_MAX_RANK */
    int32_t size[THM_MAX_RANK];
    size_t from_at, to_at; /* the first element */
    size_t from[THM_MAX_RANK], to[THM_MAX_RANK];
};
uint64_t thm_box_elements(const struct thm_box *b); /* above INT32_MAX: at least so many */
/* The box is used up. */
void thm_box_copy(struct thm_box *b, const void *from, void *to, uint32_t element_bytes);
