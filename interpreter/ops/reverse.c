/* interpreter/ops/reverse.c -- REVERSE_V2: bool, uint8, int8, int16, int32, int64, float32; along axes that lie side by
 * side and may be computed at run time. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static enum thm_nn_err prepare(struct thm_node *n)
{
    const uint32_t types = THM_SET(THM_BOOL) | THM_SET(THM_UINT8) | THM_SET(THM_INT8) | THM_SET(THM_INT16) |
                           THM_SET(THM_INT32) | THM_SET(THM_INT64) | THM_SET(THM_FLOAT32);
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[0].type != out.type || !thm_type_in(out.type, types))
        return thm_refuse(n, THM_NN_ETYPE, "the type is not supported, or input and output differ in type");
    if (in[1].type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "the axes are not int32");
    if (in[1].rank != 1 || in[1].elements > in[0].rank)
        return thm_refuse(n, THM_NN_ESHAPE, "the axes are not a list, or more than the input has dimensions");
    if (!thm_same_shape(&in[0], &out))
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape");
    return THM_NN_OK;
}

/* Bit i: dimension i is reversed. false: an axis is out of range, or there twice. */
static bool resolve(const struct thm_value *axes, uint32_t rank, uint32_t *reversed)
{
    *reversed = 0;
    for (uint32_t i = 0; i < axes->elements; i++) {
        uint32_t axis;
        if (!thm_axis(thm_index_at(axes, i), rank, &axis) || (*reversed >> axis & 1))
            return false;
        *reversed |= UINT32_C(1) << axis;
    }
    return true;
}

static bool side_by_side(uint32_t set)
{
    uint32_t lowest = set & (0 - set);
    return ((set + lowest) & set) == 0;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    uint32_t reversed;
    thm_take(n, 2, in, &out);
    if (!resolve(&in[1], in[0].rank, &reversed))
        return thm_refuse(n, THM_NN_EINVOKE, "an axis is out of range, or there twice");
    if (!side_by_side(reversed))
        return thm_refuse(n, THM_NN_EINVOKE, "the axes do not lie side by side");
    struct thm_box box = { .rank = out.rank };
    thm_steps(in[0].shape, in[0].rank, box.from);
    thm_steps(out.shape, out.rank, box.to);
    for (uint32_t i = 0; i < out.rank; i++) {
        box.size[i] = out.shape[i];
        if (!(reversed >> i & 1))
            continue;
        box.from_at += ((size_t)out.shape[i] - 1) * box.from[i];
        box.from[i] = 0 - box.from[i];
    }
    thm_box_copy(&box, in[0].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

const struct thm_op thm_op_reverse_v2 = { .name = "REVERSE_V2", .prepare = prepare, .eval = eval };
