/* interpreter/host/add_up_avx2.c -- a row of int8 added to a row of sums, eight at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/elements_avx2.h"
#include "interpreter/host/x86.h"

TARGET void thm_add_up_i8_avx2(int32_t *sums, const int8_t *in, size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        __m256i *to = (__m256i *)(void *)(sums + i);
        _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), load_i8(in + i)));
    }
    for (; i < count; i++)
        sums[i] = (int32_t)((uint32_t)sums[i] + (uint32_t)in[i]);
}
#else
typedef int nothing_for_this_cpu;
#endif
