#include "fsimages/fat/codes.h"
#include <stddef.h>

static const struct code {
    int32_t code;
    enum thm_fs_err kind;
    const char *name;
} codes[] = {
#define X(name, code, kind) { code, kind, "FR_" #name },
    FAT_CODES(X)
#undef X
        { FAT_NO_MEM, THM_FS_ENOMEM, "ESP_ERR_NO_MEM" },
    { FAT_POWER_LOST, THM_FS_EPOWER, "POWER_LOST" },
    { FAT_HOST_FAILED, THM_FS_EHOST, "HOST_FAILED" },
};

static const struct code *find(int32_t code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return &codes[i];
    return NULL;
}

int32_t fat_medium_code(enum thm_fs_err e)
{
    return e == THM_FS_OK ? 0 : e == THM_FS_EPOWER ? FAT_POWER_LOST : e == THM_FS_EHOST ? FAT_HOST_FAILED : FR_DISK_ERR;
}

const char *fat_code_name(int32_t code)
{
    const struct code *c = find(code);
    return c ? c->name : NULL;
}

enum thm_fs_err fat_code_kind(int32_t code)
{
    const struct code *c = find(code);
    return code >= 0 ? THM_FS_OK : c ? c->kind : THM_FS_EIO;
}
