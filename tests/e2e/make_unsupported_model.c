/* Writes to standard output a valid model with one operator that TensorFlow Lite has and TensorFlow Lite Micro has not.
 */
#include <stdio.h>
#include "emu/zoo/tflite_writer.h"

enum { CONV_3D = 132 }; /* BuiltinOperator_CONV_3D */

static int to_stdout(void *context, const void *data, size_t len)
{
    (void)context;
    return fwrite(data, 1, len, stdout) != len;
}

int main(void)
{
    const struct thm_tflite_tensor tensors[] = {
        { .name = "in", .type = THM_FLOAT32, .rank = 2, .shape = { 1, 4 } },
        { .name = "out", .type = THM_FLOAT32, .rank = 2, .shape = { 1, 4 } },
    };
    const struct thm_tflite_op op = {
        .code = (enum thm_tflite_op_code)CONV_3D, .version = 1, .inputs = 1, .input = { 0 }, .output = 1
    };
    const struct thm_tflite_model m = { .description = "unsupported",
                                        .tensors = tensors,
                                        .tensor_count = 2,
                                        .ops = &op,
                                        .op_count = 1,
                                        .input = 0,
                                        .output = 1 };
    const struct thm_sink sink = { .write = to_stdout };
    return thm_tflite_write(&m, 0, &sink, NULL) == THM_ZOO_OK && fflush(stdout) == 0 ? 0 : 1;
}
