/* fsimages/spiffs/check_refs.c -- third pass: every data page must be listed once, by the index page of its object.
 *
 * `work` is a map with 4 bits a page, so that a large volume is done range by range. Each repair moves an index page,
 * so it starts the range again; their number is bounded, for an image may be made to need more than its pages. */
#include "fsimages/spiffs/core.h"
#include <string.h>

#define RESTARTS_MAX 4096u

enum { USED = 1, LISTED = 2, IS_INDEX = 4 };
enum { RESTART = 1 };

static const char pass[] = "page";

struct range {
    uint32_t first, count; /* pages */
};

/* The index page whose table is gone through; its content is in lookup. */
struct table {
    uint16_t page;
    struct sf_page_header h;
};

static bool within(const struct range *r, uint32_t page)
{
    return page >= r->first && page - r->first < r->count;
}

static void mark(struct sf *fs, const struct range *r, uint32_t page, unsigned what)
{
    uint32_t i = page - r->first;
    fs->work[i / 2] |= (uint8_t)(what << (i % 2 * 4));
}

static unsigned marks(const struct sf *fs, const struct range *r, uint32_t page)
{
    uint32_t i = page - r->first;
    return (unsigned)fs->work[i / 2] >> (i % 2 * 4) & 7u;
}

static int32_t bad_file(struct sf *fs, uint16_t id)
{
    sf_report(fs, pass, SF_DELETE_BAD_FILE, id, 0);
    return sf_mend_mark_deleted(fs, id);
}

static int32_t find_other(struct sf *fs, uint16_t id, uint32_t span, uint16_t except, uint16_t *page)
{
    int32_t res = sf_find_page(fs, id & (uint16_t)~SF_ID_INDEX, (uint16_t)span, except, page);
    if (res == SPIFFS_ERR_NOT_FOUND)
        *page = 0;
    return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
}

/* List `data` for the span instead of what is there. */
static int32_t relist(struct sf *fs, const struct table *t, uint32_t span, uint16_t data)
{
    int32_t res = sf_mend_table(fs, t->h.id, (uint16_t)span, data, t->page);
    if (res == SF_UNMENDABLE)
        res = bad_file(fs, t->h.id);
    else if (!res)
        sf_report(fs, pass, SF_FIX_INDEX, t->h.id, t->h.span);
    return res ? res : RESTART;
}

/* The table names a page that cannot be a data page at all. */
static int32_t mend_impossible(struct sf *fs, const struct table *t, uint32_t span)
{
    uint16_t data, id = t->h.id & (uint16_t)~SF_ID_INDEX;
    int32_t res = find_other(fs, id, span, 0, &data);
    if (!res && data == 0) {
        struct sf_new_page want = { .header = { id, (uint16_t)span, (uint8_t) ~(SF_USED | SF_FINAL) } };
        res = sf_page_new(fs, &want, &data);
    }
    return res ? res : relist(fs, t, span, data);
}

/* The table names a page of something else. Without the right page the file is lost. */
static int32_t mend_wrong(struct sf *fs, const struct table *t, uint32_t span, uint16_t listed, bool *lost)
{
    uint16_t data;
    int32_t res = find_other(fs, t->h.id, span, listed, &data);
    if (res)
        return res;
    *lost = data == 0;
    return *lost ? bad_file(fs, t->h.id) : relist(fs, t, span, data);
}

/* Two index pages list the page: two objects with one id. */
static int32_t mend_double(struct sf *fs, const struct table *t)
{
    int32_t res = bad_file(fs, t->h.id);
    if (!res)
        res = sf_page_delete(fs, t->page);
    return res ? res : RESTART;
}

static int32_t judge_listed(struct sf *fs, const struct range *r, const struct table *t, uint32_t span, uint16_t listed,
                            bool *lost)
{
    struct sf_page_header h;
    if ((listed != SF_NO_PAGE && listed >= fs->g.pages) || (within(r, listed) && sf_is_lookup_page(&fs->g, listed)))
        return mend_impossible(fs, t, span);
    if (!within(r, listed))
        return 0;
    int32_t res = sf_page_header(fs, listed, &h);
    if (res)
        return res;
    if (h.id != (t->h.id & ~SF_ID_INDEX) || h.span != span ||
        !sf_flags_are(h.flags, SF_DELET | SF_INDEX | SF_USED, SF_DELET | SF_INDEX))
        return mend_wrong(fs, t, span, listed, lost);
    if (marks(fs, r, listed) & LISTED)
        return mend_double(fs, t);
    mark(fs, r, listed, LISTED);
    return 0;
}

static int32_t go_through_table(struct sf *fs, const struct range *r, const struct table *t)
{
    const struct sf_geometry *g = &fs->g;
    uint32_t first = sf_first_data_span(g, t->h.span), n = t->h.span == 0 ? g->header_entries : g->index_entries;
    bool lost = false;
    int32_t res = sf_read_around(fs, t->page * g->page, fs->lookup, g->page);
    for (uint32_t i = 0; !res && !lost && i < n; i++)
        res = judge_listed(fs, r, t, first + i, sf_table_get(fs, fs->lookup, first + i), &lost);
    return res;
}

static int32_t collect_page(struct sf *fs, const struct range *r, uint16_t page)
{
    struct table t = { .page = page };
    int32_t res = sf_page_header(fs, page, &t.h);
    if (res)
        return res;
    if (within(r, page) && sf_flags_are(t.h.flags, SF_DELET | SF_USED, SF_DELET))
        mark(fs, r, page, USED);
    if (!sf_flags_are(t.h.flags, SF_DELET | SF_IXDELE | SF_INDEX | SF_USED, SF_DELET | SF_IXDELE))
        return 0;
    if (within(r, page))
        mark(fs, r, page, IS_INDEX);
    return go_through_table(fs, r, &t);
}

static int32_t collect(struct sf *fs, const struct range *r)
{
    memset(fs->work, 0, fs->g.page);
    for (uint32_t page = 0; page < fs->g.pages; page++) {
        if (sf_is_lookup_page(&fs->g, page))
            continue;
        int32_t res = collect_page(fs, r, (uint16_t)page);
        if (res)
            return res;
    }
    return 0;
}

/* What the index lists where it should list this page. */
enum verdict { KEEP, DELETE, RELIST };

static int32_t judge_unlisted(struct sf *fs, uint16_t page, const struct sf_page_header *h, uint16_t *index_page,
                              enum verdict *v)
{
    struct sf_page_header other;
    uint16_t listed;
    int32_t res = sf_mend_lookup_reference(fs, h->id, h->span, &listed, index_page);
    *v = DELETE;
    if (res)
        return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
    *v = RELIST;
    if (listed >= fs->g.pages || sf_is_lookup_page(&fs->g, listed))
        return 0;
    res = sf_page_header(fs, listed, &other);
    if ((h->id & ~SF_ID_INDEX) == other.id &&
        sf_flags_are(other.flags, SF_INDEX | SF_DELET | SF_USED | SF_FINAL, SF_INDEX | SF_DELET))
        *v = DELETE;
    else if (listed == page)
        *v = KEEP;
    return res;
}

static int32_t mend_unlisted(struct sf *fs, uint16_t page)
{
    struct table t;
    struct sf_page_header h;
    enum verdict v = KEEP;
    int32_t res = sf_page_header(fs, page, &h);
    if (!res)
        res = judge_unlisted(fs, page, &h, &t.page, &v);
    if (res || v == KEEP)
        return res;
    if (v == DELETE) {
        sf_report(fs, pass, SF_DELETE_PAGE, page, 0);
        return sf_page_delete(fs, page);
    }
    res = sf_mend_table(fs, h.id, h.span, page, t.page);
    if (res == SF_UNMENDABLE) {
        res = sf_page_delete(fs, page);
        if (!res)
            res = bad_file(fs, h.id);
    } else if (!res) {
        sf_report(fs, pass, SF_FIX_INDEX, h.id, h.span);
    }
    return res ? res : RESTART;
}

static int32_t mend_range(struct sf *fs, const struct range *r)
{
    int32_t res = collect(fs, r);
    for (uint32_t i = 0; !res && i < r->count && r->first + i < fs->g.pages; i++)
        if (marks(fs, r, r->first + i) == USED)
            res = mend_unlisted(fs, (uint16_t)(r->first + i));
    return res;
}

int32_t sf_check_references(struct sf *fs)
{
    struct range r = { 0, fs->g.page * 2 };
    uint32_t restarts = 0;
    while (r.first < fs->g.pages) {
        int32_t res = mend_range(fs, &r);
        if (res < 0)
            return res;
        if (res == 0)
            r.first += r.count;
        else if (++restarts > RESTARTS_MAX)
            return SPIFFS_ERR_INTERNAL;
    }
    return 0;
}
