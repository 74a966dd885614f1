/* interpreter/ops/add_sub.c -- ADD and SUB: float32, int32 (not quantised), int8, int16; with broadcasting. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"

struct options { /* cortex_m: 2 single bytes */
    uint8_t activation, pot_scale;
};

struct factor {
    int32_t multiplier, shift;
};

struct data { /* ADD 60 bytes, SUB 52 */
    struct factor a, b, out;
    int32_t zero_a, zero_b, zero_out, low, high;
    int32_t left; /* bits that the inputs gain before they are scaled */
    int32_t sign; /* -1: subtract */
};
_Static_assert(sizeof(struct data) <= 52, "op data of SUB");

static int32_t difference(int32_t x, int32_t zero)
{
    return (int32_t)((uint32_t)x - (uint32_t)zero);
}

static int32_t scaled(int32_t x, int32_t zero, const struct factor *f, int32_t left)
{
    return thm_div_pot(thm_mul_high(thm_shift_left(difference(x, zero), left), f->multiplier), -f->shift);
}

static int32_t combine(const struct data *d, int32_t a, int32_t b)
{
    uint32_t x = (uint32_t)scaled(a, d->zero_a, &d->a, d->left), y = (uint32_t)scaled(b, d->zero_b, &d->b, d->left);
    int32_t sum = (int32_t)(d->sign < 0 ? x - y : x + y);
    return thm_add_clamp(thm_div_pot(thm_mul_high(sum, d->out.multiplier), -d->out.shift), d->zero_out, d->low,
                         d->high);
}

#define ROW(name, type, EXPR)                                                                                      \
    static void name(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count) \
    {                                                                                                              \
        const struct data *d = ctx;                                                                                \
        for (size_t i = 0; i < count; i++) {                                                                       \
            type x = ((const type *)a)[i * sa], y = ((const type *)b)[i * sb];                                     \
            ((type *)out)[i] = EXPR;                                                                               \
        }                                                                                                          \
    }
ROW(row_i8, int8_t, (int8_t)combine(d, x, y))
ROW(row_i16, int16_t, (int16_t)combine(d, x, y))
ROW(row_i32, int32_t,
    thm_clamp((int32_t)(d->sign < 0 ? (uint32_t)x - (uint32_t)y : (uint32_t)x + (uint32_t)y), d->low, d->high))

struct limits { /* float32 */
    float low, high, sign;
};

static void row_f32(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    const struct limits *l = ctx;
    for (size_t i = 0; i < count; i++) {
        float x = ((const float *)a)[i * sa], y = ((const float *)b)[i * sb];
        ((float *)out)[i] = thm_clampf(x + l->sign * y, l->low, l->high);
    }
}

/* The factors; ADD computes them in double, SUB in float. */
static bool set_factors(struct data *d, float a, float b, float out, bool in_float)
{
    float most = a > b ? a : b, twice = 2 * most, unit = (float)(1 << d->left);
    double fa, fb, fo;
    if (in_float) {
        fa = (double)(a / twice);
        fb = (double)(b / twice);
        fo = (double)(twice / (unit * out));
    } else {
        fa = (double)a / (2 * (double)most);
        fb = (double)b / (2 * (double)most);
        fo = 2 * (double)most / ((double)unit * (double)out);
    }
    return thm_quantize_fraction(fa, &d->a.multiplier, &d->a.shift) &&
           thm_quantize_fraction(fb, &d->b.multiplier, &d->b.shift) &&
           thm_quantize_fraction(fo, &d->out.multiplier, &d->out.shift);
}

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_binary *v)
{
    struct data *d = n->data;
    const struct options *o = n->options;
    struct thm_quant a, b, out;
    thm_node_quant(n, &v->a, &a);
    thm_node_quant(n, &v->b, &b);
    thm_node_quant(n, &v->out, &out);
    d->zero_a = a.zero_point;
    d->zero_b = b.zero_point;
    d->zero_out = out.zero_point;
    d->left = v->out.type == THM_INT16 ? 15 : 20;
    if (!set_factors(d, a.scale, b.scale, out.scale, d->sign < 0) ||
        !thm_activation_range(o->activation, v->out.type, &out, &d->low, &d->high))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return THM_NN_OK;
}

static enum thm_nn_err check_unquantised(struct thm_node *n, const struct thm_binary *v, bool sub)
{
    const struct thm_value *const all[] = { &v->a, &v->b, &v->out };
    for (int i = 0; i < (sub ? 3 : 2); i++) {
        struct thm_quant q;
        thm_node_quant(n, all[i], &q);
        if (q.affine)
            return thm_refuse_tensor(n, THM_NN_EQUANT, "int32 is only supported without quantisation", all[i]);
    }
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n, int32_t sign)
{
    struct thm_binary v;
    struct data *d = n->data;
    const struct options *o = n->options;
    enum thm_nn_err err = thm_binary_prepare(n, &v);
    if (err)
        return err;
    d->sign = sign;
    if (v.a.type != v.out.type)
        return thm_refuse(n, THM_NN_ETYPE, "inputs and output differ in type");
    if (v.out.type == THM_FLOAT32)
        return THM_NN_OK;
    if (v.out.type == THM_INT8 || v.out.type == THM_INT16)
        return quantise(n, &v);
    if (v.out.type != THM_INT32)
        return THM_NN_OK;                                                                 /* eval() refuses it */
    thm_activation_range_i32(sign < 0 ? o->activation : THM_ACT_NONE, &d->low, &d->high); /* ADD ignores it */
    return check_unquantised(n, &v, sign < 0);
}

static enum thm_nn_err add_prepare(struct thm_node *n)
{
    return prepare(n, 1);
}

static enum thm_nn_err sub_prepare(struct thm_node *n)
{
    return prepare(n, -1);
}

/* Not with broadcasting. */
__attribute__((noinline)) static bool eval_variant(const struct thm_node *n, const struct thm_binary *v)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    const struct data *d = n->data;
    if (!k->add_i8 || v->out.type != THM_INT8 || v->b.type != THM_INT8 || v->out.elements == 0 ||
        !thm_same_shape(&v->a, &v->b) || !thm_same_shape(&v->a, &v->out))
        return false;
    struct thm_add_i8 s = {
        .a = { d->zero_a, d->a.multiplier, d->a.shift },
        .b = { d->zero_b, d->b.multiplier, d->b.shift },
        .out = { d->zero_out, d->out.multiplier, d->out.shift },
        .left = d->left,
        .low = d->low,
        .high = d->high,
        .subtract = d->sign < 0,
    };
    return k->add_i8(&s, v->a.data, v->b.data, v->out.data, v->out.elements);
}

static enum thm_nn_err eval(struct thm_node *n)
{
    static const struct thm_typed_row rows[] = { { THM_INT8, row_i8 }, { THM_INT16, row_i16 }, { THM_INT32, row_i32 } };
    struct thm_binary v;
    const struct data *d = n->data;
    const struct options *o = n->options;
    thm_binary_gather(n, &v);
    if (eval_variant(n, &v))
        return THM_NN_OK;
    if (v.out.type != THM_FLOAT32)
        return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], d,
                               "only float32, int32, int8 and int16 are supported");
    struct limits l = { .sign = (float)d->sign };
    thm_activation_range_f32(o->activation, &l.low, &l.high);
    thm_binary_rows(&v, row_f32, &l);
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* AddOptions, SubOptions */
    { 0, 1, offsetof(struct options, activation), 0 },
    { 1, 1, offsetof(struct options, pot_scale), 1 },
};

const struct thm_op thm_op_add = {
    .name = "ADD",
    .options_type = 11,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES3(2, 8, 8),
    .data = THM_BYTES(60),
    .prepare = add_prepare,
    .eval = eval,
};
const struct thm_op thm_op_sub = {
    .name = "SUB",
    .options_type = 28,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES3(2, 8, 8),
    .data = THM_BYTES(52),
    .prepare = sub_prepare,
    .eval = eval,
};
