/* fsimages/err.h -- errors of media, images and file systems. File systems also have error numbers of their own
 * (SPIFFS -10001, ...): fsimages/fs.h. */
#pragma once

/* name, exit status, sentence */
#define THM_FS_ERRORS(X)                                                        \
    X(THM_FS_OK, 0, "success")                                                  \
    X(THM_FS_EINVAL, 2, "invalid argument")                                     \
    X(THM_FS_EFORMAT, 2, "not an image of this kind")                           \
    X(THM_FS_ENOENT, 2, "no such file or partition")                            \
    X(THM_FS_EEXIST, 2, "the file exists")                                      \
    X(THM_FS_EDIFFERS, 1, "the replay or the check found differences")          \
    X(THM_FS_ENOSPC, 11, "the storage is full")                                 \
    X(THM_FS_ECORRUPT, 11, "the file system is damaged")                        \
    X(THM_FS_ERANGE, 11, "access outside the medium")                           \
    X(THM_FS_EPROGRAM, 11, "a program operation needs a bit to go from 0 to 1") \
    X(THM_FS_EIO, 11, "the storage failed")                                     \
    X(THM_FS_ENOMEM, 10, "the board is out of SRAM")                            \
    X(THM_FS_EPOWER, 16, "power was lost")                                      \
    X(THM_FS_EHOST, 20, "the PC failed, not the board")                         \
    X(THM_FS_ENAME, 2, "the name is longer than this file system's names can be")

enum thm_fs_err {
#define X(name, status, text) name,
    THM_FS_ERRORS(X)
#undef X
};

const char *thm_fs_strerror(enum thm_fs_err e); /* static string, never NULL */
int thm_fs_exit_status(enum thm_fs_err e);
