/* fsimages/spiffs/file.c -- descriptors: open, close, read, write through the write cache, seek; files by name. */
#include "fsimages/spiffs/core.h"
#include <string.h>

static int32_t get_fd(struct sf *fs, int32_t n, struct sf_fd **fd)
{
    if (n <= 0 || (uint32_t)n > fs->fd_count)
        return SPIFFS_ERR_BAD_DESCRIPTOR;
    *fd = &fs->fds[n - 1];
    return (*fd)->open ? 0 : SPIFFS_ERR_FILE_CLOSED;
}

/* Its number, from 1. */
static int32_t new_fd(struct sf *fs, struct sf_fd **fd)
{
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (!fs->fds[i].open) {
            fs->fds[i] = (struct sf_fd){ .open = 1, .cursor_span = SF_NO_SPAN };
            *fd = &fs->fds[i];
            return (int32_t)i + 1;
        }
    return SPIFFS_ERR_OUT_OF_FILE_DESCS;
}

static int32_t check_name(const struct sf *fs, const char *name)
{
    return strnlen(name, fs->g.name_len) < fs->g.name_len ? 0 : SPIFFS_ERR_NAME_TOO_LONG;
}

/* The file's header page; made if it does not exist and may be. *made: it was. */
static int32_t find_or_create(struct sf *fs, const char *name, int flags, uint16_t *page, bool *made)
{
    uint16_t id;
    int32_t res = sf_find_name(fs, name, page);
    *made = false;
    if (res == 0 && (flags & THM_FS_CREATE) && (flags & THM_FS_EXCL))
        return SPIFFS_ERR_FILE_EXISTS;
    if (res != SPIFFS_ERR_NOT_FOUND || !(flags & THM_FS_CREATE))
        return res;
    res = sf_new_id(fs, &id);
    if (!res)
        res = sf_index_create(fs, id, name, page);
    *made = res == 0;
    return res;
}

static int32_t open_into(struct sf *fs, struct sf_fd *fd, const char *name, int flags)
{
    uint16_t page;
    bool made;
    int32_t res = find_or_create(fs, name, flags, &page, &made);
    if (!res)
        res = sf_object_open(fs, page, fd);
    if (!res && (flags & THM_FS_TRUNC) && !made)
        res = sf_object_truncate(fs, fd, 0);
    fd->pos = 0;
    fd->flags = (uint8_t)flags;
    return res;
}

int32_t sf_open(struct thm_fs *f, const char *name, int flags)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    int32_t res = check_name(fs, name), n;
    if (res)
        return res;
    if (flags & THM_FS_APPEND)
        flags |= THM_FS_WRITE;
    n = new_fd(fs, &fd);
    if (n < 0)
        return n;
    res = open_into(fs, fd, name, flags);
    if (res)
        fd->open = 0;
    return res ? res : n;
}

int32_t sf_file_read(struct thm_fs *f, int32_t n, void *buf, uint32_t len)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    if (!(fd->flags & THM_FS_READ))
        return SPIFFS_ERR_NOT_READABLE;
    (void)sf_flush(fs, fd); /* the device, too, says nothing of a write that fails here */
    uint32_t size = fd->size == SF_UNDEFINED ? 0 : fd->size;
    if (fd->pos >= size)
        return 0;
    if (len > size - fd->pos)
        len = size - fd->pos;
    if (len > INT32_MAX)
        len = INT32_MAX;
    res = sf_object_read(fs, fd, fd->pos, buf, len);
    if (res)
        return res;
    fd->pos += len;
    return (int32_t)len;
}

/* Overwrite what lies within the file, append the rest. */
static int32_t write_through(struct sf *fs, struct sf_fd *fd, uint32_t offset, const uint8_t *data, uint32_t len)
{
    uint32_t within = 0;
    if (fd->size != SF_UNDEFINED && offset < fd->size) {
        within = fd->size - offset < len ? fd->size - offset : len;
        int32_t res = sf_object_modify(fs, fd, offset, data, within);
        if (res)
            return res;
    }
    return within < len ? sf_object_append(fs, fd, offset + within, data + within, len - within) : 0;
}

int32_t sf_flush(struct sf *fs, struct sf_fd *fd)
{
    struct sf_write_page w;
    if (!sf_write_page_find(fs, fd, &w))
        return 0;
    int32_t res = w.len ? write_through(fs, fd, w.offset, w.data, w.len) : 0;
    sf_write_page_release(fs, fd);
    return res;
}

/* Can the write join what the write page holds? */
static bool joins(const struct sf *fs, const struct sf_write_page *w, uint32_t offset, uint32_t len)
{
    return offset >= w->offset && offset <= w->offset + w->len && offset + len <= w->offset + fs->g.page;
}

/* 1: collected; 0: it must be written through; or an error from writing the page that was in the way. */
static int32_t collect(struct sf *fs, struct sf_fd *fd, uint32_t offset, const uint8_t *data, uint32_t len)
{
    struct sf_write_page w;
    bool have = sf_write_page_find(fs, fd, &w);
    if (have && (len >= fs->g.page || !joins(fs, &w, offset, len))) {
        int32_t res = sf_flush(fs, fd);
        if (res)
            return res;
        have = false;
    }
    if (len >= fs->g.page || (!have && !sf_write_page_take(fs, fd, offset)))
        return 0;
    sf_write_page_find(fs, fd, &w);
    memcpy(w.data + (offset - w.offset), data, len);
    sf_write_page_grow(fs, fd, offset - w.offset + len);
    return 1;
}

static uint32_t write_offset(struct sf *fs, struct sf_fd *fd)
{
    struct sf_write_page w;
    if (!(fd->flags & THM_FS_APPEND))
        return fd->pos;
    fd->pos = fd->size == SF_UNDEFINED ? 0 : fd->size;
    if (sf_write_page_find(fs, fd, &w) && w.offset + w.len > fd->pos)
        return w.offset + w.len;
    return fd->pos;
}

int32_t sf_file_write(struct thm_fs *f, int32_t n, const void *buf, uint32_t len)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    if (!(fd->flags & THM_FS_WRITE))
        return SPIFFS_ERR_NOT_WRITABLE;
    if (len > INT32_MAX)
        return SPIFFS_ERR_FULL;
    if (len == 0)
        return 0;
    fd->written = 1;
    uint32_t offset = write_offset(fs, fd);
    res = collect(fs, fd, offset, buf, len);
    if (res == 0)
        res = write_through(fs, fd, offset, buf, len);
    if (res < 0)
        return res;
    fd->pos += len;
    return (int32_t)len;
}

/* ESP-IDF: closing a file that was open for writing only stores the time in its metadata. */
static int32_t store_time(struct sf *fs, struct sf_fd *fd)
{
    uint8_t meta[16] = { 0 };
    if (!fs->config.seconds || fs->g.meta_len < 4 || (fd->flags & (THM_FS_READ | THM_FS_WRITE)) != THM_FS_WRITE)
        return 0;
    sf_put32(meta, fs->config.seconds(fs->config.seconds_ctx));
    return sf_header_update(fs, fd->id, fd->header_page, &(struct sf_header_update){ .meta = meta });
}

/* A close that fails leaves the descriptor open. */
int32_t sf_close(struct thm_fs *f, int32_t n)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (!res)
        res = sf_flush(fs, fd);
    if (!res)
        res = store_time(fs, fd);
    if (!res)
        fd->open = 0;
    return res;
}

static int64_t seek_base(const struct sf_fd *fd, uint32_t size, int whence)
{
    return whence == THM_FS_CUR ? fd->pos : whence == THM_FS_END ? size : 0;
}

int32_t sf_sync(struct thm_fs *f, int32_t n)
{
    struct sf_fd *fd;
    int32_t res = get_fd((struct sf *)f, n, &fd);
    return res ? res : sf_flush((struct sf *)f, fd);
}

int64_t sf_seek(struct thm_fs *f, int32_t n, int64_t off, int whence)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    uint16_t page;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    (void)sf_flush(fs, fd); /* as in read */
    uint32_t size = fd->size == SF_UNDEFINED ? 0 : fd->size;
    if (off < -(int64_t)UINT32_MAX || off > UINT32_MAX)
        return SPIFFS_ERR_SEEK_BOUNDS;
    int64_t to = seek_base(fd, size, whence) + off;
    if (to < 0)
        return SPIFFS_ERR_SEEK_BOUNDS;
    if (to > size || to > INT32_MAX) {
        fd->pos = size;
        return SPIFFS_ERR_END_OF_OBJECT;
    }
    uint16_t span = sf_index_span(&fs->g, (to ? (uint32_t)to - 1 : 0) / fs->g.data);
    res = sf_index_find(fs, fd, span, &page);
    if (res)
        return res;
    fd->cursor_span = span;
    fd->cursor_page = page;
    fd->pos = (uint32_t)to;
    return to;
}

/* Open a file by name for something that ends with this call. */
static int32_t borrow(struct sf *fs, const char *name, struct sf_fd **fd)
{
    uint16_t page;
    int32_t res = check_name(fs, name);
    if (!res)
        res = new_fd(fs, fd);
    if (res < 0)
        return res;
    res = sf_find_name(fs, name, &page);
    if (!res)
        res = sf_object_open(fs, page, *fd);
    if (res)
        (*fd)->open = 0;
    return res;
}

int32_t sf_truncate(struct thm_fs *f, const char *name, uint32_t size)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    int32_t res = borrow(fs, name, &fd);
    if (res)
        return res;
    res = sf_flush(fs, fd);
    if (!res)
        res = sf_object_truncate(fs, fd, size);
    fd->open = 0;
    return res;
}

int32_t sf_remove(struct thm_fs *f, const char *name)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    int32_t res = borrow(fs, name, &fd);
    if (res)
        return res;
    res = sf_object_remove(fs, fd);
    fd->open = 0;
    return res;
}

int32_t sf_rename(struct thm_fs *f, const char *from, const char *to)
{
    struct sf *fs = (struct sf *)f;
    struct sf_fd *fd;
    uint16_t page;
    int32_t res = check_name(fs, from);
    if (!res)
        res = check_name(fs, to);
    if (!res)
        res = sf_find_name(fs, from, &page);
    if (res)
        return res;
    res = sf_find_name(fs, to, &page);
    if (res != SPIFFS_ERR_NOT_FOUND)
        return res ? res : SPIFFS_ERR_CONFLICTING_NAME;
    res = borrow(fs, from, &fd);
    if (res)
        return res;
    res = sf_header_update(fs, fd->id, fd->header_page, &(struct sf_header_update){ .name = to });
    fd->open = 0;
    return res;
}
