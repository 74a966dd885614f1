/* interpreter/packed.c -- weights as kernels of the PC's CPU want them: one block of memory for a whole model.
 *
 * struct thm_packed, one uint32_t for each operator of each subgraph (where its layer is, in units of 64 bytes; 0 =
 * none), then for each layer that a kernel takes: struct layer and what the kernel has packed. */
#include "interpreter/context.h"
#include "interpreter/kernels.h"
#include "interpreter/ops/variant.h"

#define UNIT 64u

struct thm_packed {
    const struct thm_kernels *kernels;
    const uint8_t *model; /* the file it was made from; lent */
    uint32_t model_bytes;
    uint32_t layers[];
};

struct layer {
    const struct thm_window_kernel *kernel;
    struct thm_windows_i8 windows; /* in and out are set when it runs */
};

static size_t round_up(size_t n)
{
    return (n + UNIT - 1) / UNIT * UNIT;
}

static const void *packed_of(const struct layer *l)
{
    return (const uint8_t *)l + round_up(sizeof *l);
}

/* Position of an operator among those of all subgraphs. */
static uint32_t position(const struct thm_model *m, uint32_t subgraph, uint32_t op)
{
    for (uint32_t s = 0; s < subgraph; s++)
        op += thm_model_ops(m, s);
    return op;
}

/* The kernel for a node, NULL: none. *bytes is what it packs. */
static const struct thm_window_kernel *choose(const struct thm_node *n, struct thm_windows_i8 *w, size_t *bytes)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    if (!n->op->windows || !n->op->windows(n, w))
        return NULL;
    for (size_t i = 0; i < sizeof k->windows / sizeof k->windows[0] && k->windows[i]; i++)
        if ((*bytes = k->windows[i]->bytes(w)) > 0)
            return k->windows[i];
    return NULL;
}

/* Bytes of the node's layer, which is written at `to` unless that is NULL. */
static size_t pack_node(const struct thm_node *n, uint8_t *to)
{
    struct layer l;
    size_t bytes = 0;
    l.kernel = choose(n, &l.windows, &bytes);
    if (l.kernel && to) {
        *(struct layer *)(void *)to = l;
        l.kernel->pack(&l.windows, to + round_up(sizeof l));
    }
    return l.kernel ? round_up(sizeof l) + round_up(bytes) : 0;
}

/* Bytes of all layers and what stands before them. */
static size_t pack_all(struct thm_interpreter *it, struct thm_packed *p)
{
    uint32_t ops = position(it->model, it->model->subgraphs, 0);
    size_t at = round_up(sizeof *p + ops * sizeof p->layers[0]), start = at;
    for (uint32_t s = 0, i = 0; s < it->model->subgraphs; s++)
        for (uint32_t op = 0; op < thm_model_ops(it->model, s); op++, i++) {
            struct thm_node n;
            struct thm_nn_diag unused;
            thm_node_open(it, s, op, &unused, &n);
            size_t bytes = pack_node(&n, p ? (uint8_t *)p + at : NULL);
            if (p)
                p->layers[i] = bytes ? (uint32_t)(at / UNIT) : 0;
            at += bytes;
        }
    return at == start || at / UNIT > UINT32_MAX ? 0 : at;
}

size_t thm_packed_bytes(struct thm_interpreter *it)
{
    return context_of(it)->state == STATE_ALLOCATED && context_of(it)->kernels->windows[0] ? pack_all(it, NULL) : 0;
}

void thm_pack(struct thm_interpreter *it, void *packed)
{
    struct thm_packed *p = packed;
    p->kernels = context_of(it)->kernels;
    p->model = it->model->data;
    p->model_bytes = it->model->size;
    pack_all(it, p);
    context_of(it)->packed = p;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, uint32_t n)
{
    return a == b || __builtin_memcmp(a, b, n) == 0;
}

bool thm_interpreter_use_packed(struct thm_interpreter *it, const void *packed)
{
    struct context *c = context_of(it);
    const struct thm_packed *p = packed;
    bool fits = p && p->kernels == c->kernels && p->model_bytes == it->model->size &&
                same_bytes(p->model, it->model->data, p->model_bytes);
    c->packed = fits ? p : NULL;
    return fits || !packed;
}

/* Not inlined: its locals shall not lie under the portable kernels' on a small stack. */
__attribute__((noinline)) static bool run_layer(const struct thm_node *n, const struct layer *l)
{
    struct thm_windows_i8 w = l->windows;
    struct thm_value v;
    thm_node_input(n, 0, &v);
    w.in = v.data;
    thm_node_output(n, 0, &v);
    w.out = v.data;
    return l->kernel->run(&w, packed_of(l));
}

bool thm_node_run_packed(const struct thm_node *n)
{
    const struct thm_packed *p = context_of(n->it)->packed;
    uint32_t at = p ? p->layers[position(n->it->model, n->subgraph, n->index)] : 0;
    return at && run_layer(n, (const struct layer *)(const void *)((const uint8_t *)p + (size_t)at * UNIT));
}
