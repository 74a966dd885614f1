/* The weights in compiled models' source: what is taken, what is passed over, what is refused and where. */
#include "emu/ota/eon.h"
#include "tests/testing.h"

static const struct {
    const char *text;
    const char *error; /* NULL: taken */
    size_t data, count;
} cases[] = {
    { "int8_t tensor_data1[2] = {1,-2};", NULL, 1, 1 },
    { "const ALIGN(16) int8_t tensor_data12[2][1*3] = { /* [0] { */ 1, // }\n 2,3,4,5,6, };", NULL, 1, 1 },
    { "int32_t tensor_data1[] = {0x7f, -2147483648};", NULL, 1, 1 },
    { "int8_t tensor_data1[5] = { 19, 1 };", NULL, 1, 1 }, /* the others are 0 */
    { "float tensor_data1[1] = {1.f}; int64_t tensor_data2[1] = {1}; int8_t tensor_data3[1] = {1};", NULL, 1, 1 },
    { "int8_t tensor_data1[1] = {1}; static const float quant1_scale[] = { 1e-3f }; const int quant1_zero[] = {-128};",
      NULL, 1, 2 },
    { "x = { \"int8_t tensor_data9[1] = {\" }; int8_t tensor_data1[1] = {1}; f(tensor_data1);", NULL, 1, 1 },
    { "int8_t tensor_data1[1] = {1}; int8_t tensor_data[2], my_tensor_data3[1] = {1}, tensor_data4x[1] = {9};", NULL, 1,
      1 },
    { "", "line 1: no arrays tensor_data<N> of int8_t or int32_t in it", 0, 0 },
    { "float tensor_data1[1] = {1};", "line 1: no arrays tensor_data<N> of int8_t or int32_t in it", 0, 0 },
    { "\n\nint8_t tensor_data1[1] = {128};", "line 3: the number does not fit into its type", 0, 0 },
    { "int32_t tensor_data1[1] = {2147483648};", "line 1: the number does not fit into its type", 0, 0 },
    { "int8_t tensor_data1[1] = {1,2};", "line 1: more numbers than the array has elements", 0, 0 },
    { "int8_t tensor_data1[1] = {a};", "line 1: a number is missing", 0, 0 },
    { "int8_t tensor_data1[1] = {1", "line 1: neither ',' nor '}' behind the number", 0, 0 },
    { "int8_t tensor_data1[N] = {1};", "line 1: the array's size is no product of numbers", 0, 0 },
    { "int8_t tensor_data1[99999999*9] = {1};", "line 1: the array's size is no product of numbers", 0, 0 },
    { "int8_t tensor_data1[] = {};", "line 1: the array is empty", 0, 0 },
    { "int8_t tensor_data1[1] = {1}; int8_t tensor_data1[1] = {1};", "line 1: the array is there twice", 0, 0 },
    { "int8_t tensor_data1[1] = {1}; float quant1_scale[] = {1, 2}; int quant1_zero[] = {1};",
      "quant1 has 2 scales and 1 zero points", 0, 0 },
};

static void parse__takes_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct thm_eon eon;
        char error[200] = "";
        const bool ok = thm_eon_parse(cases[i].text, strlen(cases[i].text), &eon, error, sizeof error);
        if (ok != !cases[i].error || strcmp(error, cases[i].error ? cases[i].error : "") != 0)
            fail_msg("%s: %s", cases[i].text, error);
        assert_int_equal(eon.data, cases[i].data);
        assert_int_equal(eon.count, cases[i].count);
        thm_eon_free(&eon);
    }
}

static void parse__fills_an_array_up_with_zeros(void **state)
{
    static const char text[] = "int8_t tensor_data1[5] = { 19, 1, -1 };";
    struct thm_eon eon;
    char error[100];
    (void)state;
    assert_true(thm_eon_parse(text, strlen(text), &eon, error, sizeof error));
    assert_int_equal(eon.record[0].count, 5);
    assert_memory_equal(eon.record[0].data, "\x13\x01\xff\0\0", 5);
    thm_eon_free(&eon);
}

static void parse__puts_data_before_quantisations(void **state)
{
    static const char text[] = "float quant1_scale[] = {.5}; int quant1_zero[] = {7}; int8_t tensor_data1[1] = {1};"
                               "int8_t tensor_data2[1] = {2};";
    struct thm_eon eon;
    struct thm_weights_record r;
    char error[100];
    (void)state;
    assert_true(thm_eon_parse(text, strlen(text), &eon, error, sizeof error));
    const struct thm_weights w = thm_weights_of_eon(&eon);
    assert_true(w.at(w.ctx, 1, &r));
    assert_int_equal(r.index, 2);
    assert_true(w.at(w.ctx, 2, &r));
    assert_int_equal(r.kind, THM_WEIGHTS_QUANT);
    assert_false(w.at(w.ctx, 3, &r));
    thm_eon_free(&eon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__takes_and_refuses),
        cmocka_unit_test(parse__fills_an_array_up_with_zeros),
        cmocka_unit_test(parse__puts_data_before_quantisations),
    };
    return cmocka_run_group_tests_name("eon", tests, NULL, NULL);
}
