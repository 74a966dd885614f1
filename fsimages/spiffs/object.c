/* fsimages/spiffs/object.c -- a file's content: read, append, overwrite. The index page in use is kept in `work`. */
#include "fsimages/spiffs/core.h"
#include <string.h>

int32_t sf_object_open(struct sf *fs, uint16_t header_page, struct sf_fd *fd)
{
    uint8_t id[2];
    int32_t res = sf_read(fs, header_page * fs->g.page, fs->header, fs->g.header_len);
    if (!res)
        res = sf_read(fs, sf_slot_addr(&fs->g, sf_page_slot(&fs->g, header_page)), id, sizeof id);
    if (res)
        return res;
    fd->id = sf_get16(id);
    fd->header_page = fd->cursor_page = header_page;
    fd->cursor_span = 0;
    fd->size = sf_get32(fs->header + SF_OBJECT_SIZE);
    fd->pos = 0;
    struct sf_page_header h = sf_page_header_get(fs->header);
    return sf_validate_index(&h, fd->id, 0);
}

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static int32_t load_for_read(struct sf *fs, struct sf_fd *fd, uint16_t span)
{
    uint16_t page;
    int32_t res = sf_index_find(fs, fd, span, &page);
    return res ? res : sf_index_load(fs, fd, span, page);
}

int32_t sf_object_read(struct sf *fs, struct sf_fd *fd, uint32_t offset, uint8_t *to, uint32_t len)
{
    uint16_t loaded = SF_NO_SPAN;
    while (len) {
        uint32_t span = offset / fs->g.data, in_page = offset % fs->g.data;
        uint32_t n = min32(len, fs->g.data - in_page);
        uint16_t index_span = sf_index_span(&fs->g, span);
        int32_t res = index_span == loaded ? 0 : load_for_read(fs, fd, index_span);
        if (res)
            return res;
        loaded = index_span;
        uint16_t page = sf_table_get(fs, fs->work, span);
        res = sf_check_data_page(fs, page, fd->id, (uint16_t)span);
        if (!res)
            res = sf_read(fs, page * fs->g.page + SF_PAGE_HEADER + in_page, to, n);
        if (res)
            return res;
        to += n;
        offset += n;
        len -= n;
    }
    return 0;
}

/* A write in progress. */
struct writing {
    struct sf_fd *fd;
    const uint8_t *data;
    uint32_t offset;    /* where it began */
    uint32_t len, done; /* bytes */
    uint32_t data_span, in_page;
    uint16_t span, page; /* the index page in work */
    bool fresh;          /* its header page has never been written: it is completed in place */
};

static uint32_t end_of(const struct writing *w)
{
    return w->offset + w->done;
}

/* The index page in work belongs to `page` and only gains entries: program it over the old content. */
static int32_t program_in_place(struct sf *fs, struct writing *w)
{
    int32_t res = sf_check_index_page(fs, w->page, w->fd->id, w->span);
    if (!res)
        res = sf_program(fs, w->page * fs->g.page, fs->work, fs->g.page);
    if (!res)
        sf_index_moved(fs, w->fd->id, w->span, w->page, w->span == 0 ? sf_get32(fs->work + SF_OBJECT_SIZE) : 0);
    return res;
}

static int32_t update_size(struct sf *fs, struct writing *w, uint8_t *content)
{
    return sf_header_update(fs, w->fd->id, w->fd->header_page,
                            &(struct sf_header_update){ .content = content, .size = end_of(w) });
}

/* Write the index page in work, then the file's new size. */
static int32_t append_store_index(struct sf *fs, struct writing *w)
{
    int32_t res;
    if (w->span != 0) {
        res = program_in_place(fs, w);
        return res ? res : update_size(fs, w, NULL);
    }
    if (!w->fresh)
        return update_size(fs, w, fs->work);
    sf_put32(fs->work + SF_OBJECT_SIZE, end_of(w));
    w->fresh = false;
    return program_in_place(fs, w);
}

static int32_t new_index_page(struct sf *fs, struct writing *w, uint16_t span)
{
    struct sf_new_page n = { .header = { w->fd->id | SF_ID_INDEX, span, (uint8_t) ~(SF_FINAL | SF_INDEX) } };
    int32_t res = sf_page_new(fs, &n, &w->page);
    if (res)
        return res;
    sf_index_moved(fs, w->fd->id, span, w->page, 0);
    memset(fs->work, 0xFF, fs->g.page);
    n.header.flags &= (uint8_t)~SF_USED;
    sf_page_header_put(fs->work, &n.header);
    w->fd->cursor_span = span;
    w->fd->cursor_page = w->page;
    return 0;
}

static int32_t append_next_index(struct sf *fs, struct writing *w, uint16_t span)
{
    int32_t res = w->done ? append_store_index(fs, w) : 0;
    if (res)
        return res;
    if (w->done)
        w->fd->size = end_of(w);
    uint32_t last = w->fd->size && w->fd->size != SF_UNDEFINED ? (w->fd->size - 1) / fs->g.data : 0;
    if (span != 0 && (w->done || span > sf_index_span(&fs->g, last))) {
        res = new_index_page(fs, w, span);
    } else {
        res = sf_index_find(fs, w->fd, span, &w->page);
        if (!res)
            res = sf_index_load(fs, w->fd, span, w->page);
    }
    w->span = span;
    if (!res && span == 0)
        w->fresh = w->offset == 0 && sf_get32(fs->work + SF_OBJECT_SIZE) == SF_UNDEFINED;
    return res;
}

static int32_t append_data(struct sf *fs, struct writing *w, uint32_t n)
{
    uint16_t page = sf_table_get(fs, fs->work, w->data_span), id = w->fd->id & (uint16_t)~SF_ID_INDEX;
    int32_t res;
    if (w->in_page == 0) {
        struct sf_new_page want = { .header = { id, (uint16_t)w->data_span, (uint8_t)~SF_FINAL },
                                    .data = w->data + w->done,
                                    .len = n,
                                    .finalize = true };
        res = sf_page_new(fs, &want, &page);
    } else {
        res = sf_check_data_page(fs, page, id, (uint16_t)w->data_span);
        if (!res)
            res = sf_program(fs, page * fs->g.page + SF_PAGE_HEADER + w->in_page, w->data + w->done, n);
    }
    if (!res)
        sf_table_set(fs, fs->work, w->data_span, page);
    return res;
}

static void advance(struct writing *w, uint32_t n)
{
    w->in_page = 0;
    w->data_span++;
    w->done += n;
}

/* What could be written before an error stays: the indices are finished in any case. */
int32_t sf_object_append(struct sf *fs, struct sf_fd *fd, uint32_t offset, const uint8_t *data, uint32_t len)
{
    uint32_t size = fd->size == SF_UNDEFINED ? 0 : fd->size;
    struct writing w = { .fd = fd, .data = data, .offset = min32(offset, size), .len = len, .span = SF_NO_SPAN };
    w.data_span = w.offset / fs->g.data;
    w.in_page = w.offset % fs->g.data;
    int32_t res = sf_gc_check(fs, (uint64_t)len + fs->g.data);
    if (res)
        return res;
    while (!res && w.done < len) {
        uint32_t n = min32(len - w.done, fs->g.data - w.in_page);
        uint16_t span = sf_index_span(&fs->g, w.data_span);
        if (span != w.span && (res = append_next_index(fs, &w, span)) != 0)
            return res;
        res = append_data(fs, &w, n);
        if (!res)
            advance(&w, n);
    }
    if (thm_fs_code_kind(sf_codes, res) == THM_FS_ENOSPC || !res) {
        fd->size = end_of(&w);
        int32_t stored = append_store_index(fs, &w);
        return stored ? stored : res;
    }
    return res;
}

/* Write the changed index page in work to a new place. */
static int32_t modify_store_index(struct sf *fs, struct writing *w)
{
    uint16_t to;
    if (w->span == 0)
        return sf_header_update(fs, w->fd->id, w->fd->header_page, &(struct sf_header_update){ .content = fs->work });
    int32_t res = sf_check_index_page(fs, w->page, w->fd->id, w->span);
    if (!res)
        res = sf_page_move(fs, fs->work, w->fd->id, w->page, &to);
    if (!res)
        sf_index_moved(fs, w->fd->id, w->span, to, 0);
    return res;
}

static int32_t modify_next_index(struct sf *fs, struct writing *w, uint16_t span)
{
    int32_t res = w->done ? modify_store_index(fs, w) : 0;
    if (!res)
        res = sf_index_find(fs, w->fd, span, &w->page);
    if (!res)
        res = sf_index_load(fs, w->fd, span, w->page);
    w->span = span;
    return res;
}

/* A new page around the change: old bytes before, old bytes after, the new ones, FINAL. */
static int32_t modify_part(struct sf *fs, struct writing *w, uint32_t n, uint16_t old, struct sf_new_page *want,
                           uint16_t *page)
{
    uint32_t after = w->in_page + n, from = old * fs->g.page + SF_PAGE_HEADER, to;
    int32_t res = sf_check_data_page(fs, old, want->header.id, want->header.span);
    if (!res)
        res = sf_page_new(fs, want, page);
    if (res)
        return res;
    to = *page * fs->g.page + SF_PAGE_HEADER;
    res = sf_page_copy(fs, to, from, w->in_page);
    if (!res)
        res = sf_page_copy(fs, to + after, from + after, fs->g.data - after);
    if (!res)
        res = sf_program(fs, to + w->in_page, w->data + w->done, n);
    return res ? res : sf_page_write_flags(fs, *page, (uint8_t)~SF_FINAL);
}

static int32_t modify_data(struct sf *fs, struct writing *w, uint32_t n)
{
    uint16_t old = sf_table_get(fs, fs->work, w->data_span), page;
    struct sf_new_page want = { .header = { w->fd->id & (uint16_t)~SF_ID_INDEX, (uint16_t)w->data_span, 0xFF } };
    int32_t res;
    if (n == fs->g.data) {
        want.data = w->data + w->done;
        want.len = n;
        want.finalize = true;
        res = old < fs->g.pages && !sf_is_lookup_page(&fs->g, old) ? sf_page_new(fs, &want, &page)
                                                                   : SPIFFS_ERR_INDEX_REF_INVALID;
    } else {
        res = modify_part(fs, w, n, old, &want, &page);
    }
    if (!res)
        res = sf_page_delete(fs, old);
    if (!res)
        sf_table_set(fs, fs->work, w->data_span, page);
    return res;
}

int32_t sf_object_modify(struct sf *fs, struct sf_fd *fd, uint32_t offset, const uint8_t *data, uint32_t len)
{
    struct writing w = { .fd = fd,
                         .data = data,
                         .offset = offset,
                         .len = len,
                         .span = SF_NO_SPAN,
                         .data_span = offset / fs->g.data,
                         .in_page = offset % fs->g.data };
    int32_t res = sf_gc_check(fs, (uint64_t)len + fs->g.data);
    if (res)
        return res;
    while (!res && w.done < len) {
        uint32_t n = min32(len - w.done, fs->g.data - w.in_page);
        uint16_t span = sf_index_span(&fs->g, w.data_span);
        if (span != w.span && (res = modify_next_index(fs, &w, span)) != 0)
            return res;
        res = modify_data(fs, &w, n);
        if (!res)
            advance(&w, n);
    }
    if (thm_fs_code_kind(sf_codes, res) == THM_FS_EPOWER)
        return res;
    int32_t stored = modify_store_index(fs, &w);
    return stored ? stored : res;
}
