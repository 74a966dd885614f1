/* FC-21: free space 4294938624
 * Source: joltwallet/esp_littlefs issue 66: total 5238784, used 5267456, free printed unsigned; a firmware's check
 *         "free < 20000" never fires
 * Cause: while a file is appended to, its old and its new list of blocks are both counted, shared blocks twice
 * Remedy: compare used and total before subtracting, or close the file first
 * Expected: firmware gets these figures as they are; signed, 28672 bytes too few */
#include "tests/testing.h"
#include "fsimages/fs_replay.h"
#include "fsimages/littlefs.h"
#include "fsimages/media/chip.h"

#define FS    thm_fs_littlefs
#define BLOCK 4096u
#define TOTAL 5238784u
#define OLD   2616000u /* 640 blocks */
#define MORE  16000u   /* 4 more */

static struct thm_fs_usage while_appending(struct thm_fs *fs)
{
    struct thm_fs_usage u;
    uint8_t *data = malloc(OLD);
    thm_replay_content(1, data, OLD);
    int32_t fd = FS.open(fs, "/log", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.write(fs, fd, data, OLD), OLD);
    assert_int_equal(FS.close(fs, fd), 0);
    fd = FS.open(fs, "/log", THM_FS_WRITE | THM_FS_APPEND);
    assert_int_equal(FS.write(fs, fd, data, MORE), MORE);
    assert_int_equal(FS.usage(fs, &u), 0);
    assert_int_equal(FS.close(fs, fd), 0);
    free(data);
    return u;
}

static void used__is_more_than_total_while_a_file_grows(void **state)
{
    struct thm_part part = *thm_part_find("W25Q128JV");
    struct thm_cells cells;
    struct thm_medium *chip;
    struct thm_fs_config c = { 0 };
    struct thm_fs_usage u;
    struct thm_fs *fs;
    (void)state;
    assert_int_equal(thm_cells_create(&cells, &part, TOTAL), THM_FS_OK);
    assert_int_equal(thm_chip_create(&chip, &part, TOTAL, &cells, NULL), THM_FS_OK);
    assert_int_equal(FS.format(chip, &c, NULL), 0);
    assert_int_equal(FS.mount(&fs, chip, &c, NULL), 0);

    u = while_appending(fs);
    assert_int_equal(u.total, 5238784);
    assert_int_equal(u.used, 5267456);
    const uint32_t firmware_sees = (uint32_t)u.total - (uint32_t)u.used;
    assert_int_equal(firmware_sees, 4294938624u);
    assert_false(firmware_sees < 20000);
    assert_int_equal((int64_t)u.total - (int64_t)u.used, -28672);

    assert_int_equal(FS.usage(fs, &u), 0);
    assert_int_equal(u.used, (2 + 640 + 4) * BLOCK);
    FS.unmount(fs);
    thm_medium_destroy(chip);
    thm_cells_destroy(&cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(used__is_more_than_total_while_a_file_grows) };
    return cmocka_run_group_tests_name("FC-21", tests, NULL, NULL);
}
