/* interpreter/ops/variant.h -- what a variant of the heavy int8 operators (interpreter/kernels.h) gets to compute. */
#pragma once
#include "interpreter/kernels.h"
#include "interpreter/op.h"
#include "interpreter/ops/broadcast.h"
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

struct thm_factor {
    int32_t multiplier, shift;
};

struct thm_term {
    int32_t zero, multiplier, shift;
};

/* ADD and SUB: (a - zero) * 2^left and the same of b, each scaled, added, scaled; shifts are -31..0. */
struct thm_add {
    struct thm_term a, b, out;
    int32_t left, low, high;
    bool subtract;
};

/* MUL: (a - zero_a) * (b - zero_b), scaled; shift -31..30. */
struct thm_mul {
    int32_t zero_a, zero_b;
    struct thm_term out;
    int32_t low, high;
};

/* x - zero, times one factor or the other: LEAKY_RELU, and with two equal ones RELU; shifts -31..30. */
struct thm_rescale {
    struct thm_factor positive, negative;
    int32_t zero, output_zero, low, high;
};

/* A window of pooling, inside the picture: rows * columns pixels, `row` elements from row to row. */
struct thm_patch_i8 {
    const int8_t *in;
    int32_t rows, columns;
    size_t row, channels;
    int32_t low, high;
};

/* A function of x, -128..127, that depends on nothing else but the bytes of ctx. */
typedef int32_t thm_byte_fn(const void *ctx, int32_t x);
#define THM_BYTE_MAP_CTX 32 /* bytes */
struct thm_byte_map {
    thm_byte_fn *f;
    const void *ctx;
    size_t bytes; /* of ctx, at most THM_BYTE_MAP_CTX */
};

/* A kernel that keeps weights, bias and factors in an order of its own, laid out once for each model ("packed"). */
struct thm_window_kernel {
    size_t (*bytes)(const struct thm_windows_i8 *w); /* of the packed layer; 0 = not this case */
    /* packed: 64-aligned. w's weights, bias and factors are read here, never by run(). */
    void (*pack)(const struct thm_windows_i8 *w, void *packed);
    bool (*run)(const struct thm_windows_i8 *w, const void *packed); /* false: nothing has been written */
};

/* NULL = never: the portable code computes it. */
struct thm_kernels {
    const char *name;
    bool (*runs_here)(void);
    const struct thm_window_kernel *windows[3]; /* the first that takes the layer; NULL after the last */
    /* false = not this case, nothing has been written; the portable code computes it. */
    bool (*average_i8)(const struct thm_patch_i8 *p, int8_t *out);
    bool (*max_i8)(const struct thm_patch_i8 *p, int8_t *out);
    /* Only if thm_usual_limits(). ctx: struct thm_add, struct thm_mul. */
    thm_row_fn *add_i8, *add_i16, *mul_i8, *mul_i16;
    void (*rescale_i16)(const struct thm_rescale *r, const int16_t *in, int16_t *out, size_t count);
    void (*quantize_f32)(float scale, int32_t zero, const float *in, int8_t *out, size_t count);
    /* See thm_dots_f32(). Returns how many of the rows it has done, the first ones. */
    int32_t (*dots_f32)(float *sum, int32_t rows, const float *x, const float *w, size_t step, int32_t n);
    /* A table of 256 entries, that of x at index (uint8_t)x. Until the end of its use the caller has it for itself.
     * NULL: it would not pay for so many uses, or another thread has a table; the end is not called then. */
    const int32_t *(*lookup_begin)(const struct thm_byte_map *m, size_t uses);
    void (*lookup_end)(void);
    bool (*look_up)(const int32_t *table, const int8_t *in, int8_t *out, size_t count); /* false: not this case */
    void (*add_up_i8)(int32_t *sums, const int8_t *in, size_t count);                   /* each to its sum */
};

/* Vectors of elements are added in 32 bits and clamped in two steps; other numbers are for the portable code. */
static inline bool thm_usual_limits(enum thm_type type, int32_t zero, int32_t low, int32_t high)
{
    int32_t least = type == THM_INT8 ? INT8_MIN : INT16_MIN, most = type == THM_INT8 ? INT8_MAX : INT16_MAX;
    return low <= high && low >= least && high <= most && zero >= INT16_MIN && zero <= INT16_MAX;
}

/* Touch as much stack as the portable code of these operators needs: what an emulated task is said to use shall not
 * depend on which variant the PC's CPU can run. */
void thm_touch_stack(void);
const struct thm_kernels *thm_node_kernels(const struct thm_node *n);
/* Compute the node with the kernel that has its weights packed. false: there is none, nothing has been written. */
bool thm_node_run_packed(const struct thm_node *n);
/* c as windows; the steps of the weights are left to the caller. false: not int8 with constant weights. */
bool thm_conv_windows(const struct conv *c, struct thm_windows_i8 *w);
