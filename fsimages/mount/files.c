/* fsimages/mount/files.c -- open files: one handle of the driver for each, opened anew when it was taken away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/mount/core.h"

#define COPY     4096u
#define KEPT_MAX (64u << 20)

struct mt_file *mt_file_find(struct mt *m, const char *stored)
{
    struct mt_file *f = m->files;
    while (f && strcmp(f->stored, stored) != 0)
        f = f->next;
    return *stored ? f : NULL;
}

struct mt_file *mt_file_hidden(struct mt *m, const char *path)
{
    struct mt_file *f = m->files;
    while (f && (!f->hidden || strcmp(f->hidden, path) != 0))
        f = f->next;
    return f;
}

void mt_file_attach(struct mt_file *f)
{
    f->users++;
}

void mt_file_close(struct mt *m, struct mt_file *f)
{
    if (!f || f->fd < 0)
        return;
    if (m->fs)
        (void)m->ops->close(m->fs, f->fd);
    f->fd = -1;
    if (f->fresh)
        m->names.stale = true;
    f->fresh = false;
}

void mt_files_close(struct mt *m)
{
    for (struct mt_file *f = m->files; f; f = f->next)
        mt_file_close(m, f);
}

static void opened(struct mt_file *f, int32_t fd, bool for_writing)
{
    f->fd = fd;
    f->for_writing = for_writing;
    f->position = 0;
}

/* Have the driver's handle, for writing if that is needed. */
static int ready(struct mt *m, struct mt_file *f, bool for_writing)
{
    if (f->fd >= 0 && (f->for_writing || !for_writing))
        return 0;
    mt_file_close(m, f);
    if (!m->fs)
        return -EIO;
    int32_t fd = m->ops->open(m->fs, f->stored, THM_FS_READ | (for_writing ? THM_FS_WRITE : 0));
    if (fd < 0)
        return mt_errno(m, fd);
    opened(f, fd, for_writing);
    return 0;
}

static struct mt_file *add_file(struct mt *m, const char *stored, uint64_t size)
{
    struct mt_file *f = calloc(1, sizeof *f);
    if (!f || !(f->stored = strdup(stored))) {
        free(f);
        return NULL;
    }
    f->fd = -1;
    f->size = size;
    f->next = m->files;
    m->files = f;
    return f;
}

static void drop_file(struct mt *m, struct mt_file *f)
{
    struct mt_file **at = &m->files;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    mt_file_close(m, f);
    free(f->stored);
    free(f->hidden);
    free(f->kept);
    free(f);
}

int mt_file_open(struct mt *m, const char *stored, uint64_t size, bool writable, struct mt_file **out)
{
    struct mt_file *f = mt_file_find(m, stored);
    if (!f)
        f = add_file(m, stored, size);
    if (!f)
        return -ENOMEM;
    f->writable |= writable;
    int err = ready(m, f, f->writable);
    if (err && f->users == 0)
        drop_file(m, f);
    if (err)
        return err;
    f->users++;
    *out = f;
    return 0;
}

int mt_file_create(struct mt *m, const char *stored, struct mt_file **out)
{
    int32_t fd = m->ops->open(m->fs, stored, THM_FS_READ | THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC);
    if (fd < 0)
        return mt_errno(m, fd);
    struct mt_file *f = add_file(m, stored, 0);
    if (!f) {
        (void)m->ops->close(m->fs, fd);
        return -ENOMEM;
    }
    struct thm_fs_stat st;
    opened(f, fd, true);
    f->fresh = m->ops->stat(m->fs, stored, &st) < 0;
    f->writable = f->dirty = true;
    f->users = 1;
    *out = f;
    return 0;
}

int mt_file_sync(struct mt *m, struct mt_file *f, bool closed)
{
    if (!f->dirty)
        return 0;
    int err = f->fd >= 0 ? mt_errno(m, m->ops->sync(m->fs, f->fd)) : 0;
    if (err == -EINVAL && !closed) /* it cannot be synced before it is closed */
        return 0;
    if (err == -EINVAL) {
        mt_file_close(m, f);
        err = 0;
    }
    if (!err)
        f->dirty = false;
    return err ? err : m->source->sync(m->source->ctx);
}

void mt_file_release(struct mt *m, struct mt_file *f)
{
    bool dirty = f->dirty;
    if (--f->users > 0)
        return;
    drop_file(m, f);
    if (dirty) {
        m->names.stale = true; /* raw slots: it may have made another file */
        mt_changed(m);
        (void)m->source->sync(m->source->ctx);
    }
}

void mt_files_free(struct mt *m)
{
    while (m->files)
        drop_file(m, m->files);
}

static int go_to(struct mt *m, struct mt_file *f, uint64_t off)
{
    if (f->position == (int64_t)off)
        return 0;
    f->position = -1;
    int64_t at = off <= INT32_MAX ? m->ops->seek(m->fs, f->fd, (int64_t)off, THM_FS_SET) : -1;
    if (at < 0)
        return off <= INT32_MAX ? mt_errno(m, (int32_t)at) : -EFBIG;
    f->position = at;
    return at == (int64_t)off ? 0 : -EIO;
}

/* ---- files that were removed while they were open ---- */

/* Result: 0 or -errno. */
static int grow_kept(struct mt_file *f, uint64_t size)
{
    if (size > KEPT_MAX)
        return -ENOSPC;
    if (size > f->kept_room) {
        char *more = realloc(f->kept, 2 * (size_t)size);
        if (!more)
            return -ENOMEM;
        f->kept = more;
        f->kept_room = 2 * (size_t)size;
    }
    if (size > f->size)
        memset(f->kept + f->size, 0, (size_t)(size - f->size));
    return 0;
}

int mt_file_keep(struct mt *m, struct mt_file *f)
{
    if (!f)
        return 0;
    if (f->size > KEPT_MAX)
        return -EBUSY;
    f->kept_room = (size_t)f->size + 1;
    f->kept = malloc(f->kept_room);
    if (!f->kept)
        return -ENOMEM;
    int n = mt_file_read(m, f, f->kept, (size_t)f->size, 0);
    if (n < 0)
        n = 0; /* damaged: it must be possible to remove it */
    mt_file_close(m, f);
    memset(f->kept + n, 0, (size_t)f->size - (size_t)n);
    *f->stored = '\0';
    f->dirty = false;
    return 0;
}

static int write_kept(struct mt_file *f, const char *buf, size_t len, uint64_t off)
{
    int err = grow_kept(f, off + len);
    if (err)
        return err;
    memcpy(f->kept + off, buf, len);
    if (off + len > f->size)
        f->size = off + len;
    return (int)len;
}

/* ---- content ---- */

int mt_file_read(struct mt *m, struct mt_file *f, char *buf, size_t len, uint64_t off)
{
    size_t got = 0;
    int32_t n = 1;
    if (off >= f->size)
        return 0;
    len = len < f->size - off ? len : (size_t)(f->size - off);
    if (!*f->stored) {
        memcpy(buf, f->kept + off, len);
        return (int)len;
    }
    if (f->fresh) /* it can only be written */
        mt_file_close(m, f);
    int err = ready(m, f, f->writable);
    if (!err)
        err = go_to(m, f, off);
    if (err)
        return err;
    while (got < len && (n = m->ops->read(m->fs, f->fd, buf + got, (uint32_t)(len - got))) > 0)
        got += (size_t)n;
    f->position = n < 0 ? -1 : f->position + (int64_t)got;
    return n < 0 && got == 0 ? mt_errno(m, n) : (int)got;
}

/* How much of the file there is after a write that failed: the driver knows. */
static void measure(struct mt *m, struct mt_file *f)
{
    int64_t end = m->ops->seek(m->fs, f->fd, 0, THM_FS_END);
    f->position = -1;
    if (end >= 0)
        f->size = (uint64_t)end;
}

static int write_here(struct mt *m, struct mt_file *f, const char *buf, size_t len)
{
    int32_t n = m->ops->write(m->fs, f->fd, buf, (uint32_t)len);
    f->dirty = true;
    mt_changed(m);
    if (n < 0) {
        measure(m, f);
        return mt_errno(m, n);
    }
    f->position += n;
    if (f->position > (int64_t)f->size)
        f->size = (uint64_t)f->position;
    return n == 0 && len ? -ENOSPC : n; /* full, told by a short count */
}

/* Devices have no holes: what lies between the end and a write behind it is written as zeros. */
static int fill_up(struct mt *m, struct mt_file *f, uint64_t size)
{
    static const char zeros[COPY];
    int n = go_to(m, f, f->size);
    while (n >= 0 && f->size < size)
        n = write_here(m, f, zeros, size - f->size < COPY ? (size_t)(size - f->size) : COPY);
    return n < 0 ? n : 0;
}

int mt_file_write(struct mt *m, struct mt_file *f, const char *buf, size_t len, uint64_t off)
{
    if (off > INT32_MAX - len)
        return -EFBIG;
    if (!*f->stored)
        return write_kept(f, buf, len, off);
    int err = ready(m, f, true);
    if (!err && off > f->size)
        err = fill_up(m, f, off);
    if (!err)
        err = go_to(m, f, off);
    return err ? err : write_here(m, f, buf, len);
}

int mt_file_truncate(struct mt *m, struct mt_file *f, uint64_t size)
{
    int err = size > INT32_MAX ? -EFBIG : 0;
    if (!err && !*f->stored) {
        err = grow_kept(f, size);
        f->size = err ? f->size : size;
        return err;
    }
    if (!err && size > f->size) {
        err = ready(m, f, true);
        return err ? err : fill_up(m, f, size);
    }
    if (err || size == f->size)
        return err;
    mt_file_close(m, f);
    err = mt_errno(m, m->ops->truncate(m->fs, f->stored, (uint32_t)size));
    if (!err) {
        f->size = size;
        f->dirty = true;
        mt_changed(m);
    }
    return err;
}
