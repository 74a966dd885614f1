/* interpreter/host/avx_vnni.c -- AVX-VNNI: four products of uint8 and int8 at once. Elements gain 128 to be unsigned.
 */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2,avxvnni")))
#include <cpuid.h>
#include "interpreter/host/lanes_avx2.h"
#include "interpreter/host/x86.h"

#define STEP      4
#define GROUPS    1
#define TOGETHER  6
#define VECTORS   2
#define OFFSET(z) (128 + (z))
#define convert   thm_convert_u8
typedef uint8_t input_t;
typedef int8_t weight_t;

INLINE vec elements_at(const uint8_t *x, int groups)
{
    int32_t four;
    (void)groups;
    memcpy(&four, x, sizeof four);
    return _mm256_set1_epi32(four);
}

INLINE vec mac(vec sum, vec x, int g, vec w)
{
    (void)g;
    return _mm256_dpbusd_avx_epi32(sum, x, w);
}

#include "interpreter/host/windows_template.h"

/* CPUID leaf 7.1, EAX bit 4 (Intel SDM, volume 2, CPUID); older compilers do not know its name. */
static bool runs_here(void)
{
    unsigned a = 0, b, c, d;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

const struct thm_kernels thm_kernels_avx_vnni = {
    .name = "avx-vnni",
    .runs_here = runs_here,
    .windows = { &thm_depthwise_avx2, &windows },
    ELEMENTS_AVX2,
    ROWS_AVX2,
};
#else
typedef int nothing_for_this_cpu;
#endif
