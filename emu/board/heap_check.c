/* emu/board/heap_check.c -- damage to the heap, found at every heap call and told by the owners' names.
 *
 * Between two heap calls the firmware may write only into its live blocks. All else (free memory, headers, the bytes
 * between what was asked for and what was given) must be as the last call left it: a copy of the heaps tells. Free
 * memory begins as FILL, and a block is filled with it before it is freed, so that also a stray zero shows. */
#include "emu/board/board.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILL = 0xFE }; /* ESP-IDF's comprehensive poisoning uses it for freed memory */

/* How much of the heap is compared. Where a break may not come up to the end, the stack may: what lies above the break
 * is the stack's to write. */
static uint32_t checked_bytes(const struct thm_heap *h)
{
    return h->limit < h->size ? h->brk : h->size;
}

bool thm_heap_check_start(struct thm_board *b)
{
    for (uint32_t i = 0; i < b->heaps.n; i++) {
        const struct thm_heap *h = &b->heaps.heap[i];
        b->book.shadow[i] = malloc(h->size);
        if (!b->book.shadow[i])
            return false;
        memcpy(b->book.shadow[i], h->mem, h->size);
    }
    return true;
}

void thm_heap_check_after(struct thm_board *b)
{
    for (uint32_t i = 0; i < b->heaps.n && b->book.shadow[i]; i++)
        memcpy(b->book.shadow[i], b->heaps.heap[i].mem, checked_bytes(&b->heaps.heap[i]));
}

static uint32_t heap_at(const struct thm_board *b, uint32_t address)
{
    uint32_t i = 0;
    while (i < b->heaps.n && address - b->heaps.heap[i].base >= b->heaps.heap[i].size)
        i++;
    return i;
}

/* What live blocks hold may have changed. */
static void admit_live_blocks(struct thm_board *b)
{
    const struct thm_ledger *l = &b->book.ledger;
    for (uint32_t k = 0; k < l->count; k++) {
        const struct thm_ledger_block *live = &l->block[k];
        const uint32_t i = heap_at(b, live->address);
        if (i == b->heaps.n) /* a heap without a limit has run out of its memory */
            continue;
        const struct thm_heap *h = &b->heaps.heap[i];
        const uint32_t off = live->address - h->base;
        if (live->bytes <= h->size - off)
            memcpy(b->book.shadow[i] + off, h->mem + off, live->bytes);
    }
}

/* Device address of the first byte that is not as it was left; 0: none. */
static uint32_t first_change(const struct thm_board *b)
{
    for (uint32_t i = 0; i < b->heaps.n; i++) {
        const struct thm_heap *h = &b->heaps.heap[i];
        const uint8_t *shadow = b->book.shadow[i];
        const uint32_t size = checked_bytes(h);
        uint32_t off = memcmp(h->mem, shadow, size) ? 0 : size;
        while (off < size && h->mem[off] == shadow[off])
            off++;
        if (off < size)
            return h->base + off;
    }
    return 0;
}

void thm_heap_check_before(struct thm_board *b, const struct thm_heap_call *c)
{
    if (!b->book.shadow[0])
        return;
    admit_live_blocks(b);
    uint32_t where = first_change(b);
    if (where || thm_heaps_check(&b->heaps, &where))
        thm_heap_damaged(b, where, c);
    const struct thm_ledger_block *block = thm_ledger_find(&b->book.ledger, c->address);
    if (c->address && !block)
        thm_heap_bad_free(b, c);
    if (c->op == THM_HEAP_FREE && block)
        memset(thm_heaps_host(&b->heaps, c->address), FILL, block->bytes);
}

/* ---- the message ---- */

const char *thm_heap_region_name(const struct thm_board *b, uint32_t address)
{
    const struct thm_profile *p = b->profile;
    for (unsigned i = 0; i < p->heaps_count; i++)
        if (address - p->heaps[i].base < p->heaps[i].size)
            return p->heaps[i].name;
    return "no heap";
}

struct line {
    char text[sizeof((struct thm_event *)0)->text];
    size_t len;
};

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(l->text + l->len, sizeof l->text - l->len, fmt, args);
    va_end(args);
    l->len += n < 0 ? 0 : (size_t)n;
    l->len = l->len < sizeof l->text ? l->len : sizeof l->text - 1;
}

static void add_block(const struct thm_board *b, struct line *l, const struct thm_ledger_block *k)
{
    add(l, "'%.39s' (%u bytes at 0x%x)", thm_ledger_name(&b->book.ledger, k), k->bytes, k->address);
}

/* The live block of the same heap, or NULL. */
static const struct thm_ledger_block *in_heap_of(const struct thm_board *b, uint32_t where,
                                                 const struct thm_ledger_block *k)
{
    return k && heap_at(b, k->address) == heap_at(b, where) ? k : NULL;
}

static void add_written(const struct thm_board *b, struct line *l, const char *kind, uint32_t byte, const char *place,
                        const struct thm_ledger_block *k)
{
    add(l, "%s: byte %u %s ", kind, byte, place);
    add_block(b, l, k);
}

/* A block that was freed, else the nearer one of the live ones around; then the next one. */
static void add_place(const struct thm_board *b, struct line *l, uint32_t where)
{
    const struct thm_ledger *ledger = &b->book.ledger;
    const struct thm_ledger_freed *freed = thm_ledger_freed_at(ledger, where);
    const struct thm_ledger_block *below = in_heap_of(b, where, thm_ledger_below(ledger, where));
    const struct thm_ledger_block *above = in_heap_of(b, where, thm_ledger_above(ledger, where));
    const uint32_t behind = below ? where - below->address - below->bytes : UINT32_MAX;
    const uint32_t before = above ? above->address - where : UINT32_MAX;
    if (freed) {
        add_written(b, l, "use after free", where - freed->block.address, "of", &freed->block);
        add(l, ", freed in heap call %u,", freed->call);
    } else if (above && before < behind) {
        add_written(b, l, "heap underrun", before, "before", above);
        above = NULL;
    } else if (below) {
        add_written(b, l, "heap overrun", behind + 1, "behind", below);
    } else {
        add(l, "heap damage: 0x%x", where);
    }
    add(l, " was written, region %s", thm_heap_region_name(b, where));
    if (above) {
        add(l, "; next is ");
        add_block(b, l, above);
    }
}

static void end_board(struct thm_board *b, const char *kind, struct line *l, uint32_t address,
                      const struct thm_heap_call *c)
{
    char call[96];
    add(l, "; noticed in heap call %u, %s", b->book.calls, thm_heap_call_text(c, call, sizeof call));
    thm_board_event(b, THM_EV_FAULT, kind, l->text, 12, address);
    thm_board_die(b, 12);
}

void thm_heap_damaged(struct thm_board *b, uint32_t where, const struct thm_heap_call *c)
{
    struct line l = { .len = 0 };
    add_place(b, &l, where);
    end_board(b, "heap corruption", &l, where, c);
    __builtin_unreachable();
}

void thm_heap_bad_free(struct thm_board *b, const struct thm_heap_call *c)
{
    struct line l = { .len = 0 };
    const struct thm_ledger_freed *freed = thm_ledger_freed_at(&b->book.ledger, c->address);
    const uint32_t heap = heap_at(b, c->address);
    if (thm_ledger_find(&b->book.ledger, c->address))
        thm_heap_damaged(b, heap < b->heaps.n ? b->heaps.heap[heap].corrupt_at : 0, c);
    if (freed && freed->block.address == c->address) {
        add(&l, "double free: ");
        add_block(b, &l, &freed->block);
        add(&l, " was freed in heap call %u already", freed->call);
    } else {
        add(&l, "free of 0x%x, which is no block's address", c->address);
    }
    end_board(b, "bad free", &l, c->address, c);
    __builtin_unreachable();
}
