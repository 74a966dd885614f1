/* interpreter/host/depthwise_avx2.c -- depthwise convolution: sixteen channels side by side, two taps at once. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/lanes_avx2.h"
#include "interpreter/host/x86.h"

#define TAPS           2
#define VECTORS        2
#define OFFSET(z)      (z)
#define convert        thm_convert_i8
#define place(v, lane) ((v)*LANES + (lane))
#define ordered        in_order
typedef int16_t weight_t;

INLINE __m128i load16(const int8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

INLINE void load_taps(vec x[2], const int8_t *const tap[2])
{
    __m128i a = load16(tap[0]), b = load16(tap[1]);
    x[0] = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
    x[1] = _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(a, b));
}

INLINE vec mac(vec sum, vec x, vec w)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

#include "interpreter/host/depthwise_template.h"

const struct thm_window_kernel thm_depthwise_avx2 = { bytes, pack, run };
#else
typedef int nothing_for_this_cpu;
#endif
