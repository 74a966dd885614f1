/* interpreter/ops/div.c -- DIV: float32, int32 (not quantised), int8; with broadcasting. Where the reference leaves
 * integer division by zero undefined, it is refused here.
 * Source: tensorflow/lite/micro/kernels/div.cc, tensorflow/lite/kernels/internal/reference/div.h. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

struct options { /* cortex_m: 1 byte */
    uint8_t activation;
};

struct data { /* 28 bytes */
    int32_t multiplier, shift, zero_a, zero_b, zero_out, low, high;
};
_Static_assert(sizeof(struct data) <= 28, "op data of DIV");

/* x / y, y > 0, times the output factor. */
static int32_t quotient(const struct data *d, int32_t x, int32_t y)
{
    int bits, headroom = x ? __builtin_clrsb(x) : 31;
    int32_t reciprocal = thm_reciprocal(y, 31, &bits);
    int32_t q = thm_mul_high(thm_mul_high(thm_shift_left(x, headroom), reciprocal), d->multiplier);
    int shift = d->shift - bits - headroom;
    if (shift > 0)
        return thm_shift_left_sat(q, shift > 31 ? 31 : shift);
    return shift < -31 ? 0 : thm_div_pot(q, -shift);
}

static int32_t combine(const struct data *d, int32_t a, int32_t b)
{
    int32_t x = a - d->zero_a, y = b - d->zero_b;
    return thm_add_clamp(y < 0 ? quotient(d, -x, -y) : quotient(d, x, y), d->zero_out, d->low, d->high);
}

static void row_i8(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((int8_t *)out)[i] = (int8_t)combine(ctx, ((const int8_t *)a)[i * sa], ((const int8_t *)b)[i * sb]);
}

static void row_i32(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    const struct data *d = ctx;
    for (size_t i = 0; i < count; i++) {
        int64_t q = (int64_t)((const int32_t *)a)[i * sa] / ((const int32_t *)b)[i * sb];
        ((int32_t *)out)[i] = thm_clamp((int32_t)(uint32_t)q, d->low, d->high); /* the one overflow wraps */
    }
}

static void row_f32(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    const float *limits = ctx;
    for (size_t i = 0; i < count; i++)
        ((float *)out)[i] = thm_clampf(((const float *)a)[i * sa] / ((const float *)b)[i * sb], limits[0], limits[1]);
}

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_binary *v)
{
    struct data *d = n->data;
    const struct options *o = n->options;
    struct thm_binary_quant q;
    thm_binary_quant(n, v, &q);
    d->zero_a = q.a.zero_point;
    d->zero_b = q.b.zero_point;
    d->zero_out = q.out.zero_point;
    if (q.a.zero_point < INT8_MIN || q.a.zero_point > INT8_MAX || q.b.zero_point < INT8_MIN ||
        q.b.zero_point > INT8_MAX)
        return thm_refuse(n, THM_NN_EQUANT, "a zero point is out of range");
    float factor = q.a.scale / (q.b.scale * q.out.scale); /* rounded to float */
    if (!thm_quantize_factor((double)factor, &d->multiplier, &d->shift) ||
        !thm_activation_range(o->activation, THM_INT8, &q.out, &d->low, &d->high))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return THM_NN_OK;
}

static enum thm_nn_err check_unquantised(struct thm_node *n, const struct thm_binary *v)
{
    struct thm_quant a, b;
    thm_node_quant(n, &v->a, &a);
    thm_node_quant(n, &v->b, &b);
    if (a.affine || b.affine)
        return thm_refuse(n, THM_NN_EQUANT, "int32 is only supported without quantisation");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    struct data *d = n->data;
    const struct options *o = n->options;
    enum thm_nn_err err = thm_binary_prepare_alike(n, &v);
    if (err)
        return err;
    if (v.a.type == THM_INT8)
        return quantise(n, &v);
    thm_activation_range_i32(o->activation, &d->low, &d->high);
    return v.a.type == THM_INT32 ? check_unquantised(n, &v) : THM_NN_OK;
}

/* Integers only. */
static bool divides_by_zero(const struct data *d, const struct thm_value *divisor)
{
    for (uint32_t i = 0; i < divisor->elements; i++)
        if (divisor->type == THM_INT8 ? ((const int8_t *)divisor->data)[i] == d->zero_b
                                      : ((const int32_t *)divisor->data)[i] == 0)
            return true;
    return false;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    static const struct thm_typed_row float_rows[] = { { THM_FLOAT32, row_f32 } };
    static const struct thm_typed_row rows[] = { { THM_INT32, row_i32 }, { THM_INT8, row_i8 } };
    struct thm_value divisor;
    const struct options *o = n->options;
    float limits[2];
    thm_node_input(n, 1, &divisor);
    if (divisor.type == THM_FLOAT32) {
        thm_activation_range_f32(o->activation, &limits[0], &limits[1]);
        return thm_binary_eval(n, float_rows, 1, limits, NULL);
    }
    if ((divisor.type == THM_INT8 || divisor.type == THM_INT32) && divides_by_zero(n->data, &divisor))
        return thm_refuse_tensor(n, THM_NN_EINVOKE, "division by zero", &divisor);
    return thm_binary_eval(n, rows, 2, n->data, "only float32, int32 and int8 are supported");
}

static const struct thm_option_field fields[] = { { 0, 1, offsetof(struct options, activation), 0 } }; /* DivOptions */

const struct thm_op thm_op_div = {
    .name = "DIV",
    .options_type = 29,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES3(1, 4, 4),
    .data = THM_BYTES(28),
    .prepare = prepare,
    .eval = eval,
};
