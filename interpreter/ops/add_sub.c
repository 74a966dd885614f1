/* interpreter/ops/add_sub.c -- ADD and SUB: float32, int32 (not quantised), int8, int16; with broadcasting. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"

struct options { /* cortex_m: 2 single bytes */
    uint8_t activation, pot_scale;
};

_Static_assert(sizeof(struct thm_add) <= 52, "op data: of ADD 60 bytes, of SUB 52");

static int32_t difference(int32_t x, int32_t zero)
{
    return (int32_t)((uint32_t)x - (uint32_t)zero);
}

static int32_t scaled(int32_t x, const struct thm_term *t, int32_t left)
{
    return thm_div_pot(thm_mul_high(thm_shift_left(difference(x, t->zero), left), t->multiplier), -t->shift);
}

static int32_t combine(const struct thm_add *d, int32_t a, int32_t b)
{
    uint32_t x = (uint32_t)scaled(a, &d->a, d->left), y = (uint32_t)scaled(b, &d->b, d->left);
    int32_t sum = (int32_t)(d->subtract ? x - y : x + y);
    return thm_add_clamp(thm_div_pot(thm_mul_high(sum, d->out.multiplier), -d->out.shift), d->out.zero, d->low,
                         d->high);
}

static int32_t combine_i32(const struct thm_add *d, int32_t a, int32_t b)
{
    uint32_t x = (uint32_t)a, y = (uint32_t)b;
    return thm_clamp((int32_t)(d->subtract ? x - y : x + y), d->low, d->high);
}

THM_BINARY_ROW(row_i8, int8_t, (int8_t)combine(ctx, x, y))
THM_BINARY_ROW(row_i16, int16_t, (int16_t)combine(ctx, x, y))
THM_BINARY_ROW(row_i32, int32_t, combine_i32(ctx, x, y))

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
static bool set_factors(struct thm_add *d, float a, float b, float out, bool in_float)
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
    struct thm_add *d = n->data;
    const struct options *o = n->options;
    struct thm_binary_quant q;
    thm_binary_quant(n, v, &q);
    d->a.zero = q.a.zero_point;
    d->b.zero = q.b.zero_point;
    d->out.zero = q.out.zero_point;
    d->left = v->out.type == THM_INT16 ? 15 : 20;
    if (!set_factors(d, q.a.scale, q.b.scale, q.out.scale, d->subtract) ||
        !thm_activation_range(o->activation, v->out.type, &q.out, &d->low, &d->high))
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

static enum thm_nn_err prepare(struct thm_node *n, bool subtract)
{
    struct thm_binary v;
    struct thm_add *d = n->data;
    const struct options *o = n->options;
    enum thm_nn_err err = thm_binary_prepare_alike(n, &v);
    if (err)
        return err;
    d->subtract = subtract;
    if (v.out.type == THM_FLOAT32)
        return THM_NN_OK;
    if (v.out.type == THM_INT8 || v.out.type == THM_INT16)
        return quantise(n, &v);
    if (v.out.type != THM_INT32)
        return THM_NN_OK;                                                                 /* eval() refuses it */
    thm_activation_range_i32(subtract ? o->activation : THM_ACT_NONE, &d->low, &d->high); /* ADD ignores it */
    return check_unquantised(n, &v, subtract);
}

static enum thm_nn_err add_prepare(struct thm_node *n)
{
    return prepare(n, false);
}

static enum thm_nn_err sub_prepare(struct thm_node *n)
{
    return prepare(n, true);
}

/* NULL: the portable rows. */
static thm_row_fn *host_row(const struct thm_node *n, enum thm_type type)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    const struct thm_add *d = n->data;
    if ((type != THM_INT8 && type != THM_INT16) || !thm_usual_limits(type, d->out.zero, d->low, d->high))
        return NULL;
    return type == THM_INT8 ? k->add_i8 : k->add_i16;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    static const struct thm_typed_row rows[] = { { THM_INT8, row_i8 }, { THM_INT16, row_i16 }, { THM_INT32, row_i32 } };
    struct thm_binary v;
    const struct thm_add *d = n->data;
    const struct options *o = n->options;
    thm_binary_gather(n, &v);
    if (thm_binary_host(&v, host_row(n, v.out.type), d))
        return THM_NN_OK;
    if (v.out.type != THM_FLOAT32)
        return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], d,
                               "only float32, int32, int8 and int16 are supported");
    struct limits l = { .sign = d->subtract ? -1.0f : 1.0f };
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
