#include "emu/fleet/lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Far behind what SQLite locks (a few bytes from 1 GB on), and behind what a database can have. */
#define LOCK_BYTE INT64_C(0x7FFFFFFFFFFF0000)

/* Of the open file, not of the process (fcntl(2), F_OFD_SETLK): closing another descriptor does not end it. */
int thm_fleet_lock(const char *path)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1 };
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}
