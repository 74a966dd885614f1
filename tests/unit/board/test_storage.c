/* Where a profile's storage lies, and what it holds when it is new. */
#include "tests/testing.h"
#include "emu/board/chips.h"
#include "emu/board/factory.h"
#include "emu/board/storage_place.h"
#include "fsimages/media/chip.h"

static struct thm_profile_partition partitions[] = { { "spiffs", "data", "spiffs", 0x10000, 0x20000 } };
static struct thm_profile_medium media[] = { { "eeprom", "24LC256" } };
static struct thm_profile_storage storages[] = {
    { .name = "spiffs", .fs = "spiffs", .partition = "spiffs" },
    { .name = "rest", .fs = "spiffs", .offset = 0x30000 },
    { .name = "shipped", .fs = "spiffs", .offset = 0x40000, .size = 0x20000, .shipped = true },
    { .name = "plain", .fs = "spiffs", .medium = "eeprom" },
};
static const struct thm_profile profile = {
    .name = "test",
    .flash = { .part = "W25Q16JV", .size = 0x100000, .partitions = partitions, .partitions_count = 1 },
    .media = media,
    .media_count = 1,
    .storage = storages,
    .storage_count = 4,
};

static void place__is_the_partition_the_range_or_the_medium(void **state)
{
    (void)state;
    struct thm_storage_place at = thm_storage_place(&profile, &storages[0]);
    assert_int_equal(at.medium, 0);
    assert_string_equal(at.name, "spiffs");
    assert_int_equal(at.offset, 0x10000);
    assert_int_equal(at.size, 0x20000);
    at = thm_storage_place(&profile, &storages[1]);
    assert_string_equal(at.name, "flash");
    assert_int_equal(at.size, 0x100000 - 0x30000);
    at = thm_storage_place(&profile, &storages[3]);
    assert_int_equal(at.medium, 1);
    assert_string_equal(at.name, "eeprom");
    assert_int_equal(at.size, 32768);
}

static void file__default_is_the_storages_own(void **state)
{
    (void)state;
    assert_string_equal(thm_storage_file(&profile, "spiffs"), "/model.tflite");
    assert_string_equal(thm_storage_file(&profile, "none"), "/model.tflite");
    storages[1].file = "model";
    assert_string_equal(thm_storage_file(&profile, "rest"), "model");
    storages[1].file = NULL;
}

static int32_t size_of(const struct thm_cells *cells, const struct thm_profile_storage *s, const char *name)
{
    struct thm_medium *chip, *volume;
    struct thm_fs *fs;
    struct thm_fs_stat st;
    struct thm_storage_place at = thm_storage_place(&profile, s);
    const struct thm_fs_config config = thm_storage_config(s);
    const struct thm_fs_ops *ops = thm_fs_find(s->fs);
    assert_int_equal(thm_chip_create(&chip, thm_part_find("W25Q16JV"), 0x100000, cells, NULL), THM_FS_OK);
    assert_int_equal(thm_storage_volume(s, chip, &at, &volume), THM_FS_OK);
    assert_int_equal(ops->mount(&fs, volume, &config, NULL), 0);
    int32_t code = ops->stat(fs, name, &st);
    ops->unmount(fs);
    thm_medium_destroy(volume);
    thm_medium_destroy(chip);
    return code < 0 ? code : (int32_t)st.size;
}

static void factory__puts_a_file_on_a_new_volume_and_keeps_the_others(void **state)
{
    static const uint8_t bytes[1000];
    struct thm_chips chips;
    char error[200] = "";
    (void)state;
    assert_int_equal(thm_chips_open(&chips, &profile, 3, NULL, error, sizeof error), 0);
    const struct thm_factory_file a = { "a file", "/a", bytes, 1000 }, b = { "a file", "/b", bytes, 10 };
    assert_int_equal(thm_factory_storage(&profile, &storages[2], &chips.cells[0], NULL, error, sizeof error), 0);
    assert_int_equal(thm_factory_storage(&profile, &storages[2], &chips.cells[0], &a, error, sizeof error), 0);
    assert_int_equal(thm_factory_storage(&profile, &storages[2], &chips.cells[0], &b, error, sizeof error), 0);
    assert_int_equal(size_of(&chips.cells[0], &storages[2], "/a"), 1000);
    assert_int_equal(size_of(&chips.cells[0], &storages[2], "/b"), 10);
    thm_chips_close(&chips);
}

static void place__eefs_on_flash_is_an_emulated_eeprom(void **state)
{
    static const uint8_t bytes[1000];
    static struct thm_profile_storage eefs = { .name = "eefs", .fs = "eefs", .offset = 0x80000, .size = 0x8000 };
    struct thm_chips chips;
    char error[300] = "";
    (void)state;
    assert_int_equal(thm_chips_open(&chips, &profile, 1, NULL, error, sizeof error), 0);
    const struct thm_factory_file a = { "a file", "/a", bytes, sizeof bytes };
    assert_int_equal(thm_factory_storage(&profile, &eefs, &chips.cells[0], &a, error, sizeof error), 0);
    assert_int_equal(size_of(&chips.cells[0], &eefs, "a"), 1000);
    thm_chips_close(&chips);
}

static void factory__a_file_too_large_is_the_storages_failure(void **state)
{
    static const uint8_t bytes[0x20000];
    struct thm_chips chips;
    char error[300] = "";
    (void)state;
    assert_int_equal(thm_chips_open(&chips, &profile, 3, NULL, error, sizeof error), 0);
    const struct thm_factory_file a = { "a file", "/a", bytes, sizeof bytes };
    assert_int_equal(thm_factory_storage(&profile, &storages[2], &chips.cells[0], &a, error, sizeof error), 11);
    assert_non_null(strstr(error, "SPIFFS_ERR_FULL (-10001)"));
    assert_non_null(strstr(error, "131072 bytes, 113201 of 113201 are free"));
    thm_chips_close(&chips);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(place__is_the_partition_the_range_or_the_medium),
        cmocka_unit_test(file__default_is_the_storages_own),
        cmocka_unit_test(factory__puts_a_file_on_a_new_volume_and_keeps_the_others),
        cmocka_unit_test(place__eefs_on_flash_is_an_emulated_eeprom),
        cmocka_unit_test(factory__a_file_too_large_is_the_storages_failure),
    };
    return cmocka_run_group_tests_name("storage", tests, NULL, NULL);
}
