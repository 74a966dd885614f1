/* interpreter/ops/resize.c -- RESIZE_BILINEAR: float32, int8; RESIZE_NEAREST_NEIGHBOR: float32, int8, int16; [N, H, W,
 * C], constant size. Source: reference/resize_bilinear.h, reference/resize_nearest_neighbor.h. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <math.h>
#include <string.h>

struct options { /* 2 bytes */
    uint8_t align_corners, half_pixel;
};

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (err)
        return err;
    if (in[0].rank != 4 || out.rank != 4 || in[1].rank != 1 || in[1].elements != 2)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output have not 4 dimensions, or the size has not 2 numbers");
    if (in[0].type != out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (!in[1].constant || in[1].type != THM_INT32)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the size is not constant int32");
    if (out.shape[0] != in[0].shape[0] || out.shape[1] != thm_index_at(&in[1], 0) ||
        out.shape[2] != thm_index_at(&in[1], 1) || out.shape[3] != in[0].shape[3] || (out.elements && !in[0].elements))
        return thm_refuse(n, THM_NN_ESHAPE, "the output does not have the input's shape with the size asked for");
    return THM_NN_OK;
}

static enum thm_nn_err bilinear_prepare(struct thm_node *n)
{
    const struct options *o = n->options;
    enum thm_nn_err err = prepare(n);
    if (!err && o->align_corners && o->half_pixel)
        err = thm_refuse(n, THM_NN_ESHAPE, "half_pixel_centers and align_corners exclude each other");
    return err;
}

/* Between which two input rows or columns an output row or column lies, and how far from the first one. */
struct between {
    int32_t low, high;
    float part;     /* float32 */
    int64_t part10; /* int8: in 1/1024 */
};

static int32_t within(int64_t at, int32_t size)
{
    return at < 0 ? 0 : at >= size ? size - 1 : (int32_t)at;
}

static struct between between_f32(const struct options *o, int32_t at, int32_t from, int32_t to)
{
    float scale = o->align_corners && to > 1 ? (float)(from - 1) / (float)(to - 1) : (float)from / (float)to;
    float x = o->half_pixel ? ((float)at + 0.5f) * scale - 0.5f : (float)at * scale;
    struct between b = { .low = within((int64_t)floor((double)x), from),
                         .high = within(-(int64_t)floor(-(double)x), from) };
    b.part = x - (float)b.low;
    return b;
}

static struct between between_i8(const struct options *o, int32_t at, int32_t from, int32_t to)
{
    const int64_t one = 1 << 10;
    int64_t scale =
        o->align_corners && to > 1 ? (one * (from - 1) + (to - 1) / 2) / (to - 1) : (one * from + to / 2) / to;
    int64_t x = at * scale + (o->half_pixel ? scale / 2 - one / 2 : 0);
    struct between b = { .low = within(x / one, from), .high = within((x + one - 1) / one, from) };
    b.part10 = x - one * b.low;
    return b;
}

/* One pixel, from the four around it. */
static void mix_f32(const float *const corner[4], const struct between *y, const struct between *x, float *out,
                    int32_t channels)
{
    for (int32_t c = 0; c < channels; c++)
        out[c] = corner[0][c] * (1 - y->part) * (1 - x->part) + corner[2][c] * y->part * (1 - x->part) +
                 corner[1][c] * (1 - y->part) * x->part + corner[3][c] * y->part * x->part;
}

static void mix_i8(const int8_t *const corner[4], const struct between *y, const struct between *x, int8_t *out,
                   int32_t channels)
{
    const int64_t one = 1 << 10, half = 1 << 19;
    for (int32_t c = 0; c < channels; c++) {
        int64_t sum = corner[0][c] * (one - y->part10) * (one - x->part10) +
                      corner[2][c] * y->part10 * (one - x->part10) + corner[1][c] * (one - y->part10) * x->part10 +
                      corner[3][c] * y->part10 * x->part10;
        out[c] = (int8_t)((sum + (sum > 0 ? half : -half)) / (one * one));
    }
}

#define BILINEAR(name, type, find, mix)                                                                           \
    static void name(const struct options *o, const struct thm_value *in, const struct thm_value *out)            \
    {                                                                                                             \
        int32_t height = in->shape[1], width = in->shape[2], channels = in->shape[3];                             \
        const type *image = in->data;                                                                             \
        type *to = out->data;                                                                                     \
        for (int32_t n = 0; n < in->shape[0]; n++, image += thm_span(in, 1, 4))                                   \
            for (int32_t i = 0; i < out->shape[1]; i++) {                                                         \
                struct between y = find(o, i, height, out->shape[1]);                                             \
                const type *low = image + (size_t)y.low * thm_span(in, 2, 4);                                     \
                const type *high = image + (size_t)y.high * thm_span(in, 2, 4);                                   \
                for (int32_t k = 0; k < out->shape[2]; k++, to += channels) {                                     \
                    struct between x = find(o, k, width, out->shape[2]);                                          \
                    size_t left = (size_t)x.low * (size_t)channels, right = (size_t)x.high * (size_t)channels;    \
                    mix((const type *const[4]){ low + left, low + right, high + left, high + right }, &y, &x, to, \
                        channels);                                                                                \
                }                                                                                                 \
            }                                                                                                     \
    }
BILINEAR(bilinear_f32, float, between_f32, mix_f32)
BILINEAR(bilinear_i8, int8_t, between_i8, mix_i8)

static enum thm_nn_err bilinear(struct thm_node *n)
{
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    if (!thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported");
    if (out.elements == 0)
        return THM_NN_OK;
    if (out.type == THM_FLOAT32)
        bilinear_f32(n->options, &in[0], &out);
    else
        bilinear_i8(n->options, &in[0], &out);
    return THM_NN_OK;
}

static size_t nearest_to(const struct options *o, int32_t at, int32_t from, int32_t to)
{
    float scale = o->align_corners && to > 1 ? (float)(from - 1) / (float)(to - 1) : (float)from / (float)to;
    float x = ((float)at + (o->half_pixel ? 0.5f : 0.0f)) * scale;
    return (size_t)within((int64_t)(o->align_corners ? round((double)x) : floor((double)x)), from);
}

static enum thm_nn_err nearest(struct thm_node *n)
{
    const struct options *o = n->options;
    struct thm_value in[2], out;
    thm_take(n, 2, in, &out);
    if (!thm_type_in(out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported");
    size_t pixel = (size_t)out.shape[3] * thm_type_size(out.type), height = (size_t)in[0].shape[1],
           width = (size_t)in[0].shape[2];
    uint8_t *to = out.data;
    for (size_t i = 0; i < (size_t)out.shape[0] && out.elements; i++)
        for (int32_t y = 0; y < out.shape[1]; y++) {
            size_t row = i * height + nearest_to(o, y, in[0].shape[1], out.shape[1]);
            for (int32_t x = 0; x < out.shape[2]; x++, to += pixel)
                memmove(to,
                        (const uint8_t *)in[0].data +
                            (row * width + nearest_to(o, x, in[0].shape[2], out.shape[2])) * pixel,
                        pixel);
        }
    return THM_NN_OK;
}

static const struct thm_option_field bilinear_fields[] = {
    /* ResizeBilinearOptions */
    { 2, 1, offsetof(struct options, align_corners), 0 },
    { 3, 1, offsetof(struct options, half_pixel), 0 },
};
static const struct thm_option_field nearest_fields[] = {
    /* ResizeNearestNeighborOptions */
    { 0, 1, offsetof(struct options, align_corners), 0 },
    { 1, 1, offsetof(struct options, half_pixel), 0 },
};

const struct thm_op thm_op_resize_bilinear = {
    .name = "RESIZE_BILINEAR",
    .options_type = 15,
    .field = bilinear_fields,
    .fields = 2,
    .options = THM_BYTES(2),
    .prepare = bilinear_prepare,
    .eval = bilinear,
};
const struct thm_op thm_op_resize_nearest_neighbor = {
    .name = "RESIZE_NEAREST_NEIGHBOR",
    .options_type = 74,
    .field = nearest_fields,
    .fields = 2,
    .options = THM_BYTES(2),
    .prepare = prepare,
    .eval = nearest,
};
