/* interpreter/ops/ops.h -- the operators, one line each. To add one: its struct thm_op in a file of this folder, its
 * line here. */
#pragma once
#include <stddef.h>
#include "interpreter/op.h"

/* The builtin code in the model file, and the name of the struct thm_op behind "thm_op_". */
#define THM_BUILTIN_OPS(X)              \
    X(0, add)                           \
    X(1, average_pool_2d)               \
    X(2, concatenation)                 \
    X(3, conv_2d)                       \
    X(4, depthwise_conv_2d)             \
    X(5, depth_to_space)                \
    X(6, dequantize)                    \
    X(7, embedding_lookup)              \
    X(8, floor)                         \
    X(9, fully_connected)               \
    X(11, l2_normalization)             \
    X(12, l2_pool_2d)                   \
    X(14, logistic)                     \
    X(17, max_pool_2d)                  \
    X(18, mul)                          \
    X(19, relu)                         \
    X(21, relu6)                        \
    X(22, reshape)                      \
    X(23, resize_bilinear)              \
    X(25, softmax)                      \
    X(26, space_to_depth)               \
    X(27, svdf)                         \
    X(28, tanh)                         \
    X(34, pad)                          \
    X(36, gather)                       \
    X(37, batch_to_space_nd)            \
    X(38, space_to_batch_nd)            \
    X(39, transpose)                    \
    X(40, mean)                         \
    X(41, sub)                          \
    X(42, div)                          \
    X(43, squeeze)                      \
    X(44, unidirectional_sequence_lstm) \
    X(45, strided_slice)                \
    X(47, exp)                          \
    X(49, split)                        \
    X(50, log_softmax)                  \
    X(53, cast)                         \
    X(54, prelu)                        \
    X(55, maximum)                      \
    X(56, arg_max)                      \
    X(57, minimum)                      \
    X(58, less)                         \
    X(59, neg)                          \
    X(60, padv2)                        \
    X(61, greater)                      \
    X(62, greater_equal)                \
    X(63, less_equal)                   \
    X(65, slice)                        \
    X(66, sin)                          \
    X(67, transpose_conv)               \
    X(70, expand_dims)                  \
    X(71, equal)                        \
    X(72, not_equal)                    \
    X(73, log)                          \
    X(74, sum)                          \
    X(75, sqrt)                         \
    X(76, rsqrt)                        \
    X(77, shape)                        \
    X(79, arg_min)                      \
    X(82, reduce_max)                   \
    X(83, pack)                         \
    X(84, logical_or)                   \
    X(86, logical_and)                  \
    X(87, logical_not)                  \
    X(88, unpack)                       \
    X(89, reduce_min)                   \
    X(90, floor_div)                    \
    X(92, square)                       \
    X(93, zeros_like)                   \
    X(94, fill)                         \
    X(95, floor_mod)                    \
    X(97, resize_nearest_neighbor)      \
    X(98, leaky_relu)                   \
    X(99, squared_difference)           \
    X(100, mirror_pad)                  \
    X(101, abs)                         \
    X(102, split_v)                     \
    X(104, ceil)                        \
    X(105, reverse_v2)                  \
    X(106, add_n)                       \
    X(107, gather_nd)                   \
    X(108, cos)                         \
    X(111, elu)                         \
    X(114, quantize)                    \
    X(116, round)                       \
    X(117, hard_swish)                  \
    X(118, if)                          \
    X(119, while)                       \
    X(123, select_v2)                   \
    X(126, batch_matmul)                \
    X(128, cumsum)                      \
    X(129, call_once)                   \
    X(130, broadcast_to)                \
    X(140, reduce_all)                  \
    X(142, var_handle)                  \
    X(143, read_variable)               \
    X(144, assign_variable)             \
    X(145, broadcast_args)              \
    X(151, dynamic_update_slice)

/* Found by the name in the model file. */
#define THM_CUSTOM_OPS(X)                      \
    X(circular_buffer)                         \
    X(decode)                                  \
    X(detection_postprocess)                   \
    X(signal_delay)                            \
    X(signal_energy)                           \
    X(signal_fft_auto_scale)                   \
    X(signal_filter_bank)                      \
    X(signal_filter_bank_log)                  \
    X(signal_filter_bank_spectral_subtraction) \
    X(signal_filter_bank_square_root)          \
    X(signal_framer)                           \
    X(signal_irfft)                            \
    X(signal_overlap_add)                      \
    X(signal_pcan)                             \
    X(signal_rfft)                             \
    X(signal_stacker)                          \
    X(signal_window)

#define THM_OP_DECLARE(code, op)  extern const struct thm_op thm_op_##op;
#define THM_OP_DECLARE_CUSTOM(op) extern const struct thm_op thm_op_##op;
THM_BUILTIN_OPS(THM_OP_DECLARE)
THM_CUSTOM_OPS(THM_OP_DECLARE_CUSTOM)

/* Define the program's table (op.h) from two lists like those above. */
#define THM_OP_ROW(code, op)  [code] = &thm_op_##op,
#define THM_OP_ROW_CUSTOM(op) &thm_op_##op,
#define THM_DEFINE_OP_TABLE(BUILTINS, CUSTOMS)                                            \
    static const struct thm_op *const builtin_ops[] = { BUILTINS(THM_OP_ROW) };           \
    static const struct thm_op *const custom_ops[] = { CUSTOMS(THM_OP_ROW_CUSTOM) NULL }; \
    const struct thm_op_table thm_op_table = { builtin_ops, custom_ops, sizeof builtin_ops / sizeof builtin_ops[0] }
