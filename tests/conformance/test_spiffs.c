/* tests/conformance/test_spiffs.c -- SPIFFS against the reference implementation: traces line by line, images file by
 * file. */
#include "fsimages/fs_replay.h"
#include "fsimages/media/chip.h"
#include "fsimages/spiffs.h"
#include "tests/conformance/fs_golden.h"

static void golden_open(struct golden_chip *g, const char *manifest_path)
{
    golden_chip_open(g, manifest_path, "phys_erase_size");
    g->fs_config = (struct thm_fs_config){
        .page_size = (uint32_t)number(g->config, "page_size"),
        .block_size = (uint32_t)number(g->config, "block_size"),
        .name_len = (uint32_t)number(g->config, "obj_name_len"),
        .meta_len = (uint32_t)number(g->config, "meta_len"),
        .no_meta = number(g->config, "meta_len") == 0,
        .aligned_index = number(g->config, "aligned_objix") != 0,
    };
    assert_int_equal(thm_fs_spiffs.mount(&g->fs, g->medium, &g->fs_config, NULL), 0);
}

static void compare_usage(struct golden_chip *g, json_t *want)
{
    struct thm_fs_usage u;
    struct thm_spiffs_counters c;
    assert_int_equal(thm_fs_spiffs.usage(g->fs, &u), 0);
    thm_spiffs_counters(g->fs, &c);
    assert_int_equal(u.total, number(want, "total"));
    assert_int_equal(u.used, number(want, "used"));
    assert_int_equal((int64_t)u.total - (int64_t)u.used, number(want, "free"));
    assert_int_equal(c.alloc, number(want, "p_alloc"));
    assert_int_equal(c.deleted, number(want, "p_deleted"));
    assert_int_equal(c.free_blocks, number(want, "free_blocks"));
    assert_int_equal(c.erase_counter, number(want, "max_erase_count"));
}

static void compare_header(struct golden_chip *g, json_t *want)
{
    struct thm_spiffs_info info;
    char meta[33] = "";
    assert_int_equal(thm_spiffs_info(g->fs, string(want, "name"), &info), 0);
    assert_int_equal(info.object_id, number(want, "obj_id"));
    assert_int_equal(info.header_page, number(want, "header_pix"));
    for (uint32_t i = 0; i < info.meta_len; i++)
        snprintf(meta + i * 2, 3, "%02x", info.meta[i]);
    assert_string_equal(meta, string(want, "meta") ? string(want, "meta") : "");
}

struct walk {
    json_t *files;
    size_t i;
};

static int32_t compare_listed(void *ctx, const struct thm_fs_stat *st)
{
    struct walk *w = ctx;
    json_t *want = json_array_get(w->files, w->i++);
    assert_non_null(want);
    assert_string_equal(st->name, string(want, "name"));
    assert_int_equal(st->size, number(want, "size"));
    return 0;
}

static void compare_files(struct golden_chip *g, json_t *files)
{
    struct walk w = { files, 0 };
    json_t *want;
    size_t i;
    assert_int_equal(thm_fs_spiffs.list(g->fs, "", compare_listed, &w), 0);
    assert_int_equal(w.i, json_array_size(files));
    json_array_foreach(files, i, want)
    {
        compare_header(g, want);
        assert_int_equal(compare_content(g->fs, want, "read_bytes", 4096), number(want, "read_res"));
    }
}

/* Findings of the check without repair, which must change nothing; then the state after a repair. */
static void compare_check(struct golden_chip *g, json_t *check)
{
    uint8_t *before = malloc(g->size);
    json_t *after = json_object_get(check, "after");
    memcpy(before, g->bytes, g->size);
    assert_int_equal(thm_fs_spiffs.check(g->fs, false, NULL, NULL), number(check, "reports_n"));
    assert_memory_equal(before, g->bytes, g->size);
    assert_int_equal(thm_fs_spiffs.check(g->fs, true, NULL, NULL), number(check, "reports_n"));
    assert_int_equal(memcmp(before, g->bytes, g->size) != 0, json_is_true(json_object_get(check, "changed_image")));
    if (after) {
        thm_fs_spiffs.unmount(g->fs);
        assert_int_equal(thm_fs_spiffs.mount(&g->fs, g->medium, &g->fs_config, NULL), 0);
        compare_usage(g, after);
        compare_files(g, json_object_get(after, "files"));
    }
    free(before);
}

/* Padding of index headers is undefined: not to be compared. */
static void wipe_padding(uint8_t *image, size_t size, size_t page)
{
    for (size_t at = 0; at < size; at += page) {
        bool lookup = at % 4096 == 0;
        if (!lookup && image[at + 1] & 0x80 && image[at + 2] == 0 && image[at + 3] == 0 && image[at + 4] != 0xFF)
            memset(image + at + 5, 0, 3);
    }
}

static char *as_trace(struct golden_chip *g)
{
    char *config = json_dumps(g->config, 0), *text = NULL;
    size_t size, i;
    json_t *line;
    FILE *f = open_memstream(&text, &size);
    fprintf(
        f,
        "# fs=spiffs\n# config: %s\n#n\top\tres\textra\ttotal\tused\tfree\tp_alloc\tp_deleted\tfree_blocks\terases\t"
        "flash_writes\n",
        config);
    json_array_foreach(json_object_get(g->manifest, "ops_result"), i, line) fprintf(f, "%s\n", json_string_value(line));
    fclose(f);
    free(config);
    return text;
}

/* The operations that made the image, from scratch. */
static void compare_history(struct golden_chip *g)
{
    struct thm_replay_result r;
    size_t page = (size_t)number(g->config, "page_size");
    char *text = as_trace(g);
    if (thm_fs_replay(text, strlen(text), &r) != THM_FS_OK)
        fail_msg("line %u, %s: expected %s, got %s", r.line, r.column, r.expected, r.got);
    assert_int_equal(r.writes_off, 0);
    assert_int_equal(r.image_len, g->size);
    wipe_padding(r.image, g->size, page);
    wipe_padding(g->original, g->size, page);
    assert_memory_equal(r.image, g->original, g->size);
    thm_replay_result_free(&r);
    free(text);
}

static void each_manifest(void (*compare)(struct golden_chip *g))
{
    glob_t found;
    SHARED_OR_SKIP(dir, "golden/fs/spiffs");
    char pattern[1100];
    snprintf(pattern, sizeof pattern, "%s/*.json", dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct golden_chip g;
        print_message("# %s\n", strrchr(found.gl_pathv[i], '/') + 1);
        golden_open(&g, found.gl_pathv[i]);
        compare(&g);
        golden_chip_close(&g);
    }
    globfree(&found);
}

static void mount_and_list(struct golden_chip *g)
{
    assert_int_equal(memcmp(g->bytes, g->original, g->size) != 0,
                     json_is_true(json_object_get(g->reference, "mount_changed_image")));
    compare_usage(g, g->reference);
    compare_files(g, json_object_get(g->reference, "files"));
}

static void check(struct golden_chip *g)
{
    compare_check(g, json_object_get(g->reference, "check"));
}

static void make_again(struct golden_chip *g)
{
    bool defect = strncmp(string(g->manifest, "description"), "REFERENCE DEFECT", 16) == 0;
    if (json_array_size(json_object_get(g->manifest, "ops_result")) && !defect)
        compare_history(g);
}

static void guess(struct golden_chip *g)
{
    struct thm_fs_config c = { .name_len = g->fs_config.name_len };
    assert_int_equal(thm_fs_spiffs.probe(g->medium, &c), THM_FS_OK);
    assert_int_equal(c.page_size, g->fs_config.page_size);
    assert_int_equal(c.block_size, g->fs_config.block_size);
    if (json_array_size(json_object_get(g->reference, "files"))) {
        assert_int_equal(c.no_meta, g->fs_config.no_meta);
        assert_int_equal(c.aligned_index, g->fs_config.aligned_index);
    }
}

static void images__files_and_counters_are_the_reference_s(void **state)
{
    (void)state;
    each_manifest(mount_and_list);
}

static void images__check_finds_and_mends_what_the_reference_does(void **state)
{
    (void)state;
    each_manifest(check);
}

static void images__made_again_they_are_the_same_bytes(void **state)
{
    (void)state;
    each_manifest(make_again);
}

static void images__geometry_is_found_by_their_content(void **state)
{
    (void)state;
    each_manifest(guess);
}

static void replay_trace(const char *rel)
{
    SHARED_OR_SKIP(path, rel);
    struct thm_replay_result r;
    size_t len;
    char *text = read_whole(path, &len);
    if (thm_fs_replay(text, len, &r) != THM_FS_OK)
        fail_msg("line %u, %s: expected %s, got %s", r.line, r.column, r.expected, r.got);
    assert_true(r.ops > 100);
    assert_int_equal(r.writes_off, 0);
    thm_replay_result_free(&r);
    free(text);
}

static void trace__idf_128k_is_page_exact(void **state)
{
    (void)state;
    replay_trace("golden/fs/traces/spiffs_idf128k.trace");
}

static void trace__esp8266_256k_is_page_exact(void **state)
{
    (void)state;
    replay_trace("golden/fs/traces/spiffs_esp8266_256k.trace");
}

static void trace__idf_1m_of_models_is_page_exact(void **state)
{
    (void)state;
    replay_trace("golden/fs/traces/spiffs_idf1m_models.trace");
}

/* Every single field of the first lines matters. */
static void trace__one_changed_field_is_found(void **state)
{
    (void)state;
    SHARED_OR_SKIP(path, "golden/fs/traces/spiffs_idf128k.trace");
    size_t len;
    char *text = read_whole(path, &len), *at = strstr(text, "\n8\tdelete /f3.bin\t0\t-\t113201\t11546");
    assert_non_null(at);
    char *digit = strstr(at, "11546");
    struct thm_replay_result r;
    *digit = '2';
    assert_int_equal(thm_fs_replay(text, len, &r), THM_FS_EDIFFERS);
    assert_string_equal(r.column, "used");
    assert_string_equal(r.expected, "21546");
    assert_string_equal(r.got, "11546");
    assert_int_equal(r.ops, 8);
    thm_replay_result_free(&r);
    *digit = '1';
    digit = strstr(text, "zero): ") + 7;
    *digit = *digit == 'a' ? 'b' : 'a';
    assert_int_equal(thm_fs_replay(text, len, &r), THM_FS_EDIFFERS);
    assert_string_equal(r.column, "final image sha256");
    thm_replay_result_free(&r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace__idf_128k_is_page_exact),
        cmocka_unit_test(trace__esp8266_256k_is_page_exact),
        cmocka_unit_test(trace__idf_1m_of_models_is_page_exact),
        cmocka_unit_test(trace__one_changed_field_is_found),
        cmocka_unit_test(images__files_and_counters_are_the_reference_s),
        cmocka_unit_test(images__check_finds_and_mends_what_the_reference_does),
        cmocka_unit_test(images__made_again_they_are_the_same_bytes),
        cmocka_unit_test(images__geometry_is_found_by_their_content),
    };
    if (!shared_path("golden/fs/spiffs")) { /* meson takes cmocka's own skip lines for failures */
        puts("1..0 # SKIP no golden/fs/spiffs in the shared folder");
        return 0;
    }
    return cmocka_run_group_tests_name("spiffs", tests, NULL, NULL);
}
