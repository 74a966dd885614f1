/* fsimages/spiffs/page.c -- single pages: take, copy, move, delete, and whether one is what an index says it is. */
#include "fsimages/spiffs/core.h"
#include <stddef.h>

int32_t sf_page_header(struct sf *fs, uint32_t page, struct sf_page_header *h)
{
    uint8_t raw[SF_PAGE_HEADER];
    int32_t res = sf_read_around(fs, page * fs->g.page, raw, sizeof raw);
    if (!res)
        *h = sf_page_header_get(raw);
    return res;
}

static int32_t validate_flags(uint8_t flags)
{
    if (flags & SF_USED)
        return SPIFFS_ERR_IS_FREE;
    if (!(flags & SF_DELET))
        return SPIFFS_ERR_DELETED;
    return flags & SF_FINAL ? SPIFFS_ERR_NOT_FINALIZED : 0;
}

int32_t sf_validate_index(const struct sf_page_header *h, uint16_t id, uint16_t span)
{
    int32_t res = validate_flags(h->flags);
    if (res)
        return res;
    if ((h->flags & SF_INDEX) || !(id & SF_ID_INDEX))
        return SPIFFS_ERR_NOT_INDEX;
    return h->span == span ? 0 : SPIFFS_ERR_INDEX_SPAN_MISMATCH;
}

/* A page number out of a table, to be trusted only after this. */
static int32_t check_reference(const struct sf *fs, uint32_t page)
{
    if (page == SF_NO_PAGE)
        return SPIFFS_ERR_INDEX_REF_FREE;
    if (page >= fs->g.pages)
        return SPIFFS_ERR_INDEX_REF_INVALID;
    return sf_is_lookup_page(&fs->g, page) ? SPIFFS_ERR_INDEX_REF_LU : 0;
}

static const int32_t index_reference_codes[] = { SPIFFS_ERR_INDEX_REF_FREE,    SPIFFS_ERR_INDEX_FREE,
                                                 SPIFFS_ERR_INDEX_REF_LU,      SPIFFS_ERR_INDEX_LU,
                                                 SPIFFS_ERR_INDEX_REF_INVALID, SPIFFS_ERR_INDEX_INVALID };

int32_t sf_check_index_page(struct sf *fs, uint32_t page, uint16_t id, uint16_t span)
{
    struct sf_page_header h;
    int32_t res = check_reference(fs, page);
    for (size_t i = 0; i < sizeof index_reference_codes / sizeof index_reference_codes[0]; i += 2)
        if (res == index_reference_codes[i])
            return index_reference_codes[i + 1];
    res = sf_page_header(fs, page, &h);
    return res ? res : sf_validate_index(&h, id, span);
}

int32_t sf_check_data_page(struct sf *fs, uint32_t page, uint16_t id, uint16_t span)
{
    struct sf_page_header h = { 0 };
    uint8_t raw[SF_PAGE_HEADER];
    (void)id; /* the device does not compare it either */
    int32_t res = check_reference(fs, page);
    if (!res)
        res = sf_read(fs, page * fs->g.page, raw, sizeof raw);
    if (res)
        return res;
    h = sf_page_header_get(raw);
    res = validate_flags(h.flags);
    if (res)
        return res;
    if (!(h.flags & SF_INDEX))
        return SPIFFS_ERR_IS_INDEX;
    return h.span == span ? 0 : SPIFFS_ERR_DATA_SPAN_MISMATCH;
}

int32_t sf_page_write_flags(struct sf *fs, uint32_t page, uint8_t flags)
{
    return sf_program(fs, page * fs->g.page + SF_PAGE_FLAGS, &flags, 1);
}

static int32_t write_lookup(struct sf *fs, struct sf_slot at, uint16_t id)
{
    uint8_t raw[2];
    sf_put16(raw, id);
    return sf_program(fs, sf_slot_addr(&fs->g, at), raw, sizeof raw);
}

int32_t sf_page_new(struct sf *fs, const struct sf_new_page *want, uint16_t *page)
{
    struct sf_slot at;
    struct sf_page_header h = want->header;
    uint8_t raw[SF_PAGE_HEADER];
    int32_t res = sf_find_free(fs, &at);
    if (!res)
        res = write_lookup(fs, at, h.id);
    if (res)
        return res;
    fs->alloc++;
    *page = sf_slot_page(&fs->g, at);
    h.flags &= (uint8_t)~SF_USED;
    sf_page_header_put(raw, &h);
    res = sf_program(fs, *page * fs->g.page, raw, sizeof raw);
    if (!res && want->data)
        res = sf_program(fs, *page * fs->g.page + SF_PAGE_HEADER, want->data, want->len);
    if (!res && want->finalize && (h.flags & SF_FINAL))
        res = sf_page_write_flags(fs, *page, h.flags & (uint8_t)~SF_FINAL);
    return res;
}

int32_t sf_page_copy(struct sf *fs, uint32_t to, uint32_t from, uint32_t len)
{
    while (len) {
        uint32_t n = len < SF_COPY ? len : SF_COPY;
        int32_t res = sf_read(fs, from, fs->copy, n);
        if (!res)
            res = sf_program(fs, to, fs->copy, n);
        if (res)
            return res;
        to += n;
        from += n;
        len -= n;
    }
    return 0;
}

/* The page is written with FINAL = 1 and finished only after its lookup entry, so that a cut leaves the old one valid.
 */
static int32_t move_content(struct sf *fs, uint8_t *content, struct sf_slot at, uint16_t id)
{
    uint16_t page = sf_slot_page(&fs->g, at);
    bool was_final = !(content[SF_PAGE_FLAGS] & SF_FINAL);
    content[SF_PAGE_FLAGS] |= SF_FINAL;
    content[SF_PAGE_FLAGS] &= (uint8_t)~SF_USED;
    int32_t res = sf_program(fs, page * fs->g.page, content, fs->g.page);
    if (!res)
        res = write_lookup(fs, at, id);
    if (res)
        return res;
    fs->alloc++;
    if (!was_final)
        return 0;
    content[SF_PAGE_FLAGS] &= (uint8_t)~SF_FINAL;
    return sf_page_write_flags(fs, page, content[SF_PAGE_FLAGS]);
}

static int32_t move_copy(struct sf *fs, uint16_t from, struct sf_slot at, uint16_t id)
{
    int32_t res = sf_page_copy(fs, sf_slot_page(&fs->g, at) * fs->g.page, from * fs->g.page, fs->g.page);
    if (!res)
        res = write_lookup(fs, at, id);
    if (!res)
        fs->alloc++;
    return res;
}

int32_t sf_page_move(struct sf *fs, uint8_t *content, uint16_t id, uint16_t from, uint16_t *to)
{
    struct sf_slot at;
    int32_t res = sf_find_free(fs, &at);
    if (res)
        return res;
    *to = sf_slot_page(&fs->g, at);
    res = content ? move_content(fs, content, at, id) : move_copy(fs, from, at, id);
    return res ? res : sf_page_delete(fs, from);
}

int32_t sf_page_delete(struct sf *fs, uint32_t page)
{
    int32_t res = write_lookup(fs, sf_page_slot(&fs->g, page), SF_ID_DELETED);
    if (res)
        return res;
    fs->deleted++;
    fs->alloc -= fs->alloc != 0;
    sf_cache_drop(fs, page);
    return sf_page_write_flags(fs, page, (uint8_t) ~(SF_DELET | SF_USED));
}

int32_t sf_block_erase(struct sf *fs, uint32_t block)
{
    uint8_t raw[2];
    int32_t res = sf_erase(fs, block);
    if (res)
        return res;
    fs->free_blocks++;
    sf_put16(raw, fs->erase_counter);
    res = sf_program(fs, sf_erase_count_addr(&fs->g, block), raw, sizeof raw);
    if (res)
        return res;
    if (++fs->erase_counter == SF_ID_INDEX)
        fs->erase_counter = 0;
    if (!fs->g.magic)
        return 0;
    sf_put16(raw, sf_magic(&fs->g, block));
    return sf_program(fs, sf_magic_addr(&fs->g, block), raw, sizeof raw);
}
