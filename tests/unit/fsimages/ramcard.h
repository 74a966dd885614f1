/* tests/unit/fsimages/ramcard.h -- a card in memory: sectors of 512 bytes that can be written again; counts calls. */
#pragma once
#include <stdlib.h>
#include <string.h>
#include "fsimages/media/medium.h"

struct ramcard {
    struct thm_medium base;
    uint8_t *bytes;
    uint64_t reads, programs, bytes_read, bytes_programmed;
};

static inline enum thm_fs_err ramcard_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    memcpy(buf, ((struct ramcard *)m)->bytes + off, len);
    return THM_FS_OK;
}

static inline enum thm_fs_err ramcard_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct ramcard *c = (struct ramcard *)m;
    c->reads++;
    c->bytes_read += len;
    return ramcard_peek(m, off, buf, len);
}

static inline enum thm_fs_err ramcard_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct ramcard *c = (struct ramcard *)m;
    c->programs++;
    c->bytes_programmed += len;
    memcpy(c->bytes + off, buf, len);
    return THM_FS_OK;
}

static inline enum thm_fs_err ramcard_erase(struct thm_medium *m, uint32_t block)
{
    memset(((struct ramcard *)m)->bytes + (uint64_t)block * m->erase_size, 0xFF, m->erase_size);
    return THM_FS_OK;
}

static inline void ramcard_destroy(struct thm_medium *m)
{
    (void)m;
}

static const struct thm_medium_ops ramcard_ops = {
    .kind = "card in memory",
    .read = ramcard_read,
    .program = ramcard_program,
    .erase = ramcard_erase,
    .peek = ramcard_peek,
    .destroy = ramcard_destroy,
};

/* bytes: malloc'ed, the card's from here on; NULL: all 0. */
static inline void ramcard_init(struct ramcard *c, uint64_t size, uint8_t *bytes)
{
    *c = (struct ramcard){ .base = { .ops = &ramcard_ops,
                                     .erase_size = 512,
                                     .erase_count = (uint32_t)(size / 512),
                                     .page_size = 1u << 30,
                                     .program_unit = 512,
                                     .rewritable = true },
                           .bytes = bytes ? bytes : calloc(1, size) };
    if (!c->bytes)
        abort();
}

static inline void ramcard_finish(struct ramcard *c)
{
    free(c->bytes);
}
