/* fsimages/littlefs/get.c -- what the log of a pair says of one entry: the newest tag counts, so it is read backwards.
 */
#include "fsimages/littlefs/core.h"
#include <string.h>

/* A reader that goes back through a log. */
struct back {
    const struct lf_dir *dir;
    uint32_t off, next; /* the tag before is at off; next: the tag that will be looked at */
    uint32_t want;      /* what fits, as ids were then */
};

static int32_t step_back(struct lf *fs, struct back *b, uint32_t *tag)
{
    uint8_t bytes[4];
    *tag = b->next;
    b->off -= lf_tag_bytes(*tag);
    int32_t res = lf_read_meta(fs, 4, b->dir->pair[0], b->off, bytes, 4);
    b->next = (lf_get_tag(bytes) ^ *tag) & ~LF_INVALID;
    return res;
}

/* Ids were other ones before this change. false: the entry did not exist before. */
static bool undo_splice(struct back *b, uint32_t tag)
{
    if (lf_class(tag) != LF_T_SPLICE || lf_id(tag) > lf_id(b->want))
        return true;
    if (tag == LF_TAG(LF_T_CREATE, lf_id(b->want), 0))
        return false;
    b->want = lf_tag_shift(b->want, -lf_splice(tag));
    return true;
}

/* An entry that is being moved away is hidden: ids from its own on are one lower than stored. */
static void undo_move(const struct lf *fs, struct back *b)
{
    if (lf_moves_from(&fs->disk, b->dir->pair) && lf_id(fs->disk.tag) <= lf_id(b->want))
        b->want = lf_tag_shift(b->want, 1);
}

static int32_t read_found(struct lf *fs, const struct back *b, uint32_t tag, uint32_t off, void *buf, uint32_t len)
{
    uint32_t n = lf_min(lf_len(tag), len);
    if (lf_is_deleted(tag))
        return LFS_ERR_NOENT;
    int32_t res = lf_read_meta(fs, n, b->dir->pair[0], b->off + 4 + off, buf, n);
    memset((uint8_t *)buf + n, 0, len - n);
    return res;
}

int32_t lf_get(struct lf *fs, const struct lf_dir *dir, struct lf_want w, uint32_t off, void *buf, uint32_t len)
{
    struct back b = { dir, dir->off, dir->etag & ~LF_INVALID, w.tag };
    const bool of_entry = lf_id(w.mask) != 0;
    uint32_t tag;
    if (of_entry)
        undo_move(fs, &b);
    while (b.off >= 4 + lf_tag_bytes(b.next)) {
        int32_t res = step_back(fs, &b, &tag);
        if (res)
            return res;
        if (of_entry && !undo_splice(&b, tag))
            return LFS_ERR_NOENT;
        if ((w.mask & tag) != (w.mask & b.want))
            continue;
        res = read_found(fs, &b, tag, off, buf, len);
        return res ? res : (int32_t)(tag + (w.tag - b.want));
    }
    return LFS_ERR_NOENT;
}

int32_t lf_get_struct(struct lf *fs, const struct lf_dir *dir, uint16_t id, uint32_t out[2])
{
    uint8_t bytes[8];
    const struct lf_want w = { LF_TAG(LF_M_CLASS, LF_M_ID, 0), LF_TAG(LF_T_STRUCT, id, sizeof bytes) };
    int32_t tag = lf_get(fs, dir, w, 0, bytes, sizeof bytes);
    if (tag >= 0)
        lf_get_pair(bytes, out);
    return tag;
}

int32_t lf_get_state(struct lf *fs, const struct lf_dir *dir, struct lf_state *xored)
{
    uint8_t bytes[12];
    const struct lf_want w = { LF_TAG(LF_M_TYPE, 0, 0), LF_TAG(LF_T_MOVE_STATE, 0, sizeof bytes) };
    int32_t tag = lf_get(fs, dir, w, 0, bytes, sizeof bytes);
    if (tag < 0)
        return tag == LFS_ERR_NOENT ? 0 : tag;
    struct lf_state stored = { .tag = lf_get32(bytes) };
    lf_get_pair(bytes + 4, stored.pair);
    lf_state_xor(xored, &stored);
    return 0;
}

int32_t lf_get_stat(struct lf *fs, const struct lf_dir *dir, uint16_t id, struct thm_fs_stat *out)
{
    const struct lf_want name = { LF_TAG(LF_M_KIND, LF_M_ID, 0), LF_TAG(LF_T_NAME, id, 0) };
    uint32_t data[2];
    *out = (struct thm_fs_stat){ 0 };
    int32_t tag = lf_get(fs, dir, name, 0, out->name, lf_min(fs->name_max + 1, sizeof out->name));
    if (tag < 0)
        return tag;
    out->name[THM_FS_NAME_MAX] = '\0';
    out->directory = lf_type((uint32_t)tag) == LF_T_DIR;
    tag = lf_get_struct(fs, dir, id, data);
    if (tag < 0)
        return tag;
    if (lf_type((uint32_t)tag) == LF_T_CTZ_STRUCT)
        out->size = data[1];
    else if (lf_type((uint32_t)tag) == LF_T_INLINE_STRUCT)
        out->size = lf_len((uint32_t)tag);
    return 0;
}

/* A file's content in its directory, through the file's own buffer. */
int32_t lf_get_inline(struct lf *fs, struct lf_file *f, uint32_t hint, uint32_t off, void *buf, uint32_t len)
{
    const struct lf_want w = { LF_TAG(LF_M_TYPE | 0x800, 0x1FF, 0), LF_TAG(LF_T_INLINE_STRUCT, f->open.id, 0) };
    struct lf_cache *c = &f->cache;
    uint8_t *to = buf;
    if (off > fs->block_size || len > fs->block_size - off)
        return LFS_ERR_CORRUPT;
    while (len > 0) {
        if (c->block != LF_INLINE || off < c->off || off >= c->off + c->size) {
            c->block = LF_INLINE;
            c->off = lf_align_down(off, fs->read_size);
            c->size = lf_min(lf_align_up(off + hint, fs->read_size), fs->cache_size);
            int32_t tag = lf_get(fs, &f->open.dir, w, c->off, c->buf, c->size);
            if (tag < 0)
                return tag;
        }
        uint32_t n = lf_min(len, c->size - (off - c->off));
        memcpy(to, c->buf + (off - c->off), n);
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
