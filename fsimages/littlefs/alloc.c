/* fsimages/littlefs/alloc.c -- which block is free: a window of the volume in a bitmap, filled by walking everything.
 */
#include "fsimages/littlefs/core.h"
#include <string.h>

void lf_alloc_checkpoint(struct lf *fs)
{
    fs->ahead.checkpoint = fs->block_count;
}

void lf_alloc_drop(struct lf *fs)
{
    fs->ahead.size = 0;
    fs->ahead.next = 0;
    lf_alloc_checkpoint(fs);
}

static int32_t mark(void *ctx, uint32_t block)
{
    struct lf *fs = ctx;
    uint32_t i = (block - fs->ahead.start + fs->block_count) % fs->block_count;
    if (i < fs->ahead.size)
        fs->ahead.map[i / 8] |= (uint8_t)(1u << i % 8);
    return 0;
}

/* Move the window on to where the last one ended, no further than blocks were looked at since the checkpoint. */
static int32_t scan(struct lf *fs)
{
    fs->ahead.start = (fs->ahead.start + fs->ahead.next) % fs->block_count;
    fs->ahead.next = 0;
    fs->ahead.size = lf_min(8 * fs->lookahead_size, fs->ahead.checkpoint);
    memset(fs->ahead.map, 0, fs->lookahead_size);
    int32_t res = lf_walk(fs, true, mark, fs);
    if (res)
        lf_alloc_drop(fs);
    return res;
}

static bool taken(const struct lf *fs)
{
    return fs->ahead.map[fs->ahead.next / 8] >> fs->ahead.next % 8 & 1;
}

static void skip(struct lf *fs)
{
    fs->ahead.next++;
    fs->ahead.checkpoint--;
}

static void skip_taken(struct lf *fs)
{
    while (fs->ahead.next < fs->ahead.size && taken(fs))
        skip(fs);
}

int32_t lf_alloc(struct lf *fs, uint32_t *block)
{
    for (;;) {
        skip_taken(fs);
        if (fs->ahead.next < fs->ahead.size) {
            *block = (fs->ahead.start + fs->ahead.next) % fs->block_count;
            skip(fs);
            skip_taken(fs); /* now rather than later: a checkpoint then makes more blocks available */
            return 0;
        }
        if (fs->ahead.checkpoint == 0)
            return LFS_ERR_NOSPC;
        int32_t res = scan(fs);
        if (res)
            return res;
    }
}
