/* interpreter/ops/concatenation.c -- CONCATENATION along one axis: bool, int8, int16, int32, int64, float32; at most 10
 * inputs of at most 4 dimensions, as in the reference. int8 inputs must have the output's scale and zero point. */
#include "interpreter/ops/ops.h"
#include <string.h>

struct options { /* 8 bytes */
    int32_t axis;
    uint8_t activation;
};

static bool type_fits(enum thm_type t)
{
    return t == THM_BOOL || t == THM_INT8 || t == THM_INT16 || t == THM_INT32 || t == THM_INT64 || t == THM_FLOAT32;
}

static enum thm_nn_err check_input(struct thm_node *n, const struct thm_value *in, const struct thm_value *out,
                                   uint32_t axis)
{
    struct thm_quant a, b;
    if (in->type != out->type)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "an input differs in type from the output", in);
    if (in->rank != out->rank || in->rank > 4)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "an input has more than 4 dimensions or not as many as the output",
                                 in);
    for (uint32_t i = 0; i < out->rank; i++)
        if (i != axis && in->shape[i] != out->shape[i])
            return thm_refuse_tensor(n, THM_NN_ESHAPE, "an input's shape does not match the output", in);
    if (out->type != THM_INT8)
        return THM_NN_OK;
    thm_node_quant(n, in, &a);
    thm_node_quant(n, out, &b);
    if (a.scale != b.scale || a.zero_point != b.zero_point)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "an input differs in scale or zero point from the output", in);
    return THM_NN_OK;
}

static uint32_t axis_of(const struct thm_node *n, const struct thm_value *out)
{
    const struct options *o = n->options;
    return (uint32_t)(o->axis < 0 ? o->axis + (int32_t)out->rank : o->axis);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    const struct options *o = n->options;
    struct thm_value in, out;
    int64_t sum = 0;
    if (n->inputs < 1 || n->inputs > 10 || !thm_node_output(n, 0, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes 1 to 10 inputs and one output");
    if (o->activation != THM_ACT_NONE)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "a fused activation is not supported");
    uint32_t axis = axis_of(n, &out);
    if (!type_fits(out.type))
        return thm_refuse(n, THM_NN_ETYPE, "the type is not supported");
    if (axis >= out.rank)
        return thm_refuse(n, THM_NN_ESHAPE, "the axis is out of range");
    for (uint32_t i = 0; i < n->inputs; i++) {
        if (!thm_node_input(n, i, &in))
            return thm_refuse(n, THM_NN_ESHAPE, "an input is missing");
        enum thm_nn_err err = check_input(n, &in, &out, axis);
        if (err)
            return err;
        sum += in.shape[axis];
    }
    return sum == out.shape[axis] ? THM_NN_OK : thm_refuse(n, THM_NN_ESHAPE, "the inputs do not add up to the output");
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_node_output(n, 0, &out);
    uint32_t axis = axis_of(n, &out);
    size_t outer = 1, inner = thm_type_size(out.type), at = 0;
    for (uint32_t i = 0; i < axis; i++)
        outer *= (size_t)out.shape[i];
    for (uint32_t i = axis + 1; i < out.rank; i++)
        inner *= (size_t)out.shape[i];
    size_t row = inner * (size_t)out.shape[axis];
    for (uint32_t i = 0; i < n->inputs && out.bytes; i++) {
        thm_node_input(n, i, &in);
        size_t bytes = inner * (size_t)in.shape[axis];
        for (size_t r = 0; r < outer && bytes; r++)
            memmove((uint8_t *)out.data + r * row + at, (const uint8_t *)in.data + r * bytes, bytes);
        at += bytes;
    }
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* ConcatenationOptions */
    { 0, 4, offsetof(struct options, axis), 0 },
    { 1, 1, offsetof(struct options, activation), 0 },
};

const struct thm_op thm_op_concatenation = {
    .name = "CONCATENATION",
    .options_type = 10,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(8),
    .data = THM_BYTES(24),
    .temps = "i0o0i*",
    .prepare = prepare,
    .eval = eval,
};
