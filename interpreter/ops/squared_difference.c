/* interpreter/ops/squared_difference.c -- SQUARED_DIFFERENCE: float32, int32, int8, int16 (zero points 0); with
 * broadcasting. Source: tensorflow/lite/micro/kernels/squared_difference.cc. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

struct factor {
    int32_t multiplier, shift;
};

struct data { /* 112 bytes, i386 104 */
    struct factor a, b, out;
    int32_t zero_a, zero_b, zero_out, low, high;
    int32_t left; /* bits that the inputs gain before they are scaled */
};
_Static_assert(sizeof(struct data) <= 104, "op data of SQUARED_DIFFERENCE");

static bool set_factors(struct data *d, float a, float b, float out)
{
    double twice = 2.0 * (double)(a < b ? b : a), unit = (double)((float)(1 << 2 * d->left) * out);
    return thm_quantize_fraction((double)a / twice, &d->a.multiplier, &d->a.shift) &&
           thm_quantize_fraction((double)b / twice, &d->b.multiplier, &d->b.shift) &&
           thm_quantize_factor(twice * twice / unit, &d->out.multiplier, &d->out.shift);
}

static bool zero_points_fit(struct data *d, enum thm_type type)
{
    const int32_t zero[] = { d->zero_a, d->zero_b, d->zero_out };
    for (int i = 0; i < 3; i++)
        if (type == THM_INT16 ? zero[i] != 0 : zero[i] < INT8_MIN || zero[i] > INT8_MAX)
            return false;
    return true;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_binary *v)
{
    struct data *d = n->data;
    struct thm_binary_quant q;
    thm_binary_quant(n, v, &q);
    d->zero_a = q.a.zero_point;
    d->zero_b = q.b.zero_point;
    d->zero_out = q.out.zero_point;
    d->low = thm_type_min(v->a.type);
    d->high = thm_type_max(v->a.type);
    d->left = v->a.type == THM_INT8 ? 7 : 0;
    if (!zero_points_fit(d, v->a.type))
        return thm_refuse(n, THM_NN_EQUANT, "a zero point is out of range (int16: is not 0)");
    if (!set_factors(d, q.a.scale, q.b.scale, q.out.scale))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    enum thm_nn_err err = thm_binary_prepare_alike(n, &v);
    if (err)
        return err;
    return v.a.type == THM_INT8 || v.a.type == THM_INT16 ? quantise(n, &v) : THM_NN_OK;
}

static int32_t scaled(int32_t x, const struct factor *f, int32_t left)
{
    return thm_div_pot(thm_mul_high(thm_shift_left(x, left), f->multiplier), -f->shift);
}

static int32_t square_of_difference(int32_t x, int32_t y)
{
    uint32_t difference = (uint32_t)x - (uint32_t)y;
    return (int32_t)(difference * difference);
}

static int32_t combine(const struct data *d, int32_t x, int32_t y)
{
    int32_t a = scaled(x - d->zero_a, &d->a, d->left), b = scaled(y - d->zero_b, &d->b, d->left);
    return thm_add_clamp(thm_scale32(square_of_difference(a, b), d->out.multiplier, d->out.shift), d->zero_out, d->low,
                         d->high);
}

THM_BINARY_ROW(row_f32, float, (x - y) * (x - y))
THM_BINARY_ROW(row_i32, int32_t, square_of_difference(x, y))
THM_BINARY_ROW(row_i8, int8_t, (int8_t)combine(ctx, x, y))
THM_BINARY_ROW(row_i16, int16_t, (int16_t)combine(ctx, x, y))

static enum thm_nn_err eval(struct thm_node *n)
{
    static const struct thm_typed_row rows[] = {
        { THM_FLOAT32, row_f32 },
        { THM_INT32, row_i32 },
        { THM_INT8, row_i8 },
        { THM_INT16, row_i16 },
    };
    return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], n->data,
                           "only float32, int32, int8 and int16 are supported");
}

const struct thm_op thm_op_squared_difference = {
    .name = "SQUARED_DIFFERENCE",
    .data = THM_BYTES3(112, 112, 104),
    .prepare = prepare,
    .eval = eval,
};
