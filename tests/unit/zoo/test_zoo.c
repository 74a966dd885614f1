/* Every model of the zoo: published size, well-formed, the same every time, weights as they should be. */
#include "emu/zoo/architecture.h"
#include "emu/zoo/c_array.h"
#include "emu/zoo/zoo.h"
#include "tests/unit/zoo/memory_sink.h"
#include "tests/unit/zoo/walker.h"

static const struct { /* sizes: OTA-TinyML's files; the rest is counted in the originals or from the published
                         layers */
    const char *name;
    uint32_t bytes;
    uint64_t macs;
    uint32_t ops;
} published[] = {
    { "magic_wand", 19616, 62016, 7 },
    { "micro_speech", 18712, 336000, 4 },
    { "vww2_50_50_INT8", 280384, 3143416, 71 },
    { "vww3_128_128_INT8", 542400, 22565040, 71 },
    { "vww4_128_128_INT8", 490336, 18828800, 74 },
    { "wav2letter_pruned_int8", 23815520, 3491098000, 23 },
    { "dnn_s_quantized", 84192, 79200, 7 },
    { "dnn_m_quantized", 204480, 198144, 7 },
    { "dnn_l_quantized", 502928, 494424, 7 },
    { "cnn_s_quantized", 76752, 2498304, 10 },
    { "cnn_m_quantized", 187840, 8633856, 10 },
    { "cnn_l_quantized", 486560, 12636672, 10 },
    { "mobilenet_v2_1.0_224_INT8", 4020936, 300775552, 66 },
    { "ad_small_int8", 252848, 18740192, 12 },
    { "ad_medium_int8", 463792, 62346720, 14 },
    { "ad_large_int8", 442000, 64494656, 14 },
};
#define PUBLISHED (sizeof published / sizeof published[0])

static void write_model(const struct thm_zoo_model *m, struct memory *out)
{
    const struct thm_sink sink = memory_sink(out);
    out->size = 0;
    assert_int_equal(thm_zoo_write(m, &sink), THM_ZOO_OK);
}

static void models__have_published_size_macs_and_ops_and_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < PUBLISHED; i++) {
        struct thm_zoo_model m;
        struct memory out = { 0 };
        int index = thm_zoo_find(published[i].name);
        assert_true(index >= 0);
        assert_int_equal(thm_zoo_open((uint32_t)index, &m), THM_ZOO_OK);
        write_model(&m, &out);
        assert_int_equal(out.size, published[i].bytes);
        assert_int_equal(m.file_bytes, published[i].bytes);
        assert_int_equal(m.graph->macs, published[i].macs);
        assert_int_equal(m.graph->op_count, published[i].ops);
        struct walker w = { out.data, out.size };
        walk_file(&w);
        free(out.data);
        thm_zoo_close(&m);
    }
}

static void trained_models__are_well_formed_and_need_no_padding(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct thm_zoo_model m;
        struct memory out = { 0 };
        assert_int_equal(thm_zoo_open((uint32_t)thm_zoo_find(i ? "sine_int8" : "sine"), &m), THM_ZOO_OK);
        write_model(&m, &out);
        assert_int_equal(out.size, m.file_bytes);
        struct walker w = { out.data, out.size };
        walk_file(&w);
        assert_int_equal(walk_field(&w, walk_model_table(&w), 6), 0);
        free(out.data);
        thm_zoo_close(&m);
    }
}

static void model__made_twice_has_the_same_bytes(void **state)
{
    (void)state;
    static const char *const names[] = { "magic_wand", "ad_large_int8", "vww4_128_128_INT8", "sine_int8" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct memory out[2] = { { 0 }, { 0 } };
        for (int k = 0; k < 2; k++) {
            struct thm_zoo_model m;
            assert_int_equal(thm_zoo_open((uint32_t)thm_zoo_find(names[i]), &m), THM_ZOO_OK);
            write_model(&m, &out[k]);
            thm_zoo_close(&m);
        }
        assert_int_equal(out[0].size, out[1].size);
        assert_memory_equal(out[0].data, out[1].data, out[0].size);
        free(out[0].data);
        free(out[1].data);
    }
}

static void c_text__of_small_models_has_the_foretold_length(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t bytes;
    } texts[] = { { "cnn_s_quantized", 473430 }, { "dnn_s_quantized", 519310 }, { "cnn_m_quantized", 1158475 } };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct thm_zoo_model m;
        struct memory out = { 0 };
        const struct thm_sink sink = memory_sink(&out);
        assert_int_equal(thm_zoo_open((uint32_t)thm_zoo_find(texts[i].name), &m), THM_ZOO_OK);
        assert_int_equal(thm_zoo_write_c(&m, &sink), THM_ZOO_OK);
        assert_int_equal(out.size, texts[i].bytes);
        free(out.data);
        thm_zoo_close(&m);
    }
}

/* Share of zeros among the weights of op number `op`, in percent; checks that none is -128. */
static unsigned zeros_of(const char *model, uint32_t op)
{
    struct thm_zoo_model m;
    struct memory out = { 0 };
    assert_int_equal(thm_zoo_open((uint32_t)thm_zoo_find(model), &m), THM_ZOO_OK);
    int32_t weights = m.graph->ops[op].input[1];
    write_model(&m, &out);
    struct walker w = { out.data, out.size };
    size_t n, zeros = 0, at = walk_buffer(&w, walk_scalar(&w, walk_tensor_table(&w, (size_t)weights), 2, 4, 0), &n);
    for (size_t i = 0; i < n; i++) {
        zeros += w.data[at + i] == 0;
        assert_int_not_equal(w.data[at + i], 0x80);
    }
    free(out.data);
    thm_zoo_close(&m);
    return (unsigned)(100 * zeros / n);
}

static void weights__are_half_zero_only_in_the_pruned_model(void **state)
{
    (void)state;
    assert_in_range(zeros_of("wav2letter_pruned_int8", 1), 49, 51);
    assert_in_range(zeros_of("dnn_l_quantized", 1), 0, 2);
}

static void models__differ_in_their_weights(void **state)
{
    (void)state;
    struct thm_zoo_model a, b;
    assert_int_equal(thm_zoo_open((uint32_t)thm_zoo_find("dnn_s_quantized"), &a), THM_ZOO_OK);
    assert_int_equal(thm_zoo_open((uint32_t)thm_zoo_find("dnn_m_quantized"), &b), THM_ZOO_OK);
    int32_t weights = a.graph->ops[1].input[1];
    assert_int_equal(weights, b.graph->ops[1].input[1]);
    assert_true(a.graph->data[weights].seed != b.graph->data[weights].seed);
    thm_zoo_close(&a);
    thm_zoo_close(&b);
}

static void find__unknown_name_gives_none(void **state)
{
    (void)state;
    assert_int_equal(thm_zoo_find("no_such_model"), -1);
    for (uint32_t i = 0; i < thm_zoo_count(); i++)
        assert_int_equal(thm_zoo_find(thm_zoo_name(i)), i);
}

static void build__a_window_larger_than_its_input_is_refused(void **state)
{
    (void)state;
    static const struct thm_layer layers[] = { THM_CONV(5, 5, 1, 1, VALID, 4, RELU) };
    const struct thm_architecture a = {
        .name = "wrong", .input = { 1, 4, 4, 1 }, .input_rms = 1, .in = { 1, 0 }, .layers = layers, .layer_count = 1
    };
    struct thm_graph *g;
    assert_int_equal(thm_architecture_build(&a, &g), THM_ZOO_EINVAL);
    assert_null(g);
}

static void build__a_reshape_that_loses_elements_is_refused(void **state)
{
    (void)state;
    static const struct thm_layer layers[] = { THM_RESHAPE(1, 15) };
    const struct thm_architecture a = {
        .name = "wrong", .input = { 1, 4, 4, 1 }, .input_rms = 1, .in = { 1, 0 }, .layers = layers, .layer_count = 1
    };
    struct thm_graph *g;
    assert_int_equal(thm_architecture_build(&a, &g), THM_ZOO_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models__have_published_size_macs_and_ops_and_are_well_formed),
        cmocka_unit_test(trained_models__are_well_formed_and_need_no_padding),
        cmocka_unit_test(model__made_twice_has_the_same_bytes),
        cmocka_unit_test(c_text__of_small_models_has_the_foretold_length),
        cmocka_unit_test(weights__are_half_zero_only_in_the_pruned_model),
        cmocka_unit_test(models__differ_in_their_weights),
        cmocka_unit_test(find__unknown_name_gives_none),
        cmocka_unit_test(build__a_window_larger_than_its_input_is_refused),
        cmocka_unit_test(build__a_reshape_that_loses_elements_is_refused),
    };
    return cmocka_run_group_tests_name("zoo", tests, NULL, NULL);
}
