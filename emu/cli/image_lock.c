#include "emu/cli/image_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_open.h"

/* The folder that a board's flash is kept in: malloc'ed; NULL: this image lies in none. */
static char *state_folder(const char *path)
{
    char *copy = strdup(path), *flash = NULL, *folder = NULL;
    if (copy && asprintf(&flash, "%s/flash.bin", dirname(copy)) >= 0 && access(flash, F_OK) == 0)
        folder = strndup(flash, strlen(flash) - strlen("/flash.bin"));
    free(copy);
    free(flash);
    return folder;
}

/* Another command may have put a new file in its place before we had the lock. */
static bool still_named(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* A descriptor that holds the lock; -1: somebody else has it (errno EWOULDBLOCK) or it cannot be opened. */
static int hold(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && still_named(fd, path))
        return fd;
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}

static int refuse(const char *path, const char *who)
{
    if (errno != EWOULDBLOCK)
        return thm_fail(errno == ENOENT || errno == EACCES ? THM_EXIT_USAGE : THM_EXIT_HOST, "%s: %s", path,
                        strerror(errno));
    return thm_fail(THM_EXIT_HOST, "%s: %s; it cannot be changed until that has ended", path, who);
}

int image_lock(struct image *im)
{
    int status = 0;
    char *folder = state_folder(im->path);
    im->lock = hold(im->path);
    if (im->lock < 0)
        status = refuse(im->path, "is mounted for writing, or another command changes it");
    if (!status && folder && (im->folder_lock = hold(folder)) < 0)
        status = refuse(im->path, "a board runs on it, or a medium beside it is mounted for writing");
    free(folder);
    return status;
}

void image_unlock(struct image *im)
{
    if (im->folder_lock >= 0)
        close(im->folder_lock);
    if (im->lock >= 0)
        close(im->lock);
}
