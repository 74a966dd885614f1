/* interpreter/host/depthwise_neon.c -- depthwise convolution: sixteen channels side by side, one tap after the other.
 */
#if defined __aarch64__
#define TARGET
#include "interpreter/host/aarch64.h"
#include "interpreter/host/lanes_neon.h"

#define TAPS           1
#define VECTORS        4
#define OFFSET(z)      (z)
#define convert        thm_convert_i8
#define place(v, lane) ((v)*LANES + (lane))
#define ordered        in_order
typedef int16_t weight_t;
typedef int16x4_t elements_t, weights_t;
#define weights_at vld1_s16

INLINE void load_taps(int16x4_t x[4], const int8_t *const tap[1])
{
    int8x16_t bytes = vld1q_s8(tap[0]);
    int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);
    x[0] = vget_low_s16(low);
    x[1] = vget_high_s16(low);
    x[2] = vget_low_s16(high);
    x[3] = vget_high_s16(high);
}

INLINE vec mac(vec sum, int16x4_t x, int16x4_t w)
{
    return vmlal_s16(sum, x, w);
}

#include "interpreter/host/depthwise_template.h"

const struct thm_window_kernel thm_depthwise_neon = { bytes, pack, run };
#else
typedef int nothing_for_this_cpu;
#endif
