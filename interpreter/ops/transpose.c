/* interpreter/ops/transpose.c -- TRANSPOSE: float32, int8, int16; up to 5 dimensions, constant permutation. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static bool is_permutation(const struct thm_value *in, const struct thm_value *perm, const struct thm_value *out)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < in->rank; i++) {
        int64_t from = thm_index_at(perm, i);
        if (from < 0 || from >= in->rank || (seen >> from & 1) || in->shape[from] != out->shape[i])
            return false;
        seen |= UINT32_C(1) << from;
    }
    return true;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[0].rank > 5 || in[0].rank != out.rank)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in dimensions, or have more than 5");
    if (in[0].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (!in[1].constant || in[1].type != THM_INT32)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the permutation is not constant int32");
    if (in[1].rank != 1 || in[1].elements != in[0].rank || !is_permutation(&in[0], &in[1], &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the permutation does not lead from the input's shape to the output's");
    return THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    struct thm_box box = { 0 };
    size_t step[THM_MAX_RANK];
    thm_take(n, 2, in, &out);
    if (!thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported");
    thm_steps(in[0].shape, in[0].rank, step);
    thm_steps(out.shape, out.rank, box.to);
    box.rank = out.rank;
    for (uint32_t i = 0; i < out.rank; i++) {
        box.size[i] = out.shape[i];
        box.from[i] = step[thm_index_at(&in[1], i)];
    }
    thm_box_copy(&box, in[0].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

const struct thm_op thm_op_transpose = { .name = "TRANSPOSE", .prepare = prepare, .eval = eval };
