#include "fsimages/imagefile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES (UINT64_C(64) << 30)

static enum thm_fs_err host_error(void)
{
    return errno == ENOENT || errno == ENOTDIR ? THM_FS_ENOENT : errno == EEXIST ? THM_FS_EEXIST : THM_FS_EHOST;
}

/* fd -1: zeros. */
static enum thm_fs_err map(int fd, size_t size, bool shared, void **to)
{
    const int kind = shared ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    *to = p == MAP_FAILED ? NULL : p;
    return *to ? THM_FS_OK : THM_FS_EHOST;
}

static enum thm_fs_err open_wear(struct thm_imagefile *f, const char *path, uint32_t sector_size)
{
    char *name = NULL;
    void *p = NULL;
    size_t count = f->size / sector_size;
    if (asprintf(&name, "%s.wear", path) < 0)
        return THM_FS_EHOST;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    free(name);
    if (fd < 0)
        return host_error();
    enum thm_fs_err e =
        ftruncate(fd, (off_t)(count * sizeof *f->wear)) < 0 ? THM_FS_EHOST : map(fd, count * sizeof *f->wear, true, &p);
    close(fd);
    f->wear = p;
    f->wear_count = count;
    return e;
}

static enum thm_fs_err map_file(struct thm_imagefile *f, int fd, bool shared)
{
    struct stat st;
    void *p = NULL;
    if (fstat(fd, &st) < 0)
        return THM_FS_EHOST;
    if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > (off_t)SIZE_MAX_BYTES)
        return THM_FS_EFORMAT;
    enum thm_fs_err e = map(fd, (size_t)st.st_size, shared, &p);
    f->bytes = p;
    f->size = (size_t)st.st_size;
    f->shared = shared;
    return e;
}

enum thm_fs_err thm_imagefile_open(struct thm_imagefile *f, const char *path, int flags, uint32_t sector_size)
{
    *f = (struct thm_imagefile){ .fd = -1 };
    if ((flags & THM_IMAGE_WEAR) && sector_size == 0)
        return THM_FS_EINVAL;
    int fd = open(path, (flags & THM_IMAGE_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return host_error();
    enum thm_fs_err e = map_file(f, fd, flags & THM_IMAGE_WRITE);
    f->fd = e || f->shared ? -1 : fd;
    if (f->fd < 0)
        close(fd);
    if (!e && (flags & THM_IMAGE_WEAR))
        e = open_wear(f, path, sector_size);
    if (e)
        thm_imagefile_close(f);
    return e;
}

/* A new file that is zeros. allocate: a full disk must not be found out by a signal later. */
static enum thm_fs_err create(struct thm_imagefile *f, const char *path, size_t size, bool allocate)
{
    *f = (struct thm_imagefile){ .fd = -1 };
    if (size == 0 || size > SIZE_MAX_BYTES)
        return THM_FS_EINVAL;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return host_error();
    int err = allocate ? posix_fallocate(fd, 0, (off_t)size) : ftruncate(fd, (off_t)size) < 0 ? errno : 0;
    enum thm_fs_err e = err ? THM_FS_EHOST : map_file(f, fd, true);
    close(fd);
    if (e) {
        unlink(path);
        errno = err ? err : errno;
    }
    return e;
}

enum thm_fs_err thm_imagefile_create(struct thm_imagefile *f, const char *path, size_t size)
{
    enum thm_fs_err e = create(f, path, size, true);
    if (!e)
        memset(f->bytes, 0xFF, size);
    return e;
}

enum thm_fs_err thm_imagefile_create_sparse(struct thm_imagefile *f, const char *path, size_t size)
{
    return create(f, path, size, false);
}

enum thm_fs_err thm_imagefile_new(struct thm_imagefile *f, size_t size)
{
    void *p = NULL;
    *f = (struct thm_imagefile){ .fd = -1 };
    if (size == 0 || size > SIZE_MAX_BYTES)
        return THM_FS_EINVAL;
    enum thm_fs_err e = map(-1, size, false, &p);
    if (!e)
        (void)madvise(p, size, MADV_NOHUGEPAGE); /* a few pages must not take 2 MB */
    f->bytes = p;
    f->size = size;
    return e;
}

static enum thm_fs_err unmap(void *p, size_t len)
{
    int err = msync(p, len, MS_SYNC);
    return munmap(p, len) < 0 || err < 0 ? THM_FS_EHOST : THM_FS_OK;
}

enum thm_fs_err thm_imagefile_close(struct thm_imagefile *f)
{
    enum thm_fs_err e = THM_FS_OK, w = THM_FS_OK;
    if (f->wear)
        w = unmap(f->wear, f->wear_count * sizeof *f->wear);
    if (f->bytes && f->shared)
        e = unmap(f->bytes, f->size);
    else if (f->bytes)
        e = munmap(f->bytes, f->size) < 0 ? THM_FS_EHOST : THM_FS_OK;
    if (f->bytes && f->fd >= 0)
        close(f->fd);
    *f = (struct thm_imagefile){ .fd = -1 };
    return e ? e : w;
}
