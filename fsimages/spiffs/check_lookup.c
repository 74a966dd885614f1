/* fsimages/spiffs/check_lookup.c -- first pass: does each lookup entry agree with the header of its page?
 * Rules: pellepl/spiffs, "lookup consistency". */
#include "fsimages/spiffs/core.h"

/* The entry being judged. */
struct entry {
    uint16_t id, page; /* what the lookup table says of the page */
    struct sf_page_header h;
    bool delete_page;
};

static const char pass[] = "lookup";

/* A page that some index lists goes to a new place, and the index follows. *mended: it did. */
static int32_t rescue_data(struct sf *fs, const struct entry *e, bool *mended)
{
    uint16_t listed, index_page, to;
    *mended = false;
    int32_t res = sf_mend_lookup_reference(fs, e->h.id, e->h.span, &listed, &index_page);
    if (res || listed != e->page)
        return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
    res = sf_mend_rewrite_page(fs, e->page, &e->h, &to);
    if (!res)
        res = sf_mend_table(fs, e->h.id, e->h.span, to, index_page);
    if (res != SF_UNMENDABLE) {
        *mended = res == 0;
        return res;
    }
    res = sf_page_delete(fs, to);
    if (!res)
        res = sf_mend_mark_deleted(fs, e->h.id);
    sf_report(fs, pass, SF_DELETE_BAD_FILE, e->h.id, 0);
    return res;
}

/* The only index page of its kind, and the object has other pages: only the lookup entry is wrong. */
static int32_t rescue_index(struct sf *fs, const struct entry *e)
{
    uint16_t to;
    int32_t res = sf_find_page(fs, e->h.id | SF_ID_INDEX, e->h.span, e->page, NULL);
    if (res != SPIFFS_ERR_NOT_FOUND)
        return res;
    res = sf_find_page_by_header(fs, e->h.id | SF_ID_INDEX, 0, 0, NULL);
    if (res)
        return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
    res = sf_mend_rewrite_page(fs, e->page, &e->h, &to);
    if (!res)
        sf_report(fs, pass, SF_FIX_LOOKUP, e->h.id, e->h.span);
    return res;
}

/* Free or deleted in the table, in use by its header. */
static int32_t judge_unlisted(struct sf *fs, struct entry *e)
{
    bool mended = false;
    e->delete_page = true;
    if (!(e->h.flags & SF_INDEX))
        return rescue_index(fs, e);
    int32_t res = rescue_data(fs, e, &mended);
    if (mended)
        sf_report(fs, pass, SF_FIX_INDEX, e->h.id, e->h.span);
    return res;
}

static int32_t exists(struct sf *fs, uint16_t id, uint16_t span, uint16_t except, bool *yes)
{
    int32_t res = sf_find_page(fs, id, span, except, NULL);
    *yes = res == 0;
    return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
}

/* What the volume holds of the two objects a page may belong to. */
struct claims {
    bool index, data;
};

static int32_t find_claims(struct sf *fs, uint16_t id, uint16_t span, struct claims *c)
{
    int32_t res = exists(fs, id | SF_ID_INDEX, span, 0, &c->index);
    return res ? res : exists(fs, id & (uint16_t)~SF_ID_INDEX, 0, 0, &c->data);
}

static bool wins(const struct claims *mine, const struct claims *other)
{
    return !mine->index && mine->data && (!other->index || other->data);
}

static int32_t rewrite_as(struct sf *fs, const struct entry *e, uint16_t id)
{
    struct sf_page_header h = { id | SF_ID_INDEX, e->h.span, (uint8_t) ~(SF_USED | SF_INDEX | SF_FINAL) };
    uint16_t to;
    sf_report(fs, pass, SF_FIX_LOOKUP, e->h.id, e->h.span);
    return sf_mend_rewrite_page(fs, e->page, &h, &to);
}

/* An index page of one object by the table, of another by its header: it goes to the one that lacks it. */
static int32_t judge_foreign_index(struct sf *fs, const struct entry *e)
{
    struct claims by_table, by_header;
    int32_t res = find_claims(fs, e->id, e->h.span, &by_table);
    if (!res)
        res = find_claims(fs, e->h.id, e->h.span, &by_header);
    if (res || (by_table.index && by_header.index))
        return res;
    by_table.index = by_table.index && by_table.data;
    by_header.index = by_header.index && by_header.data;
    if (wins(&by_header, &by_table))
        return rewrite_as(fs, e, e->h.id);
    return wins(&by_table, &by_header) ? rewrite_as(fs, e, e->id) : 0;
}

static int32_t judge_foreign(struct sf *fs, struct entry *e)
{
    bool mended;
    e->delete_page = true;
    if (!(e->h.flags & SF_DELET) || (e->h.flags & SF_FINAL) || !(e->h.flags & (SF_INDEX | SF_IXDELE)))
        return 0;
    return e->h.flags & SF_INDEX ? rescue_data(fs, e, &mended) : judge_foreign_index(fs, e);
}

/* Index page by the table and data page by its header, or the other way round: it becomes the one that is missing. */
static int32_t judge_kind(struct sf *fs, struct entry *e)
{
    struct sf_page_header h = { e->id | SF_ID_INDEX, e->h.span, (uint8_t) ~(SF_USED | SF_FINAL | SF_INDEX) };
    bool data, index;
    uint16_t to;
    e->delete_page = true;
    int32_t res = exists(fs, e->id & (uint16_t)~SF_ID_INDEX, e->h.span, e->page, &data);
    if (!res)
        res = exists(fs, e->id | SF_ID_INDEX, e->h.span, e->page, &index);
    if (res || data == index)
        return res;
    if (!data) {
        h.id &= (uint16_t)~SF_ID_INDEX;
        h.flags |= SF_INDEX;
    }
    sf_report(fs, pass, data ? SF_FIX_INDEX : SF_FIX_LOOKUP, e->id, e->h.span);
    return sf_mend_rewrite_page(fs, e->page, &h, &to);
}

/* Never finished: finish it if an index lists it. */
static int32_t judge_unfinished(struct sf *fs, struct entry *e)
{
    uint16_t listed, index_page;
    int32_t res = sf_mend_lookup_reference(fs, e->id, e->h.span, &listed, &index_page);
    e->delete_page = res == SPIFFS_ERR_NOT_FOUND || (res == 0 && listed != e->page);
    if (e->delete_page)
        return 0;
    if (res)
        return res;
    sf_report(fs, pass, SF_FIX_LOOKUP, e->h.id, e->h.span);
    return sf_page_write_flags(fs, e->page, (uint8_t)~SF_FINAL);
}

static int32_t judge(struct sf *fs, struct entry *e)
{
    if (e->id == SF_ID_DELETED)
        return e->h.flags & SF_DELET ? judge_unlisted(fs, e) : 0;
    if (e->id == SF_ID_FREE)
        return e->h.flags & SF_USED ? 0 : judge_unlisted(fs, e);
    if ((e->h.id | SF_ID_INDEX) != (e->id | SF_ID_INDEX))
        return judge_foreign(fs, e);
    if (!(e->id & SF_ID_INDEX) == !(e->h.flags & SF_INDEX))
        return judge_kind(fs, e);
    e->delete_page = !(e->h.flags & SF_DELET);
    return !e->delete_page && (e->h.flags & SF_FINAL) ? judge_unfinished(fs, e) : 0;
}

static int32_t visit(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    struct entry e = { .id = id, .page = sf_slot_page(&fs->g, at) };
    (void)ctx;
    int32_t res = sf_page_header(fs, e.page, &e.h);
    if (!res)
        res = judge(fs, &e);
    if (!res && e.delete_page) {
        sf_report(fs, pass, SF_DELETE_PAGE, e.page, 0);
        res = sf_page_delete(fs, e.page);
    }
    return res ? res : SF_GO_ON_RELOAD;
}

int32_t sf_check_lookup(struct sf *fs)
{
    return sf_walk_all(fs, visit, NULL);
}
