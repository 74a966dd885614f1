#include "memmodels/tlsf.h"

static enum thm_mem_err damaged(uint32_t *where, uint32_t at)
{
    if (where)
        *where = at;
    return THM_MEM_ECORRUPT;
}

struct walk {
    struct tlsf t;
    uint32_t block, free_blocks;
    bool prev_free;
    uint32_t prev;
};

/* One block: its own header, what it says about the one before, and what the caller knows about live ones. */
static enum thm_mem_err check_block(const struct thm_heap *h, struct walk *w, thm_tlsf_live_check *each,
                                    uint32_t *where)
{
    const uint32_t b = w->block, word = tlsf_load(&w->t, b + BLOCK_SIZE);
    const bool is_free = word & SIZE_FREE;
    if (!tlsf_is_block(&w->t, b) || !!(word & SIZE_PREV_FREE) != w->prev_free || (is_free && w->prev_free))
        return damaged(where, b + BLOCK_SIZE);
    if (w->prev_free && tlsf_load(&w->t, b + BLOCK_PREV_PHYS) != w->prev)
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

static enum thm_mem_err check_sentinel(const struct walk *w, uint32_t *where)
{
    const uint32_t last = w->t.last;
    if (w->block != last || tlsf_load(&w->t, last + BLOCK_SIZE) != (w->prev_free ? SIZE_PREV_FREE : 0))
        return damaged(where, last + BLOCK_SIZE);
    if (w->prev_free && tlsf_load(&w->t, last + BLOCK_PREV_PHYS) != w->prev)
        return damaged(where, last + BLOCK_PREV_PHYS);
    return THM_MEM_OK;
}

/* One list: free blocks of this size, linked both ways; *left counts the free blocks not yet met, so a cycle ends. */
static enum thm_mem_err check_list(const struct tlsf *t, struct tlsf_list l, uint32_t *left, uint32_t *where)
{
    const uint32_t null_block = t->control;
    uint32_t prev = null_block, at = tlsf_head_at(t, l);
    for (uint32_t b; (b = tlsf_load(t, at)) != null_block; prev = b, at = b + BLOCK_NEXT_FREE) {
        if (*left == 0 || !tlsf_is_block(t, b))
            return damaged(where, at);
        const struct tlsf_list own = tlsf_list_of(t, tlsf_size(t, b));
        if (!(tlsf_load(t, b + BLOCK_SIZE) & SIZE_FREE) || own.fl != l.fl || own.sl != l.sl)
            return damaged(where, b + BLOCK_SIZE);
        if (tlsf_load(t, b + BLOCK_PREV_FREE) != prev)
            return damaged(where, b + BLOCK_PREV_FREE);
        --*left;
    }
    const bool in_map = tlsf_load(t, tlsf_sl_bitmap_at(t, l.fl)) >> l.sl & 1;
    return in_map == (prev != null_block) ? THM_MEM_OK : damaged(where, tlsf_sl_bitmap_at(t, l.fl));
}

static enum thm_mem_err check_lists(const struct tlsf *t, uint32_t free_blocks, uint32_t *where)
{
    const uint32_t fl_at = t->fl_bitmap, fl_map = tlsf_load(t, fl_at);
    const uint32_t sl_count = 1u << t->sl_log2;
    uint32_t left = free_blocks;
    if (fl_map >> t->fl_count)
        return damaged(where, fl_at);
    for (uint32_t fl = 0; fl < t->fl_count; fl++) {
        const uint32_t sl_map = tlsf_load(t, tlsf_sl_bitmap_at(t, fl));
        if ((sl_map != 0) != (fl_map >> fl & 1) || (uint64_t)sl_map >> sl_count)
            return damaged(where, tlsf_sl_bitmap_at(t, fl));
        for (uint32_t sl = 0; sl < sl_count; sl++) {
            const enum thm_mem_err e = check_list(t, (struct tlsf_list){ fl, sl }, &left, where);
            if (e)
                return e;
        }
    }
    return left == 0 ? THM_MEM_OK : damaged(where, fl_at); /* a free block is in no list */
}

enum thm_mem_err thm_tlsf_check(const struct thm_heap *h, thm_tlsf_live_check *each, uint32_t *where)
{
    struct walk w = { .t = tlsf_view(h), .block = h->state[TLSF_FIRST] };
    enum thm_mem_err e = THM_MEM_OK;
    if (!tlsf_control_intact(&w.t, h))
        return damaged(where, w.t.control);
    while (!e && w.block < w.t.last)
        e = check_block(h, &w, each, where);
    if (!e)
        e = check_sentinel(&w, where);
    return e ? e : check_lists(&w.t, w.free_blocks, where);
}

/* What the largest free block surely serves: the size at which its list begins. */
static uint32_t fit_size(const struct tlsf *t, uint32_t size)
{
    return size >> tlsf_step_log2(t, size) << tlsf_step_log2(t, size);
}

void thm_tlsf_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    const struct tlsf t = tlsf_view(h);
    uint32_t largest = 0;
    out->allocated = out->blocks_alloc = out->blocks_free = 0;
    for (uint32_t b = t.first; b < t.last && tlsf_is_block(&t, b);) {
        const uint32_t word = tlsf_load(&t, b + BLOCK_SIZE), size = word & SIZE_MASK;
        if (word & SIZE_FREE) {
            out->blocks_free++;
            largest = size > largest ? size : largest;
        } else {
            out->blocks_alloc++;
            out->allocated += size;
        }
        b = tlsf_next(b, size);
    }
    out->largest = fit_size(&t, largest);
}
