/* interpreter/ops/cumsum.c -- CUMSUM, running sums along one axis: float32, int8.
 * Source: tensorflow/lite/micro/kernels/cumsum.cc, tensorflow/lite/kernels/internal/reference/cumsum.h. */
#include "interpreter/ops/accumulate.h"
#include "interpreter/ops/ops.h"

#define DATA 36 /* bytes of op data, int8 only; persistent, but asked for in prepare */

struct options { /* 2 bytes */
    uint8_t exclusive, reverse;
};

static enum thm_nn_err check(struct thm_node *n, struct thm_value *in, struct thm_value *out)
{
    struct thm_value axis;
    if (n->inputs != 2 || n->outputs != 1 || !thm_node_input(n, 0, in) || !thm_node_input(n, 1, &axis) ||
        !thm_node_output(n, 0, out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes two inputs and one output");
    if (in->type != THM_FLOAT32 && in->type != THM_INT8)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 and int8 are supported", in);
    if (axis.type != THM_INT32 || axis.elements != 1)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the axis is not one int32 number", &axis);
    if (in->type != out->type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (in->rank < 1 || !thm_same_shape(in, out))
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape or have no dimension");
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, struct thm_sum *s, const struct thm_value *in,
                                const struct thm_value *out)
{
    struct thm_quant from, to;
    thm_node_quant(n, in, &from);
    thm_node_quant(n, out, &to);
    if (!thm_sum_prepare(s, &from, &to))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in = { 0 }, out = { 0 };
    struct thm_sum unused;
    uint32_t at;
    enum thm_nn_err err = check(n, &in, &out);
    if (err || in.type != THM_INT8)
        return err;
    return thm_node_persistent(n, DATA, &at) ? quantise(n, &unused, &in, &out) : THM_NN_EARENA;
}

/* One run: `depth` elements, `step` apart. */
static void run_f32(const struct options *o, const float *in, float *out, size_t depth, size_t step)
{
    float sum = 0;
    for (size_t i = 0; i < depth; i++) {
        size_t at = (o->reverse ? depth - 1 - i : i) * step;
        float after = sum + in[at];
        out[at] = o->exclusive ? sum : after;
        sum = after;
    }
}

static void run_i8(const struct options *o, const struct thm_sum *s, const int8_t *in, int8_t *out, size_t depth,
                   size_t step)
{
    int32_t sum = thm_sum_add(s, 0, 0);
    for (size_t i = 0; i < depth; i++) {
        size_t at = (o->reverse ? depth - 1 - i : i) * step;
        int32_t after = thm_sum_add(s, sum, in[at]);
        out[at] = thm_sum_result(s, o->exclusive ? sum : after);
        sum = after;
    }
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, axis_tensor, out;
    struct thm_sum s = { 0 };
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &axis_tensor);
    thm_node_output(n, 0, &out);
    int64_t axis = ((const int32_t *)axis_tensor.data)[0];
    axis += axis < 0 ? in.rank : 0;
    if (axis < 0 || axis >= in.rank)
        return thm_refuse_tensor(n, THM_NN_EINVOKE, "the axis is out of range", &axis_tensor);
    enum thm_nn_err err = in.type == THM_INT8 ? quantise(n, &s, &in, &out) : THM_NN_OK;
    size_t depth = (size_t)in.shape[axis], step = 1;
    for (uint32_t i = (uint32_t)axis + 1; i < in.rank; i++)
        step *= (size_t)in.shape[i];
    for (size_t i = 0; !err && i < in.elements; i += depth * step)
        for (size_t k = i; k < i + step; k++)
            if (in.type == THM_FLOAT32)
                run_f32(n->options, (const float *)in.data + k, (float *)out.data + k, depth, step);
            else
                run_i8(n->options, &s, (const int8_t *)in.data + k, (int8_t *)out.data + k, depth, step);
    return err;
}

static const struct thm_option_field fields[] = {
    /* CumsumOptions */
    { 0, 1, offsetof(struct options, exclusive), 0 },
    { 1, 1, offsetof(struct options, reverse), 0 },
};

const struct thm_op thm_op_cumsum = {
    .name = "CUMSUM",
    .options_type = 102,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(2),
    .prepare = prepare,
    .eval = eval,
};
