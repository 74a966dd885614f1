/* interpreter/ops/lstm.c -- UNIDIRECTIONAL_SEQUENCE_LSTM without peephole, projection and layer normalisation: float32;
 * int8 and int16 with int8 weights and int16 cell state. Input [batch, time, in], or time first; hidden and cell state
 * are variable tensors. Source: tensorflow/lite/micro/kernels/lstm_eval{.h,_common.cc} (tflite-micro 90b983c). */
#include "interpreter/fb.h"
#include "interpreter/ops/dot.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/sigmoid.h"
#include <math.h>

enum { INPUT_GATE, FORGET_GATE, CELL_GATE, OUTPUT_GATE, GATES }; /* in the order of the weights */
enum {
    INPUT = 0,
    INPUT_WEIGHTS = 1,
    RECURRENT_WEIGHTS = 5,
    PEEPHOLES = 9,
    BIASES = 12,
    PROJECTION = 16,
    HIDDEN = 18,
    CELL = 19,
    NORMS = 20,
    INPUTS = 24
};                     /* input tensors; the weights and biases start with the input gate's */
enum { ACT_TANH = 4 }; /* schema number */

struct options { /* 16 bytes */
    float cell_clip, proj_clip;
    uint8_t activation, time_major, asymmetric, diagonal;
};

struct factor {
    int32_t multiplier, shift;
};

struct product { /* of a vector and a gate's weights */
    struct factor factor;
    int32_t zero, weight_zero;
};

struct data { /* 688 bytes, i386: 672 */
    struct product input[GATES], recurrent[GATES];
    struct factor forget, update, hidden, tanh;
    int32_t hidden_zero, clip; /* clip -1 = none */
};
_Static_assert(sizeof(struct options) <= 16 && sizeof(struct data) <= 672, "blocks of UNIDIRECTIONAL_SEQUENCE_LSTM");

struct lstm {
    const struct options *options;
    const struct data *data;
    struct thm_value input, hidden, cell, output;
    const void *weights[GATES], *recurrent[GATES], *bias[GATES];
    enum thm_type weights_type, bias_type; /* of the input gate; prepare makes sure that the others are alike */
    int32_t batches, steps, depth, units;
    void *gate[3]; /* scratch */
};

static bool get_gate(const struct thm_node *n, uint32_t g, struct thm_value *weights, struct thm_value *recurrent,
                     struct thm_value *bias)
{
    return thm_node_input(n, INPUT_WEIGHTS + g, weights) && thm_node_input(n, RECURRENT_WEIGHTS + g, recurrent) &&
           thm_node_input(n, BIASES + g, bias);
}

static bool gather(const struct thm_node *n, struct lstm *l)
{
    bool all = thm_node_input(n, INPUT, &l->input) && thm_node_input(n, HIDDEN, &l->hidden) &&
               thm_node_input(n, CELL, &l->cell) && thm_node_output(n, 0, &l->output);
    struct thm_value weights = { 0 }, recurrent = { 0 }, bias = { 0 };
    for (uint32_t k = 0; all && k < GATES; k++) {
        const uint32_t g = GATES - 1 - k; /* so that the types are those of the first */
        all = get_gate(n, g, &weights, &recurrent, &bias);
        l->weights[g] = weights.data;
        l->recurrent[g] = recurrent.data;
        l->bias[g] = bias.data;
    }
    l->weights_type = weights.type;
    l->bias_type = bias.type;
    l->options = n->options;
    l->data = n->data;
    return all;
}

/* After the ranks have been checked. */
static void measure(struct lstm *l)
{
    bool time_major = l->options->time_major;
    l->batches = l->input.shape[time_major ? 1 : 0];
    l->steps = l->input.shape[time_major ? 0 : 1];
    l->depth = l->input.shape[2];
    l->units = l->hidden.shape[1];
}

static enum thm_nn_err check_variant(struct thm_node *n)
{
    static const struct {
        uint8_t from, to;
        const char *what;
    } absent[] = { { PEEPHOLES, BIASES, "peephole connections are not supported" },
                   { PROJECTION, HIDDEN, "a projection is not supported" },
                   { NORMS, INPUTS, "layer normalisation is not supported" } };
    struct thm_value v;
    for (size_t k = 0; k < sizeof absent / sizeof absent[0]; k++)
        for (uint32_t i = absent[k].from; i < absent[k].to; i++)
            if (thm_node_input(n, i, &v))
                return thm_refuse_tensor(n, THM_NN_EUNSUPPORTED, absent[k].what, &v);
    return THM_NN_OK;
}

/* Weights and biases alike for all gates; what the kernel would read as something else is refused here. */
static enum thm_nn_err check_types(struct thm_node *n, const struct lstm *l)
{
    enum thm_type in = l->input.type, weights = l->weights_type, bias = l->bias_type;
    if (l->hidden.type != in || l->output.type != in)
        return thm_refuse(n, THM_NN_ETYPE, "input, output and hidden state differ in type");
    if (l->cell.type != THM_FLOAT32 && l->cell.type != THM_INT16)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 and int16 cell states are supported", &l->cell);
    if (in == THM_FLOAT32 && (weights != in || bias != in || l->cell.type != in))
        return thm_refuse(n, THM_NN_ETYPE, "a float32 input needs float32 weights, biases and cell state");
    if ((in == THM_INT8 || in == THM_INT16) && weights == THM_INT8 &&
        (l->cell.type != THM_INT16 || bias != (in == THM_INT8 ? THM_INT32 : THM_INT64)))
        return thm_refuse(n, THM_NN_ETYPE,
                          "biases (int32 for int8, int64 for int16) or cell state have the wrong type");
    return THM_NN_OK;
}

static bool is_matrix(const struct thm_value *v, int32_t rows, int32_t columns)
{
    return v->rank == 2 && v->shape[0] == rows && v->shape[1] == columns;
}

static enum thm_nn_err check_gate(struct thm_node *n, const struct lstm *l, uint32_t g)
{
    struct thm_value weights, recurrent, bias;
    get_gate(n, g, &weights, &recurrent, &bias);
    if (weights.type != l->weights_type || recurrent.type != l->weights_type || bias.type != l->bias_type)
        return thm_refuse(n, THM_NN_ETYPE, "the gates differ in the types of weights or biases");
    if (!is_matrix(&weights, l->units, l->depth) || !is_matrix(&recurrent, l->units, l->units) || bias.rank != 1 ||
        bias.shape[0] != l->units)
        return thm_refuse(n, THM_NN_ESHAPE, "weights or biases do not match input and state");
    return THM_NN_OK;
}

/* As in the reference this is found out when it runs. */
static bool is_supported(const struct lstm *l)
{
    enum thm_type in = l->input.type;
    return in == THM_FLOAT32 || ((in == THM_INT8 || in == THM_INT16) && l->weights_type == THM_INT8);
}

static enum thm_nn_err check_shapes(struct thm_node *n, struct lstm *l)
{
    if (l->input.rank != 3 || l->hidden.rank < 2 || l->output.rank != 3)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output need three dimensions, the hidden state two");
    measure(l);
    for (uint32_t g = 0; g < GATES; g++) {
        enum thm_nn_err err = check_gate(n, l, g);
        if (err)
            return err;
    }
    uint64_t elements = (uint64_t)l->batches * (uint64_t)l->units;
    if (l->hidden.elements != elements || l->cell.elements != elements)
        return thm_refuse(n, THM_NN_ESHAPE, "a state has not one element a batch and unit");
    if (l->output.shape[0] != l->input.shape[0] || l->output.shape[1] != l->input.shape[1] ||
        l->output.shape[2] != l->units)
        return thm_refuse(n, THM_NN_ESHAPE, "the output does not match input and state");
    if (!l->hidden.variable || l->hidden.constant || !l->cell.variable || l->cell.constant)
        return thm_refuse(n, THM_NN_ESHAPE, "a state is not a variable tensor");
    return THM_NN_OK;
}

/* Scales are float numbers in the reference, and so is the product of two of them. */
static enum thm_nn_err set_product(struct thm_node *n, const struct thm_value *x, const struct thm_value *weights,
                                   struct product *p)
{
    const double gate_scale = 1.0 / 4096;
    struct thm_quant in, w;
    thm_node_quant(n, x, &in);
    thm_node_quant(n, weights, &w);
    if (w.channels > 1)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "weights with several scales are not supported", weights);
    double factor = (double)(in.scale * w.scale) / gate_scale;
    if (!(factor >= 0) || !thm_quantize_factor(factor, &p->factor.multiplier, &p->factor.shift) ||
        (x->type == THM_INT16 && p->factor.shift > 14))
        return thm_refuse_tensor(n, THM_NN_EQUANT, "a scale of weights, input or hidden state is out of range",
                                 weights);
    p->zero = in.zero_point;
    p->weight_zero = w.zero_point;
    return THM_NN_OK;
}

/* How tanh reads the cell state, whose scale is taken for a power of two. */
static bool set_tanh(struct factor *f, float cell_scale)
{
    int32_t log2;
    thm_checked_log2(cell_scale, &log2);
    f->multiplier = log2 < -12 ? 3 : 0;
    f->shift = log2 < -12 ? -12 - log2 : log2 + 12;
    return cell_scale > 0 && isfinite(cell_scale) && f->shift <= 28;
}

static enum thm_nn_err set_updates(struct thm_node *n, const struct lstm *l)
{
    const double gate = 1.0 / 32768;
    struct data *d = n->data;
    struct thm_quant cell, hidden;
    thm_node_quant(n, &l->cell, &cell);
    thm_node_quant(n, &l->hidden, &hidden);
    if (!set_tanh(&d->tanh, cell.scale) ||
        !thm_quantize_factor(gate * (double)cell.scale / (double)cell.scale, &d->forget.multiplier, &d->forget.shift) ||
        !thm_quantize_factor(gate * gate / (double)cell.scale, &d->update.multiplier, &d->update.shift) ||
        !thm_quantize_factor(gate * gate / (double)hidden.scale, &d->hidden.multiplier, &d->hidden.shift))
        return thm_refuse(n, THM_NN_EQUANT, "the scale of a state is missing or out of range");
    d->hidden_zero = hidden.zero_point;
    double clip = (double)l->options->cell_clip / (double)cell.scale;
    d->clip = l->options->cell_clip > 0 ? (int32_t)(clip < 32767.0 ? clip : 32767.0) : -1;
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct lstm *l)
{
    struct data *d = n->data;
    struct thm_value weights, recurrent, bias;
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t g = 0; g < GATES && !err; g++) {
        get_gate(n, g, &weights, &recurrent, &bias);
        err = set_product(n, &l->input, &weights, &d->input[g]);
        if (!err)
            err = set_product(n, &l->hidden, &recurrent, &d->recurrent[g]);
    }
    return err ? err : set_updates(n, l);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct lstm l;
    if (n->inputs != INPUTS || n->outputs != 1 || !gather(n, &l))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes 24 inputs (some absent) and one output");
    enum thm_nn_err err = check_variant(n);
    if (!err)
        err = check_types(n, &l);
    if (!err)
        err = check_shapes(n, &l);
    if (!err && !(l.options->cell_clip >= 0))
        err = thm_refuse(n, THM_NN_ESHAPE, "the clip of the cell is negative");
    if (!err && l.cell.type == THM_INT16)
        err = quantise(n, &l);
    for (int i = 0; i < 4 && !err; i++)
        err = thm_node_request_scratch(n, l.cell.bytes);
    return err;
}

static int16_t saturate(int32_t x)
{
    return (int16_t)thm_clamp(x, INT16_MIN, INT16_MAX);
}

static int32_t scale(int32_t x, struct factor f)
{
    return thm_scale32(x, f.multiplier, f.shift);
}

static int16_t product_i8(const struct product *p, const int8_t *x, const int8_t *w, int32_t count, int32_t bias)
{
    uint32_t sum = (uint32_t)bias;
    for (int32_t i = 0; i < count; i++)
        sum += ((uint32_t)x[i] - (uint32_t)p->zero) * ((uint32_t)w[i] - (uint32_t)p->weight_zero);
    return saturate(scale((int32_t)sum, p->factor));
}

static int16_t product_i16(const struct product *p, const int16_t *x, const int8_t *w, int32_t count, int64_t bias)
{
    uint64_t sum = (uint64_t)bias;
    for (int32_t i = 0; i < count; i++)
        sum += ((uint64_t)x[i] - (uint64_t)p->zero) * ((uint64_t)w[i] - (uint64_t)p->weight_zero);
    return saturate(thm_scale64((int64_t)sum, p->factor.multiplier, p->factor.shift));
}

/* One gate of one unit before its activation: x and h are elements of the input and the hidden state. */
static int16_t gate_integer(const struct lstm *l, int g, int32_t unit, size_t x, size_t h)
{
    const struct product *in = &l->data->input[g], *recurrent = &l->data->recurrent[g];
    const int8_t *w = (const int8_t *)l->weights[g] + (size_t)unit * (size_t)l->depth;
    const int8_t *r = (const int8_t *)l->recurrent[g] + (size_t)unit * (size_t)l->units;
    const uint8_t *bias = l->bias[g];
    int16_t a, b;
    if (l->input.type == THM_INT8) {
        a = product_i8(in, (const int8_t *)l->input.data + x, w, l->depth, thm_load_i32(bias + 4 * (size_t)unit));
        b = product_i8(recurrent, (const int8_t *)l->hidden.data + h, r, l->units, 0);
    } else {
        a = product_i16(in, (const int16_t *)l->input.data + x, w, l->depth, thm_load_i64(bias + 8 * (size_t)unit));
        b = product_i16(recurrent, (const int16_t *)l->hidden.data + h, r, l->units, 0);
    }
    return saturate(a + b);
}

static float gate_f32(const struct lstm *l, int g, int32_t unit, size_t x, size_t h)
{
    const float *w = (const float *)l->weights[g] + (size_t)unit * (size_t)l->depth;
    const float *r = (const float *)l->recurrent[g] + (size_t)unit * (size_t)l->units;
    float a = thm_dot_f32(0, (const float *)l->input.data + x, w, l->depth) + ((const float *)l->bias[g])[unit];
    return a + thm_dot_f32(0, (const float *)l->hidden.data + h, r, l->units);
}

static int16_t activate_i16(const struct lstm *l, int g, int16_t x)
{
    int32_t input = thm_sigmoid_input(x, 0, 0);
    if (g != CELL_GATE)
        return thm_logistic_i16(input);
    return l->options->activation == ACT_TANH ? thm_tanh_i16(input) : x; /* the reference knows no other */
}

static float activate_f32(const struct lstm *l, int g, float x)
{
    if (g != CELL_GATE)
        return thm_logistic_f32(x);
    return l->options->activation == ACT_TANH ? tanhf(x) : x;
}

/* One gate of `rows` batches; the rows of input, state and result lie one after another. */
static void run_gate(const struct lstm *l, int g, int32_t rows, size_t x, size_t h, void *out)
{
    size_t i = 0;
    for (int32_t row = 0; row < rows; row++, x += (size_t)l->depth, h += (size_t)l->units)
        for (int32_t unit = 0; unit < l->units; unit++, i++) {
            if (l->cell.type == THM_FLOAT32)
                ((float *)out)[i] = activate_f32(l, g, gate_f32(l, g, unit, x, h));
            else
                ((int16_t *)out)[i] = activate_i16(l, g, gate_integer(l, g, unit, x, h));
        }
}

static void update_cell_i16(const struct lstm *l, int16_t *cell, size_t count)
{
    const struct data *d = l->data;
    const int16_t *forget = l->gate[0], *input = l->gate[1], *candidate = l->gate[2];
    for (size_t i = 0; i < count; i++) {
        int16_t kept = saturate(scale((int32_t)forget[i] * cell[i], d->forget));
        int16_t added = saturate(scale((int32_t)input[i] * candidate[i], d->update));
        int32_t sum = saturate(kept + added);
        cell[i] = (int16_t)(d->clip >= 0 ? thm_clamp(sum, -d->clip, d->clip) : sum);
    }
}

static void update_cell_f32(const struct lstm *l, float *cell, size_t count)
{
    const float *forget = l->gate[0], *input = l->gate[1], *candidate = l->gate[2];
    float clip = l->options->cell_clip;
    for (size_t i = 0; i < count; i++) {
        float sum = forget[i] * cell[i] + input[i] * candidate[i];
        cell[i] = clip > 0 ? thm_clampf(sum, -clip, clip) : sum;
    }
}

static void update_hidden_integer(const struct lstm *l, size_t h, size_t count)
{
    const struct data *d = l->data;
    const int16_t *cell = (const int16_t *)l->cell.data + h, *output = l->gate[1];
    int32_t low = thm_type_min(l->hidden.type), high = thm_type_max(l->hidden.type);
    for (size_t i = 0; i < count; i++) {
        int16_t t = thm_tanh_i16(thm_sigmoid_input(cell[i], d->tanh.multiplier, d->tanh.shift));
        int32_t v = thm_add_clamp(scale((int32_t)t * output[i], d->hidden), d->hidden_zero, low, high);
        if (l->hidden.type == THM_INT8)
            ((int8_t *)l->hidden.data)[h + i] = (int8_t)v;
        else
            ((int16_t *)l->hidden.data)[h + i] = (int16_t)v;
    }
}

static void update_hidden_f32(const struct lstm *l, size_t h, size_t count)
{
    const float *cell = (const float *)l->cell.data + h, *output = l->gate[1];
    for (size_t i = 0; i < count; i++)
        ((float *)l->hidden.data)[h + i] = tanhf(cell[i]) * output[i];
}

/* One time step of `rows` batches; x, h and to are elements of input, states and output. */
static void step(const struct lstm *l, int32_t rows, size_t x, size_t h, size_t to)
{
    size_t count = (size_t)rows * (size_t)l->units, size = thm_type_size(l->hidden.type);
    run_gate(l, FORGET_GATE, rows, x, h, l->gate[0]);
    run_gate(l, INPUT_GATE, rows, x, h, l->gate[1]);
    run_gate(l, CELL_GATE, rows, x, h, l->gate[2]);
    if (l->cell.type == THM_FLOAT32)
        update_cell_f32(l, (float *)l->cell.data + h, count);
    else
        update_cell_i16(l, (int16_t *)l->cell.data + h, count);
    run_gate(l, OUTPUT_GATE, rows, x, h, l->gate[1]);
    if (l->cell.type == THM_FLOAT32)
        update_hidden_f32(l, h, count);
    else
        update_hidden_integer(l, h, count);
    memmove((uint8_t *)l->output.data + to * size, (const uint8_t *)l->hidden.data + h * size, count * size);
}

/* With time first all batches take a step together; otherwise one batch runs to its end before the next. */
static enum thm_nn_err eval(struct thm_node *n)
{
    struct lstm l;
    gather(n, &l);
    if (!is_supported(&l))
        return thm_refuse(n, THM_NN_EINVOKE,
                          "only float32, int8 and int16 inputs, the latter with int8 weights, are supported");
    measure(&l);
    for (uint32_t i = 0; i < 3; i++)
        l.gate[i] = thm_node_scratch(n, i);
    int32_t rows = l.options->time_major ? l.batches : 1, sequences = l.options->time_major ? 1 : l.batches;
    size_t x = 0, to = 0, states = (size_t)rows * (size_t)l.units;
    for (int32_t s = 0; s < sequences; s++)
        for (int32_t t = 0; t < l.steps; t++, x += (size_t)rows * (size_t)l.depth, to += states)
            step(&l, rows, x, (size_t)s * states, to);
    return THM_NN_OK;
}

static uint64_t macs(const struct thm_node *n)
{
    struct lstm l;
    gather(n, &l);
    measure(&l);
    return (uint64_t)GATES * l.output.elements * ((uint64_t)l.depth + (uint64_t)l.units);
}

static const struct thm_option_field fields[] = {
    /* UnidirectionalSequenceLSTMOptions */
    { 0, 1, offsetof(struct options, activation), 0 }, { 1, 4, offsetof(struct options, cell_clip), 0 },
    { 2, 4, offsetof(struct options, proj_clip), 0 },  { 3, 1, offsetof(struct options, time_major), 0 },
    { 4, 1, offsetof(struct options, asymmetric), 0 }, { 5, 1, offsetof(struct options, diagonal), 0 },
};

const struct thm_op thm_op_unidirectional_sequence_lstm = {
    .name = "UNIDIRECTIONAL_SEQUENCE_LSTM",
    .options_type = 71,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES(16),
    .data = THM_BYTES3(688, 688, 672),
    .temps = "i*o0",
    .prepare = prepare,
    .eval = eval,
    .macs = macs,
};
