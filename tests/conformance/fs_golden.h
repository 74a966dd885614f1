/* tests/conformance/fs_golden.h -- reading golden file system images and their manifests. */
#pragma once
#include "tests/testing.h"
#include <glob.h>
#include <jansson.h>
#include <sys/types.h>
#include <sha2.h>
#include <zstd.h>
#include "fsimages/fs.h"
#include "fsimages/media/chip.h"

static inline char *read_whole(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*len + 1);
    assert_int_equal(fread(data, 1, *len, f), *len);
    data[*len] = '\0';
    fclose(f);
    return data;
}

static inline void hex_digest(const void *data, size_t len, char hex[65])
{
    SHA2_CTX c;
    SHA256Init(&c);
    SHA256Update(&c, data, len);
    SHA256End(&c, hex);
}

static inline int64_t number(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    if (!v)
        fail_msg("the manifest has no %s", key);
    return json_integer_value(v);
}

static inline const char *string(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* The image that a manifest names, beside it; exactly len bytes. */
static inline void read_image(const char *manifest_path, json_t *manifest, uint8_t *to, size_t len)
{
    char path[1100];
    size_t packed;
    snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(manifest_path, '/') - manifest_path), manifest_path,
             string(manifest, "image"));
    char *data = read_whole(path, &packed);
    assert_int_equal(ZSTD_decompress(to, len, data, packed), len);
    free(data);
}

static inline void each_manifest_in(const char *rel, void (*visit)(const char *path))
{
    glob_t found;
    SHARED_OR_SKIP(dir, rel);
    char pattern[1100];
    snprintf(pattern, sizeof pattern, "%s/*.json", dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        print_message("# %s\n", strrchr(found.gl_pathv[i], '/') + 1);
        visit(found.gl_pathv[i]);
    }
    globfree(&found);
}

/* Read a file in pieces of `chunk` bytes; compare how many there are (`bytes` is that figure's name in the manifest)
 * and their digest. Result: what the last read() gave. */
static inline int32_t compare_content(struct thm_fs *fs, json_t *want, const char *bytes, uint32_t chunk)
{
    const size_t room = (size_t)number(want, "size") + chunk;
    uint8_t *data = malloc(room);
    char hex[65];
    size_t total = 0;
    int32_t n = 0, fd = fs->ops->open(fs, string(want, "name"), THM_FS_READ);
    assert_true(fd >= 0);
    while (total + chunk <= room && (n = fs->ops->read(fs, fd, data + total, chunk)) > 0)
        total += (size_t)n;
    assert_int_equal(total, number(want, bytes));
    hex_digest(data, total, hex);
    assert_string_equal(hex, string(want, "sha256"));
    assert_int_equal(fs->ops->close(fs, fd), 0);
    free(data);
    return n;
}

/* One golden image, on a NOR chip in memory. */
struct golden_chip {
    json_t *manifest, *config, *reference;
    uint8_t *bytes, *original; /* lent to the chip; as they were */
    size_t size;
    struct thm_part part;
    struct thm_medium *medium;
    struct thm_fs_config fs_config; /* the caller's */
    struct thm_fs *fs;              /* likewise */
};

static inline void golden_chip_open(struct golden_chip *g, const char *manifest_path, const char *sector_size)
{
    char hex[65];
    *g = (struct golden_chip){ .manifest = json_load_file(manifest_path, 0, NULL) };
    assert_non_null(g->manifest);
    g->config = json_object_get(g->manifest, "config");
    g->reference = json_object_get(g->manifest, "reference");
    g->size = (size_t)number(g->reference, "raw_size");
    g->bytes = malloc(g->size);
    g->original = malloc(g->size);
    read_image(manifest_path, g->manifest, g->bytes, g->size);
    memcpy(g->original, g->bytes, g->size);
    hex_digest(g->bytes, g->size, hex);
    assert_string_equal(hex, string(g->reference, "sha256_raw"));
    g->part = *thm_part_at(0);
    g->part.sector_size = (uint32_t)number(g->config, sector_size);
    assert_int_equal(
        thm_chip_create(&g->medium, &g->part, (uint32_t)g->size, &(struct thm_cells){ .bytes = g->bytes }, NULL), 0);
}

static inline void golden_chip_close(struct golden_chip *g)
{
    g->fs->ops->unmount(g->fs);
    thm_medium_destroy(g->medium);
    json_decref(g->manifest);
    free(g->bytes);
    free(g->original);
}
