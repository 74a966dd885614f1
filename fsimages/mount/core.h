/* fsimages/mount/core.h -- what the files of the mount share. Functions return 0 or -errno, as FUSE wants it. */
#pragma once
#define FUSE_USE_VERSION 31
#include <fuse.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "fsimages/mount/mount.h"

#define MT_PATH_MAX 1024

/* A flat file system's names, as a tree. */
struct mt_name {
    char *shown;  /* path in the folder, without a slash before it */
    char *stored; /* what the file system calls it */
};

struct mt_names {
    struct mt_name *items; /* sorted by shown */
    size_t count;
    char **made; /* folders that somebody made, or that would be gone with their last file */
    size_t made_count;
    bool stale;
};

/* A file that is open, by however many: the driver sees it opened once. */
struct mt_file {
    char *stored; /* "": it was removed */
    char *hidden; /* path that libfuse calls it by since; NULL: none */
    char *kept;   /* what it was then, for those who have it open */
    size_t kept_room;
    int32_t fd;       /* the driver's; -1: not open there now */
    bool fresh;       /* just made, and not in the file system's table before it is closed there: EEFS */
    bool for_writing; /* so it is opened there */
    bool writable;    /* so it is to be opened: somebody writes */
    bool dirty;
    uint64_t size;
    int64_t position; /* the driver's; -1: unknown */
    unsigned users;
    struct mt_file *next;
};

struct mt_text {
    char *bytes;
    size_t len;
    uint64_t change; /* as of which */
};

#define MT_TEXTS_MAX 8

struct mt {
    const struct thm_mount_source *source;
    const struct thm_fs_ops *ops;
    struct thm_fs *fs; /* NULL: it cannot be mounted now */
    struct mt_names names;
    struct mt_file *files;
    struct mt_handle *handles; /* ops.h */
    struct mt_text texts[MT_TEXTS_MAX];
    uint64_t change; /* counts what may make a text wrong */
    struct timespec start;
    uid_t uid;
    gid_t gid;
};

struct mt *mt_self(void); /* of the request that is served */
int mt_errno(const struct mt *m, int32_t code);
/* The volume as it is now. -EIO: it cannot be mounted. */
int mt_refresh(struct mt *m);
void mt_changed(struct mt *m); /* we have changed something */

/* place.c: from a path of the folder to what the file system knows. */
struct mt_place {
    char stored[MT_PATH_MAX]; /* "" is the root, and any directory of a flat file system */
    struct thm_fs_stat st;    /* size as the driver tells it */
};
int mt_find(struct mt *m, const char *path, struct mt_place *out);
/* What a new file of that path is called. */
int mt_new_name(const struct mt *m, const char *path, char stored[MT_PATH_MAX]);
/* Of st only `directory` is told. Non-zero ends the listing. */
typedef int mt_entry(void *ctx, const char *name, const struct thm_fs_stat *st);
int mt_list(struct mt *m, const char *path, mt_entry *each, void *ctx);
int mt_is_empty(struct mt *m, const char *path); /* 0, -ENOTEMPTY or another error */

/* names.c: the tree of a flat file system. */
int mt_names_update(struct mt *m);
const struct mt_name *mt_names_find(struct mt *m, const char *path);
size_t mt_names_from(const struct mt *m, const char *prefix); /* the first that is not before it */
bool mt_names_has_folder(struct mt *m, const char *path);
int mt_names_list(struct mt *m, const char *path, mt_entry *each, void *ctx);
int mt_names_make(struct mt *m, const char *path);        /* a folder */
void mt_names_forget(struct mt *m, const char *path);     /* a folder, and those in it */
int mt_names_keep_parent(struct mt *m, const char *path); /* it stays when its last file goes */
void mt_names_free(struct mt_names *n);

/* files.c */
struct mt_file *mt_file_find(struct mt *m, const char *stored); /* NULL: not open */
int mt_file_open(struct mt *m, const char *stored, uint64_t size, bool writable, struct mt_file **out);
int mt_file_create(struct mt *m, const char *stored, struct mt_file **out);
void mt_file_release(struct mt *m, struct mt_file *f);
int mt_file_read(struct mt *m, struct mt_file *f, char *buf, size_t len, uint64_t off); /* bytes */
int mt_file_write(struct mt *m, struct mt_file *f, const char *buf, size_t len, uint64_t off);
int mt_file_truncate(struct mt *m, struct mt_file *f, uint64_t size);
/* What was written is in the image. Some devices can do that only by closing the file, which fixes how far it can
 * grow: so closed says whether that may be done. */
int mt_file_sync(struct mt *m, struct mt_file *f, bool closed);
/* Before it is removed or replaced: whoever has it open goes on with a copy. NULL is fine. */
int mt_file_keep(struct mt *m, struct mt_file *f);
struct mt_file *mt_file_hidden(struct mt *m, const char *path); /* NULL: none */
void mt_file_attach(struct mt_file *f);                         /* one user more */
/* The driver must not have it open while it is renamed, removed or cut. NULL is fine. */
void mt_file_close(struct mt *m, struct mt_file *f);
void mt_files_close(struct mt *m); /* all of them */
void mt_files_free(struct mt *m);

/* texts.c: the folder .thimble */
#define MT_TEXTS "/.thimble"
bool mt_is_text(const char *path);                                            /* the folder, or anything in it */
int mt_text_find(struct mt *m, const char *path, const struct mt_text **out); /* *out NULL: the folder itself */
void mt_texts_free(struct mt *m);

void mt_handles_free(struct mt *m);
extern const struct fuse_operations mt_operations;
