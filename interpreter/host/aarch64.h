/* interpreter/host/aarch64.h -- what the variants for aarch64 share. */
#pragma once
#include "interpreter/ops/variant.h"

extern const struct thm_window_kernel thm_depthwise_neon, thm_depthwise_neon_dotprod;
extern const struct thm_kernels thm_kernels_neon, thm_kernels_neon_dotprod;
