/* fsimages/fat/codes.h -- FatFs' results, negated (ff.h, FRESULT), and what kind each is. */
#pragma once
#include <stdint.h>
#include "fsimages/codes.h"

/* FR_DENIED is also a directory that is full, a volume with no room for one, a directory that is not empty, and a
 * read-only file: FatFs does not tell them apart. */
#define FAT_CODES(X)                           \
    X(DISK_ERR, -1, THM_FS_EIO)                \
    X(INT_ERR, -2, THM_FS_ECORRUPT)            \
    X(NOT_READY, -3, THM_FS_EIO)               \
    X(NO_FILE, -4, THM_FS_ENOENT)              \
    X(NO_PATH, -5, THM_FS_ENOENT)              \
    X(INVALID_NAME, -6, THM_FS_EINVAL)         \
    X(DENIED, -7, THM_FS_ENOSPC)               \
    X(EXIST, -8, THM_FS_EEXIST)                \
    X(INVALID_OBJECT, -9, THM_FS_EINVAL)       \
    X(WRITE_PROTECTED, -10, THM_FS_EIO)        \
    X(INVALID_DRIVE, -11, THM_FS_EINVAL)       \
    X(NOT_ENABLED, -12, THM_FS_EINVAL)         \
    X(NO_FILESYSTEM, -13, THM_FS_EFORMAT)      \
    X(MKFS_ABORTED, -14, THM_FS_EINVAL)        \
    X(TIMEOUT, -15, THM_FS_EIO)                \
    X(LOCKED, -16, THM_FS_EINVAL)              \
    X(NOT_ENOUGH_CORE, -17, THM_FS_ENOMEM)     \
    X(TOO_MANY_OPEN_FILES, -18, THM_FS_EINVAL) \
    X(INVALID_PARAMETER, -19, THM_FS_EINVAL)

enum {
#define X(name, code, kind) FR_##name = code,
    FAT_CODES(X)
#undef X
        FAT_NO_MEM = -257, /* ESP-IDF's ESP_ERR_NO_MEM, 0x101, from esp_vfs_fat_register() */
    FAT_POWER_LOST = -20000,
    FAT_HOST_FAILED = -20001,
};

/* A medium's error: FR_DISK_ERR, but for what no driver lives to see. */
int32_t fat_medium_code(enum thm_fs_err e);
extern const struct thm_fs_code fat_codes[];
