/* tests/unit/fsimages/test_fat_faults.c -- FAT when power is lost, memory is missing, or the card holds anything. */
#include "tests/unit/fsimages/failing_heap.h"
#include "tests/unit/fsimages/fat_volume.h"
#include "tests/unit/fsimages/ramchip.h"

#define TABLE (1 * 512)
#define ROOT  (81 * 512)

static const struct thm_fs_config small = { .fat_bits = 16, .cluster_size = 512, .root_entries = 64 };

static void prepare(struct fat_volume *v)
{
    fat_volume_init(v, 5 << 20, &small);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(store(v->fs, "d/keep", 6000, 1, 0), 0);
    assert_int_equal(store(v->fs, "old", 3000, 2, 700), 0);
    assert_int_equal(store(v->fs, "a file to rename", 100, 3, 0), 0);
}

/* Everything that writes. The first error ends it. */
static int32_t script(struct thm_fs *fs)
{
    int32_t res = store(fs, "d/a new file of some length", 3000, 5, 300);
    if (!res)
        res = store(fs, "old", 5000, 6, 0);
    if (!res)
        res = FS.mkdir(fs, "d/and a directory");
    if (!res)
        res = FS.rename(fs, "a file to rename", "d/and a directory/with a file");
    if (!res)
        res = FS.rename(fs, "d/and a directory", "moved");
    if (!res)
        res = FS.truncate(fs, "old", 1200);
    if (!res)
        res = FS.truncate(fs, "old", 2200);
    return res ? res : FS.remove(fs, "d/a new file of some length");
}

/* true: the script ended before the power went. */
static bool run_until(struct fat_volume *v, uint32_t n)
{
    struct thm_medium *dying;
    struct thm_fs *fs;
    FS.unmount(v->fs);
    assert_int_equal(thm_powercut_create(&dying, v->card.medium, n), THM_FS_OK);
    assert_int_equal(FS.mount(&fs, dying, &v->config, NULL), 0);
    int32_t res = script(fs);
    FS.unmount(fs);
    thm_medium_destroy(dying);
    assert_int_equal(FS.mount(&v->fs, v->card.medium, &v->config, NULL), 0);
    assert_true(res >= 0 || thm_fs_code_kind(FS.codes, res) == THM_FS_EPOWER);
    return res >= 0;
}

static void power__lost_at_any_operation_keeps_other_files(void **state)
{
    bool done = false;
    uint32_t n;
    (void)state;
    for (n = 0; !done; n++) {
        struct fat_volume v;
        prepare(&v);
        done = run_until(&v, n);
        assert_true(FS.check(v.fs, true, NULL, NULL) >= 0);
        assert_true(is_clean(v.fs));
        if (!holds_seed(v.fs, "d/keep", 6000, 1))
            fail_msg("cut at %u: d/keep is lost", (unsigned)n);
        assert_int_equal(store(v.fs, "after", 500, 7, 0), 0);
        assert_true(holds_seed(v.fs, "after", 500, 7));
        fat_volume_finish(&v);
        assert_true(n < 1000);
    }
    assert_true(n > 40);
}

static void power__lost_before_close_leaves_an_empty_file_and_its_chain(void **state)
{
    struct fat_volume v;
    struct thm_fs_stat st;
    uint8_t data[6563] = { 1 };
    uint8_t *cut = malloc(5 << 20);
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    int32_t fd = FS.open(v.fs, "config", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.sync(v.fs, fd), 0);
    assert_int_equal(FS.write(v.fs, fd, data, sizeof data), sizeof data);
    assert_int_equal(store(v.fs, "other", 1, 1, 0), 0); /* takes the window along: the tables are written */
    memcpy(cut, v.card.bytes, 5 << 20);
    fat_volume_finish(&v);
    ramcard_init(&v.card, 5 << 20, cut);
    assert_int_equal(FS.mount(&v.fs, v.card.medium, &small, NULL), 0);
    assert_int_equal(FS.stat(v.fs, "config", &st), 0);
    assert_int_equal(st.size, 0);
    assert_int_equal(FS.check(v.fs, false, fat_print, NULL), 1); /* lost clusters */
    fat_volume_finish(&v);
}

/* ---- memory ---- */

static int32_t no_more(void *ctx, const struct thm_fs_stat *st)
{
    (void)ctx, (void)st;
    return 0;
}

static int32_t use_all(struct thm_fs *fs)
{
    struct thm_fs_stat st;
    int32_t res = script(fs);
    if (!res)
        res = FS.stat(fs, "old", &st);
    if (!res)
        res = FS.list(fs, "d", no_more, NULL);
    return res ? res : FS.check(fs, false, NULL, NULL);
}

static void memory__missing_at_any_allocation_is_told_and_nothing_leaks(void **state)
{
    int32_t res = -1;
    int n;
    (void)state;
    for (n = 0; res; n++) {
        struct failing_heap h = { .left = n };
        const struct thm_fs_memory mem = failing_heap_memory(&h);
        struct fat_volume v;
        struct thm_fs *fs;
        prepare(&v);
        FS.unmount(v.fs);
        res = FS.mount(&fs, v.card.medium, &v.config, &mem);
        if (res == 0) {
            res = use_all(fs);
            FS.unmount(fs);
        }
        assert_true(res == 0 || thm_fs_code_kind(FS.codes, res) == THM_FS_ENOMEM);
        assert_int_equal(h.live, 0);
        assert_int_equal(FS.mount(&v.fs, v.card.medium, &v.config, NULL), 0);
        assert_true(holds_seed(v.fs, "d/keep", 6000, 1));
        fat_volume_finish(&v);
    }
    assert_true(n > 20);
}

static void memory__is_taken_as_on_the_device(void **state)
{
    struct failing_heap h = { .left = -1 };
    const struct thm_fs_memory mem = failing_heap_memory(&h);
    struct fat_volume v;
    struct thm_fs *fs;
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    FS.unmount(v.fs);
    assert_int_equal(FS.mount(&fs, v.card.medium, &small, &mem), 0);
    assert_int_equal(h.bytes, 2152 + 5 * 44 + 5 + 512);
    assert_int_equal(h.live, 3);
    int32_t fd = FS.open(fs, "a", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(h.bytes, 2152 + 5 * 44 + 5 + 512 + 512 + 512);
    assert_int_equal(h.live, 4); /* the buffer for the long name went */
    assert_int_equal(FS.close(fs, fd), 0);
    assert_int_equal(h.live, 3);
    FS.unmount(fs);
    assert_int_equal(h.live, 0);
    v.fs = NULL;
    fat_volume_finish(&v);
}

/* ---- flash ---- */

static void flash__is_rewritten_by_erase_blocks(void **state)
{
    static const struct thm_fs_config configs[] = { { .cluster_size = 512 }, { .cluster_size = 4096 } };
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        struct ramchip chip;
        struct thm_fs *fs;
        struct thm_fs_config probed = { 0 };
        ramchip_init(&chip, 1 << 20);
        assert_int_equal(FS.format(chip.medium, &configs[i], NULL), 0);
        assert_ptr_equal(thm_fs_probe(chip.medium, &probed), &FS);
        assert_int_equal(probed.cluster_size, configs[i].cluster_size);
        assert_int_equal(FS.mount(&fs, chip.medium, &configs[i], NULL), 0);
        for (uint32_t f = 0; f < 4; f++)
            assert_int_equal(store(fs, "model.tfl", 20000 + f, f, 300 * f), 0);
        assert_int_equal(store(fs, "d", 3000, 9, 0), 0);
        assert_true(holds_seed(fs, "model.tfl", 20003, 3));
        assert_true(is_clean(fs));
        FS.unmount(fs);
        assert_int_equal(FS.mount(&fs, chip.medium, &configs[i], NULL), 0);
        assert_true(holds_seed(fs, "d", 3000, 9));
        FS.unmount(fs);
        ramchip_finish(&chip);
    }
}

/* ---- anything on the card ---- */

static void read__of_a_damaged_chain_gives_what_there_is(void **state)
{
    struct fat_volume v;
    uint8_t got[3000];
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    assert_int_equal(store(v.fs, "a", 3000, 1, 0), 0);
    FS.unmount(v.fs);
    memcpy(v.card.bytes + TABLE + 3 * 2, "\x00\xF0", 2); /* behind the second cluster: beyond the volume */
    assert_int_equal(FS.mount(&v.fs, v.card.medium, &small, NULL), 0);
    int32_t fd = FS.open(v.fs, "a", THM_FS_READ);
    assert_int_equal(FS.read(v.fs, fd, got, sizeof got), 1024);
    assert_int_equal(FS.read(v.fs, fd, got, sizeof got), -2);
    assert_int_equal(FS.close(v.fs, fd), 0);
    fat_volume_finish(&v);
}

static void directories__in_a_circle_end(void **state)
{
    struct fat_volume v;
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    assert_int_equal(FS.mkdir(v.fs, "a"), 0);
    assert_int_equal(FS.mkdir(v.fs, "a/b"), 0);
    FS.unmount(v.fs);
    uint8_t *a = v.card.bytes + 85 * 512;
    a[64 + 26] = 2;                                      /* b is a */
    memcpy(v.card.bytes + TABLE + 2 * 2, "\x02\x00", 2); /* and a's chain is a circle */
    assert_int_equal(FS.mount(&v.fs, v.card.medium, &small, NULL), 0);
    assert_true(exists(v.fs, "a/b/b/b"));
    assert_int_equal(FS.list(v.fs, "a", no_more, NULL), 0);
    assert_true(FS.check(v.fs, true, fat_print, NULL) > 0);
    assert_true(is_clean(v.fs));
    assert_false(exists(v.fs, "a/b"));
    fat_volume_finish(&v);
}

static void dots__that_name_others_are_mended(void **state)
{
    struct fat_volume v;
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    assert_int_equal(FS.mkdir(v.fs, "a"), 0);
    assert_int_equal(FS.mkdir(v.fs, "a/b"), 0);
    FS.unmount(v.fs);
    uint8_t *b = v.card.bytes + 86 * 512;
    b[26] = 9;
    b[32 + 26] = 8;
    assert_int_equal(FS.mount(&v.fs, v.card.medium, &small, NULL), 0);
    assert_int_equal(FS.check(v.fs, true, fat_print, NULL), 2);
    assert_true(is_clean(v.fs));
    assert_int_equal(b[26], 3);
    assert_int_equal(b[32 + 26], 2);
    fat_volume_finish(&v);
}

static void long_name__without_its_file_is_found_and_deleted(void **state)
{
    struct fat_volume v;
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    assert_int_equal(store(v.fs, "the first long name", 10, 1, 0), 0);
    assert_int_equal(store(v.fs, "the second long name", 10, 2, 0), 0);
    FS.unmount(v.fs);
    v.card.bytes[ROOT + 64] = 'X'; /* a short name of its own: the checksum differs */
    assert_int_equal(FS.mount(&v.fs, v.card.medium, &small, NULL), 0);
    assert_false(exists(v.fs, "the first long name"));
    assert_true(exists(v.fs, "XHEFIR~1"));
    assert_int_equal(FS.check(v.fs, true, fat_print, NULL), 1);
    assert_true(is_clean(v.fs));
    assert_int_equal(v.card.bytes[ROOT], 0xE5);
    assert_true(holds_seed(v.fs, "the second long name", 10, 2));
    fat_volume_finish(&v);
}

static void boot_sector__that_lies_is_refused(void **state)
{
    static const struct {
        unsigned at;
        const char *bytes;
        unsigned len;
    } lies[] = {
        { 0, "\x00", 1 },      { 510, "\x00", 1 },    { 11, "\x00\x01", 2 }, { 11, "\x00\x20", 2 },
        { 13, "\x00", 1 },     { 13, "\x03", 1 },     { 14, "\x00\x00", 2 }, { 16, "\x00", 1 },
        { 16, "\x03", 1 },     { 17, "\x00\x00", 2 }, { 17, "\x11\x00", 2 }, { 19, "\x10\x00", 2 },
        { 22, "\x01\x00", 2 }, { 22, "\xFF\xFF", 2 }, { 14, "\xFF\xFF", 2 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct fat_volume v;
        struct thm_fs_config c = { 0 };
        fat_volume_init(&v, 5 << 20, &small);
        FS.unmount(v.fs);
        memcpy(v.card.bytes + lies[i].at, lies[i].bytes, lies[i].len);
        assert_int_equal(FS.probe(v.card.medium, &c), THM_FS_EFORMAT);
        assert_int_equal(FS.mount(&v.fs, v.card.medium, &small, NULL), -13);
        fat_volume_finish(&v);
    }
}

static void volume__larger_than_its_medium_is_told(void **state)
{
    struct fat_volume v;
    struct thm_medium *part;
    struct thm_fs *fs;
    (void)state;
    fat_volume_init(&v, 5 << 20, &small);
    assert_int_equal(store(v.fs, "a", 3000, 1, 0), 0);
    assert_int_equal(thm_slice_create(&part, v.card.medium, 0, 1 << 20), THM_FS_OK);
    assert_int_equal(FS.mount(&fs, part, &small, NULL), 0);
    assert_true(holds_seed(fs, "a", 3000, 1));
    assert_int_equal(FS.check(fs, false, fat_print, NULL), 1);
    assert_int_equal(store(fs, "b", 2 << 20, 1, 0), -1); /* FR_DISK_ERR behind the end */
    FS.unmount(fs);
    thm_medium_destroy(part);
    fat_volume_finish(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power__lost_at_any_operation_keeps_other_files),
        cmocka_unit_test(power__lost_before_close_leaves_an_empty_file_and_its_chain),
        cmocka_unit_test(memory__missing_at_any_allocation_is_told_and_nothing_leaks),
        cmocka_unit_test(memory__is_taken_as_on_the_device),
        cmocka_unit_test(flash__is_rewritten_by_erase_blocks),
        cmocka_unit_test(read__of_a_damaged_chain_gives_what_there_is),
        cmocka_unit_test(directories__in_a_circle_end),
        cmocka_unit_test(dots__that_name_others_are_mended),
        cmocka_unit_test(long_name__without_its_file_is_found_and_deleted),
        cmocka_unit_test(boot_sector__that_lies_is_refused),
        cmocka_unit_test(volume__larger_than_its_medium_is_told),
    };
    return cmocka_run_group_tests_name("fat faults", tests, NULL, NULL);
}
