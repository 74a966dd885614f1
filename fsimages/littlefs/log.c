/* fsimages/littlefs/log.c -- a pair's log and the changes to be made to it, as one sequence of tags without what later
 * tags replace: what a commit or a compacted block consists of. */
#include "fsimages/littlefs/core.h"

static int32_t next_stored(struct lf *fs, struct lf_log *log, struct lf_entry *e)
{
    uint8_t bytes[4];
    log->off += lf_tag_bytes(log->ptag);
    int32_t res = lf_read_meta(fs, 4, log->dir->pair[0], log->off, bytes, 4);
    if (res)
        return res;
    log->ptag = (lf_get_tag(bytes) ^ log->ptag) | LF_INVALID;
    *e = (struct lf_entry){ log->ptag, NULL, log->dir->pair[0], log->off + 4 };
    return 1;
}

/* 1: *e is the next one; 0: there is none. */
static int32_t next(struct lf *fs, struct lf_log *log, struct lf_entry *e)
{
    if (log->off + lf_tag_bytes(log->ptag) < log->dir->off)
        return next_stored(fs, log, e);
    if (log->attrs.count == 0)
        return 0;
    *e = (struct lf_entry){ .tag = log->attrs.list->tag, .data = log->attrs.list->data };
    log->attrs.list++;
    log->attrs.count--;
    return 1;
}

static bool is_move(uint32_t tag)
{
    return lf_type(tag) == LF_T_MOVE;
}

static bool is_nothing(uint32_t tag)
{
    return lf_type(tag) == 0;
}

/* Does a later tag replace *tag, or delete its entry? Otherwise its id becomes what it is after the later one. */
static bool replaced_by(uint32_t later, uint32_t *tag)
{
    uint32_t mask = later & LF_TAG(0x100, 0, 0) ? LF_TAG(LF_M_TYPE, LF_M_ID, 0) : LF_TAG(LF_M_CLASS, LF_M_ID, 0);
    if ((mask & later) == (mask & *tag) || lf_is_deleted(*tag) ||
        (LF_TAG(LF_M_TYPE, LF_M_ID, 0) & later) == LF_TAG(LF_T_DELETE, lf_id(*tag), 0))
        return true;
    if (lf_class(later) == LF_T_SPLICE && lf_id(later) <= lf_id(*tag))
        *tag = lf_tag_shift(*tag, lf_splice(later));
    return false;
}

/* 1: *tag lasts until the end of the log; its id is the one at the end. */
static int32_t lasts(struct lf *fs, struct lf_log rest, uint32_t *tag)
{
    struct lf_entry e;
    int32_t res;
    while ((res = next(fs, &rest, &e)) > 0)
        if (!is_nothing(e.tag) && !is_move(e.tag) && replaced_by(e.tag, tag))
            return 0;
    return res < 0 ? res : 1;
}

static int32_t put_moved(struct lf *fs, const struct lf_entry *move, int diff, lf_put *put, void *ctx);

static int32_t put_entry(struct lf *fs, struct lf_entry *e, int diff, lf_put *put, void *ctx)
{
    if (is_nothing(e->tag))
        return 0;
    if (is_move(e->tag))
        return e->tag & LF_INVALID ? LFS_ERR_CORRUPT : put_moved(fs, e, diff, put, ctx);
    e->tag = lf_tag_shift(e->tag, diff);
    return put(fs, e, ctx);
}

int32_t lf_log_walk(struct lf *fs, struct lf_log log, const struct lf_pick *pick, lf_put *put, void *ctx)
{
    const uint32_t type_mask = pick->mask & LF_TAG(LF_M_TYPE, 0, 0);
    struct lf_entry e;
    int32_t res;
    while ((res = next(fs, &log, &e)) > 0) {
        if ((type_mask & e.tag) != (type_mask & pick->tag))
            continue;
        if (pick->mask) {
            res = lasts(fs, log, &e.tag);
            if (res < 0)
                return res;
            if (!res || lf_id(e.tag) < pick->begin || lf_id(e.tag) >= pick->end)
                continue;
        }
        res = put_entry(fs, &e, pick->diff, put, ctx);
        if (res)
            return res;
    }
    return res;
}

/* Everything that the old entry has but its name. */
static int32_t put_moved(struct lf *fs, const struct lf_entry *move, int diff, lf_put *put, void *ctx)
{
    const uint32_t from = lf_len(move->tag);
    const struct lf_log log = { move->data, 0, LF_NULL, { NULL, 0 } };
    const struct lf_pick pick = { LF_TAG(0x600, LF_M_ID, 0), LF_TAG(LF_T_STRUCT, 0, 0), from, from + 1,
                                  (int)lf_id(move->tag) - (int)from + diff };
    return lf_log_walk(fs, log, &pick, put, ctx);
}
