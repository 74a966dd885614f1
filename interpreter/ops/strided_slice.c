/* interpreter/ops/strided_slice.c -- STRIDED_SLICE: float32, int8, int16, int32, bool; up to 4 dimensions; begin, end
 * and strides are constant. As in the reference, ellipsis and new-axis masks are not looked at. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

struct options { /* 24 bytes */
    int32_t begin_mask, end_mask, shrink_axis_mask;
};

struct axis {
    int64_t size, stride, start, stop;
    bool shrunk;
};

/* An index where a slice may start or stop: 0..size, going backwards -1..size-1. */
static int64_t limit(const struct axis *a, int64_t at)
{
    int64_t low = a->stride > 0 ? 0 : -1, high = low + a->size;
    if (at < 0)
        at += a->size;
    return at < low ? low : at > high ? high : at;
}

static void set_axis(const struct options *o, const struct thm_value in[4], uint32_t i, struct axis *a)
{
    *a = (struct axis){ .size = in[0].shape[i], .stride = thm_index_at(&in[3], i) };
    a->shrunk = o->shrink_axis_mask >> i & 1;
    if (a->size == 0)
        return;
    int64_t first = a->stride > 0 ? 0 : a->size - 1, end = a->stride > 0 ? a->size : -1;
    a->start = o->begin_mask >> i & 1 ? first : limit(a, thm_index_at(&in[1], i));
    a->stop = o->end_mask >> i & 1 ? end : limit(a, thm_index_at(&in[2], i));
}

/* How many elements are taken. Of a shrunk dimension it is one, or none if it is out of range or goes backwards. */
static int32_t count(const struct axis *a)
{
    if (a->shrunk)
        return a->stride > 0 && a->start < a->size;
    int64_t way = a->stride > 0 ? a->stop - a->start : a->start - a->stop,
            step = a->stride > 0 ? a->stride : -a->stride;
    return way <= 0 ? 0 : (int32_t)((way + step - 1) / step);
}

/* What is copied. false: a stride is zero, or the output does not have this shape. */
static bool set_box(const struct thm_node *n, const struct thm_value in[4], const struct thm_value *out,
                    struct thm_box *box)
{
    uint32_t shown = 0;
    thm_steps(in[0].shape, in[0].rank, box->from);
    box->rank = in[0].rank;
    for (uint32_t i = 0; i < box->rank; i++) {
        struct axis a;
        set_axis(n->options, in, i, &a);
        box->size[i] = a.stride ? count(&a) : 0;
        box->from_at += (size_t)a.start * box->from[i];
        box->from[i] *= (size_t)a.stride;
        if (a.stride == 0 || (!a.shrunk && (shown >= out->rank || out->shape[shown] != box->size[i])))
            return false;
        shown += !a.shrunk;
    }
    thm_steps(box->size, box->rank, box->to);
    return shown == out->rank;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[4], out;
    struct thm_box box = { 0 };
    enum thm_nn_err err = thm_take(n, 4, in, &out);
    if (err)
        return err;
    if (in[0].rank > 4)
        return thm_refuse(n, THM_NN_ESHAPE, "the input has more than 4 dimensions");
    if (in[0].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    for (int i = 1; i < 4; i++) {
        if (!in[i].constant && in[i].elements)
            return thm_refuse_tensor(n, THM_NN_EUNSUPPORTED, "begin, end or strides are not constant", &in[i]);
        if (in[i].type != THM_INT32 || in[i].elements < in[0].rank)
            return thm_refuse_tensor(n, THM_NN_ESHAPE, "not an int32 number for each dimension of the input", &in[i]);
    }
    if (!set_box(n, in, &out, &box))
        return thm_refuse(n, THM_NN_ESHAPE, "the output's shape is not the slice's, or a stride is zero");
    return THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const uint32_t types =
        THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32) | THM_SET(THM_BOOL);
    struct thm_value in[4], out;
    struct thm_box box = { 0 };
    thm_take(n, 4, in, &out);
    if (!thm_type_in(out.type, types))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8, int16, int32 and bool are supported");
    set_box(n, in, &out, &box);
    thm_box_copy(&box, in[0].data, out.data, thm_type_size(out.type));
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* StridedSliceOptions */
    { 0, 4, offsetof(struct options, begin_mask), 0 },
    { 1, 4, offsetof(struct options, end_mask), 0 },
    { 4, 4, offsetof(struct options, shrink_axis_mask), 0 },
};

const struct thm_op thm_op_strided_slice = {
    .name = "STRIDED_SLICE",
    .options_type = 32,
    .field = fields,
    .fields = 3,
    .options = THM_BYTES(24),
    .data = THM_BYTES(84),
    .prepare = prepare,
    .eval = eval,
};
