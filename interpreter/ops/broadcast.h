/* interpreter/ops/broadcast.h -- element-wise operators with two inputs, whose dimensions may be 1 where the output's
 * are not. */
#pragma once
#include "interpreter/op.h"

struct thm_binary {
    struct thm_value a, b, out;
};

/* A stretch of `count` elements from a (step_a elements apart, 0 or 1), b and to out. */
typedef void thm_row_fn(const void *ctx, const void *a, size_t step_a, const void *b, size_t step_b, void *out,
                        size_t count);

/* Both inputs and the output. Refused: one is missing, the shapes do not go together. */
enum thm_nn_err thm_binary_shapes(struct thm_node *n, struct thm_binary *v);
/* The same; refused as well: the inputs differ in type. */
enum thm_nn_err thm_binary_prepare(struct thm_node *n, struct thm_binary *v);
/* The same; refused as well: the output is of another type. */
enum thm_nn_err thm_binary_prepare_alike(struct thm_node *n, struct thm_binary *v);

struct thm_binary_quant {
    struct thm_quant a, b, out;
};
void thm_binary_quant(const struct thm_node *n, const struct thm_binary *v, struct thm_binary_quant *q);
/* Does every dimension of `in`, extended on the left, equal that of `out` or 1? */
bool thm_spreads_to(const struct thm_value *in, const struct thm_value *out);
void thm_binary_gather(const struct thm_node *n, struct thm_binary *v);
/* Call `row` for stretches of the output until all is done; element sizes in bytes. */
void thm_binary_rows(const struct thm_binary *v, thm_row_fn *row, const void *ctx);

/* The same with the rows of a variant of the kernels; false: row is NULL. */
bool thm_binary_host(const struct thm_binary *v, thm_row_fn *row, const void *ctx);

struct thm_typed_row {
    enum thm_type type;
    thm_row_fn *row;
};
/* eval() of an operator with a row function for each type of input. Refused: there is none; `what` says which there
 * are. */
enum thm_nn_err thm_binary_eval(struct thm_node *n, const struct thm_typed_row *rows, size_t count, const void *ctx,
                                const char *what);

/* Define a row function for inputs and output of one type: EXPR of ctx, x and y. */
#define THM_BINARY_ROW(name, type, EXPR)                                                                           \
    static void name(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count) \
    {                                                                                                              \
        (void)ctx;                                                                                                 \
        for (size_t i = 0; i < count; i++) {                                                                       \
            const type x = ((const type *)a)[i * sa], y = ((const type *)b)[i * sb];                               \
            ((type *)out)[i] = EXPR;                                                                               \
        }                                                                                                          \
    }

/* 64-bit numbers are only 4-aligned, in the model file and where an offline plan puts them. */
static inline int64_t thm_i64_at(const void *data, size_t i)
{
    int64_t v;
    __builtin_memcpy(&v, (const uint8_t *)data + 8 * i, 8);
    return v;
}
