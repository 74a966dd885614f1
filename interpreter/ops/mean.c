/* interpreter/ops/mean.c -- MEAN and SUM over any axes: float32, int8, int16. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/reduce.h"
#include "interpreter/ops/variant.h"
#include <string.h>

struct data { /* 44 bytes */
    int32_t multiplier, shift, input_zero, output_zero;
};

static enum thm_nn_err quantise(struct thm_node *n, const struct thm_reduction *r)
{
    struct data *d = n->data;
    struct thm_quant in, out;
    thm_node_quant(n, &r->in, &in);
    thm_node_quant(n, &r->out, &out);
    d->input_zero = in.zero_point;
    d->output_zero = out.zero_point;
    if (!thm_quantize_factor((double)in.scale / (double)out.scale, &d->multiplier, &d->shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return thm_node_request_scratch(n, 4 * (uint64_t)r->out.elements); /* sums */
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_reduction r;
    enum thm_nn_err err = thm_reduce_prepare(n, &r);
    if (!err && (r.in.type == THM_INT8 || r.in.type == THM_INT16))
        err = quantise(n, &r);
    return err ? err : thm_reduce_request_lists(n, &r);
}

#define ADD_UP(name, in_t, sum_t, wide)                                 \
    static void name(const struct thm_reduction *r, sum_t *sums)        \
    {                                                                   \
        struct thm_reduce_rows rows = thm_reduce_rows_of(r);            \
        for (size_t i = 0; i < r->in.elements; i += rows.row) {         \
            const in_t *in = (const in_t *)r->in.data + i;              \
            sum_t *sum = sums + thm_reduce_output_of(r, i), one = *sum; \
            for (size_t k = 0; rows.step == 0 && k < rows.row; k++)     \
                one = (sum_t)((wide)one + (wide)in[k]);                 \
            *sum = one;                                                 \
            for (size_t k = 0; rows.step == 1 && k < rows.row; k++)     \
                sum[k] = (sum_t)((wide)sum[k] + (wide)in[k]);           \
        }                                                               \
    }
ADD_UP(add_up_i8, int8_t, int32_t, uint32_t)
ADD_UP(add_up_i16, int16_t, int32_t, uint32_t)
ADD_UP(add_up_f32, float, float, float)

/* Rows whose elements go to as many sums side by side. */
static bool add_up_variant(const struct thm_node *n, const struct thm_reduction *r, int32_t *sums)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    struct thm_reduce_rows rows = thm_reduce_rows_of(r);
    if (!k->add_up_i8 || r->in.type != THM_INT8 || rows.step == 0)
        return false;
    for (size_t i = 0; i < r->in.elements; i += rows.row)
        k->add_up_i8(sums + thm_reduce_output_of(r, i), (const int8_t *)r->in.data + i, rows.row);
    return true;
}

static void eval_f32(const struct thm_reduction *r, bool mean)
{
    float *out = r->out.data;
    memset(out, 0, r->out.bytes);
    add_up_f32(r, out);
    for (uint32_t i = 0; i < r->out.elements && r->count && mean; i++)
        out[i] /= (float)r->count;
}

/* For the mean, the division by the count goes into the factor. */
static void set_factor(const struct data *d, const struct thm_reduction *r, bool mean, int32_t *multiplier,
                       int32_t *shift)
{
    int bits = 31 - __builtin_clz(r->count);
    if (bits > 31 + d->shift)
        bits = 31 + d->shift;
    *multiplier = mean ? (int32_t)((int64_t)d->multiplier * (INT64_C(1) << bits) / r->count) : d->multiplier;
    *shift = mean ? d->shift - bits : d->shift;
}

/* Source: QuantizedMeanOrSum(), reference/reduce.h. */
static void eval_quantised(const struct thm_node *n, const struct thm_reduction *r, bool mean)
{
    const struct data *d = n->data;
    int32_t *sums = thm_node_scratch(n, 0), low = thm_type_min(r->out.type), high = thm_type_max(r->out.type);
    int32_t multiplier, shift;
    memset(sums, 0, 4 * (size_t)r->out.elements);
    if (r->in.type == THM_INT16)
        add_up_i16(r, sums);
    else if (!add_up_variant(n, r, sums))
        add_up_i8(r, sums);
    set_factor(d, r, mean, &multiplier, &shift);
    for (uint32_t i = 0; i < r->out.elements; i++) {
        int32_t sum = (int32_t)((uint32_t)sums[i] - (uint32_t)d->input_zero * r->count);
        int32_t v = thm_add_clamp(thm_scale32(sum, multiplier, shift), d->output_zero, low, high);
        if (r->out.type == THM_INT8)
            ((int8_t *)r->out.data)[i] = (int8_t)v;
        else
            ((int16_t *)r->out.data)[i] = (int16_t)v;
    }
}

static enum thm_nn_err run(struct thm_node *n, bool mean)
{
    struct thm_reduction r;
    enum thm_nn_err err = thm_reduce_open(n, &r, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16),
                                          "only float32, int8 and int16 are supported");
    thm_touch_stack();
    if (err || r.out.elements == 0)
        return err;
    if (r.in.type == THM_FLOAT32)
        eval_f32(&r, mean);
    else if (r.count == 0) /* nothing to add up */
        memset(r.out.data, 0, r.out.bytes);
    else
        eval_quantised(n, &r, mean);
    return THM_NN_OK;
}

static enum thm_nn_err eval_mean(struct thm_node *n)
{
    return run(n, true);
}

static enum thm_nn_err eval_sum(struct thm_node *n)
{
    return run(n, false);
}

const struct thm_op thm_op_mean = THM_REDUCER("MEAN", prepare, eval_mean);
const struct thm_op thm_op_sum = THM_REDUCER("SUM", prepare, eval_sum);
