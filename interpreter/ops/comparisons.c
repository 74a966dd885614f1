/* interpreter/ops/comparisons.c -- EQUAL, NOT_EQUAL (also bool), GREATER (also int16), GREATER_EQUAL, LESS, LESS_EQUAL:
 * float32, int32, int64, int8; bool output; with broadcasting. Quantised inputs are brought to a common scale.
 * Source: tensorflow/lite/micro/kernels/comparisons.cc, tensorflow/lite/kernels/internal/reference/comparisons.h. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

#define LEFT_SHIFT 8 /* bits that quantised inputs gain before they are scaled */

struct scaling {
    int32_t zero, multiplier, shift;
};

struct data { /* 32 bytes */
    struct scaling a, b;
};
_Static_assert(sizeof(struct data) <= 32, "op data of the comparisons");

static bool set_scaling(const struct thm_node *n, const struct thm_value *v, struct scaling *s)
{
    struct thm_quant q;
    thm_node_quant(n, v, &q);
    s->zero = q.zero_point;
    return thm_quantize_fraction((double)q.scale, &s->multiplier, &s->shift);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    struct data *d = n->data;
    enum thm_nn_err err = thm_binary_prepare(n, &v);
    if (err)
        return err;
    if (v.out.type != THM_BOOL)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "the output of a comparison is bool", &v.out);
    if (v.a.type != THM_INT8 && v.a.type != THM_INT16)
        return THM_NN_OK;
    if (!set_scaling(n, &v.a, &d->a) || !set_scaling(n, &v.b, &d->b))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is not between 0 and 1");
    return THM_NN_OK;
}

static int32_t scaled(int32_t x, const struct scaling *s)
{
    int32_t above_zero = (int32_t)((uint32_t)x - (uint32_t)s->zero);
    return thm_div_pot(thm_mul_high(thm_shift_left(above_zero, LEFT_SHIFT), s->multiplier), -s->shift);
}

#define ROW(name, LOAD_A, LOAD_B, OP)                                                                              \
    static void name(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count) \
    {                                                                                                              \
        const struct data *d = ctx;                                                                                \
        (void)d;                                                                                                   \
        for (size_t i = 0; i < count; i++)                                                                         \
            ((uint8_t *)out)[i] = (LOAD_A)OP(LOAD_B);                                                              \
    }
#define PLAIN(name, type, OP) ROW(name, ((const type *)a)[i * sa], ((const type *)b)[i * sb], OP)
#define SCALED(name, type, OP) \
    ROW(name, scaled(((const type *)a)[i * sa], &d->a), scaled(((const type *)b)[i * sb], &d->b), OP)

#define COMMON_ROWS(name, OP)                                       \
    PLAIN(name##_f32, float, OP)                                    \
    PLAIN(name##_i32, int32_t, OP)                                  \
    ROW(name##_i64, thm_i64_at(a, i *sa), thm_i64_at(b, i *sb), OP) \
    SCALED(name##_i8, int8_t, OP)
/* The rest of one operator; `...` is the row for a further type, with a comma. */
#define OPERATOR(NAME, op, what, ...)                                                 \
    static enum thm_nn_err op##_eval(struct thm_node *n)                              \
    {                                                                                 \
        static const struct thm_typed_row rows[] = { { THM_FLOAT32, op##_f32 },       \
                                                     { THM_INT32, op##_i32 },         \
                                                     { THM_INT64, op##_i64 },         \
                                                     { THM_INT8, op##_i8 },           \
                                                     __VA_ARGS__ };                   \
        return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], n->data, what); \
    }                                                                                 \
    const struct thm_op thm_op_##op = {                                               \
        .name = NAME,                                                                 \
        .data = THM_BYTES(32),                                                        \
        .temps = "i0i1",                                                              \
        .prepare = prepare,                                                           \
        .eval = op##_eval,                                                            \
    }

#define COMMON    "only float32, int32, int64 and int8 are supported"
#define WITH_BOOL "only float32, int32, int64, int8 and bool are supported"
#define WITH_I16  "only float32, int32, int64, int8 and int16 are supported"
COMMON_ROWS(equal, ==)
COMMON_ROWS(not_equal, !=)
COMMON_ROWS(greater, >)
COMMON_ROWS(greater_equal, >=)
COMMON_ROWS(less, <)
COMMON_ROWS(less_equal, <=)
ROW(equal_bool, !((const uint8_t *)a)[i * sa], !((const uint8_t *)b)[i * sb], ==)
ROW(not_equal_bool, !((const uint8_t *)a)[i * sa], !((const uint8_t *)b)[i * sb], !=)
SCALED(greater_i16, int16_t, >)

OPERATOR("EQUAL", equal, WITH_BOOL, { THM_BOOL, equal_bool });
OPERATOR("NOT_EQUAL", not_equal, WITH_BOOL, { THM_BOOL, not_equal_bool });
OPERATOR("GREATER", greater, WITH_I16, { THM_INT16, greater_i16 });
OPERATOR("GREATER_EQUAL", greater_equal, COMMON);
OPERATOR("LESS", less, COMMON);
OPERATOR("LESS_EQUAL", less_equal, COMMON);
