/* fsimages/littlefs.h -- littlefs v2 beyond what every file system has (fsimages/fs.h): its volume's facts, user
 * attributes and the clean-up after a power loss. Format and behaviour: littlefs-project/littlefs adad0fb (library
 * 2.11, disk versions 2.0 and 2.1). */
#pragma once
#include "fsimages/fs.h"

extern const struct thm_fs_ops thm_fs_littlefs;

#define THM_LITTLEFS_ATTR_MAX 1022 /* bytes of an attribute, at most */

/* What the superblock says, and how far the volume is filled. */
struct thm_littlefs_info {
    uint32_t disk_version; /* 0x00020001: 2.1 */
    uint32_t block_size, block_count;
    uint32_t name_max, file_max, attr_max; /* bytes */
    uint32_t blocks_used;                  /* as lfs_fs_size counts: shared blocks once for each use */
};
int32_t thm_littlefs_info(struct thm_fs *fs, struct thm_littlefs_info *out); /* 0 or a negative LFS_ERR_ code */

/* User attributes of a file or directory, by their number. All results: bytes, 0, or a negative LFS_ERR_ code.
 * get: the stored size, which may be more than the `len` bytes that are copied; the rest of buf is zeroed. */
int32_t thm_littlefs_get_attr(struct thm_fs *fs, const char *name, uint8_t type, void *buf, uint32_t len);
int32_t thm_littlefs_set_attr(struct thm_fs *fs, const char *name, uint8_t type, const void *data, uint32_t len);
int32_t thm_littlefs_remove_attr(struct thm_fs *fs, const char *name, uint8_t type);

/* Finish what a power loss interrupted (moves, orphaned pairs, an old superblock), as lfs_fs_mkconsistent does; the
 * first operation that writes does it otherwise. 0 or a negative LFS_ERR_ code. */
int32_t thm_littlefs_mkconsistent(struct thm_fs *fs);
