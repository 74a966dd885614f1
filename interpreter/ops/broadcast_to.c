/* interpreter/ops/broadcast_to.c -- BROADCAST_TO: any type, up to 5 dimensions, constant shape. BROADCAST_ARGS: the
 * shape that two shapes (int32 or int64) spread to. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <string.h>

static bool spreads_to(const struct thm_value *in, const struct thm_value *shape, const struct thm_value *out)
{
    for (uint32_t i = 0; i < out->rank; i++) {
        int32_t from = thm_dim(in, out->rank, i);
        if (thm_index_at(shape, i) != out->shape[i] || (from != 1 && from != out->shape[i]))
            return false;
    }
    return true;
}

static enum thm_nn_err to_prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[0].type != out.type || thm_type_size(out.type) == 0 || !thm_is_index(&in[1]))
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type, or the shape is not int32 or int64");
    if (!in[1].constant)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the shape is not constant");
    if (in[1].rank != 1 || in[1].elements != out.rank || in[0].rank > out.rank || out.rank > 5)
        return thm_refuse(n, THM_NN_ESHAPE, "input, shape and output differ in dimensions, or have more than 5");
    if (!spreads_to(&in[0], &in[1], &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the input does not spread to the output's shape");
    return THM_NN_OK;
}

static enum thm_nn_err to_eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    struct thm_box box = { .rank = out.rank };
    uint32_t extra = out.rank - in[0].rank;
    thm_steps(in[0].shape, in[0].rank, box.from + extra);
    thm_steps(out.shape, out.rank, box.to);
    for (uint32_t i = 0; i < out.rank; i++) {
        box.size[i] = out.shape[i];
        if (thm_dim(&in[0], out.rank, i) == 1)
            box.from[i] = 0;
    }
    thm_box_copy(&box, in[0].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

static enum thm_nn_err args_prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (!thm_is_index(&out) || in[0].type != out.type || in[1].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "the shapes are not all int32 or all int64");
    if (in[0].rank != 1 || in[1].rank != 1 || out.rank != 1)
        return thm_refuse(n, THM_NN_ESHAPE, "a shape is not a list of numbers");
    return THM_NN_OK;
}

/* The dimension `back` places before the last; cut to 32 bits, as in the reference. */
static int32_t from_end(const struct thm_value *shape, uint32_t back)
{
    return back < shape->elements ? (int32_t)thm_index_at(shape, shape->elements - 1 - back) : 1;
}

static enum thm_nn_err args_eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    for (uint32_t i = 0; i < out.elements; i++) {
        int32_t a = from_end(&in[0], i), b = from_end(&in[1], i);
        if (a != 1 && b != 1 && a != b)
            return thm_refuse(n, THM_NN_EINVOKE, "the shapes do not go together");
        int64_t dim = a == 1 ? b : a; /* its low half comes first */
        size_t size = thm_type_size(out.type);
        memmove((uint8_t *)out.data + (out.elements - 1 - i) * size, &dim, size);
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_broadcast_to = { .name = "BROADCAST_TO", .prepare = to_prepare, .eval = to_eval };
const struct thm_op thm_op_broadcast_args = { .name = "BROADCAST_ARGS", .prepare = args_prepare, .eval = args_eval };
