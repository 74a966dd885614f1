/* tests/unit/fsimages/test_medium.c -- serial NOR, slices. */
#include "tests/unit/fsimages/ramchip.h"

static int setup(void **state)
{
    struct ramchip *c = malloc(sizeof *c);
    ramchip_init(c, 65536);
    *state = c;
    return 0;
}

static int setup_pooled(void **state)
{
    *state = malloc(sizeof(struct ramchip));
    ramchip_init_as(*state, thm_part_find("W25Q32JV"), 65536, 1);
    memset(((struct ramchip *)*state)->bytes, 0xA5, 65536); /* what a page's memory held before must not matter */
    return 0;
}

static int teardown(void **state)
{
    ramchip_finish(*state);
    free(*state);
    return 0;
}

static void nor__fresh_chip_reads_ff_and_touches_no_memory(void **state)
{
    struct ramchip *c = *state;
    uint8_t b[2] = { 0 };
    assert_int_equal(thm_medium_read(c->medium, 4095, b, 2), THM_FS_OK);
    assert_int_equal(b[0] & b[1], 0xFF);
    assert_int_equal(thm_medium_erase(c->medium, 1), THM_FS_OK);
    assert_int_equal(c->bytes[0], 0xA5);
    assert_int_equal(c->slot[0] | c->slot[16], 0);
}

static void nor__erased_pages_give_their_memory_to_others(void **state)
{
    struct ramchip *c = *state;
    uint8_t b[2];
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t page = 0; page < 16; page++)
            assert_int_equal(thm_medium_program(c->medium, 4096 * round + 256 * page, &(uint8_t){ (uint8_t)page }, 1),
                             THM_FS_OK);
        for (uint32_t page = 0; page < 16; page++) {
            assert_int_equal(thm_medium_read(c->medium, 4096 * round + 256 * page, b, 2), THM_FS_OK);
            assert_int_equal(b[0], page);
            assert_int_equal(b[1], 0xFF);
        }
        assert_int_equal(thm_medium_erase(c->medium, round), THM_FS_OK);
    }
    assert_int_equal(c->bytes[16 * 256], 0xA5); /* never more than one sector's pages at once */
}

static void nor__load_costs_no_time_and_no_wear(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium_counters n;
    uint8_t b[600], back[600];
    memset(b, 0x5A, sizeof b);
    assert_int_equal(thm_chip_load(c->medium, 100, b, sizeof b), THM_FS_OK);
    assert_int_equal(thm_medium_peek(c->medium, 100, back, sizeof back), THM_FS_OK);
    assert_memory_equal(b, back, sizeof b);
    thm_medium_counters(c->medium, &n);
    assert_int_equal(n.programs + n.busy_ns, 0);
    assert_int_equal(thm_chip_load(c->medium, thm_medium_size(c->medium) - 1, b, 2), THM_FS_ERANGE);
}

static void nor__program_ands_and_counts_impossible_bits(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium_counters n;
    uint8_t b;
    assert_int_equal(thm_medium_program(c->medium, 10, "\xF0", 1), THM_FS_OK);
    assert_int_equal(thm_medium_program(c->medium, 10, "\x3C", 1), THM_FS_OK);
    assert_int_equal(thm_medium_peek(c->medium, 10, &b, 1), THM_FS_OK);
    assert_int_equal(b, 0x30);
    thm_medium_counters(c->medium, &n);
    assert_int_equal(n.programs, 2);
    assert_int_equal(n.blind_programs, 1);
    assert_int_equal(n.reads, 0);
}

static void nor__erase_sets_one_sector_and_wears_it(void **state)
{
    struct ramchip *c = *state;
    uint8_t zeros[8192] = { 0 }, b[2];
    assert_int_equal(thm_medium_program(c->medium, 0, zeros, sizeof zeros), THM_FS_OK);
    assert_int_equal(thm_medium_erase(c->medium, 0), THM_FS_OK);
    assert_int_equal(thm_medium_read(c->medium, 4095, b, 2), THM_FS_OK);
    assert_int_equal(b[0], 0xFF);
    assert_int_equal(b[1], 0);
    assert_int_equal(c->wear[0], 1);
    assert_int_equal(c->wear[1], 0);
}

static void nor__times_are_the_part_s(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium_counters n;
    uint8_t page[256] = { 0 };
    thm_medium_program(c->medium, 0, page, 1);
    thm_medium_counters(c->medium, &n);
    assert_int_equal(n.busy_ns, 30000);
    thm_medium_program(c->medium, 256, page, 256);
    thm_medium_counters(c->medium, &n);
    assert_int_equal(n.busy_ns, 30000 + 400000);
    thm_medium_erase(c->medium, 3);
    thm_medium_counters(c->medium, &n);
    assert_int_equal(n.busy_ns, 430000 + 45000000);
}

static void medium__program_is_split_at_pages(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium_counters n;
    uint8_t data[600] = { 0 };
    assert_int_equal(thm_medium_program(c->medium, 250, data, sizeof data), THM_FS_OK);
    thm_medium_counters(c->medium, &n);
    assert_int_equal(n.programs, 4); /* 6 + 256 + 256 + 82 */
    assert_int_equal(n.bytes_programmed, 600);
}

static void medium__outside_is_refused(void **state)
{
    struct ramchip *c = *state;
    uint8_t b[2] = { 0 };
    assert_int_equal(thm_medium_read(c->medium, 65535, b, 2), THM_FS_ERANGE);
    assert_int_equal(thm_medium_program(c->medium, 0xFFFFFFFF, b, 2), THM_FS_ERANGE);
    assert_int_equal(thm_medium_erase(c->medium, 16), THM_FS_ERANGE);
}

static void slice__is_its_part_and_no_more(void **state)
{
    struct ramchip *c = *state;
    struct thm_medium *s;
    uint8_t b = 0;
    assert_int_equal(thm_slice_create(&s, c->medium, 100, 4096), THM_FS_EINVAL);
    assert_int_equal(thm_slice_create(&s, c->medium, 61440, 8192), THM_FS_ERANGE);
    assert_int_equal(thm_slice_create(&s, c->medium, 8192, 8192), THM_FS_OK);
    assert_int_equal(thm_medium_program(s, 1, "\x11", 1), THM_FS_OK);
    assert_int_equal(c->bytes[8193], 0x11);
    assert_int_equal(thm_medium_program(s, 8192, "\x11", 1), THM_FS_ERANGE);
    assert_int_equal(thm_medium_erase(s, 0), THM_FS_OK);
    assert_int_equal(c->wear[2], 1);
    assert_int_equal(thm_medium_erase(s, 2), THM_FS_ERANGE);
    assert_int_equal(thm_medium_read(s, 1, &b, 1), THM_FS_OK);
    assert_int_equal(b, 0xFF);
    thm_medium_destroy(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nor__fresh_chip_reads_ff_and_touches_no_memory, setup_pooled, teardown),
        cmocka_unit_test_setup_teardown(nor__erased_pages_give_their_memory_to_others, setup_pooled, teardown),
        cmocka_unit_test_setup_teardown(nor__load_costs_no_time_and_no_wear, setup_pooled, teardown),
        T(nor__program_ands_and_counts_impossible_bits),
        T(nor__erase_sets_one_sector_and_wears_it),
        T(nor__times_are_the_part_s),
        T(medium__program_is_split_at_pages),
        T(medium__outside_is_refused),
        T(slice__is_its_part_and_no_more),
    };
    return cmocka_run_group_tests_name("medium", tests, NULL, NULL);
}
