/* memmodels/poison.h -- private: light poisoning of a block in ESP-IDF's heaps (multi_heap_poisoning.c): a canary and
 * the requested size in front of the payload, a canary behind it, wherever the request ends. The same in all revisions.
 */
#pragma once
#include <stdbool.h>
#include "memmodels/words.h"

enum {
    POISON_FRONT = 8,
    POISON_OVERHEAD = 12,
};
#define POISON_HEAD 0xABBA1234u
#define POISON_TAIL 0xBAAD5678u

/* Set the canaries around n bytes. block: n + POISON_OVERHEAD bytes. */
static inline __attribute__((always_inline)) void poison_set(uint8_t *block, uint32_t n)
{
    thm_store32(block, POISON_HEAD);
    thm_store32(block + 4, n);
    thm_store32(block + POISON_FRONT + n, POISON_TAIL);
}

/* Both canaries of a block of `size` bytes are there; else *off is the damaged word's offset. */
static inline __attribute__((always_inline)) bool poison_intact(const uint8_t *block, uint32_t size, uint32_t *off)
{
    *off = 0;
    if (size < POISON_OVERHEAD || thm_load32(block) != POISON_HEAD)
        return false;
    const uint32_t n = thm_load32(block + 4);
    *off = n > size - POISON_OVERHEAD ? 4 : POISON_FRONT + n;
    return *off != 4 && thm_load32(block + *off) == POISON_TAIL;
}

/* The info call leaves one block's poison out of each figure, so that nobody asks for it. */
static inline uint32_t less_poison(uint32_t v, uint32_t overhead)
{
    return v > overhead ? v - overhead : 0;
}
