/* tests/unit/fsimages/test_spiffs_faults.c -- power lost at every operation, no memory at every allocation, bad images.
 */
#include "tests/unit/fsimages/failing_heap.h"
#include "tests/unit/fsimages/volume.h"

/* A volume with garbage to collect and one file that nothing touches on purpose. */
static void prepare(struct volume *v)
{
    volume_init(v, 49152, NULL);
    assert_int_equal(store(v->fs, "/keep", 6000, 1, 0), 0);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(store(v->fs, "/old", 4000, 2, 700), 0);
    assert_int_equal(store(v->fs, "/old", 5000, 3, 512), 0);
    assert_int_equal(store(v->fs, "/cfg", 100, 4, 0), 0);
}

static int32_t modify(struct thm_fs *fs)
{
    uint8_t data[600];
    thm_replay_content(9, data, sizeof data);
    int32_t fd = FS.open(fs, "/old", THM_FS_WRITE);
    if (fd < 0)
        return fd;
    int32_t res = (int32_t)FS.seek(fs, fd, 1000, THM_FS_SET);
    if (res >= 0)
        res = FS.write(fs, fd, data, sizeof data);
    int32_t closed = FS.close(fs, fd);
    return res < 0 ? res : closed;
}

/* Everything that writes. The first error ends it. */
static int32_t script(struct thm_fs *fs)
{
    int32_t res = store(fs, "/new", 3000, 5, 300);
    if (res >= 0)
        res = modify(fs);
    if (res >= 0)
        res = FS.rename(fs, "/cfg", "/conf");
    if (res >= 0)
        res = FS.truncate(fs, "/old", 1200);
    if (res >= 0)
        res = FS.remove(fs, "/new");
    if (res >= 0)
        res = store(fs, "/more", 6000, 6, 1000);
    return res < 0 ? res : thm_spiffs_gc(fs, 4000);
}

/* Run the script and lose the power in operation n. true: it did not come that far. */
static bool run_until(struct volume *v, uint32_t n)
{
    struct thm_medium *dying;
    struct thm_fs *fs;
    FS.unmount(v->fs);
    assert_int_equal(thm_powercut_create(&dying, v->chip.medium, n), THM_FS_OK);
    assert_int_equal(FS.mount(&fs, dying, &v->config, NULL), 0);
    int32_t res = script(fs);
    FS.unmount(fs);
    thm_medium_destroy(dying);
    assert_int_equal(FS.mount(&v->fs, v->chip.medium, &v->config, NULL), 0);
    assert_true(res >= 0 || thm_fs_code_kind(FS.codes, res) == THM_FS_EPOWER);
    return res >= 0;
}

/* A file that cannot be mended is only marked as deleted; what it leaves is found the next time. */
static void mend(struct volume *v, uint32_t n)
{
    int32_t findings = 1;
    for (int i = 0; findings && i < 3; i++)
        findings = FS.check(v->fs, true, NULL, NULL);
    if (findings)
        fail_msg("cut at %u: check says %d", (unsigned)n, (int)findings);
}

/* A cut while the collector moves a file's pages makes it unreadable until the check; then it must be whole. */
static void power__lost_at_any_operation_keeps_other_files(void **state)
{
    struct thm_medium_counters before = { 0 }, after = { 0 };
    bool done = false;
    (void)state;
    for (uint32_t n = 0; !done; n++) {
        struct volume v;
        prepare(&v);
        thm_medium_counters(v.chip.medium, &before);
        done = run_until(&v, n);
        thm_medium_counters(v.chip.medium, &after);
        mend(&v, n);
        if (!holds_seed(v.fs, "/keep", 6000, 1))
            fail_msg("cut at %u: /keep is lost", (unsigned)n);
        if (!holds_seed(v.fs, "/cfg", 100, 4) && !holds_seed(v.fs, "/conf", 100, 4))
            fail_msg("cut at %u: /cfg is lost", (unsigned)n);
        assert_int_equal(store(v.fs, "/after", 500, 7, 0), 0);
        assert_true(holds_seed(v.fs, "/after", 500, 7));
        volume_finish(&v);
        assert_true(n < 3000);
    }
    assert_true(after.erases >= before.erases + 3); /* the collector was among what was cut */
}

static void memory__failing_at_any_allocation_fails_the_mount(void **state)
{
    struct volume v;
    struct thm_fs *fs;
    int32_t res = -1;
    (void)state;
    volume_init(&v, 65536, NULL);
    for (int n = 0; res < 0; n++) {
        struct failing_heap h = { .left = n };
        const struct thm_fs_memory mem = failing_heap_memory(&h);
        res = FS.mount(&fs, v.chip.medium, &v.config, &mem);
        if (res < 0) {
            assert_int_equal(res, -257);
            assert_int_equal(thm_fs_code_kind(FS.codes, res), THM_FS_ENOMEM);
            assert_string_equal(thm_fs_code_name(FS.codes, res), "ESP_ERR_NO_MEM");
            assert_null(fs);
            assert_int_equal(h.live, 0);
            continue;
        }
        assert_int_equal(n, 4);
        assert_int_equal(h.bytes, 240 + 1400 + 512 + 120);
        FS.unmount(fs);
        assert_int_equal(h.live, 0);
    }
    volume_finish(&v);
}

static int32_t read_all(void *ctx, const struct thm_fs_stat *st)
{
    struct thm_fs *fs = ctx;
    uint8_t buf[512];
    int32_t fd = FS.open(fs, st->name, THM_FS_READ);
    for (int i = 0; fd >= 0 && i < 1000 && FS.read(fs, fd, buf, sizeof buf) > 0; i++)
        ;
    if (fd >= 0)
        FS.close(fs, fd);
    return 0;
}

/* Whatever the image says, every call comes back. */
static void image__with_random_damage_never_crashes(void **state)
{
    uint32_t s = 99;
    (void)state;
    for (int round = 0; round < 150; round++) {
        struct volume v;
        prepare(&v);
        FS.unmount(v.fs);
        for (int i = 0; i < 1 + round % 40; i++) {
            s = s * 1664525 + 1013904223;
            uint32_t at = s >> 8;
            v.chip.bytes[at % (v.chip.medium->erase_count * 4096)] = (uint8_t)(s >> 3);
        }
        if (FS.mount(&v.fs, v.chip.medium, &v.config, NULL) == 0) {
            FS.list(v.fs, "", read_all, v.fs);
            script(v.fs);
            FS.check(v.fs, round % 2, NULL, NULL);
            FS.remove(v.fs, "/old");
            FS.check(v.fs, true, NULL, NULL);
            FS.list(v.fs, "", read_all, v.fs);
        }
        volume_finish(&v);
    }
}

static void replay__bad_traces_are_refused_with_line_and_reason(void **state)
{
#define CONFIG                                                                                                \
    "# config: {\"page_size\": 256, \"block_size\": 4096, \"phys_erase_size\": 4096, \"image_size\": 65536, " \
    "\"obj_name_len\": 32, \"meta_len\": 4}\n"
#define HEAD "# fs=spiffs\n" CONFIG "#n\top\tres\textra\tused\n"
    static const struct {
        const char *text;
        enum thm_fs_err err;
        uint32_t line;
    } table[] = {
        { "", THM_FS_EFORMAT, 0 },
        { "1\tgc 1\t0\t-\n", THM_FS_EFORMAT, 1 },
        { "# fs=what\n" CONFIG "1\tgc 1\t0\t-\n", THM_FS_EFORMAT, 3 },
        { "# fs=spiffs\n# config: {\"page_size\": 256}\n0\tmount\t0\t-\n", THM_FS_EFORMAT, 3 },
        { HEAD "0\tmount\t0\t-\n", THM_FS_EFORMAT, 4 },
        { HEAD "0\tmount\t0\t-\t0\n1\tfly /a\t0\t-\t0\n", THM_FS_EFORMAT, 5 },
        { HEAD "0\tmount\t0\t-\t0\n1\twrite\t0\t-\t0\n", THM_FS_EFORMAT, 5 },
        { HEAD "0\tmount\t0\t-\t0\n1\twrite /a 4294967295 1\t0\t-\t0\n", THM_FS_EDIFFERS, 5 },
        { HEAD "0\tmount\t0\t-\t0\n1\twrite /a 5 1\t5\tsize=5\t502\n", THM_FS_OK, 0 },
        { HEAD "0\tmount\t0\t-\t0\n1\twrite /a 5 1\t5\tsize=6\t502\n", THM_FS_EDIFFERS, 5 },
        { HEAD "0\tmount\t0\t-\t0\n1\twrite /a 5 1\t5\tsize=5\t502\n2\tread /a\t5\tcrc32=00000000\t502\n",
          THM_FS_EDIFFERS, 6 },
    };
    struct thm_replay_result r;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(thm_fs_replay(table[i].text, strlen(table[i].text), &r), table[i].err);
        assert_int_equal(r.line, table[i].line);
        assert_int_equal(r.err == THM_FS_OK, *r.column == '\0');
        thm_replay_result_free(&r);
    }
}

static void content__first_bytes_are_the_documented_ones(void **state)
{
    uint8_t b[8];
    (void)state;
    thm_replay_content(1, b, 8);
    assert_memory_equal(b, "\x51\xCC\x69\xFE\x80\xBF\x8F\x65", 8);
    thm_replay_content(7, b, 8);
    assert_memory_equal(b, "\xE6\x51\xCF\xAC\xFB\x27\x91\xC6", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power__lost_at_any_operation_keeps_other_files),
        cmocka_unit_test(memory__failing_at_any_allocation_fails_the_mount),
        cmocka_unit_test(image__with_random_damage_never_crashes),
        cmocka_unit_test(replay__bad_traces_are_refused_with_line_and_reason),
        cmocka_unit_test(content__first_bytes_are_the_documented_ones),
    };
    return cmocka_run_group_tests_name("spiffs_faults", tests, NULL, NULL);
}
