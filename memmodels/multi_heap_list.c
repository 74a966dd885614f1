/* ESP-IDF's multi_heap before TLSF (ESP-IDF 3 to 4.2): the smallest free block that is large enough, the lowest of
 * those. Rules: esp-idf components/heap/multi_heap.c, multi_heap_poisoning.c as of 4.0. Every block begins with the
 * address of the next one; free ones are also in a list in address order. heap_caps_aligned_alloc (4.1) had a free of
 * its own and is not here. */
#include <stdio.h>
#include "memmodels/band.h"
#include "memmodels/multi_heap.h"
#include "memmodels/poison.h"

enum {                 /* a block */
       BLOCK_NEXT = 0, /* the next block's address, and the free flag */
       BLOCK_NEXT_FREE = 4,
       BLOCK_PAYLOAD = 4,
       BLOCK_LEAST = 8, /* a remainder of at least this much becomes a block */

       /* the heap record, at the region's start; behind it the first block that can be given */
       RECORD_FREE = 4,
       RECORD_MIN_FREE = 8,
       RECORD_LAST = 12,
       RECORD_FIRST = 16, /* a free block of 4 bytes that is never given: the list begins there */
       RECORD_END = 24,
};
#define FREE_FLAG 1u

enum {        /* thm_heap.state */
       START, /* of the record */
       LAST,  /* a free block of size 0 behind the others; the list ends there */
       POISON,
};

BAND_INLINE uint32_t first_of(const struct thm_heap *h)
{
    return h->state[START] + RECORD_FIRST;
}

BAND_INLINE uint32_t record(struct band *b, const struct thm_heap *h, uint32_t field)
{
    return band_load(b, h->state[START] + field);
}

BAND_INLINE void count_free(struct band *b, const struct thm_heap *h, uint32_t given, uint32_t taken)
{
    band_store(b, h->state[START] + RECORD_FREE, record(b, h, RECORD_FREE) + given - taken);
}

BAND_INLINE void count_least(struct band *b, const struct thm_heap *h)
{
    const uint32_t now = record(b, h, RECORD_FREE);
    if (now < record(b, h, RECORD_MIN_FREE))
        band_store(b, h->state[START] + RECORD_MIN_FREE, now);
}

/* ---- blocks ---- */

/* `next` may follow the block at: further on, and inside. */
BAND_INLINE uint32_t in_order(struct band *b, const struct thm_heap *h, uint32_t at, uint32_t next)
{
    return next > at && next <= h->state[LAST] && next % 4 == 0 ? next : band_corrupt(b, at);
}

/* The block behind at; 0: its header is damaged. */
BAND_INLINE uint32_t next_of(struct band *b, const struct thm_heap *h, uint32_t at)
{
    return in_order(b, h, at, band_load(b, at + BLOCK_NEXT) & ~3u);
}

BAND_INLINE bool is_free(struct band *b, uint32_t at)
{
    return band_load(b, at + BLOCK_NEXT) & FREE_FLAG;
}

/* Payload bytes; 0 for the last block and damaged ones. */
BAND_INLINE uint32_t size_of(struct band *b, const struct thm_heap *h, uint32_t at)
{
    const uint32_t next = at == h->state[LAST] ? 0 : next_of(b, h, at);
    return next ? next - at - BLOCK_PAYLOAD : 0;
}

BAND_INLINE uint32_t next_free(struct band *b, const struct thm_heap *h, uint32_t at)
{
    return in_order(b, h, at, band_load(b, at + BLOCK_NEXT_FREE));
}

/* The free block before at; 0: the list is damaged. */
static uint32_t free_before(struct band *b, const struct thm_heap *h, uint32_t at)
{
    uint32_t before = first_of(h), next = next_free(b, h, before);
    while (next > before && next < at) {
        before = next;
        next = band_load(b, before + BLOCK_NEXT_FREE);
    }
    return next > before && is_free(b, before) ? before : band_corrupt(b, before);
}

/* Join two adjacent free blocks. The first and the last are never joined to others. */
static uint32_t join_free(struct band *b, const struct thm_heap *h, uint32_t low, uint32_t high)
{
    if (high == h->state[LAST] || low == first_of(h))
        return low == first_of(h) ? high : low;
    band_store(b, low + BLOCK_NEXT, band_load(b, high + BLOCK_NEXT) | FREE_FLAG);
    band_store(b, low + BLOCK_NEXT_FREE, band_load(b, high + BLOCK_NEXT_FREE));
    count_free(b, h, BLOCK_PAYLOAD, 0);
    return low;
}

/* Take a free block out of the list and off the free bytes. */
static void take_out(struct band *b, const struct thm_heap *h, uint32_t before, uint32_t at)
{
    band_store(b, before + BLOCK_NEXT_FREE, band_load(b, at + BLOCK_NEXT_FREE));
    count_free(b, h, 0, size_of(b, h, at));
}

/* Give back what the live block has beyond n bytes: to the free block behind it, or as a block if it can be one. */
static void trim(struct band *b, const struct thm_heap *h, uint32_t at, uint32_t n, uint32_t before)
{
    const uint32_t size = size_of(b, h, at), next = next_of(b, h, at), rest = at + BLOCK_PAYLOAD + n;
    const bool grows_next = next && next != h->state[LAST] && is_free(b, next);
    if (b->corrupt_at || (!grows_next && size < n + BLOCK_LEAST))
        return;
    const uint32_t beyond = grows_next ? next_free(b, h, next) : band_load(b, before + BLOCK_NEXT_FREE);
    const uint32_t end = grows_next ? next_of(b, h, next) : next;
    band_store(b, rest + BLOCK_NEXT, end | FREE_FLAG);
    band_store(b, rest + BLOCK_NEXT_FREE, beyond);
    band_store(b, at + BLOCK_NEXT, rest);
    band_store(b, before + BLOCK_NEXT_FREE, rest);
    count_free(b, h, size - n - (grows_next ? 0 : BLOCK_PAYLOAD), 0);
}

/* ---- calls, without poison ---- */

/* The smallest free block of n bytes or more; 0: none. *before: the free block before it. */
static uint32_t best_fit(struct band *b, const struct thm_heap *h, uint32_t n, uint32_t *before)
{
    const uint32_t last = h->state[LAST];
    uint32_t best = 0, best_size = UINT32_MAX, prev = first_of(h), at = next_free(b, h, prev), word, beyond;
    for (; at != last && best_size != n; prev = at, at = beyond) {
        band_load_pair(b, at, &word, &beyond);
        const uint32_t size = word - FREE_FLAG - at - BLOCK_PAYLOAD;
        if (!(word & FREE_FLAG) || beyond <= at)
            return band_corrupt(b, at);
        if (size < n || size >= best_size)
            continue;
        best = at;
        best_size = size;
        *before = prev;
    }
    return best && size_of(b, h, best) ? best : 0;
}

/* n is a multiple of 4. */
static uint32_t get(struct band *b, const struct thm_heap *h, uint32_t n)
{
    uint32_t before = 0;
    if (n == 0 || record(b, h, RECORD_FREE) < n)
        return 0;
    const uint32_t at = best_fit(b, h, n, &before);
    if (at == 0)
        return 0;
    take_out(b, h, before, at);
    band_store(b, at + BLOCK_NEXT, band_load(b, at + BLOCK_NEXT) & ~FREE_FLAG);
    trim(b, h, at, n, before);
    count_least(b, h);
    return at;
}

static void give(struct band *b, const struct thm_heap *h, uint32_t at)
{
    const uint32_t before = free_before(b, h, at), next = next_of(b, h, at);
    if (b->corrupt_at)
        return;
    band_store(b, at + BLOCK_NEXT_FREE, band_load(b, before + BLOCK_NEXT_FREE));
    band_store(b, before + BLOCK_NEXT_FREE, at);
    band_store(b, at + BLOCK_NEXT, next | FREE_FLAG);
    count_free(b, h, next - at - BLOCK_PAYLOAD, 0);
    const uint32_t whole = next_of(b, h, before) == at ? join_free(b, h, before, at) : at;
    if (is_free(b, next))
        join_free(b, h, whole, next);
}

/* Let the live block grow over its free neighbours, as far as they help; where it begins now. */
static uint32_t grow(struct band *b, const struct thm_heap *h, uint32_t at, uint32_t n)
{
    const uint32_t before = free_before(b, h, at), next = next_of(b, h, at);
    if (b->corrupt_at)
        return at;
    const uint32_t front = next_of(b, h, before) == at ? size_of(b, h, before) : 0;
    uint32_t size = size_of(b, h, at);
    if (is_free(b, next) && next != h->state[LAST] && size + size_of(b, h, next) + front >= n) {
        const uint32_t end = next_of(b, h, next);
        take_out(b, h, before, next);
        band_store(b, at + BLOCK_NEXT, end);
        size = end - at - BLOCK_PAYLOAD;
    }
    if (front == 0 || before == first_of(h) || size + front < n)
        return at;
    const uint32_t end = next_of(b, h, at);
    take_out(b, h, free_before(b, h, before), before);
    band_store(b, before + BLOCK_NEXT, end);
    return before;
}

/* The block of n bytes with what the live one at had; 0: none. */
static uint32_t resize(struct band *b, const struct thm_heap *h, uint32_t at, uint32_t n)
{
    const uint32_t size = size_of(b, h, at);
    if (n > size && record(b, h, RECORD_FREE) < n - size)
        return 0;
    const uint32_t grown = n > size ? grow(b, h, at, n) : at, grown_size = size_of(b, h, grown);
    if (!b->corrupt_at && grown_size >= n) {
        if (grown != at)
            band_copy(b, grown + BLOCK_PAYLOAD, at + BLOCK_PAYLOAD, size);
        trim(b, h, grown, n, free_before(b, h, grown));
        return grown;
    }
    const uint32_t to = b->corrupt_at ? 0 : get(b, h, n);
    if (to && band_copy(b, to + BLOCK_PAYLOAD, at + BLOCK_PAYLOAD, grown_size))
        give(b, h, at);
    return to;
}

/* ---- calls ---- */

static uint32_t overhead(const struct thm_heap *h)
{
    return h->state[POISON];
}

static uint32_t front(const struct thm_heap *h)
{
    return BLOCK_PAYLOAD + (overhead(h) ? POISON_FRONT : 0);
}

/* What the allocator below is asked for: n and the poison, rounded up; 0: none, or too much. */
static uint32_t wanted(const struct thm_heap *h, uint32_t n)
{
    return n && n <= UINT32_MAX - POISON_OVERHEAD ? band_up(n + overhead(h), 4) : 0;
}

/* End of a call that has block at (0: none) for n bytes: the caller's address. */
static uint32_t hand_out(struct band *b, struct thm_heap *h, uint32_t at, uint32_t n)
{
    if (!band_done(b, h) || at == 0)
        return 0;
    if (overhead(h))
        poison_set(band_host(b, at + BLOCK_PAYLOAD), n);
    return at + front(h);
}

/* The live block of p; 0: p cannot be one, or (b->corrupt_at) its header or canaries are damaged. */
static uint32_t live_block(struct band *b, const struct thm_heap *h, uint32_t p)
{
    const uint32_t at = p - front(h);
    uint32_t off;
    if (at - (h->state[START] + RECORD_END) >= h->state[LAST] - (h->state[START] + RECORD_END) || at % 4)
        return 0;
    const uint32_t size = size_of(b, h, at);
    if (b->corrupt_at || is_free(b, at))
        return band_corrupt(b, at);
    const bool intact = !overhead(h) || poison_intact(band_host(b, at + BLOCK_PAYLOAD), size, &off);
    return intact ? at : band_corrupt(b, at + BLOCK_PAYLOAD + off);
}

static uint32_t heap_malloc(struct thm_heap *h, uint32_t n)
{
    struct band b = band_view(h);
    return hand_out(&b, h, get(&b, h, wanted(h, n)), n);
}

static enum thm_mem_err heap_free(struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    const uint32_t at = p ? live_block(&b, h, p) : 0;
    if (at)
        give(&b, h, at);
    if (!band_done(&b, h))
        return THM_MEM_ECORRUPT;
    return at || p == 0 ? THM_MEM_OK : THM_MEM_EINVAL;
}

static uint32_t heap_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    struct band b = band_view(h);
    if (p == 0)
        return heap_malloc(h, n);
    if (n == 0)
        heap_free(h, p);
    const uint32_t want = wanted(h, n), at = want ? live_block(&b, h, p) : 0, to = at ? resize(&b, h, at, want) : 0;
    if (at)
        count_least(&b, h);
    return hand_out(&b, h, to, n);
}

static uint32_t heap_usable(const struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    const uint32_t at = live_block(&b, h, p);
    return at ? less_poison(size_of(&b, h, at), overhead(h)) : 0;
}

static enum thm_mem_err init(struct thm_heap *h, uint32_t poison)
{
    const uint64_t start = ((uint64_t)h->base + 3) & ~3ull, end = ((uint64_t)h->base + h->size) & ~3ull;
    if (start + RECORD_END + 2 * BLOCK_LEAST > end)
        return THM_MEM_EINVAL;
    const uint32_t at = (uint32_t)start, first = at + RECORD_END, last = (uint32_t)(end - BLOCK_LEAST);
    const uint32_t bytes = last - first - BLOCK_PAYLOAD;
    const uint32_t words[] = { 0, bytes, bytes, last, first | FREE_FLAG, first, last | FREE_FLAG, last };
    struct band b = band_view(h);
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
        band_store(&b, at + 4 * i, words[i]);
    band_store(&b, last + BLOCK_NEXT, FREE_FLAG);
    band_store(&b, last + BLOCK_NEXT_FREE, 0);
    h->state[START] = at;
    h->state[LAST] = last;
    h->state[POISON] = poison;
    return THM_MEM_OK;
}

static enum thm_mem_err init_off(struct thm_heap *h)
{
    return init(h, 0);
}

static enum thm_mem_err init_light(struct thm_heap *h)
{
    return init(h, POISON_OVERHEAD);
}

/* ---- figures ---- */

static uint32_t heap_free_bytes(const struct thm_heap *h)
{
    struct band b = band_view(h);
    return less_poison(record(&b, h, RECORD_FREE), overhead(h));
}

static void heap_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    struct band b = band_view(h);
    *out = (struct thm_heap_stats){ .free = heap_free_bytes(h) };
    for (uint32_t at = h->state[START] + RECORD_END, next; at < h->state[LAST] && (next = next_of(&b, h, at));
         at = next) {
        const uint32_t size = next - at - BLOCK_PAYLOAD;
        const bool free = is_free(&b, at);
        out->blocks_free += free;
        out->blocks_alloc += !free;
        out->allocated += free ? 0 : size - overhead(h);
        out->largest = free && size > out->largest ? size : out->largest;
    }
    out->largest = less_poison(out->largest, overhead(h));
    out->min_free = less_poison(record(&b, h, RECORD_MIN_FREE), overhead(h));
}

/* One block of the walk: what it says of itself, and whether the list has it in its place. *expected: the list's next.
 */
static void check_block(struct band *b, const struct thm_heap *h, uint32_t at, uint32_t *expected, uint32_t *bytes)
{
    const uint32_t size = size_of(b, h, at);
    uint32_t off;
    if (b->corrupt_at)
        return;
    if (is_free(b, at)) {
        *bytes += size;
        if (*expected != at || is_free(b, at + BLOCK_PAYLOAD + size) > (at + BLOCK_PAYLOAD + size == h->state[LAST]))
            band_corrupt(b, at);
        *expected = next_free(b, h, at);
    } else if (overhead(h) && !poison_intact(band_host(b, at + BLOCK_PAYLOAD), size, &off)) {
        band_corrupt(b, at + BLOCK_PAYLOAD + off);
    }
}

static enum thm_mem_err heap_check(const struct thm_heap *h, uint32_t *where)
{
    struct band b = band_view(h);
    const uint32_t last = h->state[LAST], begin = h->state[START] + RECORD_END;
    uint32_t expected = next_free(&b, h, first_of(h)), bytes = 0, at = begin;
    if (record(&b, h, RECORD_LAST) != last || band_load(&b, first_of(h)) != (begin | FREE_FLAG))
        band_corrupt(&b, h->state[START] + RECORD_LAST);
    for (; !b.corrupt_at && at < last; at += BLOCK_PAYLOAD + size_of(&b, h, at))
        check_block(&b, h, at, &expected, &bytes);
    if (!b.corrupt_at && (at != last || expected != last || band_load(&b, last) != FREE_FLAG))
        band_corrupt(&b, last);
    if (!b.corrupt_at && bytes != record(&b, h, RECORD_FREE))
        band_corrupt(&b, h->state[START] + RECORD_FREE);
    if (b.corrupt_at && where)
        *where = b.corrupt_at;
    return b.corrupt_at ? THM_MEM_ECORRUPT : THM_MEM_OK;
}

static enum thm_mem_err heap_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    struct band b = band_view(h);
    uint32_t at = h->state[START] + RECORD_END, next;
    for (; at < h->state[LAST] && (next = next_of(&b, h, at)); at = next)
        visit(ctx, &(struct thm_heap_block){ at, next - at, is_free(&b, at) ? 0 : at + front(h) });
    return at == h->state[LAST] ? THM_MEM_OK : THM_MEM_ECORRUPT;
}

#define ROW(name_, title_, init_)                                                                          \
    {                                                                                                      \
        .name = (name_), .title = (title_), .unsorted = true, .init = (init_), .malloc = heap_malloc,      \
        .realloc = heap_realloc, .free = heap_free, .usable = heap_usable, .free_bytes = heap_free_bytes,  \
        .stats = heap_stats, .check = heap_check, .walk = heap_walk, .stat_line = thm_multi_heap_stat_line \
    }
const struct thm_heap_ops thm_multi_heap_best_fit =
    ROW("esp_multi_heap_best_fit", "ESP-IDF multi_heap before TLSF (3.0 to 4.2), poisoning off", init_off);
const struct thm_heap_ops thm_multi_heap_best_fit_light =
    ROW("esp_multi_heap_best_fit_light", "the same with light poisoning (Arduino-ESP32 1.0)", init_light);
