/* interpreter/ops/pool.c -- AVERAGE_POOL_2D and MAX_POOL_2D: float32, int8, int16; L2_POOL_2D: float32. [N, H, W, C].
 */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"
#include "interpreter/ops/window.h"
#include <math.h>

struct options { /* 40 bytes */
    int32_t stride_w, stride_h, filter_w, filter_h;
    uint8_t padding, activation;
    int32_t pad_w, pad_h; /* computed */
};

struct data { /* 32 bytes; L2_POOL_2D has none */
    int32_t low, high;
};
_Static_assert(sizeof(struct options) <= 40 && sizeof(struct data) <= 32, "blocks of pooling");

struct pool {
    const struct options *options;
    const struct data *data;
    struct thm_value in, out;
    float low, high;
    const struct thm_kernels *kernels;
};

struct patch { /* the window inside the picture */
    int32_t rows, columns;
    size_t first, row; /* elements: of channel 0, and from row to row */
};

static enum thm_nn_err check_shapes(struct thm_node *n, const struct thm_value *in, const struct thm_value *out)
{
    const struct options *o = n->options;
    const int32_t all[] = { o->stride_w, o->stride_h, o->filter_w, o->filter_h };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] < 1 || all[i] > INT16_MAX)
            return thm_refuse(n, THM_NN_ESHAPE, "a stride or filter size is out of range");
    if (in->rank != 4 || out->rank != 4 || in->shape[0] != out->shape[0] || in->shape[3] != out->shape[3])
        return thm_refuse(n, THM_NN_ESHAPE, "input and output need 4 dimensions, the same batches and channels");
    return THM_NN_OK;
}

static enum thm_nn_err check_quant(struct thm_node *n, const struct thm_value *in, const struct thm_value *out)
{
    struct data *d = n->data;
    const struct options *o = n->options;
    struct thm_quant a, b;
    thm_node_quant(n, in, &a);
    thm_node_quant(n, out, &b);
    if (!(fabs((double)a.scale - (double)b.scale) <= 1e-6) || a.zero_point != b.zero_point)
        return thm_refuse(n, THM_NN_EQUANT, "input and output differ in scale or zero point");
    if (!thm_activation_range(o->activation, out->type, &b, &d->low, &d->high))
        return thm_refuse(n, THM_NN_EQUANT, "the activation's limits cannot be represented");
    return THM_NN_OK;
}

static void set_padding(struct options *o, const struct thm_value *in)
{
    o->pad_w = thm_padding(o->padding, in->shape[2], o->filter_w, o->stride_w, 1);
    o->pad_h = thm_padding(o->padding, in->shape[1], o->filter_h, o->stride_h, 1);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (err)
        return err;
    if (in.type != out.type || (in.type != THM_FLOAT32 && in.type != THM_INT8 && in.type != THM_INT16))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported, input and output alike");
    if ((err = check_shapes(n, &in, &out)) != THM_NN_OK)
        return err;
    set_padding(n->options, &in);
    return in.type == THM_FLOAT32 ? THM_NN_OK : check_quant(n, &in, &out);
}

/* The reference overwrites a copy of the output's dimensions with what it computes; here they must be that already. */
static enum thm_nn_err prepare_l2(struct thm_node *n)
{
    struct thm_value in, out;
    const struct options *o = n->options;
    uint32_t unused;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (err)
        return err;
    if (in.type != out.type || in.type != THM_FLOAT32)
        return thm_refuse(n, THM_NN_ETYPE, "only float32 is supported, input and output alike");
    if ((err = check_shapes(n, &in, &out)) != THM_NN_OK)
        return err;
    if (out.shape[1] != thm_window_count(o->padding, in.shape[1], o->filter_h, o->stride_h, 1) ||
        out.shape[2] != thm_window_count(o->padding, in.shape[2], o->filter_w, o->stride_w, 1))
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the output has not one element a window", &out);
    set_padding(n->options, &in);
    return thm_node_persistent(n, 4 + 4 * (uint64_t)out.rank, &unused) ? THM_NN_OK : THM_NN_EARENA;
}

static struct patch cut_patch(const struct pool *p, int32_t batch, int32_t y, int32_t x)
{
    const struct options *o = p->options;
    const int32_t *in = p->in.shape;
    int64_t y0 = (int64_t)y * o->stride_h - o->pad_h, x0 = (int64_t)x * o->stride_w - o->pad_w;
    struct thm_taps ty = thm_clip_taps(y0, o->filter_h, 1, in[1]), tx = thm_clip_taps(x0, o->filter_w, 1, in[2]);
    struct patch patch = { ty.to - ty.from, tx.to - tx.from, 0, (size_t)in[2] * (size_t)in[3] };
    if (patch.rows && patch.columns)
        patch.first =
            (((size_t)batch * (size_t)in[1] + (size_t)(y0 + ty.from)) * (size_t)in[2] + (size_t)(x0 + tx.from)) *
            (size_t)in[3];
    return patch;
}

#define FOLD(name, in_t, sum_t, EXPR)                                                                                  \
    static sum_t name(const void *data, const struct patch *patch, size_t channel, size_t channels, sum_t sum)         \
    {                                                                                                                  \
        for (int32_t r = 0; r < patch->rows; r++)                                                                      \
            for (int32_t c = 0; c < patch->columns; c++) {                                                             \
                in_t v = ((const in_t *)data)[patch->first + (size_t)r * patch->row + (size_t)c * channels + channel]; \
                sum = EXPR;                                                                                            \
            }                                                                                                          \
        return sum;                                                                                                    \
    }
FOLD(sum_i8, int8_t, int32_t, (int32_t)((uint32_t)sum + (uint32_t)v))
FOLD(sum_i16, int16_t, int32_t, (int32_t)((uint32_t)sum + (uint32_t)v))
FOLD(sum_f32, float, float, sum + v)
FOLD(sum_squares, float, float, sum + v * v)
FOLD(max_i8, int8_t, int32_t, v > sum ? v : sum)
FOLD(max_i16, int16_t, int32_t, v > sum ? v : sum)
FOLD(max_f32, float, float, sum < v ? v : sum)

static int32_t mean_of(int32_t sum, int32_t count)
{
    int64_t half = sum > 0 ? count / 2 : -(count / 2);
    return (int32_t)((sum + half) / count);
}

static bool pixel_variant(const struct pool *p, const struct patch *patch, size_t to, bool average)
{
    bool (*f)(const struct thm_patch_i8 *, int8_t *) = average ? p->kernels->average_i8 : p->kernels->max_i8;
    if (!f || p->in.type != THM_INT8 || !thm_usual_limits(THM_INT8, 0, p->data->low, p->data->high))
        return false;
    const struct thm_patch_i8 part = {
        (const int8_t *)p->in.data + patch->first,
        patch->rows,
        patch->columns,
        patch->row,
        (size_t)p->in.shape[3],
        p->data->low,
        p->data->high,
    };
    return f(&part, (int8_t *)p->out.data + to);
}

/* One output position: all channels. */
static void pixel(const struct pool *p, const struct patch *patch, size_t to, bool average)
{
    size_t channels = (size_t)p->in.shape[3];
    const void *in = p->in.data;
    int32_t count = patch->rows * patch->columns;
    if (pixel_variant(p, patch, to, average))
        return;
    for (size_t k = 0; k < channels; k++) {
        if (p->in.type == THM_FLOAT32) {
            float v = average ? sum_f32(in, patch, k, channels, 0) / (float)count
                              : max_f32(in, patch, k, channels, -3.402823466e38f);
            ((float *)p->out.data)[to + k] = thm_clampf(v, p->low, p->high);
        } else if (p->in.type == THM_INT8) {
            int32_t v =
                average ? mean_of(sum_i8(in, patch, k, channels, 0), count) : max_i8(in, patch, k, channels, INT8_MIN);
            ((int8_t *)p->out.data)[to + k] = (int8_t)thm_clamp(v, p->data->low, p->data->high);
        } else {
            int32_t v = average ? mean_of(sum_i16(in, patch, k, channels, 0), count)
                                : max_i16(in, patch, k, channels, INT16_MIN);
            ((int16_t *)p->out.data)[to + k] = (int16_t)thm_clamp(v, p->data->low, p->data->high);
        }
    }
}

static void pixel_average(const struct pool *p, const struct patch *patch, size_t to)
{
    pixel(p, patch, to, true);
}

static void pixel_max(const struct pool *p, const struct patch *patch, size_t to)
{
    pixel(p, patch, to, false);
}

static void pixel_l2(const struct pool *p, const struct patch *patch, size_t to)
{
    size_t channels = (size_t)p->in.shape[3];
    for (size_t k = 0; k < channels; k++) {
        float mean = sum_squares(p->in.data, patch, k, channels, 0) / (float)(patch->rows * patch->columns);
        ((float *)p->out.data)[to + k] = thm_clampf(sqrtf(mean), p->low, p->high);
    }
}

static enum thm_nn_err pool(struct thm_node *n, void (*each)(const struct pool *, const struct patch *, size_t),
                            bool may_be_empty)
{
    struct pool p = { .options = n->options, .data = n->data, .kernels = thm_node_kernels(n) };
    size_t to = 0;
    thm_node_input(n, 0, &p.in);
    thm_node_output(n, 0, &p.out);
    thm_activation_range_f32(p.options->activation, &p.low, &p.high);
    thm_touch_stack();
    if (p.out.elements == 0)
        return THM_NN_OK;
    for (int32_t b = 0; b < p.out.shape[0]; b++)
        for (int32_t y = 0; y < p.out.shape[1]; y++)
            for (int32_t x = 0; x < p.out.shape[2]; x++, to += (size_t)p.out.shape[3]) {
                struct patch patch = cut_patch(&p, b, y, x);
                if (!may_be_empty && (patch.rows == 0 || patch.columns == 0))
                    return thm_refuse(n, THM_NN_EINVOKE, "a pooling window lies outside the input");
                each(&p, &patch, to);
            }
    return THM_NN_OK;
}

static enum thm_nn_err eval_average(struct thm_node *n)
{
    return pool(n, pixel_average, false);
}

static enum thm_nn_err eval_max(struct thm_node *n)
{
    return pool(n, pixel_max, true);
}

static enum thm_nn_err eval_l2(struct thm_node *n)
{
    return pool(n, pixel_l2, false);
}

static const struct thm_option_field fields[] = {
    /* Pool2DOptions */
    { 0, 1, offsetof(struct options, padding), 0 },  { 1, 4, offsetof(struct options, stride_w), 0 },
    { 2, 4, offsetof(struct options, stride_h), 0 }, { 3, 4, offsetof(struct options, filter_w), 0 },
    { 4, 4, offsetof(struct options, filter_h), 0 }, { 5, 1, offsetof(struct options, activation), 0 },
};

#define POOL(label, bytes, checks, function)                                                           \
    {                                                                                                  \
        .name = label, .options_type = 5, .field = fields, .fields = sizeof fields / sizeof fields[0], \
        .options = THM_BYTES(40), .data = THM_BYTES(bytes), .prepare = checks, .eval = function        \
    }

const struct thm_op thm_op_average_pool_2d = POOL("AVERAGE_POOL_2D", 32, prepare, eval_average);
const struct thm_op thm_op_max_pool_2d = POOL("MAX_POOL_2D", 32, prepare, eval_max);
const struct thm_op thm_op_l2_pool_2d = POOL("L2_POOL_2D", 0, prepare_l2, eval_l2);
