/* interpreter/ops/svdf.c -- SVDF (a recurrent layer of rank-1 filters): float32; int8 with int16 or int8 state and time
 * weights. Input [batch, in], feature weights [filters, in], time weights [filters, memory], bias [units],
 * state [batch, filters * memory], output [batch, units]; filters = units * rank.
 * Source: tensorflow/lite/micro/kernels/svdf_common.cc (tflite-micro 90b983c). */
#include "interpreter/ops/dot.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>
#include <string.h>

struct options { /* cortex_m: 8 bytes */
    int32_t rank;
    uint8_t activation, asymmetric;
};

struct data { /* 36 bytes */
    int32_t input_zero, state_zero, output_zero;
    int32_t feature_multiplier, feature_shift, time_multiplier, time_shift;
};
_Static_assert(sizeof(struct options) <= 8 && sizeof(struct data) <= 36, "blocks of SVDF");

enum { SUMS, OUTPUTS };                  /* scratch buffers */
enum { ACT_TANH = 4, ACT_SIGN_BIT = 5 }; /* schema numbers; only here */

struct layer {
    const struct options *options;
    const struct data *data;
    struct thm_value input, feature, time, bias, state, output;
    uint32_t batches, depth, filters, units, rank, memory;
};

static bool gather(const struct thm_node *n, struct layer *l)
{
    l->options = n->options;
    l->data = n->data;
    return thm_node_input(n, 0, &l->input) && thm_node_input(n, 1, &l->feature) && thm_node_input(n, 2, &l->time) &&
           thm_node_input(n, 3, &l->bias) && thm_node_input(n, 4, &l->state) && thm_node_output(n, 0, &l->output);
}

/* After check_shapes(). */
static void measure(struct layer *l)
{
    l->batches = (uint32_t)l->input.shape[0];
    l->depth = (uint32_t)l->input.shape[1];
    l->filters = (uint32_t)l->feature.shape[0];
    l->memory = (uint32_t)l->time.shape[1];
    l->rank = (uint32_t)l->options->rank;
    l->units = l->filters / l->rank;
}

static bool is_matrix(const struct thm_value *v, int64_t rows, int64_t columns)
{
    return v->rank == 2 && v->shape[0] == rows && v->shape[1] == columns;
}

static enum thm_nn_err check_shapes(struct thm_node *n, struct layer *l)
{
    if (l->input.rank != 2 || l->feature.rank != 2 || l->time.rank != 2)
        return thm_refuse(n, THM_NN_ESHAPE, "input and weights need two dimensions");
    if (l->options->rank < 1 || l->feature.shape[0] % l->options->rank)
        return thm_refuse(n, THM_NN_ESHAPE, "the number of filters is not a multiple of the rank");
    measure(l);
    if (!is_matrix(&l->feature, l->filters, l->depth) || !is_matrix(&l->time, l->filters, l->memory) ||
        !is_matrix(&l->output, l->batches, l->units))
        return thm_refuse(n, THM_NN_ESHAPE, "weights or output do not match the input");
    if (!is_matrix(&l->state, l->batches, (int64_t)l->memory * l->filters) || l->state.elements == 0)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the state is not one memory a batch and filter", &l->state);
    if (l->bias.rank != 1 || l->bias.elements != l->units)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the bias has not one element a unit", &l->bias);
    if (!l->state.variable || l->state.constant)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the state is not a variable tensor", &l->state);
    return THM_NN_OK;
}

static enum thm_nn_err check_types(struct thm_node *n, const struct layer *l)
{
    enum thm_type in = l->input.type, time = l->time.type;
    bool floats = in == THM_FLOAT32 && time == THM_FLOAT32 && l->bias.type == THM_FLOAT32;
    bool integers = in == THM_INT8 && (time == THM_INT16 || time == THM_INT8) && l->bias.type == THM_INT32;
    if ((!floats && !integers) || l->feature.type != in || l->output.type != in || l->state.type != time)
        return thm_refuse(n, THM_NN_ETYPE,
                          "only float32, and int8 with int16 or int8 time weights and state, are supported");
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct layer *l)
{
    struct data *d = n->data;
    struct thm_quant in, feature, time, bias, state, out;
    thm_node_quant(n, &l->input, &in);
    thm_node_quant(n, &l->feature, &feature);
    thm_node_quant(n, &l->time, &time);
    thm_node_quant(n, &l->bias, &bias);
    thm_node_quant(n, &l->state, &state);
    thm_node_quant(n, &l->output, &out);
    if (!(fabs((double)bias.scale - (double)(state.scale * time.scale)) < 1e-5))
        return thm_refuse(n, THM_NN_EQUANT, "the bias scale is not the state scale times the time weights' scale");
    if (!thm_quantize_factor((double)(in.scale * feature.scale / state.scale), &d->feature_multiplier,
                             &d->feature_shift) ||
        !thm_quantize_factor((double)(state.scale * time.scale / out.scale), &d->time_multiplier, &d->time_shift))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    d->input_zero = in.zero_point;
    d->state_zero = state.zero_point;
    d->output_zero = out.zero_point;
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct layer l;
    if (n->inputs != 5 || n->outputs != 1 || !gather(n, &l)) /* without a bias the reference runtime crashes */
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, two weights, bias, state and one output");
    enum thm_nn_err err = check_shapes(n, &l);
    if (!err)
        err = check_types(n, &l);
    if (!err && l.input.type == THM_INT8)
        err = quantise(n, &l);
    if (!err)
        err = thm_node_request_scratch(n, 4 * (uint64_t)l.batches * l.filters);
    if (!err && l.input.type == THM_INT8)
        err = thm_node_request_scratch(n, 4 * (uint64_t)l.batches * l.units);
    return err;
}

/* All memories move on by one, as a whole; the newest place of each is filled afterwards. */
static void shift_state(const struct layer *l)
{
    size_t size = thm_type_size(l->state.type);
    memmove(l->state.data, (const uint8_t *)l->state.data + size, (l->state.elements - 1) * size);
}

static int32_t feature_sum(const struct layer *l, const int8_t *in, const int8_t *weights)
{
    const struct data *d = l->data;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < l->depth; i++)
        sum += (uint32_t)weights[i] * ((uint32_t)in[i] - (uint32_t)d->input_zero);
    return thm_scale32((int32_t)sum, d->feature_multiplier, d->feature_shift);
}

static void fill_state_integer(const struct layer *l)
{
    const int8_t *in = l->input.data;
    size_t at = l->memory - 1;
    int32_t low = thm_type_min(l->state.type), high = thm_type_max(l->state.type), zero = l->data->state_zero;
    for (uint32_t b = 0; b < l->batches; b++, in += l->depth) {
        const int8_t *weights = l->feature.data;
        for (uint32_t f = 0; f < l->filters; f++, weights += l->depth, at += l->memory) {
            uint32_t v =
                (uint32_t)thm_clamp(feature_sum(l, in, weights), low, high) + (uint32_t)zero; /* not clamped again */
            if (l->state.type == THM_INT16)
                ((int16_t *)l->state.data)[at] = (int16_t)v;
            else
                ((int8_t *)l->state.data)[at] = (int8_t)v;
        }
    }
}

#define TIME_SUM(name, type)                                                                            \
    static void name(const struct layer *l, int32_t *sums)                                              \
    {                                                                                                   \
        const type *state = l->state.data;                                                              \
        for (uint32_t b = 0; b < l->batches; b++) {                                                     \
            const type *weights = l->time.data;                                                         \
            for (uint32_t f = 0; f < l->filters; f++, weights += l->memory, state += l->memory) {       \
                uint32_t sum = 0;                                                                       \
                for (uint32_t i = 0; i < l->memory; i++)                                                \
                    sum += (uint32_t)weights[i] * ((uint32_t)state[i] - (uint32_t)l->data->state_zero); \
                *sums++ = (int32_t)sum;                                                                 \
            }                                                                                           \
        }                                                                                               \
    }
TIME_SUM(time_sum_i16, int16_t)
TIME_SUM(time_sum_i8, int8_t)

static void eval_integer(const struct thm_node *n, const struct layer *l)
{
    const struct data *d = l->data;
    int32_t *sums = thm_node_scratch(n, SUMS), *outputs = thm_node_scratch(n, OUTPUTS);
    shift_state(l);
    fill_state_integer(l);
    if (l->state.type == THM_INT16)
        time_sum_i16(l, sums);
    else
        time_sum_i8(l, sums);
    for (uint32_t i = 0; i < l->output.elements; i++) {
        uint32_t sum = (uint32_t)((const int32_t *)l->bias.data)[i % l->units];
        for (uint32_t r = 0; r < l->rank; r++)
            sum += (uint32_t)*sums++;
        outputs[i] = thm_scale32((int32_t)sum, d->time_multiplier, d->time_shift);
        ((int8_t *)l->output.data)[i] = (int8_t)thm_add_clamp(outputs[i], d->output_zero, INT8_MIN, INT8_MAX);
    }
}

static void fill_state_f32(const struct layer *l)
{
    const float *in = l->input.data;
    float *newest = (float *)l->state.data + l->memory - 1;
    for (uint32_t b = 0; b < l->batches; b++, in += l->depth) {
        const float *weights = l->feature.data;
        for (uint32_t f = 0; f < l->filters; f++, weights += l->depth)
            newest[((size_t)b * l->filters + f) * l->memory] = thm_dot_f32(0, weights, in, (int32_t)l->depth);
    }
}

static float activate(uint8_t activation, float x)
{
    float low, high;
    if (activation == ACT_TANH)
        return tanhf(x);
    if (activation == ACT_SIGN_BIT)
        return signbit(x) ? 1.0f : 0.0f;
    if (activation == THM_ACT_NONE || activation > ACT_SIGN_BIT)
        return x;
    thm_activation_range_f32(activation, &low, &high);
    return thm_clampf(x, low, high);
}

static void eval_f32(const struct thm_node *n, const struct layer *l)
{
    float *sums = thm_node_scratch(n, SUMS);
    shift_state(l);
    fill_state_f32(l);
    for (size_t i = 0; i < (size_t)l->batches * l->filters; i++)
        sums[i] = thm_dot_f32(0, (const float *)l->time.data + i % l->filters * l->memory,
                              (const float *)l->state.data + i * l->memory, (int32_t)l->memory);
    for (uint32_t i = 0; i < l->output.elements; i++) {
        float sum = ((const float *)l->bias.data)[i % l->units];
        for (uint32_t r = 0; r < l->rank; r++)
            sum += *sums++;
        ((float *)l->output.data)[i] = activate(l->options->activation, sum);
    }
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct layer l;
    gather(n, &l);
    measure(&l);
    if (l.input.type == THM_FLOAT32)
        eval_f32(n, &l);
    else
        eval_integer(n, &l);
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* SVDFOptions */
    { 0, 4, offsetof(struct options, rank), 0 },
    { 1, 1, offsetof(struct options, activation), 0 },
    { 2, 1, offsetof(struct options, asymmetric), 0 },
};

const struct thm_op thm_op_svdf = {
    .name = "SVDF",
    .options_type = 6,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES3(8, 12, 12),
    .data = THM_BYTES(36),
    .temps = "i*o0",
    .prepare = prepare,
    .eval = eval,
};
