/* interpreter/ops/gather.c -- GATHER: float32, int8; int32 positions, which may be computed at run time. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

struct options { /* 8 bytes */
    int32_t axis, batch_dims;
};

struct gather {
    struct thm_value in[2], out;
    uint32_t axis, batch_dims;
};

/* The output's shape: the input's with the axis replaced by the positions' shape without the batch dimensions. */
static bool shapes_fit(const struct gather *g)
{
    const struct thm_value *in = &g->in[0], *positions = &g->in[1];
    for (uint32_t i = 0; i < g->batch_dims; i++)
        if (in->shape[i] != positions->shape[i])
            return false;
    if (g->out.rank != in->rank + positions->rank - 1 - g->batch_dims)
        return false;
    for (uint32_t i = 0; i < g->out.rank; i++) {
        uint32_t past = g->axis + positions->rank - g->batch_dims; /* dimensions after the axis begin here */
        int32_t want = i < g->axis ? in->shape[i]
                       : i < past  ? positions->shape[i - g->axis + g->batch_dims]
                                   : in->shape[i - past + g->axis + 1];
        if (g->out.shape[i] != want)
            return false;
    }
    return true;
}

static bool find_axes(const struct thm_node *n, struct gather *g)
{
    const struct options *o = n->options;
    int64_t batch = o->batch_dims < 0 ? (int64_t)o->batch_dims + g->in[1].rank : o->batch_dims;
    g->batch_dims = (uint32_t)batch;
    return thm_axis(o->axis, g->in[0].rank, &g->axis) && batch >= 0 && batch <= g->axis && batch <= g->in[1].rank;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct gather g;
    uint32_t unused;
    enum thm_nn_err err = thm_take(n, 2, g.in, &g.out);
    if (err)
        return err;
    if (g.in[1].type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "the positions are not int32");
    if (g.in[0].type != g.out.type || !thm_type_in(g.out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported, input and output alike");
    if (!find_axes(n, &g))
        return thm_refuse(n, THM_NN_ESHAPE, "the axis or the number of batch dimensions is out of range");
    if (!shapes_fit(&g))
        return thm_refuse(n, THM_NN_ESHAPE, "the shapes of input, positions and output do not go together");
    /* the reference's copy of the output's shape */
    return thm_node_persistent(n, 4 + 4 * (uint64_t)g.out.rank, &unused) ? THM_NN_OK : THM_NN_EARENA;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct gather g;
    thm_take(n, 2, g.in, &g.out);
    find_axes(n, &g);
    if (g.out.elements == 0)
        return THM_NN_OK;
    size_t axis = (size_t)g.in[0].shape[g.axis], positions = thm_span(&g.in[1], g.batch_dims, g.in[1].rank);
    size_t outer = thm_span(&g.in[0], g.batch_dims, g.axis);
    size_t bytes = thm_span(&g.in[0], g.axis + 1, g.in[0].rank) * thm_type_size(g.out.type);
    uint8_t *out = g.out.data;
    for (size_t i = 0; (i + 1) * positions * bytes <= g.out.bytes; i++) /* dimensions before the axis */
        for (size_t k = 0; k < positions; k++, out += bytes) {
            int32_t at = thm_load_i32((const uint8_t *)g.in[1].data + 4 * (i / outer * positions + k));
            if (at < 0 || (size_t)at >= axis)
                return thm_refuse(n, THM_NN_EINVOKE, "a position is out of range");
            memmove(out, (const uint8_t *)g.in[0].data + (i * axis + (size_t)at) * bytes, bytes);
        }
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* GatherOptions */
    { 0, 4, offsetof(struct options, axis), 0 },
    { 1, 4, offsetof(struct options, batch_dims), 0 },
};

const struct thm_op thm_op_gather = {
    .name = "GATHER",
    .options_type = 23,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(8),
    .prepare = prepare,
    .eval = eval,
};
