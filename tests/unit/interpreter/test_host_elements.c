/* tests/unit/interpreter/test_host_elements.c -- every variant of the kernels against the portable one, on all that
 * is not a product of int8 weights: random shapes, scales and zero points. */
#include "tests/unit/interpreter/variants.h"

#define ROUNDS 1500

enum {
    ADD = 0,
    AVERAGE_POOL = 1,
    CONV = 3,
    FULLY_CONNECTED = 9,
    LOGISTIC = 14,
    MAX_POOL = 17,
    MUL = 18,
    RELU = 19,
    RELU6 = 21,
    SOFTMAX = 25,
    TANH = 28,
    MEAN = 40,
    SUB = 41,
    LEAKY_RELU = 98,
    QUANTIZE = 114,
    HARD_SWISH = 117
};

static void set_scale(struct build_tensor *t)
{
    t->scale = (float)any(1, 500) / 1000;
    t->zero = t->type == THM_INT8 ? any(-128, 127) : any(0, 1) ? any(-300, 300) : 0;
}

static void set_tensor(struct build_tensor *t, enum thm_type type, int rank, const int32_t *shape)
{
    *t = (struct build_tensor){ .type = type, .rank = rank };
    memcpy(t->shape, shape, sizeof *shape * (size_t)rank);
    set_scale(t);
}

/* One input may have one element where the other has many. */
static bool make_binary(struct layer *l, int code)
{
    static const uint8_t options[] = { [ADD] = 11, [MUL] = 21, [SUB] = 28 };
    enum thm_type type = any(0, 1) ? THM_INT8 : THM_INT16;
    int32_t shape[3][4], spread = any(0, 2);
    for (int i = 0; i < 4; i++) {
        shape[2][i] = any(0, 3) ? any(1, 4) : i == 3 ? any(1, 40) : 1;
        shape[0][i] = spread == 1 && any(0, 1) ? 1 : shape[2][i];
        shape[1][i] = spread && shape[0][i] == shape[2][i] && any(0, 1) ? 1 : shape[2][i];
    }
    *l = (struct layer){ .op = { .code = (uint8_t)code,
                                 .options_type = options[code],
                                 .kinds = "1",
                                 .inputs = 2,
                                 .input = { 0, 1 },
                                 .output = 2,
                                 .value = { any(0, 3) } } };
    for (int i = 0; i < 3; i++) {
        set_tensor(&l->tensors[i], type, 4, shape[i]);
        if (type == THM_INT16 && code == MUL)
            l->tensors[i].zero = 0;
    }
    l->tensors[1].data = weights;
    l->tensors[1].bytes = (uint32_t)elements(&l->tensors[1]) * (type == THM_INT8 ? 1 : 2);
    l->net = (struct net){ l->tensors, 3, &l->op, 1, 1, { 0 }, 1, { 2 } };
    return l->tensors[1].bytes <= MOST_WEIGHTS;
}

static void make_unary(struct layer *l, int code, enum thm_type in, enum thm_type out)
{
    int32_t shape[] = { any(1, 9), any(0, 2) ? any(1, 40) : any(1, 300) };
    *l = (struct layer){ .op = { .code = (uint8_t)code, .inputs = 1, .output = 1 } };
    set_tensor(&l->tensors[0], in, 2, shape);
    set_tensor(&l->tensors[1], out, 2, shape);
    l->net = (struct net){ l->tensors, 2, &l->op, 1, 1, { 0 }, 1, { 1 } };
}

static bool make_with_table(struct layer *l, int code)
{
    make_unary(l, code, THM_INT8, THM_INT8);
    if (code == LOGISTIC) {
        l->tensors[1].scale = 1.0f / 256;
        l->tensors[1].zero = -128;
    }
    return true;
}

static bool make_relu(struct layer *l, int code)
{
    enum thm_type type = any(0, 1) ? THM_INT8 : THM_INT16;
    make_unary(l, code, type, type);
    if (code == RELU && type == THM_INT16)
        l->tensors[0].zero = l->tensors[1].zero = 0;
    if (code != LEAKY_RELU)
        return true;
    l->op.options_type = 75;
    l->op.kinds = "4";
    l->op.value[0] = float_bits((float)any(-20, 200) / 100);
    return true;
}

static bool make_quantize(struct layer *l, int code)
{
    static const enum thm_type types[] = { THM_FLOAT32, THM_INT8, THM_INT16 };
    make_unary(l, code, types[any(0, 2)], any(0, 3) ? THM_INT8 : THM_INT16);
    return elements(&l->tensors[0]) <= MOST_VALUES / 4;
}

static bool make_softmax(struct layer *l, int code)
{
    enum thm_type out = any(0, 2) ? THM_INT8 : THM_INT16;
    make_unary(l, code, THM_INT8, out);
    l->tensors[1].scale = out == THM_INT8 ? 1.0f / 256 : 1.0f / 65536;
    l->tensors[1].zero = out == THM_INT8 ? -128 : -32768;
    l->op.options_type = 9;
    l->op.kinds = "4";
    l->op.value[0] = float_bits((float)any(1, 30) / 10);
    return true;
}

static bool make_pool(struct layer *l, int code)
{
    int32_t padding = any(0, 1), fh = any(1, 5), fw = any(1, 5), sh = any(1, 3), sw = any(1, 3);
    int32_t in[] = { any(1, 2), any(fh, 9), any(fw, 9), any(1, 40) };
    int32_t out[] = { in[0], (in[1] + sh - (padding ? fh : 1)) / sh, (in[2] + sw - (padding ? fw : 1)) / sw, in[3] };
    *l = (struct layer){ .op = { (uint8_t)code, 1, { 0 }, 1, 5, "144441", { padding, sw, sh, fw, fh, any(0, 3) } } };
    set_tensor(&l->tensors[0], THM_INT8, 4, in);
    set_tensor(&l->tensors[1], THM_INT8, 4, out);
    l->tensors[1].scale = l->tensors[0].scale;
    l->tensors[1].zero = l->tensors[0].zero;
    l->net = (struct net){ l->tensors, 2, &l->op, 1, 1, { 0 }, 1, { 1 } };
    return elements(&l->tensors[0]) <= MOST_VALUES;
}

static bool make_mean(struct layer *l, int code)
{
    static int32_t axes[2];
    int32_t in[] = { any(1, 3), any(1, 6), any(1, 6), any(1, 40) }, out[4], count = any(1, 2);
    memcpy(out, in, sizeof in);
    for (int i = 0; i < count; i++) {
        axes[i] = any(0, 3);
        out[axes[i]] = 1;
    }
    *l = (struct layer){ .op = { (uint8_t)code, 2, { 0, 1 }, 2, 27, "1", { 1 } } };
    set_tensor(&l->tensors[0], THM_INT8, 4, in);
    l->tensors[1] = (struct build_tensor){ THM_INT32, 1, { count }, axes, 4 * (uint32_t)count, 0, 0, 0 };
    set_tensor(&l->tensors[2], THM_INT8, 4, out);
    l->net = (struct net){ l->tensors, 3, &l->op, 1, 1, { 0 }, 1, { 2 } };
    return elements(&l->tensors[0]) <= MOST_VALUES;
}

/* Float32: weights and bias from the same numbers. */
static void set_products(struct layer *l, int rank, const int32_t *in, const int32_t *filter, const int32_t *out)
{
    static float numbers[MOST_WEIGHTS / sizeof(float)];
    const int32_t *shapes[] = { in, filter, &filter[0], out };
    fill_floats(numbers, MOST_WEIGHTS / sizeof(float), 0.01f);
    for (int i = 0; i < 4; i++) {
        set_tensor(&l->tensors[i], THM_FLOAT32, i == 2 ? 1 : rank, shapes[i]);
        l->tensors[i].data = i == 1 || i == 2 ? numbers : NULL;
        l->tensors[i].bytes = 4 * (uint32_t)elements(&l->tensors[i]);
    }
    l->op.inputs = any(2, 3);
    l->op.input[1] = 1;
    l->op.input[2] = 2;
    l->op.output = 3;
    l->net = (struct net){ l->tensors, 4, &l->op, 1, 1, { 0 }, 1, { 3 } };
}

static bool make_conv(struct layer *l, int code)
{
    int32_t filter[] = { any(1, 40), any(1, 3), any(1, 3), any(1, 9) }, sh = any(1, 2), sw = any(1, 2);
    int32_t in[] = { any(1, 2), any(1, 6), any(1, 6), filter[3] * (any(0, 3) ? 1 : 2) };
    int32_t out[] = { in[0], (in[1] + sh - 1) / sh, (in[2] + sw - 1) / sw, filter[0] };
    *l = (struct layer){ .op = { (uint8_t)code, 0, { 0 }, 0, 1, "144144", { 0, sw, sh, any(0, 3), 1, 1 } } };
    set_products(l, 4, in, filter, out);
    return l->tensors[1].bytes <= MOST_WEIGHTS && l->tensors[3].bytes <= MOST_VALUES;
}

static bool make_fully_connected(struct layer *l, int code)
{
    int32_t filter[] = { any(1, 40), any(1, 40) }, in[] = { any(1, 4), filter[1] }, out[] = { in[0], filter[0] };
    *l = (struct layer){ .op = { .code = (uint8_t)code, .options_type = 8, .kinds = "1111", .value = { any(0, 3) } } };
    set_products(l, 2, in, filter, out);
    return l->tensors[1].bytes <= MOST_WEIGHTS;
}

static void check_random(int code, bool (*make)(struct layer *l, int code))
{
    struct layer l;
    int made = 0;
    seed = (uint32_t)code + 1;
    for (int i = 0; i < ROUNDS; i++) {
        if (!make(&l, code))
            continue;
        fill(weights, sizeof weights);
        fill(input, sizeof input);
        if (l.tensors[0].type == THM_FLOAT32 && code == QUANTIZE)
            fill_odd_floats(input, sizeof input / sizeof(float), l.tensors[1].scale);
        else if (l.tensors[0].type == THM_FLOAT32)
            fill_floats(input, sizeof input / sizeof(float), 0.01f);
        made += check_layer(&l);
    }
    assert_true(made > ROUNDS / 8);
}

#define TEST(name, code, make)                                              \
    static void name##__every_variant_gives_the_portable_bits(void **state) \
    {                                                                       \
        (void)state;                                                        \
        check_random(code, make);                                           \
    }
TEST(add, ADD, make_binary)
TEST(sub, SUB, make_binary)
TEST(mul, MUL, make_binary)
TEST(logistic, LOGISTIC, make_with_table)
TEST(tanh, TANH, make_with_table)
TEST(hard_swish, HARD_SWISH, make_with_table)
TEST(relu, RELU, make_relu)
TEST(relu6, RELU6, make_relu)
TEST(leaky_relu, LEAKY_RELU, make_relu)
TEST(quantize, QUANTIZE, make_quantize)
TEST(softmax, SOFTMAX, make_softmax)
TEST(average_pool, AVERAGE_POOL, make_pool)
TEST(max_pool, MAX_POOL, make_pool)
TEST(mean, MEAN, make_mean)
TEST(conv_f32, CONV, make_conv)
TEST(fully_connected_f32, FULLY_CONNECTED, make_fully_connected)

int main(void)
{
#define ROW(name) cmocka_unit_test(name##__every_variant_gives_the_portable_bits)
    const struct CMUnitTest tests[] = {
        ROW(add),        ROW(sub),        ROW(mul),      ROW(logistic),
        ROW(tanh),       ROW(hard_swish), ROW(relu),     ROW(relu6),
        ROW(leaky_relu), ROW(quantize),   ROW(softmax),  ROW(average_pool),
        ROW(max_pool),   ROW(mean),       ROW(conv_f32), ROW(fully_connected_f32),
    };
    return cmocka_run_group_tests_name("host_elements", tests, NULL, NULL);
}
