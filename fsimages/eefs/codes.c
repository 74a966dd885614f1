#include "fsimages/eefs/codes.h"
#include <stddef.h>

const struct thm_fs_code ef_codes[] = {
#define X(name, code, kind) { code, kind, "EEFS_" #name },
    EEFS_CODES(X)
#undef X
        { EF_ERR_MEDIUM - THM_FS_ENOMEM, THM_FS_ENOMEM, "NO_MEMORY" },
    { EF_ERR_MEDIUM - THM_FS_ERANGE, THM_FS_ERANGE, "EEPROM_OUT_OF_RANGE" },
    { EF_ERR_MEDIUM - THM_FS_EPROGRAM, THM_FS_EPROGRAM, "EEPROM_WRITE_FAILED" },
    { EF_ERR_MEDIUM - THM_FS_EIO, THM_FS_EIO, "EEPROM_FAILED" },
    { EF_ERR_MEDIUM - THM_FS_EPOWER, THM_FS_EPOWER, "POWER_LOST" },
    { EF_ERR_MEDIUM - THM_FS_EHOST, THM_FS_EHOST, "HOST_FAILED" },
    { 0, THM_FS_OK, NULL },
};
