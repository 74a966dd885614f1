/* tests/unit/fsimages/test_spiffs.c -- SPIFFS by behaviour: what files do, what the flash holds, when it is full. */
#include "tests/unit/fsimages/volume.h"

enum { RDWR = THM_FS_READ | THM_FS_WRITE };

static int setup(void **state)
{
    struct volume *v = malloc(sizeof *v);
    volume_init(v, 65536, NULL);
    *state = v;
    return 0;
}

static int teardown(void **state)
{
    volume_finish(*state);
    free(*state);
    return 0;
}

static void write__puts_the_documented_bytes_on_the_flash(void **state)
{
    struct volume *v = *state;
    const uint8_t *b = v->chip.bytes;
    struct thm_medium_counters before, after;
    thm_medium_counters(v->chip.medium, &before);
    assert_int_equal(store(v->fs, "/hello.txt", 100, 1, 0), 0);
    thm_medium_counters(v->chip.medium, &after);
    assert_int_equal(after.programs - before.programs, 6);
    assert_memory_equal(b, "\x01\x80\x01\x00\xFF\xFF", 6);
    assert_memory_equal(b + 0xFC, "\x39\x04\x00\x00", 4);
    assert_memory_equal(b + 0x100, "\x01\x80\x00\x00\xF8", 5);
    assert_memory_equal(b + 0x108, "\x64\x00\x00\x00\x01/hello.txt\x00", 16);
    assert_memory_equal(b + 0x12D, "\xFF\xFF\xFF\xFF\x02\x00\xFF\xFF", 8);
    assert_memory_equal(b + 0x200, "\x01\x00\x00\x00\xFC\x51\xCC\x69\xFE", 9);
    assert_int_equal(b[0x205 + 100], 0xFF);
    assert_memory_equal(b + 0x10FC, "\x26\x04\x00\x00", 4);
}

static void write__large_file_costs_three_programs_a_page(void **state)
{
    struct volume *v = *state;
    struct thm_medium_counters before, after;
    thm_medium_counters(v->chip.medium, &before);
    assert_int_equal(store(v->fs, "/f", 5000, 1, 0), 0);
    thm_medium_counters(v->chip.medium, &after);
    assert_int_equal(after.programs - before.programs, 63);
}

static void write__small_ones_are_collected_to_pages(void **state)
{
    struct volume *v = *state;
    struct thm_medium_counters a, b, c;
    thm_medium_counters(v->chip.medium, &a);
    assert_int_equal(store(v->fs, "/a", 2560, 1, 1), 0);
    thm_medium_counters(v->chip.medium, &b);
    assert_int_equal(store(v->fs, "/b", 2560, 2, 256), 0);
    thm_medium_counters(v->chip.medium, &c);
    assert_int_equal(b.programs - a.programs, c.programs - b.programs);
    assert_true(holds_seed(v->fs, "/a", 2560, 1));
    assert_true(holds_seed(v->fs, "/b", 2560, 2));
}

static void write__full_appears_at_close_when_the_cache_took_it(void **state)
{
    struct volume *v = *state;
    int32_t fd;
    assert_int_equal(store(v->fs, "/big", 52208 - 502, 1, 0), 0);
    fd = FS.open(v->fs, "/big", RDWR | THM_FS_APPEND);
    uint8_t page[250] = { 0 };
    int32_t res = 0;
    while (res >= 0 && FS.write(v->fs, fd, page, sizeof page) == sizeof page) {
        res = FS.close(v->fs, fd);
        if (res >= 0)
            fd = FS.open(v->fs, "/big", RDWR | THM_FS_APPEND);
    }
    assert_int_equal(res, -10001);
    assert_int_equal(FS.close(v->fs, fd), 0); /* it stayed open; what the cache held is lost */
    assert_string_equal(thm_fs_code_name(FS.codes, res), "SPIFFS_ERR_FULL");
    assert_int_equal(thm_fs_code_kind(FS.codes, res), THM_FS_ENOSPC);
}

static void capacity__one_call_stores_what_the_formula_says(void **state)
{
    static const struct {
        uint32_t size, block;
        bool no_meta;
        uint32_t total, most;
    } table[] = {
        { 65536, 4096, false, 52961, 52208 },    { 131072, 4096, false, 113201, 111444 },
        { 262144, 4096, false, 233681, 229916 }, { 524288, 4096, false, 474641, 466860 },
        { 262144, 8192, true, 233681, 229916 },  { 0x160000, 4096, false, 1318001, 1297168 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct thm_fs_config c = { .block_size = table[i].block, .no_meta = table[i].no_meta };
        struct thm_fs_usage u;
        struct volume v;
        volume_init(&v, table[i].size, &c);
        FS.usage(v.fs, &u);
        assert_int_equal(u.total, table[i].total);
        assert_int_equal(store(v.fs, "/m", table[i].most + 1, 1, 0), -10001);
        assert_int_equal(FS.remove(v.fs, "/m"), 0);
        volume_finish(&v);
        volume_init(&v, table[i].size, &c);
        assert_true(v.fs->ops->need(v.fs, table[i].most) <= u.total);
        assert_int_equal(store(v.fs, "/m", table[i].most, 1, 0), 0);
        assert_true(holds_seed(v.fs, "/m", table[i].most, 1));
        volume_finish(&v);
    }
}

static void capacity__chunks_waste_what_was_measured(void **state)
{
    static const struct {
        uint32_t chunk, most;
    } table[] = { { 4096, 105412 }, { 1024, 100081 }, { 512, 95232 }, { 256, 93184 } };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct volume v;
        struct thm_fs_stat st;
        volume_init(&v, 131072, NULL);
        assert_int_equal(store(v.fs, "/m", 131072, 1, table[i].chunk), -10001);
        assert_int_equal(FS.stat(v.fs, "/m", &st), 0);
        /* the measured figure counts pages of the last chunk that were written before FULL; the header does not */
        assert_int_equal(st.size, table[i].most / table[i].chunk * table[i].chunk);
        volume_finish(&v);
    }
}

static void remove__works_on_a_full_volume(void **state)
{
    struct volume *v = *state;
    struct thm_fs_usage u;
    assert_int_equal(store(v->fs, "/m", 52208, 1, 0), 0);
    assert_int_equal(store(v->fs, "/x", 1, 1, 0), -10001);
    assert_int_equal(FS.remove(v->fs, "/m"), 0);
    FS.usage(v->fs, &u);
    assert_int_equal(u.used, 0);
    assert_int_equal(store(v->fs, "/m", 40000, 2, 0), 0);
    assert_true(holds_seed(v->fs, "/m", 40000, 2));
}

static void truncate__any_size_keeps_the_right_bytes_on_flash(void **state)
{
    static const uint32_t sizes[] = { 509, 503, 502, 501, 490, 252, 251, 250, 1, 0 };
    struct volume *v = *state;
    uint8_t want[600];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t n = sizes[i];
        assert_int_equal(store(v->fs, "/a", 510, 1, 0), 0);
        assert_int_equal(FS.truncate(v->fs, "/a", n), 0);
        int32_t fd = FS.open(v->fs, "/a", RDWR | THM_FS_APPEND);
        thm_replay_content(1, want, n);
        thm_replay_content(9, want + n, 15);
        assert_int_equal(FS.write(v->fs, fd, want + n, 15), 15);
        assert_int_equal(FS.close(v->fs, fd), 0);
        volume_remount(v); /* what the flash holds, not a cache */
        assert_true(holds(v->fs, "/a", want, n + 15));
        assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
    }
}

static void truncate__at_the_border_of_an_index_page_can_grow_again(void **state)
{
    const uint32_t border = 103 * 251;
    struct volume *v = *state;
    uint8_t *want = malloc(border + 300);
    assert_int_equal(store(v->fs, "/a", border + 600, 1, 0), 0);
    assert_int_equal(FS.truncate(v->fs, "/a", border), 0);
    thm_replay_content(1, want, border);
    thm_replay_content(2, want + border, 300);
    int32_t fd = FS.open(v->fs, "/a", RDWR | THM_FS_APPEND);
    assert_int_equal(FS.write(v->fs, fd, want + border, 300), 300);
    assert_int_equal(FS.close(v->fs, fd), 0);
    volume_remount(v);
    assert_true(holds(v->fs, "/a", want, border + 300));
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
    assert_int_equal(FS.truncate(v->fs, "/a", border + 301), -10003);
    free(want);
}

static void overwrite__only_the_bytes_in_question_change(void **state)
{
    struct volume *v = *state;
    uint8_t want[2000];
    assert_int_equal(store(v->fs, "/a", 1000, 1, 0), 0);
    thm_replay_content(1, want, 1000);
    thm_replay_content(5, want + 300, 900); /* beyond the end, too */
    int32_t fd = FS.open(v->fs, "/a", RDWR);
    assert_int_equal(FS.seek(v->fs, fd, -700, THM_FS_END), 300);
    assert_int_equal(FS.write(v->fs, fd, want + 300, 900), 900);
    assert_int_equal(FS.close(v->fs, fd), 0);
    volume_remount(v);
    assert_true(holds(v->fs, "/a", want, 1200));
}

static void seek__bounds_are_the_device_s(void **state)
{
    struct volume *v = *state;
    uint8_t b;
    assert_int_equal(store(v->fs, "/a", 10, 1, 0), 0);
    int32_t fd = FS.open(v->fs, "/a", RDWR);
    assert_int_equal(FS.seek(v->fs, fd, -1, THM_FS_SET), -10040);
    assert_int_equal(FS.seek(v->fs, fd, 11, THM_FS_SET), -10003);
    assert_int_equal(FS.seek(v->fs, fd, 0, THM_FS_CUR), 10);
    assert_int_equal(FS.read(v->fs, fd, &b, 1), 0);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(FS.close(v->fs, fd), -10008);
    assert_int_equal(FS.read(v->fs, 99, &b, 1), -10010);
}

static void open__flags_mean_what_they_say(void **state)
{
    struct volume *v = *state;
    uint8_t b = 0;
    assert_int_equal(FS.open(v->fs, "/a", THM_FS_READ), -10002);
    int32_t fd = FS.open(v->fs, "/a", THM_FS_WRITE | THM_FS_CREATE | THM_FS_EXCL);
    assert_true(fd > 0);
    assert_int_equal(FS.read(v->fs, fd, &b, 1), -10022);
    assert_int_equal(FS.open(v->fs, "/a", THM_FS_WRITE | THM_FS_CREATE | THM_FS_EXCL), -10030);
    int32_t reader = FS.open(v->fs, "/a", THM_FS_READ);
    assert_int_equal(FS.write(v->fs, reader, &b, 1), -10021);
    assert_int_equal(FS.open(v->fs, "/0123456789012345678901234567890", THM_FS_WRITE | THM_FS_CREATE), -10036);
    for (int i = 0; i < 3; i++)
        assert_true(FS.open(v->fs, "/a", THM_FS_READ) > 0);
    assert_int_equal(FS.open(v->fs, "/a", THM_FS_READ), -10007);
}

static void reader__sees_what_another_descriptor_wrote(void **state)
{
    struct volume *v = *state;
    uint8_t b[4];
    int32_t w = FS.open(v->fs, "/a", THM_FS_WRITE | THM_FS_CREATE), r = FS.open(v->fs, "/a", THM_FS_READ);
    assert_int_equal(FS.write(v->fs, w, "abcd", 4), 4);
    assert_int_equal(FS.read(v->fs, r, b, 4), 4); /* it flushes the object's collected writes first */
    assert_memory_equal(b, "abcd", 4);
    assert_int_equal(FS.remove(v->fs, "/a"), 0);
    assert_int_equal(FS.read(v->fs, r, b, 4), -10008);
}

static void rename__moves_only_the_name(void **state)
{
    struct volume *v = *state;
    assert_int_equal(store(v->fs, "/a", 700, 1, 0), 0);
    assert_int_equal(store(v->fs, "/b", 10, 2, 0), 0);
    assert_int_equal(FS.rename(v->fs, "/a", "/b"), -10023);
    assert_int_equal(FS.rename(v->fs, "/x", "/y"), -10002);
    assert_int_equal(FS.rename(v->fs, "/a", "/c"), 0);
    assert_true(holds_seed(v->fs, "/c", 700, 1));
    assert_int_equal(FS.open(v->fs, "/a", THM_FS_READ), -10002);
}

static uint32_t now(void *ctx)
{
    return *(uint32_t *)ctx;
}

static void metadata__time_is_stored_after_writing_only(void **state)
{
    uint32_t time = 0x12345678;
    struct thm_fs_config c = { .seconds = now, .seconds_ctx = &time };
    struct thm_spiffs_info info;
    struct volume v;
    (void)state;
    volume_init(&v, 65536, &c);
    assert_int_equal(store(v.fs, "/a", 10, 1, 0), 0); /* opened for writing only */
    assert_int_equal(thm_spiffs_info(v.fs, "/a", &info), 0);
    assert_memory_equal(info.meta, "\x78\x56\x34\x12", 4);
    int32_t fd = FS.open(v.fs, "/b", RDWR | THM_FS_CREATE);
    assert_int_equal(FS.close(v.fs, fd), 0);
    assert_int_equal(thm_spiffs_info(v.fs, "/b", &info), 0);
    assert_memory_equal(info.meta, "\xFF\xFF\xFF\xFF", 4);
    volume_finish(&v);
}

/* An empty file of the packer has size 0, not "undefined": the size cannot be programmed over it. */
static void append__to_a_packed_empty_file_survives_a_remount(void **state)
{
    struct volume *v = *state;
    int32_t fd = FS.open(v->fs, "/e", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(thm_medium_program(v->chip.medium, 0x108, "\0\0\0\0", 4), THM_FS_OK);
    volume_remount(v);
    fd = FS.open(v->fs, "/e", THM_FS_WRITE | THM_FS_APPEND);
    assert_int_equal(FS.write(v->fs, fd, "hello", 5), 5);
    assert_int_equal(FS.close(v->fs, fd), 0);
    volume_remount(v);
    assert_true(holds(v->fs, "/e", (const uint8_t *)"hello", 5));
}

static void churn(struct volume *v, uint32_t limit, int rounds)
{
    uint32_t size[6] = { 0 }, seed[6] = { 0 }, s = 7;
    char name[8];
    for (int i = 0; i < rounds; i++) {
        s = s * 1103515245 + 12345;
        uint32_t f = (s >> 16) % 6, n = (s >> 8) % limit;
        snprintf(name, sizeof name, "/f%u", (unsigned)f);
        assert_int_equal(store(v->fs, name, n, s, (s >> 20) % 700), 0);
        size[f] = n;
        seed[f] = s;
        if (i % 16 == 15)
            volume_remount(v);
    }
    for (uint32_t f = 0; f < 6; f++) {
        snprintf(name, sizeof name, "/f%u", (unsigned)f);
        assert_true(holds_seed(v->fs, name, size[f], seed[f]));
    }
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
}

static void geometry__files_survive_on_every_one(void **state)
{
    static const struct thm_fs_config configs[] = {
        { .page_size = 256, .block_size = 4096 },
        { .page_size = 256, .block_size = 65536 },
        { .page_size = 512, .block_size = 8192, .aligned_index = true },
        { .page_size = 1024, .block_size = 16384, .name_len = 64, .meta_len = 7 },
        { .page_size = 128, .block_size = 4096, .no_meta = true },
        { .page_size = 256, .block_size = 8192, .no_magic_length = true, .cache_pages = 1, .max_files = 2 },
        { .page_size = 128, .block_size = 16384, .no_meta = true, .no_magic = true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        struct volume v;
        volume_init(&v, 524288, &configs[i]);
        churn(&v, 40000, 60);
        volume_finish(&v);
    }
}

static void geometry__impossible_ones_are_refused(void **state)
{
    static const struct {
        struct thm_fs_config config;
        int32_t code;
    } bad[] = {
        { { .page_size = 100 }, -10024 },        { { .block_size = 5000 }, -10024 },
        { { .block_size = 65536 }, -10024 },     { { .name_len = 250 }, -10024 },
        { { .meta_len = 200 }, -10024 },         { { .page_size = 0x80000000 }, -10024 },
        { { .max_files = 0xFFFFFFFF }, -10024 },
    };
    struct volume *v = *state;
    struct thm_fs *fs;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(FS.mount(&fs, v->chip.medium, &bad[i].config, NULL), bad[i].code);
}

static void mount__one_bad_block_is_erased_two_are_no_file_system(void **state)
{
    struct volume *v = *state;
    struct thm_fs *fs;
    assert_int_equal(store(v->fs, "/a", 300, 1, 0), 0);
    thm_medium_erase(v->chip.medium, 5);
    volume_remount(v);
    assert_memory_equal(v->chip.bytes + 5 * 4096 + 0xFC, "\x22\x04\x01\x00", 4);
    assert_true(holds_seed(v->fs, "/a", 300, 1));
    thm_medium_erase(v->chip.medium, 5);
    thm_medium_erase(v->chip.medium, 6);
    assert_int_equal(FS.mount(&fs, v->chip.medium, &v->config, NULL), -10025);
    assert_null(fs);
}

static void ids__volumes_beyond_one_bitmap_still_get_unique_ones(void **state)
{
    struct volume v;
    struct thm_spiffs_info a, b;
    char name[16];
    (void)state;
    volume_init(&v, 2 << 20, NULL);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "/%d", i);
        assert_int_equal(store(v.fs, name, 1, (uint32_t)i, 0), 0);
    }
    assert_int_equal(thm_spiffs_info(v.fs, "/0", &a), 0);
    assert_int_equal(thm_spiffs_info(v.fs, "/1", &b), 0);
    assert_int_equal(a.object_id, 1);
    assert_int_equal(b.object_id, 17); /* the next group of 16 */
    for (uint32_t i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "/%u", i);
        assert_true(holds_seed(v.fs, name, 1, i));
    }
    volume_finish(&v);
}

/* 65536 pages: the last page's number is the one that means "none". */
static void geometry__largest_volume_works(void **state)
{
    struct volume v;
    struct thm_fs_usage u;
    (void)state;
    volume_init(&v, 16 << 20, NULL);
    FS.usage(v.fs, &u);
    assert_int_equal(u.total, (4094 * 15 + 1) * 251);
    assert_int_equal(store(v.fs, "/a", 15000000, 1, 0), 0);
    assert_true(holds_seed(v.fs, "/a", 15000000, 1));
    assert_int_equal(FS.remove(v.fs, "/a"), 0);
    assert_int_equal(store(v.fs, "/b", 500000, 2, 0), -10001); /* ten collections free 150 pages, not 2000 */
    for (uint32_t i = 0; i < 10; i++)                          /* round the end of the flash */
        assert_int_equal(store(v.fs, (char[]){ '/', (char)('0' + i), '\0' }, 30000, i, 0), 0);
    volume_remount(&v);
    for (uint32_t i = 0; i < 10; i++)
        assert_true(holds_seed(v.fs, (char[]){ '/', (char)('0' + i), '\0' }, 30000, i));
    volume_finish(&v);
}

static int32_t stop_at_second(void *ctx, const struct thm_fs_stat *st)
{
    (void)st;
    return ++*(int *)ctx == 2 ? -10002 : 0;
}

static void list__each_can_end_it_with_any_result(void **state)
{
    struct volume *v = *state;
    int n = 0;
    store(v->fs, "/a", 1, 1, 0);
    store(v->fs, "/b", 1, 1, 0);
    store(v->fs, "/c", 1, 1, 0);
    assert_int_equal(FS.list(v->fs, "", stop_at_second, &n), -10002);
    assert_int_equal(n, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(write__puts_the_documented_bytes_on_the_flash),
        T(write__large_file_costs_three_programs_a_page),
        T(write__small_ones_are_collected_to_pages),
        T(write__full_appears_at_close_when_the_cache_took_it),
        cmocka_unit_test(capacity__one_call_stores_what_the_formula_says),
        cmocka_unit_test(capacity__chunks_waste_what_was_measured),
        T(remove__works_on_a_full_volume),
        T(truncate__any_size_keeps_the_right_bytes_on_flash),
        T(truncate__at_the_border_of_an_index_page_can_grow_again),
        T(overwrite__only_the_bytes_in_question_change),
        T(seek__bounds_are_the_device_s),
        T(open__flags_mean_what_they_say),
        T(reader__sees_what_another_descriptor_wrote),
        T(rename__moves_only_the_name),
        cmocka_unit_test(metadata__time_is_stored_after_writing_only),
        T(append__to_a_packed_empty_file_survives_a_remount),
        cmocka_unit_test(geometry__files_survive_on_every_one),
        cmocka_unit_test(geometry__largest_volume_works),
        T(geometry__impossible_ones_are_refused),
        T(mount__one_bad_block_is_erased_two_are_no_file_system),
        cmocka_unit_test(ids__volumes_beyond_one_bitmap_still_get_unique_ones),
        T(list__each_can_end_it_with_any_result),
    };
    return cmocka_run_group_tests_name("spiffs", tests, NULL, NULL);
}
