/* tests/conformance/tar.h -- the regular files of a .tar.zst (ustar headers) in memory. */
#pragma once
#include <stdbool.h>
#include <zstd.h>
#include "tests/testing.h"

struct tar {
    uint8_t *data;
    size_t bytes;
};

static inline bool tar_grow(struct tar *t, size_t *room)
{
    uint8_t *more = realloc(t->data, *room = *room ? *room * 2 : 1 << 16);
    t->data = more ? more : t->data;
    return more != NULL;
}

/* false: damaged, cut short, or no memory. Closed with tar_close() in any case. */
static inline bool tar_open(struct tar *t, const uint8_t *packed, size_t packed_bytes)
{
    ZSTD_inBuffer in = { packed, packed_bytes, 0 };
    ZSTD_DStream *z = ZSTD_createDStream();
    size_t left = 1, room = 0;
    *t = (struct tar){ 0 };
    while (left && !ZSTD_isError(left) && (in.pos < in.size || t->bytes == room) &&
           (t->bytes < room || tar_grow(t, &room))) {
        ZSTD_outBuffer out = { t->data, room, t->bytes };
        left = ZSTD_decompressStream(z, &out, &in);
        t->bytes = out.pos;
    }
    ZSTD_freeDStream(z);
    return left == 0;
}

static inline void tar_close(struct tar *t)
{
    free(t->data);
}

/* Octal number of a header field. */
static inline size_t tar_number(const uint8_t *field, size_t width)
{
    size_t n = 0;
    for (size_t i = 0; i < width && field[i] >= '0' && field[i] <= '7'; i++)
        n = n * 8 + (size_t)(field[i] - '0');
    return n;
}

/* A regular file by its name; NULL: it is not there. The bytes lie in the archive. */
static inline const uint8_t *tar_find(const struct tar *t, const char *name, size_t *bytes)
{
    size_t len = strlen(name);
    for (size_t at = 0; len < 100 && at + 512 <= t->bytes && t->data[at];) {
        const uint8_t *header = t->data + at;
        size_t size = tar_number(header + 124, 12);
        if (size > t->bytes - at - 512)
            return NULL;
        if ((header[156] == '0' || header[156] == 0) && memcmp(header, name, len + 1) == 0) {
            *bytes = size;
            return header + 512;
        }
        at += 512 + (size + 511) / 512 * 512;
        if (at > t->bytes)
            return NULL;
    }
    return NULL;
}
