#include "memmodels/tlsf.h"

static enum thm_mem_err damaged(uint32_t *where, uint32_t at)
{
    if (where)
        *where = at;
    return THM_MEM_ECORRUPT;
}

struct walk {
    uint32_t block, free_blocks;
    bool prev_free;
    uint32_t prev;
};

/* One block: its own header, what it says about the one before, and what the caller knows about live ones. */
static enum thm_mem_err check_block(const struct thm_heap *h, struct walk *w, thm_tlsf_live_check *each, uint32_t *where)
{
    const uint32_t b = w->block, word = tlsf_load(h, b + BLOCK_SIZE);
    const bool is_free = word & SIZE_FREE;
    if (!tlsf_is_block(h, b) || !!(word & SIZE_PREV_FREE) != w->prev_free || (is_free && w->prev_free))
        return damaged(where, b + BLOCK_SIZE);
    if (w->prev_free && tlsf_load(h, b + BLOCK_PREV_PHYS) != w->prev)
        return damaged(where, b + BLOCK_PREV_PHYS);
    uint32_t at = b + BLOCK_SIZE;
    if (!is_free && each && !each(h, b + BLOCK_PAYLOAD, word & SIZE_MASK, &at))
        return damaged(where, at);
    w->free_blocks += is_free;
    w->prev_free = is_free;
    w->prev = b;
    w->block = tlsf_next(b, word & SIZE_MASK);
    return THM_MEM_OK;
}

static enum thm_mem_err check_sentinel(const struct thm_heap *h, const struct walk *w, uint32_t *where)
{
    const uint32_t last = h->state[TLSF_LAST];
    if (w->block != last || tlsf_load(h, last + BLOCK_SIZE) != (w->prev_free ? SIZE_PREV_FREE : 0))
        return damaged(where, last + BLOCK_SIZE);
    if (w->prev_free && tlsf_load(h, last + BLOCK_PREV_PHYS) != w->prev)
        return damaged(where, last + BLOCK_PREV_PHYS);
    return THM_MEM_OK;
}

/* One list: free blocks of this size, linked both ways; *left counts the free blocks not yet met, so a cycle ends. */
static enum thm_mem_err check_list(const struct thm_heap *h, struct tlsf_list l, uint32_t *left, uint32_t *where)
{
    const uint32_t null_block = h->state[TLSF_CONTROL];
    uint32_t prev = null_block, at = tlsf_head_at(h, l);
    for (uint32_t b; (b = tlsf_load(h, at)) != null_block; prev = b, at = b + BLOCK_NEXT_FREE) {
        if (*left == 0 || !tlsf_is_block(h, b))
            return damaged(where, at);
        const struct tlsf_list own = tlsf_list_of(h, tlsf_size(h, b));
        if (!(tlsf_load(h, b + BLOCK_SIZE) & SIZE_FREE) || own.fl != l.fl || own.sl != l.sl)
            return damaged(where, b + BLOCK_SIZE);
        if (tlsf_load(h, b + BLOCK_PREV_FREE) != prev)
            return damaged(where, b + BLOCK_PREV_FREE);
        --*left;
    }
    const bool in_map = tlsf_load(h, tlsf_sl_bitmap_at(h, l.fl)) >> l.sl & 1;
    return in_map == (prev != null_block) ? THM_MEM_OK : damaged(where, tlsf_sl_bitmap_at(h, l.fl));
}

static enum thm_mem_err check_lists(const struct thm_heap *h, uint32_t free_blocks, uint32_t *where)
{
    const uint32_t fl_at = h->state[TLSF_CONTROL] + CONTROL_FL_BITMAP, fl_map = tlsf_load(h, fl_at);
    const uint32_t sl_count = 1u << h->state[TLSF_SL_LOG2];
    uint32_t left = free_blocks;
    if (fl_map >> h->state[TLSF_FL_COUNT])
        return damaged(where, fl_at);
    for (uint32_t fl = 0; fl < h->state[TLSF_FL_COUNT]; fl++) {
        const uint32_t sl_map = tlsf_load(h, tlsf_sl_bitmap_at(h, fl));
        if ((sl_map != 0) != (fl_map >> fl & 1) || (uint64_t)sl_map >> sl_count)
            return damaged(where, tlsf_sl_bitmap_at(h, fl));
        for (uint32_t sl = 0; sl < sl_count; sl++) {
            const enum thm_mem_err e = check_list(h, (struct tlsf_list){ fl, sl }, &left, where);
            if (e)
                return e;
        }
    }
    return left == 0 ? THM_MEM_OK : damaged(where, fl_at); /* a free block is in no list */
}

enum thm_mem_err thm_tlsf_check(const struct thm_heap *h, thm_tlsf_live_check *each, uint32_t *where)
{
    struct walk w = { .block = h->state[TLSF_FIRST] };
    enum thm_mem_err e = THM_MEM_OK;
    if (!tlsf_control_intact(h))
        return damaged(where, h->state[TLSF_CONTROL]);
    while (!e && w.block < h->state[TLSF_LAST])
        e = check_block(h, &w, each, where);
    if (!e)
        e = check_sentinel(h, &w, where);
    return e ? e : check_lists(h, w.free_blocks, where);
}

/* What the largest free block surely serves: the size at which its list begins. */
static uint32_t fit_size(const struct thm_heap *h, uint32_t size)
{
    if (size == 0 || size < tlsf_small_limit(h))
        return size;
    return size & ~((1u << (tlsf_log2(size) - h->state[TLSF_SL_LOG2])) - 1);
}

void thm_tlsf_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    uint32_t largest = 0;
    out->allocated = out->blocks_alloc = out->blocks_free = 0;
    for (uint32_t b = h->state[TLSF_FIRST]; b < h->state[TLSF_LAST] && tlsf_is_block(h, b);) {
        const uint32_t word = tlsf_load(h, b + BLOCK_SIZE), size = word & SIZE_MASK;
        if (word & SIZE_FREE) {
            out->blocks_free++;
            largest = size > largest ? size : largest;
        } else {
            out->blocks_alloc++;
            out->allocated += size;
        }
        b = tlsf_next(b, size);
    }
    out->largest = fit_size(h, largest);
}
