/* tests/unit/fsimages/test_mbr.c -- the partition table of a card. */
#include "tests/testing.h"
#include "fsimages/mbr.h"

#define CARD (64u << 20)

static const struct thm_mbr_entry one = { 1, 0x0C, false, 1 << 20, 129024u * 512 };

static void build__is_what_sfdisk_writes(void **state)
{
    static const uint8_t entry[16] = { 0x00, 0x20, 0x21, 0x00, 0x0C, 0x28, 0x20, 0x08,
                                       0x00, 0x08, 0x00, 0x00, 0x00, 0xF8, 0x01, 0x00 };
    uint8_t s[THM_MBR_SECTOR];
    (void)state;
    thm_mbr_build(&one, 1, 0x1234ABCD, s);
    assert_memory_equal(s + 446, entry, sizeof entry);
    assert_memory_equal(s + 440, "\xCD\xAB\x34\x12\0\0", 6);
    assert_memory_equal(s + 510, "\x55\xAA", 2);
}

static void build__what_cylinders_cannot_say_is_their_last_sector(void **state)
{
    const struct thm_mbr_entry large = { 4, 0x0C, true, 9ull << 30, 4ull << 30 };
    uint8_t s[THM_MBR_SECTOR];
    (void)state;
    thm_mbr_build(&large, 1, 0, s);
    assert_memory_equal(s + 446 + 48, "\x80\xFE\xFF\xFF\x0C\xFE\xFF\xFF", 8);
}

static void parse__gives_back_what_was_built(void **state)
{
    const struct thm_mbr_entry two[] = { { 3, 0x83, false, 40 << 20, 1 << 20 },
                                         { 1, 0x06, true, 8192 * 512, 30 << 20 } };
    struct thm_mbr_entry got[THM_MBR_ENTRIES];
    uint8_t s[THM_MBR_SECTOR];
    size_t n;
    (void)state;
    thm_mbr_build(two, 2, 7, s);
    assert_int_equal(thm_mbr_parse(s, CARD, got, &n), THM_FS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(got[0].number, 1);
    assert_int_equal(got[0].type, 0x06);
    assert_true(got[0].active);
    assert_int_equal(got[0].offset, two[1].offset);
    assert_int_equal(got[0].size, two[1].size);
    assert_int_equal(got[1].number, 3);
    assert_int_equal(got[1].offset, two[0].offset);
}

static void parse__an_empty_table_is_a_table(void **state)
{
    struct thm_mbr_entry got[THM_MBR_ENTRIES];
    uint8_t s[THM_MBR_SECTOR];
    size_t n = 9;
    (void)state;
    thm_mbr_build(NULL, 0, 7, s);
    assert_int_equal(thm_mbr_parse(s, CARD, got, &n), THM_FS_OK);
    assert_int_equal(n, 0);
}

static void parse__boot_code_that_jumps_is_no_boot_sector(void **state)
{
    struct thm_mbr_entry got[THM_MBR_ENTRIES];
    uint8_t s[THM_MBR_SECTOR];
    size_t n;
    (void)state;
    thm_mbr_build(&one, 1, 7, s);
    memcpy(s, "\xEB\x63\x90", 3);
    assert_int_equal(thm_mbr_parse(s, CARD, got, &n), THM_FS_OK);
    memcpy(s + 11, "\x00\x02\x04\x01\x00\x02", 6);
    assert_int_equal(thm_mbr_parse(s, CARD, got, &n), THM_FS_EFORMAT);
}

static void parse__what_cannot_be_is_refused(void **state)
{
    static const struct {
        unsigned at;
        const char *bytes;
        unsigned len;
    } bad[] = {
        { 510, "\x00", 1 },                                /* no mark */
        { 446, "\x12", 1 },                                /* a status that does not exist */
        { 454, "\x00\x00\x00\x00", 4 },                    /* the table would be in the partition */
        { 454, "\xFF\xFF\xFF\xFF", 4 },                    /* begins behind the card */
        { 458, "\x00\xF8\x01\x01", 4 },                    /* ends there */
        { 466, "\x0C\0\0\0\x00\x10\0\0\x00\x10\0\0", 12 }, /* the second lies in the first */
    };
    struct thm_mbr_entry got[THM_MBR_ENTRIES];
    size_t n;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t s[THM_MBR_SECTOR];
        thm_mbr_build(&one, 1, 7, s);
        assert_int_equal(thm_mbr_parse(s, CARD, got, &n), THM_FS_OK);
        memcpy(s + bad[i].at, bad[i].bytes, bad[i].len);
        assert_int_equal(thm_mbr_parse(s, CARD, got, &n), THM_FS_EFORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build__is_what_sfdisk_writes),
        cmocka_unit_test(build__what_cylinders_cannot_say_is_their_last_sector),
        cmocka_unit_test(parse__gives_back_what_was_built),
        cmocka_unit_test(parse__an_empty_table_is_a_table),
        cmocka_unit_test(parse__boot_code_that_jumps_is_no_boot_sector),
        cmocka_unit_test(parse__what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("mbr", tests, NULL, NULL);
}
