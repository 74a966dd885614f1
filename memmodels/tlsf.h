/* memmodels/tlsf.h -- private: ESP-IDF's two-level segregated fit allocator, in band.
 *
 * Layout and rules: espressif/tlsf at ba64d19; what older revisions did differently: enum tlsf_revision. All addresses
 * are the device's. A block is named by the address of its `prev_phys` word, which lies in the last word of the block
 * before it and is valid only while that one is free. Every address and size read from SRAM is range-checked before it
 * is followed: an overrun on the board may have put anything there. */
#pragma once
#include "memmodels/heap.h"
#include "memmodels/words.h"

enum { /* byte offsets in a block, and in the control structure */
       BLOCK_PREV_PHYS = 0,
       BLOCK_SIZE = 4,
       BLOCK_NEXT_FREE = 8,
       BLOCK_PREV_FREE = 12,
       BLOCK_PAYLOAD = 8,
       BLOCK_OVERHEAD = 4, /* what a live block costs beside its payload */
       BLOCK_MIN = 12,     /* least payload: next_free, prev_free, and prev_phys of the block after */
       BLOCK_HEADER = 16,  /* a remainder of at least this much becomes a block */

       CONTROL_NULL_BLOCK = 0, /* the list end: a block without memory, pointing to itself */
       CONTROL_GEOMETRY = 16,  /* bit fields: fl count 5, shift 3, fl max 6, sl count 6, sl log2 3, small limit 8 */
       CONTROL_SIZE = 20,
       CONTROL_FL_BITMAP = 24,
       CONTROL_SL_BITMAPS = 28,
       CONTROL_LISTS = 32,
       CONTROL_END = 36, /* here the second-level bitmaps begin, then the list heads */

       FIXED_FL_BITMAP = 16, /* the same in a control structure whose size the build fixed: no parameters in it */
       FIXED_END = 20,
};

/* How the allocator came to be what it is. Sources: esp-idf components/heap/heap_tlsf.c, heap_tlsf_config.h as of 4.3,
 * with the free count of 4.4.1 (issue 8270); espressif/tlsf pull requests 1 (2022-10) and 2 (2024). */
enum tlsf_revision {
    TLSF_FIXED, /* ESP-IDF 4.3 to 4.4.3 and 5.0: control structure for the largest region of the chip */
    TLSF_EXACT, /* 4.4.4, 5.0.1 and later: sized to the region; a block keeps what was asked for, as before */
    TLSF_GOOD,  /* since 2024: a block keeps the size at which its list begins */
};

#define SIZE_FREE      1u /* the flags in a block's size word */
#define SIZE_PREV_FREE 2u
#define SIZE_MASK      (~(uint32_t)3)

/* thm_heap.state: what follows from the region's size. The control structure holds the same, for the device to read;
 * operations compare the two, so that a damaged control structure is noticed and never followed. */
enum {
    TLSF_CONTROL,
    TLSF_GEOMETRY,
    TLSF_FL_COUNT,
    TLSF_SL_LOG2,
    TLSF_MAX_REQUEST,
    TLSF_FL_BITMAP,
    TLSF_SL_BITMAPS,
    TLSF_LISTS,
    TLSF_IS_EXACT,
    TLSF_FIRST,
    TLSF_LAST,   /* first block; the sentinel, a used block of size 0 behind the last one */
    TLSF_POISON, /* bytes that poisoning adds to a request: the caller's */
};

#define TLSF_BYTES_MAX       ((1u << 30) - 1) /* so that no sum of two sizes overflows */
#define TLSF_FIXED_BYTES_MAX (1u << 24)       /* heap_tlsf_config.h knows no larger region */

/* Make the pool in the `bytes` bytes at `control`; false: too few, or more than the revision takes. */
bool thm_tlsf_init(struct thm_heap *h, enum tlsf_revision revision, uint32_t control, uint32_t bytes);
uint32_t thm_tlsf_pool_size(const struct thm_heap *h); /* bytes behind the control structure */

/* malloc and free: tlsf_ops.h. These give the payload's address; 0: no block fits, or t->corrupt_at is set. */
struct tlsf;
/* payload + offset is aligned; offset is 0 or the size of the header that a caller puts in front (a multiple of 4). */
uint32_t thm_tlsf_memalign(struct tlsf *t, uint32_t align, uint32_t n, uint32_t offset);
uint32_t thm_tlsf_realloc(struct tlsf *t, uint32_t p, uint32_t n); /* n > 0, p live */

/* tlsf_check.c: pool, lists and bitmaps agree. `each`, if given, is asked about every live payload. */
typedef bool thm_tlsf_live_check(const struct thm_heap *h, uint32_t p, uint32_t size, uint32_t *where);
enum thm_mem_err thm_tlsf_check(const struct thm_heap *h, thm_tlsf_live_check *each, uint32_t *where);
/* Counts over the pool; `free` and `min_free` are left alone. Stops at the first damaged header. */
void thm_tlsf_stats(const struct thm_heap *h, struct thm_heap_stats *out);

/* What the operations look at, in one place that no store into the heap can alias. */
struct tlsf {
    uintptr_t zero; /* host address of device address 0, as if the heap reached there */
    uint32_t control, fl_bitmap, sl_bitmaps, lists, first, last, sl_log2, fl_count, max_request;
    bool exact;          /* a block keeps the size asked for, not its list's */
    uint32_t corrupt_at; /* as in thm_heap; an operation that sets it is over */
};

struct tlsf_list {
    uint32_t fl, sl;
};

#define TLSF_INLINE static inline __attribute__((always_inline))

TLSF_INLINE struct tlsf tlsf_view(const struct thm_heap *h)
{
    return (struct tlsf){
        .zero = (uintptr_t)h->mem - h->base,
        .control = h->state[TLSF_CONTROL],
        .fl_bitmap = h->state[TLSF_FL_BITMAP],
        .sl_bitmaps = h->state[TLSF_SL_BITMAPS],
        .lists = h->state[TLSF_LISTS],
        .first = h->state[TLSF_FIRST],
        .last = h->state[TLSF_LAST],
        .sl_log2 = h->state[TLSF_SL_LOG2],
        .fl_count = h->state[TLSF_FL_COUNT],
        .max_request = h->state[TLSF_MAX_REQUEST],
        .exact = h->state[TLSF_IS_EXACT],
    };
}

/* The same of a heap known to be of revision TLSF_GOOD and to have this many lists: with constants where it has words.
 */
TLSF_INLINE struct tlsf tlsf_view_good(const struct thm_heap *h, uint32_t sl_log2)
{
    struct tlsf t = tlsf_view(h);
    t.fl_bitmap = t.control + CONTROL_FL_BITMAP;
    t.sl_bitmaps = t.control + CONTROL_END;
    t.sl_log2 = sl_log2;
    t.exact = false;
    return t;
}

TLSF_INLINE uint32_t tlsf_load(const struct tlsf *t, uint32_t at)
{
    return thm_load32((const uint8_t *)(t->zero + at));
}

TLSF_INLINE void tlsf_store(const struct tlsf *t, uint32_t at, uint32_t v)
{
    thm_store32((uint8_t *)(t->zero + at), v);
}

TLSF_INLINE uint32_t tlsf_log2(uint32_t v) /* floor; v > 0 */
{
    return (uint32_t)__builtin_clz(v) ^ 31u;
}

/* log2 of the distance between list sizes around `size`: 4 bytes, then 1/8, 1/16 or 1/32 of the power of two. */
TLSF_INLINE uint32_t tlsf_step_log2(const struct tlsf *t, uint32_t size)
{
    return size < 4u << t->sl_log2 ? 2 : tlsf_log2(size) - t->sl_log2;
}

/* The list that holds free blocks of this size. */
TLSF_INLINE struct tlsf_list tlsf_list_of(const struct tlsf *t, uint32_t size)
{
    if (size < 4u << t->sl_log2)
        return (struct tlsf_list){ 0, size / 4 };
    const uint32_t step = tlsf_log2(size) - t->sl_log2;
    return (struct tlsf_list){ step - 1, (size >> step) - (1u << t->sl_log2) };
}

TLSF_INLINE uint32_t tlsf_sl_bitmap_at(const struct tlsf *t, uint32_t fl)
{
    return t->sl_bitmaps + 4 * fl;
}

TLSF_INLINE uint32_t tlsf_head_at(const struct tlsf *t, struct tlsf_list l)
{
    return t->lists + 4 * ((l.fl << t->sl_log2) + l.sl);
}

TLSF_INLINE uint32_t tlsf_size(const struct tlsf *t, uint32_t block)
{
    return tlsf_load(t, block + BLOCK_SIZE) & SIZE_MASK;
}

/* a is aligned and in [first, end): one comparison, for the low bits of an unaligned distance become its top bits. */
TLSF_INLINE bool tlsf_in_words(uint32_t a, uint32_t first, uint32_t end)
{
    const uint32_t d = a - first;
    return (d >> 2 | d << 30) < (end - first) / 4;
}

/* b may be followed as a block: inside the pool, aligned, and so is its successor. */
TLSF_INLINE bool tlsf_is_block(const struct tlsf *t, uint32_t b)
{
    if (!tlsf_in_words(b, t->first, t->last))
        return false;
    const uint32_t size = tlsf_size(t, b);
    return size >= BLOCK_MIN && size <= t->last - b - BLOCK_OVERHEAD;
}

/* b may be followed as a member of a free list: a block with room for the two links, or the null block. */
TLSF_INLINE bool tlsf_is_node(const struct tlsf *t, uint32_t b)
{
    return b == t->control || tlsf_in_words(b, t->first, t->last - BLOCK_MIN);
}

TLSF_INLINE uint32_t tlsf_next(uint32_t block, uint32_t size)
{
    return block + BLOCK_OVERHEAD + size;
}

/* The device's words that say where everything is are as they were made. (The fixed structure has none.) */
TLSF_INLINE bool tlsf_control_intact(const struct tlsf *t, const struct thm_heap *h)
{
    if (t->sl_bitmaps != t->control + CONTROL_END)
        return true;
    return ((tlsf_load(t, t->control + CONTROL_GEOMETRY) ^ h->state[TLSF_GEOMETRY]) |
            (tlsf_load(t, t->control + CONTROL_SL_BITMAPS) ^ (t->control + CONTROL_END)) |
            (tlsf_load(t, t->control + CONTROL_LISTS) ^ t->lists)) == 0;
}
