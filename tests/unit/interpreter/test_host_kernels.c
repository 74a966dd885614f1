/* tests/unit/interpreter/test_host_kernels.c -- every variant of the kernels for products of int8 against the portable
 * one, on layers of random shapes, weights and scales. */
#include "tests/unit/interpreter/variants.h"

#define ROUNDS 1500

enum { CONV = 3, DEPTHWISE = 4, FULLY_CONNECTED = 9 };

static int32_t bias[MOST_WEIGHTS];

static int32_t positions(int32_t padding, int32_t size, int32_t taps, int32_t stride, int32_t dilation)
{
    int32_t reach = (taps - 1) * dilation + 1;
    return padding == 0 ? (size + stride - 1) / stride : (size + stride - reach) / stride;
}

static void finish_layer(struct layer *l, int32_t channels)
{
    struct build_tensor *t = l->tensors;
    float scale = (float)any(1, 100) / 1000;
    t[0].zero = any(0, 3) ? any(-128, 127) : any(0, 1) ? -128 : 127;
    t[0].scale = scale;
    t[1].scale = (float)any(1, 100) / 500;
    t[2] = (struct build_tensor){ THM_INT32, 1, { channels }, bias, 4 * (uint32_t)channels, scale * t[1].scale, 0, 0 };
    t[3].scale = scale * t[1].scale * (float)any(1, 4000);
    if (any(0, 9) == 0)
        t[1].scale = -t[1].scale; /* some converters write it so */
    t[3].zero = any(-128, 127);
    t[1].data = weights;
    t[1].bytes = (uint32_t)elements(&t[1]);
    for (int32_t i = 0; i < channels; i++)
        bias[i] = any(0, 9) ? any(-20000, 20000) : any(0, 1) ? INT32_MAX : INT32_MIN;
    for (int i = 0; i < 4; i++)
        t[i].type = i == 2 ? THM_INT32 : THM_INT8;
    l->net = (struct net){ t, 4, &l->op, 1, 1, { 0 }, 1, { 3 } };
    l->op.input[1] = 1;
    l->op.input[2] = 2;
    l->op.inputs = any(0, 4) ? 3 : 2;
    l->op.output = 3;
}

static void make_fully_connected(struct layer *l)
{
    int32_t rows = any(0, 2) ? any(1, 3) : any(1, 20), depth = any(1, 150), channels = any(1, 20);
    *l =
        (struct layer){ .op = { .code = FULLY_CONNECTED, .options_type = 8, .kinds = "1111", .value = { any(0, 1) } } };
    l->tensors[0] = (struct build_tensor){ .rank = 2, .shape = { rows, depth } };
    l->tensors[1] = (struct build_tensor){ .rank = 2, .shape = { channels, depth } };
    l->tensors[3] = (struct build_tensor){ .rank = 2, .shape = { rows, channels } };
    finish_layer(l, channels);
}

/* false: these numbers make no layer; try others. */
static bool make_conv(struct layer *l, int code)
{
    int32_t in_c = any(0, 2) ? any(1, 40) : any(1, 4), multiplier = any(0, 3) || in_c > 8 ? 1 : any(1, 8);
    int32_t out_c = code == DEPTHWISE ? in_c * multiplier : any(1, 20), fh = any(1, 4), fw = any(1, 4);
    int32_t h = any(1, 9), w = any(1, 9), padding = any(0, 1), sw = any(1, 2), sh = any(1, 2);
    int32_t dw = any(0, 3) ? 1 : 2, dh = any(0, 3) ? 1 : 2, act = any(0, 3), batches = any(1, 2);
    int32_t oh = positions(padding, h, fh, sh, dh), ow = positions(padding, w, fw, sw, dw);
    if (any(0, 4) == 0 && code == CONV)
        fh = fw = sw = sh = 1, oh = h, ow = w;
    *l = (struct layer){ .op = { .code = (uint8_t)code, .options_type = code == CONV ? 1 : 2 } };
    if (code == CONV)
        l->op = (struct build_op){ CONV, 0, { 0 }, 0, 1, "144144", { padding, sw, sh, act, dw, dh } };
    else
        l->op = (struct build_op){ DEPTHWISE, 0, { 0 }, 0, 2, "1444144", { padding, sw, sh, multiplier, act, dw, dh } };
    l->tensors[0] = (struct build_tensor){ .rank = 4, .shape = { batches, h, w, in_c } };
    l->tensors[1] = (struct build_tensor){ .rank = 4, .shape = { out_c, fh, fw, in_c } };
    if (code == DEPTHWISE)
        l->tensors[1] = (struct build_tensor){ .rank = 4, .shape = { 1, fh, fw, out_c } };
    l->tensors[3] = (struct build_tensor){ .rank = 4, .shape = { batches, oh, ow, out_c } };
    bool fits = oh > 0 && ow > 0 && elements(&l->tensors[1]) <= MOST_WEIGHTS &&
                elements(&l->tensors[0]) <= MOST_VALUES && elements(&l->tensors[3]) <= MOST_VALUES;
    if (fits)
        finish_layer(l, out_c);
    return fits;
}

static void check_random(int code)
{
    struct layer l;
    int made = 0;
    seed = (uint32_t)code;
    for (int i = 0; i < ROUNDS; i++) {
        bool fits = true;
        if (code == FULLY_CONNECTED)
            make_fully_connected(&l);
        else
            fits = make_conv(&l, code);
        fill(weights, sizeof weights);
        fill(input, sizeof input);
        made += fits && check_layer(&l);
    }
    assert_true(made > ROUNDS / 3);
}

static void conv__every_variant_gives_the_portable_bits(void **state)
{
    (void)state;
    check_random(CONV);
}

static void depthwise__every_variant_gives_the_portable_bits(void **state)
{
    (void)state;
    check_random(DEPTHWISE);
}

static void fully_connected__every_variant_gives_the_portable_bits(void **state)
{
    (void)state;
    check_random(FULLY_CONNECTED);
}

static void kernels__are_found_by_name_and_the_best_is_the_last(void **state)
{
    const struct thm_kernels *k, *last = NULL;
    (void)state;
    assert_string_equal(thm_kernels_name(thm_kernels_at(0)), "portable");
    for (size_t i = 0; (k = thm_kernels_at(i)); i++) {
        assert_ptr_equal(thm_kernels_find(thm_kernels_name(k)), k);
        last = k;
    }
    assert_ptr_equal(thm_kernels_best(), last);
    assert_null(thm_kernels_find("portabl"));
    assert_null(thm_kernels_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels__are_found_by_name_and_the_best_is_the_last),
        cmocka_unit_test(conv__every_variant_gives_the_portable_bits),
        cmocka_unit_test(depthwise__every_variant_gives_the_portable_bits),
        cmocka_unit_test(fully_connected__every_variant_gives_the_portable_bits),
    };
    return cmocka_run_group_tests_name("host_kernels", tests, NULL, NULL);
}
