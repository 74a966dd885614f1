/* emu/board/heap_call.c -- one call into the board's heap, with all that watches it. */
#include "emu/board/board.h"
#include <stdio.h>
#include <stdlib.h>
#include "emu/board/memcheck.h"

enum thm_mem_err thm_heap_perform(struct thm_heaps *hs, const struct thm_heap_call *c, uint32_t *out)
{
    *out = 0;
    switch (c->op) {
    case THM_HEAP_FREE: return thm_heaps_free(hs, c->address);
    case THM_HEAP_REALLOC: *out = thm_heaps_realloc(hs, c->address, c->bytes); break;
    case THM_HEAP_MEMALIGN: *out = thm_heaps_memalign(hs, c->align, c->bytes, c->caps); break;
    default: *out = c->caps ? thm_heaps_malloc_caps(hs, c->bytes, c->caps) : thm_heaps_malloc(hs, c->bytes);
    }
    return THM_MEM_OK;
}

bool thm_heap_call_frees(const struct thm_heap_call *c)
{
    return c->op == THM_HEAP_FREE || (c->op == THM_HEAP_REALLOC && c->address && c->bytes == 0);
}

const char *thm_heap_call_text(const struct thm_heap_call *c, char *buf, uint32_t size)
{
    static const char *const names[] = { "malloc", "memalign", "realloc", "free" };
    if (c->op == THM_HEAP_FREE)
        snprintf(buf, size, "free(0x%x)", c->address);
    else
        snprintf(buf, size, "%s(%u) for %.40s", names[c->op], c->bytes, c->what ? c->what : "unnamed");
    return buf;
}

/* xorshift64* (Vigna 2016), in millionths. */
static uint32_t next_millionth(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 2685821657736338717u >> 32) % 1000000);
}

/* Is this one to fail? Only the application's count. */
static bool fails(struct thm_board *b, const struct thm_heap_call *c)
{
    struct thm_heap_book *k = &b->book;
    if (thm_heap_call_frees(c) || c->runtime)
        return false;
    k->app_calls++;
    if (k->random == 0)
        k->random = ((uint64_t)b->run->seed + 1) * 0x9E3779B97F4A7C15u;
    const bool chosen =
        k->app_calls == b->run->fail_nth || (b->run->fail_ppm && next_millionth(&k->random) < b->run->fail_ppm);
    k->injected = chosen ? k->app_calls : k->injected;
    return chosen;
}

/* ---- the book ---- */

static void note_peak(struct thm_board *b, const struct thm_heap_call *c)
{
    struct thm_heap_book *k = &b->book;
    if (k->peak.call && b->heaps.low_water >= k->peak.free)
        return;
    k->peak.free = b->heaps.low_water;
    k->peak.t_ns = b->now_ns;
    k->peak.bytes = c->bytes;
    k->peak.what = c->what;
    k->peak.call = k->calls;
    thm_ledger_mark_peak(&k->ledger);
}

static void note_result(struct thm_board *b, const struct thm_heap_call *c, uint32_t address)
{
    struct thm_heap_book *k = &b->book;
    if (c->op == THM_HEAP_FREE || (c->op == THM_HEAP_REALLOC && (address || c->bytes == 0)))
        thm_ledger_remove(&k->ledger, c->address, k->calls);
    if (address && !thm_ledger_add(&k->ledger, address, c->bytes, k->calls, c->what, c->runtime)) {
        thm_board_event(b, THM_EV_FAULT, "heap book", "the PC is out of memory", 20, 0);
        thm_board_die(b, 20);
    }
    if (address)
        note_peak(b, c);
    thm_heap_sample(&k->samples, b->now_ns, thm_heaps_free_bytes(&b->heaps));
}

/* ---- memcheck ---- */

static uint32_t live_bytes(const struct thm_board *b, uint32_t address)
{
    const struct thm_ledger_block *block = thm_ledger_find(&b->book.ledger, address);
    return block ? block->bytes : 0;
}

static void memcheck_free(struct thm_board *b, const struct thm_heap_call *c)
{
    const struct thm_ledger_block *block = thm_ledger_find(&b->book.ledger, c->address);
    const void *p = thm_heaps_host(&b->heaps, c->address);
    if (c->op == THM_HEAP_FREE && p && !(block && b->book.ledger.owner[block->owner].runtime))
        THM_MEMCHECK_FREED(p); /* not a live block: this is where it is told */
}

static void memcheck_alloc(struct thm_board *b, const struct thm_heap_call *c, uint32_t address, uint32_t old)
{
    const uint8_t *p = address ? thm_heaps_host(&b->heaps, address) : NULL;
    const bool moved = c->op == THM_HEAP_REALLOC && c->address && address != c->address;
    if (moved && (p || c->bytes == 0))
        THM_MEMCHECK_FREED(thm_heaps_host(&b->heaps, c->address));
    if (!p)
        return;
    if (c->runtime) { /* never freed: no leak to be told */
        THM_MEMCHECK_UNDEFINED(p, c->bytes);
        return;
    }
    if (c->op == THM_HEAP_REALLOC && address == c->address) {
        THM_MEMCHECK_RESIZED(p, old, c->bytes);
        return;
    }
    THM_MEMCHECK_ALLOCATED(p, c->bytes);
    THM_MEMCHECK_DEFINED(p, old < c->bytes ? old : c->bytes);
}

/* ---- the call ---- */

static void tell(struct thm_board *b, const struct thm_heap_call *c, uint32_t address)
{
    struct thm_heap_stats st;
    const uint32_t given = c->op == THM_HEAP_FREE ? c->address : address;
    if (!b->run->trace || !given)
        return;
    thm_board_heap(b, &st);
    if (c->op == THM_HEAP_REALLOC && c->address)
        thm_board_event(b, THM_EV_FREE, "realloc", NULL, c->address, st.free, st.largest, st.allocated,
                        b->heaps.low_water);
    if (c->op == THM_HEAP_FREE)
        thm_board_event(b, THM_EV_FREE, NULL, NULL, given, st.free, st.largest, st.allocated, b->heaps.low_water);
    else
        thm_board_event(b, THM_EV_ALLOC, c->what, NULL, given, c->bytes, st.free, st.largest, st.allocated,
                        b->heaps.low_water);
}

enum thm_mem_err thm_board_heap_call(struct thm_board *b, const struct thm_heap_call *call, uint32_t *out)
{
    struct thm_heap_call c = *call;
    enum thm_mem_err err = THM_MEM_OK;
    const uint32_t old = c.op == THM_HEAP_REALLOC ? live_bytes(b, c.address) : 0;
    *out = 0;
    b->book.calls++;
    if (c.op != THM_HEAP_FREE)
        c.what = thm_ledger_owner_name(&b->book.ledger, c.what, c.runtime);
    memcheck_free(b, &c);
    THM_MEMCHECK_PAUSE();
    thm_heap_check_before(b, &c);
    thm_heap_record(b, &c);
    if (!fails(b, &c))
        err = thm_heap_perform(&b->heaps, &c, out);
    if (!err)
        note_result(b, &c, *out);
    thm_heap_check_after(b);
    THM_MEMCHECK_RESUME();
    memcheck_alloc(b, &c, *out, old);
    if (!err)
        tell(b, &c, *out);
    return err;
}

void thm_heap_forget(struct thm_heap_book *k)
{
    thm_ledger_clear(&k->ledger);
    for (uint32_t i = 0; i < THM_HEAPS_MAX; i++)
        free(k->shadow[i]);
    free(k->rounds.now.step);
    free(k->rounds.last.step);
    *k = (struct thm_heap_book){ 0 };
}
