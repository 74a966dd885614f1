/* fsimages/mount/none.c -- the mount of a build without libfuse3. */
#include "fsimages/mount/mount.h"

int thm_mount_serve(const struct thm_mount_source *s, const char *folder, bool foreground, char *error,
                    size_t error_size)
{
    (void)s, (void)folder, (void)foreground;
    snprintf(error, error_size,
             "this build has no FUSE; install libfuse3-dev, configure with -Dfuse=enabled and build again");
    return 20;
}
