/* interpreter/host/pool_avx2.c -- mean and maximum of a window of int8, 8 or 16 channels at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/elements_avx2.h"
#include "interpreter/host/x86.h"

#define MOST (1 << 16) /* pixels: their sums, and the quotients' integer parts, are exact in float32 */

/* Sums to means, halves away from zero. */
INLINE __m256i mean(__m256i sum, int32_t count)
{
    __m256i half = _mm256_sign_epi32(_mm256_set1_epi32(count / 2), sum);
    __m256 quotient = _mm256_div_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(sum, half)), _mm256_set1_ps((float)count));
    return _mm256_cvttps_epi32(quotient);
}

INLINE void average(const struct thm_patch_i8 *p, size_t channel, int8_t *out)
{
    __m256i sum = _mm256_setzero_si256();
    for (int32_t r = 0; r < p->rows; r++) {
        const int8_t *in = p->in + (size_t)r * p->row + channel;
        for (int32_t c = 0; c < p->columns; c++, in += p->channels)
            sum = _mm256_add_epi32(sum, load_i8(in));
    }
    store_i8(out, clamp(mean(sum, p->rows * p->columns), p->low, p->high));
}

INLINE __m128i load(const int8_t *from, bool wide)
{
    const __m128i *at = (const __m128i *)(const void *)from;
    return wide ? _mm_loadu_si128(at) : _mm_loadl_epi64(at);
}

INLINE void maximum(const struct thm_patch_i8 *p, size_t channel, int8_t *out, bool wide)
{
    __m128i most = _mm_set1_epi8((int8_t)p->low);
    for (int32_t r = 0; r < p->rows; r++) {
        const int8_t *in = p->in + (size_t)r * p->row + channel;
        for (int32_t c = 0; c < p->columns; c++, in += p->channels)
            most = _mm_max_epi8(most, load(in, wide));
    }
    most = _mm_min_epi8(most, _mm_set1_epi8((int8_t)p->high));
    if (wide)
        _mm_storeu_si128((__m128i *)(void *)out, most);
    else
        _mm_storel_epi64((__m128i *)(void *)out, most);
}

/* Where a block of `lanes` channels begins: the last one within the one before instead of sticking out. */
static inline size_t block(const struct thm_patch_i8 *p, size_t k, size_t lanes)
{
    return k + lanes <= p->channels ? k : p->channels - lanes;
}

TARGET bool thm_average_i8_avx2(const struct thm_patch_i8 *p, int8_t *out)
{
    if (p->channels < LANES || (int64_t)p->rows * p->columns > MOST)
        return false;
    for (size_t k = 0; k < p->channels; k += LANES)
        average(p, block(p, k, LANES), out + block(p, k, LANES));
    return true;
}

TARGET bool thm_max_i8_avx2(const struct thm_patch_i8 *p, int8_t *out)
{
    bool wide = p->channels >= 2 * LANES;
    size_t lanes = wide ? 2 * LANES : LANES;
    if (p->channels < LANES)
        return false;
    for (size_t k = 0; k < p->channels; k += lanes)
        if (wide)
            maximum(p, block(p, k, lanes), out + block(p, k, lanes), true);
        else
            maximum(p, block(p, k, lanes), out + block(p, k, lanes), false);
    return true;
}
#else
typedef int nothing_for_this_cpu;
#endif
