/* fsimages/eefs/file.c -- open files: what the library's EEFS_LibOpen, Creat, Close, Read, Write and LSeek do. */
#include "fsimages/eefs/core.h"
#include <string.h>

/* ---- descriptors ---- */

static int32_t get_fd(struct ef *fs, int32_t n, struct ef_fd **fd)
{
    if (n < 0 || (uint32_t)n >= fs->fd_count || !fs->fds[n].in_use)
        return EEFS_INVALID_ARGUMENT;
    *fd = &fs->fds[n];
    return 0;
}

static int32_t free_fd(const struct ef *fs)
{
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (!fs->fds[i].in_use)
            return (int32_t)i;
    return EEFS_NO_FREE_FILE_DESCRIPTOR;
}

uint32_t ef_slot_mode(const struct ef *fs, uint32_t slot)
{
    uint32_t mode = 0;
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (fs->fds[i].in_use && fs->fds[i].slot == slot)
            mode |= fs->fds[i].mode;
    return mode;
}

static bool creating(const struct ef *fs)
{
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (fs->fds[i].in_use && fs->fds[i].mode & EF_CREATE)
            return true;
    return false;
}

static int32_t take_fd(struct ef *fs, uint32_t slot, uint32_t mode, uint32_t size)
{
    int32_t n = free_fd(fs);
    const struct ef_entry *e = &fs->t->file[slot];
    if (n >= 0)
        fs->fds[n] = (struct ef_fd){ .in_use = 1,
                                     .mode = mode,
                                     .header = e->header,
                                     .data = e->header + EF_HEADER,
                                     .size = size,
                                     .max = e->max,
                                     .slot = slot };
    return n;
}

/* ---- open ---- */

static int32_t open_file(struct ef *fs, uint32_t slot, const struct ef_header *h, int flags)
{
    if (flags & ~(THM_FS_READ | THM_FS_WRITE | THM_FS_TRUNC | THM_FS_CREATE))
        return EEFS_INVALID_ARGUMENT;
    bool write = flags & THM_FS_WRITE;
    if (write && !ef_writable(fs))
        return EEFS_READ_ONLY_FILE_SYSTEM;
    if (write && (h->attributes & THM_EEFS_READONLY || ef_slot_mode(fs, slot) & EF_WRITE))
        return EEFS_PERMISSION_DENIED;
    uint32_t mode = !write ? EF_READ : flags & THM_FS_READ ? EF_READ | EF_WRITE : EF_WRITE;
    return take_fd(fs, slot, mode, write && flags & THM_FS_TRUNC ? 0 : h->size);
}

static int32_t may_create(const struct ef *fs, uint32_t attributes)
{
    if (!ef_writable(fs))
        return EEFS_READ_ONLY_FILE_SYSTEM;
    if (fs->t->files >= EF_SLOTS)
        return EEFS_NO_SPACE_LEFT_ON_DEVICE;
    if (creating(fs))
        return EEFS_PERMISSION_DENIED;
    if (fs->t->free_size <= EF_HEADER)
        return EEFS_NO_SPACE_LEFT_ON_DEVICE;
    if (attributes != THM_EEFS_NONE && attributes != THM_EEFS_READONLY)
        return EEFS_INVALID_ARGUMENT;
    return free_fd(fs) < 0 ? EEFS_NO_FREE_FILE_DESCRIPTOR : 0;
}

/* The slot takes all free memory; how much it keeps is decided at close. */
static int32_t create_file(struct ef *fs, const char *name, uint32_t attributes)
{
    int32_t res = may_create(fs, attributes);
    if (res)
        return res;
    uint32_t slot = fs->t->files++, now = ef_now(fs);
    fs->t->file[slot] = (struct ef_entry){ fs->t->free_offset, fs->t->free_size - EF_HEADER };
    struct ef_header h = { .in_use = 1, .attributes = attributes, .modified = now, .created = now };
    memcpy(h.name, name, strlen(name));
    res = ef_header_write(fs, fs->t->free_offset, &h);
    if (!res)
        return take_fd(fs, slot, EF_CREATE | EF_WRITE, 0);
    fs->t->files--;
    return res;
}

static int32_t open_or_create(struct ef *fs, const char *name, int flags, uint32_t attributes)
{
    struct ef_header h;
    if (!ef_name_valid(name))
        return EEFS_INVALID_ARGUMENT;
    int32_t slot = ef_find(fs, name, &h);
    if (slot >= 0)
        return open_file(fs, (uint32_t)slot, &h, flags);
    return slot == EEFS_FILE_NOT_FOUND && flags & THM_FS_CREATE ? create_file(fs, name, attributes) : slot;
}

int32_t ef_open(struct thm_fs *f, const char *name, int flags)
{
    return open_or_create((struct ef *)f, name, flags, THM_EEFS_NONE);
}

int32_t thm_eefs_creat(struct thm_fs *f, const char *name, uint32_t attributes)
{
    return open_or_create((struct ef *)f, name, THM_FS_WRITE | THM_FS_TRUNC | THM_FS_CREATE, attributes);
}

/* ---- close ---- */

/* The slot gets what was written and some spare bytes; the rest is free again. */
static void settle_slot(struct ef_inodes *t, const struct ef_fd *fd)
{
    uint32_t max = (uint32_t)ef_round_up((uint64_t)fd->size + THM_EEFS_SPARE), most = t->free_size - EF_HEADER;
    if (max > most)
        max = most;
    t->free_offset += EF_HEADER + max;
    t->free_size -= EF_HEADER + max;
    t->file[fd->slot].max = max;
}

static int32_t update_header(struct ef *fs, const struct ef_fd *fd, bool touch)
{
    struct ef_header h;
    int32_t res = ef_header_read(fs, fd->header, &h);
    if (res)
        return res;
    h.size = fd->size;
    h.crc = 0;
    if (touch)
        h.modified = ef_now(fs);
    return ef_header_write(fs, fd->header, &h);
}

/* The file exists when the last of these three writes is done. */
static int32_t close_new(struct ef *fs, const struct ef_fd *fd)
{
    struct ef_table_header h;
    settle_slot(fs->t, fd);
    int32_t res = update_header(fs, fd, false);
    if (!res)
        res = ef_entry_write(fs, fd->slot, &fs->t->file[fd->slot]);
    if (!res)
        res = ef_table_header_read(fs, &h);
    if (res)
        return res;
    h.free_offset = fs->t->free_offset;
    h.free_size = fs->t->free_size;
    h.files = fs->t->files;
    return ef_table_header_write(fs, &h);
}

int32_t ef_close(struct thm_fs *f, int32_t n)
{
    struct ef *fs = (struct ef *)f;
    struct ef_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    if (fd->mode & EF_CREATE)
        res = close_new(fs, fd);
    else if (fd->mode & EF_WRITE)
        res = update_header(fs, fd, true);
    *fd = (struct ef_fd){ 0 };
    return res;
}

int32_t ef_sync(struct thm_fs *f, int32_t n)
{
    struct ef *fs = (struct ef *)f;
    struct ef_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    if (fd->mode & EF_CREATE)
        return EEFS_UNSUPPORTED_OPTION;
    return fd->mode & EF_WRITE ? update_header(fs, fd, true) : 0;
}

/* ---- read, write, seek ---- */

static void advance(struct ef_fd *fd, uint32_t len)
{
    fd->data += len;
    fd->pos += len;
    if (fd->pos > fd->size)
        fd->size = fd->pos;
}

static uint32_t at_most(uint32_t room, uint32_t len)
{
    uint32_t n = len < room ? len : room;
    return n < INT32_MAX ? n : INT32_MAX;
}

int32_t ef_file_read(struct thm_fs *f, int32_t n, void *buf, uint32_t len)
{
    struct ef *fs = (struct ef *)f;
    struct ef_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    if (!(fd->mode & EF_READ))
        return EEFS_PERMISSION_DENIED;
    len = at_most(fd->size - fd->pos, len);
    res = ef_read(fs, fd->data, buf, len);
    if (res)
        return res;
    advance(fd, len);
    return (int32_t)len;
}

/* A header may claim more bytes than the slot has; behind the slot nothing is written then. */
int32_t ef_file_write(struct thm_fs *f, int32_t n, const void *buf, uint32_t len)
{
    struct ef *fs = (struct ef *)f;
    struct ef_fd *fd;
    int32_t res = get_fd(fs, n, &fd);
    if (res)
        return res;
    if (!(fd->mode & EF_WRITE))
        return EEFS_PERMISSION_DENIED;
    len = at_most(fd->pos < fd->max ? fd->max - fd->pos : 0, len);
    res = ef_write(fs, fd->data, buf, len);
    if (res)
        return res;
    advance(fd, len);
    return (int32_t)len;
}

static int64_t seek_base(const struct ef_fd *fd, int whence)
{
    return whence == THM_FS_CUR ? fd->pos : whence == THM_FS_END ? fd->size : 0;
}

int64_t ef_seek(struct thm_fs *f, int32_t n, int64_t off, int whence)
{
    struct ef_fd *fd;
    int32_t res = get_fd((struct ef *)f, n, &fd);
    if (res)
        return res;
    if (off < INT32_MIN || (whence != THM_FS_SET && whence != THM_FS_CUR && whence != THM_FS_END))
        return EEFS_INVALID_ARGUMENT;
    int64_t to = off > UINT32_MAX ? fd->size : seek_base(fd, whence) + off;
    if (to < 0)
        return EEFS_INVALID_ARGUMENT;
    fd->pos = to > fd->size ? fd->size : (uint32_t)to;
    fd->data = fd->header + EF_HEADER + fd->pos;
    return fd->pos;
}

int32_t ef_truncate(struct thm_fs *f, const char *name, uint32_t size)
{
    struct ef *fs = (struct ef *)f;
    int32_t n = ef_open(f, name, THM_FS_WRITE);
    if (n < 0)
        return n;
    if (size <= fs->fds[n].size) {
        fs->fds[n].size = size;
        return ef_close(f, n);
    }
    fs->fds[n] = (struct ef_fd){ 0 };
    return EEFS_UNSUPPORTED_OPTION;
}
