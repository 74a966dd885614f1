/* interpreter/ops/hard_swish.c -- HARD_SWISH, x * relu6(x + 3) / 6: float32, int8 (in 16-bit fixed point).
 * Source: tensorflow/lite/kernels/internal/reference/hard_swish.h,
 * tensorflow/lite/micro/kernels/hard_swish_common.cc. */
#include "interpreter/ops/lookup.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

struct data { /* 20 bytes */
    int32_t output_shift, gate_shift;
    int16_t output_multiplier, gate_multiplier; /* Q15 */
    int16_t input_zero, output_zero;
};
_Static_assert(sizeof(struct data) <= 20, "op data of HARD_SWISH");

/* Factor to a 16-bit multiplier and a shift. */
static bool quantize_factor_16(float factor, int16_t *multiplier, int32_t *shift)
{
    int32_t m;
    if (!(factor >= 0) || !thm_quantize_factor((double)factor, &m, shift))
        return false;
    *multiplier = (int16_t)(m >= INT32_MAX - (1 << 15) ? INT16_MAX : (m + (1 << 15)) >> 16);
    return true;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_value *in, const struct thm_value *out)
{
    struct data *d = n->data;
    struct thm_quant from, to;
    thm_node_quant(n, in, &from);
    thm_node_quant(n, out, &to);
    float fine = 1.0f / 128.0f * from.scale; /* 7 more bits */
    d->input_zero = (int16_t)from.zero_point;
    d->output_zero = (int16_t)to.zero_point;
    if (from.zero_point != d->input_zero || to.zero_point != d->output_zero)
        return thm_refuse(n, THM_NN_EQUANT, "a zero point is out of range");
    if (!quantize_factor_16(fine / to.scale, &d->output_multiplier, &d->output_shift) || d->output_shift > 0 ||
        !quantize_factor_16(fine / (3.0f / 32768.0f), &d->gate_multiplier, &d->gate_shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    return err || in.type != THM_INT8 ? err : quantise(n, &in, &out);
}

/* a * b / 2^15, to nearest. */
static int16_t mul_round(int16_t a, int16_t b)
{
    int32_t ab = a * b;
    if (a == b && a == INT16_MIN)
        return INT16_MAX;
    return (int16_t)((ab + (ab >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

/* The same, towards 0. */
static int16_t mul_cut(int16_t a, int16_t b)
{
    if (a == b && a == INT16_MIN)
        return INT16_MAX;
    return (int16_t)(a * b / (1 << 15));
}

static int16_t shift_left(int16_t x, int by)
{
    int64_t wide = (int64_t)x * (INT64_C(1) << by);
    return (int16_t)(wide > INT16_MAX ? INT16_MAX : wide < INT16_MIN ? INT16_MIN : wide);
}

/* x / 2^exponent to nearest, with a 16-bit mask: from exponent 16 on it gives 1 or -1, as in the reference. */
static int16_t div_pot(int16_t x, int exponent)
{
    int16_t mask = (int16_t)((INT64_C(1) << exponent) - 1), rest = (int16_t)(x & mask);
    return (int16_t)((x >> exponent) + (rest > (mask >> 1) + (x < 0)));
}

/* relu6(x + 3) / 6 as Q15, from x with 7 more bits. */
static int16_t gate(const struct data *d, int16_t fine)
{
    int16_t x = fine;
    if (d->gate_shift > 0)
        x = shift_left(x, d->gate_shift - 1);
    x = mul_round(x, d->gate_multiplier);
    if (d->gate_shift > 0)
        x = shift_left(x, 1);
    if (d->gate_shift < 0)
        x = div_pot(x, -d->gate_shift);
    return (int16_t)((x + (1 << 15)) >> 1);
}

static int32_t hard_swish_i8(const void *ctx, int32_t x)
{
    const struct data *d = ctx;
    int16_t fine = (int16_t)((int16_t)(x - d->input_zero) * (1 << 7));
    int16_t wide = mul_cut(gate(d, fine), mul_round(fine, d->output_multiplier));
    int32_t y = (int16_t)(div_pot(wide, -d->output_shift) + d->output_zero);
    return y < INT8_MIN ? INT8_MIN : y > INT8_MAX ? INT8_MAX : y;
}

static float hard_swish_f32(float x)
{
    float above = x + 3, cut = above > 0 ? above : 0;
    return x * (cut < 6 ? cut : 6) / 6;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32 && in.type != THM_INT8)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 and int8 are supported", &in);
    if (in.type == THM_INT8)
        thm_map_i8(n, hard_swish_i8, sizeof(struct data), &in, &out);
    for (uint32_t i = 0; in.type == THM_FLOAT32 && i < out.elements; i++)
        ((float *)out.data)[i] = hard_swish_f32(((const float *)in.data)[i]);
    return THM_NN_OK;
}

const struct thm_op thm_op_hard_swish = {
    .name = "HARD_SWISH",
    .data = THM_BYTES(20),
    .prepare = prepare,
    .eval = eval,
};
