/* interpreter/ops/conv_2d.c -- CONV_2D: float32; int8 (int8 or int4 filter); int16 (int8 filter). Groups and dilation.
 */
#include "interpreter/fb.h"
#include "interpreter/ops/conv.h"
#include "interpreter/ops/dot.h"
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"
#include "interpreter/ops/window.h"

#define WINDOW 256 /* bytes of stack for the elements under a small window */

/* The part of the input under one window: `rows` of `runs` of `run` contiguous elements; the distances are elements. */
struct patch {
    int32_t rows, runs, run;
    size_t in, in_row, in_run; /* first element of the input */
    size_t w, w_row, w_run;    /* the same for the filter of output channel 0 */
};

static enum thm_nn_err prepare(struct thm_node *n)
{
    return thm_conv_prepare(n, 0);
}

static struct patch cut_patch(const struct conv *c, int32_t batch, int32_t y, int32_t x)
{
    const struct conv_options *o = c->options;
    const int32_t *in = c->input.shape, *f = c->filter.shape;
    int64_t y0 = (int64_t)y * o->stride_h - c->data->pad_h, x0 = (int64_t)x * o->stride_w - c->data->pad_w;
    struct thm_taps ty = thm_clip_taps(y0, f[1], o->dilation_h, in[1]),
                    tx = thm_clip_taps(x0, f[2], o->dilation_w, in[2]);
    size_t depth = (size_t)f[3], channels = (size_t)in[3], width = (size_t)in[2];
    int64_t row = y0 + (int64_t)ty.from * o->dilation_h, column = x0 + (int64_t)tx.from * o->dilation_w;
    struct patch p = {
        .rows = ty.to - ty.from,
        .runs = tx.to - tx.from,
        .run = f[3],
        .in_row = (size_t)o->dilation_h * width * channels,
        .in_run = (size_t)o->dilation_w * channels,
        .w = ((size_t)ty.from * (size_t)f[2] + (size_t)tx.from) * depth,
        .w_row = (size_t)f[2] * depth,
        .w_run = depth,
    };
    if (p.rows && p.runs)
        p.in = (((size_t)batch * (size_t)in[1] + (size_t)row) * width + (size_t)column) * channels;
    else
        p.rows = 0;
    if (p.in_run == depth) { /* no dilation, no groups: one run a row */
        p.run *= p.runs;
        p.runs = 1;
    }
    return p;
}

static int8_t finish_i8(const struct conv *c, int32_t k, uint32_t sum)
{
    const struct conv_data *d = c->data;
    if (c->has_bias)
        sum += thm_load32((const uint8_t *)c->bias.data + 4 * (size_t)k);
    return (int8_t)thm_add_clamp(thm_scale32((int32_t)sum, c->multiplier[k], c->shift[k]), d->output_zero, d->low,
                                 d->high);
}

/* A small window is copied first, in the filter's order and with the zero point (which adds nothing) where it sticks
 * out: one long product for each channel instead of many short ones. */
static void pixel_i8_small(const struct conv *c, const struct patch *p, int8_t *out)
{
    int8_t window[WINDOW];
    const int32_t *f = c->filter.shape;
    int32_t filter = f[1] * f[2] * f[3];
    const int8_t *in = (const int8_t *)c->input.data + p->in, *w = c->weights;
    memset(window, c->data->input_zero, (size_t)filter);
    for (int32_t r = 0; r < p->rows; r++)
        for (int32_t q = 0; q < p->runs; q++)
            memcpy(window + p->w + (size_t)r * p->w_row + (size_t)q * p->w_run,
                   in + (size_t)r * p->in_row + (size_t)q * p->in_run, (size_t)p->run);
    for (int32_t k = 0; k < c->output.shape[3]; k++, w += filter)
        out[k] = finish_i8(c, k, (uint32_t)thm_dot_i8(window, w, filter, (int16_t)-c->data->input_zero));
}

static void pixel_i8_large(const struct conv *c, const struct patch *p, int8_t *out)
{
    const int32_t *f = c->filter.shape, channels = c->output.shape[3],
                  per_group = channels / (c->input.shape[3] / f[3]);
    size_t filter = (size_t)f[1] * (size_t)f[2] * (size_t)f[3];
    for (int32_t k = 0; k < channels; k++) {
        const int8_t *in = (const int8_t *)c->input.data + p->in + (size_t)(k / per_group) * (size_t)f[3];
        const int8_t *w = (const int8_t *)c->weights + (size_t)k * filter + p->w;
        uint32_t sum = 0;
        for (int32_t r = 0; r < p->rows; r++)
            for (int32_t q = 0; q < p->runs; q++)
                sum += (uint32_t)thm_dot_i8(in + (size_t)r * p->in_row + (size_t)q * p->in_run,
                                            w + (size_t)r * p->w_row + (size_t)q * p->w_run, p->run,
                                            (int16_t)-c->data->input_zero);
        out[k] = finish_i8(c, k, sum);
    }
}

static void pixel_i8(const struct conv *c, const struct patch *p, void *out)
{
    const int32_t *f = c->filter.shape;
    bool one_group = c->input.shape[3] == f[3];
    bool whole = p->rows == 1 && p->runs == 1; /* nothing to gain */
    if (one_group && !whole && (int64_t)f[1] * f[2] <= WINDOW && (int64_t)f[1] * f[2] * f[3] <= WINDOW)
        pixel_i8_small(c, p, out);
    else
        pixel_i8_large(c, p, out);
}

/* With a 64-bit bias the sum has 64 bits and is rounded once; otherwise 32 bits, as for int8. */
static int32_t finish_i16(const struct conv *c, int32_t k, int64_t sum)
{
    const uint8_t *bias = c->has_bias ? c->bias.data : NULL;
    if (bias && c->bias.type == THM_INT64)
        return thm_scale64((int64_t)((uint64_t)sum + (uint64_t)thm_load_i64(bias + 8 * (size_t)k)), c->multiplier[k],
                           c->shift[k]);
    uint32_t narrow = (uint32_t)sum + (bias ? thm_load32(bias + 4 * (size_t)k) : 0);
    return thm_scale32((int32_t)narrow, c->multiplier[k], c->shift[k]);
}

static void pixel_i16(const struct conv *c, const struct patch *p, void *out)
{
    const int32_t *f = c->filter.shape, channels = c->output.shape[3],
                  per_group = channels / (c->input.shape[3] / f[3]);
    size_t filter = (size_t)f[1] * (size_t)f[2] * (size_t)f[3];
    for (int32_t k = 0; k < channels; k++) {
        const int16_t *in = (const int16_t *)c->input.data + p->in + (size_t)(k / per_group) * (size_t)f[3];
        const int8_t *w = (const int8_t *)c->weights + (size_t)k * filter + p->w;
        int64_t sum = 0;
        for (int32_t r = 0; r < p->rows; r++)
            for (int32_t q = 0; q < p->runs; q++)
                sum += thm_dot_i16(in + (size_t)r * p->in_row + (size_t)q * p->in_run,
                                   w + (size_t)r * p->w_row + (size_t)q * p->w_run, p->run);
        ((int16_t *)out)[k] =
            (int16_t)thm_add_clamp(finish_i16(c, k, sum), c->data->output_zero, c->data->low, c->data->high);
    }
}

/* `count` channels of one group. */
static void channels_f32(const struct conv *c, const struct patch *p, int32_t k, int32_t count, float *out)
{
    const int32_t *f = c->filter.shape, per_group = c->output.shape[3] / (c->input.shape[3] / f[3]);
    size_t filter = (size_t)f[1] * (size_t)f[2] * (size_t)f[3];
    const float *in = (const float *)c->input.data + p->in + (size_t)(k / per_group) * (size_t)f[3];
    const float *w = (const float *)c->weights + (size_t)k * filter + p->w;
    float sum[THM_DOTS] = { 0 };
    for (int32_t r = 0; r < p->rows; r++)
        for (int32_t q = 0; q < p->runs; q++)
            thm_dots_f32(c->kernels, sum, count, in + (size_t)r * p->in_row + (size_t)q * p->in_run,
                         w + (size_t)r * p->w_row + (size_t)q * p->w_run, filter, p->run);
    for (int32_t i = 0; i < count; i++) {
        float bias = c->has_bias ? ((const float *)c->bias.data)[k + i] : 0.0f;
        out[k + i] = thm_clampf(sum[i] + bias, c->low_f32, c->high_f32);
    }
}

static void pixel_f32(const struct conv *c, const struct patch *p, void *out)
{
    int32_t channels = c->output.shape[3], most = c->input.shape[3] == c->filter.shape[3] ? THM_DOTS : 1;
    for (int32_t k = 0; k < channels; k += most)
        channels_f32(c, p, k, channels - k < most ? channels - k : most, out);
}

static bool windows(const struct thm_node *n, struct thm_windows_i8 *w)
{
    struct conv c;
    thm_conv_gather(n, &c);
    if (!thm_conv_windows(&c, w) || c.input.shape[3] != c.filter.shape[3])
        return false;
    w->element_step = 1;
    w->channel_step = (size_t)w->filter_h * (size_t)w->filter_w * (size_t)w->channels;
    return true;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct conv c;
    thm_touch_stack();
    if (thm_node_run_packed(n))
        return THM_NN_OK;
    thm_conv_gather(n, &c);
    void (*pixel)(const struct conv *, const struct patch *, void *) = c.input.type == THM_INT8    ? pixel_i8
                                                                       : c.input.type == THM_INT16 ? pixel_i16
                                                                                                   : pixel_f32;
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
                pixel(&c, &p, to);
            }
    return THM_NN_OK;
}

static uint64_t macs(const struct thm_node *n)
{
    struct thm_value filter, output;
    thm_node_input(n, 1, &filter);
    thm_node_output(n, 0, &output);
    return (uint64_t)output.elements * (uint32_t)filter.shape[1] * (uint32_t)filter.shape[2] *
           (uint32_t)filter.shape[3];
}

static const struct thm_option_field fields[] = {
    /* Conv2DOptions */
    { 0, 1, offsetof(struct conv_options, padding), 0 },    { 1, 4, offsetof(struct conv_options, stride_w), 0 },
    { 2, 4, offsetof(struct conv_options, stride_h), 0 },   { 3, 1, offsetof(struct conv_options, activation), 0 },
    { 4, 4, offsetof(struct conv_options, dilation_w), 1 }, { 5, 4, offsetof(struct conv_options, dilation_h), 1 },
};

const struct thm_op thm_op_conv_2d = {
    .name = "CONV_2D",
    .options_type = 1,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES(28),
    .data = THM_BYTES(56),
    .temps = "o0i0i1|i0i1i2o0",
    .prepare = prepare,
    .eval = eval,
    .macs = macs,
    .windows = windows,
};
