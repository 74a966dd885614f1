/* interpreter/ops/gather_nd.c -- GATHER_ND: float32, int8; int32 indices, which may be computed at run time. The last
 * dimension of the indices, at most 5, is one index into the input's first dimensions. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static bool shapes_fit(const struct thm_value *in, const struct thm_value *indices, const struct thm_value *out)
{
    uint32_t listed = indices->rank - 1, depth = (uint32_t)indices->shape[listed];
    if (out->rank != listed + in->rank - depth)
        return false;
    for (uint32_t i = 0; i < out->rank; i++)
        if (out->shape[i] != (i < listed ? indices->shape[i] : in->shape[i - listed + depth]))
            return false;
    return true;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    uint32_t unused;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[0].type != out.type || !thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported, input and output alike");
    if (in[1].type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "the indices are not int32");
    if (in[0].rank < 1 || in[1].rank < 1)
        return thm_refuse(n, THM_NN_ESHAPE, "input or indices have no dimensions");
    uint32_t depth = (uint32_t)in[1].shape[in[1].rank - 1];
    if (depth > in[0].rank || depth > 5)
        return thm_refuse(n, THM_NN_ESHAPE, "an index has more than 5 numbers or more than the input has dimensions");
    if (!shapes_fit(&in[0], &in[1], &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the shapes of input, indices and output do not go together");
    /* the reference's copy of the output's shape */
    return thm_node_persistent(n, 4 + 4 * (uint64_t)out.rank, &unused) ? THM_NN_OK : THM_NN_EARENA;
}

/* Where in the input the index of `depth` numbers points; false: outside. */
static bool locate(const struct thm_value *in, const uint8_t *index, uint32_t depth, size_t *at)
{
    *at = 0;
    for (uint32_t i = 0; i < depth; i++) {
        int32_t number = thm_load_i32(index + 4 * (size_t)i);
        if (number < 0 || number >= in->shape[i])
            return false;
        *at = *at * (size_t)in->shape[i] + (size_t)number;
    }
    return true;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    uint32_t depth = (uint32_t)in[1].shape[in[1].rank - 1];
    size_t bytes = thm_span(&in[0], depth, in[0].rank) * thm_type_size(out.type);
    for (size_t i = 0, at; i * bytes < out.bytes; i++) {
        if (!locate(&in[0], (const uint8_t *)in[1].data + 4 * i * depth, depth, &at))
            return thm_refuse(n, THM_NN_EINVOKE, "an index is out of range");
        memmove((uint8_t *)out.data + i * bytes, (const uint8_t *)in[0].data + at * bytes, bytes);
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_gather_nd = { .name = "GATHER_ND", .prepare = prepare, .eval = eval };
