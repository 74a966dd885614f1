/* tests/unit/fsimages/test_littlefs_faults.c -- power lost at every operation, no memory at every allocation, bad
 * blocks, bad images. */
#include "fsimages/littlefs.h"
#define FS thm_fs_littlefs
#include "tests/unit/fsimages/failing_heap.h"
#include "tests/unit/fsimages/volume.h"

#define SIZE    131072u
#define CORRUPT (-84)

/* ---- power ---- */

/* One file that nothing touches, one to replace, one to move, a directory to remove. */
static void prepare(struct volume *v, const struct thm_fs_config *c)
{
    volume_init(v, SIZE, c);
    assert_int_equal(FS.mkdir(v->fs, "d"), 0);
    assert_int_equal(FS.mkdir(v->fs, "e"), 0);
    assert_int_equal(FS.mkdir(v->fs, "gone"), 0);
    assert_int_equal(store(v->fs, "d/keep", 6000, 1, 0), 0);
    assert_int_equal(store(v->fs, "d/file", 5000, 2, 0), 0);
    assert_int_equal(store(v->fs, "d/moves", 300, 3, 0), 0);
}

/* Everything that writes. The first error ends it. */
static int32_t script(struct thm_fs *fs)
{
    int32_t res = store(fs, "d/file", 7000, 4, 300);
    if (!res)
        res = FS.rename(fs, "d/moves", "e/moved");
    if (!res)
        res = FS.remove(fs, "gone");
    if (!res)
        res = FS.mkdir(fs, "e/new");
    for (uint32_t i = 0; !res && i < 4; i++)
        res = store(fs, i % 2 ? "e/new/a" : "b", 400, i, 0);
    if (!res)
        res = FS.rename(fs, "e/new", "d/new");
    if (!res)
        res = FS.truncate(fs, "d/file", 4500);
    if (!res)
        res = thm_littlefs_set_attr(fs, "b", 'x', "attribute", 9);
    return res ? res : FS.rename(fs, "b", "d/new/a");
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
    if (res && thm_fs_code_kind(FS.codes, res) != THM_FS_EPOWER)
        fail_msg("cut at %u: %d", n, res);
    return res == 0;
}

static bool exists(struct thm_fs *fs, const char *name)
{
    struct thm_fs_stat st;
    return FS.stat(fs, name, &st) == 0;
}

static const char *what_is_lost(struct thm_fs *fs)
{
    if (!holds_seed(fs, "d/keep", 6000, 1))
        return "d/keep";
    if (!holds_seed(fs, "d/file", 5000, 2) && !holds_seed(fs, "d/file", 7000, 4) && !holds_seed(fs, "d/file", 4500, 4))
        return "d/file";
    if (!holds_seed(fs, "d/moves", 300, 3) && !holds_seed(fs, "e/moved", 300, 3))
        return "d/moves";
    if (exists(fs, "d/moves") && exists(fs, "e/moved"))
        return "the end of a move";
    return NULL;
}

static void cut_everywhere(const struct thm_fs_config *c, bool repair)
{
    bool done = false;
    for (uint32_t n = 0; !done; n++) {
        struct volume v;
        prepare(&v, c);
        done = run_until(&v, n);
        const char *lost = what_is_lost(v.fs);
        if (lost)
            fail_msg("cut at %u: %s is lost", n, lost);
        assert_true(repair ? FS.check(v.fs, true, NULL, NULL) >= 0 : thm_littlefs_mkconsistent(v.fs) == 0);
        const int32_t findings = FS.check(v.fs, false, NULL, NULL);
        if (findings)
            fail_msg("cut at %u: %d findings", n, findings);
        lost = what_is_lost(v.fs);
        if (lost)
            fail_msg("cut at %u: %s is lost afterwards", n, lost);
        assert_int_equal(store(v.fs, "after", 9000, 7, 0), 0);
        assert_true(holds_seed(v.fs, "after", 9000, 7));
        volume_finish(&v);
        assert_true(n < 2000);
    }
}

static void power__lost_at_any_operation_loses_nothing_else(void **state)
{
    (void)state;
    cut_everywhere(NULL, false);
    cut_everywhere(NULL, true);
}

static void power__lost_while_pairs_move_loses_nothing_either(void **state)
{
    (void)state;
    for (int32_t cycles = 3; cycles <= 7; cycles += 2) { /* two commits fill a block */
        const struct thm_fs_config c = { .block_cycles = cycles, .program_size = 2048, .cache_size = 4096 };
        cut_everywhere(&c, false);
        cut_everywhere(&c, true);
    }
}

/* ---- memory ---- */

static void memory__failing_at_any_allocation_is_told(void **state)
{
    struct volume v;
    struct thm_fs *fs;
    int32_t res = -1;
    (void)state;
    volume_init(&v, SIZE, NULL);
    for (int n = 0; res < 0; n++) {
        struct failing_heap h = { .left = n };
        const struct thm_fs_memory mem = failing_heap_memory(&h);
        res = FS.mount(&fs, v.chip.medium, &v.config, &mem);
        if (res == 0) {
            assert_true(n >= 3);
            assert_int_equal(h.bytes, 512 + 512 + 128);
            res = FS.open(fs, "f", THM_FS_WRITE | THM_FS_CREATE);
            if (res >= 0) {
                assert_int_equal(n, 5);
                assert_int_equal(h.bytes, 512 + 512 + 128 + 84 + 512);
            }
            FS.unmount(fs);
        }
        if (res < 0) {
            assert_int_equal(res, -12);
            assert_int_equal(thm_fs_code_kind(FS.codes, res), THM_FS_ENOMEM);
        }
        assert_int_equal(h.live, 0);
    }
    volume_finish(&v);
}

/* ---- bad blocks ---- */

struct worn { /* a medium on which every 7th block takes erases, but no programs */
    struct thm_medium base;
    struct thm_medium *inner;
};

static enum thm_fs_err worn_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_read(((struct worn *)m)->inner, off, buf, len);
}

static enum thm_fs_err worn_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_peek(((struct worn *)m)->inner, off, buf, len);
}

static enum thm_fs_err worn_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    const bool bad = off / m->erase_size % 7 == 5;
    return bad ? THM_FS_OK : thm_medium_program(((struct worn *)m)->inner, off, buf, len);
}

static enum thm_fs_err worn_erase(struct thm_medium *m, uint32_t block)
{
    return thm_medium_erase(((struct worn *)m)->inner, block);
}

static const struct thm_medium_ops worn_ops = {
    .kind = "worn", .read = worn_read, .peek = worn_peek, .program = worn_program, .erase = worn_erase
};

static void blocks__that_do_not_keep_what_is_written_are_passed_over(void **state)
{
    struct ramchip chip;
    struct thm_fs *fs;
    struct thm_fs_config c = { .block_cycles = 5 };
    char name[24];
    (void)state;
    ramchip_init(&chip, SIZE * 2);
    struct worn m = { *chip.medium, chip.medium };
    m.base.ops = &worn_ops;
    assert_int_equal(FS.format(&m.base, &c, NULL), 0);
    assert_int_equal(FS.mount(&fs, &m.base, &c, NULL), 0);
    for (uint32_t i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "d%u", i % 6);
        assert_true(i >= 6 || FS.mkdir(fs, name) == 0);
        snprintf(name, sizeof name, "d%u/f", i % 6);
        assert_int_equal(store(fs, name, 3000 + i * 50, i, 0), 0);
        assert_true(holds_seed(fs, name, 3000 + i * 50, i));
    }
    for (uint32_t i = 54; i < 60; i++) {
        snprintf(name, sizeof name, "d%u/f", i % 6);
        assert_true(holds_seed(fs, name, 3000 + i * 50, i));
    }
    assert_int_equal(FS.check(fs, false, NULL, NULL), 0);
    FS.unmount(fs);
    ramchip_finish(&chip);
}

/* ---- a long life, compared with what it should be ---- */

#define NAMES 14

struct model { /* of each name: 0: not there */
    uint32_t size[NAMES], seed[NAMES];
    uint32_t random;
};

static uint32_t next_random(struct model *m, uint32_t below)
{
    m->random = m->random * 1664525u + 1013904223u;
    return (m->random >> 8) % below;
}

static const char *name_of(uint32_t i)
{
    static char names[2][24];
    static int turn;
    turn = !turn;
    snprintf(names[turn], sizeof names[0], "d%u/name%u", i % 3, i);
    return names[turn];
}

static void write_one(struct volume *v, struct model *m, uint32_t i)
{
    const uint32_t size = next_random(m, 4) ? 1 + next_random(m, 600) : 1 + next_random(m, 9000), seed = m->random;
    const int32_t res = store(v->fs, name_of(i), size, seed, next_random(m, 700));
    assert_int_equal(res, 0);
    m->size[i] = size;
    m->seed[i] = seed;
}

static void step(struct volume *v, struct model *m)
{
    const uint32_t i = next_random(m, NAMES), j = next_random(m, NAMES), what = next_random(m, 10);
    if (what < 5)
        write_one(v, m, i);
    else if (what < 7) {
        assert_int_equal(FS.remove(v->fs, name_of(i)), m->size[i] ? 0 : -2);
        m->size[i] = 0;
    } else if (what < 9) {
        assert_int_equal(FS.rename(v->fs, name_of(i), name_of(j)), m->size[i] ? 0 : -2);
        if (i == j || !m->size[i])
            return;
        m->size[j] = m->size[i];
        m->seed[j] = m->seed[i];
        m->size[i] = 0;
    } else
        volume_remount(v);
}

static void live(const struct thm_fs_config *c, uint32_t seed)
{
    struct volume v;
    struct model m = { .random = seed };
    char name[24];
    volume_init(&v, SIZE * 2, c);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "d%d", i);
        assert_int_equal(FS.mkdir(v.fs, name), 0);
    }
    for (int n = 0; n < 400; n++) {
        const uint32_t i = next_random(&m, NAMES);
        step(&v, &m);
        if (m.size[i] && !holds_seed(v.fs, name_of(i), m.size[i], m.seed[i]))
            fail_msg("step %d: %s", n, name_of(i));
    }
    assert_int_equal(FS.check(v.fs, false, NULL, NULL), 0);
    for (uint32_t i = 0; i < NAMES; i++)
        assert_int_equal(exists(v.fs, name_of(i)), m.size[i] != 0);
    volume_finish(&v);
}

static void life__of_any_geometry_goes_as_it_should(void **state)
{
    (void)state;
    const struct thm_fs_config configs[] = {
        { .block_cycles = 512 },
        { .block_cycles = 3, .read_size = 1, .program_size = 1, .cache_size = 64, .lookahead_size = 1 },
        { .block_cycles = -1, .read_size = 16, .program_size = 256, .cache_size = 256 },
        { .block_cycles = 2, .block_size = 8192, .cache_size = 1024, .disk_version = 0x20000 },
        { .block_cycles = 1, .program_size = 512, .cache_size = 4096 },
    };
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
        for (uint32_t seed = 1; seed <= 3; seed++)
            live(&configs[i], seed);
}

/* ---- bad images ---- */

static int32_t read_all(void *ctx, const struct thm_fs_stat *st)
{
    uint8_t buf[512];
    char path[THM_FS_NAME_MAX + 8];
    struct thm_fs *fs = ctx;
    snprintf(path, sizeof path, "d/%s", st->name);
    int32_t fd = FS.open(fs, path, THM_FS_READ);
    if (fd < 0)
        return 0;
    while (FS.read(fs, fd, buf, sizeof buf) > 0)
        ;
    FS.close(fs, fd);
    return 0;
}

static void use(struct thm_fs *fs)
{
    struct thm_fs_usage u;
    FS.usage(fs, &u);
    FS.list(fs, "d", read_all, fs);
    FS.check(fs, false, NULL, NULL);
    FS.check(fs, true, NULL, NULL);
    store(fs, "d/new", 3000, 1, 0);
    FS.remove(fs, "d/keep");
}

static void image__with_any_byte_changed_ends_in_a_code(void **state)
{
    struct volume v;
    uint8_t *good = malloc(SIZE);
    (void)state;
    prepare(&v, NULL);
    FS.unmount(v.fs);
    memcpy(good, v.chip.bytes, SIZE);
    for (uint32_t at = 0; at < SIZE; at += at % 4096 < 600 ? 7 : 911) {
        struct thm_fs *fs;
        memcpy(v.chip.bytes, good, SIZE);
        v.chip.bytes[at] ^= (uint8_t)(1u << at % 8);
        if (FS.mount(&fs, v.chip.medium, &v.config, NULL) != 0)
            continue;
        use(fs);
        FS.unmount(fs);
    }
    assert_int_equal(FS.format(v.chip.medium, &v.config, NULL), 0);
    assert_int_equal(FS.mount(&v.fs, v.chip.medium, &v.config, NULL), 0);
    volume_finish(&v);
    free(good);
}

static void image__without_a_superblock_is_none(void **state)
{
    struct ramchip chip;
    struct thm_fs *fs;
    struct thm_fs_config c = { 0 };
    (void)state;
    ramchip_init(&chip, SIZE);
    assert_int_equal(FS.probe(chip.medium, &c), THM_FS_EFORMAT);
    assert_int_equal(FS.mount(&fs, chip.medium, &c, NULL), CORRUPT);
    assert_null(fs);
    memcpy(chip.bytes + 8, "littlefs", 8);
    assert_int_equal(FS.probe(chip.medium, &c), THM_FS_EFORMAT);
    ramchip_finish(&chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power__lost_at_any_operation_loses_nothing_else),
        cmocka_unit_test(power__lost_while_pairs_move_loses_nothing_either),
        cmocka_unit_test(memory__failing_at_any_allocation_is_told),
        cmocka_unit_test(blocks__that_do_not_keep_what_is_written_are_passed_over),
        cmocka_unit_test(life__of_any_geometry_goes_as_it_should),
        cmocka_unit_test(image__with_any_byte_changed_ends_in_a_code),
        cmocka_unit_test(image__without_a_superblock_is_none),
    };
    return cmocka_run_group_tests_name("littlefs_faults", tests, NULL, NULL);
}
