/* The front-to-back FlatBuffers writer, field by field. */
#include "emu/zoo/flatbuffer.h"
#include "tests/unit/zoo/walker.h"

static int setup(void **state)
{
    static struct thm_fb fb;
    fb = (struct thm_fb){ 0 };
    thm_fb_start(&fb, "TEST");
    *state = &fb;
    return 0;
}

static int teardown(void **state)
{
    thm_fb_finish(*state);
    return 0;
}

static struct walker walker_of(const struct thm_fb *fb)
{
    return (struct walker){ fb->data, fb->len };
}

static void start__writes_the_identifier_behind_the_root_reference(void **state)
{
    struct thm_fb *fb = *state;
    assert_int_equal(fb->len, 8);
    assert_memory_equal(fb->data + 4, "TEST", 4);
}

static void table__fields_of_all_widths_are_read_back_and_aligned(void **state)
{
    struct thm_fb *fb = *state;
    const struct thm_fb_field fields[] = { { 0, 1, 200 }, { 2, 4, 0xdeadbeef }, { 5, 2, 777 }, { 3, 1, 5 } };
    thm_fb_table(fb, 0, fields, 4);
    struct walker w = walker_of(fb);
    size_t t = walk_reference(&w, 0);
    assert_int_equal(walk_scalar(&w, t, 0, 1, 0), 200);
    assert_int_equal(walk_scalar(&w, t, 2, 4, 0), 0xdeadbeef);
    assert_int_equal(walk_scalar(&w, t, 5, 2, 0), 777);
    assert_int_equal(walk_scalar(&w, t, 3, 1, 0), 5);
}

static void table__an_absent_field_has_no_slot(void **state)
{
    struct thm_fb *fb = *state;
    const struct thm_fb_field field = { 2, 4, 1 };
    uint32_t table = thm_fb_table(fb, 0, &field, 1);
    assert_int_equal(thm_fb_slot(fb, table, 1), 0);
    assert_int_equal(thm_fb_slot(fb, table, 9), 0);
    assert_int_not_equal(thm_fb_slot(fb, table, 2), 0);
}

static void table__equal_layouts_share_a_vtable_and_others_do_not(void **state)
{
    struct thm_fb *fb = *state;
    const struct thm_fb_field same[] = { { 0, 4, 1 } }, other[] = { { 1, 4, 1 } };
    uint32_t refs = thm_fb_vector(fb, 0, NULL, 4, 3);
    uint32_t a = thm_fb_table(fb, refs, same, 1), b = thm_fb_table(fb, refs + 4, same, 1),
             c = thm_fb_table(fb, refs + 8, other, 1);
    assert_int_equal(b - a, 8); /* nothing but the table: reference and field */
    assert_true(c - b > 8);
    struct walker w = walker_of(fb);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(walk_scalar(&w, walk_reference(&w, refs + 4 * i), i / 2, 4, 0), 1);
}

static void vector__elements_are_aligned_to_their_size(void **state)
{
    struct thm_fb *fb = *state;
    const struct thm_fb_field fields[] = { { 0, 4, 0 }, { 1, 4, 0 } };
    const uint64_t longs[] = { 1, 1ull << 40 };
    uint32_t table = thm_fb_table(fb, 0, fields, 2);
    thm_fb_string(fb, thm_fb_slot(fb, table, 0), "odd");
    thm_fb_vector(fb, thm_fb_slot(fb, table, 1), longs, 8, 2);
    struct walker w = walker_of(fb);
    size_t n, t = walk_reference(&w, 0), at = walk_vector(&w, t, 1, 8, &n);
    assert_int_equal(n, 2);
    assert_memory_equal(fb->data + at, longs, sizeof longs);
    assert_string_equal(walk_string(&w, t, 0), "odd");
}

static void vector__longer_than_a_file_can_be_fails_for_good(void **state)
{
    struct thm_fb *fb = *state;
    assert_int_equal(thm_fb_vector(fb, 0, NULL, 8, UINT32_MAX / 2), 0);
    assert_true(fb->failed);
    const struct thm_fb_field field = { 0, 4, 1 };
    assert_int_equal(thm_fb_table(fb, 0, &field, 1), 0);
    assert_int_equal(fb->len, 8);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(start__writes_the_identifier_behind_the_root_reference),
        T(table__fields_of_all_widths_are_read_back_and_aligned),
        T(table__an_absent_field_has_no_slot),
        T(table__equal_layouts_share_a_vtable_and_others_do_not),
        T(vector__elements_are_aligned_to_their_size),
        T(vector__longer_than_a_file_can_be_fails_for_good),
    };
    return cmocka_run_group_tests_name("flatbuffer", tests, NULL, NULL);
}
