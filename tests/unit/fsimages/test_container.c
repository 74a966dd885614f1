/* tests/unit/fsimages/test_container.c -- what kind of image it is, and where its volumes lie. */
#include "tests/testing.h"
#include "fsimages/container.h"
#include "fsimages/mbr.h"

#define SIZE (4u << 20)

static uint8_t image[SIZE];
static struct thm_container c;

static void erase(void)
{
    memset(image, 0xFF, sizeof image);
}

static void put_flash_table(void)
{
    static const struct thm_partition parts[] = { { "nvs", 1, 2, 0x9000, 0x5000, 0 },
                                                  { "data", 1, 0x82, 0x10000, 0x20000, 0 },
                                                  { "own", 0x40, 7, 0x30000, 0x1000, 0 } };
    erase();
    assert_int_equal(thm_partitions_build(parts, 3, image + THM_PARTITION_TABLE_OFFSET, THM_PARTITION_TABLE_SIZE),
                     THM_FS_OK);
}

static void put_card_table(void)
{
    static const struct thm_mbr_entry entries[] = { { 1, 0x0C, false, 1 << 20, 1 << 20 },
                                                    { 3, 0x83, false, 2 << 20, 1 << 20 } };
    memset(image, 0, sizeof image);
    thm_mbr_build(entries, 2, 1, image);
}

static void read__without_a_table_is_a_bare_volume(void **state)
{
    (void)state;
    erase();
    thm_container_read(&c, image, SIZE);
    assert_int_equal(c.kind, THM_CONTAINER_BARE);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.volumes[0].size, SIZE);
    assert_string_equal(c.volumes[0].name, "");
}

static void read__of_a_flash_has_its_partitions(void **state)
{
    (void)state;
    put_flash_table();
    thm_container_read(&c, image, SIZE);
    assert_int_equal(c.kind, THM_CONTAINER_FLASH);
    assert_int_equal(c.count, 3);
    assert_string_equal(c.volumes[1].name, "data");
    assert_string_equal(c.volumes[1].type, "data/spiffs");
    assert_int_equal(c.volumes[1].offset, 0x10000);
    assert_int_equal(c.volumes[1].size, 0x20000);
    assert_string_equal(c.volumes[2].type, "0x40/0x07");
}

static void read__of_a_damaged_table_is_a_bare_volume(void **state)
{
    (void)state;
    put_flash_table();
    image[THM_PARTITION_TABLE_OFFSET + 36] ^= 1; /* the MD5 does not fit any more */
    thm_container_read(&c, image, SIZE);
    assert_int_equal(c.kind, THM_CONTAINER_BARE);
}

static void read__of_a_dump_that_is_cut_off_is_a_bare_volume(void **state)
{
    (void)state;
    put_flash_table();
    thm_container_read(&c, image, 0x30000);
    assert_int_equal(c.kind, THM_CONTAINER_BARE);
    thm_container_read(&c, image, THM_PARTITION_TABLE_OFFSET + 1);
    assert_int_equal(c.kind, THM_CONTAINER_BARE);
}

static void read__of_a_card_names_partitions_by_number(void **state)
{
    (void)state;
    put_card_table();
    thm_container_read(&c, image, SIZE);
    assert_int_equal(c.kind, THM_CONTAINER_CARD);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.volumes[1].name, "p3");
    assert_string_equal(c.volumes[0].type, "0c FAT32");
    assert_ptr_equal(thm_container_find(&c, "3"), &c.volumes[1]);
    assert_ptr_equal(thm_container_find(&c, "p1"), &c.volumes[0]);
    assert_null(thm_container_find(&c, "2"));
}

static void read__of_less_than_a_sector_is_a_bare_volume(void **state)
{
    (void)state;
    put_card_table();
    thm_container_read(&c, image, THM_MBR_SECTOR - 1);
    assert_int_equal(c.kind, THM_CONTAINER_BARE);
}

static void foreign__knows_exfat_and_others_by_their_marks(void **state)
{
    (void)state;
    erase();
    assert_null(thm_foreign_file_system(image, SIZE));
    memcpy(image + 3, "EXFAT   ", 8);
    assert_string_equal(thm_foreign_file_system(image, SIZE), "exFAT");
    assert_null(thm_foreign_file_system(image, 10));
    memcpy(image + 3, "NTFS    ", 8);
    assert_string_equal(thm_foreign_file_system(image, SIZE), "NTFS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read__without_a_table_is_a_bare_volume),
        cmocka_unit_test(read__of_a_flash_has_its_partitions),
        cmocka_unit_test(read__of_a_damaged_table_is_a_bare_volume),
        cmocka_unit_test(read__of_a_dump_that_is_cut_off_is_a_bare_volume),
        cmocka_unit_test(read__of_a_card_names_partitions_by_number),
        cmocka_unit_test(read__of_less_than_a_sector_is_a_bare_volume),
        cmocka_unit_test(foreign__knows_exfat_and_others_by_their_marks),
    };
    return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
