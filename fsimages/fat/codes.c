#include "fsimages/fat/codes.h"
#include <stddef.h>

const struct thm_fs_code fat_codes[] = {
#define X(name, code, kind) { code, kind, "FR_" #name },
    FAT_CODES(X)
#undef X
        { FAT_NO_MEM, THM_FS_ENOMEM, "ESP_ERR_NO_MEM" },
    { FAT_POWER_LOST, THM_FS_EPOWER, "POWER_LOST" },
    { FAT_HOST_FAILED, THM_FS_EHOST, "HOST_FAILED" },
    { 0, THM_FS_OK, NULL },
};

int32_t fat_medium_code(enum thm_fs_err e)
{
    return e == THM_FS_OK ? 0 : e == THM_FS_EPOWER ? FAT_POWER_LOST : e == THM_FS_EHOST ? FAT_HOST_FAILED : FR_DISK_ERR;
}
