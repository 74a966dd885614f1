#include "fsimages/eefs/codes.h"
#include <stddef.h>

static const struct {
    int code;
    enum thm_fs_err kind;
    const char *name;
} codes[] = {
#define X(name, code, kind) { code, kind, "EEFS_" #name },
    EEFS_CODES(X)
#undef X
        { EF_ERR_MEDIUM - THM_FS_ENOMEM, THM_FS_ENOMEM, "NO_MEMORY" },
    { EF_ERR_MEDIUM - THM_FS_ERANGE, THM_FS_ERANGE, "EEPROM_OUT_OF_RANGE" },
    { EF_ERR_MEDIUM - THM_FS_EPROGRAM, THM_FS_EPROGRAM, "EEPROM_WRITE_FAILED" },
    { EF_ERR_MEDIUM - THM_FS_EIO, THM_FS_EIO, "EEPROM_FAILED" },
    { EF_ERR_MEDIUM - THM_FS_EPOWER, THM_FS_EPOWER, "POWER_LOST" },
    { EF_ERR_MEDIUM - THM_FS_EHOST, THM_FS_EHOST, "HOST_FAILED" },
};

static size_t find(int code)
{
    size_t i = 0;
    while (i < sizeof codes / sizeof codes[0] && codes[i].code != code)
        i++;
    return i;
}

const char *ef_code_name(int code)
{
    size_t i = find(code);
    return i < sizeof codes / sizeof codes[0] ? codes[i].name : NULL;
}

enum thm_fs_err ef_code_kind(int code)
{
    size_t i = find(code);
    if (code >= 0)
        return THM_FS_OK;
    return i < sizeof codes / sizeof codes[0] ? codes[i].kind : THM_FS_EIO;
}
