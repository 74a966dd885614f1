/* Bytes as C text: exact form, exact length, and the way back. */
#include "emu/zoo/c_array.h"
#include "tests/unit/zoo/memory_sink.h"

static void write_text(struct memory *out, const char *name, const uint8_t *bytes, size_t n, size_t piece)
{
    const struct thm_sink to = memory_sink(out);
    struct thm_c_array a;
    thm_c_array_start(&a, name, &to);
    const struct thm_sink sink = thm_c_array_sink(&a);
    for (size_t i = 0; i < n; i += piece)
        assert_int_equal(sink.write(sink.context, bytes + i, n - i < piece ? n - i : piece), 0);
    assert_int_equal(thm_c_array_end(&a), 0);
}

static void text__has_the_documented_form(void **state)
{
    (void)state;
    static const char expected[] = "alignas(16) const unsigned char zoo_v1_0_tflite[] = {\n"
                                   "  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,\n"
                                   "  0xfe, 0xff\n};\nconst unsigned int zoo_v1_0_tflite_len = 14;\n";
    const uint8_t bytes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xfe, 0xff };
    struct memory out = { 0 };
    write_text(&out, "v1.0", bytes, sizeof bytes, 5);
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.data, expected, out.size);
    free(out.data);
}

static void length__is_foretold_for_every_count(void **state)
{
    (void)state;
    uint8_t bytes[100] = { 0 };
    for (size_t n = 0; n < sizeof bytes; n++) {
        struct memory out = { 0 };
        write_text(&out, "name", bytes, n, 7);
        assert_int_equal(out.size, thm_c_array_bytes("name", n));
        free(out.data);
    }
}

static void length__equals_the_published_files(void **state)
{
    (void)state;
    static const struct { /* of OTA-TinyML's cc_models/ */
        const char *name;
        uint64_t model, text;
    } published[] = {
        { "vww2_50_50_INT8", 280384, 1729163 },   { "vww3_128_128_INT8", 542400, 3344931 },
        { "vww4_128_128_INT8", 490336, 3023871 }, { "wav2letter_pruned_int8", 23815520, 146862517 },
        { "dnn_s_quantized", 84192, 519310 },     { "dnn_m_quantized", 204480, 1261087 },
        { "dnn_l_quantized", 502928, 3101517 },   { "cnn_s_quantized", 76752, 473430 },
        { "cnn_m_quantized", 187840, 1158475 },   { "cnn_l_quantized", 486560, 3000581 },
        { "ad_small_int8", 252848, 1559353 },     { "ad_medium_int8", 463792, 2860177 },
        { "ad_large_int8", 442000, 2725791 },     { "mobilenet_v2_1.0_224_INT8", 4020936, 24795920 },
    };
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        assert_int_equal(thm_c_array_bytes(published[i].name, published[i].model), published[i].text);
}

static void text__gives_the_bytes_back(void **state)
{
    (void)state;
    uint8_t bytes[3000];
    struct memory out = { 0 };
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 7);
    write_text(&out, "name", bytes, sizeof bytes, 1024);
    memory_write(&out, "", 1);
    char *at = strchr((char *)out.data, '{') + 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(strtoul(at, &at, 16), bytes[i]);
        at += *at == ',';
    }
    assert_int_equal(at[0], '\n');
    assert_int_equal(at[1], '}');
    free(out.data);
}

static void sink__that_refuses_is_reported_and_not_asked_again(void **state)
{
    (void)state;
    struct memory out = { .limit = 100 };
    const struct thm_sink to = memory_sink(&out);
    struct thm_c_array a;
    const uint8_t bytes[64] = { 0 };
    thm_c_array_start(&a, "name", &to);
    const struct thm_sink sink = thm_c_array_sink(&a);
    assert_int_not_equal(sink.write(sink.context, bytes, sizeof bytes), 0);
    out.limit = 0;
    size_t size = out.size;
    assert_int_not_equal(thm_c_array_end(&a), 0);
    assert_int_equal(out.size, size);
    free(out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__has_the_documented_form),
        cmocka_unit_test(length__is_foretold_for_every_count),
        cmocka_unit_test(length__equals_the_published_files),
        cmocka_unit_test(text__gives_the_bytes_back),
        cmocka_unit_test(sink__that_refuses_is_reported_and_not_asked_again),
    };
    return cmocka_run_group_tests_name("C array", tests, NULL, NULL);
}
