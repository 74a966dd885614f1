#include "emu/cost/estimate.h"
#include <stdlib.h>
#include <string.h>

static struct thm_estimate_op estimate_op(const struct thm_cost *cost, const struct thm_model *m,
                                          const struct thm_planned_op *p)
{
    struct thm_op_info info;
    thm_model_op(m, p->subgraph, p->op, &info);
    double cycles = thm_cost_cycles(cost, info.name, info.name_len, &p->work);
    return (struct thm_estimate_op){
        p->subgraph, p->op, 1, info.name, info.name_len, p->work.macs, cycles / (double)cost->clock_hz
    };
}

static void add_to_kind(struct thm_estimate *e, const struct thm_estimate_op *op)
{
    for (size_t i = 0; i < e->kind_count; i++) {
        struct thm_estimate_op *k = &e->kinds[i];
        if (k->name_len != op->name_len || memcmp(k->name, op->name, op->name_len) != 0)
            continue;
        k->runs++;
        k->macs += op->macs;
        k->seconds += op->seconds;
        return;
    }
    e->kinds[e->kind_count++] = *op;
}

static int by_time(const void *a, const void *b)
{
    const struct thm_estimate_op *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return x->subgraph != y->subgraph ? (x->subgraph > y->subgraph) - (x->subgraph < y->subgraph)
                                      : (x->op > y->op) - (x->op < y->op);
}

static void judge(struct thm_estimate *e, const struct thm_cost *cost, double float_seconds, const char *mcu)
{
    bool floats = float_seconds > e->seconds / 2;
    e->cycles = e->seconds * (double)cost->clock_hz;
    e->error = thm_cost_error(cost, floats);
    e->kernels = floats ? cost->fp : cost->integer;
    e->energy = floats ? NULL : thm_cost_energy(cost->core, mcu); /* published for integer models */
    e->joules = e->energy ? e->cycles * e->energy->nanojoules * 1e-9 : 0;
}

bool thm_estimate_make(struct thm_estimate *e, const struct thm_cost *cost, const char *mcu, const struct thm_model *m,
                       const struct thm_memory_plan *plan)
{
    double float_seconds = 0;
    *e = (struct thm_estimate){ 0 };
    e->ops = calloc(plan->op_count + 1, sizeof *e->ops);
    e->kinds = calloc(plan->op_count + 1, sizeof *e->kinds);
    if (!e->ops || !e->kinds)
        return false;
    for (size_t i = 0; i < plan->op_count; i++) {
        struct thm_estimate_op op = estimate_op(cost, m, &plan->ops[i]);
        e->ops[e->op_count++] = op;
        add_to_kind(e, &op);
        e->seconds += op.seconds;
        if (plan->ops[i].work.type == THM_FLOAT32)
            float_seconds += op.seconds;
    }
    qsort(e->ops, e->op_count, sizeof *e->ops, by_time);
    qsort(e->kinds, e->kind_count, sizeof *e->kinds, by_time);
    judge(e, cost, float_seconds, mcu);
    return true;
}

void thm_estimate_free(struct thm_estimate *e)
{
    free(e->ops);
    free(e->kinds);
    *e = (struct thm_estimate){ 0 };
}
