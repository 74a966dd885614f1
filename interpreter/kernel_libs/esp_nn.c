/* interpreter/kernel_libs/esp_nn.c -- the operators of ESP-NN and its variants. Only int8 asks for anything. */
#include "interpreter/kernel_libs/esp_nn.h"
#include "interpreter/ops/ops.h"
#include <stddef.h>

struct esp_variant {
    uint64_t (*conv)(const struct thm_conv_shape *s); /* scratch bytes; NULL = none */
    uint64_t (*depthwise)(const struct thm_conv_shape *s);
    bool softmax; /* asks for a row of exponentials */
};

static enum thm_nn_err ask(struct thm_node *n, uint64_t (*bytes)(const struct thm_conv_shape *))
{
    struct thm_conv_shape s = thm_conv_shape_of(n);
    return bytes && s.input == THM_INT8 ? thm_library_scratch(n, bytes(&s)) : THM_NN_OK;
}

static enum thm_nn_err conv(struct thm_node *n)
{
    return ask(n, ((const struct esp_variant *)thm_library_variant(n))->conv);
}

static enum thm_nn_err depthwise(struct thm_node *n)
{
    return ask(n, ((const struct esp_variant *)thm_library_variant(n))->depthwise);
}

/* The wrapper takes dimension 1 for the length of a row, whatever the rank. */
static enum thm_nn_err softmax(struct thm_node *n)
{
    const struct esp_variant *v = thm_library_variant(n);
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    bool asks = v->softmax && in.type == THM_INT8 && out.type == THM_INT8 && in.rank > 1;
    return asks ? thm_library_scratch(n, 4 * (uint64_t)in.shape[1]) : THM_NN_OK;
}

static const struct thm_library_op ops[] = {
    { &thm_op_conv_2d, 60, false, conv },
    { &thm_op_depthwise_conv_2d, 60, false, depthwise },
    { &thm_op_softmax, 64, false, softmax },
};

static const struct esp_variant ansi = { NULL, NULL, false };
static const struct esp_variant generic_opt = { NULL, NULL, true };
static const struct esp_variant esp32s3 = { thm_esp32s3_conv, thm_esp32s3_depthwise, true };
static const struct esp_variant esp32p4 = { thm_esp32p4_conv, NULL, true };

#define VARIANT(label, rules)                                                                                        \
    {                                                                                                                \
        .name = "esp-nn:" label, .layout = THM_LAYOUT_ILP32_ALIGN8, .ops = ops, .count = sizeof ops / sizeof ops[0], \
        .variant = rules                                                                                             \
    }
const struct thm_kernel_library thm_esp_nn[] = {
    VARIANT("ansi", &ansi),
    VARIANT("generic_opt", &generic_opt),
    VARIANT("esp32s3", &esp32s3),
    VARIANT("esp32p4", &esp32p4),
    { .name = NULL },
};
