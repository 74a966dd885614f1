/* tests/unit/board/test_ledger.c -- who holds what, and how full the heap was over time. */
#include "tests/testing.h"
#include "emu/board/heap.h"
#include "emu/board/ledger.h"

static const struct thm_ledger_owner *owner(const struct thm_ledger *l, const char *what)
{
    for (uint32_t i = 0; i < l->owners; i++)
        if (strcmp(l->owner[i].what, what) == 0)
            return &l->owner[i];
    return NULL;
}

static void owners__are_told_apart_by_name_and_by_who_runs_them(void **state)
{
    struct thm_ledger l = { 0 };
    char copy[] = "buffer";
    (void)state;
    assert_true(thm_ledger_add(&l, 0x1000, 10, 1, "buffer", false));
    assert_true(thm_ledger_add(&l, 0x2000, 20, 2, copy, false));
    assert_true(thm_ledger_add(&l, 0x3000, 40, 3, "buffer", true));
    assert_int_equal(l.owners, 2);
    assert_int_equal(owner(&l, "buffer")->bytes, 30);
    thm_ledger_remove(&l, 0x1000, 4);
    thm_ledger_remove(&l, 0x1000, 5);
    assert_int_equal(owner(&l, "buffer")->blocks, 1);
    assert_int_equal(owner(&l, "buffer")->bytes, 20);
    thm_ledger_clear(&l);
}

static void owners__names_may_lie_in_a_buffer_that_changes(void **state)
{
    struct thm_ledger l = { 0 };
    char buffer[80] = "first";
    (void)state;
    assert_true(thm_ledger_add(&l, 0x1000, 10, 1, buffer, false));
    strcpy(buffer, "second");
    assert_true(thm_ledger_add(&l, 0x2000, 20, 2, buffer, false));
    memset(buffer, 'x', sizeof buffer - 1);
    assert_true(thm_ledger_add(&l, 0x3000, 30, 3, buffer, false));
    assert_true(thm_ledger_add(&l, 0x4000, 40, 4, buffer, false));
    assert_int_equal(l.owners, 3);
    assert_int_equal(owner(&l, "first")->bytes, 10);
    assert_int_equal(owner(&l, "second")->bytes, 20);
    assert_int_equal(l.owner[2].bytes, 70);
    thm_ledger_clear(&l);
}

static void owners__above_the_limit_are_counted_as_others(void **state)
{
    struct thm_ledger l = { 0 };
    static char names[200][8];
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "n%u", i);
        assert_true(thm_ledger_add(&l, 0x1000 + 16 * i, 1, i + 1, names[i], false));
    }
    assert_int_equal(l.owners, THM_OWNERS_MAX);
    assert_int_equal(owner(&l, "all others")->blocks, 200 - THM_OWNERS_MAX + 1);
    for (uint32_t i = 0; i < 200; i++)
        thm_ledger_remove(&l, 0x1000 + 16 * i, 201);
    assert_int_equal(l.count, 0);
    assert_int_equal(owner(&l, "all others")->blocks, 0);
    thm_ledger_clear(&l);
}

static void peak__is_what_was_held_when_it_was_marked(void **state)
{
    struct thm_ledger l = { 0 };
    (void)state;
    assert_true(thm_ledger_add(&l, 0x1000, 10, 1, "a", false));
    thm_ledger_mark_peak(&l);
    thm_ledger_remove(&l, 0x1000, 2);
    assert_true(thm_ledger_add(&l, 0x1000, 5, 3, "b", false));
    thm_ledger_settle(&l);
    assert_int_equal(owner(&l, "a")->peak_bytes, 10);
    assert_int_equal(owner(&l, "b")->peak_bytes, 0);
    thm_ledger_mark_peak(&l);
    thm_ledger_settle(&l);
    assert_int_equal(owner(&l, "a")->peak_bytes, 0);
    assert_int_equal(owner(&l, "b")->peak_bytes, 5);
    thm_ledger_clear(&l);
}

static void neighbours__are_found_by_address(void **state)
{
    struct thm_ledger l = { 0 };
    (void)state;
    assert_true(thm_ledger_add(&l, 0x2000, 16, 1, "second", false));
    assert_true(thm_ledger_add(&l, 0x1000, 16, 2, "first", false));
    assert_null(thm_ledger_below(&l, 0xFFF));
    assert_int_equal(thm_ledger_below(&l, 0x1FFF)->address, 0x1000);
    assert_int_equal(thm_ledger_above(&l, 0x1000)->address, 0x2000);
    assert_null(thm_ledger_above(&l, 0x2000));
    thm_ledger_remove(&l, 0x1000, 7);
    assert_int_equal(thm_ledger_freed_at(&l, 0x100F)->call, 7);
    assert_null(thm_ledger_freed_at(&l, 0x1010));
    thm_ledger_clear(&l);
}

static void many_blocks__are_each_found_again(void **state)
{
    struct thm_ledger l = { 0 };
    (void)state;
    for (uint32_t i = 0; i < 5000; i++)
        assert_true(thm_ledger_add(&l, 0x1000 + 4 * i, i, i + 1, "x", false));
    for (uint32_t i = 0; i < 5000; i += 2)
        thm_ledger_remove(&l, 0x1000 + 4 * i, 6000);
    assert_int_equal(l.count, 2500);
    for (uint32_t i = 0; i < 5000; i++) {
        const struct thm_ledger_block *b = thm_ledger_find(&l, 0x1000 + 4 * i);
        assert_true(i % 2 ? b && b->bytes == i : !b);
    }
    thm_ledger_clear(&l);
}

static void samples__keep_the_order_and_the_least_of_any_number(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 3000; n += 7) {
        struct thm_heap_samples s = { 0 };
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < n; i++)
            thm_heap_sample(&s, i, i == n * 2 / 3 ? 5 : 1000 + i % 10);
        assert_in_range(s.count, n < 64 ? n : 64, THM_HEAP_SAMPLES);
        for (uint32_t i = 0; i < s.count; i++) {
            assert_true(i == 0 || s.at[i].t_ns > s.at[i - 1].t_ns);
            least = s.at[i].free < least ? s.at[i].free : least;
        }
        assert_int_equal(least, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners__are_told_apart_by_name_and_by_who_runs_them),
        cmocka_unit_test(owners__names_may_lie_in_a_buffer_that_changes),
        cmocka_unit_test(owners__above_the_limit_are_counted_as_others),
        cmocka_unit_test(peak__is_what_was_held_when_it_was_marked),
        cmocka_unit_test(neighbours__are_found_by_address),
        cmocka_unit_test(many_blocks__are_each_found_again),
        cmocka_unit_test(samples__keep_the_order_and_the_least_of_any_number),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
