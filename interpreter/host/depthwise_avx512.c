/* interpreter/host/depthwise_avx512.c -- depthwise convolution: 64 channels side by side, four taps at once. Elements
 * gain 128 to be unsigned. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#include "interpreter/host/lanes_avx512.h"
#include "interpreter/host/x86.h"

#define TAPS      4
#define VECTORS   4
#define OFFSET(z) (128 + (z))
#define convert   thm_convert_u8
/* Unpacking works within 128 bits; narrow() undoes it. */
#define place(v, lane) ((lane) / 4 * 16 + (v)*4 + (lane) % 4)
#define ordered(bytes) (bytes)
typedef int8_t weight_t;

INLINE void load_taps(vec x[4], const int8_t *const tap[4])
{
    vec a = _mm512_loadu_si512(tap[0]), b = _mm512_loadu_si512(tap[1]), c = _mm512_loadu_si512(tap[2]),
        d = _mm512_loadu_si512(tap[3]);
    vec ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
    x[0] = _mm512_unpacklo_epi16(ab, cd);
    x[1] = _mm512_unpackhi_epi16(ab, cd);
    ab = _mm512_unpackhi_epi8(a, b), cd = _mm512_unpackhi_epi8(c, d);
    x[2] = _mm512_unpacklo_epi16(ab, cd);
    x[3] = _mm512_unpackhi_epi16(ab, cd);
}

INLINE vec mac(vec sum, vec x, vec w)
{
    return _mm512_dpbusd_epi32(sum, x, w);
}

#include "interpreter/host/depthwise_template.h"

const struct thm_window_kernel thm_depthwise_avx512 = { bytes, pack, run };
#else
typedef int nothing_for_this_cpu;
#endif
