/* interpreter/ops/slice.c -- SLICE: float32, int8, int16, int32, bool; up to 5 dimensions. Begin and size may be
 * computed at run time; a size of -1 reaches to the end. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[3], out;
    enum thm_nn_err err = thm_take(n, 3, in, &out);
    if (err)
        return err;
    if (in[0].type != out.type || in[1].type != in[2].type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output, or begin and size, differ in type");
    if (in[0].rank > 5)
        return thm_refuse(n, THM_NN_ESHAPE, "the input has more than 5 dimensions");
    for (int i = 1; i < 3; i++)
        if (in[i].rank != 1 || in[i].elements != in[0].rank)
            return thm_refuse_tensor(n, THM_NN_ESHAPE, "not one number for each dimension of the input", &in[i]);
    return THM_NN_OK;
}

/* false: the slice leaves the input. */
static bool set_box(const struct thm_value in[3], struct thm_box *box)
{
    box->rank = in[0].rank;
    thm_steps(in[0].shape, box->rank, box->from);
    for (uint32_t i = 0; i < box->rank; i++) {
        int64_t begin = thm_index_at(&in[1], i), size = thm_index_at(&in[2], i), end = in[0].shape[i];
        if (begin < 0 || begin > end || size < -1 || size > end - begin)
            return false;
        box->size[i] = (int32_t)(size < 0 ? end - begin : size);
        box->from_at += (size_t)begin * box->from[i];
    }
    thm_steps(box->size, box->rank, box->to);
    return true;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const uint32_t types =
        THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32) | THM_SET(THM_BOOL);
    struct thm_value in[3], out;
    struct thm_box box = { 0 };
    thm_take(n, 3, in, &out);
    if (!thm_is_index(&in[1]))
        return thm_refuse(n, THM_NN_ETYPE, "begin and size are neither int32 nor int64");
    if (!thm_type_in(out.type, types))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8, int16, int32 and bool are supported");
    if (!set_box(in, &box))
        return thm_refuse(n, THM_NN_EINVOKE, "the slice leaves the input");
    if (thm_box_elements(&box) != out.elements)
        return thm_refuse(n, THM_NN_EINVOKE, "the slice has not as many elements as the output");
    thm_box_copy(&box, in[0].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

const struct thm_op thm_op_slice = { .name = "SLICE", .prepare = prepare, .eval = eval };
