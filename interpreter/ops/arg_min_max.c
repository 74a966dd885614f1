/* interpreter/ops/arg_min_max.c -- ARG_MAX and ARG_MIN: float32, int8; int32 axis, which may be computed at run time;
 * int32 output. Of equal elements the first one counts. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (!err && in[1].elements == 0)
        err = thm_refuse(n, THM_NN_ESHAPE, "the axis is missing");
    return err;
}

#define SEARCH(name, type)                                                             \
    static int32_t name(const void *data, size_t step, size_t count, bool largest)     \
    {                                                                                  \
        const type *v = data;                                                          \
        size_t best = 0;                                                               \
        for (size_t i = 1; i < count; i++)                                             \
            if (largest ? v[i * step] > v[best * step] : v[i * step] < v[best * step]) \
                best = i;                                                              \
        return (int32_t)best;                                                          \
    }
SEARCH(search_i8, int8_t)
SEARCH(search_f32, float)

static enum thm_nn_err check(struct thm_node *n, const struct thm_value in[2], const struct thm_value *out,
                             uint32_t *axis)
{
    if (in[1].type != THM_INT32 || out->type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "axis and output must be int32");
    if (!thm_type_in(in[0].type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported");
    if (!thm_axis(thm_index_at(&in[1], 0), in[0].rank, axis))
        return thm_refuse(n, THM_NN_EINVOKE, "the axis is out of range");
    bool fit =
        in[0].elements ? (uint64_t)out->elements * (uint64_t)in[0].shape[*axis] == in[0].elements : out->elements == 0;
    return fit ? THM_NN_OK : thm_refuse(n, THM_NN_EINVOKE, "the output is not the input without the axis");
}

static enum thm_nn_err run(struct thm_node *n, bool largest)
{
    struct thm_value in[2], out;
    uint32_t axis = 0;
    thm_take(n, 2, in, &out);
    enum thm_nn_err err = check(n, in, &out, &axis);
    if (err || out.elements == 0)
        return err;
    size_t count = (size_t)in[0].shape[axis], inner = thm_span(&in[0], axis + 1, in[0].rank);
    for (size_t i = 0; i < out.elements; i++) {
        size_t at = i / inner * count * inner + i % inner;
        ((int32_t *)out.data)[i] = in[0].type == THM_INT8
                                       ? search_i8((const int8_t *)in[0].data + at, inner, count, largest)
                                       : search_f32((const float *)in[0].data + at, inner, count, largest);
    }
    return THM_NN_OK;
}

static enum thm_nn_err arg_max(struct thm_node *n)
{
    return run(n, true);
}

static enum thm_nn_err arg_min(struct thm_node *n)
{
    return run(n, false);
}

/* Their option, the output's type, is not looked at. */
const struct thm_op thm_op_arg_max = {
    .name = "ARG_MAX",
    .options = THM_BYTES3(1, 4, 4),
    .temps = "",
    .prepare = prepare,
    .eval = arg_max,
};
const struct thm_op thm_op_arg_min = {
    .name = "ARG_MIN",
    .options = THM_BYTES3(1, 4, 4),
    .temps = "",
    .prepare = prepare,
    .eval = arg_min,
};
