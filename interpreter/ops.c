/* interpreter/ops.c -- the operator table. To add one: its struct thm_op in interpreter/ops/, its row here. */
#include "interpreter/ops/ops.h"
#include <stddef.h>

static const struct thm_op *const builtins[] = { /* index: the builtin code in the model file */
    [0] = &thm_op_add,
    [1] = &thm_op_average_pool_2d,
    [2] = &thm_op_concatenation,
    [3] = &thm_op_conv_2d,
    [4] = &thm_op_depthwise_conv_2d,
    [5] = &thm_op_depth_to_space,
    [6] = &thm_op_dequantize,
    [7] = &thm_op_embedding_lookup,
    [8] = &thm_op_floor,
    [9] = &thm_op_fully_connected,
    [11] = &thm_op_l2_normalization,
    [12] = &thm_op_l2_pool_2d,
    [14] = &thm_op_logistic,
    [17] = &thm_op_max_pool_2d,
    [18] = &thm_op_mul,
    [19] = &thm_op_relu,
    [21] = &thm_op_relu6,
    [22] = &thm_op_reshape,
    [23] = &thm_op_resize_bilinear,
    [25] = &thm_op_softmax,
    [26] = &thm_op_space_to_depth,
    [27] = &thm_op_svdf,
    [28] = &thm_op_tanh,
    [34] = &thm_op_pad,
    [36] = &thm_op_gather,
    [37] = &thm_op_batch_to_space_nd,
    [38] = &thm_op_space_to_batch_nd,
    [39] = &thm_op_transpose,
    [40] = &thm_op_mean,
    [41] = &thm_op_sub,
    [42] = &thm_op_div,
    [43] = &thm_op_squeeze,
    [44] = &thm_op_unidirectional_sequence_lstm,
    [45] = &thm_op_strided_slice,
    [47] = &thm_op_exp,
    [49] = &thm_op_split,
    [50] = &thm_op_log_softmax,
    [53] = &thm_op_cast,
    [54] = &thm_op_prelu,
    [55] = &thm_op_maximum,
    [56] = &thm_op_arg_max,
    [57] = &thm_op_minimum,
    [58] = &thm_op_less,
    [59] = &thm_op_neg,
    [60] = &thm_op_padv2,
    [61] = &thm_op_greater,
    [62] = &thm_op_greater_equal,
    [63] = &thm_op_less_equal,
    [65] = &thm_op_slice,
    [66] = &thm_op_sin,
    [67] = &thm_op_transpose_conv,
    [70] = &thm_op_expand_dims,
    [71] = &thm_op_equal,
    [72] = &thm_op_not_equal,
    [73] = &thm_op_log,
    [74] = &thm_op_sum,
    [75] = &thm_op_sqrt,
    [76] = &thm_op_rsqrt,
    [77] = &thm_op_shape,
    [79] = &thm_op_arg_min,
    [82] = &thm_op_reduce_max,
    [83] = &thm_op_pack,
    [84] = &thm_op_logical_or,
    [86] = &thm_op_logical_and,
    [87] = &thm_op_logical_not,
    [88] = &thm_op_unpack,
    [89] = &thm_op_reduce_min,
    [90] = &thm_op_floor_div,
    [92] = &thm_op_square,
    [93] = &thm_op_zeros_like,
    [94] = &thm_op_fill,
    [95] = &thm_op_floor_mod,
    [97] = &thm_op_resize_nearest_neighbor,
    [98] = &thm_op_leaky_relu,
    [99] = &thm_op_squared_difference,
    [100] = &thm_op_mirror_pad,
    [101] = &thm_op_abs,
    [102] = &thm_op_split_v,
    [104] = &thm_op_ceil,
    [105] = &thm_op_reverse_v2,
    [106] = &thm_op_add_n,
    [107] = &thm_op_gather_nd,
    [108] = &thm_op_cos,
    [111] = &thm_op_elu,
    [114] = &thm_op_quantize,
    [116] = &thm_op_round,
    [117] = &thm_op_hard_swish,
    [118] = &thm_op_if,
    [119] = &thm_op_while,
    [123] = &thm_op_select_v2,
    [126] = &thm_op_batch_matmul,
    [128] = &thm_op_cumsum,
    [129] = &thm_op_call_once,
    [130] = &thm_op_broadcast_to,
    [140] = &thm_op_reduce_all,
    [142] = &thm_op_var_handle,
    [143] = &thm_op_read_variable,
    [144] = &thm_op_assign_variable,
    [145] = &thm_op_broadcast_args,
    [151] = &thm_op_dynamic_update_slice,
};

static const struct thm_op *const customs[] = { /* found by name */
    &thm_op_circular_buffer,
    &thm_op_decode,
    &thm_op_detection_postprocess,
    &thm_op_signal_delay,
    &thm_op_signal_energy,
    &thm_op_signal_fft_auto_scale,
    &thm_op_signal_filter_bank,
    &thm_op_signal_filter_bank_log,
    &thm_op_signal_filter_bank_spectral_subtraction,
    &thm_op_signal_filter_bank_square_root,
    &thm_op_signal_framer,
    &thm_op_signal_irfft,
    &thm_op_signal_overlap_add,
    &thm_op_signal_pcan,
    &thm_op_signal_rfft,
    &thm_op_signal_stacker,
    &thm_op_signal_window,
    NULL,
};

/* Names of all builtin codes, for messages. Source: BuiltinOperator in tensorflow/lite/schema/schema.fbs. */
static const char *const names[] = {
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE",
    "EMBEDDING_LOOKUP", "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP", "L2_NORMALIZATION", "L2_POOL_2D",
    "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC", "LSH_PROJECTION", "LSTM", "MAX_POOL_2D", "MUL", "RELU",
    "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RNN", "SOFTMAX", "SPACE_TO_DEPTH", "SVDF", "TANH",
    "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL", "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD",
    "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB",
    "DIV", "SQUEEZE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP", "TOPK_V2",
    "SPLIT", "LOG_SOFTMAX", "DELEGATE", "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU", "MAXIMUM", "ARG_MAX",
    "MINIMUM", "LESS", "NEG", "PADV2", "GREATER", "GREATER_EQUAL", "LESS_EQUAL", "SELECT", "SLICE", "SIN",
    "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE", "EXPAND_DIMS", "EQUAL", "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT",
    "SHAPE", "POW", "ARG_MIN", "FAKE_QUANT", "REDUCE_PROD", "REDUCE_MAX", "PACK", "LOGICAL_OR", "ONE_HOT",
    "LOGICAL_AND", "LOGICAL_NOT", "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE", "FILL",
    "FLOOR_MOD", "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE", "MIRROR_PAD", "ABS",
    "SPLIT_V", "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS", "WHERE", "RANK", "ELU",
    "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE", "MATRIX_SET_DIAG", "ROUND", "HARD_SWISH", "IF", "WHILE",
    "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "SCATTER_ND", "SELECT_V2", "DENSIFY", "SEGMENT_SUM",
    "BATCH_MATMUL", "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM", "CALL_ONCE", "BROADCAST_TO", "RFFT2D", "CONV_3D",
    "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "REDUCE_ALL",
    "CONV_3D_TRANSPOSE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "BROADCAST_ARGS", "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE", "RANDOM_UNIFORM", "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE", "RELU_0_TO_1",
    "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2", "UNSORTED_SEGMENT_MIN", "SIGN",
    "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT", "STABLEHLO_LOGISTIC", "STABLEHLO_ADD",
};

static bool same_name(const char *name, const char *text, uint32_t len)
{
    while (len && *name && *name == *text)
        name++, text++, len--;
    return len == 0 && *name == '\0';
}

const struct thm_op *thm_op_find(uint32_t code, const char *custom, uint32_t custom_len)
{
    if (code != THM_OP_CUSTOM)
        return code < sizeof builtins / sizeof builtins[0] ? builtins[code] : NULL;
    for (size_t i = 0; customs[i]; i++)
        if (same_name(customs[i]->name, custom, custom_len))
            return customs[i];
    return NULL;
}

const char *thm_op_builtin_name(uint32_t code)
{
    return code < sizeof names / sizeof names[0] ? names[code] : "an operator newer than this program";
}
