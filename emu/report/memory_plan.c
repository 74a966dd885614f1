#include "emu/report/memory_plan.h"
#include <stdlib.h>
#include <string.h>

/* Room for one more element. */
static bool grow(struct thm_memory_plan *p, void **array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room ? 2 * *room : 64;
    void *a = p->out_of_memory ? NULL : realloc(*array, more * size);
    p->out_of_memory = !a;
    if (a) {
        *array = a;
        *room = more;
    }
    return a != NULL;
}

static void add_op(void *ctx, const struct thm_planned_op *op)
{
    struct thm_memory_plan *p = ctx;
    void *ops = p->ops;
    bool room = grow(p, &ops, p->op_count, &p->op_room, sizeof *op);
    p->ops = ops;
    if (room)
        p->ops[p->op_count++] = *op;
    if (op->last > p->end)
        p->end = op->last;
}

static void add_buffer(void *ctx, const struct thm_planned_buffer *b)
{
    struct thm_memory_plan *p = ctx;
    void *buffers = p->buffers;
    bool room = grow(p, &buffers, p->buffer_count, &p->buffer_room, sizeof *b);
    p->buffers = buffers;
    if (room)
        p->buffers[p->buffer_count++] = *b;
}

/* Every attempt with a larger arena starts over. */
static void start_over(void *ctx, struct thm_interpreter *it)
{
    struct thm_memory_plan *p = ctx;
    p->op_count = p->buffer_count = 0;
    p->end = 0;
    thm_interpreter_observe_plan(it, &p->observer);
    if (p->change)
        p->change->apply(p->change->ctx, it);
}

uint64_t thm_planned_room(const struct thm_planned_buffer *b)
{
    return ((uint64_t)b->bytes + 15) & ~(uint64_t)15;
}

bool thm_planned_alive(const struct thm_planned_buffer *b, int32_t clock)
{
    return b->first >= 0 && b->first <= clock && clock <= b->last;
}

/* Bytes that begin and end to live at each moment, added up. */
static void find_peak(struct thm_memory_plan *p)
{
    int64_t alive = 0, *change = calloc((size_t)p->end + 2, sizeof *change);
    p->out_of_memory = p->out_of_memory || !change;
    for (size_t i = 0; change && i < p->buffer_count; i++) {
        const struct thm_planned_buffer *b = &p->buffers[i];
        if (b->first < 0 || b->last < b->first || b->last > p->end)
            continue;
        change[b->first] += (int64_t)thm_planned_room(b);
        change[b->last + 1] -= (int64_t)thm_planned_room(b);
    }
    for (int32_t t = 0; change && t <= p->end; t++) {
        alive += change[t];
        if (alive > 0 && (uint64_t)alive > p->peak_bytes) {
            p->peak_bytes = (uint64_t)alive;
            p->peak = t;
        }
    }
    free(change);
}

static int by_place(const void *a, const void *b)
{
    const struct thm_planned_op *x = a, *y = b;
    if (x->subgraph != y->subgraph)
        return x->subgraph < y->subgraph ? -1 : 1;
    return (x->op > y->op) - (x->op < y->op);
}

enum thm_nn_err thm_memory_plan_make(struct thm_memory_plan *p, const struct thm_model *m, const struct thm_layout *l,
                                     const struct thm_nn_change *change, struct thm_nn_diag *diag)
{
    *p = (struct thm_memory_plan){ .peak = -1, .change = change, .observer = { p, add_op, add_buffer } };
    struct thm_nn_change mine = { start_over, p };
    enum thm_nn_err err = thm_nn_measure_changed(m, l, &mine, &p->arena, diag);
    if (err) {
        p->op_count = p->buffer_count = 0;
        p->arena = (struct thm_arena_stats){ 0 };
    } else {
        find_peak(p);
        if (p->op_count)
            qsort(p->ops, p->op_count, sizeof p->ops[0], by_place);
    }
    return err;
}

void thm_memory_plan_free(struct thm_memory_plan *p)
{
    free(p->ops);
    free(p->buffers);
    p->ops = NULL;
    p->buffers = NULL;
}

const struct thm_planned_op *thm_memory_plan_running(const struct thm_memory_plan *p, int32_t clock)
{
    const struct thm_planned_op *found = NULL;
    for (size_t i = 0; i < p->op_count; i++) {
        const struct thm_planned_op *o = &p->ops[i];
        if (o->first <= clock && clock <= o->last && (!found || o->first > found->first))
            found = o;
    }
    return found;
}

const struct thm_work *thm_memory_plan_work(const struct thm_memory_plan *p, uint32_t subgraph, uint32_t op)
{
    struct thm_planned_op key = { .subgraph = subgraph, .op = op };
    const struct thm_planned_op *found = p->op_count ? bsearch(&key, p->ops, p->op_count, sizeof key, by_place) : NULL;
    return found ? &found->work : NULL;
}
