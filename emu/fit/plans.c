#include "emu/fit/plans.h"
#include <stdlib.h>
#include <string.h>

void fit_apply_setting(void *ctx, struct thm_interpreter *it)
{
    const struct thm_fit_case *c = ctx;
    if (c->operators)
        thm_interpreter_set_operators(it, c->operators, c->operators_count);
    if (c->kernels)
        thm_interpreter_set_library(it, c->kernels);
}

enum thm_nn_err fit_plan_make(const struct thm_fit_case *c, struct thm_model *m, struct thm_memory_plan *plan)
{
    struct thm_fit_case any = *c; /* a plan is the same whichever operators the firmware registers */
    any.operators = NULL;
    const struct thm_nn_change change = { fit_apply_setting, &any };
    struct thm_nn_diag diag;
    enum thm_nn_err err = thm_model_open(m, c->model->data, c->model->bytes, &diag);
    if (err)
        return err;
    err = thm_memory_plan_make(plan, m, thm_layout_find(c->profile->cores[0].layout), &change, &diag);
    if (!err && plan->out_of_memory)
        err = THM_NN_EARENA;
    if (err)
        thm_memory_plan_free(plan);
    return err;
}

bool fit_plan_is_first(const struct thm_fit_page *p, unsigned board, unsigned model)
{
    const char *layout = p->cases[board * p->models + model].profile->cores[0].layout;
    bool first = true;
    for (unsigned b = 0; b < board && first; b++)
        first = strcmp(p->cases[b * p->models + model].profile->cores[0].layout, layout) != 0;
    return first;
}

static void take_op(void *ctx, const struct thm_event *ev)
{
    struct fit_ops *o = ctx;
    if (o->count == o->room) {
        const size_t more = o->room ? 2 * o->room : 64;
        struct fit_op *op = realloc(o->op, more * sizeof *op);
        o->out_of_memory |= !op;
        if (!op)
            return;
        o->op = op;
        o->room = more;
    }
    struct fit_op *op = &o->op[o->count++];
    *op = (struct fit_op){ .index = (uint32_t)ev->v[0], .macs = ev->v[1], .ns = ev->v[3] };
    memcpy(op->name, ev->name, sizeof op->name);
}

void fit_ops_run(const struct thm_fit_case *c, struct fit_ops *out)
{
    struct thm_fit_case again = *c;
    struct thm_fit_cell cell;
    *out = (struct fit_ops){ 0 };
    again.op = take_op;
    again.op_ctx = out;
    thm_fit_run(&again, &cell);
}

void fit_ops_free(struct fit_ops *ops)
{
    free(ops->op);
    *ops = (struct fit_ops){ 0 };
}
