/* interpreter/ops/fft_int32.c -- transforms in Q31 numbers. */
#include <stdint.h>

typedef int32_t number;
#define MAX INT32_MAX

#define factor(x)             ((number)floor(.5 + MAX * (x)))
#define plus(a, b)            ((number)((uint32_t)(a) + (uint32_t)(b)))
#define minus(a, b)           ((number)((uint32_t)(a) - (uint32_t)(b)))
#define half_plus(a, b)       (plus(a, b) >> 1)
#define half_minus(a, b)      (minus(a, b) >> 1)
#define exact(a, b)           ((uint64_t)((int64_t)(a) * (b)))
#define rounded(x)            ((number)((int64_t)((x) + (UINT64_C(1) << 30)) >> 31))
#define product(a, b)         rounded(exact(a, b))
#define dot(a, b, c, d)       rounded(exact(a, b) + exact(c, d))
#define minus_dot(a, b, c, d) rounded(exact(a, b) - exact(c, d))
#define divided(a, p)         product(a, MAX / (p))

#include "interpreter/ops/fft_template.h"

extern const struct thm_fft thm_fft_int32;
const struct thm_fft thm_fft_int32 = { THM_INT32, sizeof(number), start, forward, backward };
