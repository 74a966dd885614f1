/* memmodels/sbrk.h -- private: the program break below a newlib heap, and the figures kept beside it.
 *
 * free = size - what live blocks hold - what no block can ever use: so the part of the memory that the break has not
 * reached yet counts as free. All in thm_heap.state, which begins with these words. */
#pragma once
#include "memmodels/heap.h"

enum {
    SBRK_LIVE,     /* bytes of live chunks, headers included */
    SBRK_LOST,     /* bytes below the break that are no chunk: alignment, fence posts, space given up */
    SBRK_MIN_FREE, /* least thm_sbrk_free() so far */
    SBRK_WORDS,
};

#define SBRK_FAILED UINT32_MAX

/* Move the break up by n bytes; the old break as a device address, or SBRK_FAILED. */
static inline uint32_t sbrk_up(struct thm_heap *h, uint32_t n)
{
    const uint32_t old = h->brk;
    if (old > h->limit || n > h->limit - old)
        return SBRK_FAILED;
    h->brk = old + n;
    return h->base + old;
}

static inline uint32_t sbrk_free(const struct thm_heap *h)
{
    const uint64_t used = (uint64_t)h->state[SBRK_LIVE] + h->state[SBRK_LOST];
    return used < h->size ? h->size - (uint32_t)used : 0;
}

/* `taken` bytes went to live chunks, `given` bytes came from them. */
static inline void sbrk_account(struct thm_heap *h, uint32_t given, uint32_t taken)
{
    h->state[SBRK_LIVE] += taken - given;
    const uint32_t now = sbrk_free(h);
    if (now < h->state[SBRK_MIN_FREE])
        h->state[SBRK_MIN_FREE] = now;
}

/* Memory above the break that really exists. */
static inline uint32_t sbrk_room(const struct thm_heap *h)
{
    const uint32_t end = h->limit < h->size ? h->limit : h->size, brk = h->brk;
    return brk < end ? end - brk : 0;
}

/* The end of a walk: what the break has not reached. */
static inline void sbrk_visit_room(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    if (sbrk_room(h))
        visit(ctx, &(struct thm_heap_block){ h->base + h->brk, sbrk_room(h), 0 });
}

/* The calls that are under the same names in the files of newlib's heaps. */
#define SBRK_HEAP_CALLS                                                                           \
    .malloc = heap_malloc, .free = heap_free, .realloc = heap_realloc, .memalign = heap_memalign, \
    .usable = heap_usable, .free_bytes = sbrk_free, .stats = heap_stats, .check = heap_check,     \
    .stat_line = heap_stat_line
