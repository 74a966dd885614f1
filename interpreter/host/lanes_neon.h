/* interpreter/host/lanes_neon.h -- vectors of four int32 sums. TARGET is defined before. */
#pragma once
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

/* In the order written, the templates' loops fit into 32 registers. The compiler's would load weights far ahead, and
 * put sums on the stack to have registers for them. */
#if !defined __clang__
#pragma GCC optimize("no-schedule-insns")
#endif

#define INLINE static inline TARGET __attribute__((always_inline))

#define LANES           4
#define in_order(bytes) (bytes)
typedef int32x4_t vec;

/* right: of a shift to the left, so not above 0. */
struct lanes {
    int32_t start[LANES];
    int32_t multiplier[LANES], left[LANES], right[LANES];
} __attribute__((aligned(4 * LANES)));

static inline void set_factor(struct lanes *l, int i, int32_t multiplier, int32_t left, int32_t right)
{
    l->multiplier[i] = multiplier;
    l->left[i] = left;
    l->right[i] = -right;
}

#include "interpreter/host/lanes.h"

INLINE vec at(const void *p)
{
    return vld1q_s32(p);
}

/* SQRDMULH rounds and saturates as thm_mul_high() does. SRSHL rounds ties up; taking 1 off what is negative and will be
 * shifted turns them down, away from zero, as in thm_div_pot(). That never overflows: as no multiplier is INT32_MIN, no
 * product is. */
INLINE vec scale(vec sum, const struct lanes *l)
{
    vec right = at(l->right), x = vqrdmulhq_s32(vshlq_s32(sum, at(l->left)), at(l->multiplier));
    return vrshlq_s32(vsraq_n_s32(x, vandq_s32(x, right), 31), right);
}

INLINE int8x8_t pair(const vec *sum, int n, const struct lanes *l, const struct thm_requant_i8 *q)
{
    int16x4_t a = n > 0 ? vqmovn_s32(scale(sum[0], l)) : vdup_n_s16(0);
    int16x4_t b = n > 1 ? vqmovn_s32(scale(sum[1], l + 1)) : vdup_n_s16(0);
    return vqmovn_s16(vqaddq_s16(vcombine_s16(a, b), vdupq_n_s16((int16_t)q->output_zero)));
}

INLINE int8x16_t narrow(const vec *sum, int n, const struct lanes *l, const struct thm_requant_i8 *q)
{
    int8x16_t bytes = vcombine_s8(pair(sum, n, l, q), pair(sum + 2, n - 2, l + 2, q));
    return vminq_s8(vmaxq_s8(bytes, vdupq_n_s8((int8_t)q->low)), vdupq_n_s8((int8_t)q->high));
}

INLINE void store_bytes(int8_t *out, int8x16_t bytes, int32_t count)
{
    if (count >= 16) {
        vst1q_s8(out, bytes);
        return;
    }
    if (count >= 8) {
        vst1_s8(out, vget_low_s8(bytes));
        bytes = vextq_s8(bytes, bytes, 8);
        out += 8;
        count -= 8;
    }
    int8_t last[8];
    vst1_s8(last, vget_low_s8(bytes));
    memcpy(out, last, (size_t)count);
}
