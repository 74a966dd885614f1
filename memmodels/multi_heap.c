/* ESP-IDF's multi_heap over TLSF (since 4.3): the heap record with its counters, and light poisoning.
 * Rules: esp-idf components/heap/multi_heap.c, multi_heap_poisoning.c (1021229). */
#include <stdio.h>
#include "memmodels/multi_heap.h"
#include "memmodels/poison.h"
#include "memmodels/tlsf_ops.h"

enum { /* the heap record, at the region's start */
       RECORD_LOCK = 0,
       RECORD_FREE = 4,
       RECORD_MIN_FREE = 8,
       RECORD_POOL_SIZE = 12,
       RECORD_CONTROL = 16,
       RECORD_END = 20,
};

static uint32_t poison_overhead(const struct thm_heap *h)
{
    return h->state[TLSF_POISON];
}

static uint32_t record(const struct thm_heap *h, uint32_t field)
{
    return thm_load32(h->mem + field);
}

/* End of an operation: what it met is the heap's news. */
static bool sound(struct thm_heap *h, const struct tlsf *t)
{
    if (t->corrupt_at && h->corrupt_at == 0)
        h->corrupt_at = t->corrupt_at;
    return t->corrupt_at == 0;
}

/* The words that say where the allocator's structures are have not been overwritten. */
TLSF_INLINE bool control_intact(struct tlsf *t, const struct thm_heap *h)
{
    if (tlsf_load(t, t->control - RECORD_END + RECORD_CONTROL) != t->control)
        return tlsf_corrupt(t, t->control - RECORD_END + RECORD_CONTROL);
    return tlsf_control_intact(t, h) || tlsf_corrupt(t, t->control);
}

/* Count `taken` bytes off the free ones, after giving back `given`. */
TLSF_INLINE void account(const struct tlsf *t, uint32_t given, uint32_t taken)
{
    const uint32_t at = t->control - RECORD_END, now = tlsf_load(t, at + RECORD_FREE) + given - taken;
    tlsf_store(t, at + RECORD_FREE, now);
    if (now < tlsf_load(t, at + RECORD_MIN_FREE))
        tlsf_store(t, at + RECORD_MIN_FREE, now);
}

TLSF_INLINE uint32_t block_cost(const struct tlsf *t, uint32_t q)
{
    return tlsf_size(t, q - BLOCK_PAYLOAD) + BLOCK_OVERHEAD;
}

/* Set the canaries (if overhead is not 0) of the block with payload q, for n bytes; the caller's address. */
TLSF_INLINE uint32_t poison(const struct tlsf *t, uint32_t q, uint32_t n, uint32_t overhead)
{
    if (overhead == 0)
        return q;
    poison_set((uint8_t *)(t->zero + q), n);
    return q + POISON_FRONT;
}

/* p is where a block's payload can be. */
TLSF_INLINE bool in_pool(const struct tlsf *t, uint32_t p, uint32_t overhead)
{
    return tlsf_in_words(p, t->first + BLOCK_PAYLOAD + (overhead ? POISON_FRONT : 0), t->last);
}

/* What TLSF calls the caller's block p; 0: its header or canaries are damaged. */
TLSF_INLINE uint32_t verified(struct tlsf *t, const struct thm_heap *h, uint32_t p, uint32_t overhead)
{
    const uint32_t q = overhead ? p - POISON_FRONT : p, b = q - BLOCK_PAYLOAD;
    if (!control_intact(t, h))
        return 0;
    if (!tlsf_is_block(t, b))
        return tlsf_corrupt(t, b + BLOCK_SIZE);
    uint32_t off;
    const bool intact = !overhead || poison_intact((const uint8_t *)(t->zero + q), tlsf_size(t, b), &off);
    return intact ? q : tlsf_corrupt(t, q + off);
}

static enum thm_mem_err init(struct thm_heap *h, enum tlsf_revision revision, uint32_t overhead)
{
    h->state[TLSF_POISON] = overhead;
    if (h->base % 4 || h->size <= RECORD_END)
        return THM_MEM_EINVAL;
    if (!thm_tlsf_init(h, revision, h->base + RECORD_END, h->size - RECORD_END))
        return THM_MEM_EINVAL;
    const uint32_t pool = thm_tlsf_pool_size(h);
    const uint32_t words[RECORD_END / 4] = { 0, pool, pool, h->size - RECORD_END, h->state[TLSF_CONTROL] };
    for (uint32_t i = 0; i < RECORD_END / 4; i++)
        thm_store32(h->mem + 4 * i, words[i]);
    return THM_MEM_OK;
}

#define INIT(name, revision, overhead)               \
    static enum thm_mem_err name(struct thm_heap *h) \
    {                                                \
        return init(h, revision, overhead);          \
    }
INIT(init_fixed, TLSF_FIXED, 0)
INIT(init_fixed_light, TLSF_FIXED, POISON_OVERHEAD)
INIT(init_exact, TLSF_EXACT, 0)
INIT(init_exact_light, TLSF_EXACT, POISON_OVERHEAD)
INIT(init_good, TLSF_GOOD, 0)
INIT(init_good_light, TLSF_GOOD, POISON_OVERHEAD)

static uint32_t heap_memalign(struct thm_heap *h, uint32_t align, uint32_t n)
{
    struct tlsf t = tlsf_view(h);
    const uint32_t overhead = poison_overhead(h);
    if (align == 0 || align & (align - 1) || n == 0 || n > UINT32_MAX - overhead)
        return 0;
    const uint32_t q =
        control_intact(&t, h) ? thm_tlsf_memalign(&t, align, n + overhead, overhead ? POISON_FRONT : 0) : 0;
    if (!sound(h, &t) || q == 0)
        return 0;
    account(&t, 0, block_cost(&t, q));
    return poison(&t, q, n, overhead);
}

TLSF_INLINE uint32_t malloc_in(struct tlsf t, struct thm_heap *h, uint32_t n, uint32_t overhead)
{
    if (n == 0 || n > UINT32_MAX - overhead)
        return 0;
    const uint32_t q = control_intact(&t, h) ? tlsf_malloc(&t, n + overhead) : 0;
    if (!sound(h, &t) || q == 0)
        return 0;
    account(&t, 0, block_cost(&t, q));
    return poison(&t, q, n, overhead);
}

TLSF_INLINE enum thm_mem_err free_in(struct tlsf t, struct thm_heap *h, uint32_t p, uint32_t overhead)
{
    if (!in_pool(&t, p, overhead))
        return p ? THM_MEM_EINVAL : THM_MEM_OK;
    const uint32_t q = verified(&t, h, p, overhead), cost = q ? block_cost(&t, q) : 0;
    const bool freed = q && tlsf_free(&t, q);
    if (!sound(h, &t) || !freed)
        return THM_MEM_ECORRUPT;
    account(&t, cost, 0);
    return THM_MEM_OK;
}

/* Of any revision. */
static uint32_t heap_malloc(struct thm_heap *h, uint32_t n)
{
    return malloc_in(tlsf_view(h), h, n, poison_overhead(h));
}

static enum thm_mem_err heap_free(struct thm_heap *h, uint32_t p)
{
    return free_in(tlsf_view(h), h, p, poison_overhead(h));
}

/* Today's, which most boards have: compiled for each kind of poisoning and each number of lists, with constant shifts.
 */
#define GOOD(call, h, x, overhead)                                                \
    ((h)->state[TLSF_SL_LOG2] == 3   ? call(tlsf_view_good(h, 3), h, x, overhead) \
     : (h)->state[TLSF_SL_LOG2] == 4 ? call(tlsf_view_good(h, 4), h, x, overhead) \
                                     : call(tlsf_view_good(h, 5), h, x, overhead))

static uint32_t good_malloc(struct thm_heap *h, uint32_t n)
{
    return GOOD(malloc_in, h, n, 0);
}

static uint32_t good_malloc_light(struct thm_heap *h, uint32_t n)
{
    return GOOD(malloc_in, h, n, POISON_OVERHEAD);
}

static enum thm_mem_err good_free(struct thm_heap *h, uint32_t p)
{
    return GOOD(free_in, h, p, 0);
}

static enum thm_mem_err good_free_light(struct thm_heap *h, uint32_t p)
{
    return GOOD(free_in, h, p, POISON_OVERHEAD);
}

/* As heap_caps_realloc calls it: 0 bytes is free, and counted as such. */
static uint32_t heap_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    struct tlsf t = tlsf_view(h);
    const uint32_t overhead = poison_overhead(h);
    if (p == 0)
        return heap_malloc(h, n);
    if (n == 0) {
        heap_free(h, p);
        return 0;
    }
    if (n > UINT32_MAX - overhead || !in_pool(&t, p, overhead))
        return 0;
    const uint32_t q = verified(&t, h, p, overhead), cost = q ? block_cost(&t, q) : 0;
    const uint32_t to = q ? thm_tlsf_realloc(&t, q, n + overhead) : 0;
    if (!sound(h, &t) || to == 0)
        return 0;
    account(&t, cost, block_cost(&t, to));
    return poison(&t, to, n, overhead);
}

static uint32_t heap_usable(const struct thm_heap *h, uint32_t p)
{
    const struct tlsf t = tlsf_view(h);
    const uint32_t overhead = poison_overhead(h), b = p - BLOCK_PAYLOAD - (overhead ? POISON_FRONT : 0);
    if (!in_pool(&t, p, overhead) || !tlsf_is_block(&t, b) || tlsf_load(&t, b + BLOCK_SIZE) & SIZE_FREE)
        return 0;
    const uint32_t size = tlsf_size(&t, b);
    return size > overhead ? size - overhead : 0;
}

static uint32_t heap_free_bytes(const struct thm_heap *h)
{
    return less_poison(record(h, RECORD_FREE), poison_overhead(h));
}

static void heap_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    thm_tlsf_stats(h, out);
    out->free = heap_free_bytes(h);
    out->min_free = less_poison(record(h, RECORD_MIN_FREE), poison_overhead(h));
    out->largest = less_poison(out->largest, poison_overhead(h));
    out->allocated -= out->blocks_alloc * poison_overhead(h);
}

/* The counter agrees with the blocks. Call it on a heap whose headers are sound. */
static enum thm_mem_err check_free_count(const struct thm_heap *h, uint32_t *where)
{
    struct thm_heap_stats s;
    thm_tlsf_stats(h, &s);
    if (record(h, RECORD_FREE) == thm_tlsf_pool_size(h) - s.allocated - s.blocks_alloc * BLOCK_OVERHEAD)
        return THM_MEM_OK;
    if (where)
        *where = h->base + RECORD_FREE;
    return THM_MEM_ECORRUPT;
}

static bool canaries_intact(const struct thm_heap *h, uint32_t q, uint32_t size, uint32_t *where)
{
    uint32_t off;
    const bool intact = poison_intact(h->mem + (q - h->base), size, &off);
    *where = q + off;
    return intact;
}

static enum thm_mem_err heap_check(const struct thm_heap *h, uint32_t *where)
{
    if (record(h, RECORD_CONTROL) != h->state[TLSF_CONTROL]) {
        if (where)
            *where = h->base + RECORD_CONTROL;
        return THM_MEM_ECORRUPT;
    }
    const enum thm_mem_err e = thm_tlsf_check(h, poison_overhead(h) ? canaries_intact : NULL, where);
    return e ? e : check_free_count(h, where);
}

static enum thm_mem_err heap_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    const struct tlsf t = tlsf_view(h);
    const uint32_t front = BLOCK_PAYLOAD + (poison_overhead(h) ? POISON_FRONT : 0);
    uint32_t b = t.first;
    while (b < t.last && tlsf_is_block(&t, b)) {
        const uint32_t next = tlsf_next(b, tlsf_size(&t, b)), is_free = tlsf_load(&t, b + BLOCK_SIZE) & SIZE_FREE;
        visit(ctx, &(struct thm_heap_block){ b + BLOCK_SIZE, next - b, is_free ? 0 : b + front });
        b = next;
    }
    return b == t.last ? THM_MEM_OK : THM_MEM_ECORRUPT;
}

int thm_multi_heap_stat_line(const struct thm_heap *h, char *buf, size_t len)
{
    struct thm_heap_stats s;
    h->ops->stats(h, &s);
    return snprintf(buf, len, "free=%u largest=%u min_free=%u allocated=%u blocks_alloc=%u blocks_free=%u", s.free,
                    s.largest, s.min_free, s.allocated, s.blocks_alloc, s.blocks_free);
}

#define CALLS                                                                                                 \
    .realloc = heap_realloc, .memalign = heap_memalign, .usable = heap_usable, .free_bytes = heap_free_bytes, \
    .stats = heap_stats, .check = heap_check, .walk = heap_walk, .stat_line = thm_multi_heap_stat_line

const struct thm_heap_ops thm_multi_heap_tlsf = {
    .name = "esp_multi_heap_tlsf",
    .title = "ESP-IDF multi_heap over TLSF since 2024 (5.4), poisoning off (ESP-IDF default)",
    .init = init_good,
    .malloc = good_malloc,
    .free = good_free,
    CALLS,
};
const struct thm_heap_ops thm_multi_heap_tlsf_light = {
    .name = "esp_multi_heap_tlsf_light",
    .title = "the same with light poisoning (Arduino-ESP32)",
    .init = init_good_light,
    .malloc = good_malloc_light,
    .free = good_free_light,
    CALLS,
};
#define OLD(name_, title_, init_)                                                                     \
    {                                                                                                 \
        .name = (name_), .title = (title_), .unsorted = true, .init = (init_), .malloc = heap_malloc, \
        .free = heap_free, CALLS                                                                      \
    }
const struct thm_heap_ops thm_multi_heap_tlsf_v5 =
    OLD("esp_multi_heap_tlsf_v5", "the same before 2024 (4.4.4, 5.0.1 to 5.3): blocks are not rounded up", init_exact);
const struct thm_heap_ops thm_multi_heap_tlsf_v5_light =
    OLD("esp_multi_heap_tlsf_v5_light", "the same with light poisoning", init_exact_light);
const struct thm_heap_ops thm_multi_heap_tlsf_v4 =
    OLD("esp_multi_heap_tlsf_v4", "the same of 4.4.1 to 4.4.3 and 5.0: control structure of 1604 bytes", init_fixed);
const struct thm_heap_ops thm_multi_heap_tlsf_v4_light =
    OLD("esp_multi_heap_tlsf_v4_light", "the same with light poisoning", init_fixed_light);
