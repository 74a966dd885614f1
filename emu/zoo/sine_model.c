/* The trained sine network as a graph, float32 or int8. */
#include <math.h>
#include <string.h>
#include "emu/zoo/sine.h"

#define TWO_PI 6.28318530717958648f

static const struct dense {
    int32_t in, out;
    int weights, bias; /* places in thm_sine.p */
    enum thm_tflite_activation activation;
} layers[] = {
    { 1, THM_SINE_WIDTH, THM_SINE_W1, THM_SINE_B1, THM_TFLITE_RELU },
    { THM_SINE_WIDTH, THM_SINE_WIDTH, THM_SINE_W2, THM_SINE_B2, THM_TFLITE_RELU },
    { THM_SINE_WIDTH, 1, THM_SINE_W3, THM_SINE_B3, THM_TFLITE_NONE },
};

static void quantize_weights(struct thm_graph *g, int32_t tensor, const float *w, int32_t n)
{
    float largest = 0;
    int8_t *raw = thm_graph_alloc(g, (size_t)n);
    for (int32_t i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(w[i]));
    float scale = largest / 127;
    thm_graph_quantize(g, &g->tensors[tensor], scale, 0);
    for (int32_t i = 0; i < n && raw; i++)
        raw[i] = (int8_t)lrintf(w[i] / scale);
    thm_graph_constant(g, tensor)->raw = raw;
}

static void quantize_bias(struct thm_graph *g, int32_t tensor, const float *b, int32_t n, float scale)
{
    int32_t *raw = thm_graph_alloc(g, (size_t)n * sizeof *raw);
    thm_graph_quantize(g, &g->tensors[tensor], scale, 0);
    for (int32_t i = 0; i < n && raw; i++)
        raw[i] = (int32_t)lrintf(b[i] / scale);
    thm_graph_constant(g, tensor)->raw = raw;
}

static void copy_floats(struct thm_graph *g, int32_t tensor, const float *values, int32_t n)
{
    float *raw = thm_graph_alloc(g, (size_t)n * sizeof *raw);
    if (raw)
        memcpy(raw, values, (size_t)n * sizeof *raw);
    thm_graph_constant(g, tensor)->raw = raw;
}

/* Append a layer behind tensor `in`. Result: its output. */
static int32_t add_layer(struct thm_graph *g, const struct thm_sine *net, unsigned number, int32_t in, bool int8)
{
    const struct dense *l = &layers[number];
    const int32_t weight_shape[] = { l->out, l->in }, out_shape[] = { 1, l->out };
    int32_t w, b, out;
    const bool is_last = number + 1 == sizeof layers / sizeof layers[0];
    enum thm_type type = int8 ? THM_INT8 : THM_FLOAT32;
    thm_graph_tensor(g, thm_graph_text(g, "layer_%u/weights", number), type, 2, weight_shape, &w);
    thm_graph_tensor(g, thm_graph_text(g, "layer_%u/bias", number), int8 ? THM_INT32 : type, 1, &l->out, &b);
    thm_graph_tensor(g, is_last ? "output" : thm_graph_text(g, "layer_%u/relu", number), type, 2, out_shape, &out);
    if (int8)
        quantize_weights(g, w, net->p + l->weights, l->in * l->out);
    else
        copy_floats(g, w, net->p + l->weights, l->in * l->out);
    if (!int8)
        copy_floats(g, b, net->p + l->bias, l->out);
    else if (!g->err)
        quantize_bias(g, b, net->p + l->bias, l->out, g->tensors[in].scale[0] * g->tensors[w].scale[0]);
    struct thm_tflite_op *op = thm_graph_op(g, THM_TFLITE_FULLY_CONNECTED, int8 ? 4 : 1, in, out);
    op->inputs = 3;
    op->input[1] = w;
    op->input[2] = b;
    thm_tflite_dense_options(op, l->activation);
    g->macs += (uint64_t)(l->in * l->out);
    return out;
}

static void quantize_output(struct thm_graph *g, const struct thm_sine *net, unsigned number, int32_t out)
{
    float range[2];
    thm_sine_ranges(net, &range[0], &range[1]);
    if (number < 2)
        thm_graph_quantize(g, &g->tensors[out], range[number] / 255, -128);
    else
        thm_graph_quantize(g, &g->tensors[out], 1.06f / 127, 0); /* a sine, and what the network overshoots */
}

enum thm_zoo_err thm_sine_build(bool int8, struct thm_graph **out)
{
    static const int32_t scalar[] = { 1, 1 };
    struct thm_graph *g = thm_graph_create();
    struct thm_sine net;
    *out = NULL;
    if (!g)
        return THM_ZOO_ENOMEM;
    thm_sine_train(&net);
    thm_graph_tensor(g, "input", int8 ? THM_INT8 : THM_FLOAT32, 2, scalar, &g->input);
    if (int8)
        thm_graph_quantize(g, &g->tensors[g->input], TWO_PI / 255, -128);
    g->output = g->input;
    for (unsigned i = 0; i < sizeof layers / sizeof layers[0] && !g->err; i++) {
        g->output = add_layer(g, &net, i, g->output, int8);
        if (int8)
            quantize_output(g, &net, i, g->output);
    }
    enum thm_zoo_err e = g->err;
    if (e)
        thm_graph_destroy(g);
    else
        *out = g;
    return e;
}
