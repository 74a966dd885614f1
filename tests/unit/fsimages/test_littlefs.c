/* tests/unit/fsimages/test_littlefs.c -- what a volume does: files, directories, attributes, wear, repair. */
#include "fsimages/littlefs.h"
#define FS thm_fs_littlefs
#include "tests/unit/fsimages/volume.h"

#define KB 1024u

enum { /* littlefs' own numbers */
       NOENT = -2,
       BADF = -9,
       NOMEM = -12,
       EXIST = -17,
       NOTDIR = -20,
       ISDIR = -21,
       INVAL = -22,
       FBIG = -27,
       NOSPC = -28,
       NAMETOOLONG = -36,
       NOTEMPTY = -39,
       NOATTR = -61,
       CORRUPT = -84,
};

static int setup(void **state)
{
    struct volume *v = *state = malloc(sizeof *v);
    volume_init(v, 256 * KB, NULL);
    return 0;
}

static int teardown(void **state)
{
    struct volume *v = *state;
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
    volume_finish(v);
    free(v);
    return 0;
}

static uint32_t blocks_used(struct volume *v)
{
    struct thm_littlefs_info info;
    assert_int_equal(thm_littlefs_info(v->fs, &info), 0);
    return info.blocks_used;
}

/* Open, seek, write, close. */
static int32_t overwrite(struct volume *v, const char *name, int64_t at, uint32_t size, uint32_t seed)
{
    uint8_t *data = malloc(size);
    int32_t fd = FS.open(v->fs, name, THM_FS_READ | THM_FS_WRITE);
    assert_true(fd >= 0);
    thm_replay_content(seed, data, size);
    assert_int_equal(FS.seek(v->fs, fd, at, THM_FS_SET), at);
    int32_t res = FS.write(v->fs, fd, data, size), closed = FS.close(v->fs, fd);
    free(data);
    return res < 0 ? res : closed;
}

/* ---- files ---- */

static void file__up_to_the_buffer_is_in_its_directory(void **state)
{
    struct volume *v = *state;
    assert_int_equal(store(v->fs, "a", 512, 1, 0), 0);
    assert_int_equal(blocks_used(v), 2);
    assert_int_equal(FS.need(v->fs, 512), 0);
    assert_int_equal(store(v->fs, "b", 513, 2, 100), 0);
    assert_int_equal(blocks_used(v), 3);
    assert_int_equal(FS.need(v->fs, 513), 4096);
    volume_remount(v);
    assert_true(holds_seed(v->fs, "a", 512, 1));
    assert_true(holds_seed(v->fs, "b", 513, 2));
}

static void file__of_many_blocks_is_read_anywhere(void **state)
{
    struct volume *v = *state;
    uint8_t *want = malloc(150000), got[100];
    thm_replay_content(3, want, 150000);
    assert_int_equal(store(v->fs, "big", 150000, 3, 777), 0);
    assert_int_equal(blocks_used(v) - 2, FS.need(v->fs, 150000) / 4096);
    int32_t fd = FS.open(v->fs, "/big", THM_FS_READ);
    for (int64_t at = 149900; at >= 0; at -= 1237) {
        assert_int_equal(FS.seek(v->fs, fd, at, THM_FS_SET), at);
        assert_int_equal(FS.read(v->fs, fd, got, sizeof got), sizeof got);
        assert_memory_equal(got, want + at, sizeof got);
    }
    assert_int_equal(FS.seek(v->fs, fd, -10, THM_FS_END), 149990);
    assert_int_equal(FS.read(v->fs, fd, got, sizeof got), 10);
    assert_int_equal(FS.read(v->fs, fd, got, sizeof got), 0);
    assert_int_equal(FS.close(v->fs, fd), 0);
    free(want);
}

static void file__overwritten_in_the_middle_keeps_the_rest(void **state)
{
    struct volume *v = *state;
    uint8_t *want = malloc(30000);
    thm_replay_content(4, want, 30000);
    assert_int_equal(store(v->fs, "f", 30000, 4, 0), 0);
    thm_replay_content(5, want + 9000, 700);
    assert_int_equal(overwrite(v, "f", 9000, 700, 5), 0);
    assert_true(holds(v->fs, "f", want, 30000));
    assert_int_equal(blocks_used(v), 2 + 8);
    free(want);
}

static void file__written_past_its_end_has_zeros_between(void **state)
{
    struct volume *v = *state;
    uint8_t want[6000] = { 0 };
    thm_replay_content(6, want, 10);
    thm_replay_content(7, want + 5000, 1000);
    assert_int_equal(store(v->fs, "f", 10, 6, 0), 0);
    assert_int_equal(overwrite(v, "f", 5000, 1000, 7), 0);
    assert_true(holds(v->fs, "f", want, sizeof want));
}

static void file__truncated_shrinks_grows_and_returns_to_its_directory(void **state)
{
    struct volume *v = *state;
    uint8_t want[9000] = { 0 };
    thm_replay_content(8, want, 7000);
    assert_int_equal(store(v->fs, "f", 20000, 8, 0), 0);
    assert_int_equal(FS.truncate(v->fs, "f", 7000), 0);
    assert_true(holds_seed(v->fs, "f", 7000, 8));
    assert_int_equal(FS.truncate(v->fs, "f", 9000), 0);
    assert_true(holds(v->fs, "f", want, 9000));
    assert_int_equal(FS.truncate(v->fs, "f", 100), 0);
    assert_true(holds_seed(v->fs, "f", 100, 8));
    assert_int_equal(blocks_used(v), 2);
    assert_int_equal(FS.truncate(v->fs, "none", 1), NOENT);
}

static void file__appended_through_two_handles_is_not_lost(void **state)
{
    struct volume *v = *state;
    uint8_t want[1200];
    thm_replay_content(9, want, 600);
    memcpy(want + 600, want, 600);
    for (int i = 0; i < 2; i++) {
        int32_t fd = FS.open(v->fs, "f", THM_FS_WRITE | THM_FS_CREATE | THM_FS_APPEND);
        int32_t other = FS.open(v->fs, "f", THM_FS_READ);
        assert_int_equal(FS.write(v->fs, fd, want, 600), 600);
        assert_int_equal(FS.sync(v->fs, fd), 0);
        assert_int_equal(FS.close(v->fs, other), 0);
        assert_int_equal(FS.close(v->fs, fd), 0);
    }
    assert_true(holds(v->fs, "f", want, 1200));
}

static void file__removed_while_open_is_gone_at_the_end(void **state)
{
    struct volume *v = *state;
    struct thm_fs_stat st;
    int32_t fd = FS.open(v->fs, "f", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.write(v->fs, fd, "x", 1), 1);
    assert_int_equal(FS.remove(v->fs, "f"), 0);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(FS.stat(v->fs, "f", &st), NOENT);
}

static void file__not_closed_before_the_end_keeps_its_old_content(void **state)
{
    struct volume *v = *state;
    assert_int_equal(store(v->fs, "f", 5000, 1, 0), 0);
    int32_t fd = FS.open(v->fs, "f", THM_FS_WRITE | THM_FS_TRUNC);
    assert_int_equal(FS.write(v->fs, fd, "new", 3), 3);
    volume_remount(v);
    assert_true(holds_seed(v->fs, "f", 5000, 1));
}

static void volume__that_is_full_says_so_and_keeps_the_old_file(void **state)
{
    struct volume *v = *state;
    assert_int_equal(store(v->fs, "a", 150000, 1, 4096), 0);
    assert_int_equal(store(v->fs, "a", 150000, 2, 4096), NOSPC);
    assert_int_equal(thm_fs_code_kind(FS.codes, NOSPC), THM_FS_ENOSPC);
    assert_string_equal(thm_fs_code_name(FS.codes, NOSPC), "LFS_ERR_NOSPC");
    assert_true(holds_seed(v->fs, "a", 150000, 1));
    assert_int_equal(FS.remove(v->fs, "a"), 0);
    assert_int_equal(store(v->fs, "b", 240000, 2, 4096), 0);
}

static void usage__counts_blocks_of_an_open_file_twice(void **state)
{
    struct volume *v = *state;
    struct thm_fs_usage u;
    assert_int_equal(store(v->fs, "a", 130000, 1, 0), 0);
    int32_t fd = FS.open(v->fs, "a", THM_FS_WRITE | THM_FS_APPEND);
    assert_int_equal(FS.write(v->fs, fd, "x", 1), 1);
    assert_int_equal(FS.usage(v->fs, &u), 0);
    assert_int_equal(u.used, (2 + 32 + 32) * 4096);
    assert_true(u.used > u.total);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(blocks_used(v), 2 + 32);
}

/* ---- names ---- */

static int32_t count(void *ctx, const struct thm_fs_stat *st)
{
    uint32_t *n = ctx;
    assert_true(st->name[0]);
    ++*n;
    return 0;
}

static uint32_t entries(struct volume *v, const char *dir)
{
    uint32_t n = 0;
    assert_int_equal(FS.list(v->fs, dir, count, &n), 0);
    return n;
}

static void directory__holds_files_and_moves_with_them(void **state)
{
    struct volume *v = *state;
    struct thm_fs_stat st;
    assert_int_equal(FS.mkdir(v->fs, "/a"), 0);
    assert_int_equal(FS.mkdir(v->fs, "a/b"), 0);
    assert_int_equal(FS.mkdir(v->fs, "c"), 0);
    assert_int_equal(store(v->fs, "a/b/f", 3000, 1, 0), 0);
    assert_int_equal(FS.rename(v->fs, "a/b", "c/d"), 0);
    assert_true(holds_seed(v->fs, "/c/d/f", 3000, 1));
    assert_true(holds_seed(v->fs, "c/../c/./d/f", 3000, 1));
    assert_int_equal(FS.stat(v->fs, "c/d", &st), 0);
    assert_true(st.directory);
    assert_int_equal(entries(v, ""), 2);
    assert_int_equal(entries(v, "/a"), 0);
    assert_int_equal(FS.remove(v->fs, "c/d"), NOTEMPTY);
    assert_int_equal(FS.remove(v->fs, "c/d/f"), 0);
    assert_int_equal(FS.remove(v->fs, "c/d"), 0);
    assert_int_equal(FS.remove(v->fs, "a"), 0);
    assert_int_equal(FS.remove(v->fs, "c"), 0);
    assert_int_equal(blocks_used(v), 2);
}

static void rename__replaces_a_file_and_an_empty_directory(void **state)
{
    struct volume *v = *state;
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(FS.mkdir(v->fs, "e"), 0);
    assert_int_equal(store(v->fs, "d/new", 900, 1, 0), 0);
    assert_int_equal(store(v->fs, "old", 900, 2, 0), 0);
    assert_int_equal(FS.rename(v->fs, "d/new", "old"), 0);
    assert_true(holds_seed(v->fs, "old", 900, 1));
    assert_int_equal(FS.rename(v->fs, "old", "d/x"), 0);
    assert_int_equal(FS.rename(v->fs, "e", "d"), NOTEMPTY);
    assert_int_equal(FS.rename(v->fs, "d", "e"), 0);
    assert_true(holds_seed(v->fs, "e/x", 900, 1));
    assert_int_equal(entries(v, "/"), 1);
    assert_int_equal(FS.rename(v->fs, "e/x", "e/x"), 0);
    assert_int_equal(FS.rename(v->fs, "e/x", "e/a"), 0);
    assert_true(holds_seed(v->fs, "e/a", 900, 1));
}

static void errors__are_the_reference_s(void **state)
{
    struct volume *v = *state;
    struct thm_fs_stat st;
    char longest[300];
    memset(longest, 'n', sizeof longest);
    longest[256] = '\0';
    assert_int_equal(store(v->fs, "f", 10, 1, 0), 0);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    const struct {
        int32_t got, want;
    } cases[] = {
        { FS.open(v->fs, "none", THM_FS_READ), NOENT },
        { FS.open(v->fs, "none/f", THM_FS_WRITE | THM_FS_CREATE), NOENT },
        { FS.open(v->fs, "f/g", THM_FS_WRITE | THM_FS_CREATE), NOTDIR },
        { FS.open(v->fs, "g/", THM_FS_WRITE | THM_FS_CREATE), NOTDIR },
        { FS.open(v->fs, "d", THM_FS_READ), ISDIR },
        { FS.open(v->fs, "f", THM_FS_WRITE | THM_FS_CREATE | THM_FS_EXCL), EXIST },
        { FS.open(v->fs, longest, THM_FS_WRITE | THM_FS_CREATE), NAMETOOLONG },
        { FS.open(v->fs, "", THM_FS_READ), INVAL },
        { FS.open(v->fs, "../f", THM_FS_READ), INVAL },
        { FS.mkdir(v->fs, "d"), EXIST },
        { FS.mkdir(v->fs, "f"), EXIST },
        { FS.mkdir(v->fs, "/"), EXIST },
        { FS.mkdir(v->fs, longest), NAMETOOLONG },
        { FS.remove(v->fs, "none"), NOENT },
        { FS.remove(v->fs, "/"), INVAL },
        { FS.rename(v->fs, "none", "x"), NOENT },
        { FS.rename(v->fs, "f", "d"), ISDIR },
        { FS.rename(v->fs, "d", "f"), NOTDIR },
        { FS.rename(v->fs, "f", "g/"), NOTDIR },
        { FS.rename(v->fs, "f", longest), NAMETOOLONG },
        { FS.rename(v->fs, "f", "/"), INVAL },
        { FS.stat(v->fs, "f/", &st), NOTDIR },
        { FS.list(v->fs, "f", count, NULL), NOTDIR },
        { FS.list(v->fs, "x", count, NULL), NOENT },
        { FS.read(v->fs, 5, longest, 1), BADF },
        { FS.close(v->fs, -1), BADF },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].got != cases[i].want)
            fail_msg("case %zu: %d instead of %d", i, cases[i].got, cases[i].want);
}

static void handle__for_one_way_does_not_go_the_other(void **state)
{
    struct volume *v = *state;
    char byte;
    int32_t fd = FS.open(v->fs, "f", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.read(v->fs, fd, &byte, 1), BADF);
    assert_int_equal(FS.seek(v->fs, fd, -1, THM_FS_SET), INVAL);
    assert_int_equal(FS.seek(v->fs, fd, 0x7FFFFFFF, THM_FS_SET), 0x7FFFFFFF);
    assert_int_equal(FS.write(v->fs, fd, "x", 1), FBIG);
    assert_int_equal(FS.close(v->fs, fd), 0);
    fd = FS.open(v->fs, "f", THM_FS_READ);
    assert_int_equal(FS.write(v->fs, fd, "x", 1), BADF);
    assert_int_equal(FS.close(v->fs, fd), 0);
}

static void directory__of_many_entries_splits(void **state)
{
    struct volume *v = *state;
    char name[32];
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    for (uint32_t i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "d/file%u", (i * 37) % 400);
        assert_int_equal(store(v->fs, name, 20, i, 0), 0);
    }
    assert_int_equal(entries(v, "d"), 400);
    assert_true(blocks_used(v) > 10);
    volume_remount(v);
    for (uint32_t i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "d/file%u", (i * 37) % 400);
        assert_true(holds_seed(v->fs, name, 20, i));
        assert_int_equal(FS.remove(v->fs, name), 0);
    }
    assert_int_equal(FS.remove(v->fs, "d"), 0);
    assert_int_equal(blocks_used(v), 2);
}

static void attributes__stay_with_their_entry(void **state)
{
    struct volume *v = *state;
    uint8_t got[20];
    assert_int_equal(store(v->fs, "f", 100, 1, 0), 0);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(thm_littlefs_set_attr(v->fs, "f", 'A', "hello", 5), 0);
    assert_int_equal(thm_littlefs_set_attr(v->fs, "/", 'R', "root", 4), 0);
    assert_int_equal(FS.rename(v->fs, "f", "d/g"), 0);
    for (int i = 0; i < 200; i++) /* compactions */
        assert_int_equal(store(v->fs, "d/x", 100, 2, 0), 0);
    assert_int_equal(thm_littlefs_get_attr(v->fs, "d/g", 'A', got, sizeof got), 5);
    assert_memory_equal(got, "hello\0\0", 7);
    assert_int_equal(thm_littlefs_get_attr(v->fs, "/", 'R', got, 2), 4);
    assert_int_equal(thm_littlefs_get_attr(v->fs, "d/g", 'B', got, sizeof got), NOATTR);
    assert_int_equal(thm_littlefs_remove_attr(v->fs, "d/g", 'A'), 0);
    assert_int_equal(thm_littlefs_get_attr(v->fs, "d/g", 'A', got, sizeof got), NOATTR);
    assert_int_equal(thm_littlefs_set_attr(v->fs, "d/g", 'A', got, 1023), NOSPC);
}

/* ---- geometry ---- */

static void geometry__that_does_not_fit_is_refused(void **state)
{
    struct volume *v = *state;
    const struct thm_fs_config bad[] = {
        { .block_size = 4000 },      { .block_size = 4096, .cache_size = 600 },
        { .read_size = 100 },        { .program_size = 100 },
        { .disk_version = 0x20002 }, { .disk_version = 0x10000 },
        { .block_size = 256 * KB },  { .cache_size = 8192 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct thm_fs *fs;
        assert_int_equal(FS.mount(&fs, v->chip.medium, &bad[i], NULL), INVAL);
        assert_null(fs);
    }
}

static void geometry__any_block_size_is_recognised(void **state)
{
    (void)state;
    const uint32_t sizes[] = { 4096, 8192, 12288, 16384, 65536 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct thm_fs_config found = { 0 };
        struct volume v;
        volume_init(&v, 16 * 12288 * 4, &(struct thm_fs_config){ .block_size = sizes[i], .disk_version = 0x20000 });
        assert_int_equal(store(v.fs, "f", 3000, 1, 0), 0);
        assert_int_equal(FS.probe(v.chip.medium, &found), THM_FS_OK);
        assert_int_equal(found.block_size, sizes[i]);
        assert_int_equal(found.disk_version, 0x20000);
        volume_finish(&v);
    }
}

static void superblock__of_version_2_0_is_renewed_with_the_first_write(void **state)
{
    (void)state;
    struct thm_littlefs_info info;
    struct volume v;
    volume_init(&v, 64 * KB, &(struct thm_fs_config){ .disk_version = 0x20000 });
    v.config.disk_version = 0;
    volume_remount(&v);
    assert_int_equal(thm_littlefs_info(v.fs, &info), 0);
    assert_int_equal(info.disk_version, 0x20000);
    assert_int_equal(store(v.fs, "f", 10, 1, 0), 0);
    assert_int_equal(thm_littlefs_info(v.fs, &info), 0);
    assert_int_equal(info.disk_version, 0x20001);
    v.config.disk_version = 0x20000;
    FS.unmount(v.fs);
    assert_int_equal(FS.mount(&v.fs, v.chip.medium, &v.config, NULL), INVAL);
    volume_finish(&v);
}

/* Pairs move with every few commits, the superblock's gets the root behind it: nothing is lost. */
static void wear__moves_pairs_and_keeps_files(void **state)
{
    (void)state;
    for (int32_t cycles = 1; cycles <= 9; cycles += 2) {
        struct volume v;
        volume_init(&v, 256 * KB, &(struct thm_fs_config){ .block_cycles = cycles });
        assert_int_equal(FS.mkdir(v.fs, "d"), 0);
        assert_int_equal(FS.mkdir(v.fs, "d/e"), 0);
        for (uint32_t i = 0; i < 300; i++) {
            assert_int_equal(store(v.fs, "d/e/f", 400, i, 0), 0);
            assert_int_equal(store(v.fs, "d/g", 400, i + 1, 0), 0);
            assert_int_equal(store(v.fs, "h", 400, i + 2, 0), 0);
            if (i % 50 == 0)
                volume_remount(&v);
            assert_true(holds_seed(v.fs, "d/e/f", 400, i));
            assert_true(holds_seed(v.fs, "d/g", 400, i + 1));
        }
        assert_true(blocks_used(&v) >= 8); /* the root is not in the superblock's pair any more */
        assert_int_equal(FS.check(v.fs, false, NULL, NULL), 0);
        assert_true(holds_seed(v.fs, "h", 400, 301));
        volume_finish(&v);
    }
}

/* ---- check ---- */

struct findings {
    char first[200], all[2000];
};

static void note(void *ctx, const char *line)
{
    struct findings *f = ctx;
    if (!f->first[0])
        snprintf(f->first, sizeof f->first, "%s", line);
    snprintf(f->all + strlen(f->all), sizeof f->all - strlen(f->all), "%s\n", line);
}

/* Where on the chip these bytes are. */
static uint8_t *find_bytes(struct volume *v, const void *bytes, size_t len)
{
    uint8_t *at = memmem(v->chip.bytes, thm_medium_size(v->chip.medium), bytes, len);
    assert_non_null(at);
    return at;
}

static void check__drops_a_file_whose_blocks_are_gone(void **state)
{
    struct volume *v = *state;
    struct findings f = { "", "" };
    uint8_t content[8], pointer[4] = { 0xFF, 0xFF, 0, 0 };
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(store(v->fs, "d/good", 5000, 1, 0), 0);
    assert_int_equal(store(v->fs, "d/bad", 12000, 2, 0), 0);
    thm_replay_content(2, content, sizeof content);
    uint8_t *first = find_bytes(v, content, sizeof content); /* the second block points to it */
    const uint32_t number = (uint32_t)(first - v->chip.bytes) / 4096;
    for (uint32_t b = 0; b < 64; b++)
        if (memcmp(v->chip.bytes + b * 4096, &number, 4) == 0 && b > 1)
            memcpy(v->chip.bytes + b * 4096, pointer, 4);
    volume_remount(v);
    assert_int_equal(FS.check(v->fs, false, note, &f), 1);
    assert_string_equal(f.first, "/d/bad: its blocks' pointers do not agree");
    assert_int_equal(FS.check(v->fs, true, note, &f), 1);
    assert_non_null(strstr(f.all, "/d/bad: dropped\n"));
    assert_int_equal(entries(v, "d"), 1);
    assert_true(holds_seed(v->fs, "d/good", 5000, 1));
}

static void show__describes_superblock_and_blocks(void **state)
{
    struct volume *v = *state;
    struct findings f = { "", "" };
    struct thm_fs_map map;
    uint32_t data = 0, meta = 0;
    assert_int_equal(store(v->fs, "f", 20000, 1, 0), 0);
    assert_int_equal(FS.describe(v->fs, note, &f), 0);
    assert_string_equal(f.first, "disk version: 2.1");
    assert_non_null(strstr(f.all, "block size: 4096\nblocks: 64\nblocks in use: 7\n"));
    assert_int_equal(FS.map(v->fs, &map), 0);
    assert_int_equal(map.count, 64);
    for (uint32_t i = 0; i < map.count; i++) {
        data += map.states[i] == THM_FS_UNIT_DATA;
        meta += map.states[i] == THM_FS_UNIT_META;
    }
    assert_int_equal(data, 5);
    assert_int_equal(meta, 2);
    free(map.states);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(file__up_to_the_buffer_is_in_its_directory),
        T(file__of_many_blocks_is_read_anywhere),
        T(file__overwritten_in_the_middle_keeps_the_rest),
        T(file__written_past_its_end_has_zeros_between),
        T(file__truncated_shrinks_grows_and_returns_to_its_directory),
        T(file__appended_through_two_handles_is_not_lost),
        T(file__removed_while_open_is_gone_at_the_end),
        T(file__not_closed_before_the_end_keeps_its_old_content),
        T(volume__that_is_full_says_so_and_keeps_the_old_file),
        T(usage__counts_blocks_of_an_open_file_twice),
        T(directory__holds_files_and_moves_with_them),
        T(rename__replaces_a_file_and_an_empty_directory),
        T(errors__are_the_reference_s),
        T(handle__for_one_way_does_not_go_the_other),
        T(directory__of_many_entries_splits),
        T(attributes__stay_with_their_entry),
        T(geometry__that_does_not_fit_is_refused),
        cmocka_unit_test(geometry__any_block_size_is_recognised),
        cmocka_unit_test(superblock__of_version_2_0_is_renewed_with_the_first_write),
        cmocka_unit_test(wear__moves_pairs_and_keeps_files),
        T(check__drops_a_file_whose_blocks_are_gone),
        T(show__describes_superblock_and_blocks),
    };
    return cmocka_run_group_tests_name("littlefs", tests, NULL, NULL);
}
