/* tests/unit/fsimages/test_rewritable.c -- a flash whose bytes can be rewritten, by EEFS and by hand. */
#include "fsimages/media/rewritable.h"
#include "fsimages/eefs.h"
#include "tests/unit/fsimages/contents.h"
#include "tests/unit/fsimages/ramchip.h"

#define FS thm_fs_eefs

static void flash__rewrites_blocks_for_bytes(void **state)
{
    struct ramchip chip;
    struct thm_medium *m;
    struct thm_fs_config c = { 0 };
    struct thm_fs *fs;
    struct thm_medium_counters before, after;
    (void)state;
    ramchip_init(&chip, 32768);
    assert_int_equal(FS.format(chip.medium, &c, NULL), -10);
    assert_int_equal(thm_rewritable_create(&m, chip.medium), THM_FS_OK);
    assert_int_equal(FS.format(m, &c, NULL), 0);
    assert_int_equal(FS.mount(&fs, m, &c, NULL), 0);
    assert_int_equal(store(fs, "a", 6000, 1, 0), 0);
    assert_true(holds_seed(fs, "a", 6000, 1));
    thm_medium_counters(chip.medium, &before);
    assert_int_equal(FS.rename(fs, "a", "b"), 0);
    thm_medium_counters(chip.medium, &after);
    assert_int_equal(after.erases - before.erases, 1);
    assert_int_equal(after.bytes_programmed - before.bytes_programmed, 4096);
    assert_int_equal(after.blind_programs, 0);
    assert_true(holds_seed(fs, "b", 6000, 1));
    FS.unmount(fs);
    thm_medium_destroy(m);
    ramchip_finish(&chip);
}

static void flash__a_cut_in_a_rewrite_costs_the_block_only(void **state)
{
    struct ramchip chip;
    struct thm_medium *m, *dying;
    uint8_t want[8192], got[8192];
    (void)state;
    for (uint32_t n = 0; n < 17; n++) {
        ramchip_init(&chip, 8192);
        thm_replay_content(1, want, sizeof want);
        assert_int_equal(thm_medium_program(chip.medium, 0, want, sizeof want), THM_FS_OK);
        assert_int_equal(thm_powercut_create(&dying, chip.medium, n), THM_FS_OK);
        assert_int_equal(thm_rewritable_create(&m, dying), THM_FS_OK);
        assert_int_equal(thm_medium_program(m, 5000, "abc", 3), THM_FS_EPOWER);
        assert_int_equal(thm_medium_peek(chip.medium, 0, got, sizeof got), THM_FS_OK);
        assert_memory_equal(got, want, 4096);
        assert_memory_not_equal(got + 4096, want + 4096, 4096);
        thm_medium_destroy(m);
        thm_medium_destroy(dying);
        ramchip_finish(&chip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flash__rewrites_blocks_for_bytes),
        cmocka_unit_test(flash__a_cut_in_a_rewrite_costs_the_block_only),
    };
    return cmocka_run_group_tests_name("rewritable", tests, NULL, NULL);
}
