/* interpreter/kernel_libs/cmsis_nn.h -- what distinguishes the variants of CMSIS-NN, and its rules for convolution. */
#pragma once
#include "interpreter/kernel_libs/library.h"

enum cmsis_sums { SUMS_NONE, SUMS_KEPT, SUMS_SCRATCH }; /* weights added up for each output: never, once, each time */

struct cmsis_variant {
    uint8_t conv_round;                 /* int8: elements of an im2col buffer, to a multiple of */
    uint8_t conv16_round, conv16_bytes; /* int16: the same; bytes an element */
    uint16_t depthwise_tap;             /* bytes for each element of the kernel, all channels of it */
    uint16_t depthwise_opt_tap;         /* bytes for each position of the kernel, whatever the channels */
    uint8_t pool_channel;               /* AVERAGE_POOL_2D: bytes for each channel */
    bool mve;
    enum cmsis_sums sums;
};

enum thm_nn_err thm_cmsis_conv(struct thm_node *n);
enum thm_nn_err thm_cmsis_depthwise(struct thm_node *n);
