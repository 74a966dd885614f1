/* interpreter/ops/sigmoid.h -- logistic function and hyperbolic tangent of int16 and float, shared with the LSTM.
 * Source: tensorflow/lite/kernels/internal/reference/integer_ops/{logistic,tanh}.h, reference/logistic.h. */
#pragma once
#include <stdint.h>

/* x in steps of 1/(3 * 4096). multiplier 0: x comes in steps of 2^shift / 4096; otherwise the result is
 * x * multiplier / 2^shift, rounded. shift 0..30. */
int32_t thm_sigmoid_input(int16_t x, int32_t multiplier, int32_t shift);
int16_t thm_logistic_i16(int32_t x); /* x as above; result in steps of 1/32768 */
int16_t thm_tanh_i16(int32_t x);
float thm_logistic_f32(float x);
