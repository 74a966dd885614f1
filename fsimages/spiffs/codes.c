#include "fsimages/spiffs/codes.h"
#include <stddef.h>

const struct thm_fs_code sf_codes[] = {
#define X(name, code, kind) { code, kind, "SPIFFS_ERR_" #name },
    SPIFFS_CODES(X)
#undef X
        { SF_ERR_NO_MEM, THM_FS_ENOMEM, "ESP_ERR_NO_MEM" },
    { SF_ERR_MEDIUM - THM_FS_ERANGE, THM_FS_ERANGE, "FLASH_OUT_OF_RANGE" },
    { SF_ERR_MEDIUM - THM_FS_EPROGRAM, THM_FS_EPROGRAM, "FLASH_PROGRAM_FAILED" },
    { SF_ERR_MEDIUM - THM_FS_EIO, THM_FS_EIO, "FLASH_FAILED" },
    { SF_ERR_MEDIUM - THM_FS_EPOWER, THM_FS_EPOWER, "POWER_LOST" },
    { SF_ERR_MEDIUM - THM_FS_EHOST, THM_FS_EHOST, "HOST_FAILED" },
    { 0, THM_FS_OK, NULL },
};
