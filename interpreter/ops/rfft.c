/* interpreter/ops/rfft.c -- SignalRfft and SignalIrfft. Source: rfft, irfft in signal/ of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/fft.h"
#include "interpreter/ops/ops.h"

struct data { /* 32 bytes, SignalIrfft 24; options in the order of their keys */
    int32_t type, length;
    uint32_t in, out; /* from one row to the next, numbers; complex ones on the side of the spectrum */
    uint32_t rows;
    uint32_t state;
};

enum { FLOAT_INVERSE_EXTRA = 8 }; /* the reference puts a record of its own before the state; here it comes after */

static enum thm_nn_err init(struct thm_node *n, bool inverse)
{
    struct data *d = n->data;
    struct thm_fft_plan plan;
    enum thm_nn_err err = thm_custom_ints(n, n->data, 2);
    if (err)
        return err;
    const struct thm_fft *f = thm_fft_find(d->type);
    if (!f)
        return thm_refuse(n, THM_NN_ETYPE, "option T is not int16, int32 or float32");
    if (!thm_fft_plan(&plan, d->length, inverse))
        return thm_refuse(n, THM_NN_ESHAPE, "half of fft_length is not a product of 2, 3 and 5");
    uint64_t extra = inverse && d->type == THM_FLOAT32 ? FLOAT_INVERSE_EXTRA : 0;
    void *state = thm_node_persistent(n, thm_fft_bytes(f, d->length) + extra, &d->state);
    if (!state)
        return THM_NN_EARENA;
    memcpy(state, &plan, sizeof plan);
    f->start(state);
    return THM_NN_OK;
}

static enum thm_nn_err rfft_init(struct thm_node *n)
{
    return init(n, false);
}

static enum thm_nn_err irfft_init(struct thm_node *n)
{
    return init(n, true);
}

/* Both tensors, of the same rank and with something in them. */
static enum thm_nn_err get_tensors(struct thm_node *n, struct thm_value *in, struct thm_value *out)
{
    const struct data *d = n->data;
    const struct thm_ports ports = { 1, 1, { { (uint8_t)d->type, THM_ANY_RANK }, { (uint8_t)d->type, THM_ANY_RANK } } };
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, in);
    thm_node_output(n, 0, out);
    if (in->rank != out->rank || in->elements == 0 || out->elements == 0)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in rank or are empty");
    return THM_NN_OK;
}

static uint32_t last_dimension(const struct thm_value *v)
{
    return (uint32_t)v->shape[v->rank - 1];
}

/* Rows of `count` numbers, `stride` apart, within `elements`. */
static bool rows_inside(uint32_t rows, uint32_t stride, uint64_t count, uint32_t elements)
{
    return (uint64_t)(rows - 1) * stride + count <= elements;
}

static enum thm_nn_err rfft_prepare(struct thm_node *n)
{
    struct data *d = n->data;
    struct thm_value in, out;
    enum thm_nn_err err = get_tensors(n, &in, &out);
    if (err)
        return err;
    d->in = last_dimension(&in);
    d->out = last_dimension(&out) / 2;
    d->rows = in.elements / d->in;
    if (d->in > (uint32_t)d->length)
        return thm_refuse(n, THM_NN_ESHAPE, "the input is longer than fft_length");
    if (!rows_inside(d->rows, d->out, (uint64_t)d->length / 2 + 1, out.elements / 2))
        return thm_refuse(n, THM_NN_ESHAPE, "the output has no room for the spectra");
    return thm_node_request_scratch(n, (uint64_t)d->length * thm_type_size(in.type));
}

static enum thm_nn_err rfft_eval(struct thm_node *n)
{
    const struct data *d = n->data;
    const struct thm_fft *f = thm_fft_find(d->type);
    struct thm_value in, out;
    uint8_t *padded = thm_node_scratch(n, 0);
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    size_t bytes = (size_t)d->in * f->bytes, all = (size_t)d->length * f->bytes;
    for (size_t i = 0; i < d->rows; i++) {
        memcpy(padded, (const uint8_t *)in.data + i * bytes, bytes);
        memset(padded + bytes, 0, all - bytes);
        f->forward(thm_node_at(n, d->state), padded, (uint8_t *)out.data + i * d->out * 2 * f->bytes);
    }
    return THM_NN_OK;
}

static enum thm_nn_err irfft_prepare(struct thm_node *n)
{
    struct data *d = n->data;
    struct thm_value in, out;
    enum thm_nn_err err = get_tensors(n, &in, &out);
    if (err)
        return err;
    d->in = last_dimension(&in) / 2;
    d->out = last_dimension(&out);
    d->rows = d->in ? (in.elements / 2 + d->in - 1) / d->in : 0;
    if (d->rows == 0 || !rows_inside(d->rows, d->in, (uint64_t)d->length / 2 + 1, in.elements / 2))
        return thm_refuse(n, THM_NN_ESHAPE, "the input is shorter than the spectrum of fft_length samples");
    if (!rows_inside(d->rows, d->out, (uint64_t)d->length, out.elements))
        return thm_refuse(n, THM_NN_ESHAPE, "the output has no room for fft_length samples");
    return THM_NN_OK;
}

static enum thm_nn_err irfft_eval(struct thm_node *n)
{
    const struct data *d = n->data;
    const struct thm_fft *f = thm_fft_find(d->type);
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    for (size_t i = 0; i < d->rows; i++) {
        uint8_t *samples = (uint8_t *)out.data + i * d->out * f->bytes;
        f->backward(thm_node_at(n, d->state), (const uint8_t *)in.data + i * d->in * 2 * f->bytes, samples);
        for (int32_t k = 0; d->type == THM_FLOAT32 && k < d->length; k++)
            ((float *)(void *)samples)[k] /= (float)d->length;
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_signal_rfft = {
    .name = "SignalRfft",
    .data = THM_BYTES(32),
    .init = rfft_init,
    .prepare = rfft_prepare,
    .eval = rfft_eval,
};
const struct thm_op thm_op_signal_irfft = {
    .name = "SignalIrfft",
    .data = THM_BYTES(24),
    .init = irfft_init,
    .prepare = irfft_prepare,
    .eval = irfft_eval,
};
