/* interpreter/host/avx2.c -- AVX2: pairs of int16 products, added to int32 exactly. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/lanes_avx2.h"
#include "interpreter/host/x86.h"

#define STEP      2
#define GROUPS    1
#define TOGETHER  6
#define VECTORS   2
#define OFFSET(z) 0
#define convert   thm_convert_i16
typedef int16_t input_t, weight_t;

INLINE vec elements_at(const int16_t *x, int groups)
{
    int32_t two;
    (void)groups;
    memcpy(&two, x, sizeof two);
    return _mm256_set1_epi32(two);
}

INLINE vec mac(vec sum, vec x, int g, vec w)
{
    (void)g;
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

#include "interpreter/host/windows_template.h"

static bool runs_here(void)
{
    return __builtin_cpu_supports("avx2");
}

const struct thm_kernels thm_kernels_avx2 = {
    .name = "avx2",
    .runs_here = runs_here,
    .windows = { &thm_depthwise_avx2, &windows },
    ELEMENTS_AVX2,
    ROWS_AVX2,
};
#else
typedef int nothing_for_this_cpu;
#endif
