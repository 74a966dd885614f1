/* ESP-IDF's multi_heap over TLSF: the heap record with its counters, and light poisoning.
 * Rules: esp-idf components/heap/multi_heap.c, multi_heap_poisoning.c (1021229). */
#include <stdio.h>
#include "memmodels/multi_heap.h"
#include "memmodels/tlsf.h"

enum { /* the heap record, at the region's start */
    RECORD_LOCK = 0, RECORD_FREE = 4, RECORD_MIN_FREE = 8, RECORD_POOL_SIZE = 12, RECORD_CONTROL = 16,
    RECORD_END = 20,
};

enum { /* light poisoning: a canary and the requested size in front, a canary behind (wherever the request ends) */
    POISON_FRONT = 8, POISON_OVERHEAD = 12,
};
#define HEAD_CANARY 0xABBA1234u
#define TAIL_CANARY 0xBAAD5678u

static bool poisoned(const struct thm_heap *h)
{
    return h->ops == &thm_multi_heap_tlsf_light;
}

static uint32_t load(const struct thm_heap *h, uint32_t at)
{
    return thm_load32(h->mem + (at - h->base));
}

static void store(const struct thm_heap *h, uint32_t at, uint32_t v)
{
    thm_store32(h->mem + (at - h->base), v);
}

static uint32_t record(const struct thm_heap *h, uint32_t field)
{
    return thm_load32(h->mem + field);
}

static bool corrupt(struct thm_heap *h, uint32_t at)
{
    if (h->corrupt_at == 0)
        h->corrupt_at = at;
    return false;
}

/* The words that say where the allocator's structures are have not been overwritten. */
static bool intact(struct thm_heap *h)
{
    const struct tlsf t = tlsf_view(h);
    if (record(h, RECORD_CONTROL) != t.control)
        return corrupt(h, h->base + RECORD_CONTROL);
    return tlsf_control_intact(&t, h) || corrupt(h, t.control);
}

/* Count `taken` bytes off the free ones, after giving back `given`. */
static void account(struct thm_heap *h, uint32_t given, uint32_t taken)
{
    const uint32_t now = record(h, RECORD_FREE) + given - taken;
    thm_store32(h->mem + RECORD_FREE, now);
    if (now < record(h, RECORD_MIN_FREE))
        thm_store32(h->mem + RECORD_MIN_FREE, now);
}

static uint32_t block_cost(const struct thm_heap *h, uint32_t block_payload)
{
    return (load(h, block_payload - BLOCK_PAYLOAD + BLOCK_SIZE) & SIZE_MASK) + BLOCK_OVERHEAD;
}

/* The bytes to ask TLSF for; 0: none, or past 32 bits. */
static uint32_t with_poison(const struct thm_heap *h, uint32_t n)
{
    const uint32_t extra = poisoned(h) ? POISON_OVERHEAD : 0;
    return n && n <= UINT32_MAX - extra ? n + extra : 0;
}

/* Set the canaries of a block for n bytes; the caller's address. */
static uint32_t poison(struct thm_heap *h, uint32_t block_payload, uint32_t n)
{
    if (!poisoned(h))
        return block_payload;
    const uint32_t p = block_payload + POISON_FRONT;
    store(h, block_payload, HEAD_CANARY);
    store(h, block_payload + 4, n);
    store(h, p + n, TAIL_CANARY);
    return p;
}

/* Both canaries of a block of `size` bytes are there; false: *where = the damaged word. */
static bool canaries_intact(const struct thm_heap *h, uint32_t block_payload, uint32_t size, uint32_t *where)
{
    *where = block_payload;
    if (size < POISON_OVERHEAD || load(h, block_payload) != HEAD_CANARY)
        return false;
    const uint32_t n = load(h, block_payload + 4);
    *where = block_payload + 4;
    if (n > size - POISON_OVERHEAD)
        return false;
    *where = block_payload + POISON_FRONT + n;
    return load(h, *where) == TAIL_CANARY;
}

/* p is where a block's payload can be. */
static bool in_pool(const struct thm_heap *h, uint32_t p)
{
    const uint32_t front = BLOCK_PAYLOAD + (poisoned(h) ? POISON_FRONT : 0);
    return p % 4 == 0 && p >= h->state[TLSF_FIRST] + front && p < h->state[TLSF_LAST];
}

/* The size of block b; 0: nothing that may be followed is there. */
static uint32_t sound_size(const struct thm_heap *h, uint32_t b)
{
    const struct tlsf t = tlsf_view(h);
    return tlsf_is_block(&t, b) ? tlsf_size(&t, b) : 0;
}

/* What TLSF calls the caller's block p; 0: its header or canaries are damaged. */
static uint32_t verified(struct thm_heap *h, uint32_t p)
{
    uint32_t where;
    if (!intact(h))
        return 0;
    if (!poisoned(h))
        return p;
    const uint32_t q = p - POISON_FRONT;
    if (canaries_intact(h, q, sound_size(h, q - BLOCK_PAYLOAD), &where))
        return q;
    corrupt(h, where);
    return 0;
}

static enum thm_mem_err heap_init(struct thm_heap *h)
{
    if (h->base % 4 || h->size <= RECORD_END)
        return THM_MEM_EINVAL;
    if (!thm_tlsf_init(h, h->base + RECORD_END, h->size - RECORD_END))
        return THM_MEM_EINVAL;
    const uint32_t pool = thm_tlsf_pool_size(h);
    const uint32_t words[RECORD_END / 4] = { 0, pool, pool, h->size - RECORD_END, h->state[TLSF_CONTROL] };
    for (uint32_t i = 0; i < RECORD_END / 4; i++)
        thm_store32(h->mem + 4 * i, words[i]);
    return THM_MEM_OK;
}

static uint32_t heap_memalign(struct thm_heap *h, uint32_t align, uint32_t n)
{
    const uint32_t z = with_poison(h, n);
    if (align == 0 || align & (align - 1) || z == 0 || !intact(h))
        return 0;
    const uint32_t q = thm_tlsf_memalign(h, align, z, poisoned(h) ? POISON_FRONT : 0);
    if (q == 0)
        return 0;
    account(h, 0, block_cost(h, q));
    return poison(h, q, n);
}

static uint32_t heap_malloc(struct thm_heap *h, uint32_t n)
{
    const uint32_t z = with_poison(h, n);
    const uint32_t q = z && intact(h) ? thm_tlsf_malloc(h, z) : 0;
    if (q == 0)
        return 0;
    account(h, 0, block_cost(h, q));
    return poison(h, q, n);
}

static enum thm_mem_err heap_free(struct thm_heap *h, uint32_t p)
{
    if (p == 0)
        return THM_MEM_OK;
    if (!in_pool(h, p))
        return THM_MEM_EINVAL;
    const uint32_t q = verified(h, p);
    if (q == 0)
        return THM_MEM_ECORRUPT;
    const uint32_t cost = block_cost(h, q);
    if (!thm_tlsf_free(h, q))
        return THM_MEM_ECORRUPT;
    account(h, cost, 0);
    return THM_MEM_OK;
}

/* As heap_caps_realloc calls it: 0 bytes is free, and counted as such. */
static uint32_t heap_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    if (p == 0)
        return heap_malloc(h, n);
    if (n == 0) {
        heap_free(h, p);
        return 0;
    }
    const uint32_t z = with_poison(h, n), q = z && in_pool(h, p) ? verified(h, p) : 0;
    if (q == 0)
        return 0;
    const uint32_t cost = block_cost(h, q), to = thm_tlsf_realloc(h, q, z);
    if (to == 0)
        return 0;
    account(h, cost, block_cost(h, to));
    return poison(h, to, n);
}

static uint32_t heap_usable(const struct thm_heap *h, uint32_t p)
{
    const uint32_t front = poisoned(h) ? POISON_FRONT : 0, b = p - front - BLOCK_PAYLOAD;
    if (!in_pool(h, p) || load(h, b + BLOCK_SIZE) & SIZE_FREE)
        return 0;
    const uint32_t size = sound_size(h, b), overhead = poisoned(h) ? POISON_OVERHEAD : 0;
    return size > overhead ? size - overhead : 0;
}

/* The info call leaves one block's poison out of each figure, so that nobody asks for it. */
static uint32_t less_poison(const struct thm_heap *h, uint32_t v)
{
    const uint32_t overhead = poisoned(h) ? POISON_OVERHEAD : 0;
    return v > overhead ? v - overhead : 0;
}

static uint32_t heap_free_bytes(const struct thm_heap *h)
{
    return less_poison(h, record(h, RECORD_FREE));
}

static void heap_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    thm_tlsf_stats(h, out);
    out->free = heap_free_bytes(h);
    out->min_free = less_poison(h, record(h, RECORD_MIN_FREE));
    if (poisoned(h)) {
        out->largest = less_poison(h, out->largest);
        out->allocated -= out->blocks_alloc * POISON_OVERHEAD;
    }
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

static enum thm_mem_err heap_check(const struct thm_heap *h, uint32_t *where)
{
    if (record(h, RECORD_CONTROL) != h->state[TLSF_CONTROL]) {
        if (where)
            *where = h->base + RECORD_CONTROL;
        return THM_MEM_ECORRUPT;
    }
    const enum thm_mem_err e = thm_tlsf_check(h, poisoned(h) ? canaries_intact : NULL, where);
    return e ? e : check_free_count(h, where);
}

static int heap_stat_line(const struct thm_heap *h, char *buf, size_t len)
{
    struct thm_heap_stats s;
    heap_stats(h, &s);
    return snprintf(buf, len, "free=%u largest=%u min_free=%u allocated=%u blocks_alloc=%u blocks_free=%u", s.free,
                    s.largest, s.min_free, s.allocated, s.blocks_alloc, s.blocks_free);
}

#define CALLS                                                                                                   \
    .init = heap_init, .malloc = heap_malloc, .realloc = heap_realloc, .memalign = heap_memalign,               \
    .free = heap_free, .usable = heap_usable, .free_bytes = heap_free_bytes, .stats = heap_stats,               \
    .check = heap_check, .stat_line = heap_stat_line

const struct thm_heap_ops thm_multi_heap_tlsf = {
    .name = "esp_multi_heap_tlsf", .title = "ESP-IDF multi_heap over TLSF, poisoning off (ESP-IDF default)", CALLS,
};
const struct thm_heap_ops thm_multi_heap_tlsf_light = {
    .name = "esp_multi_heap_tlsf_light", .title = "the same with light poisoning (Arduino-ESP32)", CALLS,
};
