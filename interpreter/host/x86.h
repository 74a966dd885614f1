/* interpreter/host/x86.h -- what the variants for x86-64 share. */
#pragma once
#include "interpreter/host/lookup.h"
#include "interpreter/ops/variant.h"

extern const struct thm_window_kernel thm_depthwise_avx2, thm_depthwise_avx512;
extern const struct thm_kernels thm_kernels_avx2, thm_kernels_avx_vnni, thm_kernels_avx512_vnni;
thm_row_fn thm_add_i8_avx2, thm_add_i16_avx2, thm_mul_i8_avx2, thm_mul_i16_avx2;
thm_row_fn thm_add_i8_avx512, thm_add_i16_avx512, thm_mul_i8_avx512, thm_mul_i16_avx512;
bool thm_average_i8_avx2(const struct thm_patch_i8 *p, int8_t *out);
bool thm_max_i8_avx2(const struct thm_patch_i8 *p, int8_t *out);
void thm_rescale_i16_avx2(const struct thm_rescale *r, const int16_t *in, int16_t *out, size_t count);
void thm_quantize_f32_avx2(float scale_of, int32_t zero, const float *in, int8_t *out, size_t count);
int32_t thm_dots_f32_avx2(float *sum, int32_t rows, const float *x, const float *w, size_t step, int32_t n);
void thm_add_up_i8_avx2(int32_t *sums, const int8_t *in, size_t count);
bool thm_look_up_vbmi(const int32_t *table, const int8_t *in, int8_t *out, size_t count);

/* All that is not a matter of int8 products. */
#define ROWS_AVX2 \
    .add_i8 = thm_add_i8_avx2, .add_i16 = thm_add_i16_avx2, .mul_i8 = thm_mul_i8_avx2, .mul_i16 = thm_mul_i16_avx2
#define ROWS_AVX512                                                                          \
    .add_i8 = thm_add_i8_avx512, .add_i16 = thm_add_i16_avx512, .mul_i8 = thm_mul_i8_avx512, \
    .mul_i16 = thm_mul_i16_avx512
#define ELEMENTS_AVX2                                                                                      \
    .average_i8 = thm_average_i8_avx2, .max_i8 = thm_max_i8_avx2, .rescale_i16 = thm_rescale_i16_avx2,     \
    .quantize_f32 = thm_quantize_f32_avx2, .dots_f32 = thm_dots_f32_avx2, .add_up_i8 = thm_add_up_i8_avx2, \
    .lookup_begin = thm_lookup_table_begin, .lookup_end = thm_lookup_table_end
