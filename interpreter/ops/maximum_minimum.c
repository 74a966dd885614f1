/* interpreter/ops/maximum_minimum.c -- MAXIMUM and MINIMUM: float32, int8, int16, int32, int64; with broadcasting.
 * Quantised numbers are compared as they are: both inputs and the output have the same scale.
 * Source: tensorflow/lite/micro/kernels/maximum_minimum.cc, which has no prepare step. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/ops.h"

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    return thm_binary_prepare_alike(n, &v);
}

#define ROW_I64(name, OP)                                                                                          \
    static void name(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count) \
    {                                                                                                              \
        (void)ctx;                                                                                                 \
        for (size_t i = 0; i < count; i++) {                                                                       \
            int64_t x = thm_i64_at(a, i * sa), y = thm_i64_at(b, i * sb), z = x OP y ? x : y;                      \
            __builtin_memcpy((uint8_t *)out + 8 * i, &z, 8);                                                       \
        }                                                                                                          \
    }
#define OPERATOR(NAME, op, OP)                                                              \
    THM_BINARY_ROW(op##_f32, float, x OP y ? x : y)                                         \
    THM_BINARY_ROW(op##_i8, int8_t, x OP y ? x : y)                                         \
    THM_BINARY_ROW(op##_i16, int16_t, x OP y ? x : y)                                       \
    THM_BINARY_ROW(op##_i32, int32_t, x OP y ? x : y)                                       \
    ROW_I64(op##_i64, OP)                                                                   \
    static enum thm_nn_err op##_eval(struct thm_node *n)                                    \
    {                                                                                       \
        static const struct thm_typed_row rows[] = {                                        \
            { THM_FLOAT32, op##_f32 }, { THM_INT8, op##_i8 },   { THM_INT16, op##_i16 },    \
            { THM_INT32, op##_i32 },   { THM_INT64, op##_i64 },                             \
        };                                                                                  \
        return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], NULL,                 \
                               "only float32, int8, int16, int32 and int64 are supported"); \
    }                                                                                       \
    const struct thm_op thm_op_##op = { .name = NAME, .temps = "", .prepare = prepare, .eval = op##_eval }

OPERATOR("MAXIMUM", maximum, >);
OPERATOR("MINIMUM", minimum, <);
