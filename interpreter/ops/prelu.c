/* interpreter/ops/prelu.c -- PRELU, x * alpha below 0: float32, int8, int16 (with int8 alpha); with broadcasting.
 * Source: tensorflow/lite/micro/kernels/prelu_common.cc, tensorflow/lite/kernels/internal/reference/prelu.h. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

struct factor {
    int32_t multiplier, shift;
};

struct data { /* 28 bytes */
    struct factor positive, negative;
    int32_t input_zero, alpha_zero, output_zero;
};
_Static_assert(sizeof(struct data) <= 28, "op data of PRELU");

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_binary *v)
{
    struct data *d = n->data;
    struct thm_binary_quant q;
    thm_binary_quant(n, v, &q);
    d->input_zero = q.a.zero_point;
    d->alpha_zero = q.b.zero_point;
    d->output_zero = q.out.zero_point;
    double positive = (double)q.a.scale / (double)q.out.scale;
    double negative = (double)q.a.scale * (double)q.b.scale / (double)q.out.scale;
    if (!thm_quantize_factor(positive, &d->positive.multiplier, &d->positive.shift) ||
        !thm_quantize_factor(negative, &d->negative.multiplier, &d->negative.shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    enum thm_nn_err err = thm_binary_shapes(n, &v);
    if (err)
        return err;
    if (v.a.type != v.out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (v.b.type != (v.a.type == THM_INT16 ? THM_INT8 : v.a.type))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "alpha is not of the input's type (int16 input: int8)", &v.b);
    return v.a.type == THM_INT8 || v.a.type == THM_INT16 ? quantise(n, &v) : THM_NN_OK;
}

static int32_t prelu_q(const struct data *d, int32_t x, int32_t alpha)
{
    uint32_t v = (uint32_t)x - (uint32_t)d->input_zero, slope = (uint32_t)alpha - (uint32_t)d->alpha_zero;
    if ((int32_t)v >= 0)
        return thm_scale32((int32_t)v, d->positive.multiplier, d->positive.shift);
    return thm_scale32((int32_t)(v * slope), d->negative.multiplier, d->negative.shift);
}

#define ROW(name, type, alpha_type, EXPR)                                                                          \
    static void name(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count) \
    {                                                                                                              \
        const struct data *d = ctx;                                                                                \
        (void)d;                                                                                                   \
        for (size_t i = 0; i < count; i++) {                                                                       \
            type x = ((const type *)a)[i * sa];                                                                    \
            alpha_type alpha = ((const alpha_type *)b)[i * sb];                                                    \
            ((type *)out)[i] = (type)EXPR;                                                                         \
        }                                                                                                          \
    }
ROW(row_f32, float, float, (x >= 0.0f ? x : x * alpha))
ROW(row_i8, int8_t, int8_t, thm_add_clamp(prelu_q(d, x, alpha), d->output_zero, INT8_MIN, INT8_MAX))
ROW(row_i16, int16_t, int8_t, thm_add_clamp(prelu_q(d, x, alpha), d->output_zero, INT16_MIN, INT16_MAX))

static enum thm_nn_err eval(struct thm_node *n)
{
    static const struct thm_typed_row rows[] = {
        { THM_FLOAT32, row_f32 },
        { THM_INT8, row_i8 },
        { THM_INT16, row_i16 },
    };
    return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], n->data,
                           "only float32, int8 and int16 are supported");
}

const struct thm_op thm_op_prelu = { .name = "PRELU", .data = THM_BYTES(28), .prepare = prepare, .eval = eval };
