/* fsimages/mount/ops.h -- FUSE's operations that are not in ops.c. */
#pragma once
#include "fsimages/mount/core.h"

/* ops_file.c. What is behind a descriptor: FUSE gives no path with it, because the file may have been removed since. */
struct mt_handle {
    struct mt_handle *next;
    struct mt_file *file; /* NULL: a text or a folder */
    char path[];          /* when it was opened */
};
struct mt_handle *mt_handle(const struct fuse_file_info *fi);
int mt_handle_new(struct fuse_file_info *fi, const char *path);
void mt_handle_free(struct fuse_file_info *fi);

int mt_op_open(const char *path, struct fuse_file_info *fi);
int mt_op_create(const char *path, mode_t mode, struct fuse_file_info *fi);
int mt_op_read(const char *path, char *buf, size_t len, off_t off, struct fuse_file_info *fi);
int mt_op_write(const char *path, const char *buf, size_t len, off_t off, struct fuse_file_info *fi);
int mt_op_truncate(const char *path, off_t size, struct fuse_file_info *fi);
int mt_op_flush(const char *path, struct fuse_file_info *fi);
int mt_op_fsync(const char *path, int data_only, struct fuse_file_info *fi);
int mt_op_release(const char *path, struct fuse_file_info *fi);

/* ops_name.c */
int mt_op_mkdir(const char *path, mode_t mode);
int mt_op_rmdir(const char *path);
int mt_op_unlink(const char *path);
int mt_op_rename(const char *from, const char *to, unsigned flags);
