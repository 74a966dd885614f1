/* memmodels/tlsf.h -- private: ESP-IDF's two-level segregated fit allocator, in band.
 *
 * Layout and rules: espressif/tlsf at ba64d19 (ESP-IDF >= 5.0: control structure sized to the region). All addresses
 * are the device's. A block is named by the address of its `prev_phys` word, which lies in the last word of the block
 * before it and is valid only while that one is free. Every address and size read from SRAM is range-checked before it is followed:
 * an overrun on the board may have put anything there. */
#pragma once
#include "memmodels/heap.h"
#include "memmodels/words.h"

enum { /* byte offsets in a block, and in the control structure */
    BLOCK_PREV_PHYS = 0, BLOCK_SIZE = 4, BLOCK_NEXT_FREE = 8, BLOCK_PREV_FREE = 12,
    BLOCK_PAYLOAD = 8,
    BLOCK_OVERHEAD = 4,  /* what a live block costs beside its payload */
    BLOCK_MIN = 12,      /* least payload: next_free, prev_free, and prev_phys of the block after */
    BLOCK_HEADER = 16,   /* a remainder of at least this much becomes a block */

    CONTROL_NULL_BLOCK = 0, /* the list end: a block without memory, pointing to itself */
    CONTROL_GEOMETRY = 16,  /* bit fields: fl count 5, shift 3, fl max 6, sl count 6, sl log2 3, small limit 8 */
    CONTROL_SIZE = 20, CONTROL_FL_BITMAP = 24, CONTROL_SL_BITMAPS = 28, CONTROL_LISTS = 32,
    CONTROL_END = 36,       /* here the second-level bitmaps begin, then the list heads */
};

#define SIZE_FREE      1u /* the flags in a block's size word */
#define SIZE_PREV_FREE 2u
#define SIZE_MASK      (~(uint32_t)3)

/* thm_heap.state: what follows from the region's size. The control structure holds the same, for the device to read;
 * operations compare the two, so that a damaged control structure is noticed and never followed. */
enum {
    TLSF_CONTROL, TLSF_GEOMETRY, TLSF_FL_COUNT, TLSF_SL_LOG2, TLSF_MAX_REQUEST, TLSF_LISTS,
    TLSF_FIRST, TLSF_LAST, /* first block; the sentinel, a used block of size 0 behind the last one */
    TLSF_STATE_WORDS,
};

#define TLSF_BYTES_MAX (1u << 30) /* so that no sum of two sizes overflows */

/* Make the pool in the `bytes` bytes at `control`; false: too small or over TLSF_BYTES_MAX. */
bool thm_tlsf_init(struct thm_heap *h, uint32_t control, uint32_t bytes);
uint32_t thm_tlsf_pool_size(const struct thm_heap *h); /* bytes behind the control structure */

/* These return the payload's address; 0: no block fits, or h->corrupt_at was set. */
uint32_t thm_tlsf_malloc(struct thm_heap *h, uint32_t n);
/* payload + offset is aligned; offset is 0 or the size of the header that a caller puts in front (a multiple of 4). */
uint32_t thm_tlsf_memalign(struct thm_heap *h, uint32_t align, uint32_t n, uint32_t offset);
uint32_t thm_tlsf_realloc(struct thm_heap *h, uint32_t p, uint32_t n); /* n > 0, p live */
bool thm_tlsf_free(struct thm_heap *h, uint32_t p);                    /* false: h->corrupt_at is set */

/* tlsf_check.c: pool, lists and bitmaps agree. `each`, if given, is asked about every live payload. */
typedef bool thm_tlsf_live_check(const struct thm_heap *h, uint32_t p, uint32_t size, uint32_t *where);
enum thm_mem_err thm_tlsf_check(const struct thm_heap *h, thm_tlsf_live_check *each, uint32_t *where);
/* Counts over the pool; `free` and `min_free` are left alone. Stops at the first damaged header. */
void thm_tlsf_stats(const struct thm_heap *h, struct thm_heap_stats *out);

struct tlsf_list { uint32_t fl, sl; };

static inline uint32_t tlsf_load(const struct thm_heap *h, uint32_t at)
{
    return thm_load32(h->mem + (at - h->base));
}

static inline void tlsf_store(const struct thm_heap *h, uint32_t at, uint32_t v)
{
    thm_store32(h->mem + (at - h->base), v);
}

static inline uint32_t tlsf_log2(uint32_t v) /* floor; v > 0 */
{
    return 31u - (uint32_t)__builtin_clz(v);
}

static inline uint32_t tlsf_small_limit(const struct thm_heap *h)
{
    return 4u << h->state[TLSF_SL_LOG2];
}

/* The list that holds free blocks of this size. */
static inline struct tlsf_list tlsf_list_of(const struct thm_heap *h, uint32_t size)
{
    const uint32_t sl_log2 = h->state[TLSF_SL_LOG2];
    if (size < tlsf_small_limit(h))
        return (struct tlsf_list){ 0, size / 4 };
    const uint32_t f = tlsf_log2(size);
    return (struct tlsf_list){ f - sl_log2 - 1, (size >> (f - sl_log2)) - (1u << sl_log2) };
}

static inline uint32_t tlsf_sl_bitmap_at(const struct thm_heap *h, uint32_t fl)
{
    return h->state[TLSF_CONTROL] + CONTROL_END + 4 * fl;
}

static inline uint32_t tlsf_head_at(const struct thm_heap *h, struct tlsf_list l)
{
    return h->state[TLSF_LISTS] + 4 * ((l.fl << h->state[TLSF_SL_LOG2]) + l.sl);
}

static inline uint32_t tlsf_size(const struct thm_heap *h, uint32_t block)
{
    return tlsf_load(h, block + BLOCK_SIZE) & SIZE_MASK;
}

/* b may be followed as a block: inside the pool, aligned, and so is its successor. */
static inline bool tlsf_is_block(const struct thm_heap *h, uint32_t b)
{
    const uint32_t last = h->state[TLSF_LAST], first = h->state[TLSF_FIRST];
    if (b - first >= last - first || b % 4)
        return false;
    const uint32_t size = tlsf_size(h, b);
    return size >= BLOCK_MIN && size <= last - b - BLOCK_OVERHEAD;
}

/* b may be followed as a member of a free list: a block with room for the two links, or the null block. */
static inline bool tlsf_is_node(const struct thm_heap *h, uint32_t b)
{
    const uint32_t first = h->state[TLSF_FIRST];
    return (b - first <= h->state[TLSF_LAST] - first - BLOCK_HEADER && b % 4 == 0) || b == h->state[TLSF_CONTROL];
}

static inline uint32_t tlsf_next(uint32_t block, uint32_t size)
{
    return block + BLOCK_OVERHEAD + size;
}

/* The device's words that say where everything is are as they were made. */
static inline bool tlsf_control_intact(const struct thm_heap *h)
{
    const uint32_t c = h->state[TLSF_CONTROL];
    return tlsf_load(h, c + CONTROL_GEOMETRY) == h->state[TLSF_GEOMETRY] &&
           tlsf_load(h, c + CONTROL_SL_BITMAPS) == c + CONTROL_END &&
           tlsf_load(h, c + CONTROL_LISTS) == h->state[TLSF_LISTS];
}
