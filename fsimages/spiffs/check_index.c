/* fsimages/spiffs/check_index.c -- second pass: index pages without a header page, and headers whose deletion was cut
 * short. `work` remembers the object ids seen last, with SF_ID_INDEX set if they have no header. */
#include "fsimages/spiffs/core.h"
#include <string.h>

static const char pass[] = "index";

struct memory {
    uint32_t next; /* where the next id goes; the oldest is forgotten */
};

static bool recall(const struct sf *fs, uint16_t id, bool *orphan)
{
    for (uint32_t i = 0; i < fs->g.page_ids; i++) {
        uint16_t known = sf_get16(fs->work + i * 2);
        if ((known | SF_ID_INDEX) == (id | SF_ID_INDEX)) {
            *orphan = known & SF_ID_INDEX;
            return true;
        }
    }
    return false;
}

static void remember(struct sf *fs, struct memory *m, uint16_t id, bool orphan)
{
    sf_put16(fs->work + m->next * 2, orphan ? id | SF_ID_INDEX : id & ~SF_ID_INDEX);
    m->next = (m->next + 1) % fs->g.page_ids;
}

static int32_t delete_page(struct sf *fs, enum sf_finding what, uint16_t page, uint16_t id)
{
    sf_report(fs, pass, what, page, id);
    return sf_page_delete(fs, page);
}

/* An index page that is not the header: is there a header? */
static int32_t judge_further(struct sf *fs, struct memory *m, uint16_t page, uint16_t id)
{
    bool orphan;
    if (!recall(fs, id, &orphan)) {
        int32_t res = sf_find_page(fs, id | SF_ID_INDEX, 0, 0, NULL);
        if (res && res != SPIFFS_ERR_NOT_FOUND)
            return res;
        orphan = res != 0;
        remember(fs, m, id, orphan);
    }
    return orphan ? delete_page(fs, SF_DELETE_ORPHAN, page, id) : 0;
}

static int32_t judge(struct sf *fs, struct memory *m, uint16_t page, uint16_t id, const struct sf_page_header *h)
{
    const unsigned all = SF_INDEX | SF_FINAL | SF_DELET | SF_IXDELE;
    bool orphan;
    if (h->span == 0 && sf_flags_are(h->flags, all, SF_DELET))
        return delete_page(fs, SF_DELETE_PAGE, page, id);
    if (h->span != 0)
        return judge_further(fs, m, page, id);
    if (!recall(fs, id, &orphan))
        remember(fs, m, id, false);
    return 0;
}

static int32_t visit(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    struct sf_page_header h;
    uint16_t page = sf_slot_page(&fs->g, at);
    if (id == SF_ID_FREE || id == SF_ID_DELETED || !(id & SF_ID_INDEX))
        return SF_GO_ON;
    int32_t res = sf_page_header(fs, page, &h);
    if (!res)
        res = judge(fs, ctx, page, id, &h);
    return res ? res : SF_GO_ON_RELOAD;
}

int32_t sf_check_indices(struct sf *fs)
{
    struct memory m = { 0 };
    memset(fs->work, 0, fs->g.page);
    return sf_walk_all(fs, visit, &m);
}
