/* interpreter/ops/inv_sqrt.h -- 1 / sqrt(x) in fixed point; used by RSQRT and L2_NORMALIZATION. */
#pragma once
#include <stdint.h>

/* x > 0: 1 / sqrt(x) = multiplier / 2^31 * 2^shift; shift -15..0. 0 counts as 1, and so do negative numbers.
 * Source: GetInvSqrtQuantizedMultiplierExp(), tensorflow/lite/kernels/internal/common.h. */
void thm_inv_sqrt(int32_t x, int32_t *multiplier, int32_t *shift);
