#include "interpreter/ops/broadcast.h"

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

struct walk {
    int32_t index[THM_MAX_RANK], size[THM_MAX_RANK];
    size_t step_a[THM_MAX_RANK], step_b[THM_MAX_RANK]; /* elements; 0 where the input has one for all */
};

static void set_steps(const struct thm_value *v, size_t step[THM_MAX_RANK])
{
    size_t all = 1;
    for (uint32_t i = THM_MAX_RANK; i-- > 0;) {
        int32_t size = thm_dim(v, THM_MAX_RANK, i);
        step[i] = size == 1 ? 0 : all;
        all *= (size_t)size;
    }
}

/* Advance all dimensions but the last. false: the end. */
static bool advance(struct walk *w, size_t *a, size_t *b)
{
    for (uint32_t i = THM_MAX_RANK - 1; i-- > 0;) {
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
    struct walk w = { 0 };
    const uint32_t last = THM_MAX_RANK - 1;
    size_t a_size = thm_type_size(v->a.type), b_size = thm_type_size(v->b.type), out_size = thm_type_size(v->out.type);
    size_t a = 0, b = 0;
    uint8_t *out = v->out.data;
    if (v->out.elements == 0)
        return;
    if (thm_same_shape(&v->a, &v->b) && v->a.elements == v->out.elements) {
        row(ctx, v->a.data, 1, v->b.data, 1, out, v->out.elements);
        return;
    }
    for (uint32_t i = 0; i < THM_MAX_RANK; i++)
        w.size[i] = thm_dim(&v->out, THM_MAX_RANK, i);
    set_steps(&v->a, w.step_a);
    set_steps(&v->b, w.step_b);
    do {
        row(ctx, (const uint8_t *)v->a.data + a * a_size, w.step_a[last], (const uint8_t *)v->b.data + b * b_size,
            w.step_b[last], out, (size_t)w.size[last]);
        out += (size_t)w.size[last] * out_size;
    } while (advance(&w, &a, &b));
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
