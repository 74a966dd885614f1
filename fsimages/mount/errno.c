/* fsimages/mount/errno.c -- what a device's error is to a program on the PC. */
#include <errno.h>
#include "fsimages/mount/core.h"

static const int numbers[] = {
    [THM_FS_OK] = 0,          [THM_FS_EINVAL] = EINVAL, [THM_FS_EFORMAT] = EIO,
    [THM_FS_ENOENT] = ENOENT, [THM_FS_EEXIST] = EEXIST, [THM_FS_EDIFFERS] = EIO,
    [THM_FS_ENOSPC] = ENOSPC, [THM_FS_ECORRUPT] = EIO,  [THM_FS_ERANGE] = EIO,
    [THM_FS_EPROGRAM] = EIO,  [THM_FS_EIO] = EIO,       [THM_FS_ENOMEM] = ENOMEM,
    [THM_FS_EPOWER] = EIO,    [THM_FS_EHOST] = ENOMEM,  [THM_FS_ENAME] = ENAMETOOLONG,
};

int mt_errno(const struct mt *m, int32_t code)
{
    enum thm_fs_err kind = code < 0 ? thm_fs_code_kind(m->ops->codes, code) : THM_FS_OK;
    return (size_t)kind < sizeof numbers / sizeof numbers[0] ? -numbers[kind] : -EIO;
}
