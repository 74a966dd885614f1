/* emu/zoo/tflite_writer.h -- write a .tflite file (TensorFlow Lite schema v3) of one subgraph.
 *
 * The file is produced front to back and constant data is asked for piece by piece, so a model of any size
 * needs no more memory than its tables. Constant data starts at multiples of 16 bytes. The same description
 * gives the same bytes. Source: tensorflow/lite/schema/schema.fbs (field numbers and enums). */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "emu/zoo/err.h"
#include "emu/zoo/flatbuffer.h"
#include "interpreter/model.h"

enum thm_tflite_op_code { /* numbers of the schema's BuiltinOperator */
                          THM_TFLITE_ADD = 0,
                          THM_TFLITE_AVERAGE_POOL_2D = 1,
                          THM_TFLITE_CONV_2D = 3,
                          THM_TFLITE_DEPTHWISE_CONV_2D = 4,
                          THM_TFLITE_DEQUANTIZE = 6,
                          THM_TFLITE_FULLY_CONNECTED = 9,
                          THM_TFLITE_MAX_POOL_2D = 17,
                          THM_TFLITE_RESHAPE = 22,
                          THM_TFLITE_SOFTMAX = 25,
                          THM_TFLITE_PAD = 34,
                          THM_TFLITE_LEAKY_RELU = 98,
                          THM_TFLITE_QUANTIZE = 114,
};
enum thm_tflite_activation { THM_TFLITE_NONE = 0, THM_TFLITE_RELU = 1, THM_TFLITE_RELU6 = 3 };
enum thm_tflite_padding { THM_TFLITE_SAME = 0, THM_TFLITE_VALID = 1 };

const char *thm_tflite_op_name(enum thm_tflite_op_code code); /* "CONV_2D"; "unknown" for one not listed above */

struct thm_tflite_tensor {
    const char *name;
    enum thm_type type;
    uint32_t rank; /* at most 4 */
    int32_t shape[4];
    const float *scale; /* `scales` numbers; NULL: not quantised */
    uint32_t scales;
    int64_t zero_point;          /* the same for all scales */
    int32_t quantized_dimension; /* which dimension the scales belong to */
    uint32_t data_bytes;         /* constant data; 0: the tensor is computed */
};

struct thm_tflite_op {
    enum thm_tflite_op_code code;
    int32_t version;
    uint32_t inputs; /* at most 3 */
    int32_t input[3], output;
    struct thm_fb_field option[THM_FB_FIELDS_MAX]; /* fields of the op's options table; see thm_tflite_*_options() */
    uint32_t options;
};

struct thm_tflite_model { /* everything is lent */
    const char *description;
    const struct thm_tflite_tensor *tensors;
    uint32_t tensor_count;
    const struct thm_tflite_op *ops;
    uint32_t op_count;
    int32_t input, output; /* tensor indices */
    /* Fill `to` with bytes [offset, offset + len) of a tensor's constant data. Called in order, without gaps.
     */
    void (*data)(void *context, uint32_t tensor, uint32_t offset, uint8_t *to, uint32_t len);
    void *context;
};

struct thm_sink {                                              /* where bytes go, in order */
    int (*write)(void *context, const void *data, size_t len); /* 0, or anything else to stop */
    void *context;
};

/* Write the model. file_bytes: exact length of the file, reached with a metadata entry named "padding" of
 * zeros; 0: no padding. Out:    *written (may be NULL): length of the file. Errors: THM_ZOO_EINVAL  an index,
 * a rank or a count is out of range THM_ZOO_ESIZE   longer than file_bytes or than 2^31 - 1, the most that
 * FlatBuffers allow THM_ZOO_ENOMEM, THM_ZOO_ESINK; before ESINK a part may have gone to the sink, otherwise
 * nothing has */
enum thm_zoo_err thm_tflite_write(const struct thm_tflite_model *m, uint32_t file_bytes, const struct thm_sink *sink,
                                  uint32_t *written);

/* Length of the file that thm_tflite_write() with file_bytes 0 would make; same errors but ESINK. */
enum thm_zoo_err thm_tflite_size(const struct thm_tflite_model *m, uint32_t *bytes);

/* Options of the ops that have some; the others need none. Strides and sizes are in elements. */
void thm_tflite_conv_options(struct thm_tflite_op *op, enum thm_tflite_padding padding, uint32_t stride_h,
                             uint32_t stride_w, enum thm_tflite_activation activation);
void thm_tflite_depthwise_options(struct thm_tflite_op *op, enum thm_tflite_padding padding, uint32_t stride_h,
                                  uint32_t stride_w, uint32_t multiplier, enum thm_tflite_activation activation);
void thm_tflite_pool_options(struct thm_tflite_op *op, enum thm_tflite_padding padding, uint32_t stride_h,
                             uint32_t stride_w, uint32_t filter_h, uint32_t filter_w);
void thm_tflite_dense_options(struct thm_tflite_op *op, enum thm_tflite_activation activation);
void thm_tflite_softmax_options(struct thm_tflite_op *op, float beta);
void thm_tflite_leaky_relu_options(struct thm_tflite_op *op, float alpha);
