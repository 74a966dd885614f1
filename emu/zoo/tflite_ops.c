/* The builtin operators the zoo uses: names, options tables and their fields. */
#include <string.h>
#include "emu/zoo/tflite_ops.h"

static const struct {
    enum thm_tflite_op_code code;
    uint8_t options_type; /* number in the schema's BuiltinOptions union; 0: none needed */
    const char *name;
} ops[] = {
    { THM_TFLITE_ADD, 11, "ADD" },
    { THM_TFLITE_AVERAGE_POOL_2D, 5, "AVERAGE_POOL_2D" },
    { THM_TFLITE_CONV_2D, 1, "CONV_2D" },
    { THM_TFLITE_DEPTHWISE_CONV_2D, 2, "DEPTHWISE_CONV_2D" },
    { THM_TFLITE_DEQUANTIZE, 0, "DEQUANTIZE" },
    { THM_TFLITE_FULLY_CONNECTED, 8, "FULLY_CONNECTED" },
    { THM_TFLITE_MAX_POOL_2D, 5, "MAX_POOL_2D" },
    { THM_TFLITE_RESHAPE, 0, "RESHAPE" },
    { THM_TFLITE_SOFTMAX, 9, "SOFTMAX" },
    { THM_TFLITE_PAD, 22, "PAD" },
    { THM_TFLITE_LEAKY_RELU, 75, "LEAKY_RELU" },
    { THM_TFLITE_QUANTIZE, 0, "QUANTIZE" },
};

const char *thm_tflite_op_name(enum thm_tflite_op_code code)
{
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (ops[i].code == code)
            return ops[i].name;
    return "unknown";
}

uint8_t thm_tflite_options_type(enum thm_tflite_op_code code)
{
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (ops[i].code == code)
            return ops[i].options_type;
    return 0;
}

static void set_options(struct thm_tflite_op *op, const struct thm_fb_field *fields, uint32_t n)
{
    memcpy(op->option, fields, n * sizeof *fields);
    op->options = n;
}

static uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

void thm_tflite_conv_options(struct thm_tflite_op *op, enum thm_tflite_padding padding, uint32_t stride_h,
                             uint32_t stride_w, enum thm_tflite_activation activation)
{
    const struct thm_fb_field fields[] = {
        { 0, 1, padding },    { 1, 4, stride_w }, { 2, 4, stride_h },
        { 3, 1, activation }, { 4, 4, 1 },        { 5, 4, 1 }, /* dilation */
    };
    set_options(op, fields, sizeof fields / sizeof fields[0]);
}

void thm_tflite_depthwise_options(struct thm_tflite_op *op, enum thm_tflite_padding padding, uint32_t stride_h,
                                  uint32_t stride_w, uint32_t multiplier, enum thm_tflite_activation activation)
{
    const struct thm_fb_field fields[] = {
        { 0, 1, padding },    { 1, 4, stride_w }, { 2, 4, stride_h }, { 3, 4, multiplier },
        { 4, 1, activation }, { 5, 4, 1 },        { 6, 4, 1 }, /* dilation */
    };
    set_options(op, fields, sizeof fields / sizeof fields[0]);
}

void thm_tflite_pool_options(struct thm_tflite_op *op, enum thm_tflite_padding padding, uint32_t stride_h,
                             uint32_t stride_w, uint32_t filter_h, uint32_t filter_w)
{
    const struct thm_fb_field fields[] = {
        { 0, 1, padding }, { 1, 4, stride_w }, { 2, 4, stride_h }, { 3, 4, filter_w }, { 4, 4, filter_h },
    };
    set_options(op, fields, sizeof fields / sizeof fields[0]);
}

void thm_tflite_dense_options(struct thm_tflite_op *op, enum thm_tflite_activation activation)
{
    const struct thm_fb_field fields[] = { { 0, 1, activation } };
    set_options(op, fields, 1);
}

void thm_tflite_softmax_options(struct thm_tflite_op *op, float beta)
{
    const struct thm_fb_field fields[] = { { 0, 4, float_bits(beta) } };
    set_options(op, fields, 1);
}

void thm_tflite_leaky_relu_options(struct thm_tflite_op *op, float alpha)
{
    const struct thm_fb_field fields[] = { { 0, 4, float_bits(alpha) } };
    set_options(op, fields, 1);
}
