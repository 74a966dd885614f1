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
extern const struct thm_op thm_op_abs, thm_op_rsqrt;
extern const struct thm_op thm_op_add_n;
extern const struct thm_op thm_op_cast;
extern const struct thm_op thm_op_ceil, thm_op_cos, thm_op_exp, thm_op_floor, thm_op_log, thm_op_neg, thm_op_round;
extern const struct thm_op thm_op_sin, thm_op_sqrt, thm_op_square;
extern const struct thm_op thm_op_cumsum;
extern const struct thm_op thm_op_div, thm_op_floor_div, thm_op_floor_mod;
extern const struct thm_op thm_op_elu, thm_op_hard_swish, thm_op_prelu;
extern const struct thm_op thm_op_equal, thm_op_not_equal;
extern const struct thm_op thm_op_greater, thm_op_greater_equal, thm_op_less, thm_op_less_equal;
extern const struct thm_op thm_op_l2_normalization, thm_op_log_softmax;
extern const struct thm_op thm_op_logical_and, thm_op_logical_not, thm_op_logical_or;
extern const struct thm_op thm_op_maximum, thm_op_minimum;
extern const struct thm_op thm_op_select_v2;
extern const struct thm_op thm_op_squared_difference;
extern const struct thm_op thm_op_zeros_like;
extern const struct thm_op thm_op_batch_matmul;
extern const struct thm_op thm_op_l2_pool_2d;
extern const struct thm_op thm_op_svdf;
extern const struct thm_op thm_op_transpose_conv;
extern const struct thm_op thm_op_unidirectional_sequence_lstm;
extern const struct thm_op thm_op_if, thm_op_while, thm_op_call_once;
extern const struct thm_op thm_op_var_handle, thm_op_read_variable, thm_op_assign_variable;
