/* interpreter/host/quantize_avx2.c -- float32 to int8, and int16 to int16 of another scale; eight at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/elements_avx2.h"
#include "interpreter/host/x86.h"

/* roundf(): halves away from zero. What has no fraction stays as it is, NaN too. */
INLINE __m256 round_half_away(__m256 x)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 whole = _mm256_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    __m256 rest = _mm256_andnot_ps(sign, _mm256_sub_ps(x, whole));
    __m256 one = _mm256_or_ps(_mm256_and_ps(x, sign), _mm256_set1_ps(1));
    return _mm256_add_ps(whole, _mm256_and_ps(_mm256_cmp_ps(rest, _mm256_set1_ps(0.5f), _CMP_GE_OQ), one));
}

/* NaN counts as far below zero: max_ps() gives its second operand then. */
INLINE __m256i quantize(const float *from, float scale_of, int32_t zero)
{
    const __m256 low = _mm256_set1_ps(-(1 << 17)), high = _mm256_set1_ps(1 << 17);
    __m256 x = round_half_away(_mm256_div_ps(_mm256_loadu_ps(from), _mm256_set1_ps(scale_of)));
    x = _mm256_min_ps(_mm256_max_ps(x, low), high);
    return finish(_mm256_cvttps_epi32(x), zero, INT8_MIN, INT8_MAX);
}

TARGET void thm_quantize_f32_avx2(float scale_of, int32_t zero, const float *in, int8_t *out, size_t count)
{
    float last[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        store_i8(out + i, quantize(in + i, scale_of, zero));
    memcpy(last, in + i, (count - i) * sizeof *in);
    int8_t end[LANES];
    store_i8(end, quantize(last, scale_of, zero));
    memcpy(out + i, end, count - i);
}

INLINE __m256i rescale(const struct thm_rescale *r, __m256i x)
{
    x = _mm256_sub_epi32(x, _mm256_set1_epi32(r->zero));
    __m256i up = scale(x, r->positive.multiplier, r->positive.shift);
    __m256i down = scale(x, r->negative.multiplier, r->negative.shift);
    x = _mm256_blendv_epi8(up, down, _mm256_srai_epi32(x, 31));
    return finish(x, r->output_zero, r->low, r->high);
}

TARGET void thm_rescale_i16_avx2(const struct thm_rescale *r, const int16_t *in, int16_t *out, size_t count)
{
    int16_t last[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        READ_ANEW();
        store_i16(out + i, rescale(r, load_i16(in + i)));
    }
    memcpy(last, in + i, (count - i) * sizeof *in);
    store_i16(last, rescale(r, load_i16(last)));
    memcpy(out + i, last, (count - i) * sizeof *in);
}
#else
typedef int nothing_for_this_cpu;
#endif
