/* fsimages/littlefs/commit.c -- writing one commit: tags with data, then a CRC tag that fills the last program unit. */
#include "fsimages/littlefs/core.h"

int32_t lf_commit_bytes(struct lf *fs, struct lf_commit *c, const void *data, uint32_t len)
{
    int32_t res = lf_program(fs, &fs->pcache, &fs->rcache, false, c->block, c->off, data, len);
    if (res)
        return res;
    c->crc = lf_crc(c->crc, data, len);
    c->off += len;
    return 0;
}

static int32_t begin_tag(struct lf *fs, struct lf_commit *c, uint32_t tag)
{
    uint8_t bytes[4];
    if (c->off + lf_tag_bytes(tag) > c->end)
        return LFS_ERR_NOSPC;
    lf_put_tag(bytes, (tag & ~LF_INVALID) ^ c->ptag);
    return lf_commit_bytes(fs, c, bytes, sizeof bytes);
}

int32_t lf_commit_tag(struct lf *fs, struct lf_commit *c, uint32_t tag, const void *data)
{
    int32_t res = begin_tag(fs, c, tag);
    if (!res)
        res = lf_commit_bytes(fs, c, data, lf_tag_bytes(tag) - 4);
    if (!res)
        c->ptag = tag;
    return res;
}

static int32_t commit_stored(struct lf *fs, struct lf_commit *c, const struct lf_entry *e)
{
    uint8_t byte;
    int32_t res = begin_tag(fs, c, e->tag);
    for (uint32_t i = 0, len = lf_tag_bytes(e->tag) - 4; !res && i < len; i++) {
        res = lf_read_meta(fs, len - i, e->block, e->off + i, &byte, 1);
        if (!res)
            res = lf_commit_bytes(fs, c, &byte, 1);
    }
    if (!res)
        c->ptag = e->tag & ~LF_INVALID;
    return res;
}

int32_t lf_commit_put(struct lf *fs, const struct lf_entry *e, void *ctx)
{
    return e->tag & LF_INVALID ? commit_stored(fs, ctx, e) : lf_commit_tag(fs, ctx, e->tag, e->data);
}

int32_t lf_commit_state(struct lf *fs, struct lf_commit *c, const struct lf_state *s)
{
    uint8_t bytes[12];
    lf_put32(bytes, s->tag);
    lf_put_pair(bytes + 4, s->pair);
    return lf_commit_tag(fs, c, LF_TAG(LF_T_MOVE_STATE, LF_NO_ID, sizeof bytes), bytes);
}

#define CLOSING 20u /* bytes of a forward CRC and a CRC */

/* Where a CRC tag that begins at c->off ends: at `end`, or earlier because a tag's length is limited. */
static uint32_t crc_tag_end(const struct lf_commit *c, uint32_t end)
{
    uint32_t data = c->off + 4, to = lf_min(end - data, 0x3FE) + data;
    return to < end ? lf_min(to, end - CLOSING) : to;
}

/* Read what follows the commit: first the byte that says how the next valid bit must be, then its CRC (2.1). */
static int32_t put_forward_crc(struct lf *fs, struct lf_commit *c, uint32_t at, uint8_t *next)
{
    uint32_t crc = LF_CRC_START;
    uint8_t bytes[8];
    int32_t res = lf_read_meta(fs, fs->program_size, c->block, at, next, 1);
    if ((res && res != LFS_ERR_CORRUPT) || fs->version < LF_VERSION_2_1)
        return res == LFS_ERR_CORRUPT ? 0 : res;
    res = lf_crc_medium(fs, fs->program_size, c->block, at, fs->program_size, &crc);
    if (res && res != LFS_ERR_CORRUPT)
        return res;
    lf_put32(bytes, fs->program_size);
    lf_put32(bytes + 4, crc);
    return lf_commit_tag(fs, c, LF_TAG(LF_T_FCRC, LF_NO_ID, sizeof bytes), bytes);
}

static int32_t put_crc(struct lf *fs, struct lf_commit *c, uint32_t to, uint8_t next)
{
    const bool flip = !(next & 0x80); /* the next tag's valid bit must differ from what is there now */
    const uint32_t tag = LF_TAG(LF_T_CRC + flip, LF_NO_ID, to - (c->off + 4));
    uint8_t bytes[8];
    lf_put_tag(bytes, tag ^ c->ptag);
    c->crc = lf_crc(c->crc, bytes, 4);
    lf_put32(bytes + 4, c->crc);
    c->ptag = tag ^ (uint32_t)flip << 31;
    return lf_program(fs, &fs->pcache, &fs->rcache, false, c->block, c->off, bytes, sizeof bytes);
}

/* Did the commit reach the medium? */
static int32_t verify(struct lf *fs, const struct lf_commit *c, uint32_t crc_at, uint32_t want)
{
    uint32_t crc = LF_CRC_START;
    int32_t res = lf_crc_medium(fs, crc_at + 4, c->block, c->begin, crc_at - c->begin, &crc);
    if (res)
        return res;
    if (crc != want)
        return LFS_ERR_CORRUPT;
    res = lf_crc_medium(fs, 4, c->block, crc_at, 4, &crc); /* a CRC and itself: 0 */
    if (res)
        return res;
    return crc ? LFS_ERR_CORRUPT : 0;
}

int32_t lf_commit_end(struct lf *fs, struct lf_commit *c)
{
    const uint32_t end = lf_align_up(lf_min(c->off + CLOSING, fs->block_size), fs->program_size);
    uint32_t crc_at = 0, crc = 0;
    while (c->off < end) {
        const uint32_t to = crc_tag_end(c, end);
        uint8_t next = 0xFF;
        int32_t res = 0;
        if (to >= end && to <= fs->block_size - fs->program_size)
            res = put_forward_crc(fs, c, to, &next);
        if (!res)
            res = put_crc(fs, c, to, next);
        if (res)
            return res;
        if (crc_at == 0) {
            crc_at = c->off + 4;
            crc = c->crc;
        }
        c->off = to;
        c->crc = LF_CRC_START;
        if (to >= end || to >= fs->pcache.off + fs->cache_size) /* the padding is not programmed: flush by hand */
            res = lf_sync(fs);
        if (res)
            return res;
    }
    return verify(fs, c, crc_at, crc);
}
