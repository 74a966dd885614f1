/* Writes to standard output a small model of a field case: `quantize`, uint8 to int8 of the same scale (FC-30); `wrap`,
 * a tensor whose elements are 2 to the power of 32 (FC-31); `wrap-near`, 65536 more than that. */
#include <stdio.h>
#include <string.h>
#include "emu/zoo/tflite_writer.h"

enum { VALUES = 8 };

static int to_stdout(void *context, const void *data, size_t len)
{
    (void)context;
    return fwrite(data, 1, len, stdout) != len;
}

static int write_quantize(enum thm_type from, int64_t zero_point, uint32_t rows, uint32_t columns)
{
    static const float scale = 0.5f;
    const struct thm_tflite_tensor tensors[] = {
        { .name = "in",
          .type = from,
          .rank = 2,
          .shape = { (int32_t)rows, (int32_t)columns },
          .scale = &scale,
          .scales = 1,
          .zero_point = zero_point },
        { .name = "out",
          .type = THM_INT8,
          .rank = 2,
          .shape = { (int32_t)rows, (int32_t)columns },
          .scale = &scale,
          .scales = 1,
          .zero_point = -128 },
    };
    const struct thm_tflite_op op = { .code = THM_TFLITE_QUANTIZE, .version = 1, .inputs = 1, .output = 1 };
    const struct thm_tflite_model m = { .description = "field case",
                                        .tensors = tensors,
                                        .tensor_count = 2,
                                        .ops = &op,
                                        .op_count = 1,
                                        .input = 0,
                                        .output = 1 };
    const struct thm_sink sink = { .write = to_stdout };
    return thm_tflite_write(&m, 0, &sink, NULL) == THM_ZOO_OK && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "quantize") == 0)
        return write_quantize(THM_UINT8, 0, 1, VALUES);
    if (strcmp(what, "wrap") == 0)
        return write_quantize(THM_INT8, 0, 65536, 65536);
    return strcmp(what, "wrap-near") == 0 ? write_quantize(THM_INT8, 0, 65536, 65537) : 2;
}
