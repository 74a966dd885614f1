/* fsimages/media/rewritable.c -- read, modify, erase, program. */
#include "fsimages/media/rewritable.h"
#include "fsimages/media/wrapper.h"
#include <stdlib.h>
#include <string.h>

struct rewritable {
    struct wrapper base;
    uint8_t *block; /* one erase block */
    bool owns;      /* the inner medium */
};

static enum thm_fs_err rewrite_block(struct rewritable *r, uint32_t block, uint32_t at, const void *from, uint32_t len)
{
    uint32_t size = r->base.base.erase_size;
    uint64_t off = (uint64_t)block * size;
    enum thm_fs_err e = len < size ? thm_medium_read(r->base.inner, off, r->block, size) : THM_FS_OK;
    memcpy(r->block + at, from, len);
    if (!e)
        e = thm_medium_erase(r->base.inner, block);
    return e ? e : thm_medium_program(r->base.inner, off, r->block, size);
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
    struct rewritable *r = (struct rewritable *)m;
    free(r->block);
    if (r->owns)
        thm_medium_destroy(r->base.inner);
    free(m);
}

static const struct thm_medium_ops rewritable_ops = {
    .kind = "rewritable",
    .read = wrapper_read,
    .peek = wrapper_peek,
    .program = rewritable_program,
    .erase = wrapper_erase,
    .destroy = rewritable_destroy,
    .counters = wrapper_counters,
};

enum thm_fs_err thm_rewritable_create(struct thm_medium **out, struct thm_medium *inner)
{
    *out = NULL;
    if (thm_medium_size(inner) > UINT32_MAX)
        return THM_FS_EINVAL;
    struct rewritable *r = wrapper_create(sizeof *r, &rewritable_ops, inner);
    if (!r)
        return THM_FS_EHOST;
    r->block = malloc(inner->erase_size);
    r->base.base.page_size = (uint32_t)thm_medium_size(inner);
    r->base.base.program_unit = 1;
    r->base.base.rewritable = true;
    *out = &r->base.base;
    if (r->block)
        return THM_FS_OK;
    thm_medium_destroy(*out);
    *out = NULL;
    return THM_FS_EHOST;
}

enum thm_fs_err thm_rewritable_take(struct thm_medium **m)
{
    struct thm_medium *around;
    enum thm_fs_err e = thm_rewritable_create(&around, *m);
    if (e)
        return e;
    ((struct rewritable *)around)->owns = true;
    *m = around;
    return THM_FS_OK;
}
