/* interpreter/ops/variant.h -- what a variant of the heavy int8 operators (interpreter/kernels.h) gets to compute. */
#pragma once
#include "interpreter/kernels.h"
#include "interpreter/op.h"
#include "interpreter/ops/conv.h"

/* How int32 sums become int8: see thm_scale32() and thm_add_clamp(). */
struct thm_requant_i8 {
    const uint8_t *bias;               /* little-endian int32, any alignment; NULL = none */
    const int32_t *multiplier, *shift; /* one for each output channel, or one for all */
    bool per_channel;
    int32_t output_zero, low, high;
};

/* Products of every window of the input with every channel of the filter. Layouts: in [batches, in_h, in_w, channels],
 * out [batches, out_h, out_w, out_channels]. Weight of tap (y, x), input channel c and output channel k, where
 * i = (y * filter_w + x) * channels + c: weights[i * element_step + k * channel_step].
 * depthwise: channel k of the filter only meets channel k of the input; weights [filter_h, filter_w, channels]. */
struct thm_windows_i8 {
    bool depthwise;
    const int8_t *in, *weights;
    int8_t *out;
    int32_t input_zero; /* -128..127; what lies outside the picture */
    int32_t batches, in_h, in_w, channels;
    int32_t filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
    int32_t out_h, out_w, out_channels;
    size_t element_step, channel_step;
    struct thm_requant_i8 requant;
};

/* ADD and SUB: (a - zero) * 2^left and the same of b, each scaled, added, scaled; shifts are -31..0. */
struct thm_term_i8 {
    int32_t zero, multiplier, shift;
};

struct thm_add_i8 {
    struct thm_term_i8 a, b, out;
    int32_t left, low, high;
    bool subtract;
};

/* A kernel that keeps weights, bias and factors in an order of its own, laid out once for each model ("packed"). */
struct thm_window_kernel {
    size_t (*bytes)(const struct thm_windows_i8 *w); /* of the packed layer; 0 = not this case */
    /* packed: 64-aligned. w's weights, bias and factors are read here, never by run(). */
    void (*pack)(const struct thm_windows_i8 *w, void *packed);
    bool (*run)(const struct thm_windows_i8 *w, const void *packed); /* false: nothing has been written */
};

/* Each function: false = not this case, nothing has been written; the portable code computes it. NULL = never. */
struct thm_kernels {
    const char *name;
    bool (*runs_here)(void);
    const struct thm_window_kernel *windows[3]; /* the first that takes the layer; NULL after the last */
    bool (*add_i8)(const struct thm_add_i8 *s, const int8_t *a, const int8_t *b, int8_t *out, size_t count);
};

/* Touch as much stack as the portable code of these operators needs: what an emulated task is said to use shall not
 * depend on which variant the PC's CPU can run. */
void thm_touch_stack(void);
const struct thm_kernels *thm_node_kernels(const struct thm_node *n);
/* Compute the node with the kernel that has its weights packed. false: there is none, nothing has been written. */
bool thm_node_run_packed(const struct thm_node *n);
/* c as windows; the steps of the weights are left to the caller. false: not int8 with constant weights. */
bool thm_conv_windows(const struct conv *c, struct thm_windows_i8 *w);
