/* interpreter/host/add_avx2.c -- sums and differences of int8, eight at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/requant_avx2.h"
#include "interpreter/host/x86.h"

/* Eight numbers in the scale of the sum. */
INLINE __m256i rescale(const int8_t *from, const struct thm_term_i8 *t, int32_t left)
{
    __m256i x = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
    x = _mm256_slli_epi32(_mm256_sub_epi32(x, _mm256_set1_epi32(t->zero)), left);
    return div_pot(mul_high(x, _mm256_set1_epi32(t->multiplier)), _mm256_set1_epi32(-t->shift));
}

INLINE __m128i add8(const struct thm_add_i8 *s, const int8_t *a, const int8_t *b)
{
    __m256i x = rescale(a, &s->a, s->left), y = rescale(b, &s->b, s->left);
    x = s->subtract ? _mm256_sub_epi32(x, y) : _mm256_add_epi32(x, y);
    x = div_pot(mul_high(x, _mm256_set1_epi32(s->out.multiplier)), _mm256_set1_epi32(-s->out.shift));
    return add_clamp(x, s->out.zero, s->low, s->high);
}

TARGET bool thm_add_avx2(const struct thm_add_i8 *s, const int8_t *a, const int8_t *b, int8_t *out, size_t count)
{
    int8_t last[2][LANES] = { { 0 } };
    size_t i = 0, rest = count % LANES;
    if (!can_clamp(s->out.zero, s->low, s->high))
        return false;
    for (; i + LANES <= count; i += LANES)
        store_lanes(out + i, add8(s, a + i, b + i), LANES);
    memcpy(last[0], a + i, rest);
    memcpy(last[1], b + i, rest);
    store_lanes(out + i, add8(s, last[0], last[1]), (int32_t)rest);
    return true;
}
#else
typedef int nothing_for_this_cpu;
#endif
