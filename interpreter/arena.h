/* interpreter/arena.h -- the two-ended allocator: a head that grows up, a tail that grows down, temporary memory between.
 * Offsets count from the first byte of the caller's memory; alignment is that of the addresses, as on the device. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct thm_arena {
    uint8_t *base;
    uint32_t size;
    uint32_t skew;  /* address of base modulo 16 */
    uint32_t start; /* first offset at a multiple of 16: the head begins here */
    uint32_t head;  /* bytes */
    uint32_t temp;  /* offset above the last temporary allocation */
    uint32_t tail;  /* offset of the lowest persistent byte */
    uint32_t peak;  /* most bytes that were needed at once so far */
};

void thm_arena_init(struct thm_arena *a, void *base, uint32_t size);
/* Take `bytes` from the tail. false: it would reach temporary memory or the head. */
bool thm_arena_tail(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset);
/* Take `bytes` of temporary memory. false: it would reach the tail. */
bool thm_arena_temp(struct thm_arena *a, uint64_t bytes, uint32_t align, uint32_t *offset);
/* Give all temporary memory back and keep `bytes` at the bottom for a table. false: no room. */
bool thm_arena_reset_temp(struct thm_arena *a, uint64_t bytes);
/* Set the head's length; gives temporary memory back. false: it would reach the tail. */
bool thm_arena_set_head(struct thm_arena *a, uint64_t bytes);
uint32_t thm_arena_gap(const struct thm_arena *a);        /* bytes between temporary memory and tail */
uint32_t thm_arena_tail_bytes(const struct thm_arena *a); /* persistent bytes, padding included */
/* Multiples of 16; the only alignment of kernels' requests and buffers. */
static inline uint64_t thm_round_up16(uint64_t n)
{
    return (n + 15) & ~(uint64_t)15;
}
