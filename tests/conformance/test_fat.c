/* tests/conformance/test_fat.c -- FAT images made by dosfstools, mtools and sfdisk: table, files, totals, checks. */
#include "fsimages/fat.h"
#include "fsimages/mbr.h"
#include "tests/conformance/fs_golden.h"
#include "tests/unit/fsimages/ramcard.h"

#define FS thm_fs_fat

struct golden {
    json_t *manifest, *config, *reference;
    struct ramcard card;
    struct thm_medium *volume; /* the partition, or the card */
    struct thm_fs *fs;
    uint64_t size;
};

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
    *g = (struct golden){ .manifest = json_load_file(manifest, 0, NULL) };
    assert_non_null(g->manifest);
    g->config = json_object_get(g->manifest, "config");
    g->reference = json_object_get(g->manifest, "reference");
    g->size = (uint64_t)number(g->config, "image_size");
    uint8_t *bytes = malloc(g->size);
    read_image(manifest, g->manifest, bytes, g->size);
    ramcard_init(&g->card, g->size, bytes);
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
            compare_content(g->fs, want, "size", 777);
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

static void (*compare)(struct golden *g);

static void compare_one(const char *manifest)
{
    struct golden g;
    golden_open(&g, manifest);
    compare(&g);
    golden_close(&g);
}

static void each_manifest(void (*how)(struct golden *g))
{
    compare = how;
    each_manifest_in("golden/fs/fat", compare_one);
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
