/* netlink/random.h -- numbers that depend on a seed and a place only, so that losses and faults are the same in every
 * run: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
#pragma once
#include <stdint.h>

static inline uint64_t random_at(uint64_t seed, uint64_t place)
{
    uint64_t z = seed + (place + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Evenly from 0 to max. */
static inline uint64_t random_up_to(uint64_t seed, uint64_t place, uint32_t max)
{
    return (random_at(seed, place) >> 32) % ((uint64_t)max + 1);
}
