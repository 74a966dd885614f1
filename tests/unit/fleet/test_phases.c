/* tests/unit/fleet/test_phases.c -- what steps take of the PC, added up over boards. */
#include "emu/fleet/phases.h"
#include "tests/testing.h"

static void take(struct thm_fleet_phases *p, enum thm_event_type type, const char *name, uint64_t cpu_ns,
                 uint64_t *told)
{
    struct thm_event e = { .type = type, .cpu_ns = cpu_ns };
    snprintf(e.name, sizeof e.name, "%.20s", name);
    thm_fleet_phases_take(p, &e, told);
}

static void phases__of_two_boards_add_up_by_step(void **state)
{
    struct thm_fleet_phases p = { 0 };
    (void)state;
    for (int board = 0; board < 2; board++) {
        uint64_t told = 0;
        take(&p, THM_EV_STEP, "boot", 100, &told);
        take(&p, THM_EV_HEAP, "", 120, &told);
        take(&p, THM_EV_STEP, "store", 150, &told);
    }
    assert_int_equal(p.count, 2);
    assert_string_equal(p.of[0].name, "boot");
    assert_int_equal(p.of[0].ns, 200);
    assert_string_equal(p.of[1].name, "store");
    assert_int_equal(p.of[1].ns, 100);
}

static void phases__what_fails_has_a_row_of_its_own(void **state)
{
    struct thm_fleet_phases p = { 0 };
    uint64_t told = 0;
    (void)state;
    take(&p, THM_EV_STEP, "boot", 100, &told);
    take(&p, THM_EV_FAILED, "store", 130, &told);
    assert_string_equal(p.of[1].name, "failed");
    assert_int_equal(p.of[1].ns, 30);
}

static void phases__clock_that_goes_back_counts_nothing(void **state)
{
    struct thm_fleet_phases p = { 0 };
    uint64_t told = 0;
    (void)state;
    take(&p, THM_EV_STEP, "boot", 100, &told);
    take(&p, THM_EV_STEP, "store", 50, &told);
    assert_int_equal(p.count, 1);
    assert_int_equal(told, 100);
}

static void phases__more_than_there_is_room_for_are_others(void **state)
{
    struct thm_fleet_phases p = { 0 };
    uint64_t told = 0, sum = 0;
    char name[8];
    (void)state;
    for (unsigned i = 1; i <= 2 * THM_FLEET_PHASES_MAX; i++) {
        snprintf(name, sizeof name, "%u", i);
        take(&p, THM_EV_STEP, name, 10 * i, &told);
    }
    assert_int_equal(p.count, THM_FLEET_PHASES_MAX);
    assert_string_equal(p.of[THM_FLEET_PHASES_MAX - 1].name, "others");
    for (unsigned i = 0; i < p.count; i++)
        sum += p.of[i].ns;
    assert_int_equal(sum, 20 * THM_FLEET_PHASES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases__of_two_boards_add_up_by_step),
        cmocka_unit_test(phases__what_fails_has_a_row_of_its_own),
        cmocka_unit_test(phases__clock_that_goes_back_counts_nothing),
        cmocka_unit_test(phases__more_than_there_is_room_for_are_others),
    };
    return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
