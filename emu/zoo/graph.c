#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/zoo/graph.h"
#include "emu/zoo/random.h"

struct thm_graph_block {
    struct thm_graph_block *next;
    max_align_t data[];
};

struct thm_graph *thm_graph_create(void)
{
    return calloc(1, sizeof(struct thm_graph));
}

void thm_graph_destroy(struct thm_graph *g)
{
    while (g && g->blocks) {
        struct thm_graph_block *next = g->blocks->next;
        free(g->blocks);
        g->blocks = next;
    }
    free(g);
}

void *thm_graph_alloc(struct thm_graph *g, size_t bytes)
{
    struct thm_graph_block *b = calloc(1, sizeof *b + bytes);
    if (!b) {
        g->err = THM_ZOO_ENOMEM;
        return NULL;
    }
    b->next = g->blocks;
    g->blocks = b;
    return b->data;
}

const char *thm_graph_text(struct thm_graph *g, const char *fmt, ...)
{
    char text[80];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    char *copy = thm_graph_alloc(g, strlen(text) + 1);
    return copy ? strcpy(copy, text) : "";
}

uint32_t thm_graph_elements(const struct thm_tflite_tensor *t)
{
    uint32_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        n *= (uint32_t)t->shape[i];
    return n;
}

struct thm_tflite_tensor *thm_graph_tensor(struct thm_graph *g, const char *name, enum thm_type type, uint32_t rank,
                                           const int32_t *shape, int32_t *index)
{
    uint32_t at = g->tensor_count;
    if (at == THM_GRAPH_TENSORS_MAX) {
        g->err = THM_ZOO_EINVAL;
        at--;
    } else {
        g->tensor_count++;
    }
    g->tensors[at] = (struct thm_tflite_tensor){ .name = name, .type = type, .rank = rank };
    memcpy(g->tensors[at].shape, shape, rank * sizeof *shape);
    if (index)
        *index = (int32_t)at;
    return &g->tensors[at];
}

void thm_graph_quantize(struct thm_graph *g, struct thm_tflite_tensor *t, float scale, int64_t zero_point)
{
    float *own = thm_graph_alloc(g, sizeof *own);
    if (!own)
        return;
    *own = scale;
    t->scale = own;
    t->scales = 1;
    t->zero_point = zero_point;
}

struct thm_graph_data *thm_graph_constant(struct thm_graph *g, int32_t tensor)
{
    struct thm_tflite_tensor *t = &g->tensors[tensor];
    t->data_bytes = thm_graph_elements(t) * (t->type == THM_INT8 ? 1 : 4);
    return &g->data[tensor];
}

struct thm_tflite_op *thm_graph_op(struct thm_graph *g, enum thm_tflite_op_code code, int32_t version, int32_t input,
                                   int32_t output)
{
    uint32_t at = g->op_count;
    if (at == THM_GRAPH_OPS_MAX) {
        g->err = THM_ZOO_EINVAL;
        at--;
    } else {
        g->op_count++;
    }
    g->ops[at] = (struct thm_tflite_op){
        .code = code,
        .version = version,
        .inputs = 1,
        .input = { input },
        .output = output,
    };
    return &g->ops[at];
}

/* Eight weights from one draw; -128 is left out, so that the range is symmetric as TensorFlow Lite asks. */
static void draw_int8(const struct thm_graph_data *d, uint32_t offset, uint8_t *to, uint32_t len)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = offset + i;
        if (i == 0 || at % 8 == 0)
            bits = thm_draw(d->seed, at / 8) >> 8 * (at % 8);
        uint8_t w = (uint8_t)bits;
        to[i] = w == 0x80 || (d->sparse && w & 1) ? 0 : w;
        bits >>= 8;
    }
}

static void draw_words(const struct thm_tflite_tensor *t, const struct thm_graph_data *d, uint32_t offset, uint8_t *to,
                       uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 4) {
        uint32_t at = (offset + i) / 4;
        float real = d->amplitude * thm_draw_float(d->seed, at);
        int32_t level = t->type == THM_INT32 ? (int32_t)lrintf(real / t->scale[t->scales > 1 ? at : 0]) : 0;
        memcpy(to + i, t->type == THM_INT32 ? (const void *)&level : (const void *)&real, 4);
    }
}

static void fill(void *context, uint32_t tensor, uint32_t offset, uint8_t *to, uint32_t len)
{
    const struct thm_graph *g = context;
    const struct thm_graph_data *d = &g->data[tensor];
    if (d->raw)
        memcpy(to, (const uint8_t *)d->raw + offset, len);
    else if (g->tensors[tensor].type == THM_INT8)
        draw_int8(d, offset, to, len);
    else
        draw_words(&g->tensors[tensor], d, offset, to, len);
}

struct thm_tflite_model thm_graph_model(struct thm_graph *g, const char *description)
{
    return (struct thm_tflite_model){
        .description = description,
        .tensors = g->tensors,
        .tensor_count = g->tensor_count,
        .ops = g->ops,
        .op_count = g->op_count,
        .input = g->input,
        .output = g->output,
        .data = fill,
        .context = g,
    };
}
