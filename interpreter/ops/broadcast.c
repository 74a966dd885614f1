#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/variant.h"

bool thm_spreads_to(const struct thm_value *in, const struct thm_value *out)
{
    for (uint32_t i = 0; i < THM_MAX_RANK; i++) {
        int32_t from = thm_dim(in, THM_MAX_RANK, i);
        if (from != 1 && from != thm_dim(out, THM_MAX_RANK, i))
            return false;
    }
    return true;
}

void thm_binary_gather(const struct thm_node *n, struct thm_binary *v)
{
    thm_node_input(n, 0, &v->a);
    thm_node_input(n, 1, &v->b);
    thm_node_output(n, 0, &v->out);
}

enum thm_nn_err thm_binary_shapes(struct thm_node *n, struct thm_binary *v)
{
    if (n->inputs != 2 || n->outputs != 1 || !thm_node_input(n, 0, &v->a) || !thm_node_input(n, 1, &v->b) ||
        !thm_node_output(n, 0, &v->out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes two inputs and one output");
    bool alike = thm_same_shape(&v->a, &v->b) && v->a.elements == v->out.elements;
    if (!alike && (!thm_spreads_to(&v->a, &v->out) || !thm_spreads_to(&v->b, &v->out)))
        return thm_refuse(n, THM_NN_ESHAPE, "the inputs' shapes do not go together with the output's");
    return THM_NN_OK;
}

enum thm_nn_err thm_binary_prepare(struct thm_node *n, struct thm_binary *v)
{
    enum thm_nn_err err = thm_binary_shapes(n, v);
    if (!err && v->a.type != v->b.type)
        return thm_refuse(n, THM_NN_ETYPE, "the inputs differ in type");
    return err;
}

enum thm_nn_err thm_binary_prepare_alike(struct thm_node *n, struct thm_binary *v)
{
    enum thm_nn_err err = thm_binary_prepare(n, v);
    if (!err && v->a.type != v->out.type)
        return thm_refuse(n, THM_NN_ETYPE, "inputs and output differ in type");
    return err;
}

void thm_binary_quant(const struct thm_node *n, const struct thm_binary *v, struct thm_binary_quant *q)
{
    thm_node_quant(n, &v->a, &q->a);
    thm_node_quant(n, &v->b, &q->b);
    thm_node_quant(n, &v->out, &q->out);
}

struct walk {
    uint32_t rank; /* at least 1 */
    int32_t index[THM_MAX_RANK], size[THM_MAX_RANK];
    size_t step_a[THM_MAX_RANK], step_b[THM_MAX_RANK]; /* elements; 0 where the input has one for all */
};

/* Steps from one index to the next, the last dimension first. */
static void set_steps(const struct thm_value *v, size_t step[THM_MAX_RANK])
{
    size_t all = 1;
    for (uint32_t i = 0; i < THM_MAX_RANK; i++) {
        int32_t size = thm_dim(v, THM_MAX_RANK, THM_MAX_RANK - 1 - i);
        step[i] = size == 1 ? 0 : all;
        all *= (size_t)size;
    }
}

/* Let dimension i go on in the one before it, if both inputs do. */
static bool joins(struct walk *w, uint32_t i, int32_t size)
{
    if (w->rank == 0)
        return false;
    uint32_t last = w->rank - 1;
    size_t before = (size_t)w->size[last];
    bool fits = w->step_a[i] == before * w->step_a[last] && w->step_b[i] == before * w->step_b[last];
    if (fits)
        w->size[last] *= size;
    return fits;
}

static void set_walk(struct walk *w, const struct thm_binary *v)
{
    set_steps(&v->a, w->step_a);
    set_steps(&v->b, w->step_b);
    w->rank = 0;
    for (uint32_t i = 0; i < THM_MAX_RANK; i++) {
        int32_t size = thm_dim(&v->out, THM_MAX_RANK, THM_MAX_RANK - 1 - i);
        if (size == 1 || joins(w, i, size))
            continue;
        w->size[w->rank] = size;
        w->index[w->rank] = 0;
        w->step_a[w->rank] = w->step_a[i];
        w->step_b[w->rank++] = w->step_b[i];
    }
}

/* Advance all dimensions but the first. false: the end. */
static bool advance(struct walk *w, size_t *a, size_t *b)
{
    for (uint32_t i = 1; i < w->rank; i++) {
        *a += w->step_a[i];
        *b += w->step_b[i];
        if (++w->index[i] < w->size[i])
            return true;
        *a -= (size_t)w->size[i] * w->step_a[i];
        *b -= (size_t)w->size[i] * w->step_b[i];
        w->index[i] = 0;
    }
    return false;
}

void thm_binary_rows(const struct thm_binary *v, thm_row_fn *row, const void *ctx)
{
    struct walk w;
    size_t a_size = thm_type_size(v->a.type), b_size = thm_type_size(v->b.type), out_size = thm_type_size(v->out.type);
    size_t a = 0, b = 0;
    uint8_t *out = v->out.data;
    if (v->out.elements == 0)
        return;
    if (thm_same_shape(&v->a, &v->b) && v->a.elements == v->out.elements) {
        row(ctx, v->a.data, 1, v->b.data, 1, out, v->out.elements);
        return;
    }
    set_walk(&w, v);
    size_t count = w.rank ? (size_t)w.size[0] : 1;
    do {
        row(ctx, (const uint8_t *)v->a.data + a * a_size, w.step_a[0], (const uint8_t *)v->b.data + b * b_size,
            w.step_b[0], out, count);
        out += count * out_size;
    } while (advance(&w, &a, &b));
}

bool thm_binary_host(const struct thm_binary *v, thm_row_fn *row, const void *ctx)
{
    thm_touch_stack();
    if (row)
        thm_binary_rows(v, row, ctx);
    return row != NULL;
}

enum thm_nn_err thm_binary_eval(struct thm_node *n, const struct thm_typed_row *rows, size_t count, const void *ctx,
                                const char *what)
{
    struct thm_binary v;
    thm_binary_gather(n, &v);
    for (size_t i = 0; i < count; i++)
        if (rows[i].type == v.a.type) {
            thm_binary_rows(&v, rows[i].row, ctx);
            return THM_NN_OK;
        }
    return thm_refuse_tensor(n, THM_NN_ETYPE, what, &v.a);
}
