/* memmodels/dlmalloc_ops.h -- private: chunks, bins and the top chunk of newlib's full malloc.
 *
 * Rules and names: newlib libc/stdlib/_mallocr.c (newlib-cygwin 1b7c72f; v2: mallocr.c of the 2017-07-20 snapshot).
 * Addresses are the device's. Chunks are in the heap's memory; the bins' heads are the device's statics, so they live
 * in thm_heap.state, and get device addresses directly below the heap. */
#pragma once
#include "memmodels/band.h"
#include "memmodels/sbrk.h"

enum {                      /* a chunk */
       CHUNK_PREV_SIZE = 0, /* the last payload word of the chunk before; valid while that is free */
       CHUNK_SIZE = 4,      /* bit 0: the chunk before is in use */
       CHUNK_FD = 8,
       CHUNK_BK = 12,
       CHUNK_PAYLOAD = 8,
       CHUNK_OVERHEAD = 4,
       CHUNK_MIN = 16,
       CHUNK_ALIGN = 8,
       FENCE_SIZE = 4, /* a fence post: in use, nothing but its size word */
};
#define PREV_INUSE 1u
#define SIZE_MASK  (~(uint32_t)3)

enum {
    BINS = 128,
    LAST_REMAINDER = 1, /* its bin: at most one chunk */
    SMALL_BIN_LIMIT = 512,
    SMALL_REQUEST_LIMIT = 504,
    PAGE = 4096,
    TRIM_THRESHOLD = 131072,
};
#define REQUEST_MAX 0x7FFFFFFFu /* INT_MAX */

enum {                      /* thm_heap.state, behind the break's */
       DL_TOP = SBRK_WORDS, /* 0: the initial one, of size 0 */
       DL_FIRST,            /* the first chunk ever made; 0: none yet */
       DL_OBTAINED,         /* sbrked_mem, mallinfo's arena */
       DL_DEAD,             /* an old top too small for fence posts: no chunks from here to the top; 0: none */
       DL_IS_V2,
       DL_NON_EMPTY,               /* a bit for each bin that may have chunks; the device has one for four bins */
       DL_BINS = DL_NON_EMPTY + 4, /* fd and bk of each */
       DL_WORDS = DL_BINS + 2 * BINS,
};

_Static_assert(DL_WORDS <= THM_HEAP_STATE_WORDS, "the bins must fit");

/* A bin's address is that of a chunk whose fd and bk would be the bin's two words. */
#define BIN_BYTES (8u * BINS)

struct dl {
    struct band band;
    struct thm_heap *h;
    uint32_t bins; /* device address of the first bin's two words */
};

BAND_INLINE struct dl dl_view(struct thm_heap *h)
{
    return (struct dl){ .band = band_view(h), .h = h, .bins = (h->base - BIN_BYTES) & ~7u };
}

/* For those who only read. */
BAND_INLINE struct dl dl_look(const struct thm_heap *h)
{
    return dl_view((struct thm_heap *)(uintptr_t)h);
}

BAND_INLINE uint32_t dl_bin_at(const struct dl *d, uint32_t bin)
{
    return d->bins + 8 * bin - CHUNK_FD;
}

/* The link word at `at`, in a chunk or in a bin. */
BAND_INLINE uint32_t dl_load_link(struct dl *d, uint32_t at)
{
    const uint32_t off = at - d->bins;
    return off < BIN_BYTES ? d->h->state[DL_BINS + off / 4] : band_load(&d->band, at);
}

BAND_INLINE void dl_store_link(struct dl *d, uint32_t at, uint32_t to)
{
    const uint32_t off = at - d->bins;
    if (off < BIN_BYTES)
        d->h->state[DL_BINS + off / 4] = to;
    else
        band_store(&d->band, at, to);
}

BAND_INLINE uint32_t dl_word(struct dl *d, uint32_t chunk)
{
    return band_load(&d->band, chunk + CHUNK_SIZE);
}

BAND_INLINE uint32_t dl_size(struct dl *d, uint32_t chunk)
{
    return dl_word(d, chunk) & SIZE_MASK;
}

BAND_INLINE void dl_set_head(struct dl *d, uint32_t chunk, uint32_t word)
{
    band_store(&d->band, chunk + CHUNK_SIZE, word);
}

/* A new size; the flag stays. */
BAND_INLINE void dl_set_size(struct dl *d, uint32_t chunk, uint32_t size)
{
    dl_set_head(d, chunk, (dl_word(d, chunk) & PREV_INUSE) | size);
}

BAND_INLINE void dl_set_foot(struct dl *d, uint32_t chunk, uint32_t size)
{
    band_store(&d->band, chunk + size + CHUNK_PREV_SIZE, size);
}

/* The chunk of `size` bytes is in use: the one behind it says so. */
BAND_INLINE void dl_set_inuse(struct dl *d, uint32_t chunk, uint32_t size)
{
    dl_set_head(d, chunk + size, dl_word(d, chunk + size) | PREV_INUSE);
}

BAND_INLINE bool dl_inuse(struct dl *d, uint32_t chunk, uint32_t size)
{
    return dl_word(d, chunk + size) & PREV_INUSE;
}

BAND_INLINE uint32_t dl_top(const struct dl *d)
{
    return d->h->state[DL_TOP];
}

BAND_INLINE uint32_t dl_top_size(struct dl *d)
{
    return dl_top(d) ? dl_size(d, dl_top(d)) : 0;
}

BAND_INLINE void dl_set_top(struct dl *d, uint32_t chunk, uint32_t size)
{
    d->h->state[DL_TOP] = chunk;
    dl_set_head(d, chunk, size | PREV_INUSE);
}

/* The size can be a chunk's in this heap; else its header is damaged. */
BAND_INLINE uint32_t dl_sound_size(struct dl *d, uint32_t chunk)
{
    const uint32_t size = dl_size(d, chunk), off = chunk - d->h->base, brk = d->h->brk;
    if (size >= CHUNK_MIN && off < brk && size <= brk - off)
        return size;
    return band_corrupt(&d->band, chunk + CHUNK_SIZE);
}

/* The chunk size for a request; 0: too large. */
BAND_INLINE uint32_t dl_chunk_size(uint32_t n)
{
    if (n > REQUEST_MAX - CHUNK_OVERHEAD - CHUNK_ALIGN + 1)
        return 0;
    const uint32_t size = (n + CHUNK_OVERHEAD + CHUNK_ALIGN - 1) & ~(CHUNK_ALIGN - 1u);
    return size < CHUNK_MIN ? CHUNK_MIN : size;
}

/* ---- bins ---- */

/* Which bin holds free chunks of this size. */
BAND_INLINE uint32_t dl_bin_index(uint32_t size)
{
    const uint32_t k = size >> 9;
    return k == 0      ? size >> 3
           : k <= 4    ? 56 + (size >> 6)
           : k <= 20   ? 91 + (size >> 9)
           : k <= 84   ? 110 + (size >> 12)
           : k <= 340  ? 119 + (size >> 15)
           : k <= 1364 ? 124 + (size >> 18)
                       : 126;
}

/* The first bin from `from` on that may have chunks; BINS: none. */
BAND_INLINE uint32_t dl_next_bin(const struct dl *d, uint32_t from)
{
    const uint32_t *words = d->h->state + DL_NON_EMPTY;
    if (from >= BINS)
        return BINS;
    uint32_t i = from / 32, word = words[i] & ~0u << from % 32;
    while (word == 0 && ++i < BINS / 32)
        word = words[i];
    return word ? 32 * i + (uint32_t)__builtin_ctz(word) : BINS;
}

BAND_INLINE void dl_mark(const struct dl *d, uint32_t bin, bool non_empty)
{
    uint32_t *word = &d->h->state[DL_NON_EMPTY + bin / 32];
    *word = (*word & ~(1u << bin % 32)) | (uint32_t)non_empty << bin % 32;
}

/* Take a chunk out of its bin. */
BAND_INLINE void dl_unlink(struct dl *d, uint32_t chunk)
{
    const uint32_t fd = band_load(&d->band, chunk + CHUNK_FD), bk = band_load(&d->band, chunk + CHUNK_BK);
    dl_store_link(d, fd + CHUNK_BK, bk);
    dl_store_link(d, bk + CHUNK_FD, fd);
    if (fd == bk && fd + CHUNK_FD - d->bins < BIN_BYTES)
        dl_mark(d, (fd + CHUNK_FD - d->bins) / 8, false);
}

/* Link a chunk between two that are neighbours, or the bin itself. */
BAND_INLINE void dl_link(struct dl *d, uint32_t chunk, uint32_t bk, uint32_t fd)
{
    band_store(&d->band, chunk + CHUNK_BK, bk);
    band_store(&d->band, chunk + CHUNK_FD, fd);
    dl_store_link(d, bk + CHUNK_FD, chunk);
    dl_store_link(d, fd + CHUNK_BK, chunk);
}

/* The last chunk of a bin; 0: it is empty. */
BAND_INLINE uint32_t dl_last(struct dl *d, uint32_t bin)
{
    const uint32_t last = d->h->state[DL_BINS + 2 * bin + 1];
    return last == dl_bin_at(d, bin) ? 0 : last;
}

/* File a free chunk: small ones in front, large ones by falling size, in front of equals. */
BAND_INLINE void dl_file(struct dl *d, uint32_t chunk, uint32_t size)
{
    const uint32_t bin = dl_bin_index(size), head = dl_bin_at(d, bin);
    uint32_t fd = dl_load_link(d, head + CHUNK_FD), bk = head;
    if (size >= SMALL_BIN_LIMIT && fd != head) {
        for (uint32_t left = d->h->size / CHUNK_MIN; fd != head && size < dl_size(d, fd); left--) {
            if (left == 0)
                band_corrupt(&d->band, fd + CHUNK_FD);
            if (d->band.corrupt_at)
                return;
            fd = band_load(&d->band, fd + CHUNK_FD);
        }
        bk = dl_load_link(d, fd + CHUNK_BK);
    }
    dl_link(d, chunk, bk, fd);
    dl_mark(d, bin, true);
}

/* Make the chunk the last remainder, which forgets the one before. */
BAND_INLINE void dl_set_last_remainder(struct dl *d, uint32_t chunk)
{
    const uint32_t head = dl_bin_at(d, LAST_REMAINDER);
    dl_link(d, chunk, head, head);
}

/* dlmalloc_top.c: with a view of their own, so that the callers' can stay in registers. */
uint32_t dl_extend_top(struct thm_heap *h,
                       uint32_t size);                   /* for a chunk of `size`, if it can be had; what is damaged */
void dl_trim_top(struct thm_heap *h);                    /* give whole pages back */
uint32_t dl_largest_extension(const struct thm_heap *h); /* the largest chunk there would be room for; 0: none */

/* dlmalloc_check.c: all chunks that are free, the top too if it can be split (as mallinfo counts). */
struct dl_free_chunks {
    uint32_t bytes, count, largest; /* largest: in the bins, without the top */
};
struct dl_free_chunks dl_free_chunks(const struct thm_heap *h);
uint32_t dl_find_damage(const struct thm_heap *h, uint32_t *live); /* the first damaged word or 0; live chunks before */
enum thm_mem_err dl_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx);
