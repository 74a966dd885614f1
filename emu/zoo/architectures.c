/* The sixteen models of OTA-TinyML (Sudharsan et al., IEEE Internet Computing 26(3), 2022), as tables.
 *
 * Layers, shapes and quantisation of inputs and outputs are facts about the published models, read from the files of
 * ARM-software/ML-zoo and (magic_wand, micro_speech) of TensorFlow Lite Micro's examples where those are public. Sizes are
 * those of the files in bharathsudharsan/OTA-TinyML. The weights are this project's own: random numbers. */
#include "emu/zoo/architecture.h"

static const struct thm_layer magic_wand[] = {
    THM_DEPTHWISE(4, 3, 1, 8, RELU), THM_POOL(MAX, 3, 3, 3, 3, VALID), THM_CONV(4, 1, 1, 1, SAME, 16, RELU),
    THM_POOL(MAX, 3, 1, 3, 1, SAME), THM_DENSE(16, RELU), THM_DENSE_HEAD(4), THM_SOFTMAX(),
};

static const struct thm_layer micro_speech[] = {
    THM_RESHAPE(1, 49, 40, 1), THM_DEPTHWISE(10, 8, 2, 8, RELU), THM_DENSE_HEAD(4), THM_SOFTMAX(),
};

static const struct thm_layer vww2[] = {
    THM_CONV(3, 3, 2, 2, SAME, 12, RELU6), THM_BOTTLENECK(4, 1, 8, false), THM_BOTTLENECK(28, 2, 24, false),
    THM_BOTTLENECK(28, 1, 20, true), THM_BOTTLENECK(128, 2, 28, false), THM_BOTTLENECK(152, 1, 16, true),
    THM_BOTTLENECK(152, 1, 28, true), THM_BOTTLENECK(152, 2, 24, false), THM_BOTTLENECK(112, 1, 24, true),
    THM_BOTTLENECK(112, 1, 12, true), THM_BOTTLENECK(76, 1, 32, true), THM_BOTTLENECK(76, 1, 16, false),
    THM_BOTTLENECK(56, 1, 28, true), THM_BOTTLENECK(56, 1, 28, true), THM_BOTTLENECK(56, 2, 16, false),
    THM_BOTTLENECK(96, 1, 16, true), THM_BOTTLENECK(96, 1, 16, true), THM_BOTTLENECK(96, 1, 32, false),
    THM_POINTWISE(128, RELU6), THM_POOL(AVERAGE, 2, 2, 2, 2, SAME), THM_CONV_HEAD(2), THM_RESHAPE(1, 2),
};

static const struct thm_layer vww3[] = {
    THM_CONV(3, 3, 2, 2, SAME, 9, RELU6), THM_BOTTLENECK(3, 1, 6, false), THM_BOTTLENECK(9, 2, 14, false),
    THM_BOTTLENECK(28, 1, 16, true), THM_BOTTLENECK(28, 2, 32, false), THM_BOTTLENECK(115, 1, 25, true),
    THM_BOTTLENECK(115, 1, 32, true), THM_BOTTLENECK(172, 2, 51, false), THM_BOTTLENECK(307, 1, 51, true),
    THM_BOTTLENECK(307, 1, 44, true), THM_BOTTLENECK(307, 1, 57, true), THM_BOTTLENECK(230, 1, 48, false),
    THM_BOTTLENECK(288, 1, 48, true), THM_BOTTLENECK(288, 1, 76, true), THM_BOTTLENECK(115, 2, 16, false),
    THM_BOTTLENECK(96, 1, 16, true), THM_BOTTLENECK(96, 1, 16, true), THM_BOTTLENECK(96, 1, 32, false),
    THM_POINTWISE(128, RELU6), THM_POOL(AVERAGE, 4, 4, 4, 4, SAME), THM_CONV_HEAD(2), THM_RESHAPE(1, 2),
};

static const struct thm_layer vww4[] = {
    THM_CONV(3, 3, 2, 2, SAME, 8, RELU6), THM_BOTTLENECK(4, 1, 4, false), THM_BOTTLENECK(8, 2, 12, false),
    THM_BOTTLENECK(14, 1, 16, true), THM_BOTTLENECK(28, 2, 32, false), THM_BOTTLENECK(96, 1, 28, true),
    THM_BOTTLENECK(96, 1, 28, true), THM_BOTTLENECK(152, 2, 44, false), THM_BOTTLENECK(268, 1, 40, true),
    THM_BOTTLENECK(268, 1, 52, true), THM_BOTTLENECK(268, 1, 44, true), THM_BOTTLENECK(192, 1, 68, false),
    THM_BOTTLENECK(172, 1, 68, true), THM_BOTTLENECK(172, 1, 48, true), THM_BOTTLENECK(288, 2, 16, false),
    THM_BOTTLENECK(96, 1, 16, true), THM_BOTTLENECK(96, 1, 32, true), THM_BOTTLENECK(96, 1, 32, false),
    THM_POINTWISE(128, RELU6), THM_POOL(AVERAGE, 4, 4, 4, 4, SAME), THM_CONV_HEAD(2), THM_RESHAPE(1, 2),
};

/* From the description beside the model (definition.yaml and the script that builds it) in ML-zoo, folder
 * models/speech_recognition/wav2letter. */
static const struct thm_layer wav2letter[] = {
    THM_RESHAPE(1, 1, 296, 39), THM_CONV(1, 48, 1, 2, SAME, 250, NONE), THM_LEAKY_RELU(),
    THM_CONV(1, 7, 1, 1, SAME, 250, NONE), THM_LEAKY_RELU(), THM_CONV(1, 7, 1, 1, SAME, 250, NONE),
    THM_LEAKY_RELU(), THM_CONV(1, 7, 1, 1, SAME, 250, NONE), THM_LEAKY_RELU(),
    THM_CONV(1, 7, 1, 1, SAME, 250, NONE), THM_LEAKY_RELU(), THM_CONV(1, 7, 1, 1, SAME, 250, NONE),
    THM_LEAKY_RELU(), THM_CONV(1, 7, 1, 1, SAME, 250, NONE), THM_LEAKY_RELU(),
    THM_CONV(1, 7, 1, 1, SAME, 250, NONE), THM_LEAKY_RELU(), THM_CONV(1, 32, 1, 1, SAME, 2000, NONE),
    THM_LEAKY_RELU(), THM_POINTWISE(2000, NONE), THM_LEAKY_RELU(), THM_CONV_HEAD(29), THM_SOFTMAX(),
};

static const struct thm_layer dnn_s[] = {
    THM_QUANTIZE(), THM_DENSE(144, RELU), THM_DENSE(144, RELU), THM_DENSE(144, RELU), THM_DENSE_HEAD(12),
    THM_SOFTMAX(), THM_DEQUANTIZE(),
};

static const struct thm_layer dnn_m[] = {
    THM_QUANTIZE(), THM_DENSE(256, RELU), THM_DENSE(256, RELU), THM_DENSE(256, RELU), THM_DENSE_HEAD(12),
    THM_SOFTMAX(), THM_DEQUANTIZE(),
};

static const struct thm_layer dnn_l[] = {
    THM_QUANTIZE(), THM_DENSE(436, RELU), THM_DENSE(436, RELU), THM_DENSE(436, RELU), THM_DENSE_HEAD(12),
    THM_SOFTMAX(), THM_DEQUANTIZE(),
};

static const struct thm_layer cnn_s[] = {
    THM_QUANTIZE(), THM_RESHAPE(1, 49, 10, 1), THM_CONV(10, 4, 1, 1, VALID, 28, RELU),
    THM_CONV(10, 4, 2, 1, VALID, 30, RELU), THM_RESHAPE(1, 1920), THM_DENSE(16, NONE), THM_DENSE(128, RELU),
    THM_DENSE_HEAD(12), THM_SOFTMAX(), THM_DEQUANTIZE(),
};

static const struct thm_layer cnn_m[] = {
    THM_QUANTIZE(), THM_RESHAPE(1, 49, 10, 1), THM_CONV(10, 4, 1, 1, VALID, 64, RELU),
    THM_CONV(10, 4, 2, 1, VALID, 48, RELU), THM_RESHAPE(1, 3072), THM_DENSE(16, NONE), THM_DENSE(128, RELU),
    THM_DENSE_HEAD(12), THM_SOFTMAX(), THM_DEQUANTIZE(),
};

static const struct thm_layer cnn_l[] = {
    THM_QUANTIZE(), THM_RESHAPE(1, 49, 10, 1), THM_CONV(10, 4, 1, 1, VALID, 60, RELU),
    THM_CONV(10, 4, 2, 1, VALID, 76, RELU), THM_RESHAPE(1, 4864), THM_DENSE(58, NONE), THM_DENSE(128, RELU),
    THM_DENSE_HEAD(12), THM_SOFTMAX(), THM_DEQUANTIZE(),
};

static const struct thm_layer mobilenet_v2[] = {
    THM_CONV(3, 3, 2, 2, SAME, 32, RELU6), THM_DEPTHWISE(3, 3, 1, 1, RELU6), THM_POINTWISE(16, NONE),
    THM_BOTTLENECK(96, 2, 24, false), THM_BOTTLENECK(144, 1, 24, true), THM_BOTTLENECK(144, 2, 32, false),
    THM_BOTTLENECK(192, 1, 32, true), THM_BOTTLENECK(192, 1, 32, true), THM_BOTTLENECK(192, 2, 64, false),
    THM_BOTTLENECK(384, 1, 64, true), THM_BOTTLENECK(384, 1, 64, true), THM_BOTTLENECK(384, 1, 64, true),
    THM_BOTTLENECK(384, 1, 96, false), THM_BOTTLENECK(576, 1, 96, true), THM_BOTTLENECK(576, 1, 96, true),
    THM_BOTTLENECK(576, 2, 160, false), THM_BOTTLENECK(960, 1, 160, true),
    THM_BOTTLENECK(960, 1, 160, true), THM_BOTTLENECK(960, 1, 320, false), THM_POINTWISE(1280, RELU6),
    THM_POOL(AVERAGE, 7, 7, 1, 1, VALID), THM_CONV_HEAD(1001), THM_RESHAPE(1, 1001), THM_SOFTMAX(),
};

static const struct thm_layer ad_small[] = {
    THM_CONV(3, 3, 1, 1, SAME, 72, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(164, RELU6),
    THM_DEPTHWISE(3, 3, 1, 1, RELU6), THM_POINTWISE(220, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6),
    THM_POINTWISE(276, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(276, RELU6),
    THM_POOL(AVERAGE, 4, 4, 1, 1, VALID), THM_CONV_HEAD(8), THM_RESHAPE(1, 8),
};

/* The layers of the revision of 493552 bytes; those of the 463792-byte one are not public, but these fit it. */
static const struct thm_layer ad_medium[] = {
    THM_CONV(3, 3, 1, 1, SAME, 192, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(276, RELU6),
    THM_DEPTHWISE(3, 3, 1, 1, RELU6), THM_POINTWISE(276, RELU6), THM_DEPTHWISE(3, 3, 1, 1, RELU6),
    THM_POINTWISE(276, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(276, RELU6),
    THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(276, RELU6), THM_POOL(AVERAGE, 4, 4, 1, 1, VALID),
    THM_CONV_HEAD(8), THM_RESHAPE(1, 8),
};

static const struct thm_layer ad_large[] = {
    THM_CONV(3, 3, 1, 1, SAME, 276, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(248, RELU6),
    THM_DEPTHWISE(3, 3, 1, 1, RELU6), THM_POINTWISE(276, RELU6), THM_DEPTHWISE(3, 3, 1, 1, RELU6),
    THM_POINTWISE(276, RELU6), THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(248, RELU6),
    THM_DEPTHWISE(3, 3, 2, 1, RELU6), THM_POINTWISE(248, RELU6), THM_POOL(AVERAGE, 4, 4, 1, 1, VALID),
    THM_CONV_HEAD(8), THM_RESHAPE(1, 8),
};

#define LAYERS(table) .layers = table, .layer_count = sizeof table / sizeof table[0]

const struct thm_architecture thm_architectures[] = {
    { .name = "magic_wand", .title = "magic wand: accelerometer gestures, float CNN", .file_bytes = 19616,
      .input = { 1, 128, 3, 1 }, .float_input = true, .float_inside = true, .input_rms = 1.0f,
      LAYERS(magic_wand) },
    { .name = "micro_speech", .title = "micro speech: yes or no, small CNN", .file_bytes = 18712,
      .input = { 1, 1960 }, .input_rms = 15.0f,
      .in = { 0.101716f, -128 },
      LAYERS(micro_speech) },
    { .name = "vww2_50_50_INT8", .title = "MicroNet VWW-2: visual wake words", .file_bytes = 280384,
      .input = { 1, 50, 50, 1 }, .input_rms = 0.78f,
      .in = { 0.00754918f, -72 }, .out = { 0.0545782f, 34 },
      LAYERS(vww2) },
    { .name = "vww3_128_128_INT8", .title = "MicroNet VWW-3: visual wake words", .file_bytes = 542400,
      .input = { 1, 128, 128, 1 }, .input_rms = 0.79f,
      .in = { 0.00785966f, -69 }, .out = { 0.0375207f, -9 },
      LAYERS(vww3) },
    { .name = "vww4_128_128_INT8", .title = "MicroNet VWW-4: visual wake words", .file_bytes = 490336,
      .input = { 1, 128, 128, 1 }, .input_rms = 0.83f,
      .in = { 0.00813783f, -70 }, .out = { 0.0222993f, -17 },
      LAYERS(vww4) },
    { .name = "wav2letter_pruned_int8", .title = "Wav2letter, pruned: speech recognition", .file_bytes = 23815520,
      .input = { 1, 296, 39 }, .sparse = true, .input_rms = 2.3f,
      .in = { 0.03125f, 0 },
      LAYERS(wav2letter) },
    { .name = "dnn_s_quantized", .title = "DNN S: keyword spotting, dense layers", .file_bytes = 84192,
      .input = { 1, 250 }, .float_input = true, .input_rms = 8.0f,
      .in = { 1.08091128f, 101 },
      LAYERS(dnn_s) },
    { .name = "dnn_m_quantized", .title = "DNN M: keyword spotting, dense layers", .file_bytes = 204480,
      .input = { 1, 250 }, .float_input = true, .input_rms = 8.0f,
      .in = { 1.08091128f, 101 },
      LAYERS(dnn_m) },
    { .name = "dnn_l_quantized", .title = "DNN L: keyword spotting, dense layers", .file_bytes = 502928,
      .input = { 1, 250 }, .float_input = true, .input_rms = 8.0f,
      .in = { 1.08091128f, 101 },
      LAYERS(dnn_l) },
    { .name = "cnn_s_quantized", .title = "CNN S: keyword spotting, convolutions", .file_bytes = 76752,
      .input = { 1, 490 }, .float_input = true, .input_rms = 8.0f,
      .in = { 1.08419f, 100 },
      LAYERS(cnn_s) },
    { .name = "cnn_m_quantized", .title = "CNN M: keyword spotting, convolutions", .file_bytes = 187840,
      .input = { 1, 490 }, .float_input = true, .input_rms = 8.0f,
      .in = { 1.08419f, 100 },
      LAYERS(cnn_m) },
    { .name = "cnn_l_quantized", .title = "CNN L: keyword spotting, convolutions", .file_bytes = 486560,
      .input = { 1, 490 }, .float_input = true, .input_rms = 8.0f,
      .in = { 1.08419f, 100 },
      LAYERS(cnn_l) },
    { .name = "mobilenet_v2_1.0_224_INT8", .title = "MobileNet v2 1.0 224: image classification", .file_bytes = 4020936,
      .input = { 1, 224, 224, 3 }, .input_rms = 0.58f,
      .in = { 0.00784314f, -1 },
      LAYERS(mobilenet_v2) },
    { .name = "ad_small_int8", .title = "MicroNet AD S: machine sound anomalies", .file_bytes = 252848,
      .input = { 1, 32, 32, 1 }, .zero_biases = true, .input_rms = 14.0f,
      .in = { 0.191926f, 11 }, .out = { 2.23542e-05f, 29 },
      LAYERS(ad_small) },
    { .name = "ad_medium_int8", .title = "MicroNet AD M: machine sound anomalies", .file_bytes = 463792,
      .input = { 1, 32, 32, 1 }, .input_rms = 14.0f,
      .in = { 0.192437f, 11 }, .out = { 0.0488911f, -30 },
      LAYERS(ad_medium) },
    { .name = "ad_large_int8", .title = "MicroNet AD L: machine sound anomalies", .file_bytes = 442000,
      .input = { 1, 32, 32, 1 }, .zero_biases = true, .input_rms = 14.0f,
      .in = { 0.191926f, 11 }, .out = { 2.31095e-05f, -55 },
      LAYERS(ad_large) },
};
const uint32_t thm_architecture_count = sizeof thm_architectures / sizeof thm_architectures[0];
