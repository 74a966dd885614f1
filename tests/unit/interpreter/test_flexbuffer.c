#include "interpreter/flexbuffer.h"
#include "tests/testing.h"
#include "tests/unit/interpreter/flex_builder.h"

static const struct flex_entry entries[] = {
    { "T", FLEX_INT, 7 },        { "clamp", FLEX_BOOL, 1 },           { "limit", FLEX_UINT, (int32_t)0xFFFFFFFF },
    { "name", FLEX_STRING, 20 }, { "scale", FLEX_FLOAT, 0x3FC00000 }, { "shift", FLEX_INT, -12 },
};
#define COUNT (sizeof entries / sizeof entries[0])

static void values__are_found_by_key(void **state)
{
    struct flex f;
    struct thm_flex map;
    int32_t value;
    float real;
    (void)state;
    flex_map(&f, entries, COUNT);
    assert_true(thm_flex_open(&map, f.data, f.bytes));
    assert_true(thm_flex_int(&map, "shift", &value));
    assert_int_equal(value, -12);
    assert_true(thm_flex_int(&map, "clamp", &value));
    assert_int_equal(value, 1);
    assert_true(thm_flex_float(&map, "scale", &real));
    assert_true(real == 1.5f);
    assert_true(thm_flex_int(&map, "scale", &value));
    assert_int_equal(value, 1);
    assert_true(thm_flex_float(&map, "limit", &real));
    assert_true(real == 4294967296.0f);
}

static void keys_that_are_not_there_or_no_numbers__are_not_found(void **state)
{
    struct flex f;
    struct thm_flex map;
    int32_t value;
    (void)state;
    flex_map(&f, entries, COUNT);
    assert_true(thm_flex_open(&map, f.data, f.bytes));
    assert_false(thm_flex_int(&map, "shif", &value));
    assert_false(thm_flex_int(&map, "shifts", &value));
    assert_false(thm_flex_int(&map, "name", &value));
}

static void values__are_found_by_position(void **state)
{
    struct flex f;
    struct thm_flex map;
    int32_t value;
    (void)state;
    flex_map(&f, entries, COUNT);
    assert_true(thm_flex_open(&map, f.data, f.bytes));
    assert_true(thm_flex_int_at(&map, 5, &value));
    assert_int_equal(value, -12);
    assert_true(thm_flex_int_at(&map, 2, &value));
    assert_int_equal(value, -1); /* the type is not looked at */
    assert_false(thm_flex_int_at(&map, COUNT, &value));
}

/* In memory of exactly its size, so that valgrind and the address sanitizer see a read past it. */
static bool open_copy(const uint8_t *data, uint32_t bytes)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);
    struct thm_flex map;
    int32_t value;
    float real;
    memcpy(copy, data, bytes);
    bool good = thm_flex_open(&map, copy, bytes);
    for (uint32_t i = 0; good && i <= COUNT; i++) {
        thm_flex_int_at(&map, i, &value);
        thm_flex_int(&map, i < COUNT ? entries[i].key : "none", &value);
        thm_flex_float(&map, i < COUNT ? entries[i].key : "none", &real);
    }
    free(copy);
    return good;
}

static void truncated_maps__are_refused(void **state)
{
    struct flex f;
    (void)state;
    flex_map(&f, entries, COUNT);
    for (uint32_t bytes = 0; bytes < f.bytes; bytes++)
        assert_false(open_copy(f.data, bytes));
    assert_true(open_copy(f.data, f.bytes));
}

static void damaged_maps__are_never_left(void **state)
{
    static const uint8_t damage[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF };
    struct flex f;
    uint32_t refused = 0;
    (void)state;
    flex_map(&f, entries, COUNT);
    for (uint32_t at = 0; at < f.bytes; at++)
        for (size_t i = 0; i < sizeof damage; i++) {
            struct flex bad = f;
            bad.data[at] ^= damage[i];
            refused += !open_copy(bad.data, bad.bytes);
        }
    assert_in_range(refused, 50, 5 * f.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values__are_found_by_key),
        cmocka_unit_test(keys_that_are_not_there_or_no_numbers__are_not_found),
        cmocka_unit_test(values__are_found_by_position),
        cmocka_unit_test(truncated_maps__are_refused),
        cmocka_unit_test(damaged_maps__are_never_left),
    };
    return cmocka_run_group_tests_name("flexbuffer", tests, NULL, NULL);
}
