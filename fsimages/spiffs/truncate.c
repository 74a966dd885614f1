/* fsimages/spiffs/truncate.c -- make a file shorter, or remove it: data pages from the last to the first, index pages
 * as they are left.
 *
 * The reference cuts the wrong page when less than a page is cut off across a page boundary; here a page that lies
 * behind the new end is always deleted. An index page that lists nothing any more is deleted, too. */
#include "fsimages/spiffs/core.h"
#include <string.h>

struct cutting {
    struct sf_fd *fd;
    uint32_t size, target; /* now, wanted */
    uint32_t data_span;
    uint16_t span, page; /* the index page in work; SF_NO_SPAN: none yet */
    bool removing;
};

static int32_t delete_index(struct sf *fs, struct cutting *c)
{
    int32_t res = sf_check_index_page(fs, c->page, c->fd->id, c->span);
    if (!res)
        res = sf_page_delete(fs, c->page);
    if (!res)
        sf_index_deleted(fs, c->fd->id, c->span);
    return res;
}

static int32_t store_size(struct sf *fs, struct cutting *c, uint8_t *content, uint32_t size)
{
    return sf_header_update(fs, c->fd->id, c->fd->header_page,
                            &(struct sf_header_update){ .content = content, .size = size });
}

/* Data pages of another index page come next. When removing, the header is not updated in between: it is marked as
 * being deleted, and a full volume must still be able to delete. */
static int32_t next_index(struct sf *fs, struct cutting *c, uint16_t span)
{
    int32_t res = 0;
    if (c->span != SF_NO_SPAN) {
        res = delete_index(fs, c);
        if (!res && !c->removing)
            res = store_size(fs, c, NULL, c->size);
        c->fd->size = c->size;
    }
    if (!res)
        res = sf_index_find(fs, c->fd, span, &c->page);
    if (!res)
        res = sf_index_load(fs, c->fd, span, c->page);
    c->span = span;
    return res;
}

static int32_t delete_data(struct sf *fs, struct cutting *c, uint16_t page)
{
    int32_t res = sf_check_data_page(fs, page, c->fd->id, (uint16_t)c->data_span);
    if (!res)
        res = sf_page_delete(fs, page);
    if (res && res != SPIFFS_ERR_DELETED && res != SPIFFS_ERR_INDEX_REF_FREE)
        return res;
    c->size = c->data_span * fs->g.data;
    c->fd->size = c->size;
    c->data_span--;
    return 0;
}

/* The last page that stays: a new one with only the bytes that are left. */
static int32_t shorten_data(struct sf *fs, struct cutting *c, uint16_t page)
{
    uint16_t to;
    struct sf_new_page want = { .header = { c->fd->id & (uint16_t)~SF_ID_INDEX, (uint16_t)c->data_span, 0xFF } };
    int32_t res = sf_check_data_page(fs, page, c->fd->id, (uint16_t)c->data_span);
    if (!res)
        res = sf_page_new(fs, &want, &to);
    if (!res)
        res = sf_page_copy(fs, to * fs->g.page + SF_PAGE_HEADER, page * fs->g.page + SF_PAGE_HEADER,
                           c->target % fs->g.data);
    if (!res)
        res = sf_page_delete(fs, page);
    if (!res)
        res = sf_page_write_flags(fs, to, (uint8_t)~SF_FINAL);
    if (res)
        return res;
    sf_table_set(fs, fs->work, c->data_span, to);
    c->size = c->fd->size = c->target;
    return 0;
}

static int32_t cut_data(struct sf *fs, struct cutting *c)
{
    int32_t res = 0;
    while (!res && c->size > c->target) {
        uint16_t span = sf_index_span(&fs->g, c->data_span);
        if (span != c->span && (res = next_index(fs, c, span)) != 0)
            return res;
        uint16_t page = sf_table_get(fs, fs->work, c->data_span);
        sf_table_set(fs, fs->work, c->data_span, SF_NO_PAGE);
        if ((uint64_t)c->data_span * fs->g.data >= c->target)
            res = delete_data(fs, c, page);
        else
            res = shorten_data(fs, c, page);
    }
    return res;
}

static int32_t begin(struct sf *fs, struct cutting *c)
{
    struct sf_fd *fd = c->fd;
    c->size = fd->size == SF_UNDEFINED ? 0 : fd->size;
    c->data_span = c->size ? (c->size - 1) / fs->g.data : 0;
    c->span = SF_NO_SPAN;
    return c->removing ? 0 : sf_gc_check(fs, (uint64_t)fs->g.data * 2);
}

/* The indices after the cut; the last index page touched is in work. */
static int32_t store_indices(struct sf *fs, struct cutting *c)
{
    uint16_t to;
    int32_t res;
    if (c->span == 0 && c->size == 0)
        memset(fs->work + fs->g.header_len, 0xFF, fs->g.page - fs->g.header_len);
    if (c->span == 0)
        return store_size(fs, c, fs->work, c->size ? c->size : SF_UNDEFINED);
    if (c->size <= sf_first_data_span(&fs->g, c->span) * fs->g.data) {
        res = delete_index(fs, c);
    } else {
        res = sf_check_index_page(fs, c->page, c->fd->id, c->span);
        if (!res)
            res = sf_page_move(fs, fs->work, c->fd->id, c->page, &to);
        if (!res)
            sf_index_moved(fs, c->fd->id, c->span, to, 0);
    }
    return res ? res : store_size(fs, c, NULL, c->size);
}

int32_t sf_object_truncate(struct sf *fs, struct sf_fd *fd, uint32_t size)
{
    struct cutting c = { .fd = fd, .target = size };
    uint32_t now = fd->size == SF_UNDEFINED ? 0 : fd->size;
    if (size > now)
        return SPIFFS_ERR_END_OF_OBJECT; /* no sparse files */
    if (size == now)
        return 0;
    int32_t res = begin(fs, &c);
    if (res)
        return res;
    res = cut_data(fs, &c);
    if (thm_fs_code_kind(sf_codes, res) == THM_FS_EPOWER || c.span == SF_NO_SPAN)
        return res;
    int32_t stored = store_indices(fs, &c);
    return stored ? stored : res;
}

int32_t sf_object_remove(struct sf *fs, struct sf_fd *fd)
{
    struct cutting c = { .fd = fd, .removing = true };
    uint16_t id = fd->id, header = fd->header_page;
    int32_t res = begin(fs, &c);
    if (!res)
        res = sf_page_write_flags(fs, header, (uint8_t) ~(SF_USED | SF_INDEX | SF_FINAL | SF_IXDELE));
    if (!res)
        res = cut_data(fs, &c);
    if (!res && c.span != SF_NO_SPAN && c.span != 0)
        res = delete_index(fs, &c);
    if (res)
        return res;
    res = sf_check_index_page(fs, header, id, 0);
    if (!res)
        res = sf_page_delete(fs, header);
    if (!res)
        sf_index_deleted(fs, id, 0);
    return res;
}
