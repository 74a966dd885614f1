/* interpreter/ops/fft_int16.c -- transforms in Q15 numbers. */
#include <stdint.h>

typedef int16_t number;
#define MAX INT16_MAX

#define factor(x)             ((number)floor(.5 + MAX * (x)))
#define plus(a, b)            ((number)((uint32_t)(a) + (uint32_t)(b)))
#define minus(a, b)           ((number)((uint32_t)(a) - (uint32_t)(b)))
#define half_plus(a, b)       ((number)(((a) + (b)) >> 1))
#define half_minus(a, b)      ((number)(((a) - (b)) >> 1))
#define exact(a, b)           ((uint64_t)((int64_t)(a) * (b)))
#define rounded(x)            ((number)((int64_t)((x) + (UINT64_C(1) << 14)) >> 15))
#define product(a, b)         rounded(exact(a, b))
#define dot(a, b, c, d)       rounded(exact(a, b) + exact(c, d))
#define minus_dot(a, b, c, d) rounded(exact(a, b) - exact(c, d))
#define divided(a, p)         product(a, MAX / (p))

#include "interpreter/ops/fft_template.h"

extern const struct thm_fft thm_fft_int16;
const struct thm_fft thm_fft_int16 = { THM_INT16, sizeof(number), start, forward, backward };
