/* newlib-nano's malloc: first fit over a singly linked list of free chunks in address order, on a program break.
 * Rules: newlib libc/stdlib/nano-mallocr.c (newlib-cygwin 1b7c72f; v2: snapshot 2017-07-20). */
#include <stdio.h>
#include "memmodels/band.h"
#include "memmodels/nano.h"
#include "memmodels/sbrk.h"
#include "memmodels/trail.h"

enum { /* a chunk; before a payload that is not directly behind the header lies the (negative) distance to it */
       CHUNK_SIZE = 0,
       CHUNK_NEXT = 4,
       CHUNK_PAYLOAD = 4,
       CHUNK_PADDING = 4, /* always asked for, so that the payload can be aligned */
       CHUNK_MIN = 12,
       CHUNK_LEAST = 8, /* what memalign may leave of one */
       PAYLOAD_ALIGN = 8,
};
#define CHUNK_LIMIT 0x80000000u /* no chunk is that large */

enum {                    /* thm_heap.state, behind the break's */
       LIST = SBRK_WORDS, /* first free chunk; 0: none */
       FIRST,             /* the first chunk ever made; 0: none yet */
       IS_V2,
       TRAIL, /* over the list; no part of the device */
       WORDS = TRAIL + TRAIL_WORDS,
};

_Static_assert(WORDS <= THM_HEAP_STATE_WORDS, "the trail must fit");

BAND_INLINE void set_next(struct band *b, struct thm_heap *h, uint32_t before, uint32_t next)
{
    if (before)
        band_store(b, before + CHUNK_NEXT, next);
    else
        h->state[LIST] = next;
}

/* The free chunk behind `at`; 0: none, or the link is damaged (the list is in address order). Its size on the way. */
BAND_INLINE uint32_t follow(struct band *b, uint32_t at, uint32_t *size)
{
    uint32_t next;
    band_load_pair(b, at, size, &next);
    return next == 0 || __builtin_expect(next > at, 1) ? next : band_corrupt(b, at + CHUNK_NEXT);
}

/* Where a walk has arrived a chunk can be: further up, and inside. */
BAND_INLINE bool arrived(struct band *b, const struct trail *t)
{
    if (__builtin_expect(t->at <= t->before, 0))
        return band_corrupt(b, t->before + CHUNK_NEXT);
    return __builtin_expect(t->at - b->base <= b->last - 4, 1) || band_corrupt(b, t->at);
}

/* A word of that chunk. */
BAND_INLINE uint32_t word_of(const struct band *b, const struct trail *t, uint32_t word)
{
    return thm_load32(band_host(b, t->at) + word);
}

BAND_INLINE uint32_t break_address(const struct thm_heap *h)
{
    return h->base + h->brk;
}

/* The chunk's size; 0: it cannot be one. */
BAND_INLINE uint32_t sound_size(struct band *b, const struct thm_heap *h, uint32_t chunk)
{
    const uint32_t size = band_load(b, chunk + CHUNK_SIZE), off = chunk - h->base, brk = h->brk;
    if (size >= CHUNK_LEAST && size % 4 == 0 && off < brk && size <= brk - off)
        return size;
    return band_corrupt(b, chunk + CHUNK_SIZE);
}

/* ---- more memory ---- */

/* Memory from the break, aligned to 4; 0: none. A failure can leave the break further up than before. */
static uint32_t sbrk_aligned(struct thm_heap *h, uint32_t size)
{
    const uint32_t at = sbrk_up(h, size);
    if (at == SBRK_FAILED)
        return 0;
    const uint32_t aligned = band_up(at, 4);
    const bool whole = aligned == at || sbrk_up(h, aligned - at) != SBRK_FAILED;
    if (h->state[FIRST] == 0) {
        h->state[FIRST] = whole ? aligned : 0;
        h->state[SBRK_LOST] = whole ? aligned - h->base : h->brk;
    }
    return whole ? aligned : 0;
}

static uint32_t last_free(struct band *b, const struct thm_heap *h, uint32_t *before)
{
    uint32_t at = h->state[LIST];
    *before = 0;
    for (uint32_t next, size; at && (next = follow(b, at, &size)); at = next)
        *before = at;
    return at;
}

/* When the break is too near: let the free chunk that ends at it grow by what is missing. */
static uint32_t grow_last(struct band *b, struct thm_heap *h, uint32_t size)
{
    uint32_t before;
    const uint32_t last = last_free(b, h, &before), had = last ? band_load(b, last + CHUNK_SIZE) : 0;
    if (b->corrupt_at || last == 0 || last + had != break_address(h) || sbrk_up(h, size - had) == SBRK_FAILED)
        return 0;
    band_store(b, last + CHUNK_SIZE, size);
    set_next(b, h, before, 0);
    return last;
}

/* With a view of its own, so that the callers' can stay in registers. */
static uint32_t more_memory(struct thm_heap *h, uint32_t size)
{
    struct band b = band_view(h);
    uint32_t chunk = sbrk_aligned(h, size);
    if (chunk)
        band_store(&b, chunk + CHUNK_SIZE, size);
    else if (!h->state[IS_V2])
        chunk = grow_last(&b, h, size);
    return band_done(&b, h) ? chunk : 0;
}

/* ---- malloc and free of chunks ---- */

/* The chunk size for a request, all of it in 32 bits; CHUNK_LIMIT or more: too large. */
BAND_INLINE uint32_t chunk_size_for(uint32_t n)
{
    if (n > CHUNK_LIMIT)
        return CHUNK_LIMIT;
    const uint32_t size = band_up(n, 4) + CHUNK_PAYLOAD + CHUNK_PADDING;
    return size < CHUNK_MIN ? CHUNK_MIN : size;
}

/* The first free chunk of `want` bytes; t.at is 0: none. */
BAND_INLINE struct trail first_fit(struct band *b, struct thm_heap *h, uint32_t want)
{
    struct trail t = trail_start(h->state + TRAIL, h->state[LIST]);
    trail_follow(&t, b, CHUNK_NEXT, CHUNK_SIZE, want);
    while (t.at && arrived(b, &t) && (int32_t)(word_of(b, &t, CHUNK_SIZE) - want) < 0)
        trail_pass(&t, word_of(b, &t, CHUNK_NEXT));
    return t;
}

/* Take `want` bytes off the free chunk: the low end stays in the list in v2, the high end since. */
BAND_INLINE uint32_t take(struct band *b, struct thm_heap *h, struct trail *t, uint32_t want)
{
    uint32_t had;
    const uint32_t at = t->at, next = follow(b, at, &had);
    const uint32_t size = sound_size(b, h, at), rest = size - want;
    if (b->corrupt_at)
        return 0;
    if (rest < CHUNK_MIN) {
        set_next(b, h, t->before, next);
        trail_remove(t);
        return at;
    }
    if (h->state[IS_V2]) {
        band_store(b, at + CHUNK_SIZE, rest);
        band_store(b, at + rest + CHUNK_SIZE, want);
        return at + rest;
    }
    band_store(b, at + CHUNK_SIZE, want);
    band_store(b, at + want + CHUNK_SIZE, rest);
    band_store(b, at + want + CHUNK_NEXT, next);
    set_next(b, h, t->before, at + want);
    if (!b->corrupt_at)
        trail_replace(t, at + want);
    return at;
}

/* A live chunk for n bytes; 0: none. */
BAND_INLINE uint32_t take_chunk(struct band *b, struct thm_heap *h, uint32_t n)
{
    const uint32_t want = chunk_size_for(n);
    if (want >= CHUNK_LIMIT)
        return 0;
    struct trail t = first_fit(b, h, want);
    if (b->corrupt_at)
        return 0;
    return t.at ? take(b, h, &t, want) : more_memory(h, want);
}

/* The payload of a chunk, and the distance word if there is room before it. */
BAND_INLINE uint32_t payload_of(struct band *b, uint32_t chunk)
{
    const uint32_t plain = chunk + CHUNK_PAYLOAD, p = band_up(plain, PAYLOAD_ALIGN);
    if (p != plain)
        band_store(b, p - 4, plain - p);
    return p;
}

/* The chunk of a payload: the word before it is its size, or how far before it the header lies. */
BAND_INLINE uint32_t chunk_of(struct band *b, uint32_t p)
{
    const uint32_t chunk = p - CHUNK_PAYLOAD, word = band_load(b, chunk);
    return word & CHUNK_LIMIT ? chunk + word : chunk;
}

/* Where a chunk belongs in the list: behind t.before (0: at the front), in front of t.at (0: at the end). */
BAND_INLINE struct trail find_place(struct band *b, struct thm_heap *h, uint32_t chunk)
{
    struct trail t = trail_start(h->state + TRAIL, h->state[LIST]);
    trail_follow(&t, b, CHUNK_NEXT, TRAIL_BY_ADDRESS, chunk);
    while (t.at && t.at <= chunk && arrived(b, &t))
        trail_pass(&t, word_of(b, &t, CHUNK_NEXT));
    return t;
}

/* Make a chunk free, joined with the free neighbours; the bytes that are free now, 0: none. */
BAND_INLINE uint32_t release(struct band *b, struct thm_heap *h, uint32_t chunk)
{
    struct trail t = find_place(b, h, chunk);
    const uint32_t before = t.before, before_size = before ? band_load(b, before + CHUNK_SIZE) : 0;
    if (b->corrupt_at || (before && before_size > chunk - before))
        return 0; /* the latter: it is free already */
    const uint32_t own = sound_size(b, h, chunk), whole = before && before + before_size == chunk ? before : chunk;
    uint32_t size = own + (chunk - whole), next = t.at;
    const bool with_next = next && whole + size == next;
    if (own == 0)
        return 0;
    if (with_next) {
        size += band_load(b, next + CHUNK_SIZE);
        next = band_load(b, next + CHUNK_NEXT);
    }
    band_store(b, whole + CHUNK_SIZE, size);
    band_store(b, whole + CHUNK_NEXT, next);
    if (whole == chunk)
        set_next(b, h, before, chunk);
    if (!b->corrupt_at)
        trail_join(&t, chunk, whole != chunk, with_next);
    return own;
}

/* Bytes a payload can hold; 0: its header is damaged. */
BAND_INLINE uint32_t payload_size(struct band *b, const struct thm_heap *h, uint32_t p)
{
    const uint32_t chunk = chunk_of(b, p), size = sound_size(b, h, chunk), front = p - chunk;
    return front < size ? size - front : 0;
}

/* ---- calls ---- */

static enum thm_mem_err init(struct thm_heap *h, bool v2)
{
    if (h->size < CHUNK_MIN)
        return THM_MEM_EINVAL;
    h->state[IS_V2] = v2;
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

static uint32_t heap_malloc(struct thm_heap *h, uint32_t n)
{
    struct band b = band_view(h);
    const uint32_t chunk = take_chunk(&b, h, n), p = chunk ? payload_of(&b, chunk) : 0;
    const bool done = band_done(&b, h) && p;
    sbrk_account(h, 0, done ? band_load(&b, chunk + CHUNK_SIZE) : 0); /* without one, the break may have moved */
    return done ? p : 0;
}

/* p is where a payload can be. */
BAND_INLINE bool in_heap(const struct thm_heap *h, uint32_t p)
{
    return p % 4 == 0 && p - h->base < h->brk && p - h->base >= CHUNK_PAYLOAD;
}

static enum thm_mem_err heap_free(struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    if (!in_heap(h, p))
        return p ? THM_MEM_EINVAL : THM_MEM_OK;
    const uint32_t size = release(&b, h, chunk_of(&b, p));
    if (!band_done(&b, h))
        return THM_MEM_ECORRUPT;
    sbrk_account(h, size, 0);
    return THM_MEM_OK;
}

static uint32_t heap_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    struct band b = band_view(h);
    if (p == 0)
        return heap_malloc(h, n);
    if (n == 0)
        heap_free(h, p);
    if (n == 0 || !in_heap(h, p))
        return 0;
    const uint32_t old = payload_size(&b, h, p);
    if (!band_done(&b, h))
        return 0;
    if (n <= old && (h->state[IS_V2] || n > old / 2))
        return p;
    const uint32_t to = heap_malloc(h, n);
    if (to == 0 || !band_copy(&b, to, p, n < old ? n : old))
        return band_done(&b, h) ? to : 0;
    return heap_free(h, p) == THM_MEM_OK ? to : 0;
}

/* Make two chunks of one: the second begins at `at`. */
static void cut(struct band *b, uint32_t chunk, uint32_t at)
{
    const uint32_t size = band_load(b, chunk + CHUNK_SIZE);
    band_store(b, chunk + CHUNK_SIZE, at - chunk);
    band_store(b, at + CHUNK_SIZE, size - (at - chunk));
}

/* A payload at p in the chunk: what lies before is freed or, if too small, becomes padding. The chunk of p. */
static uint32_t skip_front(struct band *b, struct thm_heap *h, uint32_t chunk, uint32_t p)
{
    const uint32_t start = p - CHUNK_PAYLOAD;
    if (start - chunk >= CHUNK_MIN) {
        cut(b, chunk, start);
        release(b, h, chunk);
        return start;
    }
    if (start != chunk)
        band_store(b, start, chunk - start);
    return chunk;
}

/* The sum that malloc is asked for. Old ones did not look for an overflow. */
static uint32_t with_alignment(const struct thm_heap *h, uint32_t align, uint32_t n)
{
    const uint64_t sum = (((uint64_t)(n < 4 ? 4 : n) + 3) & ~3ull) + (align - PAYLOAD_ALIGN);
    return h->state[IS_V2] || sum < CHUNK_LIMIT ? (uint32_t)sum : CHUNK_LIMIT;
}

static uint32_t heap_memalign(struct thm_heap *h, uint32_t align, uint32_t n)
{
    struct band b = band_view(h);
    if (align & (align - 1))
        return 0;
    align = align < PAYLOAD_ALIGN ? PAYLOAD_ALIGN : align;
    uint32_t chunk = take_chunk(&b, h, with_alignment(h, align, n));
    if (!band_done(&b, h) || chunk == 0)
        return 0;
    payload_of(&b, chunk);
    const uint32_t p = band_up(chunk + CHUNK_PAYLOAD, align), end = p + band_up(n < 4 ? 4 : n, 4);
    chunk = skip_front(&b, h, chunk, p);
    if (chunk + band_load(&b, chunk + CHUNK_SIZE) > end + CHUNK_MIN) {
        cut(&b, chunk, end);
        release(&b, h, end);
    }
    sbrk_account(h, 0, band_load(&b, chunk + CHUNK_SIZE));
    return band_done(&b, h) ? p : 0;
}

static uint32_t heap_usable(const struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    const uint32_t size = in_heap(h, p) ? payload_size(&b, h, p) : 0;
    return b.corrupt_at ? 0 : size;
}

/* ---- figures ---- */

struct free_list {
    uint32_t bytes, largest, count;
    uint32_t at_break; /* size of the one that ends at the break */
};

static struct free_list walk_free(const struct thm_heap *h)
{
    struct band b = band_view(h);
    struct free_list f = { 0 };
    for (uint32_t at = h->state[LIST], next, size; at; at = next) {
        next = follow(&b, at, &size);
        f.bytes += size;
        f.count++;
        f.largest = size > f.largest ? size : f.largest;
        f.at_break = at + size == break_address(h) ? size : 0;
    }
    return f;
}

/* The largest chunk that the break can still give: the first one must be moved to an aligned address. */
static uint32_t largest_above(const struct thm_heap *h, const struct free_list *f)
{
    const uint32_t room = sbrk_room(h), lead = -break_address(h) & 3;
    const uint32_t fresh = room > lead ? room - lead : 0;
    return h->state[IS_V2] || f->at_break == 0 ? fresh : room + f->at_break;
}

static uint32_t largest_request(const struct thm_heap *h, const struct free_list *f)
{
    uint32_t size = largest_above(h, f);
    size = f->largest > size ? f->largest : size;
    size = (size < CHUNK_LIMIT ? size : CHUNK_LIMIT - 4) & ~3u;
    return size < CHUNK_MIN ? 0 : size - CHUNK_PAYLOAD - CHUNK_PADDING;
}

/* Walk all chunks, and the list beside them: the address of the first damaged word, or 0. *live: the live ones before.
 */
static uint32_t find_damage(const struct thm_heap *h, uint32_t *live)
{
    struct band b = band_view(h);
    uint32_t at = h->state[FIRST], next_free = h->state[LIST], link = at;
    for (*live = 0; at && at != break_address(h);) {
        const uint32_t size = sound_size(&b, h, at);
        if (size == 0)
            return at;
        if (next_free && next_free < at)
            return link; /* into the middle of a chunk */
        *live += at != next_free;
        if (at == next_free) {
            link = at + CHUNK_NEXT;
            next_free = band_load(&b, link);
        }
        at += size;
    }
    return next_free ? link : 0;
}

static enum thm_mem_err heap_check(const struct thm_heap *h, uint32_t *where)
{
    uint32_t live;
    const uint32_t damage = find_damage(h, &live);
    if (damage && where)
        *where = damage;
    return damage ? THM_MEM_ECORRUPT : THM_MEM_OK;
}

/* The payload of a live chunk: the first aligned place, or the next one if the word before that leads to the chunk. */
static uint32_t likely_payload(struct band *b, uint32_t chunk)
{
    const uint32_t p = band_up(chunk + CHUNK_PAYLOAD, PAYLOAD_ALIGN), next = p + PAYLOAD_ALIGN - CHUNK_PAYLOAD;
    return next - chunk < CHUNK_MIN && band_load(b, next) == chunk - next ? p + PAYLOAD_ALIGN : p;
}

static enum thm_mem_err heap_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    struct band b = band_view(h);
    uint32_t at = h->state[FIRST], next_free = h->state[LIST], size;
    for (; at && at != break_address(h); at += size) {
        size = sound_size(&b, h, at);
        if (size == 0 || (next_free && next_free < at))
            return THM_MEM_ECORRUPT;
        visit(ctx, &(struct thm_heap_block){ at, size, at == next_free ? 0 : likely_payload(&b, at) });
        next_free = at == next_free ? band_load(&b, at + CHUNK_NEXT) : next_free;
    }
    sbrk_visit_room(h, visit, ctx);
    return THM_MEM_OK;
}

static void heap_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    const struct free_list f = walk_free(h);
    *out = (struct thm_heap_stats){
        .free = sbrk_free(h),
        .largest = largest_request(h, &f),
        .min_free = h->state[SBRK_MIN_FREE],
        .allocated = h->state[SBRK_LIVE],
        .blocks_free = f.count,
    };
    find_damage(h, &out->blocks_alloc);
}

/* mallinfo */
static int heap_stat_line(const struct thm_heap *h, char *buf, size_t len)
{
    const struct free_list f = walk_free(h);
    const uint32_t brk = h->brk;
    return snprintf(buf, len, "brk=%u arena=%u used=%u free=%u", brk, brk, brk - f.bytes, f.bytes);
}

const struct thm_heap_ops thm_newlib_nano = {
    .name = "newlib_nano",
    .title = "newlib-nano malloc, 2021-05 and later (GCC Arm 11 and later)",
    .init = heap_init,
    .walk = heap_walk,
    SBRK_HEAP_CALLS,
};
const struct thm_heap_ops thm_newlib_nano_v2 = {
    .name = "newlib_nano_v2",
    .title = "newlib-nano malloc before 2021-05 (GCC Arm 7 to 10)",
    .init = heap_init_v2,
    .walk = heap_walk,
    SBRK_HEAP_CALLS,
};
