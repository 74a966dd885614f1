/* interpreter/host/avx2.c -- AVX2: pairs of int16 products, added to int32 exactly. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/requant_avx2.h"
#include "interpreter/host/x86.h"

#define STEP      2
#define INPUT_ONE _mm256_set1_epi16(1)
#define OFFSET(z) 0
typedef int16_t input_t, weight_t;

INLINE __m256i load_weights(const int8_t *w)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)w));
}

INLINE void input_row(int16_t *to, const int8_t *from, int32_t n, int32_t zero)
{
    const __m256i z = _mm256_set1_epi16((int16_t)zero);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_sub_epi16(load_weights(from + i), z));
    for (; i < n; i++)
        to[i] = (int16_t)(from[i] - zero);
}

INLINE __m256i mac(__m256i sum, __m256i x, __m256i w)
{
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
    .windows_i8 = windows_i8,
    .depthwise_i8 = thm_depthwise_avx2,
    .add_i8 = thm_add_avx2,
};
#else
typedef int nothing_for_this_cpu;
#endif
