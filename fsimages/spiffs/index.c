/* fsimages/spiffs/index.c -- index pages: create, change, find; and telling open descriptors where they went. */
#include "fsimages/spiffs/core.h"
#include <string.h>

static uint32_t real_size(uint32_t size)
{
    return size == SF_UNDEFINED ? 0 : size;
}

/* Another size: positions behind it come back, collected writes behind it are lost. */
static void resize_fd(struct sf *fs, struct sf_fd *fd, uint32_t size)
{
    struct sf_write_page w;
    uint32_t end = real_size(size);
    bool collecting = fd->cached && sf_write_page_find(fs, fd, &w);
    fd->size = size;
    if (collecting && end > 0 && end < w.offset + w.len)
        end = w.offset + w.len;
    if (fd->pos > end)
        fd->pos = end;
    if (collecting && w.offset > (uint64_t)end + 1)
        sf_write_page_release(fs, fd);
}

static bool has_open(const struct sf_fd *fd, uint16_t id)
{
    return fd->open && (fd->id | SF_ID_INDEX) == (id | SF_ID_INDEX);
}

void sf_index_moved(struct sf *fs, uint16_t id, uint16_t span, uint16_t page, uint32_t size)
{
    for (uint32_t i = 0; i < fs->fd_count; i++) {
        struct sf_fd *fd = &fs->fds[i];
        if (!has_open(fd, id))
            continue;
        if (span == 0) {
            fd->header_page = page;
            if (size)
                resize_fd(fs, fd, size);
        }
        if (fd->cursor_span == span)
            fd->cursor_page = page;
    }
}

void sf_index_deleted(struct sf *fs, uint16_t id, uint16_t span)
{
    for (uint32_t i = 0; i < fs->fd_count; i++) {
        struct sf_fd *fd = &fs->fds[i];
        if (!has_open(fd, id))
            continue;
        if (fd->cursor_span == span)
            fd->cursor_span = SF_NO_SPAN;
        if (span == 0) {
            sf_write_page_release(fs, fd);
            fd->open = 0;
        }
    }
}

static void put_name(struct sf *fs, uint8_t *page, const char *name)
{
    size_t len = strnlen(name, fs->g.name_len);
    memset(page + SF_OBJECT_NAME, 0, fs->g.name_len);
    memcpy(page + SF_OBJECT_NAME, name, len);
}

/* The padding behind the page header is undefined in the format (the reference leaves what was on its stack); here 0.
 */
int32_t sf_index_create(struct sf *fs, uint16_t id, const char *name, uint16_t *page)
{
    struct sf_slot at;
    uint8_t entry[2], *h = fs->header;
    int32_t res = sf_gc_check(fs, fs->g.data);
    if (!res)
        res = sf_find_free(fs, &at);
    if (res)
        return res;
    sf_put16(entry, id | SF_ID_INDEX);
    res = sf_program(fs, sf_slot_addr(&fs->g, at), entry, sizeof entry);
    if (res)
        return res;
    fs->alloc++;
    memset(h, 0, fs->g.header_len);
    sf_page_header_put(h, &(struct sf_page_header){ sf_get16(entry), 0, (uint8_t) ~(SF_FINAL | SF_INDEX | SF_USED) });
    sf_put32(h + SF_OBJECT_SIZE, SF_UNDEFINED);
    h[SF_OBJECT_TYPE] = SF_TYPE_FILE;
    put_name(fs, h, name);
    memset(h + SF_OBJECT_NAME + fs->g.name_len, 0xFF, fs->g.meta_len);
    *page = sf_slot_page(&fs->g, at);
    return sf_program(fs, *page * fs->g.page, h, fs->g.header_len);
}

int32_t sf_header_update(struct sf *fs, uint16_t id, uint16_t page, const struct sf_header_update *u)
{
    uint8_t *content = u->content ? u->content : fs->work;
    uint16_t to;
    int32_t res = u->content ? 0 : sf_read(fs, page * fs->g.page, content, fs->g.page);
    if (res)
        return res;
    struct sf_page_header h = sf_page_header_get(content);
    res = sf_validate_index(&h, id, 0);
    if (res)
        return res;
    if (u->name)
        put_name(fs, content, u->name);
    if (u->meta)
        memcpy(content + SF_OBJECT_NAME + fs->g.name_len, u->meta, fs->g.meta_len);
    if (u->size)
        sf_put32(content + SF_OBJECT_SIZE, u->size);
    res = sf_page_move(fs, content, id, page, &to);
    if (!res)
        sf_index_moved(fs, id, 0, to, sf_get32(content + SF_OBJECT_SIZE));
    return res;
}

int32_t sf_index_find(struct sf *fs, struct sf_fd *fd, uint16_t span, uint16_t *page)
{
    if (span == 0)
        *page = fd->header_page;
    else if (fd->cursor_span == span)
        *page = fd->cursor_page;
    else
        return sf_find_page(fs, fd->id | SF_ID_INDEX, span, 0, page);
    return 0;
}

int32_t sf_index_load(struct sf *fs, struct sf_fd *fd, uint16_t span, uint16_t page)
{
    int32_t res = sf_read(fs, page * fs->g.page, fs->work, fs->g.page);
    if (res)
        return res;
    struct sf_page_header h = sf_page_header_get(fs->work);
    res = sf_validate_index(&h, fd->id, span);
    if (res)
        return res;
    fd->cursor_span = span;
    fd->cursor_page = page;
    return 0;
}
