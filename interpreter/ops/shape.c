/* interpreter/ops/shape.c -- SHAPE: the dimensions of any tensor, as int32. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <string.h>

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    enum thm_nn_err err = thm_take(n, 1, &in, &out);
    if (!err && out.elements != in.rank)
        err = thm_refuse(n, THM_NN_ESHAPE, "the output has not one element for each dimension of the input");
    return err;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_take(n, 1, &in, &out);
    if (out.type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "only an int32 output is supported");
    if (out.bytes)
        memmove(out.data, in.shape, out.bytes);
    return THM_NN_OK;
}

/* Its option, the output's type, is not looked at. */
const struct thm_op thm_op_shape = {
    .name = "SHAPE",
    .options = THM_BYTES3(1, 4, 4),
    .temps = "",
    .prepare = prepare,
    .eval = eval,
};
