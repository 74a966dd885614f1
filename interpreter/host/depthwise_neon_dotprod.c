/* interpreter/host/depthwise_neon_dotprod.c -- depthwise convolution: sixteen channels side by side, four taps at once.
 */
#if defined __aarch64__
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#include "interpreter/host/aarch64.h"
#include "interpreter/host/lanes_neon.h"

#define TAPS           4
#define VECTORS        4
#define OFFSET(z)      (z)
#define convert        thm_convert_i8
#define place(v, lane) ((v)*LANES + (lane))
#define ordered        in_order
typedef int8_t weight_t;
typedef int8x16_t elements_t, weights_t;
#define weights_at vld1q_s8

INLINE void load_taps(int8x16_t x[4], const int8_t *const tap[4])
{
    int8x16x2_t ab = vzipq_s8(vld1q_s8(tap[0]), vld1q_s8(tap[1])), cd = vzipq_s8(vld1q_s8(tap[2]), vld1q_s8(tap[3]));
    for (int half = 0; half < 2; half++) {
        int16x8x2_t abcd = vzipq_s16(vreinterpretq_s16_s8(ab.val[half]), vreinterpretq_s16_s8(cd.val[half]));
        x[2 * half] = vreinterpretq_s8_s16(abcd.val[0]);
        x[2 * half + 1] = vreinterpretq_s8_s16(abcd.val[1]);
    }
}

INLINE vec mac(vec sum, int8x16_t x, int8x16_t w)
{
    return vdotq_s32(sum, x, w);
}

#include "interpreter/host/depthwise_template.h"

const struct thm_window_kernel thm_depthwise_neon_dotprod = { bytes, pack, run };
#else
typedef int nothing_for_this_cpu;
#endif
