/* interpreter/arena.h -- the two-ended allocator: a head that grows up, a tail that grows down, temporary memory
 * between. Offsets count from the first byte of the caller's memory; alignment is that of the addresses, as on the
 * device.
 *
 * The tail may have memory of its own: then offsets from .border on lie there, and the two ends never meet. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct thm_arena {
    uint8_t *base;
    uint8_t *persistent; /* memory of the offsets from border on; NULL = one memory for both ends */
    uint32_t border;     /* UINT32_MAX without .persistent */
    uint32_t ceiling;    /* end of the head's memory, if it has one of its own */
    uint32_t size;       /* end of the tail */
    uint32_t skew;       /* address of base modulo 16 */
    uint32_t start;      /* first offset at a multiple of 16: the head begins here */
    uint32_t head;       /* bytes */
    uint32_t temp;       /* offset above the last temporary allocation */
    uint32_t tail;       /* offset of the lowest persistent byte */
    uint32_t peak;       /* most bytes that were needed at once so far */
};

void thm_arena_init(struct thm_arena *a, void *base, uint32_t size);
/* The tail in a memory of its own. As in the reference its end is rounded down to a multiple of 16. */
void thm_arena_init_split(struct thm_arena *a, void *base, uint32_t size, void *persistent, uint32_t persistent_size);
/* Take `bytes` from the tail. false: it would reach temporary memory or the head. */
bool thm_arena_tail(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset);
/* Take `bytes` of temporary memory. false: it would reach the tail. */
bool thm_arena_temp(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset);
/* Give all temporary memory back and keep `bytes` at the bottom for a table. false: no room. */
bool thm_arena_reset_temp(struct thm_arena *a, uint64_t bytes);
/* Set the head's length; gives temporary memory back. false: it would reach the tail. */
bool thm_arena_set_head(struct thm_arena *a, uint64_t bytes);
uint32_t thm_arena_end(const struct thm_arena *a);        /* offset that head and temporary memory end below */
uint32_t thm_arena_gap(const struct thm_arena *a);        /* bytes left for temporary memory */
uint32_t thm_arena_tail_gap(const struct thm_arena *a);   /* bytes left for the tail */
uint32_t thm_arena_beside(const struct thm_arena *a);     /* persistent bytes in the same memory as the head */
uint32_t thm_arena_tail_bytes(const struct thm_arena *a); /* persistent bytes, padding included */

static inline uint8_t *thm_arena_at(const struct thm_arena *a, uint32_t offset)
{
    return offset >= a->border ? a->persistent + (offset - a->border) : a->base + offset;
}

/* Multiples of 16; the only alignment of kernels' requests and buffers. */
static inline uint64_t thm_round_up16(uint64_t n)
{
    return (n + 15) & ~(uint64_t)15;
}
