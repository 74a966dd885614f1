/* tests/conformance/test_eefs.c -- EEFS against the reference implementation: traces line by line, images slot by slot,
 * and the packer's images byte by byte. */
#include "fsimages/eefs.h"
#include "fsimages/fs_replay.h"
#include "tests/conformance/fs_golden.h"
#include "tests/unit/fsimages/eeprom_ram.h"

#define FS thm_fs_eefs

/* One golden image, on an EEPROM in memory. */
struct golden {
    json_t *manifest, *config, *reference;
    uint8_t *file; /* the image as it is, maybe shorter than the EEPROM */
    size_t file_len;
    struct eeprom chip;
    struct thm_fs_config fs_config;
    struct thm_fs *fs;
};

static void golden_open(struct golden *g, const char *path)
{
    char hex[65];
    *g = (struct golden){ .manifest = json_load_file(path, 0, NULL) };
    assert_non_null(g->manifest);
    g->config = json_object_get(g->manifest, "config");
    g->reference = json_object_get(g->manifest, "reference");
    g->file_len = (size_t)number(g->manifest, "image_bytes");
    g->file = malloc(g->file_len);
    read_image(path, g->manifest, g->file, g->file_len);
    eeprom_init(&g->chip, (uint32_t)number(g->config, "eeprom_size"), 0);
    memcpy(g->chip.bytes, g->file, g->file_len);
    hex_digest(g->chip.bytes, (size_t)number(g->reference, "raw_size"), hex);
    assert_string_equal(hex, string(g->reference, "sha256_raw"));
    assert_int_equal(FS.probe(g->chip.medium, &g->fs_config), THM_FS_OK);
    assert_int_equal(g->fs_config.big_endian, strcmp(string(g->config, "endian"), "big") == 0);
    assert_int_equal(FS.mount(&g->fs, g->chip.medium, &g->fs_config, NULL), number(g->reference, "init_res"));
}

static void golden_close(struct golden *g)
{
    FS.unmount(g->fs);
    eeprom_finish(&g->chip);
    json_decref(g->manifest);
    free(g->file);
}

static void compare_slot(struct golden *g, uint32_t i, json_t *want)
{
    struct thm_eefs_slot s;
    assert_int_equal(thm_eefs_slot(g->fs, i, &s), 0);
    assert_int_equal(s.header_offset, number(want, "header_offset"));
    assert_int_equal(s.max_size, number(want, "max_file_size"));
    assert_int_equal(s.in_use, number(want, "in_use"));
    if (s.in_use != 1)
        return;
    assert_string_equal(s.name, string(want, "name"));
    assert_int_equal(s.size, number(want, "size"));
    assert_int_equal(s.attributes, number(want, "attributes"));
    assert_int_equal(s.modified, number(want, "mtime"));
    assert_int_equal(s.created, number(want, "ctime"));
    compare_content(g->fs, want, "read_bytes", 512);
}

static int32_t count_file(void *ctx, const struct thm_fs_stat *st)
{
    (void)st;
    ++*(size_t *)ctx;
    return 0;
}

static void slots(struct golden *g)
{
    struct thm_eefs_counters c;
    json_t *want;
    size_t i, files = 0, listed = 0;
    thm_eefs_counters(g->fs, &c);
    assert_int_equal(c.files, number(g->reference, "number_of_files"));
    assert_int_equal(c.free_offset, number(g->reference, "free_memory_offset"));
    assert_int_equal(c.free_size, number(g->reference, "free_memory_size"));
    json_array_foreach(json_object_get(g->reference, "slots"), i, want)
    {
        compare_slot(g, (uint32_t)i, want);
        files += number(want, "in_use") == 1;
    }
    assert_int_equal(c.files, i);
    assert_int_equal(FS.list(g->fs, "", count_file, &listed), 0);
    assert_int_equal(listed, files);
}

static void look_for_checksum(void *ctx, const char *line)
{
    if (strstr(line, "checksum: ") && strstr(line, ", right"))
        *(bool *)ctx = true;
}

static void check(struct golden *g)
{
    bool right = false;
    assert_int_equal(FS.check(g->fs, false, look_for_checksum, &right), number(g->manifest, "check_exit"));
    assert_int_equal(right, json_is_true(json_object_get(g->reference, "fat_crc_matches")));
    assert_memory_equal(g->chip.bytes, g->file, g->file_len);
    assert_int_equal(FS.check(g->fs, true, NULL, NULL), number(g->manifest, "check_exit"));
    slots(g);
}

/* The packer's image of the manifest's files. */
static uint8_t *pack(struct golden *g, bool fill, size_t *len)
{
    struct thm_eefs_packing how = { .size = (uint32_t)number(g->config, "eeprom_size"),
                                    .big_endian = g->fs_config.big_endian,
                                    .fill = fill,
                                    .time = (uint32_t)number(g->config, "timestamp") };
    struct thm_eefs_file files[64];
    json_t *f;
    size_t i, bad;
    uint8_t *image;
    json_array_foreach(json_object_get(g->manifest, "packed_files"), i, f)
    {
        uint32_t size = (uint32_t)number(f, "size");
        uint8_t *data = malloc(size + 1);
        thm_replay_content((uint32_t)number(f, "seed"), data, size);
        files[i] = (struct thm_eefs_file){ string(f, "name"), data, size, (uint32_t)number(f, "spare"),
                                           json_is_true(json_object_get(f, "readonly")) };
    }
    assert_int_equal(thm_eefs_pack(&how, files, i, &image, len, &bad), THM_FS_OK);
    while (i--)
        free((void *)(uintptr_t)files[i].data);
    return image;
}

static char *as_trace(struct golden *g)
{
    char *config = json_dumps(g->config, 0), *text = NULL;
    size_t size, i;
    json_t *line;
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "# fs=eefs\n# config: %s\n# time source: %s\n", config, string(g->config, "time_source"));
    fprintf(f, "#n\top\tres\textra\tnumber_of_files\tfree_memory_offset\tfree_memory_size\n");
    json_array_foreach(json_object_get(g->manifest, "ops_result"), i, line) fprintf(f, "%s\n", json_string_value(line));
    fclose(f);
    free(config);
    return text;
}

static void make_again(struct golden *g)
{
    bool operations = json_array_size(json_object_get(g->manifest, "ops_result")) > 0;
    size_t len;
    uint8_t *image = pack(g, operations || json_is_true(json_object_get(g->config, "filled")), &len);
    if (operations) {
        struct thm_replay_result r;
        char *text = as_trace(g);
        if (thm_fs_replay_on(text, strlen(text), image, len, &r) != THM_FS_OK)
            fail_msg("line %u, %s: expected %s, got %s", r.line, r.column, r.expected, r.got);
        free(image);
        free(text);
        image = r.image;
        len = r.image_len;
    }
    assert_int_equal(len, g->file_len);
    assert_memory_equal(image, g->file, len);
    free(image);
}

#define EACH(compare)                          \
    static void compare##_of(const char *path) \
    {                                          \
        struct golden g;                       \
        golden_open(&g, path);                 \
        compare(&g);                           \
        golden_close(&g);                      \
    }
EACH(slots)
EACH(check)
EACH(make_again)

static void images__slots_and_files_are_the_reference_s(void **state)
{
    (void)state;
    each_manifest_in("golden/fs/eefs", slots_of);
}

static void images__check_agrees_and_a_repair_loses_nothing(void **state)
{
    (void)state;
    each_manifest_in("golden/fs/eefs", check_of);
}

static void images__made_again_they_are_the_same_bytes(void **state)
{
    (void)state;
    each_manifest_in("golden/fs/eefs", make_again_of);
}

static void replay(const char *path)
{
    struct thm_replay_result r;
    size_t len;
    char *text = read_whole(path, &len);
    if (thm_fs_replay(text, len, &r) != THM_FS_OK)
        fail_msg("line %u, %s: expected %s, got %s", r.line, r.column, r.expected, r.got);
    assert_true(r.ops > 100);
    thm_replay_result_free(&r);
    free(text);
}

static void traces__every_line_and_the_final_image_agree(void **state)
{
    (void)state;
    glob_t found;
    SHARED_OR_SKIP(dir, "golden/fs/traces");
    char pattern[1100];
    snprintf(pattern, sizeof pattern, "%s/eefs_*.trace", dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        replay(found.gl_pathv[i]);
    globfree(&found);
}

static void traces__one_changed_field_is_found(void **state)
{
    (void)state;
    SHARED_OR_SKIP(path, "golden/fs/traces/eefs_256k.trace");
    struct thm_replay_result r;
    size_t len;
    char *text = read_whole(path, &len), *at = strstr(text, "size=1756,max=2136");
    assert_non_null(at);
    at[17] = '2';
    assert_int_equal(thm_fs_replay(text, len, &r), THM_FS_EDIFFERS);
    assert_string_equal(r.column, "extra");
    assert_string_equal(r.got, "size=1756,max=2136");
    thm_replay_result_free(&r);
    at[17] = '6';
    at = strstr(text, "time source: 17") + 14;
    *at = '8';
    assert_int_equal(thm_fs_replay(text, len, &r), THM_FS_EDIFFERS);
    assert_string_equal(r.column, "final image sha256");
    thm_replay_result_free(&r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces__every_line_and_the_final_image_agree),
        cmocka_unit_test(traces__one_changed_field_is_found),
        cmocka_unit_test(images__slots_and_files_are_the_reference_s),
        cmocka_unit_test(images__check_agrees_and_a_repair_loses_nothing),
        cmocka_unit_test(images__made_again_they_are_the_same_bytes),
    };
    if (!shared_path("golden/fs/eefs")) { /* meson takes cmocka's own skip lines for failures */
        puts("1..0 # SKIP no golden/fs/eefs in the shared folder");
        return 0;
    }
    return cmocka_run_group_tests_name("eefs", tests, NULL, NULL);
}
