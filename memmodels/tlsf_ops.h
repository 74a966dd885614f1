/* memmodels/tlsf_ops.h -- private: taking a block and giving one back, inlined where each is used: the speed of the
 * emulated heap depends on it. */
#pragma once
#include "memmodels/tlsf.h"

/* Where an operation cannot go on as the device would. Gives false and 0 alike. */
TLSF_INLINE uint32_t tlsf_corrupt(struct tlsf *t, uint32_t at)
{
    t->corrupt_at = at;
    return 0;
}

TLSF_INLINE void tlsf_set_bits(struct tlsf *t, uint32_t at, uint32_t bits)
{
    tlsf_store(t, at, tlsf_load(t, at) | bits);
}

TLSF_INLINE void tlsf_clear_bits(struct tlsf *t, uint32_t at, uint32_t bits)
{
    tlsf_store(t, at, tlsf_load(t, at) & ~bits);
}

/* Take `b` out of its list. */
TLSF_INLINE bool tlsf_list_remove(struct tlsf *t, uint32_t b, struct tlsf_list l)
{
    const uint32_t head_at = tlsf_head_at(t, l), sl_at = tlsf_sl_bitmap_at(t, l.fl);
    const uint32_t next = tlsf_load(t, b + BLOCK_NEXT_FREE), prev = tlsf_load(t, b + BLOCK_PREV_FREE);
    if (!tlsf_is_node(t, next) || !tlsf_is_node(t, prev))
        return tlsf_corrupt(t, b + BLOCK_NEXT_FREE);
    tlsf_store(t, next + BLOCK_PREV_FREE, prev);
    tlsf_store(t, prev + BLOCK_NEXT_FREE, next);
    if (tlsf_load(t, head_at) != b)
        return true;
    tlsf_store(t, head_at, next);
    if (next != t->control)
        return true;
    const uint32_t sl_map = tlsf_load(t, sl_at) & ~(1u << l.sl);
    tlsf_store(t, sl_at, sl_map);
    if (sl_map == 0)
        tlsf_clear_bits(t, t->fl_bitmap, 1u << l.fl);
    return true;
}

TLSF_INLINE bool tlsf_list_insert(struct tlsf *t, uint32_t b, uint32_t size)
{
    const struct tlsf_list l = tlsf_list_of(t, size);
    const uint32_t head_at = tlsf_head_at(t, l), head = tlsf_load(t, head_at), null_block = t->control;
    if (!tlsf_is_node(t, head))
        return tlsf_corrupt(t, head_at);
    tlsf_store(t, b + BLOCK_NEXT_FREE, head);
    tlsf_store(t, b + BLOCK_PREV_FREE, null_block);
    tlsf_store(t, head + BLOCK_PREV_FREE, b);
    tlsf_store(t, head_at, b);
    tlsf_set_bits(t, t->fl_bitmap, 1u << l.fl);
    tlsf_set_bits(t, tlsf_sl_bitmap_at(t, l.fl), 1u << l.sl);
    return true;
}

/* The payload size for a request; 0: none, or more than the region could ever hold. */
TLSF_INLINE uint32_t tlsf_adjust(const struct tlsf *t, uint32_t n)
{
    if (n == 0 || n > t->max_request)
        return 0;
    const uint32_t z = (n + 3) & SIZE_MASK;
    return z < BLOCK_MIN ? BLOCK_MIN : z;
}

/* Up to the next size at which a list begins, so that every block of that list is large enough ("good fit"). */
TLSF_INLINE uint32_t tlsf_round_to_list(const struct tlsf *t, uint32_t z)
{
    const uint32_t step = 1u << tlsf_step_log2(t, z);
    return (z + step - 1) & ~(step - 1);
}

/* The first non-empty list at or above l; false: none, or the bitmaps are damaged. */
TLSF_INLINE bool tlsf_find_list(struct tlsf *t, struct tlsf_list *l)
{
    if (l->fl >= t->fl_count)
        return false;
    uint32_t map = tlsf_load(t, tlsf_sl_bitmap_at(t, l->fl)) & ~0u << l->sl;
    if (!map) {
        const uint32_t fl_map = tlsf_load(t, t->fl_bitmap) & ~0u << (l->fl + 1);
        if (!fl_map)
            return false;
        l->fl = (uint32_t)__builtin_ctz(fl_map);
        if (l->fl >= t->fl_count)
            return tlsf_corrupt(t, t->fl_bitmap);
        map = tlsf_load(t, tlsf_sl_bitmap_at(t, l->fl));
    }
    l->sl = map ? (uint32_t)__builtin_ctz(map) : ~0u;
    return l->sl >> t->sl_log2 == 0 ? true : tlsf_corrupt(t, tlsf_sl_bitmap_at(t, l->fl));
}

/* Take a free block of at least z (rounded) bytes out of its list. *word: its size word. Callers go on with that one:
 * damaged links may have made tlsf_list_remove write over the block's own header. */
TLSF_INLINE uint32_t tlsf_locate(struct tlsf *t, uint32_t z, uint32_t *word)
{
    struct tlsf_list l = tlsf_list_of(t, z);
    if (!tlsf_find_list(t, &l))
        return 0;
    const uint32_t head_at = tlsf_head_at(t, l), b = tlsf_load(t, head_at);
    if (!tlsf_is_block(t, b))
        return tlsf_corrupt(t, head_at);
    *word = tlsf_load(t, b + BLOCK_SIZE);
    if (*word < z || !(*word & SIZE_FREE))
        return tlsf_corrupt(t, b + BLOCK_SIZE);
    return tlsf_list_remove(t, b, l) ? b : 0;
}

/* Make [b, b + overhead + size) a free block that its successor knows; the block before it is in use. */
TLSF_INLINE bool tlsf_make_free(struct tlsf *t, uint32_t b, uint32_t size, uint32_t flags)
{
    const uint32_t next = tlsf_next(b, size);
    tlsf_store(t, b + BLOCK_SIZE, size | SIZE_FREE | flags);
    tlsf_store(t, next + BLOCK_PREV_PHYS, b);
    tlsf_set_bits(t, next + BLOCK_SIZE, SIZE_PREV_FREE);
    return tlsf_list_insert(t, b, size);
}

/* Turn b, free but in no list, into a live block of z bytes; give back what is left when that makes a block. */
TLSF_INLINE uint32_t tlsf_hand_out(struct tlsf *t, uint32_t b, uint32_t word, uint32_t z)
{
    const uint32_t size = word & SIZE_MASK;
    if (size < z + BLOCK_HEADER) {
        tlsf_clear_bits(t, tlsf_next(b, size) + BLOCK_SIZE, SIZE_PREV_FREE);
        tlsf_store(t, b + BLOCK_SIZE, word & ~SIZE_FREE);
        return b + BLOCK_PAYLOAD;
    }
    const uint32_t rest = tlsf_next(b, z);
    tlsf_store(t, rest + BLOCK_PREV_PHYS, b);
    tlsf_store(t, b + BLOCK_SIZE, z | (word & SIZE_PREV_FREE));
    return tlsf_make_free(t, rest, size - z - BLOCK_OVERHEAD, 0) ? b + BLOCK_PAYLOAD : 0;
}

/* A live block's payload; 0: no block fits, or t->corrupt_at is set. */
TLSF_INLINE uint32_t tlsf_malloc(struct tlsf *t, uint32_t n)
{
    const uint32_t z = tlsf_adjust(t, n);
    if (z == 0)
        return 0;
    uint32_t word = 0;
    const uint32_t rounded = tlsf_round_to_list(t, z), b = tlsf_locate(t, rounded, &word);
    return b ? tlsf_hand_out(t, b, word, t->exact ? z : rounded) : 0;
}

/* The block of a live payload; 0: the header is damaged. */
TLSF_INLINE uint32_t tlsf_live_block(struct tlsf *t, uint32_t p)
{
    const uint32_t b = p - BLOCK_PAYLOAD;
    if (!tlsf_is_block(t, b) || tlsf_load(t, b + BLOCK_SIZE) & SIZE_FREE)
        return tlsf_corrupt(t, b + BLOCK_SIZE);
    return b;
}

/* Take the free block behind [b, + overhead + size) out of its list; its size and overhead, or 0 if it is in use. */
TLSF_INLINE bool tlsf_absorb_next(struct tlsf *t, uint32_t b, uint32_t size, uint32_t *gained)
{
    const uint32_t next = tlsf_next(b, size), word = tlsf_load(t, next + BLOCK_SIZE);
    *gained = 0;
    if (!(word & SIZE_FREE))
        return true;
    if (!tlsf_is_block(t, next))
        return tlsf_corrupt(t, next + BLOCK_SIZE);
    *gained = (word & SIZE_MASK) + BLOCK_OVERHEAD;
    return tlsf_list_remove(t, next, tlsf_list_of(t, word & SIZE_MASK));
}

/* The free block before b, out of its list; 0: damaged. */
TLSF_INLINE uint32_t tlsf_take_prev(struct tlsf *t, uint32_t b)
{
    const uint32_t prev = tlsf_load(t, b + BLOCK_PREV_PHYS);
    if (!tlsf_is_block(t, prev) || tlsf_next(prev, tlsf_size(t, prev)) != b ||
        !(tlsf_load(t, prev + BLOCK_SIZE) & SIZE_FREE))
        return tlsf_corrupt(t, b + BLOCK_PREV_PHYS);
    return tlsf_list_remove(t, prev, tlsf_list_of(t, tlsf_size(t, prev))) ? prev : 0;
}

/* Make the live payload p free, joined with its free neighbours; false: t->corrupt_at is set. */
TLSF_INLINE bool tlsf_free(struct tlsf *t, uint32_t p)
{
    uint32_t b = tlsf_live_block(t, p);
    if (b == 0)
        return false;
    const uint32_t word = tlsf_load(t, b + BLOCK_SIZE);
    uint32_t size = word & SIZE_MASK, flags = 0, gained;
    if (!tlsf_absorb_next(t, b, size, &gained))
        return false;
    size += gained;
    if (word & SIZE_PREV_FREE) {
        const uint32_t prev = tlsf_take_prev(t, b);
        if (prev == 0)
            return false;
        size += b - prev;
        b = prev;
        flags = tlsf_load(t, b + BLOCK_SIZE) & SIZE_PREV_FREE;
    }
    return tlsf_make_free(t, b, size, flags);
}
