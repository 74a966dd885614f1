/* fsimages/media/badblocks.c -- a medium with blocks that fail, or only seem to work. */
#include <stdlib.h>
#include <string.h>
#include "fsimages/media/faults.h"
#include "fsimages/media/random.h"
#include "fsimages/media/wrapper.h"

struct badblocks {
    struct wrapper w;
    struct thm_badblocks plan;
    uint32_t blocks[]; /* the plan's */
};

bool thm_badblocks_is_bad(const struct thm_medium *m, uint32_t block)
{
    const struct badblocks *b = (const struct badblocks *)m;
    for (size_t i = 0; i < b->plan.count; i++)
        if (b->blocks[i] == block)
            return true;
    return random_hit(b->plan.seed, block, b->plan.per_million, 1000000);
}

/* Does a bad block that does `what` lie in the range? */
static bool struck(const struct thm_medium *m, int what, uint64_t off, uint32_t len)
{
    if (!(((const struct badblocks *)m)->plan.does & what) || len == 0)
        return false;
    for (uint64_t block = off / m->erase_size; block <= (off + len - 1) / m->erase_size; block++)
        if (thm_badblocks_is_bad(m, (uint32_t)block))
            return true;
    return false;
}

static enum thm_fs_err bad_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return struck(m, THM_BAD_READ_FAILS, off, len) ? THM_FS_EIO : wrapper_read(m, off, buf, len);
}

static enum thm_fs_err bad_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    if (struck(m, THM_BAD_PROGRAM_FAILS, off, len))
        return THM_FS_EIO;
    return struck(m, THM_BAD_PROGRAM_LOST, off, len) ? THM_FS_OK : wrapper_program(m, off, buf, len);
}

static enum thm_fs_err bad_erase(struct thm_medium *m, uint32_t block)
{
    const uint64_t off = (uint64_t)block * m->erase_size;
    if (struck(m, THM_BAD_ERASE_FAILS, off, 1))
        return THM_FS_EIO;
    return struck(m, THM_BAD_ERASE_LOST, off, 1) ? THM_FS_OK : wrapper_erase(m, block);
}

static const struct thm_medium_ops badblocks_ops = {
    .kind = "badblocks",
    .read = bad_read,
    .peek = wrapper_peek,
    .program = bad_program,
    .erase = bad_erase,
    .counters = wrapper_counters,
    .destroy = wrapper_destroy,
};

enum thm_fs_err thm_badblocks_create(struct thm_medium **out, struct thm_medium *inner,
                                     const struct thm_badblocks *plan)
{
    const size_t bytes = plan->count * sizeof *plan->blocks;
    struct badblocks *b = wrapper_create(sizeof *b + bytes, &badblocks_ops, inner);
    *out = NULL;
    if (!b)
        return THM_FS_EHOST;
    b->plan = *plan;
    b->plan.blocks = NULL; /* the caller's */
    if (plan->count)
        memcpy(b->blocks, plan->blocks, bytes);
    if (b->plan.does == 0)
        b->plan.does = THM_BAD_PROGRAM_FAILS | THM_BAD_ERASE_FAILS;
    *out = &b->w.base;
    return THM_FS_OK;
}
