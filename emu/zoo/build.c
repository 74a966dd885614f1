/* From a table of layers to a graph.
 *
 * Weights are random, so their size is chosen such that signals neither die out nor saturate on their way: a
 * layer's weights have the variance that keeps the root mean square of the activations at about 1 (He et al.,
 * "Delving deep into rectifiers", ICCV 2015), and an activation's int8 range covers about four times that. */
#include <math.h>
#include <string.h>
#include "emu/zoo/architecture.h"
#include "emu/zoo/random.h"

#define LEVELS      255.0 /* int8 levels of a range */
#define WEIGHT_RMS  73.3  /* of uniform -127..127 */
#define UNIFORM_RMS 0.577 /* of uniform -1..1 */
#define LOGIT_RMS   3.0   /* makes a soft maximum that is neither flat nor certain */
#define LOGIT_LEVEL 60.0  /* the same in int8 steps, where the logits' scale is given */
#define LEAKY_ALPHA 0.2f

struct signal { /* a tensor computed by an op */
    int32_t tensor;
    double rms; /* expected root mean square, real units */
};

struct builder {
    const struct thm_architecture *a;
    struct thm_graph *g;
    struct signal now; /* output of the last layer */
    uint64_t seed;
    unsigned layer; /* number of the layer, for names */
};

static struct thm_tflite_tensor *tensor_of(struct builder *b, struct signal s)
{
    return &b->g->tensors[s.tensor];
}

static enum thm_type inner_type(const struct builder *b)
{
    return b->a->float_inside ? THM_FLOAT32 : THM_INT8;
}

/* Versions that converters give an op on int8 data; all are 1 on float32 data, and those not listed on any.
 * Source: tensorflow/lite/tools/versioning/op_version.cc. */
static const struct {
    enum thm_tflite_op_code code;
    int32_t version;
} int8_versions[] = {
    { THM_TFLITE_ADD, 2 },        { THM_TFLITE_AVERAGE_POOL_2D, 2 },
    { THM_TFLITE_CONV_2D, 3 },    { THM_TFLITE_DEPTHWISE_CONV_2D, 3 },
    { THM_TFLITE_DEQUANTIZE, 2 }, { THM_TFLITE_FULLY_CONNECTED, 4 },
    { THM_TFLITE_LEAKY_RELU, 2 }, { THM_TFLITE_MAX_POOL_2D, 2 },
    { THM_TFLITE_PAD, 2 },        { THM_TFLITE_SOFTMAX, 2 },
};

static int32_t version_of(const struct builder *b, enum thm_tflite_op_code code)
{
    for (size_t i = 0; !b->a->float_inside && i < sizeof int8_versions / sizeof int8_versions[0]; i++)
        if (int8_versions[i].code == code)
            return int8_versions[i].version;
    return 1;
}

/* Add an op from the last signal to a new one. The caller quantises that. */
static struct thm_tflite_op *add_op(struct builder *b, enum thm_tflite_op_code code, enum thm_type type, uint32_t rank,
                                    const int32_t *shape)
{
    int32_t from = b->now.tensor;
    const char *name = thm_graph_text(b->g, "layer_%u/%s", b->layer, thm_tflite_op_name(code));
    thm_graph_tensor(b->g, name, type, rank, shape, &b->now.tensor);
    return thm_graph_op(b->g, code, version_of(b, code), from, b->now.tensor);
}

static void quantize(struct builder *b, struct signal s, double scale, int32_t zero_point)
{
    if (tensor_of(b, s)->type == THM_INT8)
        thm_graph_quantize(b->g, tensor_of(b, s), (float)scale, zero_point);
}

static void quantize_like(struct builder *b, struct signal s, int32_t other)
{
    struct thm_tflite_tensor *t = tensor_of(b, s);
    const struct thm_tflite_tensor *o = &b->g->tensors[other];
    t->scale = o->scale;
    t->scales = o->scales;
    t->zero_point = o->zero_point;
}

static double scale_of(struct builder *b, int32_t tensor)
{
    const struct thm_tflite_tensor *t = &b->g->tensors[tensor];
    return t->scale ? (double)t->scale[0] : 1;
}

/* What a layer's sums shall look like, and what comes out of it. */
struct target {
    double sum_rms; /* before the activation function */
    double rms;     /* after it */
    double scale;
    int32_t zero_point;
};

static struct target target_of(const struct thm_architecture *a, const struct thm_layer *l)
{
    if (l->is_head && a->out.scale > 0)
        return (struct target){ LOGIT_LEVEL * (double)a->out.scale, LOGIT_LEVEL * (double)a->out.scale,
                                (double)a->out.scale, a->out.zero_point };
    if (l->is_head)
        return (struct target){ LOGIT_RMS, LOGIT_RMS, 8 * LOGIT_RMS / LEVELS, 0 };
    if (l->activation == THM_TFLITE_NONE)
        return (struct target){ 1, 1, 8 / LEVELS, 0 };
    return (struct target){ M_SQRT2, 1, (l->activation == THM_TFLITE_RELU6 ? 6 : 5) / LEVELS, -128 };
}

/* One scale per channel (or one for all), spread a little as those of trained weights are. */
static void quantize_weights(struct builder *b, int32_t weights, int32_t bias, double mean, uint32_t n,
                             int32_t dimension)
{
    float *scale = thm_graph_alloc(b->g, n * sizeof *scale), *bias_scale = thm_graph_alloc(b->g, n * sizeof *scale);
    struct thm_tflite_tensor *w = &b->g->tensors[weights], *t = &b->g->tensors[bias];
    if (!scale || !bias_scale)
        return;
    for (uint32_t i = 0; i < n; i++) {
        double spread = n > 1 ? 1 + 0.25 * (double)thm_draw_float(~b->g->data[weights].seed, i) : 1;
        scale[i] = (float)(mean * spread);
        bias_scale[i] = (float)(scale_of(b, b->now.tensor) * (double)scale[i]);
    }
    w->scale = scale;
    w->scales = t->scales = n;
    w->quantized_dimension = dimension;
    if (!t->scale) /* a shared bias keeps its first scales */
        t->scale = bias_scale;
}

static struct thm_graph_data *add_constant(struct builder *b, const char *what, enum thm_type type, uint32_t rank,
                                           const int32_t *shape, int32_t *index)
{
    const char *name = thm_graph_text(b->g, "layer_%u/%s", b->layer, what);
    thm_graph_tensor(b->g, name, type, rank, shape, index);
    struct thm_graph_data *d = thm_graph_constant(b->g, *index);
    d->seed = thm_draw(b->seed, (uint64_t)(uint32_t)*index);
    d->sparse = b->a->sparse;
    return d;
}

/* Biases of one layer. Where all are zero, layers of one width share a tensor, as converters make it. */
static int32_t add_bias(struct builder *b, int32_t channels, double amplitude)
{
    int32_t index;
    for (uint32_t i = 0; b->a->zero_biases && i < b->g->tensor_count; i++)
        if (b->g->tensors[i].type == THM_INT32 && b->g->tensors[i].shape[0] == channels && !b->g->data[i].raw)
            return (int32_t)i;
    enum thm_type type = b->a->float_inside ? THM_FLOAT32 : THM_INT32;
    add_constant(b, "bias", type, 1, &channels, &index)->amplitude = b->a->zero_biases ? 0 : (float)amplitude;
    return index;
}

/* A layer with weights and biases. fan_in: products in a sum; inside: the part of them that is not padding.
 */
static struct thm_tflite_op *add_weighted(struct builder *b, const struct thm_layer *l, enum thm_tflite_op_code code,
                                          const int32_t weight_shape[4], uint32_t weight_rank, int32_t fan_in,
                                          double inside, const int32_t *shape, uint32_t rank)
{
    struct target t = target_of(b->a, l);
    const bool dense = code == THM_TFLITE_FULLY_CONNECTED;
    const int32_t channels = shape[rank - 1];
    int32_t weights;
    double size = t.sum_rms / (b->now.rms * sqrt(fan_in * inside)) * (b->a->sparse ? M_SQRT2 : 1);
    add_constant(b, "weights", inner_type(b), weight_rank, weight_shape, &weights)->amplitude =
        (float)(size / UNIFORM_RMS);
    int32_t bias = add_bias(b, channels, 0.3 * t.sum_rms);
    if (!b->a->float_inside) /* depthwise weights have their channels last, the others first */
        quantize_weights(b, weights, bias, size / WEIGHT_RMS, dense ? 1 : (uint32_t)channels,
                         code == THM_TFLITE_DEPTHWISE_CONV_2D ? 3 : 0);
    struct thm_tflite_op *op = add_op(b, code, inner_type(b), rank, shape);
    op->inputs = 3;
    op->input[1] = weights;
    op->input[2] = bias;
    quantize(b, b->now, t.scale, t.zero_point);
    b->now.rms = t.rms;
    b->g->macs += (uint64_t)thm_graph_elements(tensor_of(b, b->now)) * (uint64_t)fan_in;
    return op;
}

static int32_t window_count(int32_t size, int32_t kernel, int32_t stride, enum thm_tflite_padding padding)
{
    return padding == THM_TFLITE_SAME ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
}

/* Output shape of a window layer; false if it does not fit. */
static bool slide(struct builder *b, const struct thm_layer *l, int32_t channels, int32_t out[4])
{
    const struct thm_tflite_tensor *in = tensor_of(b, b->now);
    if (in->rank != 4 ||
        (l->padding == THM_TFLITE_VALID && (l->kernel_h > in->shape[1] || l->kernel_w > in->shape[2]))) {
        b->g->err = THM_ZOO_EINVAL;
        return false;
    }
    out[0] = in->shape[0];
    out[1] = window_count(in->shape[1], l->kernel_h, l->stride_h, l->padding);
    out[2] = window_count(in->shape[2], l->kernel_w, l->stride_w, l->padding);
    out[3] = channels;
    return true;
}

/* Part of a window that lies on the input, the mean over all positions along one axis. */
static double part_inside(int32_t size, int32_t kernel, int32_t stride, int32_t out)
{
    int32_t padding = (out - 1) * stride + kernel - size, inside = 0;
    int32_t before = padding > 0 ? padding / 2 : 0;
    for (int32_t i = 0; i < out; i++)
        for (int32_t k = 0; k < kernel; k++)
            inside += i * stride + k >= before && i * stride + k < before + size;
    return (double)inside / (out * kernel);
}

static double window_inside(struct builder *b, const struct thm_layer *l, const int32_t out[4])
{
    const int32_t *in = tensor_of(b, b->now)->shape;
    return part_inside(in[1], l->kernel_h, l->stride_h, out[1]) * part_inside(in[2], l->kernel_w, l->stride_w, out[2]);
}

static void build_conv(struct builder *b, const struct thm_layer *l)
{
    int32_t out[4], in = tensor_of(b, b->now)->shape[3];
    if (!slide(b, l, l->units, out))
        return;
    const int32_t weights[] = { l->units, l->kernel_h, l->kernel_w, in };
    struct thm_tflite_op *op = add_weighted(b, l, THM_TFLITE_CONV_2D, weights, 4, l->kernel_h * l->kernel_w * in,
                                            window_inside(b, l, out), out, 4);
    thm_tflite_conv_options(op, l->padding, (uint32_t)l->stride_h, (uint32_t)l->stride_w, l->activation);
}

static void build_depthwise(struct builder *b, const struct thm_layer *l)
{
    int32_t out[4], channels = tensor_of(b, b->now)->shape[3] * l->units;
    if (!slide(b, l, channels, out))
        return;
    const int32_t weights[] = { 1, l->kernel_h, l->kernel_w, channels };
    struct thm_tflite_op *op = add_weighted(b, l, THM_TFLITE_DEPTHWISE_CONV_2D, weights, 4, l->kernel_h * l->kernel_w,
                                            window_inside(b, l, out), out, 4);
    thm_tflite_depthwise_options(op, l->padding, (uint32_t)l->stride_h, (uint32_t)l->stride_w, (uint32_t)l->units,
                                 l->activation);
}

static void build_dense(struct builder *b, const struct thm_layer *l)
{
    int32_t in = (int32_t)thm_graph_elements(tensor_of(b, b->now));
    const int32_t weights[] = { l->units, in, 0, 0 }, out[] = { 1, l->units };
    thm_tflite_dense_options(add_weighted(b, l, THM_TFLITE_FULLY_CONNECTED, weights, 2, in, 1, out, 2), l->activation);
}

static void build_pool(struct builder *b, const struct thm_layer *l)
{
    int32_t out[4], from = b->now.tensor;
    if (!slide(b, l, tensor_of(b, b->now)->shape[3], out))
        return;
    const bool average = l->kind == THM_LAYER_AVERAGE_POOL;
    thm_tflite_pool_options(
        add_op(b, average ? THM_TFLITE_AVERAGE_POOL_2D : THM_TFLITE_MAX_POOL_2D, inner_type(b), 4, out), l->padding,
        (uint32_t)l->stride_h, (uint32_t)l->stride_w, (uint32_t)l->kernel_h, (uint32_t)l->kernel_w);
    quantize_like(b, b->now, from);
    b->now.rms *= average ? 0.85 : 1.3; /* of rectified values */
}

static void build_reshape(struct builder *b, const struct thm_layer *l)
{
    int32_t from = b->now.tensor, rank = 0, shape;
    while (rank < 4 && l->shape[rank])
        rank++;
    add_constant(b, "shape", THM_INT32, 1, &rank, &shape)->raw = l->shape;
    struct thm_tflite_op *op = add_op(b, THM_TFLITE_RESHAPE, b->g->tensors[from].type, (uint32_t)rank, l->shape);
    op->inputs = 2;
    op->input[1] = shape;
    quantize_like(b, b->now, from);
    if (thm_graph_elements(tensor_of(b, b->now)) != thm_graph_elements(&b->g->tensors[from]))
        b->g->err = THM_ZOO_EINVAL;
}

/* An op whose output has its input's shape. */
static struct thm_tflite_op *add_same_shape(struct builder *b, enum thm_tflite_op_code code, enum thm_type type)
{
    const struct thm_tflite_tensor in = *tensor_of(b, b->now);
    return add_op(b, code, type, in.rank, in.shape);
}

static void build_softmax(struct builder *b, const struct thm_layer *l)
{
    (void)l;
    thm_tflite_softmax_options(add_same_shape(b, THM_TFLITE_SOFTMAX, inner_type(b)), 1);
    quantize(b, b->now, 1.0 / 256, -128); /* fixed for int8 by TensorFlow Lite's quantisation specification */
}

static void build_quantize(struct builder *b, const struct thm_layer *l)
{
    (void)l;
    add_same_shape(b, THM_TFLITE_QUANTIZE, THM_INT8);
    quantize(b, b->now, (double)b->a->in.scale, b->a->in.zero_point);
}

static void build_dequantize(struct builder *b, const struct thm_layer *l)
{
    (void)l;
    add_same_shape(b, THM_TFLITE_DEQUANTIZE, THM_FLOAT32);
}

static void build_leaky_relu(struct builder *b, const struct thm_layer *l)
{
    (void)l;
    thm_tflite_leaky_relu_options(add_same_shape(b, THM_TFLITE_LEAKY_RELU, inner_type(b)), LEAKY_ALPHA);
    quantize(b, b->now, 4.8 / LEVELS, -86); /* -0.8 to 4 */
    b->now.rms *= 0.72;                     /* sqrt((1 + alpha^2) / 2) */
}

/* The table that says "so many channels more"; equal ones are one tensor. */
static int32_t add_paddings(struct builder *b, int32_t more)
{
    static const int32_t shape[] = { 4, 2 };
    int32_t *paddings = thm_graph_alloc(b->g, 8 * sizeof *paddings), table;
    if (!paddings)
        return 0;
    paddings[7] = more;
    for (uint32_t i = 0; i < b->g->tensor_count; i++)
        if (b->g->tensors[i].rank == 2 && b->g->data[i].raw && memcmp(b->g->data[i].raw, paddings, 32) == 0)
            return (int32_t)i;
    add_constant(b, "paddings", THM_INT32, 2, shape, &table)->raw = paddings;
    return table;
}

static struct signal pad_channels(struct builder *b, struct signal s, int32_t channels)
{
    struct thm_tflite_tensor t = *tensor_of(b, s);
    int32_t table = add_paddings(b, channels - t.shape[3]);
    t.shape[3] = channels;
    b->now = s;
    struct thm_tflite_op *op = add_op(b, THM_TFLITE_PAD, t.type, t.rank, t.shape);
    op->inputs = 2;
    op->input[1] = table;
    quantize_like(b, b->now, s.tensor);
    return b->now;
}

static void add_residual(struct builder *b, struct signal shortcut)
{
    struct signal sum = b->now;
    int32_t wide = tensor_of(b, sum)->shape[3], in = tensor_of(b, shortcut)->shape[3];
    if (in < wide)
        shortcut = pad_channels(b, shortcut, wide);
    if (wide < in)
        sum = pad_channels(b, sum, in);
    b->now = shortcut;
    struct thm_tflite_op *op = add_same_shape(b, THM_TFLITE_ADD, inner_type(b));
    op->inputs = 2;
    op->input[1] = sum.tensor;
    b->now.rms = sqrt(shortcut.rms * shortcut.rms + sum.rms * sum.rms);
    quantize(b, b->now, 8 * b->now.rms / LEVELS, 0);
}

/* Widen, filter, narrow: Sandler et al., "MobileNetV2", CVPR 2018. */
static void build_bottleneck(struct builder *b, const struct thm_layer *l)
{
    const struct thm_layer widen = THM_POINTWISE(l->units, RELU6), narrow = THM_POINTWISE(l->narrow, NONE),
                           filter = THM_DEPTHWISE(3, 3, l->stride_h, 1, RELU6);
    struct signal shortcut = b->now;
    build_conv(b, &widen);
    b->layer++;
    build_depthwise(b, &filter);
    b->layer++;
    build_conv(b, &narrow);
    if (l->residual)
        add_residual(b, shortcut);
}

static void (*const build_layer[])(struct builder *, const struct thm_layer *) = {
    [THM_LAYER_CONV] = build_conv,
    [THM_LAYER_DEPTHWISE] = build_depthwise,
    [THM_LAYER_DENSE] = build_dense,
    [THM_LAYER_MAX_POOL] = build_pool,
    [THM_LAYER_AVERAGE_POOL] = build_pool,
    [THM_LAYER_RESHAPE] = build_reshape,
    [THM_LAYER_SOFTMAX] = build_softmax,
    [THM_LAYER_QUANTIZE] = build_quantize,
    [THM_LAYER_DEQUANTIZE] = build_dequantize,
    [THM_LAYER_LEAKY_RELU] = build_leaky_relu,
    [THM_LAYER_BOTTLENECK] = build_bottleneck,
};

static void add_input(struct builder *b)
{
    uint32_t rank = 0;
    while (rank < 4 && b->a->input[rank])
        rank++;
    thm_graph_tensor(b->g, "input", b->a->float_input ? THM_FLOAT32 : THM_INT8, rank, b->a->input, &b->now.tensor);
    quantize(b, b->now, (double)b->a->in.scale, b->a->in.zero_point);
    b->now.rms = (double)b->a->input_rms;
    b->g->input = b->now.tensor;
}

enum thm_zoo_err thm_architecture_build(const struct thm_architecture *a, struct thm_graph **out)
{
    struct builder b = { .a = a, .g = thm_graph_create(), .seed = thm_seed_of(a->name) };
    *out = NULL;
    if (!b.g)
        return THM_ZOO_ENOMEM;
    add_input(&b);
    for (uint32_t i = 0; i < a->layer_count && !b.g->err; i++, b.layer++)
        build_layer[a->layers[i].kind](&b, &a->layers[i]);
    enum thm_zoo_err e = b.g->err;
    tensor_of(&b, b.now)->name = "output";
    b.g->output = b.now.tensor;
    if (e)
        thm_graph_destroy(b.g);
    else
        *out = b.g;
    return e;
}
