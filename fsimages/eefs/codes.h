/* fsimages/eefs/codes.h -- EEFS's error numbers (nasa/eefs 409867b, inc/eefs_fileapi.h) and what kind each is. */
#pragma once
#include "fsimages/codes.h"

#define EEFS_CODES(X)                             \
    X(ERROR, -1, THM_FS_EIO)                      \
    X(INVALID_ARGUMENT, -2, THM_FS_EINVAL)        \
    X(UNSUPPORTED_OPTION, -3, THM_FS_EINVAL)      \
    X(PERMISSION_DENIED, -4, THM_FS_EINVAL)       \
    X(FILE_NOT_FOUND, -5, THM_FS_ENOENT)          \
    X(NO_FREE_FILE_DESCRIPTOR, -6, THM_FS_EINVAL) \
    X(NO_SPACE_LEFT_ON_DEVICE, -7, THM_FS_ENOSPC) \
    X(NO_SUCH_DEVICE, -8, THM_FS_EFORMAT)         \
    X(DEVICE_IS_BUSY, -9, THM_FS_EINVAL)          \
    X(READ_ONLY_FILE_SYSTEM, -10, THM_FS_EINVAL)

enum {
#define X(name, code, kind) EEFS_##name = code,
    EEFS_CODES(X)
#undef X
        EF_ERR_MEDIUM =
            -20000, /* minus an enum thm_fs_err: what the library, which cannot fail there, has no number for */
};

extern const struct thm_fs_code ef_codes[];
