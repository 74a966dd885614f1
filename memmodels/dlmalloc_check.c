/* Walks over newlib's full malloc: what is free, and whether chunks and bins agree. */
#include "memmodels/dlmalloc_ops.h"

struct dl_free_chunks dl_free_chunks(const struct thm_heap *h)
{
    struct dl d = dl_look(h);
    struct dl_free_chunks f = { .bytes = dl_top_size(&d), .count = dl_top_size(&d) >= CHUNK_MIN };
    uint32_t left = h->size / CHUNK_MIN;
    for (uint32_t bin = LAST_REMAINDER; bin < BINS; bin++) {
        const uint32_t head = dl_bin_at(&d, bin);
        for (uint32_t c = dl_last(&d, bin); c && c != head && left; c = band_load(&d.band, c + CHUNK_BK), left--) {
            const uint32_t size = dl_size(&d, c);
            f.bytes += size;
            f.count++;
            f.largest = size > f.largest ? size : f.largest;
        }
    }
    return f;
}

/* One step over all chunks. */
struct walk {
    uint32_t chunk, free, live; /* free, live: how many so far */
    bool before_free;
    uint32_t before_size;
};

/* Behind two fence posts: where the memory of a later sbrk begins. All breaks are as far from a page as the first. */
static uint32_t behind_fence(const struct dl *d, uint32_t fence)
{
    const uint32_t least = fence + 3 * FENCE_SIZE;
    return band_up(least + ((d->h->base - least) & (CHUNK_ALIGN - 1)), CHUNK_ALIGN);
}

/* The chunk's own header, what it and the one before say about each other; the address of a damaged word or 0. */
static uint32_t check_header(struct dl *d, const struct walk *w)
{
    const uint32_t word = dl_word(d, w->chunk);
    if (!(word & PREV_INUSE) != w->before_free)
        return w->chunk + CHUNK_SIZE;
    if (w->before_free && band_load(&d->band, w->chunk + CHUNK_PREV_SIZE) != w->before_size)
        return w->chunk + CHUNK_PREV_SIZE;
    return 0;
}

static uint32_t step(struct dl *d, struct walk *w)
{
    uint32_t damage = check_header(d, w);
    if (damage)
        return damage;
    if (dl_size(d, w->chunk) == FENCE_SIZE && dl_word(d, w->chunk + FENCE_SIZE) == (FENCE_SIZE | PREV_INUSE)) {
        w->chunk = behind_fence(d, w->chunk);
        w->before_free = false;
        return 0;
    }
    const uint32_t size = dl_sound_size(d, w->chunk);
    if (size == 0 || size % CHUNK_ALIGN)
        return w->chunk + CHUNK_SIZE;
    w->before_free = !dl_inuse(d, w->chunk, size);
    w->before_size = size;
    w->free += w->before_free;
    w->live += !w->before_free;
    w->chunk += size;
    return 0;
}

/* The top ends at the break, or is empty because extending it failed. */
static uint32_t check_top(struct dl *d, const struct walk *w)
{
    const uint32_t top = dl_top(d), size = dl_top_size(d), above = d->h->base + d->h->brk - top;
    if (w->chunk != top || !(dl_word(d, top) & PREV_INUSE) || w->before_free)
        return top + CHUNK_SIZE;
    return size == 0 || (size <= above && above - size < 4) ? 0 : top + CHUNK_SIZE;
}

/* A member of a bin is a free chunk of a size that belongs there. */
static bool belongs(struct dl *d, uint32_t bin, uint32_t chunk)
{
    const uint32_t size = chunk % CHUNK_ALIGN == 0 ? dl_sound_size(d, chunk) : 0;
    return size && !dl_inuse(d, chunk, size) && (bin == LAST_REMAINDER || dl_bin_index(size) == bin);
}

static uint32_t check_bin(struct dl *d, uint32_t bin, uint32_t *left)
{
    const uint32_t head = dl_bin_at(d, bin);
    uint32_t at = head, chunk;
    for (; (chunk = dl_load_link(d, at + CHUNK_FD)) != head; at = chunk) {
        if (*left == 0 || d->band.corrupt_at || !belongs(d, bin, chunk))
            return at == head ? chunk + CHUNK_SIZE : at + CHUNK_FD;
        if (band_load(&d->band, chunk + CHUNK_BK) != at)
            return chunk + CHUNK_BK;
        --*left;
    }
    return dl_load_link(d, head + CHUNK_BK) == at ? 0 : at + CHUNK_BK;
}

uint32_t dl_find_damage(const struct thm_heap *h, uint32_t *live)
{
    struct dl d = dl_look(h);
    struct walk w = { .chunk = h->state[DL_FIRST] };
    const uint32_t end = h->state[DL_DEAD] ? h->state[DL_DEAD] : dl_top(&d);
    uint32_t damage = 0;
    while (!damage && !d.band.corrupt_at && w.chunk < end)
        damage = step(&d, &w);
    *live = w.live;
    if (!damage && h->state[DL_DEAD] == 0 && end)
        damage = check_top(&d, &w);
    for (uint32_t bin = LAST_REMAINDER; bin < BINS && !damage; bin++)
        damage = check_bin(&d, bin, &w.free);
    if (!damage && w.free)
        damage = h->state[DL_FIRST]; /* a free chunk is in no bin */
    return damage ? damage : d.band.corrupt_at;
}

/* A block begins at its size word: the one before reaches up to there. */
static void visit_chunk(uint32_t chunk, uint32_t size, bool live, thm_heap_visit *visit, void *ctx)
{
    visit(ctx, &(struct thm_heap_block){ chunk + CHUNK_SIZE, size, live ? chunk + CHUNK_PAYLOAD : 0 });
}

enum thm_mem_err dl_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    struct dl d = dl_look(h);
    struct walk w = { .chunk = h->state[DL_FIRST] };
    const uint32_t top = dl_top(&d), top_size = dl_top_size(&d), end = h->state[DL_DEAD] ? h->state[DL_DEAD] : top;
    while (w.chunk < end) {
        const uint32_t at = w.chunk, met = w.free + w.live;
        if (step(&d, &w) || d.band.corrupt_at)
            return THM_MEM_ECORRUPT;
        if (w.free + w.live > met) /* else fence posts */
            visit_chunk(at, w.chunk - at, !w.before_free, visit, ctx);
    }
    if (top_size > CHUNK_SIZE)
        visit_chunk(top, top_size - CHUNK_SIZE, false, visit, ctx);
    sbrk_visit_room(h, visit, ctx);
    return THM_MEM_OK;
}
