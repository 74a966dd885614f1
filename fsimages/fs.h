/* fsimages/fs.h -- a board's file system, whichever it is.
 *
 * Results: >= 0 is success; a negative number is the device file system's own error (SPIFFS_ERR_FULL -10001,
 * EEFS_NO_SPACE_LEFT_ON_DEVICE -7, LFS_ERR_NOSPC -28, FatFs' FR_DENIED as -7, ...): thm_fs_code_name()
 * names it, thm_fs_code_kind() says which thm_fs_err it is.
 *
 * Paths: '/' between names; one at the start may be there or not. A flat file system knows no directories: a name is a
 * whole stored name, and what looks like a path in it is part of the name. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fsimages/codes.h"
#include "fsimages/media/medium.h"

#define THM_FS_NAME_MAX 255

/* Working memory, from the board's heap. alloc returns NULL when the board has none left. Where a pointer to this is
 * NULL, the memory is the PC's. */
struct thm_fs_memory {
    void *ctx;
    void *(*alloc)(void *ctx, uint32_t bytes, const char *what);
    void (*free)(void *ctx, void *p);
};

struct thm_fs_config {  /* what nothing on the medium tells; 0 = the file system's default on this board family */
    uint32_t max_files; /* open at once */
    uint32_t (*seconds)(
        void *ctx); /* time of day, seconds since 1970, for the file systems that keep times. NULL: never */
    void *seconds_ctx;

    /* SPIFFS */
    uint32_t page_size;
    uint32_t block_size; /* littlefs as well: a multiple of the erase size */
    uint32_t name_len, meta_len;
    uint32_t cache_pages;
    bool aligned_index;             /* aligned object index tables */
    bool no_meta;                   /* meta_len 0 is meant, not "default" */
    bool no_magic, no_magic_length; /* blocks carry no magic; the magic does not depend on the volume's length */

    /* littlefs: sizes in bytes, lookahead too */
    uint32_t read_size, program_size, cache_size, lookahead_size;
    int32_t block_cycles;  /* -1: no wear levelling of metadata */
    uint32_t disk_version; /* format: 0x00020000 or 0x00020001; 0: the newest */

    /* EEFS */
    bool big_endian;

    /* FAT, format: 12, 16, 32 or 0 = by size; bytes of a cluster */
    uint32_t fat_bits, cluster_size;
    uint32_t root_entries;
    const char *label;  /* format: at most 11 characters; NULL: none */
    bool no_long_names; /* a driver without them (Arduino SD): 8.3 only */
};

struct thm_fs_stat {
    uint32_t size;
    bool directory, read_only;
    uint32_t modified;              /* seconds since 1970; 0: not kept */
    char name[THM_FS_NAME_MAX + 1]; /* without its directory's; UTF-8 */
};

struct thm_fs_usage {
    uint64_t total, used;
}; /* bytes, as the device's info call says: used may be more than total */

enum { /* open flags */
       THM_FS_READ = 1,
       THM_FS_WRITE = 2,
       THM_FS_APPEND = 4,
       THM_FS_CREATE = 8,
       THM_FS_TRUNC = 16,
       THM_FS_EXCL = 32,
};
enum { THM_FS_SET, THM_FS_CUR, THM_FS_END };

/* What one unit of the volume (a page, block, cluster or slot) holds, in ops->map. */
enum {
    THM_FS_UNIT_FREE = '.',
    THM_FS_UNIT_DATA = '#',
    THM_FS_UNIT_META = 'm',    /* index, lookup, directory, allocation table */
    THM_FS_UNIT_DELETED = 'x', /* to be reclaimed, or lost */
    THM_FS_UNIT_BAD = 'b',
};

struct thm_fs_map {
    const char *unit;   /* "page", "block", "cluster", "slot" */
    uint32_t unit_size; /* bytes; 0: they differ */
    uint32_t count;     /* units */
    uint64_t first;     /* offset of unit 0 in the volume, bytes */
    uint32_t row;       /* units in one line of a picture */
    uint8_t *states;    /* count of THM_FS_UNIT_*; malloc'ed, the caller's to free */
};

typedef void thm_fs_line(void *ctx, const char *line); /* one line of text, without its end */

struct thm_fs;

struct thm_fs_ops {
    const char *name;         /* "spiffs", as in profiles */
    bool flat;                /* no directories */
    const char *root;         /* flat: what names begin with by convention, "/" or "" */
    const char *const *slots; /* the only names there can be, the one in use first, NULL ends them; NULL: any */
    bool rewrites;            /* it changes bytes where they are: on flash, media/rewritable.h goes in between */
    /* Is there a volume of this kind? Fills in what *c leaves 0 and the content tells. Errors: THM_FS_EFORMAT. */
    enum thm_fs_err (*probe)(struct thm_medium *m, struct thm_fs_config *c);
    int32_t (*format)(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem);
    /* *out: owned by the caller until unmount. */
    int32_t (*mount)(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                     const struct thm_fs_memory *mem);
    void (*unmount)(struct thm_fs *fs);
    int32_t (*open)(struct thm_fs *fs, const char *name, int flags); /* a handle >= 0 */
    int32_t (*close)(struct thm_fs *fs, int32_t fd);
    int32_t (*read)(struct thm_fs *fs, int32_t fd, void *buf, uint32_t len); /* bytes read; 0 = end */
    /* Bytes written; where the device's call tells a full volume by a short count (EEFS, FAT), fewer than len. */
    int32_t (*write)(struct thm_fs *fs, int32_t fd, const void *buf, uint32_t len);
    int32_t (*sync)(struct thm_fs *fs, int32_t fd); /* what was written survives a power cut from here on */
    int64_t (*seek)(struct thm_fs *fs, int32_t fd, int64_t off, int whence); /* the new position */
    int32_t (*truncate)(struct thm_fs *fs, const char *name, uint32_t size);
    int32_t (*remove)(struct thm_fs *fs, const char *name); /* a file or an empty directory */
    int32_t (*rename)(struct thm_fs *fs, const char *from, const char *to);
    int32_t (*mkdir)(struct thm_fs *fs, const char *name); /* NULL: flat */
    int32_t (*stat)(struct thm_fs *fs, const char *name, struct thm_fs_stat *out);
    /* Call each() for everything in a directory ("" is the root), in the file system's own order, "." and ".." left
     * out; a non-zero result ends the walk and is returned. each() may use the volume, but not change it. */
    int32_t (*list)(struct thm_fs *fs, const char *dir, int32_t (*each)(void *ctx, const struct thm_fs_stat *st),
                    void *ctx);
    /* Where a file's content lies in one piece on the medium, bytes. NULL: files are scattered. */
    int32_t (*extent)(struct thm_fs *fs, const char *name, uint64_t *off, uint32_t *len);
    int32_t (*usage)(struct thm_fs *fs, struct thm_fs_usage *out);
    /* Bytes that a new file of `len` bytes takes of the volume, indices and all. */
    uint64_t (*need)(const struct thm_fs *fs, uint64_t len);
    /* Look for damage; repair mends it. report() gets one sentence a finding. Result: findings, or an error. */
    int32_t (*check)(struct thm_fs *fs, bool repair, thm_fs_line *report, void *ctx);
    /* For people: the superblock (or what comes closest) as "name: value" lines; the state of every unit. */
    int32_t (*describe)(struct thm_fs *fs, thm_fs_line *line, void *ctx);
    int32_t (*map)(struct thm_fs *fs, struct thm_fs_map *out);
    const struct thm_fs_code *codes;
};

struct thm_fs { /* first member of each file system's own structure */
    const struct thm_fs_ops *ops;
};

const struct thm_fs_ops *thm_fs_find(const char *name); /* NULL: unknown */
const struct thm_fs_ops *thm_fs_at(size_t i);           /* NULL after the last */
/* A path as its calls want it: flat names that are plain have no '/' in front. */
const char *thm_fs_path(const struct thm_fs_ops *ops, const char *path);
/* Which file system a medium holds, by its content. NULL: none that is known. */
const struct thm_fs_ops *thm_fs_probe(struct thm_medium *m, struct thm_fs_config *c);

/* The PC's memory, as what file systems use where they are given none. */
extern const struct thm_fs_memory thm_fs_host_memory;
