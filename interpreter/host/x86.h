/* interpreter/host/x86.h -- what the variants for x86-64 share. */
#pragma once
#include "interpreter/ops/variant.h"

extern const struct thm_window_kernel thm_depthwise_avx2, thm_depthwise_avx512;
bool thm_add_avx2(const struct thm_add_i8 *s, const int8_t *a, const int8_t *b, int8_t *out, size_t count);
extern const struct thm_kernels thm_kernels_avx2, thm_kernels_avx_vnni, thm_kernels_avx512_vnni;
