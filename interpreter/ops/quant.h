/* interpreter/ops/quant.h -- from scales and zero points to integer factors and limits; used in prepare(). */
#pragma once
#include "interpreter/op.h"

/* Factor to Q31 multiplier and shift (fixed.h). false: not finite, or 2^30 and more. Below 2^-32 it becomes 0.
 * Source: QuantizeMultiplier(), tensorflow/lite/kernels/internal/quantization_util.cc. */
bool thm_quantize_factor(double factor, int32_t *multiplier, int32_t *shift);
/* The same for a factor that must be in (0, 1). */
bool thm_quantize_fraction(double factor, int32_t *multiplier, int32_t *shift);
/* Limits of a fused activation in the output's quantisation; int8 and int16. false: they cannot be represented. */
bool thm_activation_range(uint8_t activation, enum thm_type type, const struct thm_quant *q, int32_t *low,
                          int32_t *high);
void thm_activation_range_f32(uint8_t activation, float *low, float *high);
void thm_activation_range_i32(uint8_t activation, int32_t *low, int32_t *high);
int32_t thm_type_min(enum thm_type t); /* int8, uint8, int16, int32 */
int32_t thm_type_max(enum thm_type t);
/* How far inputs may be from zero before a function with so many integer bits saturates; shift 0..31. */
int32_t thm_input_radius(int integer_bits, int32_t shift);
/* Is x a power of two (within a thousandth of a binary order)? *log2 is its exponent. */
bool thm_checked_log2(float x, int32_t *log2);
/* A kernel with one input and one output: both, or a refusal. */
enum thm_nn_err thm_unary(struct thm_node *n, struct thm_value *in, struct thm_value *out);
/* The same; refused as well: they differ in type or in the number of elements. */
enum thm_nn_err thm_unary_alike(struct thm_node *n, struct thm_value *in, struct thm_value *out);
