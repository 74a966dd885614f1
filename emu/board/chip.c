#include "emu/board/chip.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(char *error, size_t size, int status, const char *path, const char *why)
{
    snprintf(error, size, "%s: %s", path, why);
    return status;
}

static int lock_dir(struct thm_chip *c, const char *dir, char *error, size_t error_size)
{
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return fail(error, error_size, 2, dir, strerror(errno));
    c->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->lock < 0)
        return fail(error, error_size, 2, dir, strerror(errno));
    if (flock(c->lock, LOCK_EX | LOCK_NB) < 0)
        return fail(error, error_size, 20, dir, "another run uses this state folder");
    return 0;
}

static int open_kept(struct thm_chip *c, const char *dir, uint32_t sector_size, char *error, size_t error_size)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/flash.bin", dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return fail(error, error_size, 2, dir, "the path is too long");
    int status = lock_dir(c, dir, error, error_size);
    if (status)
        return status;
    enum thm_fs_err err = access(path, F_OK) == 0 ? THM_FS_OK : thm_imagefile_create(&c->file, path, c->size);
    if (!err && c->file.bytes)
        err = thm_imagefile_close(&c->file);
    if (!err)
        err = thm_imagefile_open(&c->file, path, THM_IMAGE_WRITE | THM_IMAGE_WEAR, sector_size);
    if (err)
        return fail(error, error_size, thm_fs_exit_status(err), path,
                    err == THM_FS_EHOST ? strerror(errno) : thm_fs_strerror(err));
    c->cells.bytes = c->file.bytes;
    c->cells.wear = c->file.wear;
    return c->file.size == c->size ? 0 : fail(error, error_size, 2, path, "not the size of the board's flash chip");
}

static int open_fresh(struct thm_chip *c, const struct thm_part *part, char *error, size_t error_size)
{
    return thm_cells_create(&c->cells, part, c->size) ? fail(error, error_size, 20, "flash chip", "out of memory") : 0;
}

int thm_chip_open(struct thm_chip *c, const struct thm_profile *p, const char *dir, char *error, size_t error_size)
{
    const struct thm_part *part = thm_part_find(p->flash.part);
    *c = (struct thm_chip){ .lock = -1, .size = p->flash.size };
    int status = dir ? open_kept(c, dir, part->sector_size, error, error_size) : open_fresh(c, part, error, error_size);
    if (status)
        thm_chip_close(c);
    return status;
}

void thm_chip_close(struct thm_chip *c)
{
    if (c->lock >= 0) {
        (void)thm_imagefile_close(&c->file);
        close(c->lock);
    } else
        thm_cells_destroy(&c->cells);
    *c = (struct thm_chip){ .lock = -1 };
}
