/* tests/conformance/test_littlefs.c -- littlefs against the reference implementation: images file by file, their
 * operations result by result and byte by byte. */
#include "tests/conformance/fs_golden.h"
#include "fsimages/fs_replay.h"
#include "fsimages/littlefs.h"
#include "fsimages/media/chip.h"

static uint32_t disk_version(const struct golden_chip *g)
{
    return (uint32_t)strtoul(string(g->reference, "disk_version"), NULL, 16);
}

static void golden_open(struct golden_chip *g, const char *manifest_path)
{
    golden_chip_open(g, manifest_path, "block_size");
    g->fs_config = (struct thm_fs_config){
        .block_size = (uint32_t)number(g->config, "block_size"),
        .read_size = (uint32_t)number(g->config, "read_size"),
        .program_size = (uint32_t)number(g->config, "prog_size"),
        .cache_size = (uint32_t)number(g->config, "cache_size"),
        .lookahead_size = (uint32_t)number(g->config, "lookahead_size"),
        .block_cycles = (int32_t)number(g->config, "block_cycles"),
        .disk_version = disk_version(g),
    };
    assert_int_equal(thm_fs_littlefs.mount(&g->fs, g->medium, &g->fs_config, NULL), number(g->reference, "mount_res"));
}

static void compare_entry(struct golden_chip *g, json_t *want)
{
    struct thm_fs_stat st;
    assert_int_equal(thm_fs_littlefs.stat(g->fs, string(want, "name"), &st), 0);
    assert_int_equal(st.directory, json_is_true(json_object_get(want, "dir")));
    if (st.directory)
        return;
    assert_int_equal(st.size, number(want, "size"));
    compare_content(g->fs, want, "read_res", 4096);
}

struct tree {
    struct thm_fs *fs;
    const char *dir;
    size_t *entries;
};

static int32_t count(void *ctx, const struct thm_fs_stat *st)
{
    const struct tree *t = ctx;
    char path[600];
    ++*t->entries;
    snprintf(path, sizeof path, "%s/%s", t->dir, st->name);
    return st->directory ? t->fs->ops->list(t->fs, path, count, &(struct tree){ t->fs, path, t->entries }) : 0;
}

static void mount_and_list(struct golden_chip *g)
{
    json_t *files = json_object_get(g->reference, "files"), *want;
    struct thm_littlefs_info info;
    size_t i, entries = 0;
    assert_int_equal(thm_littlefs_info(g->fs, &info), 0);
    assert_int_equal(info.disk_version, disk_version(g));
    assert_int_equal(info.block_count, number(g->reference, "block_count"));
    assert_int_equal(info.name_max, number(g->reference, "name_max"));
    assert_int_equal(info.file_max, number(g->reference, "file_max"));
    assert_int_equal(info.attr_max, number(g->reference, "attr_max"));
    assert_int_equal(info.blocks_used, number(g->reference, "blocks_used"));
    assert_int_equal(thm_fs_littlefs.list(g->fs, "", count, &(struct tree){ g->fs, "", &entries }), 0);
    assert_int_equal(entries, json_array_size(files));
    json_array_foreach(files, i, want) compare_entry(g, want);
    assert_memory_equal(g->bytes, g->original, g->size);
}

static void check(struct golden_chip *g)
{
    assert_int_equal(thm_fs_littlefs.check(g->fs, false, NULL, NULL), number(g->reference, "check_flags"));
    assert_memory_equal(g->bytes, g->original, g->size);
}

static char *as_trace(struct golden_chip *g)
{
    char *config, *text = NULL;
    size_t size, i;
    json_t *line;
    FILE *f = open_memstream(&text, &size);
    json_object_set_new(g->config, "disk_version", json_integer(disk_version(g)));
    config = json_dumps(g->config, 0);
    fprintf(f, "# fs=littlefs\n# config: %s\n#n\top\tres\textra\tblocks_used\terases\tprograms\n", config);
    json_array_foreach(json_object_get(g->manifest, "ops_result"), i, line) fprintf(f, "%s\n", json_string_value(line));
    fclose(f);
    free(config);
    return text;
}

/* The operations that made the image, from scratch: as many erases and programs, and the same bytes. */
static void make_again(struct golden_chip *g)
{
    struct thm_replay_result r;
    char *text = as_trace(g);
    if (thm_fs_replay(text, strlen(text), &r) != THM_FS_OK)
        fail_msg("line %u, %s: expected %s, got %s", r.line, r.column, r.expected, r.got);
    assert_int_equal(r.image_len, g->size);
    assert_memory_equal(r.image, g->original, g->size);
    thm_replay_result_free(&r);
    free(text);
}

static void guess(struct golden_chip *g)
{
    struct thm_fs_config c = { 0 };
    assert_ptr_equal(thm_fs_probe(g->medium, &c), &thm_fs_littlefs);
    assert_int_equal(c.block_size, g->fs_config.block_size);
    assert_int_equal(c.disk_version, g->fs_config.disk_version);
}

static void (*compare)(struct golden_chip *g);

static void compare_one(const char *manifest_path)
{
    struct golden_chip g;
    golden_open(&g, manifest_path);
    compare(&g);
    golden_chip_close(&g);
}

static void each_manifest(void (*how)(struct golden_chip *g))
{
    compare = how;
    each_manifest_in("golden/fs/littlefs", compare_one);
}

static void images__files_and_totals_are_the_reference_s(void **state)
{
    (void)state;
    each_manifest(mount_and_list);
}

static void images__check_agrees_with_the_reference(void **state)
{
    (void)state;
    each_manifest(check);
}

static void images__made_again_they_are_the_same_bytes_with_the_same_operations(void **state)
{
    (void)state;
    each_manifest(make_again);
}

static void images__geometry_is_found_by_their_content(void **state)
{
    (void)state;
    each_manifest(guess);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images__files_and_totals_are_the_reference_s),
        cmocka_unit_test(images__check_agrees_with_the_reference),
        cmocka_unit_test(images__made_again_they_are_the_same_bytes_with_the_same_operations),
        cmocka_unit_test(images__geometry_is_found_by_their_content),
    };
    if (!shared_path("golden/fs/littlefs")) { /* meson takes cmocka's own skip lines for failures */
        puts("1..0 # SKIP no golden/fs/littlefs in the shared folder");
        return 0;
    }
    return cmocka_run_group_tests_name("littlefs", tests, NULL, NULL);
}
