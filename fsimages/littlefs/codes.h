/* fsimages/littlefs/codes.h -- littlefs's error numbers (littlefs-project/littlefs, lfs.h) and what kind each is. */
#pragma once
#include <stdint.h>
#include "fsimages/codes.h"

#define LFS_CODES(X)                 \
    X(IO, -5, THM_FS_EIO)            \
    X(CORRUPT, -84, THM_FS_ECORRUPT) \
    X(NOENT, -2, THM_FS_ENOENT)      \
    X(EXIST, -17, THM_FS_EEXIST)     \
    X(NOTDIR, -20, THM_FS_EINVAL)    \
    X(ISDIR, -21, THM_FS_EINVAL)     \
    X(NOTEMPTY, -39, THM_FS_EINVAL)  \
    X(BADF, -9, THM_FS_EINVAL)       \
    X(FBIG, -27, THM_FS_ENOSPC)      \
    X(INVAL, -22, THM_FS_EINVAL)     \
    X(NOSPC, -28, THM_FS_ENOSPC)     \
    X(NOMEM, -12, THM_FS_ENOMEM)     \
    X(NOATTR, -61, THM_FS_ENOENT)    \
    X(NAMETOOLONG, -36, THM_FS_ENAME)

enum {
#define X(name, code, kind) LFS_ERR_##name = code,
    LFS_CODES(X)
#undef X
        LF_ERR_MEDIUM = -20000, /* minus the medium's enum thm_fs_err */
};

/* What littlefs's block device call returns for it: a failed program is a bad block, to be replaced. */
int32_t lf_medium_code(enum thm_fs_err e);
extern const struct thm_fs_code lf_codes[];
