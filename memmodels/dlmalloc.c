/* newlib's full malloc, as programs call it; and its figures. */
#include <stdio.h>
#include "memmodels/dlmalloc.h"
#include "memmodels/dlmalloc_core.h"

static enum thm_mem_err init(struct thm_heap *h, bool v2)
{
    if (h->size < CHUNK_MIN || h->size > REQUEST_MAX)
        return THM_MEM_EINVAL;
    struct dl d = dl_view(h);
    for (uint32_t bin = 0; bin < BINS; bin++) {
        const uint32_t head = dl_bin_at(&d, bin);
        dl_store_link(&d, head + CHUNK_FD, head);
        dl_store_link(&d, head + CHUNK_BK, head);
    }
    h->state[DL_IS_V2] = v2;
    h->state[SBRK_MIN_FREE] = h->size;
    return THM_MEM_OK;
}

static enum thm_mem_err heap_init(struct thm_heap *h)
{
    return init(h, false);
}

static enum thm_mem_err heap_init_v2(struct thm_heap *h)
{
    return init(h, true);
}

/* End of a call that made `chunk` of one that had `given` bytes (0: none): its payload. */
BAND_INLINE uint32_t hand_out(struct dl *d, uint32_t chunk, uint32_t given)
{
    const bool done = band_done(&d->band, d->h) && chunk;
    sbrk_account(d->h, done ? given : 0,
                 done ? dl_size(d, chunk) : 0); /* without one, space may be lost all the same */
    return done ? chunk + CHUNK_PAYLOAD : 0;
}

static uint32_t heap_malloc(struct thm_heap *h, uint32_t n)
{
    struct dl d = dl_view(h);
    return hand_out(&d, dl_malloc(&d, n), 0);
}

/* p is where a payload can be. */
BAND_INLINE bool in_heap(const struct thm_heap *h, uint32_t p)
{
    return p % CHUNK_ALIGN == 0 && p - h->base >= CHUNK_PAYLOAD && p - h->base < h->brk;
}

static enum thm_mem_err heap_free(struct thm_heap *h, uint32_t p)
{
    struct dl d = dl_view(h);
    if (!in_heap(h, p))
        return p ? THM_MEM_EINVAL : THM_MEM_OK;
    const uint32_t size = dl_sound_size(&d, p - CHUNK_PAYLOAD);
    if (size)
        dl_free(&d, p - CHUNK_PAYLOAD);
    if (!band_done(&d.band, h))
        return THM_MEM_ECORRUPT;
    sbrk_account(h, size, 0);
    return THM_MEM_OK;
}

/* ---- realloc ---- */

/* A chunk that grows, and what is free around it. */
struct growth {
    uint32_t chunk, size, want;
    uint32_t next, next_size;     /* 0: in use */
    uint32_t before, before_size; /* likewise */
    bool next_is_top;
};

static struct growth look_around(struct dl *d, uint32_t chunk, uint32_t size, uint32_t want)
{
    struct growth g = { .chunk = chunk, .size = size, .want = want };
    const uint32_t next = chunk + size, next_size = dl_size(d, next);
    g.next_is_top = next == dl_top(d);
    if (g.next_is_top || !dl_inuse(d, next, next_size)) {
        g.next = next;
        g.next_size = next_size;
    }
    if (!(dl_word(d, chunk) & PREV_INUSE)) {
        g.before = chunk - band_load(&d->band, chunk + CHUNK_PREV_SIZE);
        g.before_size = dl_size(d, g.before);
    }
    return g;
}

/* Does the sum serve? What ends in the top must leave a top. */
static bool serves(const struct growth *g, uint32_t sum, bool into_next)
{
    return (int32_t)sum >= (int64_t)g->want + (into_next && g->next_is_top ? CHUNK_MIN : 0);
}

/* The chunk takes the free one behind it. */
static void absorb_next(struct dl *d, struct growth *g)
{
    if (!g->next_is_top)
        dl_unlink(d, g->next);
    g->size += g->next_size;
}

static void move_down(struct dl *d, struct growth *g, uint32_t payload)
{
    dl_unlink(d, g->before);
    band_copy(&d->band, g->before + CHUNK_PAYLOAD, g->chunk + CHUNK_PAYLOAD, payload);
    g->chunk = g->before;
    g->size += g->before_size;
}

/* Grow over free neighbours, behind first; false: they are too small. *into_top: the rest is the new top. */
static bool grow(struct dl *d, struct growth *g, bool *into_top)
{
    const uint32_t payload = g->size - CHUNK_OVERHEAD, with_next = g->size + g->next_size;
    const bool forward = g->next && serves(g, with_next, true);
    const bool both = !forward && g->before && g->next && serves(g, with_next + g->before_size, true);
    const bool down = both || (!forward && g->before && serves(g, g->size + g->before_size, false));
    *into_top = (forward || both) && g->next_is_top;
    if (forward || both)
        absorb_next(d, g);
    if (down)
        move_down(d, g, payload);
    return forward || down;
}

/* Cut the chunk down to what is wanted; the rest is freed, or is the top. */
static uint32_t trim(struct dl *d, const struct growth *g, bool into_top)
{
    const uint32_t rest = g->chunk + g->want, rest_size = g->size - g->want;
    if (into_top) {
        dl_set_top(d, rest, rest_size);
        dl_set_size(d, g->chunk, g->want);
    } else if ((int32_t)rest_size >= CHUNK_MIN) {
        dl_set_size(d, g->chunk, g->want);
        dl_set_head(d, rest, rest_size | PREV_INUSE);
        dl_set_inuse(d, rest, rest_size);
        dl_free(d, rest);
    } else {
        dl_set_size(d, g->chunk, g->size);
        dl_set_inuse(d, g->chunk, g->size);
    }
    return g->chunk;
}

/* A new chunk elsewhere; if it turns out to be the next one, both are one. */
static uint32_t move(struct dl *d, struct growth *g, uint32_t n)
{
    const uint32_t to = dl_malloc(d, n);
    if (to == 0)
        return 0;
    if (to == g->chunk + g->size) {
        g->size += dl_size(d, to);
        return trim(d, g, false);
    }
    if (band_copy(&d->band, to + CHUNK_PAYLOAD, g->chunk + CHUNK_PAYLOAD, g->size - CHUNK_OVERHEAD))
        dl_free(d, g->chunk);
    return to;
}

static uint32_t heap_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    struct dl d = dl_view(h);
    const uint32_t want = dl_chunk_size(n);
    bool into_top = false;
    if (p == 0)
        return heap_malloc(h, n);
    if (!in_heap(h, p) || want == 0)
        return 0;
    const uint32_t old = dl_sound_size(&d, p - CHUNK_PAYLOAD);
    struct growth g = { .chunk = p - CHUNK_PAYLOAD, .size = old, .want = want };
    if (old && old < want)
        g = look_around(&d, g.chunk, old, want);
    if (d.band.corrupt_at)
        return hand_out(&d, 0, 0);
    const bool fits = old >= want || grow(&d, &g, &into_top);
    return hand_out(&d, fits ? trim(&d, &g, into_top) : move(&d, &g, n), old);
}

/* ---- memalign ---- */

/* An aligned payload in the live chunk; what lies before it is freed. The chunk of that payload. */
static uint32_t align_in(struct dl *d, uint32_t chunk, uint32_t align)
{
    const uint32_t size = dl_size(d, chunk);
    uint32_t at = band_up(chunk + CHUNK_PAYLOAD, align) - CHUNK_PAYLOAD;
    if (at == chunk)
        return chunk;
    at += at - chunk < CHUNK_MIN ? align : 0;
    dl_set_head(d, at, (size - (at - chunk)) | PREV_INUSE);
    dl_set_inuse(d, at, size - (at - chunk));
    dl_set_size(d, chunk, at - chunk);
    dl_free(d, chunk);
    return at;
}

static uint32_t heap_memalign(struct thm_heap *h, uint32_t align, uint32_t n)
{
    struct dl d = dl_view(h);
    const uint32_t want = dl_chunk_size(n);
    if (align & (align - 1) || want == 0)
        return 0;
    if (align <= CHUNK_ALIGN)
        return heap_malloc(h, n);
    align = align < CHUNK_MIN ? CHUNK_MIN : align;
    const uint64_t ask = (uint64_t)want + align + CHUNK_MIN;
    uint32_t chunk = ask <= REQUEST_MAX ? dl_malloc(&d, (uint32_t)ask) : 0;
    if (chunk == 0)
        return hand_out(&d, 0, 0);
    chunk = align_in(&d, chunk, align);
    const struct growth g = { .chunk = chunk, .size = dl_size(&d, chunk), .want = want };
    if ((int32_t)(g.size - want) >= CHUNK_MIN)
        trim(&d, &g, false);
    return hand_out(&d, chunk, 0);
}

/* ---- figures ---- */

static uint32_t heap_usable(const struct thm_heap *h, uint32_t p)
{
    struct dl d = dl_look(h);
    const uint32_t size = in_heap(h, p) ? dl_sound_size(&d, p - CHUNK_PAYLOAD) : 0;
    return size ? size - CHUNK_OVERHEAD : 0;
}

/* From the bins, from the top as it is, or from an extended top. */
static uint32_t largest_request(struct dl *d, uint32_t largest_chunk)
{
    const uint32_t top = dl_top_size(d), extended = dl_largest_extension(d->h);
    uint32_t size = top >= 2 * CHUNK_MIN ? (top - CHUNK_MIN) & ~(CHUNK_ALIGN - 1u) : 0;
    size = size > extended ? size : extended;
    size = size > largest_chunk ? size : largest_chunk;
    return size ? size - CHUNK_OVERHEAD : 0;
}

static void heap_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    struct dl d = dl_look(h);
    const struct dl_free_chunks f = dl_free_chunks(h);
    *out = (struct thm_heap_stats){
        .free = sbrk_free(h),
        .largest = largest_request(&d, f.largest),
        .min_free = h->state[SBRK_MIN_FREE],
        .allocated = h->state[SBRK_LIVE],
        .blocks_free = f.count,
    };
    dl_find_damage(h, &out->blocks_alloc);
}

static enum thm_mem_err heap_check(const struct thm_heap *h, uint32_t *where)
{
    uint32_t live;
    const uint32_t damage = dl_find_damage(h, &live);
    if (damage && where)
        *where = damage;
    return damage ? THM_MEM_ECORRUPT : THM_MEM_OK;
}

/* mallinfo */
static int heap_stat_line(const struct thm_heap *h, char *buf, size_t len)
{
    struct dl d = dl_look(h);
    const struct dl_free_chunks f = dl_free_chunks(h);
    const uint32_t arena = h->state[DL_OBTAINED];
    return snprintf(buf, len, "brk=%u arena=%u used=%u free=%u top=%u chunks_free=%u", h->brk, arena, arena - f.bytes,
                    f.bytes, dl_top_size(&d), f.count);
}

const struct thm_heap_ops thm_newlib_dlmalloc = {
    .name = "newlib_dlmalloc",
    .title = "newlib's full malloc (dlmalloc 2.6.5), 2018-05 and later",
    .init = heap_init,
    .walk = dl_walk,
    SBRK_HEAP_CALLS,
};
const struct thm_heap_ops thm_newlib_dlmalloc_v2 = {
    .name = "newlib_dlmalloc_v2",
    .title = "newlib's full malloc before 2018-05 (GCC Arm 7)",
    .init = heap_init_v2,
    .walk = dl_walk,
    SBRK_HEAP_CALLS,
};
