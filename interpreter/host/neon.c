/* interpreter/host/neon.c -- NEON as every aarch64 has it: int16 products, added to int32 exactly. */
#if defined __aarch64__
#define TARGET
#include <sys/auxv.h>
#include "interpreter/host/aarch64.h"
#include "interpreter/host/lanes_neon.h"

#define STEP      1
#define GROUPS    8
#define TOGETHER  5 /* 32 registers: 20 sums, 5 windows, 4 vectors of weights */
#define VECTORS   4
#define OFFSET(z) 0
#define convert   thm_convert_i16
typedef int16_t input_t, weight_t;
typedef int16x8_t elements_t;
typedef int16x4_t weights_t;
#define weights_at vld1_s16

INLINE int16x8_t elements_at(const int16_t *x, int groups)
{
    return groups == GROUPS ? vld1q_s16(x) : vld1q_dup_s16(x);
}

INLINE vec mac(vec sum, int16x8_t x, int g, int16x4_t w)
{
    switch (g) { /* instructions hold the number */
    case 0: return vmlal_laneq_s16(sum, w, x, 0);
    case 1: return vmlal_laneq_s16(sum, w, x, 1);
    case 2: return vmlal_laneq_s16(sum, w, x, 2);
    case 3: return vmlal_laneq_s16(sum, w, x, 3);
    case 4: return vmlal_laneq_s16(sum, w, x, 4);
    case 5: return vmlal_laneq_s16(sum, w, x, 5);
    case 6: return vmlal_laneq_s16(sum, w, x, 6);
    default: return vmlal_laneq_s16(sum, w, x, 7);
    }
}

#include "interpreter/host/windows_template.h"

static bool runs_here(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMD;
}

const struct thm_kernels thm_kernels_neon = {
    .name = "neon",
    .runs_here = runs_here,
    .windows = { &thm_depthwise_neon, &windows },
};
#else
typedef int nothing_for_this_cpu;
#endif
