#include "emu/board/merge.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct item {
    struct item *next;
    uint64_t t_ns;
    size_t len;
    uint32_t kind;
    uint8_t data[];
};

struct queue {
    struct item *first, *last;
    bool ended;
};

struct thm_merge {
    thm_merge_sink *sink;
    void *ctx;
    uint32_t cores;
    struct queue queue[];
};

struct thm_merge *thm_merge_create(uint32_t cores, thm_merge_sink *sink, void *ctx)
{
    struct thm_merge *m = calloc(1, sizeof *m + cores * sizeof m->queue[0]);
    if (m) {
        m->sink = sink;
        m->ctx = ctx;
        m->cores = cores;
    }
    return m;
}

static struct item *take_first(struct queue *q)
{
    struct item *i = q->first;
    q->first = i->next;
    if (!q->first)
        q->last = NULL;
    return i;
}

void thm_merge_destroy(struct thm_merge *m)
{
    for (uint32_t i = 0; m && i < m->cores; i++)
        while (m->queue[i].first)
            free(take_first(&m->queue[i]));
    free(m);
}

/* The core whose first item is next; -1: one that may yet tell something earlier has nothing there. */
static int next_core(const struct thm_merge *m)
{
    int best = -1;
    for (uint32_t i = 0; i < m->cores; i++) {
        const struct queue *q = &m->queue[i];
        if (!q->first && !q->ended)
            return -1;
        if (q->first && (best < 0 || q->first->t_ns < m->queue[best].first->t_ns))
            best = (int)i;
    }
    return best;
}

static void pass_on(struct thm_merge *m)
{
    for (int core; (core = next_core(m)) >= 0;) {
        struct item *i = take_first(&m->queue[core]);
        m->sink(m->ctx, (uint32_t)core, i->kind, i->data, i->len);
        free(i);
    }
}

int thm_merge_put(struct thm_merge *m, uint32_t core, uint64_t t_ns, uint32_t kind, const void *data, size_t len)
{
    struct queue *q = &m->queue[core];
    struct item *i = malloc(sizeof *i + len);
    if (!i)
        return -1;
    *i = (struct item){ .t_ns = t_ns, .len = len, .kind = kind };
    memcpy(i->data, data, len);
    if (q->last)
        q->last->next = i;
    else
        q->first = i;
    q->last = i;
    pass_on(m);
    return 0;
}

void thm_merge_end(struct thm_merge *m, uint32_t core)
{
    m->queue[core].ended = true;
    pass_on(m);
}
