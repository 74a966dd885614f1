/* tests/unit/fsimages/test_fat.c -- FAT by behaviour: names, directories, files, what is on the card and when. */
#include "tests/unit/fsimages/fat_volume.h"

enum { RDWR = THM_FS_READ | THM_FS_WRITE };

static int setup(void **state)
{
    static const struct thm_fs_config c = { .fat_bits = 16, .cluster_size = 512, .root_entries = 64 };
    struct fat_volume *v = malloc(sizeof *v);
    fat_volume_init(v, 5 << 20, &c);
    *state = v;
    return 0;
}

static int teardown(void **state)
{
    fat_volume_finish(*state);
    free(*state);
    return 0;
}

/* On that volume: table at sector 1, the second at 41, root at 81, files from 85 on. */
#define TABLE (1 * 512)
#define ROOT  (81 * 512)

/* ---- names ---- */

struct names {
    char text[2000];
};

static int32_t join(void *ctx, const struct thm_fs_stat *st)
{
    struct names *n = ctx;
    strcat(n->text, st->name);
    strcat(n->text, st->directory ? "/ " : " ");
    return 0;
}

static const char *names_in(struct thm_fs *fs, const char *dir)
{
    static struct names n;
    n.text[0] = '\0';
    assert_int_equal(FS.list(fs, dir, join, &n), 0);
    return n.text;
}

static void name__long_one_is_the_documented_bytes(void **state)
{
    struct fat_volume *v = *state;
    const uint8_t *root = v->card.bytes + ROOT;
    assert_int_equal(store(v->fs, "Mixed Case Name.Txt", 5, 1, 0), 0);
    assert_memory_equal(root,
                        "\x42"
                        "m\0e\0.\0T\0x\0"
                        "\x0F\x00\xA8"
                        "t\0\0\0\xFF\xFF",
                        20);
    assert_memory_equal(root + 32,
                        "\x01"
                        "M\0i\0x\0e\0d\0"
                        "\x0F\x00\xA8"
                        " \0C\0a\0s\0e\0 \0"
                        "\0\0"
                        "N\0a\0",
                        32);
    assert_memory_equal(root + 64, "MIXEDC~1TXT\x20\x00", 13);
}

static void name__short_one_keeps_its_case_in_two_bits(void **state)
{
    static const struct {
        const char *name, *entry;
    } table[] = {
        { "lower.txt", "LOWER   TXT\x20\x18" },  { "UPPER.txt", "UPPER   TXT\x20\x10" },
        { "lower2.TXT", "LOWER2  TXT\x20\x08" }, { "A", "A          \x20\x00" },
        { "b", "B          \x20\x08" },
    };
    struct fat_volume *v = *state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(store(v->fs, table[i].name, 1, 1, 0), 0);
        assert_memory_equal(v->card.bytes + ROOT + 32 * i, table[i].entry, 13);
    }
    assert_string_equal(names_in(v->fs, ""), "lower.txt UPPER.txt lower2.TXT A b ");
}

static void name__aliases_are_numbered_then_hashed(void **state)
{
    static const char *const aliases[] = { "MODELN~1TFL", "MODELN~2TFL", "MODELN~3TFL", "MODELN~4TFL", "MODELN~5TFL" };
    struct fat_volume *v = *state;
    char name[40];
    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "model number %d.tflite", i);
        assert_int_equal(store(v->fs, name, 1, 1, 0), 0);
    }
    for (int i = 0; i < 5; i++)
        assert_memory_equal(v->card.bytes + ROOT + (3 * i + 2) * 32, aliases[i], 11);
    const uint8_t *hashed = v->card.bytes + ROOT + (3 * 5 + 2) * 32;
    assert_int_equal(hashed[0], 'M');
    assert_true(strcspn((const char *)hashed, "~") < 6);
    assert_memory_equal(hashed + 8, "TFL", 3);
    assert_true(exists(v->fs, "MODELN~3.TFL"));
}

static void name__is_found_in_any_case(void **state)
{
    struct fat_volume *v = *state;
    assert_int_equal(store(v->fs, "Größe Ω жук.csv", 10, 1, 0), 0);
    assert_true(holds_seed(v->fs, "/gRÖßE ω ЖУК.CSV", 10, 1));
    assert_int_equal(FS.open(v->fs, "GRÖSSE Ω ЖУК.csv", THM_FS_READ), -4);
    assert_string_equal(names_in(v->fs, ""), "Größe Ω жук.csv ");
}

static void name__beyond_16_bits_is_a_pair(void **state)
{
    struct fat_volume *v = *state;
    assert_int_equal(store(v->fs, "模型 😀.bin", 10, 1, 0), 0);
    assert_string_equal(names_in(v->fs, ""), "模型 😀.bin ");
    assert_memory_equal(v->card.bytes + ROOT + 1, "\x21\x6A\x8B\x57 \0\x3D\xD8\x00\xDE", 10);
    assert_true(holds_seed(v->fs, "模型 😀.BIN", 10, 1));
}

static void name__bad_ones_are_refused(void **state)
{
    static const char *const bad[] = { "a:b",          "a*", "what?", "a|b", "tab\there", "\xFF\xFE", "\xC0\xAF",
                                       "\xED\xA0\x80", ".",  "..",    "   ", "",          "/",        "a/./b" };
    struct fat_volume *v = *state;
    char name[300];
    assert_int_equal(FS.mkdir(v->fs, "a"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(FS.open(v->fs, bad[i], THM_FS_WRITE | THM_FS_CREATE), -6);
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    assert_int_equal(FS.open(v->fs, name, THM_FS_WRITE | THM_FS_CREATE), -6);
    name[255] = '\0';
    assert_int_equal(store(v->fs, name, 3, 1, 0), 0);
    assert_true(holds_seed(v->fs, name, 3, 1));
    assert_true(is_clean(v->fs));
}

static void name__trailing_dots_and_spaces_do_not_count(void **state)
{
    struct fat_volume *v = *state;
    assert_int_equal(store(v->fs, "a.. .", 3, 1, 0), 0);
    assert_string_equal(names_in(v->fs, ""), "a ");
    assert_int_equal(store(v->fs, ".profile", 3, 1, 0), 0);
    assert_true(exists(v->fs, "~1.PRO"));
}

static void short_names__are_all_there_is(void **state)
{
    struct fat_volume *v = *state;
    assert_int_equal(store(v->fs, "Long name of old.tflite", 10, 1, 0), 0);
    v->config.no_long_names = true;
    fat_volume_remount(v);
    assert_string_equal(names_in(v->fs, ""), "LONGNA~1.TFL ");
    assert_true(holds_seed(v->fs, "longna~1.tfl", 10, 1));
    assert_int_equal(store(v->fs, "model.tfl", 10, 2, 0), 0);
    assert_string_equal(names_in(v->fs, ""), "LONGNA~1.TFL MODEL.TFL ");
    static const char *const bad[] = { "toolongname.x", "a.tflite", "a b", "a.b.c", "a+b", ".x" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(FS.open(v->fs, bad[i], THM_FS_WRITE | THM_FS_CREATE), -6);
}

/* ---- directories ---- */

static void mkdir__begins_with_itself_and_its_parent(void **state)
{
    struct fat_volume *v = *state;
    const uint8_t *files = v->card.bytes + 85 * 512;
    assert_int_equal(FS.mkdir(v->fs, "/models"), 0);
    assert_int_equal(FS.mkdir(v->fs, "models/v2/"), 0);
    assert_memory_equal(files, ".          \x10", 12);
    assert_memory_equal(files + 32, "..         \x10", 12);
    assert_int_equal(files[26], 2);
    assert_int_equal(files[32 + 26], 0);
    assert_int_equal(files[512 + 26], 3);
    assert_int_equal(files[512 + 32 + 26], 2);
    assert_int_equal(FS.mkdir(v->fs, "models"), -8);
    assert_int_equal(FS.mkdir(v->fs, "nowhere/x"), -5);
    assert_string_equal(names_in(v->fs, "MODELS"), "v2/ ");
    assert_string_equal(names_in(v->fs, "models/v2"), "");
    assert_int_equal(FS.list(v->fs, "nowhere", join, NULL), -5);
}

static void directory__grows_by_clusters(void **state)
{
    struct fat_volume *v = *state;
    struct thm_fs_usage before, after;
    char name[60];
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    FS.usage(v->fs, &before);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "d/a name of its own %d", i);
        assert_int_equal(store(v->fs, name, 0, 1, 0), 0);
    }
    FS.usage(v->fs, &after);
    assert_int_equal(after.used - before.used, (2 + 300 - 16 + 15) / 16 * 512);
    assert_true(is_clean(v->fs));
    assert_int_equal(FS.remove(v->fs, "d"), -7);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "d/a name of its own %d", i);
        assert_int_equal(FS.remove(v->fs, name), 0);
    }
    assert_int_equal(FS.remove(v->fs, "d"), 0);
    FS.usage(v->fs, &after);
    assert_int_equal(after.used, 0);
}

static void rename__moves_and_keeps_the_content(void **state)
{
    struct fat_volume *v = *state;
    assert_int_equal(store(v->fs, "a", 700, 1, 0), 0);
    assert_int_equal(store(v->fs, "b", 10, 2, 0), 0);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(FS.mkdir(v->fs, "e"), 0);
    assert_int_equal(FS.rename(v->fs, "a", "b"), -8);
    assert_int_equal(FS.rename(v->fs, "x", "y"), -4);
    assert_int_equal(FS.rename(v->fs, "a", "d/a long name for it"), 0);
    assert_true(holds_seed(v->fs, "d/a long name for it", 700, 1));
    assert_false(exists(v->fs, "a"));
    assert_int_equal(FS.rename(v->fs, "b", "B"), 0);
    assert_int_equal(FS.rename(v->fs, "d", "e/d"), 0);
    assert_true(holds_seed(v->fs, "e/d/a long name for it", 700, 1));
    assert_int_equal(FS.rename(v->fs, "e", "e/d/e"), -7);
    assert_string_equal(names_in(v->fs, ""), "B e/ ");
    assert_true(is_clean(v->fs));
}

static void root__full_is_denied(void **state)
{
    struct fat_volume *v = *state;
    char name[20];
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "F%d", i);
        assert_int_equal(store(v->fs, name, 1, 1, 0), 0);
    }
    assert_int_equal(store(v->fs, "G", 1, 1, 0), -7);
    assert_int_equal(FS.mkdir(v->fs, "G"), -7);
    assert_string_equal(thm_fs_code_name(FS.codes, -7), "FR_DENIED");
    assert_int_equal(FS.remove(v->fs, "F7"), 0);
    assert_int_equal(store(v->fs, "a long one", 1, 1, 0), -7);
    assert_int_equal(store(v->fs, "G", 1, 1, 0), 0);
    assert_true(is_clean(v->fs));
}

/* ---- files ---- */

static void write__any_chunks_give_the_same_bytes(void **state)
{
    static const uint32_t chunks[] = { 0, 1, 7, 511, 512, 513, 1024, 3000 };
    struct fat_volume *v = *state;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        assert_int_equal(store(v->fs, "f", 5000, (uint32_t)i, chunks[i]), 0);
        fat_volume_remount(v);
        assert_true(holds_seed(v->fs, "f", 5000, (uint32_t)i));
    }
    assert_true(is_clean(v->fs));
}

static void write__whole_sectors_go_to_the_card_directly(void **state)
{
    static const struct thm_fs_config c = { .fat_bits = 16, .cluster_size = 4096 };
    struct fat_volume v;
    uint8_t data[40960] = { 1 };
    (void)state;
    fat_volume_init(&v, 32 << 20, &c);
    int32_t fd = FS.open(v.fs, "f", RDWR | THM_FS_CREATE);
    struct thm_medium_counters start, now;
    thm_medium_counters(v.card.medium, &start);
    assert_int_equal(FS.write(v.fs, fd, data, sizeof data), sizeof data);
    thm_medium_counters(v.card.medium, &now);
    /* the data, and the directory's sector when the table comes */
    assert_int_equal(now.programs - start.programs, 80 + 1);
    assert_int_equal(now.reads - start.reads, 1);
    assert_int_equal(FS.close(v.fs, fd), 0);
    thm_medium_counters(v.card.medium, &now);
    assert_int_equal(now.programs - start.programs, 80 + 1 + 2 + 1); /* both tables, the directory */
    assert_int_equal(now.reads - start.reads, 2);
    thm_medium_counters(v.card.medium, &start);
    fd = FS.open(v.fs, "f", THM_FS_READ);
    assert_int_equal(FS.read(v.fs, fd, data, sizeof data), sizeof data);
    thm_medium_counters(v.card.medium, &now);
    assert_int_equal(now.reads - start.reads, 10 + 1); /* a cluster each, the table */
    fat_volume_finish(&v);
}

static void write__goes_on_behind_the_last_cluster_taken(void **state)
{
    struct fat_volume *v = *state;
    const uint8_t *table = v->card.bytes + TABLE;
    assert_int_equal(store(v->fs, "a", 1500, 1, 0), 0);
    assert_int_equal(store(v->fs, "b", 1500, 2, 0), 0);
    assert_memory_equal(table, "\xF8\xFF\xFF\xFF\x03\0\x04\0\xFF\xFF\x06\0\x07\0\xFF\xFF", 16);
    assert_int_equal(FS.remove(v->fs, "a"), 0);
    assert_int_equal(store(v->fs, "c", 600, 3, 0), 0);
    assert_memory_equal(table, "\xF8\xFF\xFF\xFF\0\0\0\0\0\0\x06\0\x07\0\xFF\xFF\x09\0\xFF\xFF", 20);
    assert_int_equal(store(v->fs, "b", 600, 4, 0), 0); /* written anew: into its own hole */
    assert_memory_equal(table + 10, "\x06\0\xFF\xFF\0\0\x09\0", 8);
    assert_memory_equal(table, v->card.bytes + 41 * 512, 512);
}

static void write__full_volume_is_a_short_count(void **state)
{
    struct fat_volume *v = *state;
    uint8_t *data = malloc(6 << 20);
    struct thm_fs_usage u;
    memset(data, 7, 6 << 20);
    FS.usage(v->fs, &u);
    int32_t fd = FS.open(v->fs, "big", THM_FS_WRITE | THM_FS_CREATE);
    assert_int_equal(FS.write(v->fs, fd, data, 6 << 20), u.total);
    assert_int_equal(FS.write(v->fs, fd, data, 1), 0);
    assert_int_equal(FS.close(v->fs, fd), 0);
    FS.usage(v->fs, &u);
    assert_int_equal(u.used, u.total);
    assert_int_equal(store(v->fs, "x", 1, 1, 0), 1);
    assert_int_equal(FS.mkdir(v->fs, "d"), -7);
    assert_true(is_clean(v->fs));
    assert_int_equal(FS.remove(v->fs, "big"), 0);
    assert_int_equal(store(v->fs, "x", 100000, 1, 0), 0);
    assert_true(holds_seed(v->fs, "x", 100000, 1));
    free(data);
}

static void open__flags_mean_what_they_say(void **state)
{
    struct fat_volume *v = *state;
    uint8_t b = 0;
    assert_int_equal(FS.open(v->fs, "a", THM_FS_READ), -4);
    int32_t fd = FS.open(v->fs, "a", THM_FS_WRITE | THM_FS_CREATE | THM_FS_EXCL);
    assert_true(fd >= 0);
    assert_int_equal(FS.read(v->fs, fd, &b, 1), -7);
    assert_int_equal(FS.open(v->fs, "a", THM_FS_WRITE | THM_FS_CREATE | THM_FS_EXCL), -8);
    int32_t reader = FS.open(v->fs, "a", THM_FS_READ);
    assert_int_equal(FS.write(v->fs, reader, &b, 1), -7);
    for (int i = 0; i < 3; i++)
        assert_true(FS.open(v->fs, "a", THM_FS_READ) >= 0);
    assert_int_equal(FS.open(v->fs, "a", THM_FS_READ), -18);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(FS.close(v->fs, fd), -9);
    assert_int_equal(FS.read(v->fs, 99, &b, 1), -9);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(FS.open(v->fs, "d", THM_FS_READ), -4);
    assert_int_equal(FS.open(v->fs, "d", THM_FS_WRITE | THM_FS_CREATE), -7);
}

static void read_only__is_respected(void **state)
{
    struct fat_volume *v = *state;
    struct thm_fs_stat st;
    assert_int_equal(store(v->fs, "A", 100, 1, 0), 0);
    FS.unmount(v->fs);
    v->card.bytes[ROOT + 11] |= 1;
    assert_int_equal(FS.mount(&v->fs, v->card.medium, &v->config, NULL), 0);
    assert_int_equal(FS.stat(v->fs, "A", &st), 0);
    assert_true(st.read_only);
    assert_int_equal(FS.open(v->fs, "A", RDWR), -7);
    assert_int_equal(store(v->fs, "A", 1, 1, 0), -7);
    assert_int_equal(FS.remove(v->fs, "A"), -7);
    assert_true(holds_seed(v->fs, "A", 100, 1));
}

static void append__always_writes_at_the_end(void **state)
{
    struct fat_volume *v = *state;
    uint8_t want[1200];
    thm_replay_content(1, want, sizeof want);
    for (uint32_t at = 0; at < sizeof want; at += 300) {
        int32_t fd = FS.open(v->fs, "log", RDWR | THM_FS_APPEND | THM_FS_CREATE);
        assert_int_equal(FS.seek(v->fs, fd, 0, THM_FS_SET), 0);
        assert_int_equal(FS.write(v->fs, fd, want + at, 300), 300);
        assert_int_equal(FS.close(v->fs, fd), 0);
    }
    assert_true(holds(v->fs, "log", want, sizeof want));
}

static void seek__beyond_the_end_makes_a_written_file_longer(void **state)
{
    struct fat_volume *v = *state;
    struct thm_fs_stat st;
    uint8_t b[4];
    assert_int_equal(store(v->fs, "a", 100, 1, 0), 0);
    int32_t fd = FS.open(v->fs, "a", THM_FS_READ);
    assert_int_equal(FS.seek(v->fs, fd, 5000, THM_FS_SET), 100);
    assert_int_equal(FS.seek(v->fs, fd, -101, THM_FS_END), -19);
    assert_int_equal(FS.seek(v->fs, fd, -50, THM_FS_CUR), 50);
    assert_int_equal(FS.close(v->fs, fd), 0);
    fd = FS.open(v->fs, "a", RDWR);
    assert_int_equal(FS.seek(v->fs, fd, 5000, THM_FS_SET), 5000);
    assert_int_equal(FS.write(v->fs, fd, "abcd", 4), 4);
    assert_int_equal(FS.seek(v->fs, fd, 5000, THM_FS_SET), 5000);
    assert_int_equal(FS.read(v->fs, fd, b, 4), 4);
    assert_memory_equal(b, "abcd", 4);
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_int_equal(FS.stat(v->fs, "a", &st), 0);
    assert_int_equal(st.size, 5004);
    fd = FS.open(v->fs, "a", RDWR);
    assert_int_equal(FS.seek(v->fs, fd, 0x40000000, THM_FS_SET) % 512, 0); /* as far as the volume goes */
    assert_int_equal(FS.close(v->fs, fd), 0);
    assert_true(is_clean(v->fs));
}

static void overwrite__only_the_bytes_in_question_change(void **state)
{
    struct fat_volume *v = *state;
    uint8_t want[3000];
    thm_replay_content(1, want, 2000);
    thm_replay_content(5, want + 700, 2000);
    assert_int_equal(store(v->fs, "a", 2000, 1, 0), 0);
    int32_t fd = FS.open(v->fs, "a", RDWR);
    assert_int_equal(FS.seek(v->fs, fd, 700, THM_FS_SET), 700);
    assert_int_equal(FS.write(v->fs, fd, want + 700, 2000), 2000);
    assert_int_equal(FS.seek(v->fs, fd, 10, THM_FS_SET), 10);
    want[10] = 9;
    assert_int_equal(FS.write(v->fs, fd, want + 10, 1), 1);
    assert_int_equal(FS.close(v->fs, fd), 0);
    fat_volume_remount(v);
    assert_true(holds(v->fs, "a", want, 2700));
}

/* Two files in the same clusters' neighbourhood, and a reader of what is only in the buffer yet. */
static void files__open_at_once_do_not_disturb_each_other(void **state)
{
    struct fat_volume *v = *state;
    uint8_t a[3000], b[3000], got[3000];
    thm_replay_content(1, a, sizeof a);
    thm_replay_content(2, b, sizeof b);
    int32_t fa = FS.open(v->fs, "a", RDWR | THM_FS_CREATE), fb = FS.open(v->fs, "b", RDWR | THM_FS_CREATE);
    for (uint32_t at = 0; at < sizeof a; at += 100) {
        assert_int_equal(FS.write(v->fs, fa, a + at, 100), 100);
        assert_int_equal(FS.write(v->fs, fb, b + at, 100), 100);
    }
    assert_int_equal(FS.seek(v->fs, fa, 0, THM_FS_SET), 0);
    assert_int_equal(FS.read(v->fs, fa, got, sizeof got), sizeof got);
    assert_memory_equal(got, a, sizeof a);
    assert_int_equal(FS.close(v->fs, fa), 0);
    assert_int_equal(FS.close(v->fs, fb), 0);
    assert_true(holds(v->fs, "a", a, sizeof a));
    assert_true(holds(v->fs, "b", b, sizeof b));
    assert_true(is_clean(v->fs));
}

static void truncate__both_ways(void **state)
{
    static const uint32_t sizes[] = { 4999, 4608, 4607, 513, 512, 511, 1, 0 };
    struct fat_volume *v = *state;
    struct thm_fs_usage u;
    uint8_t *want = calloc(1, 9000);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(store(v->fs, "a", 5000, 1, 0), 0);
        assert_int_equal(FS.truncate(v->fs, "a", sizes[i]), 0);
        assert_true(holds_seed(v->fs, "a", sizes[i], 1));
        FS.usage(v->fs, &u);
        assert_int_equal(u.used, FS.need(v->fs, sizes[i]));
        assert_int_equal(FS.truncate(v->fs, "a", 9000), 0);
        memset(want, 0, 9000);
        thm_replay_content(1, want, sizes[i]);
        assert_true(holds(v->fs, "a", want, 9000));
    }
    assert_int_equal(FS.truncate(v->fs, "x", 0), -4);
    assert_true(is_clean(v->fs));
    free(want);
}

static uint32_t at_noon(void *ctx)
{
    (void)ctx;
    return 1795867201; /* 2026-11-28 12:00:01 */
}

static void time__is_the_board_s(void **state)
{
    struct fat_volume *v = *state;
    struct thm_fs_stat st;
    assert_int_equal(store(v->fs, "before", 1, 1, 0), 0);
    assert_int_equal(FS.stat(v->fs, "before", &st), 0);
    assert_int_equal(st.modified, 315532800); /* 1980: nobody set the clock */
    v->config.seconds = at_noon;
    fat_volume_remount(v);
    assert_int_equal(store(v->fs, "now", 1, 1, 0), 0);
    assert_int_equal(FS.stat(v->fs, "now", &st), 0);
    assert_int_equal(st.modified, 1795867200);
    assert_memory_equal(v->card.bytes + ROOT + 32 + 22, "\x00\x60\x7C\x5D", 4);
}

/* ---- the volume ---- */

static void exfat__is_known_by_name_and_refused(void **state)
{
    struct ramcard card;
    struct thm_fs_config c = { 0 };
    struct thm_fs *fs;
    (void)state;
    ramcard_init(&card, 1 << 20, NULL);
    assert_false(thm_exfat_probe(card.medium));
    memcpy(card.bytes,
           "\xEB\x76\x90"
           "EXFAT   ",
           11);
    memcpy(card.bytes + 510, "\x55\xAA", 2);
    assert_true(thm_exfat_probe(card.medium));
    assert_int_equal(FS.probe(card.medium, &c), THM_FS_EFORMAT);
    assert_int_equal(FS.mount(&fs, card.medium, &c, NULL), -13);
    assert_null(fs);
    ramcard_finish(&card);
}

static void format__what_cannot_be_is_refused(void **state)
{
    static const struct thm_fs_config bad[] = {
        { .fat_bits = 32 }, /* too few clusters: FatFs would not mount it */
        { .fat_bits = 16, .cluster_size = 4096 },
        { .fat_bits = 12, .cluster_size = 512 },
        { .fat_bits = 13 },
        { .cluster_size = 700 },
        { .cluster_size = 1536 },
        { .cluster_size = 1 << 20 },
    };
    struct ramcard card;
    (void)state;
    ramcard_init(&card, 5 << 20, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(FS.format(card.medium, &bad[i], NULL), -14);
    for (size_t i = 0; i < 5 << 20; i++)
        assert_int_equal(card.bytes[i], 0);
    ramcard_finish(&card);
}

static void count_char(void *ctx, const char *line)
{
    *(size_t *)ctx += strlen(line) > 0;
}

static void map__shows_every_cluster(void **state)
{
    struct fat_volume *v = *state;
    struct thm_fs_map map;
    size_t lines = 0;
    assert_int_equal(store(v->fs, "a", 1000, 1, 0), 0);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    v->card.bytes[TABLE + 5 * 2] = 0xF7, v->card.bytes[TABLE + 5 * 2 + 1] = 0xFF; /* bad */
    v->card.bytes[TABLE + 6 * 2] = v->card.bytes[TABLE + 6 * 2 + 1] = 0xFF;       /* lost */
    fat_volume_remount(v);
    assert_int_equal(FS.map(v->fs, &map), 0);
    assert_int_equal(map.count, 10155);
    assert_memory_equal(map.states, "##mbx...", 8);
    free(map.states);
    assert_int_equal(FS.describe(v->fs, count_char, &lines), 0);
    assert_true(lines > 10);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(name__long_one_is_the_documented_bytes),
        T(name__short_one_keeps_its_case_in_two_bits),
        T(name__aliases_are_numbered_then_hashed),
        T(name__is_found_in_any_case),
        T(name__beyond_16_bits_is_a_pair),
        T(name__bad_ones_are_refused),
        T(name__trailing_dots_and_spaces_do_not_count),
        T(short_names__are_all_there_is),
        T(mkdir__begins_with_itself_and_its_parent),
        T(directory__grows_by_clusters),
        T(rename__moves_and_keeps_the_content),
        T(root__full_is_denied),
        T(write__any_chunks_give_the_same_bytes),
        cmocka_unit_test(write__whole_sectors_go_to_the_card_directly),
        T(write__goes_on_behind_the_last_cluster_taken),
        T(write__full_volume_is_a_short_count),
        T(open__flags_mean_what_they_say),
        T(read_only__is_respected),
        T(append__always_writes_at_the_end),
        T(seek__beyond_the_end_makes_a_written_file_longer),
        T(overwrite__only_the_bytes_in_question_change),
        T(files__open_at_once_do_not_disturb_each_other),
        T(truncate__both_ways),
        T(time__is_the_board_s),
        cmocka_unit_test(exfat__is_known_by_name_and_refused),
        cmocka_unit_test(format__what_cannot_be_is_refused),
        T(map__shows_every_cluster),
    };
    return cmocka_run_group_tests_name("fat", tests, NULL, NULL);
}
