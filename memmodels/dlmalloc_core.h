/* memmodels/dlmalloc_core.h -- private: taking a chunk and giving one back in newlib's full malloc, inlined where each
 * is used: the speed of the emulated heap depends on it. They know nothing of the figures that the calls keep. */
#pragma once
#include "memmodels/dlmalloc_ops.h"

/* Take the whole free chunk. */
BAND_INLINE uint32_t dl_take_whole(struct dl *d, uint32_t chunk, uint32_t size)
{
    dl_unlink(d, chunk);
    dl_set_inuse(d, chunk, size);
    return chunk;
}

/* Take the low part of a free chunk in no bin; the rest becomes the last remainder. */
BAND_INLINE uint32_t dl_take_front(struct dl *d, uint32_t chunk, uint32_t size, uint32_t want)
{
    const uint32_t rest = chunk + want, rest_size = size - want;
    dl_set_head(d, chunk, want | PREV_INUSE);
    dl_set_last_remainder(d, rest);
    dl_set_head(d, rest, rest_size | PREV_INUSE);
    dl_set_foot(d, rest, rest_size);
    return chunk;
}

/* A chunk of its own bin or the next, whose chunks are too small to be split. */
BAND_INLINE uint32_t dl_from_small_bins(struct dl *d, uint32_t want)
{
    const uint32_t own = dl_last(d, want / 8), chunk = own ? own : dl_last(d, want / 8 + 1);
    return chunk ? dl_take_whole(d, chunk, dl_size(d, chunk)) : 0;
}

/* Walk a bin from its back up to a chunk of at least `want` bytes; 0: none. */
BAND_INLINE uint32_t dl_find_in_bin(struct dl *d, uint32_t bin, uint32_t want, uint32_t *size)
{
    const uint32_t head = dl_bin_at(d, bin);
    uint32_t left = d->h->size / CHUNK_MIN, chunk = dl_last(d, bin);
    while (chunk && chunk != head) {
        *size = dl_size(d, chunk);
        if ((int32_t)(*size - want) >= 0)
            return d->band.corrupt_at ? 0 : chunk;
        if (left-- == 0) /* round and round */
            return band_corrupt(&d->band, chunk + CHUNK_BK);
        chunk = band_load(&d->band, chunk + CHUNK_BK);
    }
    return 0;
}

/* A large request's own bin: only a chunk that is not split. *bin: where the search goes on. */
BAND_INLINE uint32_t dl_from_own_bin(struct dl *d, uint32_t want, uint32_t *bin)
{
    uint32_t size = 0;
    const uint32_t own = dl_bin_index(want), chunk = dl_find_in_bin(d, own, want, &size);
    *bin = chunk ? own : own + 1;
    return chunk && size - want < CHUNK_MIN ? dl_take_whole(d, chunk, size) : 0;
}

/* The last remainder, split or whole; if it is too small, it goes to its bin. */
BAND_INLINE uint32_t dl_from_last_remainder(struct dl *d, uint32_t want)
{
    const uint32_t head = dl_bin_at(d, LAST_REMAINDER), chunk = dl_load_link(d, head + CHUNK_FD);
    if (chunk == head)
        return 0;
    const uint32_t size = dl_size(d, chunk), rest = size - want;
    if ((int32_t)rest >= CHUNK_MIN)
        return dl_take_front(d, chunk, size, want);
    dl_store_link(d, head + CHUNK_FD, head);
    dl_store_link(d, head + CHUNK_BK, head);
    if ((int32_t)rest < 0) {
        dl_file(d, chunk, size);
        return 0;
    }
    dl_set_inuse(d, chunk, size);
    return chunk;
}

/* The first chunk that is large enough in the bins from `bin` on. */
BAND_INLINE uint32_t dl_from_bins(struct dl *d, uint32_t bin, uint32_t want)
{
    while ((bin = dl_next_bin(d, bin)) < BINS && !d->band.corrupt_at) {
        uint32_t size = 0;
        const uint32_t chunk = dl_find_in_bin(d, bin++, want, &size);
        if (chunk == 0)
            continue;
        if (size - want < CHUNK_MIN)
            return dl_take_whole(d, chunk, size);
        dl_unlink(d, chunk);
        return dl_take_front(d, chunk, size, want);
    }
    return 0;
}

BAND_INLINE bool dl_top_serves(struct dl *d, uint32_t want)
{
    return (int32_t)(dl_top_size(d) - want) >= CHUNK_MIN;
}

BAND_INLINE uint32_t dl_from_top(struct dl *d, uint32_t want)
{
    if (!dl_top_serves(d, want))
        band_learn(&d->band, dl_extend_top(d->h, want));
    if (d->band.corrupt_at || !dl_top_serves(d, want))
        return 0;
    const uint32_t chunk = dl_top(d), rest = dl_top_size(d) - want;
    dl_set_head(d, chunk, want | PREV_INUSE);
    dl_set_top(d, chunk + want, rest);
    return chunk;
}

/* A live chunk; 0: none, or the heap is damaged. */
BAND_INLINE uint32_t dl_malloc(struct dl *d, uint32_t n)
{
    const uint32_t want = dl_chunk_size(n);
    if (want == 0)
        return 0;
    uint32_t bin = want / 8 + 2;
    uint32_t chunk = want < SMALL_REQUEST_LIMIT ? dl_from_small_bins(d, want) : dl_from_own_bin(d, want, &bin);
    if (!chunk && !d->band.corrupt_at)
        chunk = dl_from_last_remainder(d, want);
    if (!chunk && !d->band.corrupt_at)
        chunk = dl_from_bins(d, bin, want);
    if (!chunk && !d->band.corrupt_at)
        chunk = dl_from_top(d, want);
    return d->band.corrupt_at ? 0 : chunk;
}

BAND_INLINE bool dl_is_last_remainder(struct dl *d, uint32_t chunk)
{
    return band_load(&d->band, chunk + CHUNK_FD) == dl_bin_at(d, LAST_REMAINDER);
}

/* The chunk lies below the top: both, and a free chunk before them, become the top. */
BAND_INLINE void dl_free_into_top(struct dl *d, uint32_t chunk, uint32_t word)
{
    uint32_t size = (word & SIZE_MASK) + dl_top_size(d);
    if (!(word & PREV_INUSE)) {
        const uint32_t before = band_load(&d->band, chunk + CHUNK_PREV_SIZE);
        chunk -= before;
        size += before;
        dl_unlink(d, chunk);
    }
    dl_set_top(d, chunk, size);
    if (size >= TRIM_THRESHOLD && !d->band.corrupt_at)
        dl_trim_top(d->h);
}

/* Join the chunk with its free neighbours. The last remainder stays it if it grows. */
BAND_INLINE void dl_free_into_bin(struct dl *d, uint32_t chunk, uint32_t word)
{
    uint32_t size = word & SIZE_MASK;
    const uint32_t next = chunk + size, next_size = dl_size(d, next);
    bool stays = false;
    dl_set_head(d, next, next_size);
    if (!(word & PREV_INUSE)) {
        const uint32_t before = band_load(&d->band, chunk + CHUNK_PREV_SIZE);
        chunk -= before;
        size += before;
        stays = dl_is_last_remainder(d, chunk);
        if (!stays)
            dl_unlink(d, chunk);
    }
    if (!dl_inuse(d, next, next_size)) {
        size += next_size;
        if (!stays && dl_is_last_remainder(d, next)) {
            stays = true;
            dl_set_last_remainder(d, chunk);
        } else {
            dl_unlink(d, next);
        }
    }
    dl_set_head(d, chunk, size | PREV_INUSE);
    dl_set_foot(d, chunk, size);
    if (!stays && !d->band.corrupt_at)
        dl_file(d, chunk, size);
}

/* The chunk's size must be sound. */
BAND_INLINE void dl_free(struct dl *d, uint32_t chunk)
{
    const uint32_t word = dl_word(d, chunk);
    if (chunk + (word & SIZE_MASK) == dl_top(d))
        dl_free_into_top(d, chunk, word);
    else
        dl_free_into_bin(d, chunk, word);
}
