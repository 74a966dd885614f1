/* interpreter/host/lanes.h -- what the sums of channels side by side start with and are scaled by. Included by the
 * lanes_CPU.h after they have defined
 *   LANES, vec                 int32 sums in a vector, and its type
 *   struct lanes               of one vector of channels, packed: start[LANES] of the sums, and factors
 *   set_factor(l, i, m, left, right)  lane i scales by the multiplier m and a shift to the left or right
 * For the templates they also define
 *   INLINE                     how functions on vectors are declared
 *   at(p)                      LANES numbers
 *   narrow(sum, n, l, q)       n vectors (known when compiled, at most 4) to bytes: thm_scale32(), thm_add_clamp()
 *   in_order(bytes)            those in the order of the channels
 *   store_bytes(out, bytes, count)  the first of them */
#pragma once
#include "interpreter/fb.h"
#include "interpreter/ops/variant.h"

static inline bool can_clamp(int32_t zero, int32_t low, int32_t high)
{
    return low <= high && low >= INT8_MIN && high <= INT8_MAX && zero >= INT8_MIN && zero <= INT8_MAX;
}

static inline int32_t bias_of(const struct thm_requant_i8 *q, int32_t k)
{
    return q->bias ? (int32_t)thm_load32(q->bias + 4 * (size_t)k) : 0;
}

/* Is a factor one that the vectors can take? No product saturates, and no rounding overflows 32 bits. */
static inline bool is_usual(int32_t multiplier, int32_t shift)
{
    bool largest = multiplier == INT32_MAX || multiplier == -INT32_MAX;
    return multiplier != INT32_MIN && !(largest && shift == -1);
}

static inline bool can_scale(const struct thm_requant_i8 *q, int32_t channels)
{
    for (int32_t k = 0; k < (q->per_channel ? channels : 1); k++)
        if (!is_usual(q->multiplier[k], q->shift[k]))
            return false;
    return can_clamp(q->output_zero, q->low, q->high);
}

/* Lane i gets output channel k; offset comes off its bias. */
static inline void set_lane(struct lanes *l, int i, const struct thm_requant_i8 *q, int32_t k, int32_t offset)
{
    int32_t multiplier = q->multiplier[q->per_channel ? k : 0], shift = q->shift[q->per_channel ? k : 0];
    l->start[i] = (int32_t)((uint32_t)bias_of(q, k) - (uint32_t)offset);
    set_factor(l, i, multiplier, shift > 0 ? shift : 0, shift < 0 ? -shift : 0);
}
