/* emu/zoo/architecture.h -- a network as a table of layers; thm_architecture_build() makes the graph. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/zoo/graph.h"

enum thm_layer_kind {
    THM_LAYER_CONV,
    THM_LAYER_DEPTHWISE,
    THM_LAYER_DENSE,
    THM_LAYER_MAX_POOL,
    THM_LAYER_AVERAGE_POOL,
    THM_LAYER_RESHAPE,
    THM_LAYER_SOFTMAX,
    THM_LAYER_QUANTIZE,
    THM_LAYER_DEQUANTIZE,
    THM_LAYER_LEAKY_RELU,
    THM_LAYER_BOTTLENECK,
};

struct thm_layer {
    enum thm_layer_kind kind;
    int32_t kernel_h, kernel_w, stride_h, stride_w;
    enum thm_tflite_padding padding;
    enum thm_tflite_activation activation;
    int32_t units;    /* output channels; of a depthwise layer: channels made of each input channel;
                         of a bottleneck: channels inside */
    int32_t narrow;   /* of a bottleneck: output channels of its last convolution */
    bool residual;    /* of a bottleneck: add its input; the narrower of the two is padded with zeros */
    bool is_head;     /* its outputs are the answer's logits */
    int32_t shape[4]; /* of a reshape; 0 ends it */
};

/* Shorthands for the tables. */
/* clang-format off */
#define THM_CONV(kh, kw, sh, sw, pad, n, act)                                                          \
    { .kind = THM_LAYER_CONV, .kernel_h = kh, .kernel_w = kw, .stride_h = sh, .stride_w = sw,          \
      .padding = THM_TFLITE_##pad, .units = n, .activation = THM_TFLITE_##act }
#define THM_POINTWISE(n, act) THM_CONV(1, 1, 1, 1, SAME, n, act)
#define THM_CONV_HEAD(n)                                                                               \
    { .kind = THM_LAYER_CONV, .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .units = n,  \
      .is_head = true }
#define THM_DEPTHWISE(kh, kw, s, m, act)                                                               \
    { .kind = THM_LAYER_DEPTHWISE, .kernel_h = kh, .kernel_w = kw, .stride_h = s, .stride_w = s,       \
      .units = m, .activation = THM_TFLITE_##act }
#define THM_BOTTLENECK(inside, s, n, add)                                                              \
    { .kind = THM_LAYER_BOTTLENECK, .stride_h = s, .units = inside, .narrow = n, .residual = add }
#define THM_DENSE(n, act) { .kind = THM_LAYER_DENSE, .units = n, .activation = THM_TFLITE_##act }
#define THM_DENSE_HEAD(n) { .kind = THM_LAYER_DENSE, .units = n, .is_head = true }
#define THM_POOL(which, kh, kw, sh, sw, pad)                                                           \
    { .kind = THM_LAYER_##which##_POOL, .kernel_h = kh, .kernel_w = kw, .stride_h = sh,                \
      .stride_w = sw, .padding = THM_TFLITE_##pad }
#define THM_RESHAPE(...)  { .kind = THM_LAYER_RESHAPE, .shape = { __VA_ARGS__ } }
#define THM_SOFTMAX()     { .kind = THM_LAYER_SOFTMAX }
#define THM_QUANTIZE()    { .kind = THM_LAYER_QUANTIZE }
#define THM_DEQUANTIZE()  { .kind = THM_LAYER_DEQUANTIZE }
#define THM_LEAKY_RELU()  { .kind = THM_LAYER_LEAKY_RELU }
/* clang-format on */

struct thm_quantization {
    float scale;
    int32_t zero_point;
};

struct thm_architecture {
    const char *name;
    const char *title;           /* what it is, a few words */
    uint32_t file_bytes;         /* published size of the .tflite */
    int32_t input[4];            /* shape; 0 ends it */
    bool float_input;            /* float32 instead of int8 */
    bool float_inside;           /* no quantisation at all */
    bool sparse;                 /* half of the weights are zero (pruned) */
    bool zero_biases;            /* all biases are zero, and those of one length one tensor */
    float input_rms;             /* root mean square of the inputs it is made for, in real units */
    struct thm_quantization in;  /* of the int8 input, or of the QUANTIZE layer's output */
    struct thm_quantization out; /* of the logits; scale 0: chosen */
    const struct thm_layer *layers;
    uint32_t layer_count;
};

extern const struct thm_architecture thm_architectures[]; /* in the order of the published table */
extern const uint32_t thm_architecture_count;

/* Out:    *out, given back with thm_graph_destroy(); NULL on error.
 * Errors: THM_ZOO_EINVAL  a layer does not fit its input
 *         THM_ZOO_ENOMEM */
enum thm_zoo_err thm_architecture_build(const struct thm_architecture *a, struct thm_graph **out);
