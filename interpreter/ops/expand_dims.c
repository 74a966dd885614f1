/* interpreter/ops/expand_dims.c -- EXPAND_DIMS (float32, int8, int16; constant axis) and SQUEEZE (any type): dimensions
 * of size 1 come or go, the elements stay. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include "interpreter/schema.h"

/* Does the output have the input's shape with a 1 at `axis`? */
static bool expanded(const struct thm_value *in, uint32_t axis, const struct thm_value *out)
{
    if (out->rank != in->rank + 1)
        return false;
    for (uint32_t i = 0; i < out->rank; i++)
        if (out->shape[i] != (i == axis ? 1 : in->shape[i < axis ? i : i - 1]))
            return false;
    return true;
}

static enum thm_nn_err expand_prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    uint32_t axis;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[0].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (!in[1].constant || in[1].type != THM_INT32 || in[1].rank > 1 || in[1].elements == 0)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the axis is not one constant int32");
    if (!thm_axis(thm_index_at(&in[1], 0), in[0].rank + 1, &axis))
        return thm_refuse(n, THM_NN_ESHAPE, "the axis is out of range");
    if (!expanded(&in[0], axis, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the output's shape is not the input's with a dimension more");
    return THM_NN_OK;
}

static enum thm_nn_err expand_eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    if (!thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported");
    memmove(out.data, in[0].data, out.bytes);
    return THM_NN_OK;
}

/* Bit i: dimension i goes. Without a list all dimensions of size 1 go. false: one of the list cannot go. */
static bool squeezed(const struct thm_node *n, const struct thm_value *in, uint32_t *gone)
{
    const struct thm_model *m = n->it->model;
    bool present = thm_fb_u8(m, n->table, OPERATOR_OPTIONS_TYPE, 0) == n->op->options_type;
    uint32_t table = present ? thm_fb_ref(m, n->table, OPERATOR_OPTIONS) : 0, list = thm_fb_ref(m, table, 0), axis;
    *gone = 0;
    for (uint32_t i = 0; i < in->rank && thm_fb_len(m, list) == 0; i++)
        *gone |= (in->shape[i] == 1 ? UINT32_C(1) : 0) << i;
    if (thm_fb_len(m, list) > 8) /* what the reference's options hold */
        return false;
    for (uint32_t i = 0; i < thm_fb_len(m, list); i++) {
        if (!thm_axis(thm_fb_i32_at(m, list, i), in->rank, &axis) || in->shape[axis] != 1)
            return false;
        *gone |= UINT32_C(1) << axis;
    }
    return true;
}

static enum thm_nn_err squeeze_prepare(struct thm_node *n)
{
    struct thm_value in, out;
    uint32_t gone, left = 0;
    enum thm_nn_err err = thm_take(n, 1, &in, &out);
    if (err)
        return err;
    if (in.type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (!squeezed(n, &in, &gone))
        return thm_refuse(n, THM_NN_ESHAPE, "a dimension to be removed is out of range or not of size 1");
    for (uint32_t i = 0; i < in.rank; i++) {
        if (gone >> i & 1)
            continue;
        if (left >= out.rank || out.shape[left++] != in.shape[i])
            return thm_refuse(n, THM_NN_ESHAPE, "the output's shape is not what remains of the input's");
    }
    return left == out.rank ? THM_NN_OK
                            : thm_refuse(n, THM_NN_ESHAPE, "the output's shape is not what remains of the input's");
}

static enum thm_nn_err squeeze_eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_take(n, 1, &in, &out);
    if (thm_type_size(out.type) == 0)
        return thm_refuse(n, THM_NN_ETYPE, "elements without a fixed size are not supported");
    memmove(out.data, in.data, out.bytes);
    return THM_NN_OK;
}

const struct thm_op thm_op_expand_dims = { .name = "EXPAND_DIMS", .prepare = expand_prepare, .eval = expand_eval };
const struct thm_op thm_op_squeeze = {
    .name = "SQUEEZE",
    .options_type = 30,
    .options = THM_BYTES(36),
    .prepare = squeeze_prepare,
    .eval = squeeze_eval,
};
