/* tests/unit/fsimages/test_partition.c -- ESP32 partition tables, binary and CSV. */
#include "tests/testing.h"
#include "fsimages/partition.h"

static const char csv[] = "# Name, Type, SubType, Offset, Size, Flags\n"
                          "nvs,      data, nvs,     0x9000,  20K,\n"
                          "otadata,  data, ota,     ,        0x2000,\r\n"
                          "app0,     app,  ota_0,   ,        0x140000,   # comment\n"
                          "\n"
                          "spiffs,   data, spiffs,  0x290000,0x160000, encrypted\n";

static void parse(struct thm_partition *p, size_t *n)
{
    struct thm_partition_csv_error e;
    assert_int_equal(thm_partitions_parse_csv(csv, strlen(csv), p, n, &e), THM_FS_OK);
}

static void csv__fills_in_offsets(void **state)
{
    struct thm_partition p[THM_PARTITIONS_MAX];
    size_t n;
    (void)state;
    parse(p, &n);
    assert_int_equal(n, 4);
    assert_int_equal(p[1].offset, 0xE000);
    assert_int_equal(p[2].offset, 0x10000);
    assert_int_equal(p[2].subtype, 0x10);
    assert_int_equal(p[3].size, 0x160000);
    assert_int_equal(p[3].flags, 1);
}

static void csv__bad_lines_are_named(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
    } bad[] = {
        { "", 0 },
        { "#\n\nx,data,spiffs,0x9000\n", 3 },
        { "x,data,nosuch,,4K\n", 1 },
        { "x,what,0,,4K\n", 1 },
        { "a,data,nvs,0x9000,8K\nb,data,nvs,0xA000,4K\n", 2 },
        { "a,data,nvs,0x9001,4K\n", 1 },
        { "a,data,nvs,,4Q\n", 1 },
        { "averyveryverylongname,data,nvs,,4K\n", 1 },
        { "a,data,nvs,,0xFFFFFFFFF\n", 1 },
        { "a,data,nvs,0x9000,0xFFFFF000\n", 1 },
    };
    struct thm_partition p[THM_PARTITIONS_MAX];
    struct thm_partition_csv_error e;
    size_t n;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(thm_partitions_parse_csv(bad[i].text, strlen(bad[i].text), p, &n, &e), THM_FS_EFORMAT);
        assert_int_equal(e.line, bad[i].line);
        assert_non_null(e.why);
    }
}

static void table__is_read_as_it_was_built(void **state)
{
    struct thm_partition p[THM_PARTITIONS_MAX], q[THM_PARTITIONS_MAX];
    uint8_t table[0xC00];
    size_t n, m;
    (void)state;
    parse(p, &n);
    assert_int_equal(thm_partitions_build(p, n, table, sizeof table), THM_FS_OK);
    assert_int_equal(thm_partitions_parse(table, sizeof table, 4 << 20, q, &m), THM_FS_OK);
    assert_int_equal(m, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(p[i].name, q[i].name);
        assert_int_equal(p[i].offset, q[i].offset);
        assert_int_equal(p[i].size, q[i].size);
        assert_int_equal(p[i].type << 8 | p[i].subtype, q[i].type << 8 | q[i].subtype);
        assert_int_equal(p[i].flags, q[i].flags);
    }
    assert_ptr_equal(thm_partition_find(q, m, "spiffs"), &q[3]);
    assert_null(thm_partition_find(q, m, "spiff"));
}

/* The layout byte by byte, worked out from gen_esp32part.py. */
static void table__entry_has_the_documented_bytes(void **state)
{
    static const uint8_t want[32] = "\xAA\x50\x01\x02\x00\x90\x00\x00\x00\x50\x00\x00nvs";
    struct thm_partition p[THM_PARTITIONS_MAX];
    uint8_t table[0xC00];
    size_t n;
    (void)state;
    parse(p, &n);
    thm_partitions_build(p, n, table, sizeof table);
    assert_memory_equal(table, want, 32);
    assert_memory_equal(table + 4 * 32, "\xEB\xEB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16);
    assert_int_equal(table[5 * 32], 0xFF);
}

static void table__damage_is_refused(void **state)
{
    struct thm_partition p[THM_PARTITIONS_MAX], q[THM_PARTITIONS_MAX];
    uint8_t table[0xC00], bad[0xC00];
    size_t n, m;
    (void)state;
    parse(p, &n);
    thm_partitions_build(p, n, table, sizeof table);
    for (size_t i = 0; i < 5 * 32; i++) {
        if (i >= 4 * 32 + 2 && i < 4 * 32 + 16)
            continue; /* filling of the MD5 entry */
        memcpy(bad, table, sizeof bad);
        bad[i] ^= 1;
        assert_int_equal(thm_partitions_parse(bad, sizeof bad, 4 << 20, q, &m), THM_FS_EFORMAT);
    }
    assert_int_equal(thm_partitions_parse(table, sizeof table, 2 << 20, q, &m), THM_FS_EFORMAT);
    memset(bad, 0xFF, sizeof bad);
    assert_int_equal(thm_partitions_parse(bad, sizeof bad, 4 << 20, q, &m), THM_FS_EFORMAT);
}

static void table__overlap_is_refused_even_without_md5(void **state)
{
    struct thm_partition p[2] = { { "a", 1, 2, 0x9000, 0x2000, 0 }, { "b", 1, 2, 0xA000, 0x1000, 0 } },
                         q[THM_PARTITIONS_MAX];
    uint8_t table[0xC00];
    size_t m;
    (void)state;
    thm_partitions_build(p, 2, table, sizeof table);
    memset(table + 64, 0xFF, 32);
    assert_int_equal(thm_partitions_parse(table, sizeof table, 4 << 20, q, &m), THM_FS_EFORMAT);
    p[1].offset = 0xB000;
    thm_partitions_build(p, 2, table, sizeof table);
    memset(table + 64, 0xFF, 32);
    assert_int_equal(thm_partitions_parse(table, sizeof table, 4 << 20, q, &m), THM_FS_OK);
}

static void names__go_both_ways(void **state)
{
    (void)state;
    assert_int_equal(thm_partition_type("data"), 1);
    assert_int_equal(thm_partition_type("0x40"), 0x40);
    assert_int_equal(thm_partition_type("dat"), -1);
    assert_int_equal(thm_partition_subtype(1, "spiffs"), 0x82);
    assert_int_equal(thm_partition_subtype(0, "spiffs"), -1);
    assert_string_equal(thm_partition_subtype_name(0, 0x11), "ota_1");
    assert_null(thm_partition_subtype_name(1, 0x70));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv__fills_in_offsets),
        cmocka_unit_test(csv__bad_lines_are_named),
        cmocka_unit_test(table__is_read_as_it_was_built),
        cmocka_unit_test(table__entry_has_the_documented_bytes),
        cmocka_unit_test(table__damage_is_refused),
        cmocka_unit_test(table__overlap_is_refused_even_without_md5),
        cmocka_unit_test(names__go_both_ways),
    };
    return cmocka_run_group_tests_name("partition", tests, NULL, NULL);
}
