/* interpreter/ops/lookup.h -- functions of one byte: computed for each element, or looked up in a table in memory of
 * the PC when the variant of the kernels (interpreter/kernels.h) has one. The bits are the same. */
#pragma once
#include "interpreter/op.h"
#include "interpreter/ops/variant.h"

/* The table of m, in which uses elements are going to be looked up; NULL: compute. thm_lookup_end() ends its use. */
const int32_t *thm_lookup_begin(const struct thm_node *n, const struct thm_byte_map *m, size_t uses);
void thm_lookup_end(const struct thm_node *n, const int32_t *table);

static inline int32_t thm_look_up(const int32_t *table, const struct thm_byte_map *m, int32_t x)
{
    return table ? table[(uint8_t)x] : m->f(m->ctx, x);
}

/* The function of every element, int8 to int8. Its parameters are the first `bytes` of the op data. */
void thm_map_i8(const struct thm_node *n, thm_byte_fn *f, size_t bytes, const struct thm_value *in,
                const struct thm_value *out);
