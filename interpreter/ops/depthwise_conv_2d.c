/* interpreter/ops/depthwise_conv_2d.c -- DEPTHWISE_CONV_2D: float32; int8 (int8 or int4 filter); int16 (int8 filter).
 */
#include "interpreter/fb.h"
#include "interpreter/ops/conv.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"
#include "interpreter/ops/window.h"

#define LANES 16 /* output channels summed side by side */

struct patch {
    struct thm_taps y, x;
    size_t in, in_row, in_tap; /* elements; first input element under the window, distances of rows and taps */
    size_t w, w_row, w_tap;
    int32_t multiplier; /* output channels for each input channel */
};

static enum thm_nn_err prepare(struct thm_node *n)
{
    return thm_conv_prepare(n, 3);
}

static struct patch cut_patch(const struct conv *c, int32_t batch, int32_t y, int32_t x)
{
    const struct conv_options *o = c->options;
    const int32_t *in = c->input.shape, *f = c->filter.shape;
    int64_t y0 = (int64_t)y * o->stride_h - c->data->pad_h, x0 = (int64_t)x * o->stride_w - c->data->pad_w;
    struct patch p = { .y = thm_clip_taps(y0, f[1], o->dilation_h, in[1]),
                       .x = thm_clip_taps(x0, f[2], o->dilation_w, in[2]),
                       .multiplier = o->depth_multiplier };
    size_t channels = (size_t)in[3], width = (size_t)in[2];
    p.in_row = (size_t)o->dilation_h * width * channels;
    p.in_tap = (size_t)o->dilation_w * channels;
    p.w_tap = (size_t)f[3];
    p.w_row = (size_t)f[2] * p.w_tap;
    p.w = (size_t)p.y.from * p.w_row + (size_t)p.x.from * p.w_tap;
    if (p.y.from < p.y.to && p.x.from < p.x.to) {
        size_t row = (size_t)(y0 + (int64_t)p.y.from * o->dilation_h);
        size_t column = (size_t)(x0 + (int64_t)p.x.from * o->dilation_w);
        p.in = (((size_t)batch * (size_t)in[1] + row) * width + column) * channels;
    } else {
        p.y.to = p.y.from;
    }
    return p;
}

/* Add the products of one tap for `lanes` output channels from channel k on. */
#define TAP(name, sum_t, in_t, w_t, PRODUCT)                                                                \
    static inline void name(sum_t *restrict sum, const in_t *restrict in, const w_t *restrict w, int32_t k, \
                            int32_t lanes, int32_t multiplier, int32_t offset)                              \
    {                                                                                                       \
        (void)offset;                                                                                       \
        if (multiplier == 1 && lanes == LANES)                                                              \
            for (int32_t i = 0; i < LANES; i++)                                                             \
                sum[i] += PRODUCT(in[k + i], w[k + i]);                                                     \
        else                                                                                                \
            for (int32_t i = 0; i < lanes; i++)                                                             \
                sum[i] += PRODUCT(in[(k + i) / multiplier], w[k + i]);                                      \
    }
#define PRODUCT_I8(x, f)  (uint32_t)((int16_t)((x) + offset) * (int16_t)(f))
#define PRODUCT_I16(x, f) ((int32_t)(x) * (f))
#define PRODUCT_F32(x, f) ((x) * (f))
TAP(tap_i8, uint32_t, int8_t, int8_t, PRODUCT_I8)
TAP(tap_i16, int64_t, int16_t, int8_t, PRODUCT_I16)
TAP(tap_f32, float, float, float, PRODUCT_F32)

#define SUM(name, sum_t, in_t, w_t, tap)                                                                       \
    static inline void name(const struct conv *c, const struct patch *p, int32_t k, int32_t lanes, sum_t *sum) \
    {                                                                                                          \
        for (int32_t y = 0; y < p->y.to - p->y.from; y++)                                                      \
            for (int32_t x = 0; x < p->x.to - p->x.from; x++)                                                  \
                tap(sum, (const in_t *)c->input.data + p->in + (size_t)y * p->in_row + (size_t)x * p->in_tap,  \
                    (const w_t *)c->weights + p->w + (size_t)y * p->w_row + (size_t)x * p->w_tap, k, lanes,    \
                    p->multiplier, -c->data->input_zero);                                                      \
    }
SUM(sum_i8, uint32_t, int8_t, int8_t, tap_i8)
SUM(sum_i16, int64_t, int16_t, int8_t, tap_i16)
SUM(sum_f32, float, float, float, tap_f32)

static void lanes_i8(const struct conv *c, const struct patch *p, int32_t k, int32_t lanes, void *out)
{
    uint32_t sum[LANES] = { 0 };
    sum_i8(c, p, k, lanes, sum);
    for (int32_t i = 0; i < lanes; i++) {
        uint32_t bias = c->has_bias ? thm_load32((const uint8_t *)c->bias.data + 4 * (size_t)(k + i)) : 0;
        int32_t scaled = thm_scale32((int32_t)(sum[i] + bias), c->multiplier[k + i], c->shift[k + i]);
        ((int8_t *)out)[k + i] = (int8_t)thm_add_clamp(scaled, c->data->output_zero, c->data->low, c->data->high);
    }
}

static void lanes_i16(const struct conv *c, const struct patch *p, int32_t k, int32_t lanes, void *out)
{
    int64_t sum[LANES] = { 0 };
    sum_i16(c, p, k, lanes, sum);
    for (int32_t i = 0; i < lanes; i++) {
        int64_t bias = c->has_bias ? thm_load_i64((const uint8_t *)c->bias.data + 8 * (size_t)(k + i)) : 0;
        int64_t total = (int64_t)((uint64_t)sum[i] + (uint64_t)bias);
        int32_t scaled = thm_scale64(total, c->multiplier[k + i], c->shift[k + i]);
        ((int16_t *)out)[k + i] = (int16_t)thm_add_clamp(scaled, c->data->output_zero, c->data->low, c->data->high);
    }
}

static void lanes_f32(const struct conv *c, const struct patch *p, int32_t k, int32_t lanes, void *out)
{
    float sum[LANES] = { 0 };
    sum_f32(c, p, k, lanes, sum);
    for (int32_t i = 0; i < lanes; i++) {
        float total = sum[i] + (c->has_bias ? ((const float *)c->bias.data)[k + i] : 0.0f);
        ((float *)out)[k + i] = thm_clampf(total, c->low_f32, c->high_f32);
    }
}

/* With one input channel it is a convolution, but for the order of its weights. */
static bool windows(const struct thm_node *n, struct thm_windows_i8 *w)
{
    struct conv c;
    thm_conv_gather(n, &c);
    if (!thm_conv_windows(&c, w) || (w->channels != 1 && w->channels != w->out_channels))
        return false;
    w->depthwise = w->channels != 1;
    w->element_step = (size_t)w->out_channels;
    w->channel_step = 1;
    return true;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct conv c;
    thm_touch_stack();
    if (thm_node_run_packed(n))
        return THM_NN_OK;
    thm_conv_gather(n, &c);
    void (*lanes)(const struct conv *, const struct patch *, int32_t, int32_t, void *) =
        c.input.type == THM_INT8    ? lanes_i8
        : c.input.type == THM_INT16 ? lanes_i16
                                    : lanes_f32;
    const int32_t *out = c.output.shape;
    size_t step = (size_t)out[3] * thm_type_size(c.output.type);
    uint8_t *to = c.output.data;
    if (c.input.type == THM_UINT8)
        return thm_refuse(n, THM_NN_EINVOKE, "uint8 is not supported");
    if (c.output.elements == 0) /* however many rows there may be */
        return THM_NN_OK;
    for (int32_t b = 0; b < out[0]; b++)
        for (int32_t y = 0; y < out[1]; y++)
            for (int32_t x = 0; x < out[2]; x++, to += step) {
                struct patch p = cut_patch(&c, b, y, x);
                for (int32_t k = 0; k < out[3]; k += LANES)
                    lanes(&c, &p, k, out[3] - k < LANES ? out[3] - k : LANES, to);
            }
    return THM_NN_OK;
}

static uint64_t macs(const struct thm_node *n)
{
    struct thm_value filter, output;
    thm_node_input(n, 1, &filter);
    thm_node_output(n, 0, &output);
    return (uint64_t)output.elements * (uint32_t)filter.shape[1] * (uint32_t)filter.shape[2];
}

static const struct thm_option_field fields[] = {
    /* DepthwiseConv2DOptions */
    { 0, 1, offsetof(struct conv_options, padding), 0 },
    { 1, 4, offsetof(struct conv_options, stride_w), 0 },
    { 2, 4, offsetof(struct conv_options, stride_h), 0 },
    { 3, 4, offsetof(struct conv_options, depth_multiplier), 0 },
    { 4, 1, offsetof(struct conv_options, activation), 0 },
    { 5, 4, offsetof(struct conv_options, dilation_w), 1 },
    { 6, 4, offsetof(struct conv_options, dilation_h), 1 },
};

const struct thm_op thm_op_depthwise_conv_2d = {
    .name = "DEPTHWISE_CONV_2D",
    .options_type = 2,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES(28),
    .data = THM_BYTES(56),
    .temps = "o0i0i1|i0i1?i2o0",
    .prepare = prepare,
    .eval = eval,
    .macs = macs,
    .windows = windows,
};
