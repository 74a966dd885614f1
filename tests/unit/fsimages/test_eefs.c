/* tests/unit/fsimages/test_eefs.c -- EEFS: its calls, its packer, its check, and power cuts. */
#include "fsimages/eefs.h"
#include "fsimages/fs_replay.h"
#include "tests/unit/fsimages/failing_heap.h"
#include "tests/unit/fsimages/eeprom_ram.h"

#define FS   thm_fs_eefs
#define SIZE 8192u

enum { NEW = THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC, RDWR = THM_FS_READ | THM_FS_WRITE };
enum { INVALID = -2, UNSUPPORTED = -3, DENIED = -4, NOT_FOUND = -5, NO_FD = -6, FULL = -7, NO_DEVICE = -8, BUSY = -9 };

struct volume {
    struct eeprom chip;
    struct thm_fs_config config;
    struct thm_fs *fs;
};

static uint32_t noon(void *ctx)
{
    (void)ctx;
    return 1700000000;
}

static void volume_remount(struct volume *v)
{
    FS.unmount(v->fs);
    assert_int_equal(FS.mount(&v->fs, v->chip.medium, &v->config, NULL), 0);
}

static void volume_init(struct volume *v)
{
    *v = (struct volume){ .config = { .seconds = noon } };
    eeprom_init(&v->chip, SIZE, 0x5A);
    assert_int_equal(FS.format(v->chip.medium, &v->config, NULL), 0);
    assert_int_equal(FS.mount(&v->fs, v->chip.medium, &v->config, NULL), 0);
}

static void volume_finish(struct volume *v)
{
    FS.unmount(v->fs);
    eeprom_finish(&v->chip);
}

static int setup(void **state)
{
    volume_init(*state = malloc(sizeof(struct volume)));
    return 0;
}

static int teardown(void **state)
{
    volume_finish(*state);
    free(*state);
    return 0;
}

/* Bytes written, or the first error. */
static int32_t store(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed)
{
    uint8_t data[SIZE];
    thm_replay_content(seed, data, size);
    int32_t fd = FS.open(fs, name, NEW);
    if (fd < 0)
        return fd;
    int32_t n = FS.write(fs, fd, data, size), closed = FS.close(fs, fd);
    return n < 0 || closed == 0 ? n : closed;
}

static bool holds(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed)
{
    uint8_t want[SIZE], got[SIZE + 1];
    thm_replay_content(seed, want, size);
    int32_t fd = FS.open(fs, name, THM_FS_READ), n = fd < 0 ? fd : FS.read(fs, fd, got, sizeof got);
    if (fd >= 0)
        FS.close(fs, fd);
    return n == (int32_t)size && memcmp(got, want, size) == 0;
}

/* ---- packer and format ---- */

static const struct thm_eefs_file two_files[] = {
    { "hello.txt", "hello world", 11, 100, false },
    { "ro.txt", "hello world", 11, 5, true },
};

static void pack__two_files_are_the_documented_bytes(void **state)
{
    static const uint8_t little[] = { 0x16, 0xD2, 0xFF, 0xFF, 0x34, 0x12, 0xF5, 0xEE, 1,    0, 0,    0, 0x18, 3,
                                      0,    0,    0xE8, 0x1C, 0,    0,    2,    0,    0,    0, 0x18, 2, 0,    0,
                                      0x70, 0,    0,    0,    0xC8, 2,    0,    0,    0x10, 0, 0,    0 };
    static const uint8_t big[] = { 0, 0, 0x73, 0x41, 0xEE, 0xF5, 0x12, 0x34, 0, 0, 0, 1, 0, 0, 3, 0x18 };
    struct thm_eefs_packing how = { .size = SIZE, .fill = true, .time = 1700000000 };
    uint8_t *image;
    size_t len, bad;
    (void)state;
    assert_int_equal(thm_eefs_pack(&how, two_files, 2, &image, &len, &bad), THM_FS_OK);
    assert_int_equal(len, SIZE);
    assert_memory_equal(image, little, sizeof little);
    assert_memory_equal(image + 0x258, "hello world\0", 12);
    assert_memory_equal(image + 0x2C8 + 24, "ro.txt", 7);
    free(image);
    how.big_endian = true;
    how.fill = false;
    assert_int_equal(thm_eefs_pack(&how, two_files, 2, &image, &len, &bad), THM_FS_OK);
    assert_int_equal(len, 792);
    assert_memory_equal(image, big, sizeof big);
    free(image);
}

static void seal__makes_it_what_the_packer_makes(void **state)
{
    struct volume *v = *state;
    struct thm_eefs_packing how = { .size = SIZE, .fill = true, .time = noon(NULL) };
    const struct thm_eefs_file file = { "a", "abc", 3, THM_EEFS_SPARE, false };
    uint8_t *image;
    size_t len, bad;
    int32_t fd = FS.open(v->fs, "a", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.write(v->fs, fd, "abc", 3), 3);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(thm_eefs_seal(v->fs), 0);
    assert_int_equal(thm_eefs_pack(&how, &file, 1, &image, &len, &bad), THM_FS_OK);
    assert_memory_equal(v->chip.bytes, image, SIZE);
    free(image);
}

static void pack__what_does_not_fit_is_named(void **state)
{
    struct thm_eefs_file files[66] = { { "a", "", 0, 0, false }, { "a", "", 0, 0, false } };
    struct thm_eefs_packing how = { .size = SIZE };
    char names[66][4];
    uint8_t *image;
    size_t len, bad;
    (void)state;
    assert_int_equal(thm_eefs_pack(&how, files, 2, &image, &len, &bad), THM_FS_EEXIST);
    assert_int_equal(bad, 1);
    assert_null(image);
    files[1] = (struct thm_eefs_file){ "b", "", 0, SIZE - 536 - 64 - 64, false };
    assert_int_equal(thm_eefs_pack(&how, files, 2, &image, &len, &bad), THM_FS_OK);
    free(image);
    files[1].spare++;
    assert_int_equal(thm_eefs_pack(&how, files, 2, &image, &len, &bad), THM_FS_ENOSPC);
    files[1].spare = UINT32_MAX;
    assert_int_equal(thm_eefs_pack(&how, files, 2, &image, &len, &bad), THM_FS_ENOSPC);
    files[1].name = "0123456789012345678901234567890123456789";
    assert_int_equal(thm_eefs_pack(&how, files, 2, &image, &len, &bad), THM_FS_EINVAL);
    for (size_t i = 0; i < 66; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        files[i] = (struct thm_eefs_file){ names[i], "", 0, 0, false };
    }
    assert_int_equal(thm_eefs_pack(&how, files, 66, &image, &len, &bad), THM_FS_ENOSPC);
    assert_int_equal(bad, 64);
    how.size = 535;
    assert_int_equal(thm_eefs_pack(&how, files, 0, &image, &len, &bad), THM_FS_EINVAL);
}

static void format__is_the_packer_s_empty_image(void **state)
{
    struct volume *v = *state;
    struct thm_eefs_packing how = { .size = SIZE, .fill = true, .big_endian = true };
    struct thm_fs_config c = { .big_endian = true }, found = { 0 };
    struct thm_fs *fs;
    uint8_t *image;
    size_t len, bad;
    assert_int_equal(FS.format(v->chip.medium, &c, NULL), 0);
    assert_int_equal(thm_eefs_pack(&how, NULL, 0, &image, &len, &bad), THM_FS_OK);
    assert_memory_equal(v->chip.bytes, image, SIZE);
    free(image);
    assert_int_equal(FS.probe(v->chip.medium, &found), THM_FS_OK);
    assert_true(found.big_endian);
    assert_int_equal(FS.mount(&fs, v->chip.medium, &v->config, NULL), NO_DEVICE); /* a target of the other order */
    assert_null(fs);
}

/* ---- calls ---- */

static void create__takes_all_memory_until_close(void **state)
{
    struct volume *v = *state;
    struct thm_eefs_slot s;
    struct thm_eefs_counters c;
    int32_t fd = FS.open(v->fs, "a", THM_FS_CREATE | RDWR);
    assert_int_equal(fd, 0);
    assert_int_equal(thm_eefs_find(v->fs, "a", &s), 0);
    assert_int_equal(s.max_size, SIZE - 536 - 64);
    assert_int_equal(FS.open(v->fs, "b", NEW), DENIED);
    assert_int_equal(FS.read(v->fs, fd, &s, 1), DENIED); /* whatever was asked for, it is write-only */
    assert_int_equal(FS.sync(v->fs, fd), UNSUPPORTED);
    assert_int_equal(FS.write(v->fs, fd, "0123456", 7), 7);
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), BUSY);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(FS.close(v->fs, fd), INVALID);
    assert_int_equal(thm_eefs_find(v->fs, "a", &s), 0);
    assert_int_equal(s.max_size, 520);
    assert_int_equal(s.modified, 1700000000);
    thm_eefs_counters(v->fs, &c);
    assert_int_equal(c.free_offset, 536 + 64 + 520);
    assert_int_equal(store(v->fs, "b", 1, 1), 1);
}

static void create__forgotten_by_a_reset_was_never_there(void **state)
{
    struct volume *v = *state;
    struct thm_fs_stat st;
    assert_int_equal(FS.write(v->fs, FS.open(v->fs, "a", NEW), "abc", 3), 3);
    assert_int_equal(FS.stat(v->fs, "a", &st), 0);
    volume_remount(v);
    assert_int_equal(FS.stat(v->fs, "a", &st), NOT_FOUND);
}

static void write__a_full_slot_ends_it_short(void **state)
{
    struct volume *v = *state;
    struct thm_fs_usage u;
    assert_int_equal(store(v->fs, "a", 100, 1), 100);
    assert_int_equal(store(v->fs, "a", 700, 2), 612);
    assert_true(holds(v->fs, "a", 612, 2));
    int32_t fd = FS.open(v->fs, "a", RDWR);
    assert_int_equal(FS.seek(v->fs, fd, 0, THM_FS_END), 612);
    assert_int_equal(FS.write(v->fs, fd, "x", 1), 0);
    FS.close(v->fs, fd);
    assert_int_equal(store(v->fs, "b", 8000, 3), 8192 - 536 - 64 - 612 - 64);
    assert_int_equal(FS.usage(v->fs, &u), 0);
    assert_int_equal(u.total, SIZE);
    assert_int_equal(u.used, SIZE);
    assert_int_equal(store(v->fs, "c", 1, 1), FULL);
    assert_int_equal(thm_fs_code_kind(FS.codes, FULL), THM_FS_ENOSPC);
    assert_string_equal(thm_fs_code_name(FS.codes, FULL), "EEFS_NO_SPACE_LEFT_ON_DEVICE");
}

static void need__says_what_a_file_will_take(void **state)
{
    static const uint32_t lengths[] = { 0, 1, 100, 3000, 4 };
    struct volume *v = *state;
    char name[2] = "a";
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++, name[0]++) {
        struct thm_fs_usage before, after;
        FS.usage(v->fs, &before);
        uint64_t need = FS.need(v->fs, lengths[i]);
        assert_int_equal(store(v->fs, name, lengths[i], 1), lengths[i]);
        FS.usage(v->fs, &after);
        assert_int_equal(after.used - before.used, need);
    }
    struct thm_fs_usage u;
    FS.usage(v->fs, &u);
    uint32_t last = (uint32_t)(u.total - u.used) - 64;
    assert_int_equal(FS.need(v->fs, last), last + 64);
    assert_true(FS.need(v->fs, last + 1) > u.total - u.used);
    assert_int_equal(store(v->fs, "z", last, 1), last);
}

static void open__refuses_as_the_library_does(void **state)
{
    struct volume *v = *state;
    static const struct {
        const char *name;
        int flags;
        int32_t res;
    } table[] = {
        { "", THM_FS_READ, INVALID },
        { "0123456789012345678901234567890123456789", NEW, INVALID },
        { "nosuch", RDWR, NOT_FOUND },
        { "a", RDWR | THM_FS_APPEND, INVALID },
        { "a", NEW | THM_FS_EXCL, INVALID },
        { "ro", THM_FS_WRITE, DENIED },
        { "ro", NEW, DENIED },
        { "a", THM_FS_WRITE, 1 }, /* and it stays open */
        { "a", RDWR, DENIED },
        { "a", THM_FS_READ, 2 },
    };
    store(v->fs, "a", 10, 1);
    int32_t fd = thm_eefs_creat(v->fs, "ro", THM_EEFS_READONLY);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(FS.open(v->fs, "ro", THM_FS_READ), 0);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(FS.open(v->fs, table[i].name, table[i].flags), table[i].res);
    assert_int_equal(thm_eefs_creat(v->fs, "b", 2), INVALID);
    for (int i = 3; i < 20; i++)
        assert_int_equal(FS.open(v->fs, "a", THM_FS_READ), i);
    assert_int_equal(FS.open(v->fs, "a", THM_FS_READ), NO_FD);
    assert_int_equal(FS.open(v->fs, "new", NEW), NO_FD);
}

static void seek__ends_at_the_file_s_end(void **state)
{
    struct volume *v = *state;
    store(v->fs, "a", 100, 1);
    int32_t fd = FS.open(v->fs, "a", THM_FS_READ);
    assert_int_equal(FS.seek(v->fs, fd, 40, THM_FS_SET), 40);
    assert_int_equal(FS.seek(v->fs, fd, -41, THM_FS_CUR), INVALID);
    assert_int_equal(FS.seek(v->fs, fd, 5, THM_FS_CUR), 45);
    assert_int_equal(FS.seek(v->fs, fd, 1000, THM_FS_CUR), 100);
    assert_int_equal(FS.seek(v->fs, fd, INT64_MAX, THM_FS_SET), 100);
    assert_int_equal(FS.seek(v->fs, fd, -100, THM_FS_END), 0);
    assert_int_equal(FS.seek(v->fs, fd, -101, THM_FS_END), INVALID);
    assert_int_equal(FS.seek(v->fs, fd, 0, 9), INVALID);
}

static void names__change_by_the_library_s_rules(void **state)
{
    struct volume *v = *state;
    struct thm_fs_stat st;
    struct thm_eefs_slot s;
    store(v->fs, "a", 10, 1);
    store(v->fs, "b", 10, 2);
    assert_int_equal(FS.rename(v->fs, "a", "b"), DENIED);
    assert_int_equal(FS.rename(v->fs, "x", "y"), NOT_FOUND);
    assert_int_equal(FS.rename(v->fs, "a", ""), INVALID);
    assert_int_equal(FS.rename(v->fs, "a", "c"), 0);
    assert_true(holds(v->fs, "c", 10, 1));
    assert_int_equal(thm_eefs_set_attributes(v->fs, "c", 2), INVALID);
    assert_int_equal(thm_eefs_set_attributes(v->fs, "c", THM_EEFS_READONLY), 0);
    assert_int_equal(FS.stat(v->fs, "c", &st), 0);
    assert_true(st.read_only);
    assert_int_equal(FS.remove(v->fs, "c"), DENIED);
    assert_int_equal(FS.rename(v->fs, "c", "d"), DENIED);
    assert_int_equal(thm_eefs_set_attributes(v->fs, "c", THM_EEFS_NONE), 0);
    int32_t fd = FS.open(v->fs, "c", THM_FS_READ);
    assert_int_equal(FS.remove(v->fs, "c"), DENIED);
    FS.close(v->fs, fd);
    assert_int_equal(FS.remove(v->fs, "c"), 0);
    assert_int_equal(FS.remove(v->fs, "c"), NOT_FOUND);
    assert_int_equal(thm_eefs_slot(v->fs, 0, &s), 0); /* deleted, and lost */
    assert_int_equal(s.in_use, 0);
    store(v->fs, "c", 10, 3);
    assert_int_equal(thm_eefs_find(v->fs, "c", &s), 0);
    assert_int_equal(s.slot, 2);
}

static void truncate__makes_shorter_only(void **state)
{
    struct volume *v = *state;
    store(v->fs, "a", 100, 1);
    assert_int_equal(FS.truncate(v->fs, "a", 101), UNSUPPORTED);
    assert_true(holds(v->fs, "a", 100, 1));
    assert_int_equal(FS.truncate(v->fs, "a", 40), 0);
    assert_true(holds(v->fs, "a", 40, 1));
}

static void device__write_protected_is_read_only(void **state)
{
    struct volume *v = *state;
    store(v->fs, "a", 100, 1);
    v->chip.medium->rewritable = false;
    assert_true(holds(v->fs, "a", 100, 1));
    assert_int_equal(FS.open(v->fs, "a", THM_FS_WRITE), -10);
    assert_int_equal(FS.open(v->fs, "b", NEW), -10);
    assert_int_equal(FS.remove(v->fs, "a"), -10);
    assert_int_equal(FS.rename(v->fs, "a", "b"), -10);
    assert_int_equal(thm_eefs_set_attributes(v->fs, "a", 1), -10);
    assert_int_equal(FS.format(v->chip.medium, &v->config, NULL), -10);
}

static void extent__is_where_the_bytes_lie(void **state)
{
    struct volume *v = *state;
    uint64_t off;
    uint32_t len;
    uint8_t want[300];
    store(v->fs, "a", 10, 1);
    store(v->fs, "b", 300, 2);
    thm_replay_content(2, want, sizeof want);
    assert_int_equal(FS.extent(v->fs, "b", &off, &len), 0);
    assert_int_equal(len, 300);
    assert_memory_equal(v->chip.bytes + off, want, len);
    assert_int_equal(FS.extent(v->fs, "c", &off, &len), NOT_FOUND);
}

/* ---- power and memory ---- */

static int32_t script(struct thm_fs *fs)
{
    int32_t res = store(fs, "new", 700, 5);
    if (res >= 0)
        res = FS.rename(fs, "cfg", "conf");
    if (res >= 0)
        res = FS.remove(fs, "old");
    return res < 0 ? res : store(fs, "more", 300, 6);
}

/* Whole or not there, and nothing else suffers. */
static bool whole_or_absent(struct thm_fs *fs, const char *name, uint32_t size, uint32_t seed)
{
    struct thm_fs_stat st;
    return FS.stat(fs, name, &st) == NOT_FOUND || holds(fs, name, size, seed);
}

static void look_after_cut(struct volume *v)
{
    assert_true(holds(v->fs, "keep", 900, 1));
    assert_true(whole_or_absent(v->fs, "new", 700, 5));
    assert_true(whole_or_absent(v->fs, "more", 300, 6));
    assert_true(whole_or_absent(v->fs, "old", 200, 2));
    int32_t found = FS.check(v->fs, true, NULL, NULL);
    assert_in_range(found, 0, 1);
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
    assert_int_equal(store(v->fs, "after", 50, 7), 50);
    assert_true(holds(v->fs, "after", 50, 7));
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
}

static void power__lost_anywhere_leaves_whole_files(void **state)
{
    bool done = false;
    (void)state;
    for (uint32_t n = 0; !done; n++) {
        struct volume v;
        struct thm_medium *dying;
        struct thm_fs *fs;
        volume_init(&v);
        store(v.fs, "keep", 900, 1);
        store(v.fs, "old", 200, 2);
        store(v.fs, "cfg", 30, 3);
        assert_int_equal(thm_powercut_create(&dying, v.chip.medium, n), THM_FS_OK);
        assert_int_equal(FS.mount(&fs, dying, &v.config, NULL), 0);
        int32_t res = script(fs);
        FS.unmount(fs);
        thm_medium_destroy(dying);
        done = res >= 0;
        assert_true(done || thm_fs_code_kind(FS.codes, res) == THM_FS_EPOWER);
        volume_remount(&v);
        look_after_cut(&v);
        volume_finish(&v);
        assert_true(n < 200);
    }
}

static void memory__failing_at_any_allocation_fails_the_mount(void **state)
{
    struct volume *v = *state;
    struct thm_fs *fs;
    for (int n = 0; n <= 3; n++) {
        struct failing_heap h = { .left = n };
        const struct thm_fs_memory mem = failing_heap_memory(&h);
        int32_t res = FS.mount(&fs, v->chip.medium, &v->config, &mem);
        assert_int_equal(thm_fs_code_kind(FS.codes, res), n < 3 ? THM_FS_ENOMEM : THM_FS_OK);
        if (res == 0) {
            assert_int_equal(h.bytes, 20 * 36 + 68 + 528);
            FS.unmount(fs);
        }
        assert_int_equal(h.live, 0);
    }
}

/* ---- check ---- */

static void all_lines(void *ctx, const char *line)
{
    strncat(ctx, line, 500 - strlen(ctx));
}

static void last_line(void *ctx, const char *line)
{
    snprintf(ctx, 200, "%s", line);
}

static void check__says_what_is_wrong_with_a_slot(void **state)
{
    struct volume *v = *state;
    static const struct {
        uint32_t off;
        uint8_t value;
        const char *says;
    } table[] = {
        { 24, 0x19, "slot 0: begins at 537" },
        { 28, 0xFF, "slot 1: begins at 1124" },
        { 28 + 8 + 2, 1, "free memory begins at 1" },
        { 536 + 4, 2, "slot 0: neither" },
        { 536 + 8, 7, "slot 0: unknown attributes 0x7" },
        { 536 + 13, 9, "slot 0: 2314 bytes in a slot for 524" },
        { 536 + 24, 0, "slot 0: a file without a name" },
        { 536 + 24, 'b', "slot 1: there is an earlier b" },
    };
    store(v->fs, "a", 10, 1);
    store(v->fs, "b", 10, 2);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char lines[501] = "";
        uint8_t *byte = v->chip.bytes + table[i].off, before = *byte;
        *byte = table[i].value;
        volume_remount(v);
        if (FS.check(v->fs, false, all_lines, lines) < 1 || !strstr(lines, table[i].says))
            fail_msg("row %zu: %s", i, lines);
        *byte = before;
    }
    volume_remount(v);
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
}

/* The power may go after each byte of the table header. Within the word that says how much is free, nothing tells what
 * it was. */
static void check__a_torn_table_header_is_mended(void **state)
{
    (void)state;
    for (uint32_t written = 12; written <= 24; written++) {
        struct volume v;
        uint8_t old[24];
        struct thm_eefs_counters before, after;
        volume_init(&v);
        store(v.fs, "a", 10, 1);
        thm_eefs_counters(v.fs, &before);
        memcpy(old, v.chip.bytes, sizeof old);
        store(v.fs, "b", 3000, 2);
        memcpy(v.chip.bytes + written, old + written, 24 - written);
        volume_remount(&v);
        FS.check(v.fs, true, NULL, NULL);
        volume_remount(&v);
        int32_t left = FS.check(v.fs, false, NULL, NULL);
        assert_in_range(left, 0, written > 16 && written < 20);
        thm_eefs_counters(v.fs, &after);
        if (after.files == before.files && left == 0)
            assert_memory_equal(&after, &before, sizeof after);
        assert_true(holds(v.fs, "a", 10, 1));
        volume_finish(&v);
    }
}

static void show__tells_slots_and_checksum(void **state)
{
    struct volume *v = *state;
    struct thm_fs_map map;
    char line[200] = "";
    store(v->fs, "a", 10, 1);
    store(v->fs, "b", 10, 1);
    FS.remove(v->fs, "a");
    assert_int_equal(FS.describe(v->fs, last_line, line), 0);
    assert_string_equal(line, "slot 1: at 1124, 10 of 524 bytes, b");
    assert_int_equal(FS.map(v->fs, &map), 0);
    assert_int_equal(map.count, 64);
    assert_memory_equal(map.states, "x#..", 4);
    free(map.states);
}

static int32_t read_file(void *ctx, const struct thm_fs_stat *st)
{
    uint8_t buf[500];
    int32_t fd = FS.open(ctx, st->name, THM_FS_READ);
    for (int i = 0; fd >= 0 && i < 50 && FS.read(ctx, fd, buf, sizeof buf) > 0; i++)
        ;
    FS.close(ctx, fd);
    return 0;
}

static void image__with_random_damage_never_crashes(void **state)
{
    uint32_t s = 5;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct volume v;
        volume_init(&v);
        store(v.fs, "old", 500, 1);
        store(v.fs, "cfg", 500, 1);
        for (int i = 0; i < 1 + round % 20; i++) {
            s = s * 1664525 + 1013904223;
            v.chip.bytes[8 + (s >> 8) % 1300] = (uint8_t)(s >> 3);
        }
        FS.unmount(v.fs);
        if (FS.mount(&v.fs, v.chip.medium, &v.config, NULL) == 0) {
            FS.list(v.fs, "", read_file, v.fs);
            script(v.fs);
            FS.check(v.fs, round % 2, NULL, NULL);
            FS.list(v.fs, "", read_file, v.fs);
        }
        volume_finish(&v);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pack__two_files_are_the_documented_bytes),
        T(seal__makes_it_what_the_packer_makes),
        cmocka_unit_test(pack__what_does_not_fit_is_named),
        T(format__is_the_packer_s_empty_image),
        T(create__takes_all_memory_until_close),
        T(create__forgotten_by_a_reset_was_never_there),
        T(write__a_full_slot_ends_it_short),
        T(need__says_what_a_file_will_take),
        T(open__refuses_as_the_library_does),
        T(seek__ends_at_the_file_s_end),
        T(names__change_by_the_library_s_rules),
        T(truncate__makes_shorter_only),
        T(device__write_protected_is_read_only),
        T(extent__is_where_the_bytes_lie),
        cmocka_unit_test(power__lost_anywhere_leaves_whole_files),
        T(memory__failing_at_any_allocation_fails_the_mount),
        T(check__says_what_is_wrong_with_a_slot),
        cmocka_unit_test(check__a_torn_table_header_is_mended),
        T(show__tells_slots_and_checksum),
        cmocka_unit_test(image__with_random_damage_never_crashes),
    };
    return cmocka_run_group_tests_name("eefs", tests, NULL, NULL);
}
