/* fsimages/imagefile_commit.c -- a changed image replaces its file: the old file's data are copied (by reference where
 * the PC's file system can), then what was changed is written over them. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fsimages/changed_pages.h"
#include "fsimages/imagefile.h"
#include "fsimages/media/bytes.h"

#define ZERO_STEP 4096u /* zeros are looked for in pieces of it */

static bool write_all(int fd, const uint8_t *from, size_t len, size_t off)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, from + done, len - done, (off_t)(off + done));
        if (n < 0 && errno != EINTR)
            return false;
        done += n < 0 ? 0 : (size_t)n;
    }
    return true;
}

/* ---- the old file's data ---- */

static bool copy_extent(const struct thm_imagefile *f, int to, size_t off, size_t end)
{
    while (off < end) {
        off_t in = (off_t)off, out = in;
        const ssize_t n = copy_file_range(f->fd, &in, to, &out, end - off, 0);
        if (n <= 0) /* not here, or not between these: the mapping has the same */
            return write_all(to, f->bytes + off, end - off, off);
        off += (size_t)n;
    }
    return true;
}

static bool copy_old(const struct thm_imagefile *f, int to)
{
    const off_t end = (off_t)f->size;
    for (off_t off = 0; off < end;) {
        const off_t data = lseek(f->fd, off, SEEK_DATA);
        if (data < 0 || data >= end)
            return data >= end || errno == ENXIO; /* a hole up to the end */
        off = lseek(f->fd, data, SEEK_HOLE);
        if (off < 0 || !copy_extent(f, to, (size_t)data, (size_t)(off < end ? off : end)))
            return false;
    }
    return true;
}

/* ---- what was changed ---- */

static uint32_t step(size_t off, size_t end)
{
    return end - off < ZERO_STEP ? (uint32_t)(end - off) : ZERO_STEP;
}

static bool put(int fd, const uint8_t *bytes, size_t off, size_t end, bool zero)
{
    if (zero && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off, (off_t)(end - off)) == 0)
        return true;
    return write_all(fd, bytes + off, end - off, off);
}

/* Zeros and others in turn. */
static bool put_run(int fd, const uint8_t *bytes, size_t off, size_t end)
{
    bool good = true;
    for (size_t to = off; off < end && good; off = to) {
        const bool zero = all_are(bytes + to, step(to, end), 0);
        do
            to += step(to, end);
        while (to < end && all_are(bytes + to, step(to, end), 0) == zero);
        good = put(fd, bytes, off, to, zero);
    }
    return good;
}

static bool fill(const struct thm_imagefile *f, int to)
{
    struct changed_pages c;
    size_t off, end;
    const bool told = changed_pages_begin(&c, f->bytes, f->size);
    bool good = ftruncate(to, (off_t)f->size) == 0 && (!told || f->fd < 0 || copy_old(f, to));
    while (good && changed_pages_next(&c, &off, &end))
        good = put_run(to, f->bytes, off, end);
    changed_pages_end(&c);
    return good;
}

/* ---- the replacement ---- */

/* Permissions of the file that is replaced; else those of any new file. */
static bool set_mode(int fd, const char *path)
{
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, stat(path, &st) == 0 ? st.st_mode & 07777 : 0666 & ~mask) == 0;
}

/* A rename lasts when the folder is on the disk. Not every file system can do that: no error. */
static void sync_folder(char *path)
{
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static bool replace(const struct thm_imagefile *f, const char *path, char *temp)
{
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = fill(f, fd) && set_mode(fd, path) && fsync(fd) == 0;
    int err = errno;
    if (close(fd) < 0 && good) {
        err = errno;
        good = false;
    }
    if (good && rename(temp, path) == 0) {
        sync_folder(temp);
        return true;
    }
    err = good ? errno : err;
    unlink(temp);
    errno = err;
    return false;
}

enum thm_fs_err thm_imagefile_commit(const struct thm_imagefile *f, const char *path)
{
    char *temp = NULL;
    if (!f->bytes || f->shared)
        return THM_FS_EINVAL;
    char *real = realpath(path, NULL); /* NULL: there is none yet */
    const char *target = real ? real : path;
    bool good = asprintf(&temp, "%s.XXXXXX", target) >= 0 && replace(f, target, temp);
    int err = errno;
    free(temp);
    free(real);
    errno = err;
    return good ? THM_FS_OK : err == ENOENT || err == ENOTDIR ? THM_FS_ENOENT : THM_FS_EHOST;
}
