/* interpreter/ops/split.c -- SPLIT and SPLIT_V: float32, int8, int16, int32; the axis is constant. The outputs' shapes
 * in the file say how much each of them gets; the list of sizes of SPLIT_V is not looked at, as in the reference. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

/* false: there is no such dimension. */
static bool find_axis(const struct thm_value *in, const struct thm_value *axis, uint32_t *result)
{
    return thm_axis(thm_load_i32(axis->data), in->rank, result);
}

/* Do the outputs, side by side, make up the input? */
static bool outputs_fit(const struct thm_node *n, const struct thm_value *in, uint32_t axis, bool equal)
{
    struct thm_value out, first;
    int64_t sum = 0;
    thm_node_output(n, 0, &first);
    for (uint32_t k = 0; thm_node_output(n, k, &out); k++) {
        if (out.rank != in->rank || out.type != in->type || (equal && out.shape[axis] != first.shape[axis]))
            return false;
        for (uint32_t i = 0; i < in->rank; i++)
            if (i != axis && out.shape[i] != in->shape[i])
                return false;
        sum += out.shape[axis];
    }
    return sum == in->shape[axis];
}

static enum thm_nn_err check(struct thm_node *n, uint32_t input, uint32_t axis_input, uint32_t inputs)
{
    struct thm_value in, axis, out;
    uint32_t at;
    if (n->inputs != inputs || !thm_node_input(n, input, &in) || !thm_node_input(n, axis_input, &axis) ||
        !thm_node_output(n, 0, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "it has not the number of inputs and outputs it needs");
    if (!axis.constant || axis.type != THM_INT32 || axis.elements == 0)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the axis is not constant int32");
    if (find_axis(&in, &axis, &at) && !outputs_fit(n, &in, at, inputs == 2))
        return thm_refuse(n, THM_NN_ESHAPE, "the outputs do not make up the input");
    return THM_NN_OK;
}

static enum thm_nn_err cut(struct thm_node *n, uint32_t input, uint32_t axis_input)
{
    const uint32_t types = THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32);
    struct thm_value in, axis, out;
    uint32_t at;
    thm_node_input(n, input, &in);
    thm_node_input(n, axis_input, &axis);
    if (!find_axis(&in, &axis, &at))
        return thm_refuse(n, THM_NN_ESHAPE, "the axis is out of range");
    if (!thm_type_in(in.type, types))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8, int16 and int32 are supported");
    size_t inner = thm_span(&in, at + 1, in.rank) * thm_type_size(in.type), row = inner * (size_t)in.shape[at],
           from = 0;
    for (uint32_t k = 0; thm_node_output(n, k, &out) && in.elements; k++) {
        size_t bytes = inner * (size_t)out.shape[at];
        for (size_t r = 0; r * bytes < out.bytes; r++)
            memmove((uint8_t *)out.data + r * bytes, (const uint8_t *)in.data + r * row + from, bytes);
        from += bytes;
    }
    return THM_NN_OK;
}

static enum thm_nn_err split_prepare(struct thm_node *n)
{
    return check(n, 1, 0, 2);
}

static enum thm_nn_err split_eval(struct thm_node *n)
{
    return cut(n, 1, 0);
}

static enum thm_nn_err split_v_prepare(struct thm_node *n)
{
    return check(n, 0, 2, 3);
}

static enum thm_nn_err split_v_eval(struct thm_node *n)
{
    return cut(n, 0, 2);
}

/* Their options, the number of outputs, are not looked at. */
const struct thm_op thm_op_split = {
    .name = "SPLIT",
    .options = THM_BYTES(4),
    .temps = "i0",
    .prepare = split_prepare,
    .eval = split_eval,
};
const struct thm_op thm_op_split_v = {
    .name = "SPLIT_V",
    .options = THM_BYTES(4),
    .temps = "i2",
    .prepare = split_v_prepare,
    .eval = split_v_eval,
};
