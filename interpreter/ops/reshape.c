/* interpreter/ops/reshape.c -- RESHAPE: any type. As in the reference the target shape (second input) is not looked at:
 * the output tensor's own shape in the file counts. */
#include "interpreter/ops/ops.h"
#include <string.h>

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    if (n->inputs < 1 || n->inputs > 2 || n->outputs != 1 || !thm_node_input(n, 0, &in) || !thm_node_output(n, 0, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, optional shape and one output");
    if (in.type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    bool legacy_scalar = n->inputs == 1 && out.rank == 1 && out.shape[0] == 0 && in.elements == 1;
    if (in.elements != out.elements && !legacy_scalar)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    return THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (out.bytes && in.data != out.data)
        memmove(out.data, in.data, out.bytes);
    return THM_NN_OK;
}

const struct thm_op thm_op_reshape = {
    .name = "RESHAPE",
    .options = THM_BYTES(36),
    .temps = "i0o0",
    .prepare = prepare,
    .eval = eval,
};
