/* interpreter/host/avx512_vnni.c -- AVX-512 VNNI: four products of uint8 and int8 at once, sixteen sums to a vector.
 * Elements gain 128 to be unsigned. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#include "interpreter/host/lanes_avx512.h"
#include "interpreter/host/x86.h"

#define STEP      4
#define GROUPS    1
#define TOGETHER  6
#define VECTORS   4
#define OFFSET(z) (128 + (z))
#define convert   thm_convert_u8
typedef uint8_t input_t;
typedef int8_t weight_t;

INLINE vec elements_at(const uint8_t *x, int groups)
{
    int32_t four;
    (void)groups;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}

INLINE vec mac(vec sum, vec x, int g, vec w)
{
    (void)g;
    return _mm512_dpbusd_epi32(sum, x, w);
}

#include "interpreter/host/windows_template.h"

static bool runs_here(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}

const struct thm_kernels thm_kernels_avx512_vnni = {
    .name = "avx512-vnni",
    .runs_here = runs_here,
    .windows = { &thm_depthwise_avx512, &windows },
    ELEMENTS_AVX2,
    ROWS_AVX512,
    .look_up = thm_look_up_vbmi,
};
#else
typedef int nothing_for_this_cpu;
#endif
