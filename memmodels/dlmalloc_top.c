/* Memory from the break for the top chunk of newlib's full malloc, and back. */
#include "memmodels/dlmalloc_core.h"

/* What an extension would do. */
struct extension {
    bool done;                  /* the first sbrk succeeds */
    bool joins;                 /* the memory continues the old top */
    bool dead;                  /* the old top has no room for fence posts: there will be no memory ever again */
    uint32_t asked, correction; /* the two sbrk calls; the second 0 if it fails */
    uint32_t top, top_size;
};

/* The memory does not continue the old top: a new one begins, and should end on a page. */
static void begin_anew(const struct dl *d, struct extension *e, uint32_t at, uint32_t room)
{
    const uint32_t lead = -at & (CHUNK_ALIGN - 1), v2 = d->h->state[DL_IS_V2];
    e->top = at + lead;
    e->correction = lead + PAGE - ((e->top + e->asked) & (PAGE - 1));
    e->correction &= v2 ? ~0u : PAGE - 1u;
    if (e->correction <= room) {
        e->top_size = e->asked - lead + e->correction;
        return;
    }
    e->correction = 0;
    e->top_size = v2 ? 0 : e->asked - lead;
}

static struct extension plan(struct dl *d, uint32_t size)
{
    const struct thm_heap *h = d->h;
    const uint32_t at = h->base + h->brk, old = dl_top(d), old_size = dl_top_size(d);
    const uint32_t room = h->limit > h->brk ? h->limit - h->brk : 0;
    struct extension e = { .asked = size + CHUNK_MIN };
    if (h->state[DL_FIRST])
        e.asked = band_up(e.asked, PAGE);
    e.done = e.asked <= REQUEST_MAX && e.asked <= room;
    if (!e.done)
        return e;
    e.joins = old && at == old + old_size && at % PAGE == 0;
    if (e.joins) {
        e.top = old;
        e.top_size = old_size + e.asked;
        return e;
    }
    begin_anew(d, &e, at, room - e.asked);
    e.dead = old && old_size < CHUNK_MIN;
    if (e.dead)
        e.top_size = 0;
    return e;
}

/* Cut the old top down to a chunk with two fence posts behind it, and free it. */
static void fence(struct dl *d, uint32_t old, uint32_t old_size)
{
    const uint32_t size = (old_size - 3 * FENCE_SIZE) & ~(CHUNK_ALIGN - 1u);
    dl_set_size(d, old, size);
    dl_set_head(d, old + size, FENCE_SIZE | PREV_INUSE);
    dl_set_head(d, old + size + FENCE_SIZE, FENCE_SIZE | PREV_INUSE);
    if (size >= CHUNK_MIN)
        dl_free(d, old);
}

static void extend(struct dl *d, const struct extension *e)
{
    struct thm_heap *h = d->h;
    const uint32_t at = h->base + h->brk, old = dl_top(d), old_size = dl_top_size(d);
    h->brk += e->asked + e->correction;
    h->state[DL_OBTAINED] += e->asked + e->correction;
    dl_set_top(d, e->top, e->top_size);
    if (e->joins)
        return;
    if (h->state[DL_FIRST] == 0)
        h->state[DL_FIRST] = e->top;
    else
        h->state[DL_OBTAINED] += at - (old + old_size);
    if (e->dead)
        h->state[DL_DEAD] = h->state[DL_DEAD] ? h->state[DL_DEAD] : old;
    else if (old)
        fence(d, old, old_size);
    h->state[SBRK_LOST] = h->brk - h->state[SBRK_LIVE] - dl_free_chunks(h).bytes;
}

uint32_t dl_extend_top(struct thm_heap *h, uint32_t size)
{
    struct dl d = dl_view(h);
    const struct extension e = plan(&d, size);
    if (e.done)
        extend(&d, &e);
    return d.band.corrupt_at;
}

void dl_trim_top(struct thm_heap *h)
{
    struct dl d = dl_view(h);
    const uint32_t size = dl_top_size(&d), at = dl_top(&d);
    const uint32_t extra = ((size - CHUNK_MIN + PAGE - 1) / PAGE - 1) * PAGE;
    if (extra < PAGE || at + size != h->base + h->brk)
        return;
    h->brk -= extra;
    h->state[DL_OBTAINED] -= extra;
    dl_set_top(&d, at, size - extra);
}

/* Not every smaller size succeeds where a larger one does: with an unaligned start, a page's worth of sizes before a
 * page boundary may fail. So try them from the top down. */
uint32_t dl_largest_extension(const struct thm_heap *h)
{
    struct dl d = dl_look(h);
    const uint32_t room = sbrk_room(h);
    uint32_t size = (room < REQUEST_MAX ? room : REQUEST_MAX) & ~(CHUNK_ALIGN - 1u);
    for (uint32_t tries = 2 * PAGE / CHUNK_ALIGN; tries && size >= CHUNK_MIN; tries--, size -= CHUNK_ALIGN) {
        const struct extension e = plan(&d, size);
        if (e.done && e.top_size >= size + CHUNK_MIN)
            return size;
    }
    return 0;
}
