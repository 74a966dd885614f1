/* emu/zoo/random.h -- splitmix64 by counter: draw number n of a seed, in any order.
 * Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
#pragma once
#include <stdint.h>

static inline uint64_t thm_draw(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* In [-1, 1), in steps that a float holds exactly. */
static inline float thm_draw_float(uint64_t seed, uint64_t n)
{
    return (float)((int32_t)(thm_draw(seed, n) >> 40) - (1 << 23)) * 0x1p-23f;
}

static inline uint64_t thm_seed_of(const char *text)
{
    uint64_t seed = 0;
    while (*text)
        seed = thm_draw(seed ^ (uint8_t)*text++, 0);
    return seed;
}
