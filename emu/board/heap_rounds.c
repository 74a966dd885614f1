/* emu/board/heap_rounds.c -- a firmware that runs in rounds: what a round loses, and which round will be the last.
 *
 * The forecast is no straight line through the free bytes: the last round's heap calls are repeated by the board's own
 * allocator on a copy of its heaps until one fails. It holds for a firmware whose rounds are alike and
 * whose blocks live until the next round at most. */
#include "emu/board/board.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/memcheck.h"

enum {
    STEPS_MAX = 1 << 16,       /* heap calls of one round that are kept */
    FORECAST_CALLS = 10000000, /* about a second of the PC's time */
};
#define NOT_KNOWN UINT32_MAX

/* ---- recording ---- */

static void name_block(const struct thm_heap_rounds *r, uint32_t call, struct thm_heap_step *s)
{
    s->last_round = call <= r->now.before;
    const uint32_t before = s->last_round ? r->last.before : r->now.before;
    s->from = call > before ? call - before - 1 : NOT_KNOWN;
}

void thm_heap_record(struct thm_board *b, const struct thm_heap_call *c)
{
    struct thm_heap_rounds *r = &b->book.rounds;
    struct thm_heap_round *now = &r->now;
    const struct thm_ledger_block *block = thm_ledger_find(&b->book.ledger, c->address);
    struct thm_heap_step s = { .call = *c, .from = NOT_KNOWN };
    if (r->done == 0 || now->incomplete)
        return;
    if (now->steps == now->capacity) {
        const uint32_t more = now->capacity ? 2 * now->capacity : 64;
        struct thm_heap_step *step = more <= STEPS_MAX ? realloc(now->step, more * sizeof *step) : NULL;
        now->incomplete = !step;
        if (!step)
            return;
        now->step = step;
        now->capacity = more;
    }
    if (block)
        name_block(r, block->call, &s);
    now->step[now->steps++] = s;
}

static void begin_round(struct thm_board *b)
{
    struct thm_heap_rounds *r = &b->book.rounds;
    const struct thm_heap_round spare = r->last;
    r->last = r->now;
    r->now = (struct thm_heap_round){ .step = spare.step, .capacity = spare.capacity, .before = b->book.calls };
}

bool thm_heap_round_end(struct thm_board *b)
{
    struct thm_heap_rounds *r = &b->book.rounds;
    struct thm_heap_stats st;
    if (b->run->leak && !thm_board_alloc(b, b->run->leak, "leak (injected)"))
        return false;
    thm_board_heap(b, &st);
    r->lost = r->done ? (int64_t)r->free - st.free : 0;
    r->free = st.free;
    r->done++;
    thm_board_event(b, THM_EV_ROUND, NULL, NULL, r->done, st.free, st.largest, b->heaps.low_water, (uint64_t)r->lost);
    begin_round(b);
    return true;
}

/* ---- what is never freed ---- */

/* The first owner of a block that neither its own round nor the next one frees; NULL: there is none. */
static const char *leaking_owner(const struct thm_heap_round *r)
{
    bool *freed = calloc(r->steps, sizeof *freed);
    const char *owner = NULL;
    for (uint32_t i = 0; freed && i < r->steps; i++)
        if (r->step[i].from < r->steps)
            freed[r->step[i].from] = true;
    for (uint32_t i = 0; freed && i < r->steps && !owner; i++)
        if (r->step[i].call.op != THM_HEAP_FREE && !freed[i])
            owner = r->step[i].call.what;
    free(freed);
    return owner;
}

/* ---- the future ---- */

struct future {
    struct thm_heaps heaps;
    const struct thm_heap_round *round;
    uint32_t *address, *before; /* of each step's block, in this round and the one before; 0: none, or gone */
    uint32_t failed;            /* the step that could not be served */
};

static bool copy_heaps(struct future *f, const struct thm_heaps *from)
{
    f->heaps = *from;
    f->heaps.n = 0;
    for (uint32_t i = 0; i < from->n; i++) {
        const struct thm_heap *h = &from->heap[i];
        f->heaps.heap[i].mem = malloc(h->size);
        if (!f->heaps.heap[i].mem)
            return false;
        memcpy(f->heaps.heap[i].mem, h->mem, h->size);
        f->heaps.n++;
    }
    return true;
}

static void drop_future(struct future *f)
{
    for (uint32_t i = 0; i < f->heaps.n; i++)
        free(f->heaps.heap[i].mem);
    free(f->address);
    free(f->before);
}

static bool make_future(struct future *f, const struct thm_board *b)
{
    const struct thm_ledger *l = &b->book.ledger;
    const struct thm_heap_round *r = &b->book.rounds.last;
    f->round = r;
    f->address = calloc(r->steps + 1, sizeof *f->address);
    f->before = calloc(r->steps + 1, sizeof *f->before);
    if (!copy_heaps(f, &b->heaps) || !f->address || !f->before)
        return false;
    for (uint32_t i = 0; i < l->count; i++) {
        const uint32_t step = l->block[i].call - r->before - 1;
        if (l->block[i].call > r->before && step < r->steps)
            f->address[step] = l->block[i].address;
    }
    return true;
}

/* One more round. false: a call failed. */
static bool live_round(struct future *f)
{
    uint32_t *const earlier = f->address;
    f->address = f->before;
    f->before = earlier;
    for (uint32_t i = 0; i < f->round->steps; i++) {
        const struct thm_heap_step *s = &f->round->step[i];
        struct thm_heap_call c = s->call;
        if (c.address)
            c.address = s->from == NOT_KNOWN ? 0 : (s->last_round ? f->before : f->address)[s->from];
        f->failed = i;
        if (thm_heap_perform(&f->heaps, &c, &f->address[i]))
            return false;
        if (f->address[i] == 0 && c.op != THM_HEAP_FREE && c.bytes)
            return false;
    }
    return true;
}

/* looked: the last round that was tried; fails: a call in it was not served. */
static void tell_forecast(struct thm_board *b, const struct future *f, uint32_t looked, bool fails)
{
    const struct thm_heap_rounds *r = &b->book.rounds;
    const struct thm_heap_call *failing = &f->round->step[f->failed].call;
    struct thm_heap_stats st;
    thm_heaps_stats(&f->heaps, THM_CAP_DEFAULT, &st);
    thm_board_event(b, THM_EV_FORECAST, fails ? failing->what : NULL, leaking_owner(f->round), (uint64_t)r->lost,
                    fails ? looked : 0, fails ? failing->bytes : 0, st.free, st.largest, looked);
}

void thm_heap_forecast(struct thm_board *b)
{
    const struct thm_heap_rounds *r = &b->book.rounds;
    struct future f = { .round = &r->last };
    if (r->done < 2 || r->lost <= 0 || r->last.incomplete || r->last.steps == 0)
        return;
    const uint32_t last = r->done + FORECAST_CALLS / r->last.steps;
    uint32_t round = r->done;
    bool lives = true;
    THM_MEMCHECK_PAUSE();
    if (make_future(&f, b)) {
        while (lives && round < last) {
            lives = live_round(&f);
            round++;
        }
        tell_forecast(b, &f, round, !lives);
    }
    drop_future(&f);
    THM_MEMCHECK_RESUME();
}
