/* interpreter/ops/sigmoid.c -- LOGISTIC and TANH: float32, int8 (fixed-point exponential), int16 (table).
 * Source: tensorflow/lite/kernels/internal/reference/integer_ops/{logistic,tanh}.h. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/lookup.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/sigmoid.h"
#include <math.h>

struct data { /* 16 bytes */
    int32_t input_zero, radius;
    int32_t multiplier, shift; /* int16: multiplier 0 = the scale is a power of two */
};
_Static_assert(sizeof(struct data) <= 16, "op data of LOGISTIC");

static enum thm_nn_err prepare_i8(struct thm_node *n, const struct thm_quant *q)
{
    struct data *d = n->data;
    int exponent = 0;
    double factor = (double)q->scale * (1 << 27); /* to 4 integer bits */
    if (!(factor > 0) || !isfinite(factor))
        return thm_refuse(n, THM_NN_EQUANT, "the input scale is not positive");
    int64_t m = (int64_t)round(frexp(factor, &exponent) * (double)(INT64_C(1) << 31));
    if (exponent < 0 || exponent > 30 || m > INT32_MAX)
        return thm_refuse(n, THM_NN_EQUANT, "the input scale is out of range");
    d->multiplier = (int32_t)m;
    d->shift = exponent;
    d->input_zero = q->zero_point;
    d->radius = thm_input_radius(4, exponent);
    return THM_NN_OK;
}

/* The table has 24 steps a unit; inputs come as 1/4096 (a power-of-two scale) or are brought to 1/(3 * 4096). */
static enum thm_nn_err prepare_i16(struct thm_node *n, const struct thm_quant *in, const struct thm_quant *out,
                                   int32_t most)
{
    struct data *d = n->data;
    int32_t log2;
    bool power = thm_checked_log2(in->scale, &log2);
    if (in->zero_point || out->zero_point)
        return thm_refuse(n, THM_NN_EQUANT, "int16 needs a zero point of 0");
    d->shift = 12 + log2;
    d->multiplier = 0;
    if (!power || d->shift < 0 || d->shift > most) {
        double factor = (double)in->scale * 4096.0 * 3.0;
        if (!(factor > 0) || factor > INT16_MAX)
            return thm_refuse(n, THM_NN_EQUANT, "the input scale is out of range");
        for (d->shift = 0; factor <= 32767.0 / 2.0 && d->shift <= 30; d->shift++)
            factor *= 2.0;
        d->multiplier = (int32_t)factor;
    }
    if (!thm_checked_log2(out->scale, &log2) || log2 != -15)
        return thm_refuse(n, THM_NN_EQUANT, "the output scale is not 1/32768");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n, bool logistic)
{
    struct thm_value in, out;
    struct thm_quant from, to;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (err || (in.type != THM_INT8 && in.type != THM_INT16))
        return err;
    thm_node_quant(n, &in, &from);
    thm_node_quant(n, &out, &to);
    if (in.type == THM_INT16)
        return prepare_i16(n, &from, &to, logistic ? 0 : 1);
    if (logistic && to.zero_point != INT8_MIN)
        return thm_refuse(n, THM_NN_EQUANT, "the output's zero point is not -128");
    return prepare_i8(n, &from);
}

static enum thm_nn_err logistic_prepare(struct thm_node *n)
{
    return prepare(n, true);
}

static enum thm_nn_err tanh_prepare(struct thm_node *n)
{
    return prepare(n, false);
}

static int32_t logistic_byte(int32_t q27)
{
    return thm_add_clamp(thm_div_pot(thm_logistic_q27(q27), 23), INT8_MIN, INT8_MIN, INT8_MAX);
}

static int32_t tanh_byte(int32_t q27)
{
    return thm_clamp(thm_div_pot(thm_tanh_q27(q27), 24), INT8_MIN, INT8_MAX);
}

static int32_t value_of(const struct data *d, int32_t x, int32_t (*f)(int32_t))
{
    x = (int32_t)((uint32_t)x - (uint32_t)d->input_zero);
    return x <= -d->radius ? INT8_MIN : x >= d->radius ? INT8_MAX : f(thm_scale32(x, d->multiplier, d->shift));
}

static int32_t logistic_i8(const void *d, int32_t x)
{
    return value_of(d, x, logistic_byte);
}

static int32_t tanh_i8(const void *d, int32_t x)
{
    return value_of(d, x, tanh_byte);
}

static void eval_i16(const struct data *d, const struct thm_value *in, const struct thm_value *out,
                     int16_t (*f)(int32_t))
{
    for (uint32_t i = 0; i < out->elements; i++)
        ((int16_t *)out->data)[i] = f(thm_sigmoid_input(((const int16_t *)in->data)[i], d->multiplier, d->shift));
}

static void eval_f32(const struct thm_value *in, const struct thm_value *out, float (*f)(float))
{
    for (uint32_t i = 0; i < out->elements; i++)
        ((float *)out->data)[i] = f(((const float *)in->data)[i]);
}

static enum thm_nn_err eval(struct thm_node *n, float (*f32)(float), thm_byte_fn *i8, int16_t (*i16)(int32_t))
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type == THM_FLOAT32)
        eval_f32(&in, &out, f32);
    else if (in.type == THM_INT8)
        thm_map_i8(n, i8, sizeof(struct data), &in, &out);
    else if (in.type == THM_INT16)
        eval_i16(n->data, &in, &out, i16);
    else
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", &in);
    return THM_NN_OK;
}

static enum thm_nn_err logistic_eval(struct thm_node *n)
{
    return eval(n, thm_logistic_f32, logistic_i8, thm_logistic_i16);
}

static enum thm_nn_err tanh_eval(struct thm_node *n)
{
    return eval(n, tanhf, tanh_i8, thm_tanh_i16);
}

const struct thm_op thm_op_logistic = {
    .name = "LOGISTIC",
    .data = THM_BYTES(16),
    .prepare = logistic_prepare,
    .eval = logistic_eval,
};
const struct thm_op thm_op_tanh = {
    .name = "TANH",
    .data = THM_BYTES(16),
    .temps = "i0o0i0",
    .prepare = tanh_prepare,
    .eval = tanh_eval,
};
