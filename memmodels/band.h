/* memmodels/band.h -- private: a heap's own memory by device address, every access checked.
 *
 * An operation makes a view, works on it and ends with band_done(). The view is a local variable that no store into the
 * heap can alias. A load or store outside the heap's memory does nothing and is remembered: on the device it would hit
 * something else or fault, so whoever follows words of the heap in a loop stops when the view is broken. */
#pragma once
#include "memmodels/heap.h"
#include "memmodels/words.h"

#define BAND_INLINE static inline __attribute__((always_inline))

struct band {
    uintptr_t zero; /* host address of device address 0, as if the memory reached there: no subtraction in a load */
    uint32_t base, last; /* last: offset of the last word that lies inside */
    uint32_t corrupt_at; /* as in thm_heap */
};

BAND_INLINE struct band band_view(const struct thm_heap *h)
{
    return (struct band){ .zero = (uintptr_t)h->mem - h->base, .base = h->base, .last = h->size - 4 };
}

BAND_INLINE uint8_t *band_host(const struct band *b, uint32_t at)
{
    return (uint8_t *)(b->zero + at);
}

/* Where an operation cannot go on as the device would. Gives 0 and false alike. */
BAND_INLINE uint32_t band_corrupt(struct band *b, uint32_t at)
{
    if (b->corrupt_at == 0)
        b->corrupt_at = at;
    return 0;
}

/* What somebody with a view of his own met; 0: nothing. */
BAND_INLINE void band_learn(struct band *b, uint32_t corrupt_at)
{
    if (corrupt_at)
        band_corrupt(b, corrupt_at);
}

/* End of an operation: what it met is the heap's news. false: the device has stopped. */
BAND_INLINE bool band_done(const struct band *b, struct thm_heap *h)
{
    if (b->corrupt_at && h->corrupt_at == 0)
        h->corrupt_at = b->corrupt_at;
    return b->corrupt_at == 0;
}

BAND_INLINE uint32_t band_load(struct band *b, uint32_t at)
{
    if (__builtin_expect(at - b->base > b->last, 0))
        return band_corrupt(b, at);
    return thm_load32(band_host(b, at));
}

/* Two words at once; both 0 where one lies outside. */
BAND_INLINE void band_load_pair(struct band *b, uint32_t at, uint32_t *low, uint32_t *high)
{
    const bool inside = __builtin_expect(at - b->base <= b->last - 4, 1);
    *low = inside ? thm_load32(band_host(b, at)) : band_corrupt(b, at);
    *high = inside ? thm_load32(band_host(b, at) + 4) : 0;
}

BAND_INLINE void band_store(struct band *b, uint32_t at, uint32_t v)
{
    if (__builtin_expect(at - b->base > b->last, 0))
        band_corrupt(b, at);
    else
        thm_store32(band_host(b, at), v);
}

BAND_INLINE bool band_holds(const struct band *b, uint32_t at, uint32_t n)
{
    const uint32_t off = at - b->base, size = b->last + 4;
    return off <= size && n <= size - off;
}

/* memmove by device address; false: it would leave the memory. */
BAND_INLINE bool band_copy(struct band *b, uint32_t to, uint32_t from, uint32_t n)
{
    if (!band_holds(b, from, n) || !band_holds(b, to, n))
        return band_corrupt(b, b->base + b->last + 4);
    memmove(band_host(b, to), band_host(b, from), n);
    return true;
}

BAND_INLINE uint32_t band_up(uint32_t v, uint32_t align) /* align: a power of two; wraps past 2^32 */
{
    return (v + align - 1) & ~(align - 1);
}
