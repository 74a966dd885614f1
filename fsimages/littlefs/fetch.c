/* fsimages/littlefs/fetch.c -- reading a pair: its newer block's log up to the last commit that is whole, while looking
 * for a tag. */
#include "fsimages/littlefs/core.h"

struct scan {
    struct lf *fs;
    struct lf_dir *dir;
    const struct lf_match *match;
    int32_t best; /* what fits, up to the last whole commit; LF_INVALID: only the place is known; -1: nothing */
    uint32_t off; /* from here on: the block being read */
    uint32_t tag, ptag, crc;
    int count;
    uint32_t tail[2];
    bool split;
    int32_t found; /* as best, with the commit that is being read */
    bool ended;    /* with a tag that is not programmed, right after a commit */
    bool has_fcrc;
    uint32_t fcrc_len, fcrc;
};

enum { STOP, GO_ON };

static int32_t read_data(struct scan *s, void *buf, uint32_t len)
{
    return lf_read_meta(s->fs, s->fs->block_size, s->dir->pair[0], s->off + 4, buf, len);
}

static int32_t take_commit(struct scan *s)
{
    uint8_t stored[4], computed[4];
    int32_t res = read_data(s, stored, 4);
    if (res)
        return res;
    if (lf_get32(stored) != s->crc)
        return STOP;
    s->ptag ^= (s->tag >> 20 & 1) << 31; /* how the next commit's valid bit will look */
    lf_put32(computed, s->crc);
    s->fs->seed = lf_crc(s->fs->seed, computed, 4);
    s->best = s->found;
    s->dir->off = s->off + lf_tag_bytes(s->tag);
    s->dir->etag = s->ptag;
    s->dir->count = (uint16_t)s->count;
    s->dir->tail[0] = s->tail[0];
    s->dir->tail[1] = s->tail[1];
    s->dir->split = s->split;
    s->crc = LF_CRC_START;
    return GO_ON;
}

static int32_t take_name(struct scan *s)
{
    if (lf_id(s->tag) >= s->count)
        s->count = lf_id(s->tag) + 1;
    return GO_ON;
}

static int32_t take_splice(struct scan *s)
{
    s->count += lf_splice(s->tag);
    if (s->count < 0)
        return STOP;
    if (s->tag == LF_TAG(LF_T_DELETE, lf_id((uint32_t)s->found), 0))
        s->found = (int32_t)((uint32_t)s->found | LF_INVALID);
    else if (s->found != -1 && lf_id(s->tag) <= lf_id((uint32_t)s->found))
        s->found = (int32_t)lf_tag_shift((uint32_t)s->found, lf_splice(s->tag));
    return GO_ON;
}

static int32_t take_tail(struct scan *s)
{
    uint8_t bytes[8];
    int32_t res = read_data(s, bytes, sizeof bytes);
    if (res)
        return res;
    s->split = s->tag >> 20 & 1;
    lf_get_pair(bytes, s->tail);
    return GO_ON;
}

static int32_t take_fcrc(struct scan *s)
{
    uint8_t bytes[8];
    int32_t res = read_data(s, bytes, sizeof bytes);
    if (res)
        return res;
    s->fcrc_len = lf_get32(bytes);
    s->fcrc = lf_get32(bytes + 4);
    s->has_fcrc = true;
    return GO_ON;
}

static int32_t take_tag(struct scan *s)
{
    if (lf_class(s->tag) == LF_T_NAME)
        return take_name(s);
    if (lf_class(s->tag) == LF_T_SPLICE)
        return take_splice(s);
    if (lf_class(s->tag) == LF_T_TAIL)
        return take_tail(s);
    return lf_type(s->tag) == LF_T_FCRC ? take_fcrc(s) : GO_ON;
}

static int32_t match_tag(struct scan *s)
{
    const struct lf_match *m = s->match;
    const uint32_t whole = LF_TAG(LF_M_TYPE, LF_M_ID, 0);
    if (!m || (m->mask & s->tag) != (m->mask & m->tag))
        return GO_ON;
    int32_t order = m->fits(s->fs, s->tag, s->dir->pair[0], s->off + 4, m->ctx);
    if (order < 0)
        return order;
    if (order == LF_EQUAL)
        s->found = (int32_t)s->tag;
    else if ((whole & s->tag) == (whole & (uint32_t)s->found))
        s->found = -1; /* the same tag with other data: what was found is overwritten */
    else if (order == LF_GREATER && lf_id(s->tag) <= lf_id((uint32_t)s->found))
        s->found = (int32_t)(s->tag | LF_INVALID); /* the name would be before this one */
    return GO_ON;
}

/* One tag. */
static int32_t step(struct scan *s)
{
    uint8_t bytes[4];
    s->off += lf_tag_bytes(s->ptag);
    int32_t res = lf_read_meta(s->fs, s->fs->block_size, s->dir->pair[0], s->off, bytes, 4);
    if (res)
        return res;
    s->crc = lf_crc(s->crc, bytes, 4);
    s->tag = lf_get_tag(bytes) ^ s->ptag;
    if (s->tag & LF_INVALID) {
        s->ended = lf_kind(s->ptag) == LF_T_CRC;
        return STOP;
    }
    if (s->off + lf_tag_bytes(s->tag) > s->fs->block_size)
        return STOP;
    s->ptag = s->tag;
    if (lf_kind(s->tag) == LF_T_CRC)
        return take_commit(s);
    res = lf_crc_medium(s->fs, s->fs->block_size, s->dir->pair[0], s->off + 4, lf_tag_bytes(s->tag) - 4, &s->crc);
    if (res)
        return res;
    res = take_tag(s);
    if (res == GO_ON && s->count > (int)LF_COUNT_MAX)
        return STOP;
    return res == GO_ON ? match_tag(s) : res;
}

static int32_t scan_block(struct scan *s)
{
    uint8_t rev[4];
    int32_t res;
    lf_put32(rev, s->dir->rev);
    s->off = 0;
    s->ptag = LF_NULL;
    s->crc = lf_crc(LF_CRC_START, rev, sizeof rev);
    s->count = 0;
    s->tail[0] = s->tail[1] = LF_NULL;
    s->split = s->ended = s->has_fcrc = false;
    s->found = s->best;
    while ((res = step(s)) == GO_ON)
        ;
    return res == LFS_ERR_CORRUPT ? 0 : res;
}

/* Is what follows the log erased, so that it can be continued? Version 2.1 has a CRC of it, 2.0 hopes. */
static int32_t look_behind(struct scan *s)
{
    struct lf *fs = s->fs;
    uint32_t crc = LF_CRC_START;
    s->dir->erased = false;
    if (!s->ended || s->dir->off % fs->program_size != 0)
        return 0;
    if (fs->version < LF_VERSION_2_1) {
        s->dir->erased = true;
        return 0;
    }
    if (!s->has_fcrc)
        return 0;
    int32_t res = lf_crc_medium(fs, fs->block_size, s->dir->pair[0], s->dir->off, s->fcrc_len, &crc);
    if (res && res != LFS_ERR_CORRUPT)
        return res;
    s->dir->erased = crc == s->fcrc;
    return 0;
}

/* An entry that is being moved away from here is not seen any more. */
static void hide_moved(struct scan *s)
{
    const struct lf_state *state = &s->fs->disk;
    if (!lf_moves_from(state, s->dir->pair))
        return;
    if (lf_id(state->tag) == lf_id((uint32_t)s->best))
        s->best = (int32_t)((uint32_t)s->best | LF_INVALID);
    else if (s->best != -1 && lf_id(state->tag) < lf_id((uint32_t)s->best))
        s->best = (int32_t)lf_tag_shift((uint32_t)s->best, -1);
}

static int32_t conclude(struct scan *s, uint16_t *id)
{
    int32_t res = look_behind(s);
    if (res)
        return res;
    hide_moved(s);
    uint16_t at = lf_id((uint32_t)s->best);
    if (id)
        *id = at < s->dir->count ? at : s->dir->count;
    if (s->best >= 0)
        return s->best;
    return at < s->dir->count ? LFS_ERR_NOENT : 0;
}

/* Put the block with the newer revision count first. */
static int32_t order_blocks(struct lf *fs, struct lf_dir *dir, const uint32_t pair[2], uint32_t revs[2])
{
    int newer = 0;
    revs[0] = revs[1] = 0;
    for (int i = 0; i < 2; i++) {
        uint8_t bytes[4] = { 0 };
        int32_t res = lf_read_meta(fs, 4, pair[i], 0, bytes, 4);
        if (res && res != LFS_ERR_CORRUPT)
            return res;
        revs[i] = lf_get32(bytes);
        if (!res && (int32_t)(revs[i] - revs[1 - i]) > 0)
            newer = i;
    }
    const uint32_t copy[2] = { pair[0], pair[1] }; /* dir->tail may be the pair */
    dir->pair[0] = copy[newer];
    dir->pair[1] = copy[1 - newer];
    dir->rev = revs[newer];
    revs[0] = revs[1 - newer];
    return 0;
}

int32_t lf_fetch_match(struct lf *fs, struct lf_dir *dir, const uint32_t pair[2], const struct lf_match *m,
                       uint16_t *id)
{
    struct scan s = { .fs = fs, .dir = dir, .match = m, .best = -1 };
    uint32_t revs[2];
    if (pair[0] >= fs->block_count || pair[1] >= fs->block_count)
        return LFS_ERR_CORRUPT;
    int32_t res = order_blocks(fs, dir, pair, revs);
    dir->off = 0;
    for (int i = 0; !res && i < 2; i++) {
        res = scan_block(&s);
        if (res)
            return res;
        if (dir->off)
            return conclude(&s, id);
        const uint32_t first = dir->pair[0];
        dir->pair[0] = dir->pair[1];
        dir->pair[1] = first;
        dir->rev = revs[0];
    }
    return res ? res : LFS_ERR_CORRUPT;
}

int32_t lf_fetch(struct lf *fs, struct lf_dir *dir, const uint32_t pair[2])
{
    int32_t res = lf_fetch_match(fs, dir, pair, NULL, NULL);
    return res < 0 ? res : 0;
}

int32_t lf_name_fits(struct lf *fs, uint32_t tag, uint32_t block, uint32_t off, const void *ctx)
{
    const struct lf_name *name = ctx;
    uint32_t len = lf_min(name->len, lf_len(tag));
    int32_t res = lf_compare(fs, &fs->rcache, len, block, off, name->text, len);
    if (res != LF_EQUAL || name->len == lf_len(tag))
        return res;
    return name->len < lf_len(tag) ? LF_LESS : LF_GREATER; /* the reference's order, not the alphabet's */
}
