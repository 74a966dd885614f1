/* The arena's two ends and the greedy planner. */
#include "interpreter/context.h"
#include "tests/testing.h"

static uint8_t memory[1024] __attribute__((aligned(16)));
static struct thm_arena arena;
static uint32_t at;

static void tail__padding_lies_above_the_block(void **state)
{
    (void)state;
    thm_arena_init(&arena, memory, 1024);
    assert_true(thm_arena_tail(&arena, 15, 1, &at));
    assert_int_equal(at, 1009);
    assert_true(thm_arena_tail(&arena, 48, 16, &at));
    assert_int_equal(at, 960);
    assert_int_equal(thm_arena_tail_bytes(&arena), 64);
}

static void tail__alignment_is_that_of_addresses(void **state)
{
    (void)state;
    thm_arena_init(&arena, memory + 4, 1000);
    assert_int_equal(arena.start, 12);
    assert_true(thm_arena_tail(&arena, 1, 16, &at));
    assert_int_equal((uintptr_t)(memory + 4 + at) % 16, 0);
}

static void tail__meets_temporary_memory_and_no_more(void **state)
{
    (void)state;
    thm_arena_init(&arena, memory, 64);
    assert_true(thm_arena_temp(&arena, 16, 4, &at));
    assert_false(thm_arena_tail(&arena, 49, 1, &at));
    assert_true(thm_arena_tail(&arena, 48, 1, &at));
    assert_int_equal(thm_arena_gap(&arena), 0);
    assert_false(thm_arena_temp(&arena, 1, 1, &at));
}

static void head__fits_to_the_byte(void **state)
{
    (void)state;
    thm_arena_init(&arena, memory, 128);
    assert_true(thm_arena_tail(&arena, 28, 4, &at));
    assert_false(thm_arena_set_head(&arena, 101));
    assert_true(thm_arena_set_head(&arena, 100));
    assert_int_equal(arena.peak, 128);
}

static void arena__smaller_than_its_alignment_is_empty(void **state)
{
    (void)state;
    thm_arena_init(&arena, memory + 1, 3);
    assert_false(thm_arena_tail(&arena, 1, 1, &at));
}

static struct allocation_info info[8];
static uint64_t work[8 * THM_BYTES_PLANNED / 8];

static void add(int i, uint32_t bytes, int32_t first, int32_t last)
{
    info[i] = (struct allocation_info){ .bytes = bytes, .first = first, .last = last, .offline = -1, .planned = 1 };
}

static void plan__a_chain_alternates_between_two_places(void **state)
{
    (void)state;
    add(0, 64, 0, 1);
    add(1, 256, 1, 2);
    add(2, 128, 2, 3);
    assert_int_equal(thm_plan_greedy(info, 3, 3, work), 384);
    assert_int_equal(info[1].offset, 0);
    assert_int_equal(info[2].offset, 256);
    assert_int_equal(info[0].offset, 256);
}

static void plan__of_equal_sizes_the_last_added_comes_first(void **state)
{
    (void)state;
    add(0, 32, 0, 1);
    add(1, 32, 1, 2);
    assert_int_equal(thm_plan_greedy(info, 2, 2, work), 64);
    assert_int_equal(info[1].offset, 0);
    assert_int_equal(info[0].offset, 32);
}

static void plan__takes_the_first_gap_by_address(void **state)
{
    (void)state;
    add(0, 160, 0, 9);
    add(1, 96, 0, 1); /* above it, soon gone */
    add(2, 64, 0, 9);
    add(3, 48, 5, 6); /* into the place of 1 */
    assert_int_equal(thm_plan_greedy(info, 4, 4, work), 320);
    assert_int_equal(info[3].offset, 160);
}

static void plan__sizes_are_rounded_up_to_16(void **state)
{
    (void)state;
    add(0, 17, 0, 1);
    add(1, 1, 0, 1);
    assert_int_equal(thm_plan_greedy(info, 2, 2, work), 48);
}

static void plan__fixed_offsets_come_first_and_are_kept(void **state)
{
    (void)state;
    add(0, 256, 0, 1);
    add(1, 16, 0, 1);
    info[1].offline = 32;
    assert_int_equal(thm_plan_greedy(info, 2, 2, work), 304);
    assert_int_equal(info[1].offset, 32);
    assert_int_equal(info[0].offset, 48);
}

static void plan__what_need_not_be_planned_is_left_alone(void **state)
{
    (void)state;
    add(0, 64, 0, 1);
    add(1, 64, 0, 1);
    info[0].planned = 0;
    info[0].offset = 77;
    assert_int_equal(thm_plan_greedy(info, 2, 1, work), 64);
    assert_int_equal(info[0].offset, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail__padding_lies_above_the_block),
        cmocka_unit_test(tail__alignment_is_that_of_addresses),
        cmocka_unit_test(tail__meets_temporary_memory_and_no_more),
        cmocka_unit_test(head__fits_to_the_byte),
        cmocka_unit_test(arena__smaller_than_its_alignment_is_empty),
        cmocka_unit_test(plan__a_chain_alternates_between_two_places),
        cmocka_unit_test(plan__of_equal_sizes_the_last_added_comes_first),
        cmocka_unit_test(plan__takes_the_first_gap_by_address),
        cmocka_unit_test(plan__sizes_are_rounded_up_to_16),
        cmocka_unit_test(plan__fixed_offsets_come_first_and_are_kept),
        cmocka_unit_test(plan__what_need_not_be_planned_is_left_alone),
    };
    return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}
