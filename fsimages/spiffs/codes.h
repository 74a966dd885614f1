/* fsimages/spiffs/codes.h -- SPIFFS's error numbers (pellepl/spiffs, src/spiffs.h) and what kind each is. */
#pragma once
#include "fsimages/codes.h"

#define SPIFFS_CODES(X)                             \
    X(NOT_MOUNTED, -10000, THM_FS_EINVAL)           \
    X(FULL, -10001, THM_FS_ENOSPC)                  \
    X(NOT_FOUND, -10002, THM_FS_ENOENT)             \
    X(END_OF_OBJECT, -10003, THM_FS_ERANGE)         \
    X(DELETED, -10004, THM_FS_ECORRUPT)             \
    X(NOT_FINALIZED, -10005, THM_FS_ECORRUPT)       \
    X(NOT_INDEX, -10006, THM_FS_ECORRUPT)           \
    X(OUT_OF_FILE_DESCS, -10007, THM_FS_EINVAL)     \
    X(FILE_CLOSED, -10008, THM_FS_EINVAL)           \
    X(FILE_DELETED, -10009, THM_FS_ENOENT)          \
    X(BAD_DESCRIPTOR, -10010, THM_FS_EINVAL)        \
    X(IS_INDEX, -10011, THM_FS_ECORRUPT)            \
    X(IS_FREE, -10012, THM_FS_ECORRUPT)             \
    X(INDEX_SPAN_MISMATCH, -10013, THM_FS_ECORRUPT) \
    X(DATA_SPAN_MISMATCH, -10014, THM_FS_ECORRUPT)  \
    X(INDEX_REF_FREE, -10015, THM_FS_ECORRUPT)      \
    X(INDEX_REF_LU, -10016, THM_FS_ECORRUPT)        \
    X(INDEX_REF_INVALID, -10017, THM_FS_ECORRUPT)   \
    X(INDEX_FREE, -10018, THM_FS_ECORRUPT)          \
    X(INDEX_LU, -10019, THM_FS_ECORRUPT)            \
    X(INDEX_INVALID, -10020, THM_FS_ECORRUPT)       \
    X(NOT_WRITABLE, -10021, THM_FS_EINVAL)          \
    X(NOT_READABLE, -10022, THM_FS_EINVAL)          \
    X(CONFLICTING_NAME, -10023, THM_FS_EEXIST)      \
    X(NOT_CONFIGURED, -10024, THM_FS_EINVAL)        \
    X(NOT_A_FS, -10025, THM_FS_EFORMAT)             \
    X(MOUNTED, -10026, THM_FS_EINVAL)               \
    X(ERASE_FAIL, -10027, THM_FS_EIO)               \
    X(MAGIC_NOT_POSSIBLE, -10028, THM_FS_EINVAL)    \
    X(NO_DELETED_BLOCKS, -10029, THM_FS_ENOSPC)     \
    X(FILE_EXISTS, -10030, THM_FS_EEXIST)           \
    X(NOT_A_FILE, -10031, THM_FS_ENOENT)            \
    X(RO_NOT_IMPL, -10032, THM_FS_EINVAL)           \
    X(RO_ABORTED_OPERATION, -10033, THM_FS_EIO)     \
    X(PROBE_TOO_FEW_BLOCKS, -10034, THM_FS_EFORMAT) \
    X(PROBE_NOT_A_FS, -10035, THM_FS_EFORMAT)       \
    X(NAME_TOO_LONG, -10036, THM_FS_ENAME)          \
    X(IX_MAP_UNMAPPED, -10037, THM_FS_EINVAL)       \
    X(IX_MAP_MAPPED, -10038, THM_FS_EINVAL)         \
    X(IX_MAP_BAD_RANGE, -10039, THM_FS_EINVAL)      \
    X(SEEK_BOUNDS, -10040, THM_FS_EINVAL)           \
    X(INTERNAL, -10050, THM_FS_ECORRUPT)            \
    X(TEST, -10100, THM_FS_EINVAL)

enum {
#define X(name, code, kind) SPIFFS_ERR_##name = code,
    SPIFFS_CODES(X)
#undef X
        SF_ERR_NO_MEM = -257, /* ESP-IDF's ESP_ERR_NO_MEM, 0x101, from esp_vfs_spiffs_register() */
    SF_ERR_MEDIUM = -20000,   /* minus the medium's enum thm_fs_err */
};

extern const struct thm_fs_code sf_codes[];
