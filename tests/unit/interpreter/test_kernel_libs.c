/* Kernel libraries: scratch requests by their rules, worked out by hand, above all where no known model goes. */
#include "interpreter/inspect.h"
#include "interpreter/kernel_library.h"
#include "tests/unit/interpreter/builder.h"

#define ARENA (4u << 20)
#define MOST  4

enum { CONV = 3, DEPTHWISE = 4, FULLY_CONNECTED = 9, TRANSPOSE_CONV = 67 };
enum { SAME = 0, VALID = 1 };

struct wanted { /* scratch sizes of the only operator, in order; -1 ends them */
    const char *library;
    int32_t bytes[MOST];
};

struct seen {
    int32_t bytes[MOST + 1];
    int count;
};

static void see(void *ctx, const struct thm_planned_buffer *b)
{
    struct seen *s = ctx;
    if (b->tensor < 0 && s->count < MOST)
        s->bytes[s->count++] = (int32_t)b->bytes;
}

static enum thm_nn_err allocate(struct bench *b, void *arena, const char *library, const struct thm_plan_observer *o)
{
    const struct thm_kernel_library *l = thm_kernel_library_find(library);
    const struct thm_layout *layout = thm_kernel_library_layout(l);
    thm_interpreter_init(&b->it, &b->model, layout ? layout : thm_layout_find("cortex_m"), arena, ARENA, NULL);
    assert_int_equal(thm_interpreter_set_library(&b->it, l), THM_NN_OK);
    assert_int_equal(thm_interpreter_observe_plan(&b->it, o), THM_NN_OK);
    return thm_interpreter_allocate(&b->it, &b->diag);
}

static void expect_scratch(const struct net *n, const struct wanted *w, size_t count)
{
    static struct bench b;
    uint8_t *arena = aligned_alloc(16, ARENA);
    memset(&b, 0, sizeof b);
    b.bytes = build_custom_net(&b.file, n, NULL);
    assert_int_equal(thm_model_open(&b.model, b.file.data, b.bytes, &b.diag), THM_NN_OK);
    for (size_t i = 0; i < count; i++) {
        struct seen s = { .count = 0 };
        const struct thm_plan_observer o = { &s, NULL, see };
        int k = 0;
        if (allocate(&b, arena, w[i].library, &o) != THM_NN_OK)
            fail_msg("%s: %s", w[i].library, b.diag.what);
        for (; k < MOST && w[i].bytes[k] >= 0; k++)
            if (k >= s.count || s.bytes[k] != w[i].bytes[k])
                fail_msg("%s: request %d of %d is %d, not %d", w[i].library, k, s.count, s.bytes[k], w[i].bytes[k]);
        if (s.count != k)
            fail_msg("%s: %d requests, not %d", w[i].library, s.count, k);
    }
    free(arena);
}
struct window {
    enum thm_type type, filter_type;
    int32_t in[4], filter[4], out[4];
    int32_t padding, stride, dilation, multiplier;
};

#define TENSOR(t, s)                                                  \
    {                                                                 \
        t, 4, { (s)[0], (s)[1], (s)[2], (s)[3] }, NULL, 0, 0.5f, 0, 0 \
    }
#define WINDOW_NET(label, code, opt, kind, win, ...)                                               \
    const struct window w = win;                                                                   \
    const struct build_tensor tensors[] = { TENSOR(w.type, w.in), TENSOR(w.filter_type, w.filter), \
                                            TENSOR(w.type, w.out) };                               \
    const struct build_op op[] = { { code, 2, { 0, 1 }, 2, opt, kind, { __VA_ARGS__ } } };         \
    const struct net label = { tensors, 3, op, 1, 2, { 0, 1 }, 1, { 2 } }

static void expect_conv(struct window win, const struct wanted *want, size_t count)
{
    WINDOW_NET(n, CONV, 1, "144144", win, w.padding, w.stride, w.stride, 0, w.dilation, w.dilation);
    expect_scratch(&n, want, count);
}

static void expect_depthwise(struct window win, const struct wanted *want, size_t count)
{
    WINDOW_NET(n, DEPTHWISE, 2, "1444144", win, w.padding, w.stride, w.stride, w.multiplier, 0, w.dilation, w.dilation);
    expect_scratch(&n, want, count);
}
#define WANT(...) \
    (const struct wanted[]){ __VA_ARGS__ }, sizeof((const struct wanted[]){ __VA_ARGS__ }) / sizeof(struct wanted)

static void cmsis_conv__of_one_row_copies_less_with_mve(void **state)
{
    (void)state;
    struct window w = { THM_INT8, THM_INT8, { 1, 1, 10, 4 }, { 8, 1, 3, 4 }, { 1, 1, 8, 8 }, VALID, 1, 1, 0 };
    expect_conv(w, WANT({ "reference", { -1 } }, { "cmsis-nn:no_simd", { 48, -1 } }, { "cmsis-nn:dsp", { 48, -1 } },
                        { "cmsis-nn:mve", { 12, -1 } }));
    w.padding = SAME;
    w.out[2] = 10;
    expect_conv(w, WANT({ "cmsis-nn:mve", { 16, -1 } }));
    w.stride = 2; /* pads only on the right */
    w.out[2] = 5;
    expect_conv(w, WANT({ "cmsis-nn:dsp", { 48, -1 } }, { "cmsis-nn:mve", { 12, -1 } }));
}

static void cmsis_conv__dilated_or_grouped_is_general(void **state)
{
    (void)state;
    struct window dilated = { THM_INT8, THM_INT8, { 1, 1, 10, 4 }, { 8, 1, 3, 4 }, { 1, 1, 6, 8 }, VALID, 1, 2, 0 };
    expect_conv(dilated, WANT({ "cmsis-nn", { 48, -1 } }, { "cmsis-nn:mve", { 64, -1 } }));
    struct window grouped = { THM_INT8, THM_INT8, { 1, 5, 5, 8 }, { 4, 3, 3, 4 }, { 1, 3, 3, 4 }, VALID, 1, 1, 0 };
    expect_conv(grouped, WANT({ "cmsis-nn:no_simd", { 288, -1 } }, { "cmsis-nn:mve", { 320, -1 } }));
}

static void conv__of_an_int4_filter_is_unpacked_but_by_cmsis(void **state)
{
    (void)state;
    struct window w = { THM_INT8, THM_INT4, { 1, 5, 5, 4 }, { 8, 3, 3, 4 }, { 1, 3, 3, 8 }, VALID, 1, 1, 0 };
    expect_conv(w, WANT({ "reference", { 288, -1 } }, { "cmsis-nn:dsp", { 144, -1 } }, { "esp-nn:ansi", { 288, -1 } },
                        { "esp-nn:esp32p4", { 288, 4 * 8 + 36 + 32, -1 } }));
    w.filter_type = THM_INT8;
    w.type = THM_INT16;
    expect_conv(w, WANT({ "reference", { -1 } }, { "cmsis-nn:dsp", { 144, -1 } }, { "cmsis-nn:mve", { 320, -1 } },
                        { "esp-nn:esp32s3", { -1 } }));
}

static void cmsis_depthwise__goes_by_kernel_and_channels(void **state)
{
    (void)state;
    struct window w = { THM_INT8, THM_INT8, { 1, 8, 8, 16 }, { 1, 5, 5, 16 }, { 1, 4, 4, 16 }, VALID, 1, 1, 1 };
    expect_depthwise(
        w, WANT({ "cmsis-nn:no_simd", { -1 } }, { "cmsis-nn:dsp", { 800, -1 } }, { "cmsis-nn:mve", { 12400, -1 } }));
    w.filter_type = THM_INT4;
    expect_depthwise(w, WANT({ "cmsis-nn:no_simd", { 800, -1 } }, { "cmsis-nn:mve", { 12400, -1 } }));
    struct window three = { THM_INT8, THM_INT8, { 1, 8, 8, 16 }, { 1, 3, 3, 16 }, { 1, 6, 6, 16 }, VALID, 1, 1, 1 };
    expect_depthwise(three, WANT({ "cmsis-nn:dsp", { -1 } }, { "cmsis-nn:mve", { 4464, -1 } }));
    struct window one = { THM_INT8, THM_INT8, { 1, 8, 8, 1 }, { 1, 3, 3, 8 }, { 1, 8, 8, 8 }, SAME, 1, 1, 8 };
    expect_depthwise(one, WANT({ "cmsis-nn:dsp", { -1 } }, { "cmsis-nn:mve", { 64 + 72, -1 } }));
}

static void esp_depthwise__with_a_multiplier_goes_by_fours(void **state)
{
    (void)state;
    struct window four = { THM_INT8, THM_INT8, { 1, 6, 6, 2 }, { 1, 3, 3, 8 }, { 1, 4, 4, 8 }, VALID, 1, 1, 4 };
    expect_depthwise(four, WANT({ "esp-nn:esp32s3", { 320, -1 } }, { "esp-nn:esp32p4", { -1 } }));
    struct window three = { THM_INT8, THM_INT8, { 1, 6, 6, 2 }, { 1, 3, 3, 6 }, { 1, 4, 4, 6 }, VALID, 1, 1, 3 };
    expect_depthwise(three, WANT({ "esp-nn:esp32s3", { 32, -1 } }, { "esp-nn:generic_opt", { -1 } }));
}

static void esp32p4_conv__of_one_channel_is_cut_into_tiles(void **state)
{
    (void)state;
    struct window small = { THM_INT8, THM_INT8, { 1, 32, 32, 1 }, { 8, 3, 3, 1 }, { 1, 32, 32, 8 }, SAME, 1, 1, 0 };
    expect_conv(small, WANT({ "esp-nn:esp32p4", { 2372, -1 } }));
    struct window large = { THM_INT8, THM_INT8, { 1, 200, 200, 1 }, { 8, 3, 3, 1 }, { 1, 200, 200, 8 }, SAME, 1, 1, 0 };
    expect_conv(large, WANT({ "esp-nn:esp32p4", { 36768, -1 } }));
}

static void expect_transpose(int32_t channels, const struct wanted *want, size_t count)
{
    static const int32_t shape[] = { 1, 8, 8, 4 };
    const struct build_tensor tensors[] = {
        { THM_INT32, 1, { 4 }, shape, sizeof shape, 0, 0, 0 },
        { THM_INT8, 4, { 4, 3, 3, channels }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT8, 4, { 1, 4, 4, channels }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT8, 4, { 1, 8, 8, 4 }, NULL, 0, 0.5f, 0, 0 },
    };
    const struct build_op op[] = { { TRANSPOSE_CONV, 3, { 0, 1, 2 }, 3, 49, "144", { SAME, 2, 2 } } };
    const struct net n = { tensors, 4, op, 1, 2, { 1, 2 }, 1, { 3 } };
    expect_scratch(&n, want, count);
}

static void cmsis_transpose_conv__always_asks_twice(void **state)
{
    (void)state;
    expect_transpose(
        8, WANT({ "reference", { 1024, -1 } }, { "cmsis-nn:dsp", { 432, 0, -1 } }, { "esp-nn", { 1024, -1 } }));
    expect_transpose(32, WANT({ "cmsis-nn:dsp", { 1152, 1152, -1 } }, { "cmsis-nn:mve", { 1152, 1152, -1 } }));
}

static void cmsis_fully_connected__keeps_sums_only_of_constants(void **state)
{
    static const int8_t weights[8 * 16];
    (void)state;
    struct build_tensor tensors[] = {
        { THM_INT8, 2, { 1, 16 }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT8, 2, { 8, 16 }, NULL, 0, 0.5f, 0, 0 },
        { THM_INT8, 2, { 1, 8 }, NULL, 0, 0.5f, 0, 0 },
    };
    const struct build_op op[] = { { FULLY_CONNECTED, 2, { 0, 1 }, 2, 8, "1", { 0 } } };
    struct net n = { tensors, 3, op, 1, 2, { 0, 1 }, 1, { 2 } };
    expect_scratch(
        &n, WANT({ "cmsis-nn:dsp", { -1 } }, { "cmsis-nn:mve", { 32, -1 } }, { "cmsis-nn:mve_size", { 32, -1 } }));
    tensors[1].data = weights;
    tensors[1].bytes = sizeof weights;
    n.inputs = 1;
    expect_scratch(&n, WANT({ "cmsis-nn:mve", { -1 } }, { "cmsis-nn:mve_size", { 32, -1 } }));
}

static void an_operator_that_cannot_run_in_its_scratch__refuses(void **state)
{
    static struct bench b;
    (void)state;
    uint8_t *arena = aligned_alloc(16, ARENA);
    const struct window win = { THM_INT8, THM_INT4, { 1, 5, 5, 4 }, { 8, 3, 3, 4 }, { 1, 3, 3, 8 }, VALID, 1, 1, 0 };
    WINDOW_NET(n, CONV, 1, "144144", win, w.padding, w.stride, w.stride, 0, 1, 1);
    b.bytes = build_custom_net(&b.file, &n, NULL);
    assert_int_equal(thm_model_open(&b.model, b.file.data, b.bytes, &b.diag), THM_NN_OK);
    assert_int_equal(allocate(&b, arena, "cmsis-nn:mve", NULL), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), THM_NN_EINVOKE);
    assert_int_equal(b.diag.op, 0);
    assert_int_equal(thm_interpreter_set_library(&b.it, thm_kernel_library_find("reference")), THM_NN_EUSE);
    assert_int_equal(allocate(&b, arena, "reference", NULL), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), THM_NN_OK);
    free(arena);
}

static void a_library__goes_with_its_layout_only(void **state)
{
    struct thm_interpreter it;
    struct thm_model m = { 0 };
    const struct thm_kernel_library *l;
    (void)state;
    assert_null(thm_kernel_library_find("cmsis-nn:"));
    assert_null(thm_kernel_library_find("esp"));
    for (size_t i = 0; (l = thm_kernel_library_at(i)); i++)
        assert_ptr_equal(thm_kernel_library_find(thm_kernel_library_name(l)), l);
    thm_interpreter_init(&it, &m, thm_layout_find("i386"), NULL, 0, NULL);
    assert_int_equal(thm_interpreter_set_library(&it, thm_kernel_library_find("esp-nn:ansi")), THM_NN_EUSE);
    assert_int_equal(thm_interpreter_set_library(&it, thm_kernel_library_find("reference")), THM_NN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cmsis_conv__of_one_row_copies_less_with_mve),
        cmocka_unit_test(cmsis_conv__dilated_or_grouped_is_general),
        cmocka_unit_test(conv__of_an_int4_filter_is_unpacked_but_by_cmsis),
        cmocka_unit_test(cmsis_depthwise__goes_by_kernel_and_channels),
        cmocka_unit_test(esp_depthwise__with_a_multiplier_goes_by_fours),
        cmocka_unit_test(esp32p4_conv__of_one_channel_is_cut_into_tiles),
        cmocka_unit_test(cmsis_transpose_conv__always_asks_twice),
        cmocka_unit_test(cmsis_fully_connected__keeps_sums_only_of_constants),
        cmocka_unit_test(an_operator_that_cannot_run_in_its_scratch__refuses),
        cmocka_unit_test(a_library__goes_with_its_layout_only),
    };
    return cmocka_run_group_tests_name("kernel_libs", tests, NULL, NULL);
}
