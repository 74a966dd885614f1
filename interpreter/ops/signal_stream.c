/* interpreter/ops/signal_stream.c -- operators that keep samples between invocations: SignalDelay, SignalFramer,
 * SignalStacker. Source: circular_buffer, delay, framer, stacker in signal/ of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/ops.h"

/* A ring of samples; the samples follow it. The reference holds each sample twice, so the room is for two. */
struct ring { /* 24 bytes */
    uint32_t capacity, read, write, empty;
    uint32_t unused[2];
};

static uint64_t ring_bytes(uint64_t capacity)
{
    return sizeof(struct ring) + 2 * sizeof(int16_t) * capacity;
}

static int16_t *ring_samples(struct ring *r)
{
    return (int16_t *)(void *)(r + 1);
}

static void ring_start(struct ring *r, uint32_t capacity)
{
    *r = (struct ring){ .capacity = capacity, .empty = 1 };
    memset(r + 1, 0, 2 * sizeof(int16_t) * (size_t)capacity);
}

/* n is at most the capacity; values NULL: zeros. */
static void ring_write(struct ring *r, const int16_t *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        ring_samples(r)[r->write] = values ? values[i] : 0;
        r->write = r->write + 1 == r->capacity ? 0 : r->write + 1;
        r->empty = 0;
    }
}

static uint32_t ring_available(const struct ring *r)
{
    if (r->read == r->write)
        return r->empty ? 0 : r->capacity;
    return r->write - r->read + (r->write < r->read ? r->capacity : 0);
}

/* Copy the oldest n samples, which are there and at most the capacity, and leave them in. */
static void ring_peek(struct ring *r, uint32_t n, int16_t *values)
{
    uint32_t first = n < r->capacity - r->read ? n : r->capacity - r->read;
    memcpy(values, ring_samples(r) + r->read, first * sizeof *values);
    memcpy(values + first, ring_samples(r), (n - first) * sizeof *values);
}

/* As in the reference, discarding more than the capacity leaves `read` outside: ring_available() then is wrong too. */
static void ring_discard(struct ring *r, uint32_t n)
{
    r->read += n;
    if (r->read >= r->capacity)
        r->read -= r->capacity;
    if (r->read == r->write)
        r->empty = 1;
}

/* Rows of a tensor: its last dimension and how many there are of it. false: there is nothing in it. */
static bool get_rows(const struct thm_value *v, uint32_t *row, uint32_t *rows)
{
    if (v->elements == 0 || v->rank == 0)
        return false;
    *row = (uint32_t)v->shape[v->rank - 1];
    *rows = v->elements / *row;
    return true;
}

/* Rings for all rows, as the reference asks for them. */
static enum thm_nn_err make_rings(struct thm_node *n, uint32_t rows, uint32_t capacity, uint32_t *array)
{
    uint32_t unused;
    uint32_t *at = thm_node_persistent(n, 4 * (uint64_t)rows, array);
    if (!at || !thm_node_persistent(n, 4 * (uint64_t)rows, &unused))
        return THM_NN_EARENA;
    for (uint32_t i = 0; i < rows; i++) {
        struct ring *r = thm_node_persistent(n, ring_bytes(capacity), &at[i]);
        if (!r)
            return THM_NN_EARENA;
        ring_start(r, capacity);
    }
    return THM_NN_OK;
}

static struct ring *ring_at(const struct thm_node *n, uint32_t array, uint32_t i)
{
    return thm_node_at(n, ((const uint32_t *)thm_node_at(n, array))[i]);
}

/* Start every row's ring again, with so many zeros in it. */
static void restart_rings(const struct thm_node *n, uint32_t array, uint32_t rows, uint32_t zeros)
{
    for (uint32_t i = 0; i < rows; i++) {
        struct ring *r = ring_at(n, array, i);
        ring_start(r, r->capacity);
        ring_write(r, NULL, zeros);
    }
}

struct delay { /* 20 bytes */
    int32_t length;
    uint32_t frame, rows, rings;
    uint32_t unused;
};

static enum thm_nn_err delay_init(struct thm_node *n)
{
    return thm_custom_ints(n, n->data, 1);
}

static enum thm_nn_err delay_reset(struct thm_node *n)
{
    const struct delay *d = n->data;
    restart_rings(n, d->rings, d->rows, (uint32_t)d->length);
    return THM_NN_OK;
}

static enum thm_nn_err delay_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 1, 1, { { THM_INT16, THM_ANY_RANK }, { THM_INT16, THM_ANY_RANK } } };
    struct thm_value in, out;
    struct delay *d = n->data;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (!get_rows(&in, &d->frame, &d->rows) || out.elements < in.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "the input is empty or the output smaller");
    if (d->length < 0)
        return thm_refuse(n, THM_NN_ESHAPE, "delay_length is negative");
    err = make_rings(n, d->rows, d->frame + (uint32_t)d->length, &d->rings);
    return err ? err : delay_reset(n);
}

static enum thm_nn_err delay_eval(struct thm_node *n)
{
    struct thm_value in, out;
    const struct delay *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    for (uint32_t i = 0; i < d->rows; i++) {
        struct ring *r = ring_at(n, d->rings, i);
        ring_write(r, (const int16_t *)in.data + (size_t)i * d->frame, d->frame);
        ring_peek(r, d->frame, (int16_t *)out.data + (size_t)i * d->frame);
        ring_discard(r, d->frame);
    }
    return THM_NN_OK;
}

struct framer { /* 28 bytes; options in the order of their keys */
    int32_t size, step, prefill;
    uint32_t rows, frames, rings;
    uint32_t unused;
};

static enum thm_nn_err framer_init(struct thm_node *n)
{
    const struct framer *d = n->data;
    enum thm_nn_err err = thm_custom_ints(n, n->data, 3);
    if (!err && (d->size < 1 || d->step < 1 || (d->prefill && d->size < d->step)))
        err = thm_refuse(n, THM_NN_ESHAPE, "frame_size and frame_step do not fit together");
    return err;
}

static enum thm_nn_err framer_reset(struct thm_node *n)
{
    const struct framer *d = n->data;
    restart_rings(n, d->rings, d->rows, d->prefill ? (uint32_t)(d->size - d->step) : 0);
    return THM_NN_OK;
}

static enum thm_nn_err framer_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = {
        1, 2, { { THM_INT16, THM_ANY_RANK }, { THM_INT16, THM_ANY_RANK }, { THM_BOOL, 0 } }
    };
    struct thm_value in, out;
    struct framer *d = n->data;
    uint32_t row = 0;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    uint64_t size = (uint32_t)d->size, step = (uint32_t)d->step, capacity = (size + step - 1) / step * step;
    if (!get_rows(&in, &row, &d->rows) || row % step != 0)
        return thm_refuse(n, THM_NN_ESHAPE, "the input is not a whole number of steps");
    d->frames = (uint32_t)(row / step);
    if (out.rank != in.rank + 1 || out.elements < (uint64_t)d->rows * d->frames * size)
        return thm_refuse(n, THM_NN_ESHAPE, "the output has no room for the frames");
    err = make_rings(n, d->rows, (uint32_t)capacity, &d->rings);
    return err ? err : framer_reset(n);
}

static enum thm_nn_err framer_eval(struct thm_node *n)
{
    struct thm_value in, out, valid;
    const struct framer *d = n->data;
    uint32_t size = (uint32_t)d->size, step = (uint32_t)d->step;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    thm_node_output(n, 1, &valid);
    *(uint8_t *)valid.data = 1;
    for (uint32_t i = 0; i < d->rows * d->frames; i++) {
        struct ring *r = ring_at(n, d->rings, i / d->frames);
        ring_write(r, (const int16_t *)in.data + (size_t)i * step, step);
        if (ring_available(r) < size) {
            *(uint8_t *)valid.data = 0;
            continue;
        }
        ring_peek(r, size, (int16_t *)out.data + (size_t)i * size);
        ring_discard(r, step);
    }
    return THM_NN_OK;
}

struct stacker { /* 36 bytes; options in the order of their keys */
    int32_t channels, left, right, step;
    uint32_t frame, discard; /* samples of an output and of what it moves on by */
    uint32_t started, ring;
    uint32_t unused;
};

static enum thm_nn_err stacker_init(struct thm_node *n)
{
    struct stacker *d = n->data;
    enum thm_nn_err err = thm_custom_ints(n, n->data, 4);
    if (err)
        return err;
    if (d->channels < 1 || d->left < 0 || d->right < 0 || d->step < 0)
        return thm_refuse(n, THM_NN_ESHAPE, "an option is negative");
    uint64_t slots = (uint64_t)d->left + (uint64_t)d->right + 1, frame = slots * (uint64_t)d->channels;
    uint64_t discard = (uint64_t)d->channels * (uint64_t)d->step;
    if (slots > INT32_MAX || frame > INT32_MAX || discard > INT32_MAX)
        return thm_refuse(n, THM_NN_ESHAPE, "the context or the step is too large");
    d->frame = (uint32_t)frame;
    d->discard = (uint32_t)discard;
    struct ring *r = thm_node_persistent(n, ring_bytes(frame), &d->ring);
    if (!r)
        return THM_NN_EARENA;
    ring_start(r, d->frame);
    return THM_NN_OK;
}

static enum thm_nn_err stacker_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 1, 2, { { THM_INT16, 1 }, { THM_INT16, 1 }, { THM_BOOL, 0 } } };
    struct thm_value in, out;
    const struct stacker *d = n->data;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.elements < (uint32_t)d->channels || out.elements < d->frame)
        return thm_refuse(n, THM_NN_ESHAPE, "input or output is smaller than num_channels and context say");
    return THM_NN_OK;
}

static enum thm_nn_err stacker_eval(struct thm_node *n)
{
    struct thm_value in, out, valid;
    struct stacker *d = n->data;
    struct ring *r = thm_node_at(n, d->ring);
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    thm_node_output(n, 1, &valid);
    /* What is left of the first frame is that frame again. */
    for (int32_t copies = d->started ? 1 : 1 + d->left; copies > 0; copies--)
        ring_write(r, in.data, (uint32_t)d->channels);
    d->started = 1;
    bool full = ring_available(r) >= d->frame;
    if (full && r->read >= r->capacity)
        return thm_refuse(n, THM_NN_EINVOKE, "stacker_step is so large that the reference loses track of its buffer");
    if (full) {
        ring_peek(r, d->frame, out.data);
        ring_discard(r, d->discard);
    }
    *(uint8_t *)valid.data = full;
    return THM_NN_OK;
}

static enum thm_nn_err stacker_reset(struct thm_node *n)
{
    struct stacker *d = n->data;
    ring_start(thm_node_at(n, d->ring), d->frame);
    d->started = 0;
    return THM_NN_OK;
}

const struct thm_op thm_op_signal_delay = {
    .name = "SignalDelay",
    .data = THM_BYTES(20),
    .init = delay_init,
    .prepare = delay_prepare,
    .eval = delay_eval,
    .reset = delay_reset,
};
const struct thm_op thm_op_signal_framer = {
    .name = "SignalFramer",
    .data = THM_BYTES(28),
    .init = framer_init,
    .prepare = framer_prepare,
    .eval = framer_eval,
    .reset = framer_reset,
};
const struct thm_op thm_op_signal_stacker = {
    .name = "SignalStacker",
    .data = THM_BYTES(36),
    .init = stacker_init,
    .prepare = stacker_prepare,
    .eval = stacker_eval,
    .reset = stacker_reset,
};
