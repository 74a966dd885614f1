#include "emu/board/chips.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/board/storage_place.h"

static int fail(char *error, size_t size, int status, const char *path, const char *why)
{
    snprintf(error, size, "%s: %s", path, why);
    return status;
}

static int lock_dir(struct thm_chips *c, const char *dir, char *error, size_t error_size)
{
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return fail(error, error_size, 2, dir, strerror(errno));
    c->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->lock < 0)
        return fail(error, error_size, 2, dir, strerror(errno));
    if (flock(c->lock, LOCK_EX | LOCK_NB) < 0)
        return fail(error, error_size, 20, dir, "another run uses this state folder, or it is mounted for writing");
    return 0;
}

/* A card reads as 0 where nothing was written, as a hole in a file does. */
static enum thm_fs_err create(const char *path, const struct thm_part *part, uint64_t size)
{
    struct thm_imagefile f;
    enum thm_fs_err err =
        thm_part_erased(part) == 0 ? thm_imagefile_create_sparse(&f, path, size) : thm_imagefile_create(&f, path, size);
    return err ? err : thm_imagefile_close(&f);
}

static int open_kept(struct thm_chips *c, unsigned i, const struct thm_profile *p, const char *dir, char *error,
                     size_t error_size)
{
    char path[PATH_MAX];
    const struct thm_part *part = thm_part_find(thm_medium_part(p, i));
    const uint64_t size = thm_medium_bytes(p, i);
    int n = snprintf(path, sizeof path, "%s/%s.bin", dir, thm_medium_name(p, i));
    if (n < 0 || (size_t)n >= sizeof path)
        return fail(error, error_size, 2, dir, "the path is too long");
    enum thm_fs_err err = access(path, F_OK) == 0 ? THM_FS_OK : create(path, part, size);
    if (!err)
        err = thm_imagefile_open(&c->file[i], path, THM_IMAGE_WRITE | (part->endurance ? THM_IMAGE_WEAR : 0),
                                 part->sector_size);
    if (err)
        return fail(error, error_size, thm_fs_exit_status(err), path,
                    err == THM_FS_EHOST ? strerror(errno) : thm_fs_strerror(err));
    c->cells[i].bytes = c->file[i].bytes;
    c->cells[i].wear = c->file[i].wear;
    return c->file[i].size == size ? 0 : fail(error, error_size, 2, path, "not the size of the board's chip");
}

static int open_fresh(struct thm_chips *c, unsigned i, const struct thm_profile *p, char *error, size_t error_size)
{
    const struct thm_part *part = thm_part_find(thm_medium_part(p, i));
    return thm_cells_create(&c->cells[i], part, thm_medium_bytes(p, i))
               ? fail(error, error_size, 20, thm_medium_name(p, i), "out of memory")
               : 0;
}

int thm_chips_open(struct thm_chips *c, const struct thm_profile *p, uint32_t which, const char *dir, char *error,
                   size_t error_size)
{
    *c = (struct thm_chips){ .lock = -1 };
    int status = dir ? lock_dir(c, dir, error, error_size) : 0;
    for (unsigned i = 0; !status && i < thm_media_count(p); i++)
        if (which & 1u << i)
            status = dir ? open_kept(c, i, p, dir, error, error_size) : open_fresh(c, i, p, error, error_size);
    if (status)
        thm_chips_close(c);
    return status;
}

int thm_chips_add(struct thm_chips *c, const struct thm_profile *p, uint32_t which)
{
    for (unsigned i = 0; i < thm_media_count(p); i++)
        if (which & 1u << i && !c->cells[i].bytes &&
            thm_cells_create_shared(&c->cells[i], thm_part_find(thm_medium_part(p, i)), thm_medium_bytes(p, i)))
            return -1;
    return 0;
}

int thm_chips_copy(struct thm_chips *to, const struct thm_chips *from, const struct thm_profile *p)
{
    *to = (struct thm_chips){ .lock = -1 };
    for (unsigned i = 0; i < thm_media_count(p); i++) {
        if (!from->cells[i].bytes)
            continue;
        if (thm_chips_add(to, p, 1u << i) < 0) {
            thm_chips_close(to);
            return -1;
        }
        thm_cells_copy(&to->cells[i], &from->cells[i], thm_part_find(thm_medium_part(p, i)), thm_medium_bytes(p, i));
    }
    return 0;
}

void thm_chips_close(struct thm_chips *c)
{
    for (unsigned i = 0; i < THM_MEDIA_MAX; i++) {
        (void)thm_imagefile_close(&c->file[i]);
        thm_cells_destroy(&c->cells[i]);
    }
    if (c->lock >= 0)
        close(c->lock);
    *c = (struct thm_chips){ .lock = -1 };
}
