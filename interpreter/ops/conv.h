/* interpreter/ops/conv.h -- what CONV_2D and DEPTHWISE_CONV_2D share. Layout: input and output [N, H, W, C];
 * filter [out, H, W, in] or, depthwise, [1, H, W, out]. */
#pragma once
#include "interpreter/op.h"

struct conv_options { /* 28 bytes in every layout */
    int32_t stride_w, stride_h, dilation_w, dilation_h, depth_multiplier;
    uint8_t padding, activation;
};

struct conv_data { /* 56 bytes in every layout */
    int32_t pad_w, pad_h;
    int32_t input_zero, output_zero, low, high;
    uint32_t multipliers, shifts; /* arena offsets: int32 for each output channel */
};

struct conv { /* all a kernel needs, gathered from the arena and the file */
    const struct conv_options *options;
    const struct conv_data *data;
    const struct thm_kernels *kernels;
    const int32_t *multiplier, *shift;
    struct thm_value input, filter, bias, output;
    const void *weights; /* int4: unpacked */
    bool has_bias;
    float low_f32, high_f32;
};

/* channel_dim: filter dimension of the output channels. */
enum thm_nn_err thm_conv_prepare(struct thm_node *n, uint32_t channel_dim);
void thm_conv_gather(const struct thm_node *n, struct conv *c);
/* Fill `channels` int32 multipliers and shifts from the scales; shared with FULLY_CONNECTED.
 * wide: for 64-bit sums. */
enum thm_nn_err thm_channel_factors(struct thm_node *n, const struct thm_quant *in, const struct thm_quant *filter,
                                    const struct thm_quant *out, bool wide, uint32_t channels, int32_t *multiplier,
                                    int32_t *shift);
/* Bias types that go with the input: int32 for int8, int64 (and for CONV_2D int32) for int16, float32. */
enum thm_nn_err thm_check_bias(struct thm_node *n, const struct thm_value *bias, const struct thm_value *input,
                               uint32_t channels, bool int16_takes_int32);
/* Two signed numbers a byte, the low half first. */
void thm_unpack_int4(const uint8_t *packed, uint32_t count, int8_t *out);
