#include "interpreter/ops/conv.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/variant.h"
#include "interpreter/ops/window.h"

_Static_assert(sizeof(struct conv_options) <= 28, "parsed options of CONV_2D");
_Static_assert(sizeof(struct conv_data) <= 56, "op data of CONV_2D");

void thm_unpack_int4(const uint8_t *packed, uint32_t count, int8_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t nibble = packed[i / 2] >> (i % 2 * 4) & 15;
        out[i] = (int8_t)((int32_t)(nibble ^ 8) - 8);
    }
}

static bool types_fit(enum thm_type in, enum thm_type filter)
{
    return (in == THM_FLOAT32 && filter == THM_FLOAT32) || (in == THM_INT16 && filter == THM_INT8) ||
           (in == THM_INT8 && (filter == THM_INT8 || filter == THM_INT4)) ||
           (in == THM_UINT8 && filter == THM_UINT8); /* refused when it runs, as in the reference */
}

static enum thm_nn_err check_types(struct thm_node *n, const struct conv *c)
{
    if (c->input.type != c->output.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (!types_fit(c->input.type, c->filter.type))
        return thm_refuse(n, THM_NN_ETYPE, "input and filter types do not go together (no hybrid models)");
    return THM_NN_OK;
}

static enum thm_nn_err check_options(struct thm_node *n)
{
    const struct conv_options *o = n->options;
    const int32_t all[] = { o->stride_w, o->stride_h, o->dilation_w, o->dilation_h };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] < 1 || all[i] > INT16_MAX)
            return thm_refuse(n, THM_NN_ESHAPE, "a stride or dilation is out of range");
    return THM_NN_OK;
}

/* Sizes that the kernels index by, so that none of them can leave its tensor. */
static enum thm_nn_err check_shapes(struct thm_node *n, const struct conv *c, uint32_t channel_dim)
{
    const int32_t *in = c->input.shape, *filter = c->filter.shape, *out = c->output.shape;
    if (c->input.rank != 4 || c->filter.rank != 4 || c->output.rank != 4)
        return thm_refuse(n, THM_NN_ESHAPE, "input, filter and output must have 4 dimensions");
    if (in[0] != out[0] || filter[channel_dim] != out[3] || filter[1] < 1 || filter[2] < 1)
        return thm_refuse(n, THM_NN_ESHAPE, "batches or output channels do not match the filter");
    if (channel_dim == 3) {
        const struct conv_options *o = n->options;
        bool fits = filter[0] == 1 && o->depth_multiplier >= 0 && (int64_t)in[3] * o->depth_multiplier == out[3];
        return fits ? THM_NN_OK
                    : thm_refuse(n, THM_NN_ESHAPE, "output channels are not the input's times the multiplier");
    }
    if (filter[3] < 1 || in[3] < filter[3] || in[3] % filter[3] || out[3] % (in[3] / filter[3]))
        return thm_refuse(n, THM_NN_ESHAPE, "input channels are not a multiple of the filter's");
    return THM_NN_OK;
}

enum thm_nn_err thm_check_bias(struct thm_node *n, const struct thm_value *bias, const struct thm_value *input,
                               uint32_t channels, bool int16_takes_int32)
{
    bool fits = input->type == THM_FLOAT32 ? bias->type == THM_FLOAT32
                : input->type == THM_INT8 || input->type == THM_UINT8
                    ? bias->type == THM_INT32
                    : bias->type == THM_INT64 || (int16_takes_int32 && bias->type == THM_INT32);
    if (!fits)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "the bias has the wrong type for this input", bias);
    if (bias->elements < channels)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the bias has fewer elements than there are output channels", bias);
    return THM_NN_OK;
}

enum thm_nn_err thm_channel_factors(struct thm_node *n, const struct thm_quant *in, const struct thm_quant *filter,
                                    const struct thm_quant *out, bool wide, uint32_t channels, int32_t *multiplier,
                                    int32_t *shift)
{
    int32_t most = wide ? 14 : 30; /* what thm_scale64() or thm_scale32() can do */
    for (uint32_t i = 0; i < channels; i++) {
        double scale = filter->scales[filter->channels > 1 ? i : 0];
        double factor = (double)in->scale * scale / (double)out->scale;
        if (!thm_quantize_factor(factor, &multiplier[i], &shift[i]) || shift[i] > most) /* below 0 is let through */
            return thm_refuse(n, THM_NN_EQUANT, "a scale of input, filter or output is out of range");
    }
    return THM_NN_OK;
}

static enum thm_nn_err check_channels(struct thm_node *n, const struct conv *c, const struct thm_quant *filter,
                                      uint32_t channels)
{
    if (filter->channels == 1)
        return THM_NN_OK;
    if (filter->channels != channels)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the filter needs one scale, or one a channel", &c->filter);
    if (filter->dimension < 0 || filter->dimension > 3 || c->filter.shape[filter->dimension] != (int32_t)channels)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the filter is not quantised along its output channels", &c->filter);
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct conv *c, uint32_t channels)
{
    struct conv_data *d = n->data;
    const struct conv_options *o = n->options;
    struct thm_quant in, filter, out;
    thm_node_quant(n, &c->input, &in);
    thm_node_quant(n, &c->filter, &filter);
    thm_node_quant(n, &c->output, &out);
    if (!in.affine || !filter.affine)
        return thm_refuse(n, THM_NN_EQUANT, "input or filter is not quantised");
    enum thm_nn_err err = check_channels(n, c, &filter, channels);
    if (!err)
        err = thm_channel_factors(n, &in, &filter, &out, c->input.type == THM_INT16, channels,
                                  thm_node_at(n, d->multipliers), thm_node_at(n, d->shifts));
    if (!err && !thm_activation_range(o->activation, c->output.type, &out, &d->low, &d->high))
        err = thm_refuse(n, THM_NN_EQUANT, "the activation's limits cannot be represented");
    d->input_zero = in.zero_point;
    d->output_zero = out.zero_point;
    return err;
}

static enum thm_nn_err check_zero_points(struct thm_node *n, const struct conv *c)
{
    const struct conv_data *d = n->data;
    int32_t low = thm_type_min(c->input.type), high = thm_type_max(c->input.type);
    if (d->input_zero < low || d->input_zero > high || d->output_zero < low || d->output_zero > high)
        return thm_refuse(n, THM_NN_EQUANT, "a zero point is outside the type's range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare_kind(struct thm_node *n, struct conv *c, uint32_t channels)
{
    enum thm_nn_err err = THM_NN_OK;
    if (c->input.type != THM_FLOAT32) {
        err = quantise(n, c, channels);
        if (!err)
            err = check_zero_points(n, c);
    }
    if (!err && c->filter.type == THM_INT4)
        err = thm_node_request_scratch(n, c->filter.elements);
    return err;
}

enum thm_nn_err thm_conv_prepare(struct thm_node *n, uint32_t channel_dim)
{
    struct conv c;
    struct conv_data *d = n->data;
    const struct conv_options *o = n->options;
    if (n->inputs < 2 || n->inputs > 3 || n->outputs != 1 || !thm_node_input(n, 0, &c.input) ||
        !thm_node_input(n, 1, &c.filter) || !thm_node_output(n, 0, &c.output))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, filter, optional bias and one output");
    enum thm_nn_err err = check_types(n, &c);
    if (!err)
        err = check_options(n);
    if (!err)
        err = check_shapes(n, &c, channel_dim);
    if (err)
        return err;
    uint32_t channels = (uint32_t)c.filter.shape[channel_dim];
    if (thm_node_keeps_factors(n, c.input.type) && (!thm_node_persistent(n, 4 * (uint64_t)channels, &d->multipliers) ||
                                                    !thm_node_persistent(n, 4 * (uint64_t)channels, &d->shifts)))
        return THM_NN_EARENA;
    d->pad_w = thm_padding(o->padding, c.input.shape[2], c.filter.shape[2], o->stride_w, o->dilation_w);
    d->pad_h = thm_padding(o->padding, c.input.shape[1], c.filter.shape[1], o->stride_h, o->dilation_h);
    if (thm_node_input(n, 2, &c.bias))
        err = thm_check_bias(n, &c.bias, &c.input, channels, channel_dim == 0);
    return err ? err : prepare_kind(n, &c, channels);
}

void thm_conv_gather(const struct thm_node *n, struct conv *c)
{
    c->options = n->options;
    c->data = n->data;
    c->kernels = thm_node_kernels(n);
    c->multiplier = thm_node_at(n, c->data->multipliers);
    c->shift = thm_node_at(n, c->data->shifts);
    thm_node_input(n, 0, &c->input);
    thm_node_input(n, 1, &c->filter);
    thm_node_output(n, 0, &c->output);
    c->has_bias = thm_node_input(n, 2, &c->bias);
    c->weights = c->filter.data;
    thm_activation_range_f32(c->options->activation, &c->low_f32, &c->high_f32);
    if (c->filter.type == THM_INT4) {
        int8_t *unpacked = thm_node_scratch(n, 0);
        thm_unpack_int4(c->filter.data, c->filter.elements, unpacked);
        c->weights = unpacked;
    }
}

bool thm_conv_windows(const struct conv *c, struct thm_windows_i8 *w)
{
    const struct conv_options *o = c->options;
    const struct conv_data *d = c->data;
    const int32_t *in = c->input.shape, *out = c->output.shape;
    if (c->input.type != THM_INT8 || c->filter.type != THM_INT8 || !c->filter.constant ||
        (c->has_bias && !c->bias.constant) || c->output.elements == 0)
        return false;
    *w = (struct thm_windows_i8){
        .weights = c->weights,
        .input_zero = d->input_zero,
        .batches = in[0],
        .in_h = in[1],
        .in_w = in[2],
        .channels = in[3],
        .filter_h = c->filter.shape[1],
        .filter_w = c->filter.shape[2],
        .stride_h = o->stride_h,
        .stride_w = o->stride_w,
        .dilation_h = o->dilation_h,
        .dilation_w = o->dilation_w,
        .pad_h = d->pad_h,
        .pad_w = d->pad_w,
        .out_h = out[1],
        .out_w = out[2],
        .out_channels = out[3],
        .requant = { .bias = c->has_bias ? c->bias.data : NULL,
                     .multiplier = c->multiplier,
                     .shift = c->shift,
                     .per_channel = true,
                     .output_zero = d->output_zero,
                     .low = d->low,
                     .high = d->high },
    };
    return true;
}
