/* interpreter/ops/sigmoid.c -- LOGISTIC and TANH: float32, int8 (fixed-point exponential), int16 (table).
 * Source: tensorflow/lite/kernels/internal/reference/integer_ops/{logistic,tanh}.h. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct data { /* 16 bytes */
    int32_t input_zero, radius;
    int32_t multiplier, shift; /* int16: multiplier 0 = the scale is a power of two */
};
_Static_assert(sizeof(struct data) <= 16, "op data of LOGISTIC");

/* 65536 / (1 + exp(-i / 24)), within 1; the reference's own values, because outputs must match to the bit.
 * Source: sigmoid_table_uint16, tensorflow/lite/kernels/internal/common.h. */
static const uint16_t table[256] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
    43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
    51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
    57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
    61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
    63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
    64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
    65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
    65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
    65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
    65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
    65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
    65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
};

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

static int8_t logistic_i8(int32_t q27)
{
    return (int8_t)thm_add_clamp(thm_div_pot(thm_logistic_q27(q27), 23), INT8_MIN, INT8_MIN, INT8_MAX);
}

static int8_t tanh_i8(int32_t q27)
{
    return (int8_t)thm_clamp(thm_div_pot(thm_tanh_q27(q27), 24), INT8_MIN, INT8_MAX);
}

static void eval_i8(const struct data *d, const struct thm_value *in, const struct thm_value *out, int8_t (*f)(int32_t))
{
    for (uint32_t i = 0; i < out->elements; i++) {
        int32_t x = (int32_t)((uint32_t)((const int8_t *)in->data)[i] - (uint32_t)d->input_zero);
        int8_t y = x <= -d->radius ? INT8_MIN : x >= d->radius ? INT8_MAX : f(thm_scale32(x, d->multiplier, d->shift));
        ((int8_t *)out->data)[i] = y;
    }
}

/* Input in steps of 1/(3 * 4096); 32-bit arithmetic wraps as in the reference. */
static int32_t table_input(const struct data *d, int16_t x)
{
    uint32_t multiplier = d->multiplier ? (uint32_t)d->multiplier : UINT32_C(3) << d->shift;
    int shift = d->multiplier ? d->shift : 0;
    uint32_t round = shift > 0 ? UINT32_C(1) << (shift - 1) : 0;
    return (int32_t)((uint32_t)x * multiplier + round) >> shift;
}

static uint32_t magnitude(int32_t x)
{
    return x < 0 ? 0 - (uint32_t)x : (uint32_t)x;
}

static int16_t logistic_i16(int32_t x)
{
    uint32_t a = magnitude(x), i = a >> 9, r = UINT32_C(0x7FFF) << 10;
    if (i < 255)
        r = ((uint32_t)table[i] << 9) + (a & 0x1ff) * (uint32_t)(table[i + 1] - table[i]);
    r = x >= 0 ? r + (1 << 9) : (1 << 25) - r + (1 << 9) - 1;
    return (int16_t)(r >> 10);
}

static int16_t tanh_i16(int32_t x)
{
    uint32_t a = magnitude(x), i = a >> 8;
    int32_t r = 0xFFFF << 8;
    if (i < 255)
        r = (int32_t)(((uint32_t)table[i] << 8) + (a & 0xff) * (uint32_t)(table[i + 1] - table[i]));
    r = x >= 0 ? r - (1 << 23) + (1 << 7) : -r + (1 << 23) + (1 << 7) - 1;
    return (int16_t)(r >> 8);
}

static void eval_i16(const struct data *d, const struct thm_value *in, const struct thm_value *out, int16_t (*f)(int32_t))
{
    for (uint32_t i = 0; i < out->elements; i++)
        ((int16_t *)out->data)[i] = f(table_input(d, ((const int16_t *)in->data)[i]));
}

/* Beyond these the result does not change in float; the reference cuts off there too. */
static float logistic_f32(float x)
{
    if (x > 16.619047164916992188f)
        return 1.0f;
    return x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x));
}

static void eval_f32(const struct thm_value *in, const struct thm_value *out, float (*f)(float))
{
    for (uint32_t i = 0; i < out->elements; i++)
        ((float *)out->data)[i] = f(((const float *)in->data)[i]);
}

static enum thm_nn_err eval(struct thm_node *n, float (*f32)(float), int8_t (*i8)(int32_t), int16_t (*i16)(int32_t))
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type == THM_FLOAT32)
        eval_f32(&in, &out, f32);
    else if (in.type == THM_INT8)
        eval_i8(n->data, &in, &out, i8);
    else if (in.type == THM_INT16)
        eval_i16(n->data, &in, &out, i16);
    else
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", &in);
    return THM_NN_OK;
}

static enum thm_nn_err logistic_eval(struct thm_node *n)
{
    return eval(n, logistic_f32, logistic_i8, logistic_i16);
}

static enum thm_nn_err tanh_eval(struct thm_node *n)
{
    return eval(n, tanhf, tanh_i8, tanh_i16);
}

const struct thm_op thm_op_logistic = {
    .name = "LOGISTIC", .data = THM_BYTES(16), .prepare = logistic_prepare, .eval = logistic_eval,
};
const struct thm_op thm_op_tanh = {
    .name = "TANH", .data = THM_BYTES(16), .temps = "i0o0i0", .prepare = tanh_prepare, .eval = tanh_eval,
};
