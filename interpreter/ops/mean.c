/* interpreter/ops/mean.c -- MEAN over any axes: float32, int8, int16. Axes are constant or read when it runs. */
#include "interpreter/fb.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

struct options {
    uint8_t keep_dims;
};

struct data { /* 44 bytes */
    int32_t multiplier, shift, input_zero, output_zero;
};

struct mean {
    struct thm_value in, axes, out;
    uint32_t reduced; /* bit i: dimension i goes away */
    uint32_t count;   /* input elements for each output element */
};

static bool gather(const struct thm_node *n, struct mean *m)
{
    return n->inputs == 2 && n->outputs == 1 && thm_node_input(n, 0, &m->in) && thm_node_input(n, 1, &m->axes) &&
           thm_node_output(n, 0, &m->out);
}

/* false: an axis is out of range, or the output has not as many elements as the other dimensions. */
static bool resolve(struct mean *m)
{
    uint64_t rest = 1;
    m->reduced = 0;
    m->count = 1;
    for (uint32_t i = 0; i < m->axes.elements && m->in.rank; i++) {
        int32_t axis = thm_load_i32((const uint8_t *)m->axes.data + 4 * (size_t)i);
        if (axis < 0)
            axis += (int32_t)m->in.rank;
        if (axis < 0 || (uint32_t)axis >= m->in.rank)
            return false;
        m->reduced |= UINT32_C(1) << axis;
    }
    for (uint32_t i = 0; i < m->in.rank; i++) {
        if (m->reduced >> i & 1)
            m->count *= (uint32_t)m->in.shape[i];
        else
            rest *= (uint32_t)m->in.shape[i];
    }
    return rest == m->out.elements;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct mean *m)
{
    struct data *d = n->data;
    struct thm_quant in, out;
    thm_node_quant(n, &m->in, &in);
    thm_node_quant(n, &m->out, &out);
    d->input_zero = in.zero_point;
    d->output_zero = out.zero_point;
    if (!thm_quantize_factor((double)in.scale / (double)out.scale, &d->multiplier, &d->shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return thm_node_request_scratch(n, 4 * (uint64_t)m->out.elements); /* sums */
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct mean m;
    if (!gather(n, &m))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, axes and one output");
    if (m.in.type != m.out.type || (m.in.type != THM_FLOAT32 && m.in.type != THM_INT8 && m.in.type != THM_INT16))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported, input and output alike");
    if (m.axes.type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "the axes are not int32");
    if (m.axes.constant && !resolve(&m))
        return thm_refuse(n, THM_NN_ESHAPE, "an axis is out of range, or the output's shape does not match");
    enum thm_nn_err err = m.in.type == THM_FLOAT32 ? THM_NN_OK : quantise(n, &m);
    if (!err)
        err = thm_node_request_scratch(n, 4 * (uint64_t)m.in.rank); /* the reference's index and axis lists */
    return err ? err : thm_node_request_scratch(n, 4 * (uint64_t)m.axes.elements);
}

/* Where input element i goes: its index without the reduced dimensions. */
static size_t output_of(const struct mean *m, size_t i)
{
    size_t at = 0, stride = 1;
    for (uint32_t k = m->in.rank; k-- > 0; i /= (size_t)m->in.shape[k]) {
        if (m->reduced >> k & 1)
            continue;
        at += i % (size_t)m->in.shape[k] * stride;
        stride *= (size_t)m->in.shape[k];
    }
    return at;
}

/* Rows of the last dimension go to one output each, or to as many side by side. */
#define ADD_UP(name, in_t, sum_t, wide)                                                          \
    static void name(const struct mean *m, sum_t *sums)                                          \
    {                                                                                            \
        size_t row = m->in.rank ? (size_t)m->in.shape[m->in.rank - 1] : 1;                       \
        size_t step = m->in.rank && !(m->reduced >> (m->in.rank - 1) & 1);                       \
        for (size_t i = 0; i < m->in.elements; i += row) {                                       \
            sum_t *sum = sums + output_of(m, i);                                                 \
            for (size_t k = 0; k < row; k++)                                                     \
                sum[k * step] = (sum_t)((wide)sum[k * step] + (wide)((const in_t *)m->in.data)[i + k]); \
        }                                                                                        \
    }
ADD_UP(add_up_i8, int8_t, int32_t, uint32_t)
ADD_UP(add_up_i16, int16_t, int32_t, uint32_t)
ADD_UP(add_up_f32, float, float, float)

static void eval_f32(const struct mean *m)
{
    float *out = m->out.data;
    memset(out, 0, m->out.bytes);
    add_up_f32(m, out);
    for (uint32_t i = 0; i < m->out.elements && m->count; i++)
        out[i] /= (float)m->count;
}

/* The division by the count goes into the factor. Source: QuantizedMeanOrSum(), reference/reduce.h. */
static void eval_quantised(const struct thm_node *n, const struct mean *m)
{
    const struct data *d = n->data;
    int32_t *sums = thm_node_scratch(n, 0), low = thm_type_min(m->out.type), high = thm_type_max(m->out.type);
    memset(sums, 0, 4 * (size_t)m->out.elements);
    if (m->in.type == THM_INT8)
        add_up_i8(m, sums);
    else
        add_up_i16(m, sums);
    int shift = 31 - __builtin_clz(m->count);
    if (shift > 31 + d->shift)
        shift = 31 + d->shift;
    int32_t multiplier = (int32_t)((int64_t)d->multiplier * (INT64_C(1) << shift) / m->count);
    for (uint32_t i = 0; i < m->out.elements; i++) {
        int32_t sum = (int32_t)((uint32_t)sums[i] - (uint32_t)d->input_zero * m->count);
        int32_t v = thm_add_clamp(thm_scale32(sum, multiplier, d->shift - shift), d->output_zero, low, high);
        if (m->out.type == THM_INT8)
            ((int8_t *)m->out.data)[i] = (int8_t)v;
        else
            ((int16_t *)m->out.data)[i] = (int16_t)v;
    }
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct mean m;
    gather(n, &m);
    if (!resolve(&m))
        return thm_refuse(n, THM_NN_EINVOKE, "an axis is out of range, or the output's shape does not match");
    if (m.out.elements == 0)
        return THM_NN_OK;
    if (m.in.type == THM_FLOAT32)
        eval_f32(&m);
    else if (m.count == 0) /* nothing to average */
        memset(m.out.data, 0, m.out.bytes);
    else
        eval_quantised(n, &m);
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = { { 0, 1, offsetof(struct options, keep_dims), 0 } }; /* ReducerOptions */

const struct thm_op thm_op_mean = {
    .name = "MEAN", .options_type = 27, .field = fields, .fields = 1, .options = THM_BYTES(1), .data = THM_BYTES(44),
    .temps = "i0o0i1i0i18o0", .prepare = prepare, .eval = eval,
};
