#include "interpreter/inspect.h"
#include "interpreter/context.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

static int32_t first_of(const struct thm_model *m, uint32_t table, uint32_t field)
{
    uint32_t vector = thm_fb_ref(m, table, field);
    return thm_fb_len(m, vector) ? thm_fb_i32_at(m, vector, 0) : -1;
}

void thm_model_op(const struct thm_model *m, uint32_t subgraph, uint32_t op, struct thm_op_info *out)
{
    struct thm_op_identity id;
    uint32_t table = thm_model_op_table(m, subgraph, op);
    thm_op_identity(m, table, &id);
    *out = (struct thm_op_info){
        .name = id.name,
        .name_len = id.name_len,
        .available = thm_op_find(id.code, id.name, id.name_len) != NULL,
        .input = first_of(m, table, OPERATOR_INPUTS),
        .output = first_of(m, table, OPERATOR_OUTPUTS),
    };
}

enum thm_nn_err thm_interpreter_observe_plan(struct thm_interpreter *it, const struct thm_plan_observer *observer)
{
    struct context *c = context_of(it);
    if (c->state != STATE_FRESH)
        return THM_NN_EUSE;
    c->observer = observer;
    return THM_NN_OK;
}

void thm_show_op(const struct thm_node *n, uint32_t from)
{
    struct context *c = context_of(n->it);
    if (!c->observer || !c->observer->op)
        return;
    struct thm_planned_op op = { n->subgraph, n->index, (int32_t)from, (int32_t)c->clock, { 0 } };
    thm_node_work(n, &op.work);
    c->observer->op(c->observer->ctx, &op);
}

static void show_buffer(const struct context *c, const struct allocation_info *a, uint32_t subgraph, int32_t tensor,
                        uint32_t op)
{
    struct thm_planned_buffer b = { subgraph, tensor, op, a->bytes, a->offset, a->first, a->last };
    if (a->planned)
        c->observer->buffer(c->observer->ctx, &b);
}

void thm_show_buffers(struct thm_interpreter *it)
{
    struct context *c = context_of(it);
    const struct allocation_info *a = in_arena(c, c->info);
    const struct scratch_request *r = in_arena(c, c->arena.start);
    if (!c->observer || !c->observer->buffer)
        return;
    for (uint32_t s = 0; s < it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(it->model, s); i++)
            show_buffer(c, a++, s, (int32_t)i, 0);
    for (uint32_t i = 0; i < c->requests; i++)
        show_buffer(c, a++, r[i].subgraph, -1, r[i].op);
}
