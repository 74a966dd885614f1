/* fsimages/media/slice.c -- a part of a medium, as a partition is one of a chip. */
#include "fsimages/media/wrapper.h"

struct slice {
    struct wrapper w;
    uint64_t off; /* where it starts in the inner medium */
};

static uint64_t start(const struct thm_medium *m)
{
    return ((const struct slice *)m)->off;
}

static enum thm_fs_err slice_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return wrapper_read(m, start(m) + off, buf, len);
}

static enum thm_fs_err slice_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return wrapper_peek(m, start(m) + off, buf, len);
}

static enum thm_fs_err slice_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    return wrapper_program(m, start(m) + off, buf, len);
}

static enum thm_fs_err slice_erase(struct thm_medium *m, uint32_t block)
{
    return wrapper_erase(m, (uint32_t)(start(m) / m->erase_size) + block);
}

static const struct thm_medium_ops slice_ops = {
    .kind = "slice",
    .read = slice_read,
    .peek = slice_peek,
    .program = slice_program,
    .erase = slice_erase,
    .counters = wrapper_counters,
    .destroy = wrapper_destroy,
};

enum thm_fs_err thm_slice_create(struct thm_medium **out, struct thm_medium *inner, uint64_t off, uint64_t len)
{
    const uint64_t size = thm_medium_size(inner);
    *out = NULL;
    if (off % inner->erase_size || len % inner->erase_size || len == 0)
        return THM_FS_EINVAL;
    if (off > size || len > size - off)
        return THM_FS_ERANGE;
    struct slice *s = wrapper_create(sizeof *s, &slice_ops, inner);
    if (!s)
        return THM_FS_EHOST;
    s->off = off;
    s->w.base.erase_count = (uint32_t)(len / inner->erase_size);
    *out = &s->w.base;
    return THM_FS_OK;
}
