#include "interpreter/kernel_libs/library.h"
#include "interpreter/context.h"
#include "interpreter/ops/conv.h"

static const struct thm_kernel_library reference[] = { { .name = "reference" }, { .name = NULL } };
static const struct thm_kernel_library *const families[] = { reference, thm_cmsis_nn, thm_esp_nn };

const struct thm_kernel_library *thm_kernel_library_at(size_t i)
{
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        for (const struct thm_kernel_library *l = families[f]; l->name; l++)
            if (i-- == 0)
                return l;
    return NULL;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

const struct thm_kernel_library *thm_kernel_library_find(const char *name)
{
    static const char *const defaults[][2] = { { "cmsis-nn", "cmsis-nn:dsp" }, { "esp-nn", "esp-nn:generic_opt" } };
    const struct thm_kernel_library *l;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (same(name, defaults[i][0]))
            name = defaults[i][1];
    for (size_t i = 0; (l = thm_kernel_library_at(i)) && !same(l->name, name);)
        i++;
    return l;
}

const char *thm_kernel_library_name(const struct thm_kernel_library *l)
{
    return l->name;
}

const struct thm_layout *thm_kernel_library_layout(const struct thm_kernel_library *l)
{
    return l->ops ? thm_layout_at(l->layout) : NULL;
}

enum thm_nn_err thm_interpreter_set_library(struct thm_interpreter *it, const struct thm_kernel_library *l)
{
    struct context *c = context_of(it);
    if (c->state != STATE_FRESH || (l->ops && l->layout != it->layout->index))
        return THM_NN_EUSE;
    c->library = l;
    return THM_NN_OK;
}

const struct thm_library_op *thm_library_op_of(const struct thm_node *n)
{
    const struct thm_kernel_library *l = context_of(n->it)->library;
    for (uint32_t i = 0; l && i < l->count; i++)
        if (l->ops[i].op == n->op)
            return &l->ops[i];
    return NULL;
}

const void *thm_library_variant(const struct thm_node *n)
{
    return context_of(n->it)->library->variant;
}

uint32_t thm_library_data_bytes(const struct thm_node *n)
{
    const struct thm_library_op *row = thm_library_op_of(n);
    return row ? row->data : n->op->data.of[n->it->layout->index];
}

enum thm_nn_err thm_library_memory(struct thm_node *n)
{
    const struct thm_library_op *row = thm_library_op_of(n);
    return row && row->memory ? row->memory(n) : THM_NN_OK;
}

bool thm_node_keeps_factors(const struct thm_node *n, enum thm_type input)
{
    const struct thm_library_op *row = thm_library_op_of(n);
    return input != THM_FLOAT32 || !row || !row->no_float_factors;
}

void thm_library_drop_scratch(struct thm_node *n)
{
    struct context *c = context_of(n->it);
    struct node_record *r = thm_node_record_at(c, n->subgraph, n->index);
    c->requests = r->scratch;
    r->scratches = 0;
}

void thm_library_plan_only(struct thm_node *n)
{
    thm_node_record_at(context_of(n->it), n->subgraph, n->index)->plan_only = 1;
}

enum thm_nn_err thm_library_scratch(struct thm_node *n, uint64_t bytes)
{
    return bytes ? thm_node_request_scratch(n, bytes) : THM_NN_OK;
}

enum thm_nn_err thm_library_block(struct thm_node *n, uint64_t bytes)
{
    uint32_t unused;
    return thm_node_persistent(n, bytes, &unused) ? THM_NN_OK : THM_NN_EARENA;
}

/* Shapes have been checked by the reference's prepare. */
struct thm_conv_shape thm_conv_shape_of(const struct thm_node *n)
{
    struct conv c;
    thm_node_input(n, 0, &c.input);
    thm_node_input(n, 1, &c.filter);
    thm_node_output(n, 0, &c.output);
    const struct conv_options *o = n->options;
    const struct conv_data *d = n->data;
    const int32_t *in = c.input.shape, *f = c.filter.shape, *out = c.output.shape;
    return (struct thm_conv_shape){
        .batches = (uint64_t)in[0],
        .ih = (uint64_t)in[1],
        .iw = (uint64_t)in[2],
        .c = (uint64_t)in[3],
        .oh = (uint64_t)out[1],
        .ow = (uint64_t)out[2],
        .oc = (uint64_t)out[3],
        .kh = (uint64_t)f[1],
        .kw = (uint64_t)f[2],
        .filter_c = (uint64_t)f[3],
        .pw = (uint64_t)d->pad_w,
        .ph = (uint64_t)d->pad_h,
        .sw = (uint64_t)o->stride_w,
        .sh = (uint64_t)o->stride_h,
        .dw = (uint64_t)o->dilation_w,
        .dh = (uint64_t)o->dilation_h,
        .multiplier = (uint64_t)o->depth_multiplier,
        .input = c.input.type,
        .filter = c.filter.type,
    };
}
