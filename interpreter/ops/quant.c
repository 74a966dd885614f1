#include "interpreter/ops/quant.h"
#include <math.h>

bool thm_quantize_factor(double factor, int32_t *multiplier, int32_t *shift)
{
    int exponent = 0;
    *multiplier = *shift = 0;
    if (!isfinite(factor))
        return false;
    if (factor == 0)
        return true;
    int64_t q = (int64_t)round(frexp(factor, &exponent) * (double)(INT64_C(1) << 31));
    if (q == INT64_C(1) << 31) {
        q /= 2;
        exponent++;
    }
    if (exponent > 30 || q < INT32_MIN)
        return false;
    if (exponent < -31)
        return true;
    *multiplier = (int32_t)q;
    *shift = exponent;
    return true;
}

bool thm_quantize_fraction(double factor, int32_t *multiplier, int32_t *shift)
{
    return factor > 0 && factor < 1 && thm_quantize_factor(factor, multiplier, shift) && *shift <= 0;
}

int32_t thm_type_min(enum thm_type t)
{
    return t == THM_INT8 ? INT8_MIN : t == THM_INT16 ? INT16_MIN : t == THM_UINT8 ? 0 : INT32_MIN;
}

int32_t thm_type_max(enum thm_type t)
{
    return t == THM_INT8 ? INT8_MAX : t == THM_INT16 ? INT16_MAX : t == THM_UINT8 ? UINT8_MAX : INT32_MAX;
}

static bool quantize(const struct thm_quant *q, float value, int32_t *out)
{
    float steps = roundf(value / q->scale);
    if (!(steps >= -2147483648.0f && steps < 2147483648.0f))
        return false;
    int64_t sum = (int64_t)steps + q->zero_point;
    *out = sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
    return true;
}

void thm_activation_range_f32(uint8_t activation, float *low, float *high)
{
    const float most = 3.402823466e38f; /* FLT_MAX */
    *low = activation == THM_ACT_RELU || activation == THM_ACT_RELU6 ? 0.0f : -most;
    *high = activation == THM_ACT_RELU6 ? 6.0f : most;
    if (activation == THM_ACT_RELU_N1_TO_1) {
        *low = -1.0f;
        *high = 1.0f;
    }
}

void thm_activation_range_i32(uint8_t activation, int32_t *low, int32_t *high)
{
    *low = activation == THM_ACT_RELU || activation == THM_ACT_RELU6 ? 0 : INT32_MIN;
    *high = activation == THM_ACT_RELU6 ? 6 : INT32_MAX;
    if (activation == THM_ACT_RELU_N1_TO_1) {
        *low = -1;
        *high = 1;
    }
}

bool thm_activation_range(uint8_t activation, enum thm_type type, const struct thm_quant *q, int32_t *low,
                          int32_t *high)
{
    float from, to;
    int32_t limit;
    thm_activation_range_f32(activation, &from, &to);
    *low = thm_type_min(type);
    *high = thm_type_max(type);
    if (from > -2.0f) { /* a real limit, not "none" */
        if (!quantize(q, from, &limit))
            return false;
        *low = limit > *low ? limit : *low;
    }
    if (to < 7.0f) {
        if (!quantize(q, to, &limit))
            return false;
        *high = limit < *high ? limit : *high;
    }
    return true;
}

int32_t thm_input_radius(int integer_bits, int32_t shift)
{
    double most = (double)((1 << integer_bits) - 1) * (double)(INT64_C(1) << (31 - integer_bits));
    double radius = floor(ldexp(most, -shift));
    return radius > INT32_MAX ? INT32_MAX : (int32_t)radius;
}

bool thm_checked_log2(float x, int32_t *log2)
{
    *log2 = 0;
    if (!(x > 0) || !isfinite(x))
        return false;
    float exact = logf(x) * (1.0f / logf(2.0f)), rounded = roundf(exact);
    *log2 = (int32_t)rounded;
    return fabsf(exact - rounded) < 1e-3f;
}

enum thm_nn_err thm_unary(struct thm_node *n, struct thm_value *in, struct thm_value *out)
{
    if (n->inputs != 1 || n->outputs != 1 || !thm_node_input(n, 0, in) || !thm_node_output(n, 0, out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes one input and one output");
    return THM_NN_OK;
}

enum thm_nn_err thm_unary_alike(struct thm_node *n, struct thm_value *in, struct thm_value *out)
{
    enum thm_nn_err err = thm_unary(n, in, out);
    if (!err && in->type != out->type)
        err = thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (!err && in->elements != out->elements)
        err = thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    return err;
}
