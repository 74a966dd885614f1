/* fsimages/media/rewritable.c -- read, modify, erase, program. */
#include "fsimages/media/rewritable.h"
#include <stdlib.h>
#include <string.h>

struct rewritable {
    struct thm_medium base;
    struct thm_medium *inner;
    uint8_t *block; /* one erase block */
};

static enum thm_fs_err rewritable_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_read(((struct rewritable *)m)->inner, off, buf, len);
}

static enum thm_fs_err rewritable_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_peek(((struct rewritable *)m)->inner, off, buf, len);
}

static enum thm_fs_err rewritable_erase(struct thm_medium *m, uint32_t block)
{
    return thm_medium_erase(((struct rewritable *)m)->inner, block);
}

static enum thm_fs_err rewrite_block(struct rewritable *r, uint32_t block, uint32_t at, const void *from, uint32_t len)
{
    uint32_t size = r->base.erase_size;
    uint64_t off = (uint64_t)block * size;
    enum thm_fs_err e = thm_medium_read(r->inner, off, r->block, size);
    memcpy(r->block + at, from, len);
    if (!e)
        e = thm_medium_erase(r->inner, block);
    return e ? e : thm_medium_program(r->inner, off, r->block, size);
}

static enum thm_fs_err rewritable_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    const uint8_t *from = buf;
    while (len) {
        uint32_t at = (uint32_t)(off % m->erase_size), room = m->erase_size - at, n = len < room ? len : room;
        enum thm_fs_err e = rewrite_block((struct rewritable *)m, (uint32_t)(off / m->erase_size), at, from, n);
        if (e)
            return e;
        off += n;
        from += n;
        len -= n;
    }
    return THM_FS_OK;
}

static void rewritable_destroy(struct thm_medium *m)
{
    free(((struct rewritable *)m)->block);
    free(m);
}

static const struct thm_medium_ops rewritable_ops = {
    .kind = "rewritable",
    .read = rewritable_read,
    .peek = rewritable_peek,
    .program = rewritable_program,
    .erase = rewritable_erase,
    .destroy = rewritable_destroy,
};

enum thm_fs_err thm_rewritable_create(struct thm_medium **out, struct thm_medium *inner)
{
    *out = NULL;
    if (thm_medium_size(inner) > UINT32_MAX)
        return THM_FS_EINVAL;
    struct rewritable *r = calloc(1, sizeof *r);
    uint8_t *block = malloc(inner->erase_size);
    if (!r || !block) {
        free(r);
        free(block);
        return THM_FS_EHOST;
    }
    r->base = (struct thm_medium){ .ops = &rewritable_ops,
                                   .erase_size = inner->erase_size,
                                   .erase_count = inner->erase_count,
                                   .page_size = (uint32_t)thm_medium_size(inner),
                                   .program_unit = 1,
                                   .rewritable = true };
    r->inner = inner;
    r->block = block;
    *out = &r->base;
    return THM_FS_OK;
}
