#include "fsimages/codes.h"
#include <stddef.h>

static const struct thm_fs_code *find(const struct thm_fs_code *codes, int32_t code)
{
    while (codes->name && codes->code != code)
        codes++;
    return codes;
}

const char *thm_fs_code_name(const struct thm_fs_code *codes, int32_t code)
{
    return find(codes, code)->name;
}

enum thm_fs_err thm_fs_code_kind(const struct thm_fs_code *codes, int32_t code)
{
    const struct thm_fs_code *c = find(codes, code);
    if (code >= 0)
        return THM_FS_OK;
    return c->name ? c->kind : THM_FS_EIO;
}
