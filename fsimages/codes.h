/* fsimages/codes.h -- a file system's own error numbers, as a table. */
#pragma once
#include <stdint.h>
#include "fsimages/err.h"

struct thm_fs_code {
    int32_t code; /* negative */
    enum thm_fs_err kind;
    const char *name; /* as its library spells it; NULL ends the table */
};

const char *thm_fs_code_name(const struct thm_fs_code *codes, int32_t code); /* NULL: not in the table */
/* THM_FS_OK when `code` is not negative; THM_FS_EIO when it is not in the table. */
enum thm_fs_err thm_fs_code_kind(const struct thm_fs_code *codes, int32_t code);
