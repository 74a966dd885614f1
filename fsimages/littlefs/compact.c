/* fsimages/littlefs/compact.c -- writing a pair anew: into its other block, split in two, or moved to a new block. */
#include "fsimages/littlefs/core.h"

#define RESERVE 40u /* bytes of tail, state, a delete and the CRC, which come on top of what is counted */

static const uint32_t superblock_pair[2] = { 0, 1 };

struct job { /* entries begin to end of source, with attrs, to be written to dir */
    struct lf_dir *dir;
    const struct lf_dir *source;
    struct lf_attrs attrs;
    uint32_t begin, end;
};

int32_t lf_dir_alloc(struct lf *fs, struct lf_dir *dir)
{
    uint8_t rev[4] = { 0 };
    for (int i = 1; i >= 0; i--) { /* the second block is written first */
        int32_t res = lf_alloc(fs, &dir->pair[i]);
        if (res)
            return res;
    }
    int32_t res = lf_read_meta(fs, 4, dir->pair[0], 0, rev, sizeof rev);
    if (res && res != LFS_ERR_CORRUPT)
        return res;
    dir->rev = lf_get32(rev); /* it may be a valid one */
    if (fs->cycles)
        dir->rev = lf_align_up(dir->rev, fs->cycles);
    dir->off = 4;
    dir->etag = LF_NULL;
    dir->count = 0;
    dir->tail[0] = dir->tail[1] = LF_NULL;
    dir->erased = dir->split = false;
    return 0;
}

static bool is_worn(const struct lf *fs, const struct lf_dir *dir)
{
    return fs->cycles && (dir->rev + 1) % fs->cycles == 0;
}

static int32_t walk(struct lf *fs, const struct job *j, uint32_t begin, lf_put *put, void *ctx)
{
    const struct lf_log log = { j->source, 0, LF_NULL, j->attrs };
    const struct lf_pick pick = { LF_TAG(0x400, LF_M_ID, 0), LF_TAG(LF_T_NAME, 0, 0), begin, j->end, -(int)begin };
    return lf_log_walk(fs, log, &pick, put, ctx);
}

static int32_t put_tail_and_state(struct lf *fs, struct lf_commit *c, struct lf_dir *dir, bool moved)
{
    uint8_t bytes[8];
    struct lf_state delta = fs->delta;
    int32_t res = 0;
    if (!lf_pair_is_null(dir->tail)) {
        lf_put_pair(bytes, dir->tail);
        res = lf_commit_tag(fs, c, LF_TAG(LF_T_TAIL + dir->split, LF_NO_ID, sizeof bytes), bytes);
    }
    if (!moved) {
        lf_state_xor(&delta, &fs->disk);
        lf_state_xor(&delta, &fs->now);
    }
    delta.tag &= ~LF_TAG(0, 0, 0x3FF);
    if (!res)
        res = lf_get_state(fs, dir, &delta);
    if (res || lf_state_is_zero(&delta))
        return res;
    return lf_commit_state(fs, c, &delta);
}

static int32_t write_block(struct lf *fs, const struct job *j, bool moved, struct lf_commit *c)
{
    uint8_t rev[4];
    *c = (struct lf_commit){ j->dir->pair[1], 0, LF_NULL, LF_CRC_START, 0, fs->block_size - 8 };
    lf_put32(rev, j->dir->rev);
    int32_t res = lf_erase(fs, c->block);
    if (!res)
        res = lf_commit_bytes(fs, c, rev, sizeof rev);
    if (!res)
        res = walk(fs, j, j->begin, lf_commit_put, c);
    if (!res)
        res = put_tail_and_state(fs, c, j->dir, moved);
    return res ? res : lf_commit_end(fs, c);
}

static void take_over(struct lf *fs, const struct job *j, bool moved, const struct lf_commit *c)
{
    struct lf_dir *dir = j->dir;
    dir->pair[1] = dir->pair[0];
    dir->pair[0] = c->block;
    dir->count = (uint16_t)(j->end - j->begin);
    dir->off = c->off;
    dir->etag = c->ptag;
    fs->delta = (struct lf_state){ 0 };
    if (!moved)
        fs->disk = fs->now;
}

/* Another block in place of dir->pair[1], which is bad, or worn: then a full volume does not matter. */
static int32_t replace_block(struct lf *fs, struct lf_dir *dir, bool worn)
{
    lf_cache_drop(&fs->pcache);
    if (lf_pair_same(dir->pair, superblock_pair))
        return LFS_ERR_NOSPC;
    int32_t res = lf_alloc(fs, &dir->pair[1]);
    return res == LFS_ERR_NOSPC && worn ? 0 : res;
}

/* Result: 0 or LF_RELOCATED. */
static int32_t write_pair(struct lf *fs, const struct job *j)
{
    struct lf_commit c;
    const bool worn = is_worn(fs, j->dir) && !lf_pair_same(j->dir->pair, superblock_pair);
    bool moved = worn;
    j->dir->rev++;
    int32_t res = worn ? replace_block(fs, j->dir, true) : 0;
    while (!res && (res = write_block(fs, j, moved, &c)) == LFS_ERR_CORRUPT) {
        moved = true;
        res = replace_block(fs, j->dir, false);
    }
    if (res)
        return res;
    take_over(fs, j, moved, &c);
    return moved ? LF_RELOCATED : 0;
}

/* Entries from `split` on go to a new pair behind this one. */
static int32_t split_off(struct lf *fs, const struct job *j, uint32_t split)
{
    struct lf_dir tail, *dir = j->dir;
    int32_t res = lf_dir_alloc(fs, &tail);
    if (res)
        return res;
    tail.split = dir->split;
    tail.tail[0] = dir->tail[0];
    tail.tail[1] = dir->tail[1];
    res = write_pair(fs, &(struct job){ &tail, j->source, j->attrs, split, j->end });
    if (res < 0)
        return res;
    dir->tail[0] = tail.pair[0];
    dir->tail[1] = tail.pair[1];
    dir->split = true;
    if (lf_pair_same(dir->pair, fs->root) && split == 0) {
        fs->root[0] = tail.pair[0];
        fs->root[1] = tail.pair[1];
    }
    return 0;
}

static int32_t count_bytes(struct lf *fs, const struct lf_entry *e, void *ctx)
{
    (void)fs;
    *(uint32_t *)ctx += lf_tag_bytes(e->tag);
    return 0;
}

/* The first entry from which on everything fits half a block. */
static int32_t find_split(struct lf *fs, const struct job *j, uint32_t *split)
{
    const uint32_t room = lf_min(fs->block_size - RESERVE, lf_align_up(fs->block_size / 2, fs->program_size));
    *split = j->begin;
    while (j->end - *split > 1) {
        uint32_t bytes = 0;
        int32_t res = walk(fs, j, *split, count_bytes, &bytes);
        if (res)
            return res;
        if (j->end - *split < LF_COMMIT_SPLITS && bytes <= room)
            return 0;
        *split += (j->end - *split) / 2;
    }
    return 0;
}

static int32_t split_until_it_fits(struct lf *fs, struct job *j)
{
    for (;;) {
        uint32_t split;
        int32_t res = find_split(fs, j, &split);
        if (res || split == j->begin)
            return res;
        res = split_off(fs, j, split);
        if (res)
            return res == LFS_ERR_NOSPC ? 0 : res; /* then in one piece, if it fits */
        j->end = split;
    }
}

/* The superblock's pair cannot move. If it is written too often, the root directory goes to a pair behind it, unless
 * the volume is nearly full: that cannot be taken back. */
static int32_t expand_superblock(struct lf *fs, struct job *j)
{
    if (!is_worn(fs, j->dir) || !lf_pair_same(j->dir->pair, superblock_pair))
        return 0;
    int32_t used = lf_blocks_used(fs);
    if (used < 0)
        return used;
    if (fs->block_count - (uint32_t)used <= fs->block_count / 8)
        return 0;
    int32_t res = split_off(fs, j, j->begin);
    if (res == 0)
        j->end = 1; /* the superblock's entry is in both */
    return res == LFS_ERR_NOSPC ? 0 : res;
}

int32_t lf_compact(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs)
{
    struct job j = { dir, dir, attrs, 0, dir->count };
    int32_t res = split_until_it_fits(fs, &j);
    if (!res)
        res = expand_superblock(fs, &j);
    return res ? res : write_pair(fs, &j);
}
