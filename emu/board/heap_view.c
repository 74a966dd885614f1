/* emu/board/heap_view.c -- the heap as it stands, as events: figures, regions, owners, and every block for the map.
 *
 * Also runs in the handler of a fault: reads only, and no allocation. */
#include "emu/board/board.h"
#include <stdio.h>
#include "emu/board/memcheck.h"

struct view {
    struct thm_board *b;
    const struct thm_heap *heap;
};

/* Whose block it is; NULL: nobody's. An allocator may not know the address it gave to the byte. */
static const struct thm_ledger_block *find_live(const struct thm_ledger *l, const struct thm_heap_block *k)
{
    const struct thm_ledger_block *known = k->payload ? thm_ledger_find(l, k->payload) : NULL;
    if (known || !k->payload)
        return known;
    known = thm_ledger_below(l, k->at + k->bytes - 1);
    return known && known->address >= k->at ? known : NULL;
}

static void tell_block(void *ctx, const struct thm_heap_block *k)
{
    const struct view *v = ctx;
    const struct thm_ledger *l = &v->b->book.ledger;
    const struct thm_ledger_block *known = find_live(l, k);
    const char *name = known ? thm_ledger_name(l, known) : k->payload ? "allocator" : "";
    const char *kind = known ? l->owner[known->owner].runtime ? "runtime" : "application" : k->payload ? "own" : "free";
    thm_board_event(v->b, THM_EV_HEAP_BLOCK, name, kind, k->at, k->bytes, known ? known->bytes : 0);
}

static void tell_region(struct thm_board *b, uint32_t i)
{
    struct view v = { b, &b->heaps.heap[i] };
    struct thm_heap_stats st;
    v.heap->ops->stats(v.heap, &st);
    thm_board_event(b, THM_EV_HEAP_REGION, thm_heap_region_name(b, v.heap->base), b->heaps.type[i]->name, v.heap->base,
                    v.heap->size, st.free, st.largest, st.blocks_alloc, st.blocks_free);
    if (b->run->heap_map && v.heap->ops->walk)
        (void)v.heap->ops->walk(v.heap, tell_block, &v);
}

static void tell_owners(struct thm_board *b)
{
    const struct thm_ledger *l = &b->book.ledger;
    thm_ledger_settle(&b->book.ledger);
    for (uint32_t i = 0; i < l->owners; i++) {
        const struct thm_ledger_owner *o = &l->owner[i];
        if (o->blocks || o->peak_blocks)
            thm_board_event(b, THM_EV_HEAP_OWNER, o->what, o->runtime ? "runtime" : "application", o->blocks, o->bytes,
                            o->peak_blocks, o->peak_bytes);
    }
}

static void tell_use(struct thm_board *b)
{
    const struct thm_heap_samples *s = &b->book.samples;
    for (uint32_t i = 0; i < s->count; i++)
        thm_board_event(b, THM_EV_HEAP_USE, NULL, NULL, s->at[i].t_ns, s->at[i].free);
}

void thm_heap_view(struct thm_board *b, const char *when, const char *what)
{
    const bool end = when[0] == 'e';
    struct thm_heap_stats st;
    if (b->heaps.n == 0)
        return;
    THM_MEMCHECK_PAUSE();
    thm_board_heap(b, &st);
    thm_board_event(b, THM_EV_HEAP, when, what, st.free, st.largest, b->heaps.low_water, st.allocated, st.blocks_alloc,
                    st.blocks_free);
    if (b->book.peak.call)
        thm_board_event(b, THM_EV_HEAP_PEAK, b->book.peak.what, NULL, b->book.peak.t_ns, b->book.peak.free,
                        b->book.peak.bytes, b->book.peak.call);
    for (uint32_t i = 0; i < b->heaps.n; i++)
        tell_region(b, i);
    tell_owners(b);
    if (end)
        tell_use(b);
    THM_MEMCHECK_RESUME();
}

/* ---- the end of a message ---- */

struct region_figures {
    const char *name;
    struct thm_heap_stats st;
    uint32_t regions; /* that malloc gives memory from */
};

/* The region of malloc's that has the most free bytes. */
static struct region_figures fullest_of_holes(const struct thm_board *b)
{
    struct region_figures best = { .name = "" };
    THM_MEMCHECK_PAUSE();
    for (uint32_t i = 0; i < b->heaps.n; i++) {
        const struct thm_mem_type *t = b->heaps.type[i];
        struct thm_heap_stats st;
        if (!((t->caps[0] | t->caps[1] | t->caps[2]) & THM_CAP_DEFAULT))
            continue;
        b->heaps.heap[i].ops->stats(&b->heaps.heap[i], &st);
        best.regions++;
        if (best.regions > 1 && st.free <= best.st.free)
            continue;
        best.st = st;
        best.name = thm_heap_region_name(b, b->heaps.heap[i].base);
    }
    THM_MEMCHECK_RESUME();
    return best;
}

const char *thm_heap_shortage(const struct thm_board *b, uint32_t bytes, char *buf, uint32_t size)
{
    const struct region_figures best = fullest_of_holes(b);
    struct thm_heap_stats all;
    thm_board_heap(b, &all);
    if (b->book.injected)
        buf[0] = '\0'; /* said when the step is given up */
    else if (all.free < bytes)
        snprintf(buf, size, "; a smaller model or a board with more RAM helps");
    else if (best.st.free < bytes)
        snprintf(buf, size, ": enough, but in pieces: %u regions, and no block spans two; %s has the most, %u bytes",
                 best.regions, best.name, best.st.free);
    else
        snprintf(buf, size, ": enough, but in pieces: region %s alone has %u bytes, in %u free blocks (fragmentation)",
                 best.name, best.st.free, best.st.blocks_free);
    return buf;
}
