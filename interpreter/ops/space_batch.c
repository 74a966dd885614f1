/* interpreter/ops/space_batch.c -- BATCH_TO_SPACE_ND and SPACE_TO_BATCH_ND: float32, int8; [N, H, C] or [N, H, W, C].
 * Block sizes and crops (or paddings) may be computed at run time. Padding is zero bytes, not the zero point: the
 * reference never sets the value, so there it is what the arena held. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <string.h>

/* The tensors of both operators: `wide` has large images, `deep` has many; 4 dimensions each. */
struct blocks {
    const struct thm_value *wide, *deep;
    int32_t wide_h, wide_w, deep_h, deep_w;
    int32_t block_h, block_w, top, left;
};

static int32_t width(const struct thm_value *v)
{
    return v->rank == 4 ? v->shape[2] : 1;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[3], out;
    enum thm_nn_err err = thm_take(n, 3, in, &out);
    if (err)
        return err;
    if (in[0].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (in[0].rank < 3 || in[0].rank > 4 || in[0].rank != out.rank ||
        in[0].shape[in[0].rank - 1] != out.shape[out.rank - 1])
        return thm_refuse(n, THM_NN_ESHAPE, "input and output have not 3 or 4 dimensions, or differ in channels");
    if (in[1].type != THM_INT32 || in[2].type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "block sizes, crops or paddings are not int32");
    if (in[1].elements < in[0].rank - 2 || in[2].elements < 2 * (in[0].rank - 2))
        return thm_refuse(n, THM_NN_ESHAPE, "not a block size and two crops or paddings for each dimension");
    return THM_NN_OK;
}

/* false: a block size or a margin is not sensible. */
static bool set_blocks(const struct thm_value in[3], const struct thm_value *wide, const struct thm_value *deep,
                       struct blocks *b)
{
    bool flat = wide->rank == 3;
    *b = (struct blocks){
        .wide = wide,
        .deep = deep,
        .wide_h = wide->shape[1],
        .wide_w = width(wide),
        .deep_h = deep->shape[1],
        .deep_w = width(deep),
        .block_h = (int32_t)thm_index_at(&in[1], 0),
        .top = (int32_t)thm_index_at(&in[2], 0),
        .block_w = flat ? 1 : (int32_t)thm_index_at(&in[1], 1),
        .left = flat ? 0 : (int32_t)thm_index_at(&in[2], 2),
    };
    return b->block_h > 0 && b->block_w > 0 && b->top >= 0 && b->left >= 0;
}

/* Bytes from one pixel to the next, that is, of one. */
static size_t pixel(const struct thm_value *v)
{
    return (size_t)v->shape[v->rank - 1] * thm_type_size(v->type);
}

/* The pixel of the wide tensor that belongs to row y and column x of image `batch` of the deep one. NULL: margin. */
static uint8_t *wide_pixel(const struct blocks *b, int32_t batch, int32_t y, int32_t x)
{
    int32_t images = b->wide->shape[0], shift = batch / images;
    int64_t row = (int64_t)y * b->block_h + shift / b->block_w - b->top;
    int64_t column = (int64_t)x * b->block_w + shift % b->block_w - b->left;
    if (row < 0 || row >= b->wide_h || column < 0 || column >= b->wide_w)
        return NULL;
    size_t at = ((size_t)(batch % images) * (size_t)b->wide_h + (size_t)row) * (size_t)b->wide_w + (size_t)column;
    return (uint8_t *)b->wide->data + at * pixel(b->wide);
}

static void move_pixel(uint8_t *wide, uint8_t *deep, size_t bytes, bool to_wide)
{
    if (wide)
        memmove(to_wide ? wide : deep, to_wide ? deep : wide, bytes);
    else if (!to_wide)
        memset(deep, 0, bytes);
}

static enum thm_nn_err run(struct thm_node *n, const struct thm_value in[3], const struct thm_value *out, bool to_wide)
{
    struct blocks b;
    if (!thm_type_in(out->type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported");
    if (!set_blocks(in, to_wide ? out : &in[0], to_wide ? &in[0] : out, &b))
        return thm_refuse(n, THM_NN_EINVOKE, "a block size is not positive, or a crop or padding is negative");
    if (b.deep->elements == 0)
        return THM_NN_OK;
    if (b.wide->shape[0] == 0)
        return thm_refuse(n, THM_NN_EINVOKE, "a batch of none cannot be divided");
    uint8_t *deep = b.deep->data;
    for (int32_t batch = 0; batch < b.deep->shape[0]; batch++)
        for (int32_t y = 0; y < b.deep_h; y++)
            for (int32_t x = 0; x < b.deep_w; x++, deep += pixel(b.deep))
                move_pixel(wide_pixel(&b, batch, y, x), deep, pixel(b.deep), to_wide);
    return THM_NN_OK;
}

static enum thm_nn_err batch_to_space(struct thm_node *n)
{
    struct thm_value in[3], out;
    thm_take(n, 3, in, &out);
    return run(n, in, &out, true);
}

static enum thm_nn_err space_to_batch(struct thm_node *n)
{
    struct thm_value in[3], out;
    thm_take(n, 3, in, &out);
    return run(n, in, &out, false);
}

const struct thm_op thm_op_batch_to_space_nd = {
    .name = "BATCH_TO_SPACE_ND",
    .temps = "i0o0",
    .prepare = prepare,
    .eval = batch_to_space,
};
const struct thm_op thm_op_space_to_batch_nd = {
    .name = "SPACE_TO_BATCH_ND",
    .data = THM_BYTES(4),
    .temps = "i0o0",
    .prepare = prepare,
    .eval = space_to_batch,
};
