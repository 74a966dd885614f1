/* fsimages/mount/ops_file.c -- what FUSE asks for: the content of files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/mount/ops.h"

struct mt_handle *mt_handle(const struct fuse_file_info *fi)
{
    return (struct mt_handle *)(uintptr_t)fi->fh; /* NOLINT(performance-no-int-to-ptr) */
}

int mt_handle_new(struct fuse_file_info *fi, const char *path)
{
    struct mt *m = mt_self();
    size_t len = strlen(path);
    struct mt_handle *h = calloc(1, sizeof *h + len + 1);
    fi->fh = (uintptr_t)h;
    if (!h)
        return -ENOMEM;
    memcpy(h->path, path, len);
    h->next = m->handles;
    m->handles = h;
    return 0;
}

void mt_handle_free(struct fuse_file_info *fi)
{
    struct mt_handle *h = mt_handle(fi), **at = &mt_self()->handles;
    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    free(h);
    fi->fh = 0;
}

/* Those whose end FUSE did not tell, because a signal ended the session. */
void mt_handles_free(struct mt *m)
{
    while (m->handles) {
        struct mt_handle *next = m->handles->next;
        free(m->handles);
        m->handles = next;
    }
}

static int open_text(struct mt *m, const char *path, int flags)
{
    const struct mt_text *text;
    return (flags & O_ACCMODE) == O_RDONLY ? mt_text_find(m, path, &text) : -EACCES;
}

static int open_file(struct mt *m, const char *path, int flags, struct mt_file **out)
{
    struct mt_place at;
    struct mt_file *hidden = mt_file_hidden(m, path);
    if (hidden) {
        mt_file_attach(*out = hidden);
        return 0;
    }
    int err = mt_find(m, path, &at);
    if (!err && at.st.directory)
        err = -EISDIR;
    if (!err && flags & O_TRUNC && !mt_file_find(m, at.stored)) /* raw slots are written as a whole only */
        return mt_file_create(m, at.stored, out);
    if (!err)
        err = mt_file_open(m, at.stored, at.st.size, (flags & O_ACCMODE) != O_RDONLY, out);
    if (err || !(flags & O_TRUNC))
        return err;
    err = mt_file_truncate(m, *out, 0);
    if (err)
        mt_file_release(m, *out);
    return err;
}

static int create_file(struct mt *m, const char *path, struct mt_file **out)
{
    char stored[MT_PATH_MAX];
    int err = mt_is_text(path) ? -EPERM : mt_new_name(m, path, stored);
    if (!err)
        err = mt_file_create(m, stored, out);
    mt_changed(m);
    m->names.stale = true;
    return err;
}

int mt_op_open(const char *path, struct fuse_file_info *fi)
{
    struct mt *m = mt_self();
    int err = mt_handle_new(fi, path), unreadable = mt_refresh(m);
    if (!err && mt_is_text(path))
        err = open_text(m, path, fi->flags);
    else if (!err)
        err = unreadable ? unreadable : open_file(m, path, fi->flags, &mt_handle(fi)->file);
    if (err)
        mt_handle_free(fi);
    return err;
}

int mt_op_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    (void)mode;
    int err = mt_handle_new(fi, path);
    if (!err)
        err = create_file(mt_self(), path, &mt_handle(fi)->file);
    if (err)
        mt_handle_free(fi);
    return err;
}

static int read_text(struct mt *m, const char *path, char *buf, size_t len, size_t off)
{
    const struct mt_text *text;
    int err = mt_text_find(m, path, &text);
    if (err || !text || off >= text->len)
        return err;
    len = len < text->len - off ? len : text->len - off;
    memcpy(buf, text->bytes + off, len);
    return (int)len;
}

int mt_op_read(const char *path, char *buf, size_t len, off_t off, struct fuse_file_info *fi)
{
    struct mt *m = mt_self();
    const struct mt_handle *h = mt_handle(fi);
    (void)path;
    return h->file ? mt_file_read(m, h->file, buf, len, (uint64_t)off) : read_text(m, h->path, buf, len, (size_t)off);
}

int mt_op_write(const char *path, const char *buf, size_t len, off_t off, struct fuse_file_info *fi)
{
    struct mt_file *f = mt_handle(fi)->file;
    (void)path;
    return f ? mt_file_write(mt_self(), f, buf, len, (uint64_t)off) : -EBADF;
}

static int truncate_named(struct mt *m, const char *path, uint64_t size)
{
    struct mt_file *f;
    int err = mt_is_text(path) ? -EPERM : open_file(m, path, O_RDWR, &f);
    if (err)
        return err;
    err = mt_file_truncate(m, f, size);
    int synced = mt_file_sync(m, f, true);
    mt_file_release(m, f);
    return err ? err : synced;
}

int mt_op_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
    struct mt *m = mt_self();
    if (!fi)
        return truncate_named(m, path, (uint64_t)size);
    return mt_handle(fi)->file ? mt_file_truncate(m, mt_handle(fi)->file, (uint64_t)size) : -EBADF;
}

int mt_op_flush(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    return mt_handle(fi)->file ? mt_file_sync(mt_self(), mt_handle(fi)->file, false) : 0;
}

int mt_op_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
    (void)path, (void)data_only;
    return mt_handle(fi)->file ? mt_file_sync(mt_self(), mt_handle(fi)->file, true) : 0;
}

int mt_op_release(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    if (mt_handle(fi)->file)
        mt_file_release(mt_self(), mt_handle(fi)->file);
    mt_handle_free(fi);
    return 0;
}
