/* tests/conformance/test_fat.c -- FAT images made by dosfstools, mtools and sfdisk: table, files, totals, checks. */
#include "tests/testing.h"
#include <glob.h>
#include <jansson.h>
#include <sys/types.h>
#include <sha2.h>
#include <zstd.h>
#include "fsimages/fat.h"
#include "fsimages/mbr.h"
#include "tests/unit/fsimages/ramcard.h"

#define FS thm_fs_fat

struct golden {
    json_t *manifest, *config, *reference;
    struct ramcard card;
    struct thm_medium *volume; /* the partition, or the card */
    struct thm_fs *fs;
    uint64_t size;
};

static int64_t number(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    if (!v)
        fail_msg("the manifest has no %s", key);
    return json_integer_value(v);
}

static const char *string(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static uint8_t *decompress(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t packed = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(packed);
    uint8_t *bytes = malloc(size);
    assert_int_equal(fread(data, 1, packed, f), packed);
    assert_int_equal(ZSTD_decompress(bytes, size, data, packed), size);
    fclose(f);
    free(data);
    return bytes;
}

static void find_volume(struct golden *g)
{
    struct thm_mbr_entry table[THM_MBR_ENTRIES];
    size_t n;
    bool mbr = json_is_true(json_object_get(g->config, "mbr"));
    assert_int_equal(thm_mbr_parse(g->card.bytes, g->size, table, &n), mbr ? THM_FS_OK : THM_FS_EFORMAT);
    uint64_t off = mbr ? table[0].offset : 0, len = mbr ? table[0].size : g->size;
    assert_int_equal(off, number(g->config, "partition_start_sector") * 512);
    assert_int_equal(len, number(g->config, "partition_sectors") * 512);
    assert_int_equal(thm_slice_create(&g->volume, g->card.medium, off, len), THM_FS_OK);
}

static void golden_open(struct golden *g, const char *manifest)
{
    struct thm_fs_config c = { 0 };
    char path[1100];
    *g = (struct golden){ .manifest = json_load_file(manifest, 0, NULL) };
    assert_non_null(g->manifest);
    g->config = json_object_get(g->manifest, "config");
    g->reference = json_object_get(g->manifest, "reference");
    g->size = (uint64_t)number(g->config, "image_size");
    snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(manifest, '/') - manifest), manifest,
             string(g->manifest, "image"));
    ramcard_init(&g->card, g->size, decompress(path, g->size));
    find_volume(g);
    assert_int_equal(FS.mount(&g->fs, g->volume, &c, NULL), 0);
}

static void golden_close(struct golden *g)
{
    FS.unmount(g->fs);
    thm_medium_destroy(g->volume);
    ramcard_finish(&g->card);
    json_decref(g->manifest);
}

static void geometry(struct golden *g)
{
    struct thm_fs_config c = { 0 };
    json_t *bpb = json_object_get(g->config, "bpb");
    assert_ptr_equal(thm_fs_probe(g->volume, &c), &FS);
    assert_int_equal(c.fat_bits, number(bpb, "fat_type"));
    assert_int_equal(c.cluster_size, number(bpb, "sectors_per_cluster") * 512);
    assert_int_equal(c.root_entries, number(bpb, "root_entries"));
    struct thm_fs_usage u;
    assert_int_equal(FS.usage(g->fs, &u), 0);
    assert_int_equal(u.total, number(bpb, "clusters") * number(bpb, "sectors_per_cluster") * 512);
    json_t *bytes_free = json_object_get(g->reference, "mdir_bytes_free"),
           *counted = json_object_get(bpb, "fsinfo_free_count");
    /* mdir believes FSInfo whatever it says; FatFs counts if it says more than there are */
    if (json_is_integer(bytes_free) && json_integer_value(counted) <= number(bpb, "clusters"))
        assert_int_equal(u.total - u.used, json_integer_value(bytes_free));
}

static void compare_content(struct golden *g, json_t *want)
{
    uint8_t *data = malloc((size_t)number(want, "size") + 20000);
    char hex[65];
    int32_t total = 0, n, fd = FS.open(g->fs, string(want, "name"), THM_FS_READ);
    SHA2_CTX c;
    assert_true(fd >= 0);
    while ((n = FS.read(g->fs, fd, data + total, 777)) > 0)
        total += n;
    SHA256Init(&c);
    SHA256Update(&c, data, (size_t)total);
    SHA256End(&c, hex);
    assert_int_equal(total, number(want, "size"));
    assert_string_equal(hex, string(want, "sha256"));
    assert_int_equal(FS.close(g->fs, fd), 0);
    free(data);
}

struct tree {
    struct golden *g;
    const char *dir;
    size_t found;
};

/* Every name found must be in the manifest; directories end in '/' there. */
static int32_t visit(void *ctx, const struct thm_fs_stat *st)
{
    struct tree *t = ctx;
    char path[600];
    json_t *want;
    size_t i;
    bool known = false;
    snprintf(path, sizeof path, "%s%s%s", t->dir, st->name, st->directory ? "/" : "");
    json_array_foreach(json_object_get(t->g->reference, "files"), i, want) known |= !strcmp(string(want, "name"), path);
    if (!known)
        fail_msg("%s is not in the manifest", path);
    t->found++;
    if (!st->directory)
        return 0;
    struct tree below = { t->g, path, 0 };
    int32_t res = FS.list(t->g->fs, path, visit, &below);
    t->found += below.found;
    return res;
}

static void files(struct golden *g)
{
    struct tree t = { g, "", 0 };
    json_t *want, *all = json_object_get(g->reference, "files");
    size_t i;
    assert_int_equal(FS.list(g->fs, "", visit, &t), 0);
    assert_int_equal(t.found, json_array_size(all));
    json_array_foreach(all, i, want)
    {
        if (string(want, "sha256"))
            compare_content(g, want);
    }
}

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    print_message("#   %s\n", line);
}

/* fsck.fat's verdict; looking changes nothing; what repair leaves is clean, for a fresh mount too. */
static void check(struct golden *g)
{
    struct thm_fs_config c = { 0 };
    uint8_t *before = malloc(g->size);
    bool clean = number(json_object_get(g->reference, "fsck_fat_n"), "exit") == 0;
    memcpy(before, g->card.bytes, g->size);
    int32_t findings = FS.check(g->fs, false, print_line, NULL);
    assert_int_equal(findings == 0, clean);
    assert_memory_equal(before, g->card.bytes, g->size);
    assert_int_equal(FS.check(g->fs, true, NULL, NULL) == 0, clean);
    assert_int_equal(memcmp(before, g->card.bytes, g->size) == 0, clean);
    FS.unmount(g->fs);
    assert_int_equal(FS.mount(&g->fs, g->volume, &c, NULL), 0);
    assert_int_equal(FS.check(g->fs, false, print_line, NULL), 0);
    free(before);
}

static void each_manifest(void (*compare)(struct golden *g))
{
    glob_t found;
    SHARED_OR_SKIP(dir, "golden/fs/fat");
    char pattern[1100];
    snprintf(pattern, sizeof pattern, "%s/*.json", dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct golden g;
        print_message("# %s\n", strrchr(found.gl_pathv[i], '/') + 1);
        golden_open(&g, found.gl_pathv[i]);
        compare(&g);
        golden_close(&g);
    }
    globfree(&found);
}

static void images__geometry_and_totals_are_what_the_tools_say(void **state)
{
    (void)state;
    each_manifest(geometry);
}

static void images__files_are_what_mtools_put_there(void **state)
{
    (void)state;
    each_manifest(files);
}

static void images__check_agrees_with_fsck_fat(void **state)
{
    (void)state;
    each_manifest(check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images__geometry_and_totals_are_what_the_tools_say),
        cmocka_unit_test(images__files_are_what_mtools_put_there),
        cmocka_unit_test(images__check_agrees_with_fsck_fat),
    };
    return cmocka_run_group_tests_name("fat", tests, NULL, NULL);
}
