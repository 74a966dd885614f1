#include "interpreter/context.h"
#include "interpreter/fb.h"
#include "interpreter/kernels.h"
#include "interpreter/reader.h"

void thm_interpreter_init(struct thm_interpreter *it, const struct thm_model *model, const struct thm_layout *layout,
                          void *arena, uint32_t arena_size, const struct thm_interpreter_hooks *hooks)
{
    memset(it, 0, sizeof *it);
    it->model = model;
    it->layout = layout;
    it->arena = arena;
    it->arena_size = arena_size;
    it->stats.size = arena_size;
    thm_interpreter_set_kernels(it, thm_kernels_best());
    if (hooks)
        it->hooks = *hooks;
}

void thm_interpreter_init_split(struct thm_interpreter *it, const struct thm_model *model,
                                const struct thm_layout *layout, void *arena, uint32_t arena_size, void *persistent,
                                uint32_t persistent_size, const struct thm_interpreter_hooks *hooks)
{
    thm_interpreter_init(it, model, layout, arena, arena_size, hooks);
    context_of(it)->persistent = persistent;
    context_of(it)->persistent_size = persistent_size;
    it->stats.size += persistent_size;
}

enum thm_nn_err thm_interpreter_set_resource_variables(struct thm_interpreter *it, uint32_t slots)
{
    struct context *c = context_of(it);
    if (c->state != STATE_FRESH)
        return THM_NN_EUSE;
    c->slots = slots;
    c->slots_chosen = true;
    return THM_NN_OK;
}

enum thm_nn_err thm_interpreter_set_operators(struct thm_interpreter *it, const char *const *names, uint32_t count)
{
    struct context *c = context_of(it);
    if (c->state != STATE_FRESH)
        return THM_NN_EUSE;
    c->operators = names;
    c->operator_count = count;
    return THM_NN_OK;
}

static void clear(struct thm_nn_diag *diag)
{
    *diag = (struct thm_nn_diag){ .subgraph = -1, .op = -1, .tensor = -1 };
}

static enum thm_nn_err misuse(struct thm_nn_diag *diag, const char *what)
{
    diag->what = what;
    return diag->err = THM_NN_EUSE;
}

/* Zero is the zero point for int8, 0 otherwise. */
static void reset_variables(struct thm_interpreter *it)
{
    struct context *c = context_of(it);
    for (uint32_t s = 0; s < it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(it->model, s); i++) {
            const struct eval_tensor *t = thm_eval_tensor_at(c, s, i);
            struct thm_tensor_info info;
            if (!t->variable || t->place != PLACE_ARENA)
                continue;
            thm_model_tensor_at(it->model, t->table, &info);
            int zero = info.type == THM_INT8 && info.zero_points ? (int)thm_load_i64(info.zero_point) : 0;
            memset(in_arena(c, t->data), zero,
                   (size_t)thm_shape_elements(info.shape, info.rank) * thm_type_size(info.type));
        }
}

static enum thm_nn_err reset_ops(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    for (uint32_t s = 0; s < it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(it->model, s); i++) {
            struct thm_node n;
            thm_node_open(it, s, i, diag, &n);
            enum thm_nn_err err = n.op->reset ? n.op->reset(&n) : THM_NN_OK;
            if (err)
                return err;
        }
    return THM_NN_OK;
}

static void note_stats(struct thm_interpreter *it)
{
    const struct context *c = context_of(it);
    it->stats.head = c->arena.head;
    it->stats.tail = thm_arena_tail_bytes(&c->arena);
    it->stats.used = it->stats.head + it->stats.tail;
    it->stats.min = c->arena_min;
    it->stats.min_persistent = c->persistent_min;
}

enum thm_nn_err thm_interpreter_allocate(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    struct thm_nn_diag unused = { 0 };
    struct context *c = context_of(it);
    diag = diag ? diag : &unused;
    clear(diag);
    if (c->state != STATE_FRESH)
        return misuse(diag, "the interpreter has been allocated before");
    enum thm_nn_err err = thm_share_begin(it, diag);
    if (err)
        return err;
    err = thm_allocate(it, diag);
    c->state = err ? STATE_FAILED : STATE_ALLOCATED;
    if (!err)
        note_stats(it);
    thm_share_end(it, err);
    if (!err)
        reset_variables(it);
    return err;
}

/* Not inlined: its locals would lie under every kernel's on a small stack. */
__attribute__((noinline)) static void report_op(const struct thm_node *n)
{
    const struct thm_interpreter_hooks *hooks = &n->it->hooks;
    struct thm_op_event ev = { .subgraph = n->subgraph, .op = n->index };
    struct thm_op_identity id;
    thm_op_identity(n->it->model, n->table, &id);
    ev.name = id.name;
    ev.name_len = id.name_len;
    thm_node_work(n, &ev.work);
    hooks->op_done(hooks->ctx, &ev);
}

enum thm_nn_err thm_invoke_subgraph(struct thm_interpreter *it, uint32_t subgraph, struct thm_nn_diag *diag)
{
    for (uint32_t i = 0; i < thm_model_ops(it->model, subgraph); i++) {
        struct thm_node n;
        thm_node_open(it, subgraph, i, diag, &n);
        if (thm_node_record_at(context_of(it), subgraph, i)->plan_only)
            return thm_refuse(&n, THM_NN_EINVOKE,
                              "with this kernel library its memory is planned, but it cannot be run");
        enum thm_nn_err err = n.op->eval(&n);
        if (err)
            return err;
        if (it->hooks.op_done)
            report_op(&n);
    }
    return THM_NN_OK;
}

/* Loops that never end would hang the host; a device's watchdog would have bitten long before. */
#define RUNS_MAX 100000u

enum thm_nn_err thm_node_run(struct thm_node *n, uint32_t subgraph)
{
    if (context_of(n->it)->runs++ >= RUNS_MAX)
        return thm_refuse(n, THM_NN_EINVOKE, "a loop does not end");
    return thm_invoke_subgraph(n->it, subgraph, n->diag);
}

enum thm_nn_err thm_interpreter_invoke(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    struct thm_nn_diag unused = { 0 };
    diag = diag ? diag : &unused;
    clear(diag);
    if (context_of(it)->state != STATE_ALLOCATED)
        return misuse(diag, "the interpreter has not been allocated");
    context_of(it)->runs = 0;
    return thm_invoke_subgraph(it, 0, diag);
}

static enum thm_nn_err get_tensor(struct thm_interpreter *it, uint32_t tensor, struct thm_tensor *out)
{
    const struct eval_tensor *t = thm_eval_tensor_at(context_of(it), 0, tensor);
    thm_model_tensor_at(it->model, t->table, &out->info);
    out->bytes = (uint32_t)thm_shape_elements(out->info.shape, out->info.rank) * thm_type_size(out->info.type);
    out->data = t->place == PLACE_ARENA ? in_arena(context_of(it), t->data) : NULL;
    if (t->place == PLACE_MODEL) {
        out->data = (void *)(uintptr_t)out->info.data; /* the header says: do not write */
        out->bytes = out->info.data_bytes;
    }
    return THM_NN_OK;
}

enum thm_nn_err thm_interpreter_input(struct thm_interpreter *it, uint32_t i, struct thm_tensor *out)
{
    if (context_of(it)->state != STATE_ALLOCATED || i >= thm_model_inputs(it->model, 0))
        return THM_NN_EUSE;
    return get_tensor(it, (uint32_t)thm_model_input(it->model, 0, i), out);
}

enum thm_nn_err thm_interpreter_output(struct thm_interpreter *it, uint32_t i, struct thm_tensor *out)
{
    if (context_of(it)->state != STATE_ALLOCATED || i >= thm_model_outputs(it->model, 0))
        return THM_NN_EUSE;
    return get_tensor(it, (uint32_t)thm_model_output(it->model, 0, i), out);
}

enum thm_nn_err thm_interpreter_reset(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    struct thm_nn_diag unused = { 0 };
    diag = diag ? diag : &unused;
    clear(diag);
    if (context_of(it)->state != STATE_ALLOCATED)
        return misuse(diag, "the interpreter has not been allocated");
    reset_variables(it);
    thm_variables_reset(it);
    return reset_ops(it, diag);
}

const struct thm_arena_stats *thm_interpreter_stats(const struct thm_interpreter *it)
{
    return &it->stats;
}
