/* tests/conformance/fs_golden.h -- reading golden file system images and their manifests. */
#pragma once
#include "tests/testing.h"
#include <glob.h>
#include <jansson.h>
#include <sys/types.h>
#include <sha2.h>
#include <zstd.h>

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
