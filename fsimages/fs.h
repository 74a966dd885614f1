/* fsimages/fs.h -- a board's file system, whichever it is.
 *
 * Results: >= 0 is success; a negative number is the device file system's own error (SPIFFS_ERR_FULL -10001, ...):
 * thm_fs_code_name() names it, thm_fs_code_kind() says which thm_fs_err it is. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fsimages/err.h"
#include "fsimages/medium.h"

#define THM_FS_NAME_MAX 255

/* Working memory, from the board's heap. alloc returns NULL when the board has none left. Where a pointer to this is
 * NULL, the memory is the PC's. */
struct thm_fs_memory {
    void *ctx;
    void *(*alloc)(void *ctx, uint32_t bytes, const char *what);
    void (*free)(void *ctx, void *p);
};

struct thm_fs_config { /* what nothing on the medium tells; 0 = the file system's default on this board family */
    uint32_t page_size, block_size;
    uint32_t name_len, meta_len;
    uint32_t max_files; /* open at once */
    uint32_t cache_pages;
    bool aligned_index; /* SPIFFS: aligned object index tables */
    bool no_meta;       /* meta_len 0 is meant, not "default" */
    bool no_magic,
        no_magic_length; /* SPIFFS: blocks carry no magic; the magic does not depend on the volume's length */
    /* SPIFFS in ESP-IDF: after a write-only open the time of change, in seconds, goes into the metadata. NULL: never.
     */
    uint32_t (*seconds)(void *ctx);
    void *seconds_ctx;
};

struct thm_fs_stat {
    uint32_t size;
    char name[THM_FS_NAME_MAX + 1];
};
struct thm_fs_usage {
    uint32_t total, used;
}; /* bytes, as the device's info call says */

enum { /* open flags */
       THM_FS_READ = 1,
       THM_FS_WRITE = 2,
       THM_FS_APPEND = 4,
       THM_FS_CREATE = 8,
       THM_FS_TRUNC = 16,
       THM_FS_EXCL = 32,
};
enum { THM_FS_SET, THM_FS_CUR, THM_FS_END };

struct thm_fs;

struct thm_fs_ops {
    const char *name; /* "spiffs", as in profiles */
    int32_t (*format)(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem);
    /* *out: owned by the caller until unmount. */
    int32_t (*mount)(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                     const struct thm_fs_memory *mem);
    void (*unmount)(struct thm_fs *fs);
    int32_t (*open)(struct thm_fs *fs, const char *name, int flags); /* a handle >= 0 */
    int32_t (*close)(struct thm_fs *fs, int32_t fd);
    int32_t (*read)(struct thm_fs *fs, int32_t fd, void *buf, uint32_t len); /* bytes read; 0 = end */
    int32_t (*write)(struct thm_fs *fs, int32_t fd, const void *buf, uint32_t len);
    int32_t (*seek)(struct thm_fs *fs, int32_t fd, int32_t off, int whence); /* the new position */
    int32_t (*truncate)(struct thm_fs *fs, const char *name, uint32_t size);
    int32_t (*remove)(struct thm_fs *fs, const char *name);
    int32_t (*rename)(struct thm_fs *fs, const char *from, const char *to);
    int32_t (*stat)(struct thm_fs *fs, const char *name, struct thm_fs_stat *out);
    /* Call each() for every file, in the file system's own order; a non-zero result ends the walk and is returned. */
    int32_t (*list)(struct thm_fs *fs, int32_t (*each)(void *ctx, const struct thm_fs_stat *st), void *ctx);
    int32_t (*usage)(struct thm_fs *fs, struct thm_fs_usage *out);
    /* Look for damage; repair mends it. report() gets one sentence a finding. Result: findings, or an error. */
    int32_t (*check)(struct thm_fs *fs, bool repair, void (*report)(void *ctx, const char *finding), void *ctx);
    const char *(*code_name)(int32_t code); /* "SPIFFS_ERR_FULL"; NULL: not one of mine */
    enum thm_fs_err (*code_kind)(int32_t code);
};

struct thm_fs { /* first member of each file system's own structure */
    const struct thm_fs_ops *ops;
};

const struct thm_fs_ops *thm_fs_find(const char *name); /* NULL: unknown */
const struct thm_fs_ops *thm_fs_at(size_t i);           /* NULL after the last */
