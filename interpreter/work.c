/* interpreter/work.c -- how much an operator does, from the shapes of its tensors. */
#include "interpreter/op.h"

static void count_inputs(const struct thm_node *n, struct thm_work *w)
{
    struct thm_value v;
    bool found = false; /* the first input that is computed; else the first */
    for (uint32_t i = 0; i < n->inputs; i++) {
        if (!thm_node_input(n, i, &v))
            continue;
        if (v.constant)
            w->constants += v.bytes;
        if (found || (v.constant && i))
            continue;
        found = !v.constant;
        w->type = v.type;
        w->inputs = v.elements;
    }
}

static void count_outputs(const struct thm_node *n, struct thm_work *w)
{
    struct thm_value v;
    for (uint32_t i = 0; thm_node_output(n, i, &v); i++) {
        int32_t last = v.rank ? v.shape[v.rank - 1] : 1;
        w->elements += v.elements;
        w->pixels += last > 0 ? v.elements / (uint32_t)last : 0;
    }
}

void thm_node_work(const struct thm_node *n, struct thm_work *w)
{
    struct thm_value filter;
    *w = (struct thm_work){ .type = THM_INT8 };
    count_inputs(n, w);
    count_outputs(n, w);
    if (!n->op->macs)
        return;
    w->macs = n->op->macs(n);
    if (thm_node_input(n, 1, &filter) && filter.constant && filter.rank == 4)
        w->taps = w->elements * (uint32_t)filter.shape[1] * (uint32_t)filter.shape[2];
}
