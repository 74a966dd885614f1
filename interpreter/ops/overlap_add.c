/* interpreter/ops/overlap_add.c -- SignalOverlapAdd: overlapping frames back to a signal, int16 and float32.
 * Source: overlap_add in signal/ of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"

struct data { /* 24 bytes; options in the order of their keys */
    int32_t type, step;
    uint32_t frame, frames, rows; /* samples a frame, frames a row, rows */
    uint32_t sums;                /* where the positions of each row's sums are */
};

static enum thm_nn_err init(struct thm_node *n)
{
    const struct data *d = n->data;
    enum thm_nn_err err = thm_custom_ints(n, n->data, 2);
    if (!err && d->type != THM_INT16 && d->type != THM_FLOAT32)
        err = thm_refuse(n, THM_NN_ETYPE, "option T is neither int16 nor float32");
    return err;
}

static uint32_t frame_bytes(const struct data *d)
{
    return d->frame * thm_type_size((enum thm_type)d->type);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct data *d = n->data;
    const struct thm_ports ports = { 1, 1, { { (uint8_t)d->type, THM_ANY_RANK }, { (uint8_t)d->type, THM_ANY_RANK } } };
    struct thm_value in, out;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.rank < 2 || in.rank != out.rank + 1 || in.elements == 0)
        return thm_refuse(n, THM_NN_ESHAPE, "the input is empty or does not have one dimension more than the output");
    d->frame = (uint32_t)in.shape[in.rank - 1];
    d->frames = (uint32_t)in.shape[in.rank - 2];
    d->rows = in.elements / (d->frame * d->frames);
    if (d->step < 0 || (uint32_t)d->step > d->frame)
        return thm_refuse(n, THM_NN_ESHAPE, "frame_step is not within the frame");
    if (out.elements < (uint64_t)d->rows * d->frames * (uint32_t)d->step)
        return thm_refuse(n, THM_NN_ESHAPE, "the output has no room for the signal");
    return thm_persistent_array(n, d->rows, frame_bytes(d), &d->sums);
}

static void add(const struct data *d, const void *frame, void *sums)
{
    const int16_t *x = frame;
    const float *xf = frame;
    for (uint32_t i = 0; i < d->frame; i++) {
        if (d->type == THM_INT16)
            ((int16_t *)sums)[i] = (int16_t)thm_clamp(x[i] + ((int16_t *)sums)[i], INT16_MIN, INT16_MAX);
        else
            ((float *)sums)[i] += xf[i];
    }
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const struct data *d = n->data;
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    size_t frame = frame_bytes(d), step = frame / d->frame * (size_t)d->step;
    const uint32_t *at = thm_node_at(n, d->sums);
    for (uint32_t i = 0; i < d->rows * d->frames; i++) {
        uint8_t *sums = thm_node_at(n, at[i / d->frames]);
        add(d, (const uint8_t *)in.data + i * frame, sums);
        memcpy((uint8_t *)out.data + i * step, sums, step);
        memmove(sums, sums + step, frame - step);
        memset(sums + frame - step, 0, step);
    }
    return THM_NN_OK;
}

static enum thm_nn_err reset(struct thm_node *n)
{
    const struct data *d = n->data;
    const uint32_t *at = thm_node_at(n, d->sums);
    for (uint32_t i = 0; i < d->rows; i++)
        memset(thm_node_at(n, at[i]), 0, frame_bytes(d));
    return THM_NN_OK;
}

const struct thm_op thm_op_signal_overlap_add = {
    .name = "SignalOverlapAdd",
    .data = THM_BYTES(24),
    .init = init,
    .prepare = prepare,
    .eval = eval,
    .reset = reset,
};
