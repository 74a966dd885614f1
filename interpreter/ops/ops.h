/* interpreter/ops/ops.h -- the operators, one line each; interpreter/ops.c puts them in the table. */
#pragma once
#include "interpreter/op.h"

extern const struct thm_op thm_op_add, thm_op_sub, thm_op_mul;
extern const struct thm_op thm_op_average_pool_2d, thm_op_max_pool_2d;
extern const struct thm_op thm_op_concatenation;
extern const struct thm_op thm_op_conv_2d, thm_op_depthwise_conv_2d;
extern const struct thm_op thm_op_dequantize, thm_op_quantize;
extern const struct thm_op thm_op_fully_connected;
extern const struct thm_op thm_op_leaky_relu, thm_op_relu, thm_op_relu6;
extern const struct thm_op thm_op_logistic, thm_op_tanh;
extern const struct thm_op thm_op_mean;
extern const struct thm_op thm_op_pad;
extern const struct thm_op thm_op_reshape;
extern const struct thm_op thm_op_softmax;
