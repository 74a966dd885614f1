#include "fsimages/littlefs/codes.h"
#include <stddef.h>

const struct thm_fs_code lf_codes[] = {
#define X(name, code, kind) { code, kind, "LFS_ERR_" #name },
    LFS_CODES(X)
#undef X
        { LF_ERR_MEDIUM - THM_FS_ERANGE, THM_FS_ERANGE, "FLASH_OUT_OF_RANGE" },
    { LF_ERR_MEDIUM - THM_FS_EINVAL, THM_FS_EINVAL, "FLASH_PROGRAM_UNIT" },
    { LF_ERR_MEDIUM - THM_FS_EPOWER, THM_FS_EPOWER, "POWER_LOST" },
    { LF_ERR_MEDIUM - THM_FS_EHOST, THM_FS_EHOST, "HOST_FAILED" },
    { 0, THM_FS_OK, NULL },
};

int32_t lf_medium_code(enum thm_fs_err e)
{
    if (e == THM_FS_OK)
        return 0;
    if (e == THM_FS_EIO)
        return LFS_ERR_IO;
    return e == THM_FS_EPROGRAM ? LFS_ERR_CORRUPT : LF_ERR_MEDIUM - (int32_t)e;
}
