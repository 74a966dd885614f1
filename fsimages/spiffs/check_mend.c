/* fsimages/spiffs/check_mend.c -- what the passes mend with. */
#include "fsimages/spiffs/core.h"

int32_t sf_mend_lookup_reference(struct sf *fs, uint16_t id, uint16_t data_span, uint16_t *page, uint16_t *index_page)
{
    uint8_t raw[2];
    int32_t res = sf_find_page(fs, id | SF_ID_INDEX, sf_index_span(&fs->g, data_span), 0, index_page);
    if (res)
        return res;
    res = sf_read_around(fs, *index_page * fs->g.page + sf_table_offset(&fs->g, data_span), raw, sizeof raw);
    *page = sf_get16(raw);
    return res;
}

int32_t sf_mend_rewrite_page(struct sf *fs, uint16_t page, const struct sf_page_header *h, uint16_t *to)
{
    struct sf_new_page want = { .header = *h };
    int32_t res = sf_page_new(fs, &want, to);
    if (res)
        return res;
    return sf_page_copy(fs, *to * fs->g.page + SF_PAGE_HEADER, page * fs->g.page + SF_PAGE_HEADER, fs->g.data);
}

static bool is_good_index(const struct sf *fs, const struct sf_page_header *h, uint16_t id, uint16_t data_span)
{
    const unsigned all = SF_USED | SF_IXDELE | SF_INDEX | SF_FINAL | SF_DELET;
    return h->id == id && h->span == sf_index_span(&fs->g, data_span) &&
           sf_flags_are(h->flags, all, SF_IXDELE | SF_DELET);
}

/* Uses lookup for the index page: work holds the passes' maps. */
int32_t sf_mend_table(struct sf *fs, uint16_t id, uint16_t data_span, uint16_t data_page, uint16_t index_page)
{
    struct sf_slot at;
    uint8_t raw[2];
    id |= SF_ID_INDEX;
    int32_t res = sf_find_free(fs, &at);
    if (!res)
        res = sf_read_around(fs, index_page * fs->g.page, fs->lookup, fs->g.page);
    if (res)
        return res;
    struct sf_page_header h = sf_page_header_get(fs->lookup);
    uint16_t to = sf_slot_page(&fs->g, at);
    if (!is_good_index(fs, &h, id, data_span)) {
        res = sf_page_delete(fs, to);
        return res ? res : SF_UNMENDABLE;
    }
    sf_table_set(fs, fs->lookup, data_span, data_page);
    res = sf_program(fs, to * fs->g.page, fs->lookup, fs->g.page);
    sf_put16(raw, id);
    if (!res)
        res = sf_program(fs, sf_slot_addr(&fs->g, at), raw, sizeof raw);
    if (res)
        return res;
    fs->alloc++;
    return sf_page_delete(fs, index_page);
}

int32_t sf_mend_mark_deleted(struct sf *fs, uint16_t id)
{
    uint16_t page;
    int32_t res = sf_find_page(fs, id | SF_ID_INDEX, 0, 0, &page);
    if (res)
        return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
    return sf_page_write_flags(fs, page, (uint8_t)~SF_IXDELE);
}
