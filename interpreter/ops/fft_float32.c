/* interpreter/ops/fft_float32.c -- transforms in floating point; nothing is scaled. */
#include <stdint.h>

typedef float number;

#define factor(x)             ((number)(x))
#define plus(a, b)            ((a) + (b))
#define minus(a, b)           ((a) - (b))
#define half_plus(a, b)       (((a) + (b)) * .5f)
#define half_minus(a, b)      (((a) - (b)) * .5f)
#define product(a, b)         ((a) * (b))
#define dot(a, b, c, d)       ((a) * (b) + (c) * (d))
#define minus_dot(a, b, c, d) ((a) * (b) - (c) * (d))
#define divided(a, p)         ((void)(p), (a))

#include "interpreter/ops/fft_template.h"

extern const struct thm_fft thm_fft_float32;
const struct thm_fft thm_fft_float32 = { THM_FLOAT32, sizeof(number), start, forward, backward };
