/* interpreter/ops/circular_buffer.c -- CIRCULAR_BUFFER: the newest input behind those before it, for streaming models.
 * Source: tensorflow/lite/micro/kernels/circular_buffer*.cc of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/ops.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

struct data {     /* 8 bytes */
    int32_t left; /* cycles until the rest of the model runs */
    int32_t cycles;
};

static enum thm_nn_err init(struct thm_node *n)
{
    const struct thm_model *m = n->it->model;
    struct data *d = n->data;
    if (thm_fb_len(m, thm_fb_ref(m, n->table, OPERATOR_CUSTOM_OPTIONS)) == 0)
        return THM_NN_OK; /* cycles_max 0 */
    return thm_custom_ints(n, &d->cycles, 1);
}

/* Streaming models from before cycles_max: the last of their buffers, known by its length, ends a period of 1; the
 * others take every second cycle. (The reference also counts such operators over the life of the process, to let the
 * fifth one of one particular model end a period. That is not repeated.) */
static int32_t default_cycles(const struct thm_value *out)
{
    int32_t slots = out->shape[1];
    return slots == 5 || slots == 13 || slots == 25 ? 1 : 2;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct data *d = n->data;
    if (n->inputs != 1 || n->outputs != 1 || !thm_node_input(n, 0, &in) || !thm_node_output(n, 0, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "it takes one input and gives one output");
    if (in.type != THM_INT8 || out.type != THM_INT8)
        return thm_refuse(n, THM_NN_ETYPE, "only int8 is supported");
    if (in.rank != 4 || out.rank != 4 || in.shape[0] != out.shape[0] || in.shape[1] != 1 ||
        in.shape[2] != out.shape[2] || in.shape[3] != out.shape[3])
        return thm_refuse(n, THM_NN_ESHAPE, "input and output do not differ in dimension 1 alone");
    if (out.elements < in.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "the output holds nothing");
    if (d->cycles <= 0)
        d->cycles = default_cycles(&out);
    d->left = d->cycles;
    return THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    struct data *d = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    /* Like the reference, only the first batch. */
    size_t slot = (size_t)in.shape[2] * (size_t)in.shape[3], rest = ((size_t)out.shape[1] - 1) * slot;
    int8_t *y = out.data;
    memmove(y, y + slot, rest);
    memmove(y + rest, in.data, slot); /* an offline plan may let them overlap */
    if (--d->left != 0)
        return thm_refuse(n, THM_NN_EINVOKE,
                          "its cycles_max have not passed: the reference aborts the invocation here");
    d->left = d->cycles;
    return THM_NN_OK;
}

static enum thm_nn_err reset(struct thm_node *n)
{
    struct data *d = n->data;
    d->left = d->cycles;
    return THM_NN_OK;
}

const struct thm_op thm_op_circular_buffer = {
    .name = "CIRCULAR_BUFFER",
    .data = THM_BYTES(8),
    .init = init,
    .prepare = prepare,
    .eval = eval,
    .reset = reset,
};
