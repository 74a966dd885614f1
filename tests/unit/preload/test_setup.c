/* The description that the preload library is given: nothing in it is believed. */
#include "emu/preload/shared.h"
#include "tests/testing.h"

static struct thm_exec_setup good(void)
{
    struct thm_exec_setup s = { .magic = THM_EXEC_MAGIC, .stack = 8192, .align = 16, .regions_count = 1 };
    strcpy(s.allocator, "esp_multi_heap_tlsf");
    s.region[0] = (struct thm_exec_region){ "a", "DRAM", 0x3FFB0000, 40000, 0 };
    s.taken_count = 1;
    s.taken[0] = (struct thm_exec_taken){ 1000, 2, 0 };
    return s;
}

static void check__accepts_a_good_one(void **state)
{
    const struct thm_exec_setup s = good();
    (void)state;
    assert_null(thm_exec_setup_check(&s));
}

#define REFUSED(change)                            \
    do {                                           \
        struct thm_exec_setup s = good();          \
        change;                                    \
        assert_non_null(thm_exec_setup_check(&s)); \
    } while (0)

static void check__refuses_what_is_out_of_range(void **state)
{
    (void)state;
    REFUSED(s.magic++);
    REFUSED(s.stack = 100);
    REFUSED(s.stack = UINT32_MAX);
    REFUSED(s.align = 12);
    REFUSED(s.align = 128);
    REFUSED(s.charge_startup = 2);
    REFUSED(s.regions_count = 0);
    REFUSED(s.regions_count = THM_EXEC_REGIONS + 1);
    REFUSED(s.regions_count = UINT32_MAX);
    REFUSED(s.taken_count = THM_EXEC_TAKEN + 1);
    REFUSED(s.regions_count = 2); /* an empty one */
    REFUSED(s.region[0].size = UINT32_MAX);
    REFUSED(s.region[0].at_startup = 7);
    REFUSED(s.taken[0].bytes = 0);
    REFUSED(s.taken[0].count = 0);
    REFUSED(s.taken[0].count = UINT32_MAX);
}

static void check__refuses_unknown_and_endless_names(void **state)
{
    (void)state;
    REFUSED(strcpy(s.allocator, "nosuch"));
    REFUSED(memset(s.allocator, 'x', sizeof s.allocator));
    REFUSED(strcpy(s.region[0].type, "nosuch"));
    REFUSED(memset(s.region[0].type, 'x', sizeof s.region[0].type));
    REFUSED(memset(s.region[0].name, 'x', sizeof s.region[0].name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check__accepts_a_good_one),
        cmocka_unit_test(check__refuses_what_is_out_of_range),
        cmocka_unit_test(check__refuses_unknown_and_endless_names),
    };
    return cmocka_run_group_tests_name("exec setup", tests, NULL, NULL);
}
