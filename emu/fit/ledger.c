#include "emu/fit/ledger.h"
#include <string.h>
#include "memmodels/caps.h"
#include "netlink/tls_cost.h"

/* ---- whose a block is ---- */

/* Owners are named by what the board's code calls them; event names are cut to their field. */
static const struct {
    const char *begins; /* the owner's name */
    enum thm_fit_row row;
} owners[] = {
    { "task stack", THM_FIT_STACK }, { "receive buffer", THM_FIT_RECEIVE },
    { "model copy", THM_FIT_MODEL }, { "model buffer", THM_FIT_MODEL },
    { "SPIFFS ", THM_FIT_FILES },    { "EEFS ", THM_FIT_FILES },
    { "FatFs ", THM_FIT_FILES },     { "littlefs ", THM_FIT_FILES },
    { "slots ", THM_FIT_FILES },     { "flash erase block", THM_FIT_FILES },
};

static bool same_owner(const struct thm_event *ev, const char *what)
{
    return strncmp(ev->name, what, sizeof ev->name - 1) == 0;
}

/* Blocks of the runtime's that are taken when the network comes up. A name in both lists counts as the runtime's. */
static bool is_networks(const struct thm_profile *p, const struct thm_event *ev)
{
    bool found = false;
    for (unsigned i = 0; i < p->taken_count; i++) {
        if (!same_owner(ev, p->taken[i].name))
            continue;
        if (strcmp(p->taken[i].when, "network") != 0)
            return false;
        found = true;
    }
    return found;
}

static enum thm_fit_row row_of(const struct thm_profile *p, const struct thm_event *ev)
{
    const bool runtime = strcmp(ev->text, "runtime") == 0;
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
        if (strncmp(ev->name, owners[i].begins, strlen(owners[i].begins)) == 0)
            return owners[i].row;
    if (runtime)
        return is_networks(p, ev) ? THM_FIT_NETWORK : THM_FIT_RUNTIME;
    return thm_tls_owns(ev->name) ? THM_FIT_TLS : THM_FIT_APPLICATION;
}

static void take_owner(struct fit_heap *h, const struct thm_profile *p, const struct thm_event *ev)
{
    if (same_owner(ev, "tensor arena")) { /* how it is divided is the arena's event to tell */
        h->now.arena += ev->v[1];
        h->peak.arena += ev->v[3];
        return;
    }
    const enum thm_fit_row row = row_of(p, ev);
    h->now.bytes[row] += ev->v[1];
    h->peak.bytes[row] += ev->v[3];
}

/* ---- the heap's picture ---- */

static bool malloc_uses(const char *type)
{
    const struct thm_mem_type *t = thm_mem_type_find(type);
    return t && ((t->caps[0] | t->caps[1] | t->caps[2]) & THM_CAP_DEFAULT);
}

void fit_heap_event(struct fit_heap *h, const struct thm_profile *p, const struct thm_event *ev)
{
    switch (ev->type) {
    case THM_EV_HEAP:
        *h = (struct fit_heap){ .seen = true,
                                .t_ns = ev->t_ns,
                                .free = ev->v[0],
                                .largest = (uint32_t)ev->v[1],
                                .peak_free = ev->v[0],
                                .peak_ns = ev->t_ns };
        return;
    case THM_EV_HEAP_PEAK:
        h->peak_ns = ev->v[0];
        h->peak_free = ev->v[1];
        return;
    case THM_EV_HEAP_REGION:
        h->area += ev->v[1];
        h->unreachable += malloc_uses(ev->text) ? 0 : ev->v[2];
        return;
    case THM_EV_HEAP_OWNER: take_owner(h, p, ev); return;
    default: return;
    }
}

/* ---- the account ---- */

static uint64_t overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    const uint64_t low = a > b ? a : b, high = a + a_size < b + b_size ? a + a_size : b + b_size;
    return high > low ? high - low : 0;
}

struct stack_place { /* bytes of the task's stack, by what lies there */
    uint64_t in_heap, in_statics, in_banks;
};

static struct stack_place place_stack(const struct thm_profile *p, uint32_t size)
{
    struct stack_place at = { 0 };
    const uint64_t low = (uint64_t)p->task.stack_top - size;
    if (!p->task.stack_top || size > p->task.stack_top)
        return at;
    for (unsigned i = 0; i < p->memory_count; i++)
        at.in_banks += overlap(low, size, p->memory[i].base, p->memory[i].size);
    for (unsigned i = 0; i < p->statics_count; i++)
        at.in_statics += overlap(low, size, p->statics[i].base, p->statics[i].size);
    for (unsigned i = 0; i < p->heaps_count; i++)
        at.in_heap += overlap(low, size, p->heaps[i].base, p->heaps[i].size);
    at.in_banks -= at.in_statics + at.in_heap;
    return at;
}

/* What the linker and the chip have taken before there is a heap. */
static void account_outside(struct thm_fit_ledger *l, const struct thm_fit_case *c, const struct thm_fit_cell *cell,
                            uint64_t area)
{
    const struct thm_profile *p = c->profile;
    const uint32_t size = cell->stack_size ? cell->stack_size : c->stack ? c->stack : p->task.stack;
    const struct stack_place stack = place_stack(p, size);
    uint64_t statics = 0;
    for (unsigned i = 0; i < p->statics_count; i++)
        statics += p->statics[i].size;
    l->row[THM_FIT_STACK] += stack.in_statics + stack.in_banks;
    l->row[THM_FIT_STATIC] = statics - stack.in_statics;
    l->row[THM_FIT_BANKS] = cell->ram - area - statics - stack.in_banks - (c->static_arena ? c->arena : 0);
}

static void account_arena(struct thm_fit_ledger *l, const struct thm_arena_stats *arena, uint64_t bytes)
{
    const uint64_t used = bytes >= (uint64_t)arena->head + arena->tail ? (uint64_t)arena->head + arena->tail : 0;
    l->row[THM_FIT_HEAD] = used ? arena->head : 0;
    l->row[THM_FIT_TAIL] = used ? arena->tail : 0;
    l->row[THM_FIT_ARENA_REST] = bytes - used;
}

/* Where heap and stack share a bank, what the stack holds of it is told by its deepest use, and is free to the heap. */
static uint64_t shared_stack(const struct thm_fit_case *c, const struct thm_fit_cell *cell, uint64_t free_bytes)
{
    const bool shared = place_stack(c->profile, c->profile->task.stack).in_heap > 0;
    return !shared ? 0 : cell->stack_used < free_bytes ? cell->stack_used : free_bytes;
}

/* Blocks that do not lie in the RAM at all: the last that were asked for, which are the last rows. */
static void cut_off(struct thm_fit_ledger *l, uint64_t bytes)
{
    l->beyond = bytes;
    for (int r = THM_FIT_APPLICATION; r >= THM_FIT_RUNTIME; r--) {
        const uint64_t part = l->row[r] < bytes ? l->row[r] : bytes;
        l->row[r] -= part;
        bytes -= part;
    }
}

/* The allocator's share is what is neither a block's nor free. */
static void account_heap(struct thm_fit_ledger *l, const struct fit_heap *h, uint64_t stack)
{
    const uint64_t there = h->area - l->row[THM_FIT_LEFT] - h->unreachable;
    uint64_t blocks = 0;
    for (int r = THM_FIT_RUNTIME; r <= THM_FIT_APPLICATION; r++)
        blocks += l->row[r];
    if (blocks > there)
        cut_off(l, blocks - there);
    l->row[THM_FIT_OVERHEAD] = blocks > there ? 0 : there - blocks;
    l->row[THM_FIT_UNREACHABLE] = h->unreachable;
    l->row[THM_FIT_STACK] += stack;
    l->row[THM_FIT_LEFT] -= stack;
}

static struct thm_fit_ledger account(const struct fit_heap *h, const struct thm_fit_case *c,
                                     const struct thm_fit_cell *cell, bool peak)
{
    struct thm_fit_ledger l = { .known = true, .t_ns = peak ? h->peak_ns : h->t_ns };
    memcpy(l.row, peak ? h->peak.bytes : h->now.bytes, sizeof l.row);
    account_arena(&l, &cell->arena, peak ? h->peak.arena : h->now.arena);
    l.row[THM_FIT_LEFT] = peak ? h->peak_free : h->free;
    l.largest = peak ? 0 : h->largest;
    account_heap(&l, h, shared_stack(c, cell, l.row[THM_FIT_LEFT]));
    account_outside(&l, c, cell, h->area);
    if (c->static_arena)
        account_arena(&l, &cell->arena, c->arena);
    return l;
}

void fit_ledger_make(const struct fit_heap *h, const struct thm_fit_case *c, struct thm_fit_cell *cell)
{
    if (!h->seen)
        return;
    cell->now = account(h, c, cell, false);
    cell->peak = account(h, c, cell, true);
}
