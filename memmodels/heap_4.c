/* FreeRTOS heap_4: first fit over a list of free blocks in address order.
 * Rules: FreeRTOS-Kernel portable/MemMang/heap_4.c (4269c69, V11.1.0+), heap protector off, 8-byte alignment. */
#include <stdio.h>
#include "memmodels/band.h"
#include "memmodels/heap_4.h"

enum { /* a block */
       BLOCK_NEXT = 0,
       BLOCK_SIZE = 4, /* header included */
       BLOCK_HEADER = 8,
       BLOCK_SPLIT = 16, /* a remainder above this becomes a block */
};
#define ALLOCATED 0x80000000u /* in the size word */

enum {        /* thm_heap.state: the kernel's statics */
       START, /* xStart.pxNextFreeBlock */
       END,   /* pxEnd: a block of size 0 behind the last */
       FREE,
       MIN_FREE,
       FIRST, /* where the first block begins */
};

/* Where the word lies that points to a block: in the block before it, or (0) xStart. */
BAND_INLINE uint32_t next_of(struct band *b, const struct thm_heap *h, uint32_t before)
{
    return before ? band_load(b, before + BLOCK_NEXT) : h->state[START];
}

BAND_INLINE void set_next(struct band *b, struct thm_heap *h, uint32_t before, uint32_t next)
{
    if (before)
        band_store(b, before + BLOCK_NEXT, next);
    else
        h->state[START] = next;
}

/* `next` may follow the free block `before`: the list is in address order and ends at pxEnd. */
BAND_INLINE bool in_order(struct band *b, const struct thm_heap *h, uint32_t before, uint32_t next)
{
    if (__builtin_expect(next > before && next <= h->state[END] && next >= h->state[FIRST], 1))
        return true;
    return band_corrupt(b, before + BLOCK_NEXT);
}

static enum thm_mem_err heap_init(struct thm_heap *h)
{
    const uint64_t start = ((uint64_t)h->base + 7) & ~7ull, end = (uint64_t)h->base + h->size;
    if (start + 2 * BLOCK_HEADER > end || h->size >= ALLOCATED)
        return THM_MEM_EINVAL;
    const uint32_t first = (uint32_t)start, marker = (uint32_t)(end - BLOCK_HEADER) & ~7u, size = marker - first;
    if (size < BLOCK_HEADER)
        return THM_MEM_EINVAL;
    const uint32_t statics[] = { [START] = first, [END] = marker, [FREE] = size, [MIN_FREE] = size, [FIRST] = first };
    memcpy(h->state, statics, sizeof statics);
    struct band b = band_view(h);
    band_store(&b, marker + BLOCK_NEXT, 0);
    band_store(&b, marker + BLOCK_SIZE, 0);
    band_store(&b, first + BLOCK_NEXT, marker);
    band_store(&b, first + BLOCK_SIZE, size);
    return THM_MEM_OK;
}

/* The block size for a request; 0: none. */
BAND_INLINE uint32_t wanted(const struct thm_heap *h, uint32_t n)
{
    const uint64_t size = ((uint64_t)n + BLOCK_HEADER + 7) & ~7ull;
    return n && size <= h->state[FREE] ? (uint32_t)size : 0;
}

/* Take `want` bytes off the free block `at`, whose predecessor is `before`; the rest, if large, takes its place. */
BAND_INLINE void take(struct band *b, struct thm_heap *h, uint32_t before, uint32_t at, uint32_t size, uint32_t want)
{
    uint32_t next = band_load(b, at + BLOCK_NEXT);
    if (size - want > BLOCK_SPLIT) {
        band_store(b, at + want + BLOCK_NEXT, next);
        band_store(b, at + want + BLOCK_SIZE, size - want);
        next = at + want;
        size = want;
    }
    set_next(b, h, before, next);
    band_store(b, at + BLOCK_NEXT, 0);
    band_store(b, at + BLOCK_SIZE, size | ALLOCATED);
    h->state[FREE] -= size;
    if (h->state[FREE] < h->state[MIN_FREE])
        h->state[MIN_FREE] = h->state[FREE];
}

static uint32_t heap_malloc(struct thm_heap *h, uint32_t n)
{
    struct band b = band_view(h);
    const uint32_t want = wanted(h, n), end = h->state[END];
    uint32_t before = 0, at = h->state[START], size = 0;
    if (want == 0)
        return 0;
    for (uint32_t next; in_order(&b, h, before, at) && at != end; at = next) {
        band_load_pair(&b, at, &next, &size);
        if (size >= want)
            break;
        before = at;
    }
    if (!b.corrupt_at && at != end && size > end - at)
        band_corrupt(&b, at + BLOCK_SIZE);
    if (!band_done(&b, h) || at == end)
        return 0;
    take(&b, h, before, at, size, want);
    return at + BLOCK_HEADER;
}

/* Put the block back in its place, joined with the free neighbours. */
BAND_INLINE void insert(struct band *b, struct thm_heap *h, uint32_t at, uint32_t size)
{
    uint32_t before = 0, next = h->state[START];
    while (in_order(b, h, before, next) && next < at) {
        before = next;
        next = band_load(b, before + BLOCK_NEXT);
    }
    if (b->corrupt_at)
        return;
    const uint32_t before_size = before ? band_load(b, before + BLOCK_SIZE) : 0;
    const bool joins = before && before + before_size == at;
    const uint32_t whole = joins ? before : at;
    size += joins ? before_size : 0;
    uint32_t follower = next;
    if (whole + size == next && next != h->state[END]) {
        size += band_load(b, next + BLOCK_SIZE);
        follower = band_load(b, next + BLOCK_NEXT);
    }
    band_store(b, whole + BLOCK_SIZE, size);
    band_store(b, whole + BLOCK_NEXT, follower);
    if (!joins)
        set_next(b, h, before, at);
}

/* The block of p, if it is allocated as configASSERT demands. */
BAND_INLINE uint32_t live_block(struct band *b, const struct thm_heap *h, uint32_t p, uint32_t *size)
{
    const uint32_t at = p - BLOCK_HEADER, word = band_load(b, at + BLOCK_SIZE);
    *size = word & ~ALLOCATED;
    if (!(word & ALLOCATED) || *size < BLOCK_HEADER || *size > h->state[END] - at)
        return band_corrupt(b, at + BLOCK_SIZE);
    return band_load(b, at + BLOCK_NEXT) ? band_corrupt(b, at + BLOCK_NEXT) : at;
}

BAND_INLINE bool in_heap(const struct thm_heap *h, uint32_t p)
{
    return p % 8 == 0 && p - (h->state[FIRST] + BLOCK_HEADER) < h->state[END] - (h->state[FIRST] + BLOCK_HEADER);
}

static enum thm_mem_err heap_free(struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    uint32_t size;
    if (!in_heap(h, p))
        return p ? THM_MEM_EINVAL : THM_MEM_OK;
    const uint32_t at = live_block(&b, h, p, &size);
    if (at) {
        band_store(&b, at + BLOCK_SIZE, size); /* no longer allocated, also where it becomes part of the one before */
        insert(&b, h, at, size);
    }
    if (!band_done(&b, h))
        return THM_MEM_ECORRUPT;
    h->state[FREE] += size;
    return THM_MEM_OK;
}

static uint32_t heap_usable(const struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    uint32_t size;
    return in_heap(h, p) && live_block(&b, h, p, &size) ? size - BLOCK_HEADER : 0;
}

static uint32_t heap_free_bytes(const struct thm_heap *h)
{
    return h->state[FREE];
}

/* vPortGetHeapStats: the largest free block, with its header, and how many there are. */
static uint32_t walk_free(const struct thm_heap *h, uint32_t *count)
{
    struct band b = band_view(h);
    uint32_t largest = 0, before = 0, at = h->state[START];
    for (*count = 0; in_order(&b, h, before, at) && at != h->state[END]; ++*count) {
        const uint32_t size = band_load(&b, at + BLOCK_SIZE);
        largest = size > largest ? size : largest;
        before = at;
        at = band_load(&b, at + BLOCK_NEXT);
    }
    return largest;
}

/* A sound block at `at`; 0: its header is damaged. A live one's link is 0. */
static uint32_t block_size(struct band *b, const struct thm_heap *h, uint32_t at)
{
    const uint32_t word = band_load(b, at + BLOCK_SIZE), size = word & ~ALLOCATED;
    const bool sound = size % 8 == 0 && size >= BLOCK_HEADER && size <= h->state[END] - at;
    return sound && (!(word & ALLOCATED) || band_load(b, at + BLOCK_NEXT) == 0) ? size : 0;
}

static void heap_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    struct band b = band_view(h);
    *out = (struct thm_heap_stats){ .free = h->state[FREE], .min_free = h->state[MIN_FREE] };
    out->largest = walk_free(h, &out->blocks_free);
    out->largest -= out->largest ? BLOCK_HEADER : 0;
    for (uint32_t at = h->state[FIRST], size; at < h->state[END] && (size = block_size(&b, h, at)); at += size)
        if (band_load(&b, at + BLOCK_SIZE) & ALLOCATED) {
            out->blocks_alloc++;
            out->allocated += size - BLOCK_HEADER;
        }
}

/* Blocks lie one behind the other up to pxEnd, and the list names the free ones in order; the sum is the counter's. */
static enum thm_mem_err heap_check(const struct thm_heap *h, uint32_t *where)
{
    struct band b = band_view(h);
    const uint32_t end = h->state[END];
    uint32_t at = h->state[FIRST], expected = h->state[START], sum = 0, link = at, size;
    for (; at < end && (size = block_size(&b, h, at)); at += size) {
        if (band_load(&b, at + BLOCK_SIZE) & ALLOCATED)
            continue;
        if (expected != at)
            break;
        sum += size;
        link = at;
        expected = band_load(&b, at + BLOCK_NEXT);
    }
    if (at != end)
        band_corrupt(&b, expected < at ? link : at);
    else if (expected != end)
        band_corrupt(&b, link);
    else if (band_load(&b, end + BLOCK_SIZE) || band_load(&b, end + BLOCK_NEXT) || sum != h->state[FREE])
        band_corrupt(&b, end);
    if (b.corrupt_at && where)
        *where = b.corrupt_at;
    return b.corrupt_at ? THM_MEM_ECORRUPT : THM_MEM_OK;
}

static enum thm_mem_err heap_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    struct band b = band_view(h);
    uint32_t at = h->state[FIRST], size;
    for (; at < h->state[END] && (size = block_size(&b, h, at)); at += size) {
        const bool live = band_load(&b, at + BLOCK_SIZE) & ALLOCATED;
        visit(ctx, &(struct thm_heap_block){ at, size, live ? at + BLOCK_HEADER : 0 });
    }
    return at == h->state[END] ? THM_MEM_OK : THM_MEM_ECORRUPT;
}

static int heap_stat_line(const struct thm_heap *h, char *buf, size_t len)
{
    uint32_t blocks;
    const uint32_t largest = walk_free(h, &blocks);
    return snprintf(buf, len, "free=%u largest=%u min_free=%u blocks=%u", h->state[FREE], largest, h->state[MIN_FREE],
                    blocks);
}

const struct thm_heap_ops thm_freertos_heap_4 = {
    .name = "freertos_heap_4",
    .title = "FreeRTOS heap_4 (V10, V11)",
    .init = heap_init,
    .malloc = heap_malloc,
    .free = heap_free,
    .usable = heap_usable,
    .free_bytes = heap_free_bytes,
    .stats = heap_stats,
    .check = heap_check,
    .walk = heap_walk,
    .stat_line = heap_stat_line,
};
