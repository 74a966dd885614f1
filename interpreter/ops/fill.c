/* interpreter/ops/fill.c -- FILL: float32, int32, int8. Constant dimensions must be the output's; others are not looked
 * at, as in the reference: the output's shape in the file counts. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static int64_t dimension(const struct thm_value *dims, uint32_t i)
{
    const uint8_t *data = dims->data;
    if (dims->type == THM_INT8)
        return (int8_t)data[i];
    return dims->type == THM_INT16 ? (int16_t)thm_load16(data + 2 * (size_t)i) : thm_index_at(dims, i);
}

static enum thm_nn_err check_dims(struct thm_node *n, const struct thm_value *dims, const struct thm_value *out)
{
    const uint32_t types = THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32) | THM_SET(THM_INT64);
    if (!thm_type_in(dims->type, types))
        return thm_refuse(n, THM_NN_ETYPE, "the dimensions are not int8, int16, int32 or int64");
    bool same = dims->rank == 1 && dims->elements == out->rank;
    for (uint32_t i = 0; i < out->rank && same; i++)
        same = dimension(dims, i) == out->shape[i];
    return same ? THM_NN_OK : thm_refuse(n, THM_NN_ESHAPE, "the output does not have the dimensions asked for");
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[1].rank != 0)
        return thm_refuse(n, THM_NN_ESHAPE, "the value has dimensions");
    if (in[1].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "value and output differ in type");
    return in[0].constant ? check_dims(n, &in[0], &out) : THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    if (!thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int32 and int8 are supported");
    struct thm_box box = { .rank = 1, .size = { (int32_t)out.elements }, .from = { 0 }, .to = { 1 } };
    thm_box_copy(&box, in[1].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

const struct thm_op thm_op_fill = { .name = "FILL", .prepare = prepare, .eval = eval };
