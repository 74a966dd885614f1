/* interpreter/host/neon_dotprod.c -- NEON of ARMv8.2 with the dot product extension: four products of int8 at once. */
#if defined __aarch64__
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#include <sys/auxv.h>
#include "interpreter/host/aarch64.h"
#include "interpreter/host/lanes_neon.h"

#define STEP      4
#define GROUPS    4
#define TOGETHER  5 /* 32 registers: 20 sums, 5 windows, 4 vectors of weights */
#define VECTORS   4
#define OFFSET(z) (z)
#define convert   thm_convert_i8
typedef int8_t input_t, weight_t;
typedef int8x16_t elements_t, weights_t;
#define weights_at vld1q_s8

INLINE int8x16_t elements_at(const int8_t *x, int groups)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return groups == GROUPS ? vld1q_s8(x) : vreinterpretq_s8_s32(vdupq_n_s32(four));
}

INLINE vec mac(vec sum, int8x16_t x, int g, int8x16_t w)
{
    switch (g) { /* instructions hold the number */
    case 0: return vdotq_laneq_s32(sum, w, x, 0);
    case 1: return vdotq_laneq_s32(sum, w, x, 1);
    case 2: return vdotq_laneq_s32(sum, w, x, 2);
    default: return vdotq_laneq_s32(sum, w, x, 3);
    }
}

#include "interpreter/host/windows_template.h"

static bool runs_here(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}

const struct thm_kernels thm_kernels_neon_dotprod = {
    .name = "neon-dotprod",
    .runs_here = runs_here,
    .windows = { &thm_depthwise_neon_dotprod, &windows },
};
#else
typedef int nothing_for_this_cpu;
#endif
