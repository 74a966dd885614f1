/* interpreter/ops/space_depth.c -- DEPTH_TO_SPACE and SPACE_TO_DEPTH: float32, int8; [N, H, W, C]. A square block of
 * pixels becomes the channels of one pixel, or the other way round. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

struct options { /* 4 bytes */
    int32_t block;
};

/* Does `deep` have the pixels of `wide`, with blocks of pixels as channels? */
static bool shapes_fit(const struct thm_value *wide, const struct thm_value *deep, int64_t block)
{
    if (wide->rank != 4 || deep->rank != 4 || wide->shape[0] != deep->shape[0] || block <= 0 || block > INT16_MAX)
        return false;
    return deep->shape[1] * block == wide->shape[1] && deep->shape[2] * block == wide->shape[2] &&
           wide->shape[3] * block * block == deep->shape[3];
}

static enum thm_nn_err check(struct thm_node *n, bool to_wide)
{
    const struct options *o = n->options;
    struct thm_value in, out;
    uint32_t unused;
    enum thm_nn_err err = thm_take(n, 1, &in, &out);
    if (err)
        return err;
    if (in.type != out.type || !thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported, input and output alike");
    if (!shapes_fit(to_wide ? &out : &in, to_wide ? &in : &out, o->block))
        return thm_refuse(n, THM_NN_ESHAPE, "block size and the shapes of input and output do not go together");
    /* the reference's copy of the output's shape */
    return thm_node_persistent(n, 4 + 4 * (uint64_t)out.rank, &unused) ? THM_NN_OK : THM_NN_EARENA;
}

/* Dimensions: image, row of blocks, column of blocks, row and column in the block, channel. */
static void run(struct thm_node *n, bool to_wide)
{
    int32_t block = ((const struct options *)n->options)->block;
    struct thm_value in, out;
    size_t s[4], d[4];
    thm_take(n, 1, &in, &out);
    const struct thm_value *wide = to_wide ? &out : &in, *deep = to_wide ? &in : &out;
    thm_steps(wide->shape, 4, s);
    thm_steps(deep->shape, 4, d);
    size_t channels = (size_t)wide->shape[3], side = (size_t)block;
    struct thm_box box = {
        .rank = 6,
        .size = { deep->shape[0], deep->shape[1], deep->shape[2], block, block, wide->shape[3] },
        .from = { s[0], s[1] * side, s[2] * side, s[1], s[2], 1 },
        .to = { d[0], d[1], d[2], side * channels, channels, 1 },
    };
    for (int i = 0; i < 6 && to_wide; i++) {
        size_t other = box.from[i];
        box.from[i] = box.to[i];
        box.to[i] = other;
    }
    thm_box_copy(&box, in.data, out.data, thm_type_size(out.type));
}

static enum thm_nn_err depth_to_space_prepare(struct thm_node *n)
{
    return check(n, true);
}

static enum thm_nn_err depth_to_space_eval(struct thm_node *n)
{
    run(n, true);
    return THM_NN_OK;
}

static enum thm_nn_err space_to_depth_prepare(struct thm_node *n)
{
    return check(n, false);
}

static enum thm_nn_err space_to_depth_eval(struct thm_node *n)
{
    run(n, false);
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* DepthToSpaceOptions, SpaceToDepthOptions */
    { 0, 4, offsetof(struct options, block), 0 },
};

const struct thm_op thm_op_depth_to_space = {
    .name = "DEPTH_TO_SPACE",
    .options_type = 94,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES(4),
    .prepare = depth_to_space_prepare,
    .eval = depth_to_space_eval,
};
const struct thm_op thm_op_space_to_depth = {
    .name = "SPACE_TO_DEPTH",
    .options_type = 19,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES(4),
    .prepare = space_to_depth_prepare,
    .eval = space_to_depth_eval,
};
