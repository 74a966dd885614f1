/* interpreter/ops/add_n.c -- ADD_N, the sum of two or more tensors: float32, int8 (inputs of one scale and zero point).
 * Source: tensorflow/lite/micro/kernels/add_n.cc. */
#include "interpreter/ops/accumulate.h"
#include "interpreter/ops/ops.h"

#define DATA  40 /* bytes of op data, int8 only; persistent, but asked for in prepare */
#define BLOCK 32 /* elements summed at a time */

static enum thm_nn_err check_input(struct thm_node *n, const struct thm_value *first, const struct thm_value *in)
{
    struct thm_quant a, b;
    if (!thm_same_shape(first, in))
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the inputs differ in shape", in);
    if (first->type != in->type)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "the inputs differ in type", in);
    thm_node_quant(n, first, &a);
    thm_node_quant(n, in, &b);
    if (first->type == THM_INT8 && (a.zero_point != b.zero_point || a.scale != b.scale))
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the inputs differ in scale or zero point", in);
    return THM_NN_OK;
}

static enum thm_nn_err check(struct thm_node *n, struct thm_value *first, struct thm_value *out)
{
    struct thm_value in;
    if (n->inputs < 2 || n->outputs != 1 || !thm_node_input(n, 0, first) || !thm_node_output(n, 0, out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes at least two inputs and one output");
    if (first->type != out->type)
        return thm_refuse(n, THM_NN_ETYPE, "inputs and output differ in type");
    for (uint32_t i = 1; i < n->inputs; i++) {
        if (!thm_node_input(n, i, &in))
            return thm_refuse(n, THM_NN_ESHAPE, "an input is missing");
        enum thm_nn_err err = check_input(n, first, &in);
        if (err)
            return err;
    }
    if (first->elements != out->elements)
        return thm_refuse(n, THM_NN_ESHAPE, "inputs and output differ in the number of elements");
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, struct thm_sum *s, const struct thm_value *first,
                                const struct thm_value *out)
{
    struct thm_quant from, to;
    thm_node_quant(n, first, &from);
    thm_node_quant(n, out, &to);
    if (!thm_sum_prepare(s, &from, &to))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value first = { 0 }, out = { 0 };
    struct thm_sum unused;
    uint32_t at;
    enum thm_nn_err err = check(n, &first, &out);
    if (!err && out.type != THM_FLOAT32 && out.type != THM_INT8)
        err = thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 and int8 are supported", &out);
    if (!err && out.type == THM_INT8 && !thm_node_persistent(n, DATA, &at))
        err = THM_NN_EARENA;
    if (!err)
        err = thm_node_request_scratch(n, THM_BYTES_HANDLE * (uint64_t)n->inputs); /* pointers on the device */
    return err || out.type != THM_INT8 ? err : quantise(n, &unused, &first, &out);
}

static void sum_f32(const struct thm_node *n, const struct thm_value *out)
{
    struct thm_value in;
    for (uint32_t i = 0; i < out->elements; i++)
        ((float *)out->data)[i] = 0;
    for (uint32_t k = 0; k < n->inputs; k++) {
        thm_node_input(n, k, &in);
        for (uint32_t i = 0; i < out->elements; i++)
            ((float *)out->data)[i] += ((const float *)in.data)[i];
    }
}

static void sum_i8(const struct thm_node *n, const struct thm_sum *s, const struct thm_value *out, uint32_t first,
                   uint32_t count)
{
    struct thm_value in;
    int32_t sum[BLOCK];
    for (uint32_t i = 0; i < count; i++)
        sum[i] = thm_sum_add(s, 0, 0);
    for (uint32_t k = 0; k < n->inputs; k++) {
        thm_node_input(n, k, &in);
        for (uint32_t i = 0; i < count; i++)
            sum[i] = thm_sum_add(s, sum[i], ((const int8_t *)in.data)[first + i]);
    }
    for (uint32_t i = 0; i < count; i++)
        ((int8_t *)out->data)[first + i] = thm_sum_result(s, sum[i]);
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value first, out;
    struct thm_sum s;
    thm_node_input(n, 0, &first);
    thm_node_output(n, 0, &out);
    if (out.type == THM_FLOAT32) {
        sum_f32(n, &out);
        return THM_NN_OK;
    }
    enum thm_nn_err err = quantise(n, &s, &first, &out);
    for (uint32_t i = 0; !err && i < out.elements; i += BLOCK)
        sum_i8(n, &s, &out, i, out.elements - i < BLOCK ? out.elements - i : BLOCK);
    return err;
}

const struct thm_op thm_op_add_n = { .name = "ADD_N", .prepare = prepare, .eval = eval };
