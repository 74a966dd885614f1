/* interpreter/host/avx512_vnni.c -- AVX-512 VNNI in vectors of 256 bits: four products of uint8 and int8 at once.
 * Elements gain 128 to be unsigned. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2,avx512f,avx512vl,avx512vnni")))
#include "interpreter/host/requant_avx2.h"
#include "interpreter/host/x86.h"

#define STEP      4
#define INPUT_ONE _mm256_set1_epi8(1)
#define OFFSET(z) (128 + (z))
typedef uint8_t input_t;
typedef int8_t weight_t;

INLINE __m256i load_weights(const int8_t *w)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)w);
}

INLINE void input_row(uint8_t *to, const int8_t *from, int32_t n, int32_t zero)
{
    const __m256i top = _mm256_set1_epi8(INT8_MIN);
    int32_t i = 0;
    (void)zero;
    for (; i + 32 <= n; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_xor_si256(load_weights(from + i), top));
    for (; i < n; i++)
        to[i] = (uint8_t)(from[i] ^ INT8_MIN);
}

INLINE __m256i mac(__m256i sum, __m256i x, __m256i w)
{
    return _mm256_dpbusd_epi32(sum, x, w);
}

#include "interpreter/host/windows_template.h"

static bool runs_here(void)
{
    return __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

const struct thm_kernels thm_kernels_avx512_vnni = {
    .name = "avx512-vnni",
    .runs_here = runs_here,
    .windows_i8 = windows_i8,
    .depthwise_i8 = thm_depthwise_avx2,
    .add_i8 = thm_add_avx2,
};
#else
typedef int nothing_for_this_cpu;
#endif
