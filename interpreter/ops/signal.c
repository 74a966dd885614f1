/* interpreter/ops/signal.c -- SignalWindow, SignalFftAutoScale and SignalEnergy.
 * Source: signal/micro/kernels and signal/src of tensorflow/tflite-micro: window, fft_auto_scale, energy. */
#include "interpreter/ops/custom.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"

struct window { /* 8 bytes */
    int32_t shift;
    int32_t unused;
};

struct energy { /* 8 bytes; options in the order of their keys */
    int32_t end, start;
};

static enum thm_nn_err window_init(struct thm_node *n)
{
    return thm_custom_ints(n, n->data, 1);
}

static enum thm_nn_err window_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = {
        2, 1, { { THM_INT16, THM_ANY_RANK }, { THM_INT16, 1 }, { THM_INT16, THM_ANY_RANK } }
    };
    struct thm_value in, weights, out;
    const struct window *d = n->data;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &weights);
    thm_node_output(n, 0, &out);
    if (in.rank != out.rank || in.elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape");
    if (weights.elements == 0 || in.elements % weights.elements != 0)
        return thm_refuse(n, THM_NN_ESHAPE, "the input is not a whole number of windows");
    if (d->shift < 0 || d->shift > 31)
        return thm_refuse(n, THM_NN_ESHAPE, "the shift is not within 0..31");
    return THM_NN_OK;
}

static enum thm_nn_err window_eval(struct thm_node *n)
{
    struct thm_value in, weights, out;
    const struct window *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &weights);
    thm_node_output(n, 0, &out);
    const int16_t *x = in.data, *w = weights.data;
    int16_t *y = out.data;
    for (uint32_t i = 0; i < in.elements; i++)
        y[i] = (int16_t)thm_clamp((x[i] * w[i % weights.elements]) >> d->shift, INT16_MIN, INT16_MAX);
    return THM_NN_OK;
}

static enum thm_nn_err auto_scale_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 1, 2, { { THM_INT16, 1 }, { THM_INT16, 1 }, { THM_INT32, 0 } } };
    struct thm_value in, out;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    return in.elements == out.elements ? THM_NN_OK : thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape");
}

/* In 16 bits the absolute value of the smallest number is itself; the reference then starts again from below. */
static int16_t largest_absolute(const int16_t *x, uint32_t count)
{
    int16_t largest = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (x[i] > largest)
            largest = x[i];
        else if (-x[i] > largest)
            largest = (int16_t)-x[i];
    }
    return largest;
}

static enum thm_nn_err auto_scale_eval(struct thm_node *n)
{
    struct thm_value in, out, bits;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    thm_node_output(n, 1, &bits);
    const int16_t *x = in.data;
    int16_t *y = out.data;
    int shift = 15 - thm_highest_bit32((uint32_t)largest_absolute(x, in.elements));
    shift = shift < 0 ? 0 : shift;
    for (uint32_t i = 0; i < in.elements; i++)
        y[i] = (int16_t)(x[i] * (1 << shift));
    *(int32_t *)bits.data = shift;
    return THM_NN_OK;
}

static enum thm_nn_err energy_init(struct thm_node *n)
{
    return thm_custom_ints(n, n->data, 2);
}

static enum thm_nn_err energy_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 1, 1, { { THM_INT16, 1 }, { THM_UINT32, 1 } } };
    struct thm_value in, out;
    const struct energy *d = n->data;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (d->start < d->end && (d->start < 0 || (uint32_t)d->end > in.elements / 2 || (uint32_t)d->end > out.elements))
        return thm_refuse(n, THM_NN_ESHAPE, "start_index and end_index are not within input and output");
    return THM_NN_OK;
}

static enum thm_nn_err energy_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct energy *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    const int16_t *x = in.data;
    uint32_t *y = out.data;
    for (int32_t i = d->start; i < d->end; i++) {
        int32_t real = x[2 * i], imaginary = x[2 * i + 1];
        y[i] = (uint32_t)(real * real) + (uint32_t)(imaginary * imaginary);
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_signal_window = {
    .name = "SignalWindow",
    .data = THM_BYTES(8),
    .init = window_init,
    .prepare = window_prepare,
    .eval = window_eval,
};
const struct thm_op thm_op_signal_fft_auto_scale = {
    .name = "SignalFftAutoScale",
    .prepare = auto_scale_prepare,
    .eval = auto_scale_eval,
};
const struct thm_op thm_op_signal_energy = {
    .name = "SignalEnergy",
    .data = THM_BYTES(8),
    .init = energy_init,
    .prepare = energy_prepare,
    .eval = energy_eval,
};
