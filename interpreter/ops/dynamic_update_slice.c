/* interpreter/ops/dynamic_update_slice.c -- DYNAMIC_UPDATE_SLICE: float32, int8, int16, int32. The input with a part
 * replaced; where it starts (int32 or int64) is moved so that the part fits. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <string.h>

enum { OPERAND, UPDATE, START };

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[3], out;
    enum thm_nn_err err = thm_take(n, 3, in, &out);
    if (err)
        return err;
    if (in[OPERAND].type != in[UPDATE].type || in[OPERAND].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input, update and output differ in type");
    if (!thm_is_index(&in[START]))
        return thm_refuse(n, THM_NN_ETYPE, "the start is neither int32 nor int64");
    if (in[START].rank != 1 || in[START].elements != in[OPERAND].rank || in[UPDATE].rank != in[OPERAND].rank)
        return thm_refuse(n, THM_NN_ESHAPE, "input, update and start differ in dimensions");
    for (uint32_t i = 0; i < in[OPERAND].rank; i++)
        if (in[UPDATE].shape[i] > in[OPERAND].shape[i])
            return thm_refuse(n, THM_NN_ESHAPE, "the update is larger than the input");
    if (in[OPERAND].elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    return THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const uint32_t types = THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32);
    struct thm_value in[3], out;
    thm_take(n, 3, in, &out);
    if (!thm_type_in(out.type, types))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8, int16 and int32 are supported");
    struct thm_box box = { .rank = in[UPDATE].rank };
    thm_steps(in[UPDATE].shape, box.rank, box.from);
    thm_steps(in[OPERAND].shape, box.rank, box.to);
    for (uint32_t i = 0; i < box.rank; i++) {
        int64_t start = thm_index_at(&in[START], i), most = in[OPERAND].shape[i] - in[UPDATE].shape[i];
        box.size[i] = in[UPDATE].shape[i];
        box.to_at += (size_t)(start < 0 ? 0 : start > most ? most : start) * box.to[i];
    }
    memmove(out.data, in[OPERAND].data, out.bytes);
    thm_box_copy(&box, in[UPDATE].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

const struct thm_op thm_op_dynamic_update_slice = { .name = "DYNAMIC_UPDATE_SLICE", .prepare = prepare, .eval = eval };
