/* interpreter/ops/mul.c -- MUL: float32, int32 (not scaled), int8, int16 (zero points 0); with broadcasting. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"

struct options { /* cortex_m: 1 byte */
    uint8_t activation;
};

_Static_assert(sizeof(struct thm_mul) <= 36, "op data of MUL");

static int32_t combine(const struct thm_mul *d, int32_t a, int32_t b)
{
    uint32_t product = ((uint32_t)a - (uint32_t)d->zero_a) * ((uint32_t)b - (uint32_t)d->zero_b);
    return thm_add_clamp(thm_scale32((int32_t)product, d->out.multiplier, d->out.shift), d->out.zero, d->low, d->high);
}

static int32_t combine_i32(const struct thm_mul *d, int32_t a, int32_t b)
{
    return thm_clamp((int32_t)((uint32_t)a * (uint32_t)b), d->low, d->high);
}

THM_BINARY_ROW(row_i8, int8_t, (int8_t)combine(ctx, x, y))
THM_BINARY_ROW(row_i16, int16_t, (int16_t)combine(ctx, x, y))
THM_BINARY_ROW(row_i32, int32_t, combine_i32(ctx, x, y))

static void row_f32(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    const float *limits = ctx;
    for (size_t i = 0; i < count; i++)
        ((float *)out)[i] = thm_clampf(((const float *)a)[i * sa] * ((const float *)b)[i * sb], limits[0], limits[1]);
}

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_binary *v)
{
    struct thm_mul *d = n->data;
    const struct options *o = n->options;
    struct thm_binary_quant q;
    thm_binary_quant(n, v, &q);
    d->zero_a = q.a.zero_point;
    d->zero_b = q.b.zero_point;
    d->out.zero = q.out.zero_point;
    if (v->a.type == THM_INT16 && (d->zero_a || d->zero_b || d->out.zero))
        return thm_refuse(n, THM_NN_EQUANT, "int16 needs zero points of 0");
    double factor = (double)q.a.scale * (double)q.b.scale / (double)q.out.scale;
    if (!thm_quantize_factor(factor, &d->out.multiplier, &d->out.shift) ||
        !thm_activation_range(o->activation, v->out.type, &q.out, &d->low, &d->high))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    struct thm_mul *d = n->data;
    const struct options *o = n->options;
    enum thm_nn_err err = thm_binary_prepare_alike(n, &v);
    if (err)
        return err;
    if (v.out.type == THM_INT8 || v.out.type == THM_INT16)
        return quantise(n, &v);
    thm_activation_range_i32(o->activation, &d->low, &d->high);
    return THM_NN_OK;
}

/* NULL: the portable rows. */
static thm_row_fn *host_row(const struct thm_node *n, enum thm_type type)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    const struct thm_mul *d = n->data;
    if ((type != THM_INT8 && type != THM_INT16) || !thm_usual_limits(type, d->out.zero, d->low, d->high))
        return NULL;
    return type == THM_INT8 ? k->mul_i8 : k->mul_i16;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    static const struct thm_typed_row rows[] = { { THM_INT8, row_i8 }, { THM_INT16, row_i16 }, { THM_INT32, row_i32 } };
    struct thm_binary v;
    const struct options *o = n->options;
    float limits[2];
    thm_binary_gather(n, &v);
    if (thm_binary_host(&v, host_row(n, v.out.type), n->data))
        return THM_NN_OK;
    if (v.out.type != THM_FLOAT32)
        return thm_binary_eval(n, rows, sizeof rows / sizeof rows[0], n->data,
                               "only float32, int32, int8 and int16 are supported");
    thm_activation_range_f32(o->activation, &limits[0], &limits[1]);
    thm_binary_rows(&v, row_f32, limits);
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = { { 0, 1, offsetof(struct options, activation), 0 } }; /* MulOptions */

const struct thm_op thm_op_mul = {
    .name = "MUL",
    .options_type = 21,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES3(1, 4, 4),
    .data = THM_BYTES(36),
    .prepare = prepare,
    .eval = eval,
};
