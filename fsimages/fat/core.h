/* fsimages/fat/core.h -- the parts of the FAT driver to each other. All functions return 0 (or what their comment says)
 * or a negative code of codes.h. As in FatFs there is one sector window for allocation tables and directories, and one
 * sector buffer for each open file; a call that says "window" moves it. */
#pragma once
#include "fsimages/fat/codes.h"
#include "fsimages/fat/layout.h"

/* What ESP-IDF takes on a 32-bit device: its context with FatFs' FATFS and a table of FIL; a flag for each file; the
 * window; a buffer for each open file; while a path is followed, a buffer for one long name; while a directory is
 * listed, its handle. */
#define FAT_CONTEXT_BYTES 2152u
#define FAT_FILE_BYTES    44u
#define FAT_LIST_BYTES    596u
#define FAT_NAME_BYTES    ((LONG_MAX + 1) * 2u)
#define FAT_MAX_FILES     5u /* Arduino's default */

struct fat_file { /* one FIL; kept on the PC's side, its buffer in the device's memory */
    bool open;
    bool dirty;    /* buf is to be written */
    bool modified; /* the directory entry is to be written */
    uint8_t flags; /* enum of fs.h */
    int32_t error; /* a failed read or write ends the use of the file */
    uint32_t first, size, pos;
    uint32_t cluster; /* of pos; meaningless at 0 */
    uint32_t sector;  /* in buf; 0: none */
    uint32_t entry_sector, entry_offset;
    uint8_t *buf;
};

struct fat {
    struct thm_fs base;
    struct thm_medium *medium; /* one that can be rewritten */
    struct thm_medium *flash;  /* this driver's own medium around one that cannot; NULL: not needed */
    struct thm_fs_memory mem;
    struct thm_fs_config config;
    struct fat_geometry g;
    void *context, *append_flags; /* the device's; their content is in this structure */
    void *block; /* the flash driver's buffer for an erase block, where sectors are smaller; NULL: none */
    uint8_t *window;
    uint32_t window_sector;
    bool window_dirty;
    uint32_t last, free; /* the cluster allocated last, and how many are free; out of range: unknown */
    bool info_dirty;     /* FSInfo is to be written */
    uint16_t *long_name; /* of the path's current part; NULL outside of calls, or if there are none */
    struct fat_file *files;
    uint32_t file_count;
};

/* ---- geometry.c ---- */
enum thm_fs_err fat_probe(struct thm_medium *m, struct thm_fs_config *c);

/* ---- disk.c: all access to the medium ---- */
#define FAT_NO_SECTOR 0xFFFFFFFFu
int32_t fat_read(struct fat *fs, uint32_t sector, void *buf, uint32_t count);
int32_t fat_write(struct fat *fs, uint32_t sector, const void *buf, uint32_t count);
int32_t fat_window(struct fat *fs, uint32_t sector);
int32_t fat_window_flush(struct fat *fs); /* into both FATs if it holds a part of the first */
/* Begin a new sector: all zero, not yet written. */
int32_t fat_window_clear(struct fat *fs, uint32_t sector);
int32_t fat_flush(struct fat *fs); /* window and FSInfo; window */

/* ---- chain.c: the allocation tables; all use the window ---- */
int32_t fat_get(struct fat *fs, uint32_t cluster, uint32_t *next);
int32_t fat_put(struct fat *fs, uint32_t cluster, uint32_t next);
static inline bool fat_is_end(const struct fat *fs, uint32_t next)
{
    return next >= fs->g.clusters + 2;
}
/* The cluster behind `cluster` (0: the first of a new chain), allocated if there is none. *out 0: the volume is full.
 */
int32_t fat_extend(struct fat *fs, uint32_t cluster, uint32_t *out);
/* Free a chain; before: the cluster that becomes the last one (0: none). */
int32_t fat_release(struct fat *fs, uint32_t cluster, uint32_t before);
int32_t fat_count_free(struct fat *fs, uint32_t *out);

/* ---- unicode.c ---- */
#define FAT_NO_CHAR 0xFFFFFFFFu
uint32_t fat_utf8_take(const char **p); /* one code point; 0 at the end; FAT_NO_CHAR: not UTF-8 */
/* UTF-16 up to a 0 as UTF-8. false: a broken surrogate pair, or no room. */
bool fat_utf8_put(const uint16_t *name, char *out, uint32_t size);
uint16_t fat_upper(uint16_t c);
uint16_t fat_from_oem(uint8_t c);     /* code page 437 */
uint8_t fat_to_oem_upper(uint16_t c); /* 0: not in the code page */

/* ---- dir.c: places in directories and what is there; all use the window ---- */
enum {                    /* what a name is like */
       NAME_LOSSY = 0x01, /* the short name is not all of it: gets a number */
       NAME_LONG = 0x02,  /* needs long entries */
       NAME_LAST = 0x04,  /* last part of its path */
       NAME_BASE_LOWER = 0x08,
       NAME_EXT_LOWER = 0x10,  /* these two as on the medium */
       NAME_SHORT_ONLY = 0x40, /* find by the short name only */
       NAME_ROOT = 0x80,       /* no name: the root directory */
};
#define FAT_NO_BLOCK 0xFFFFFFFFu

struct fat_dir {
    uint32_t first;   /* cluster; 0: root */
    uint32_t offset;  /* in the directory, bytes */
    uint32_t cluster; /* of offset; 0: in a fixed root */
    uint32_t sector;  /* of offset; 0: at the end */
    uint32_t block;   /* where the entries of the found name begin; FAT_NO_BLOCK: it has no long name */
    uint8_t attr;
    uint8_t name[SHORT_LEN];
    uint8_t flags; /* of name */
};

static inline uint8_t *fat_entry(const struct fat *fs, const struct fat_dir *d) /* in the window */
{
    return fs->window + d->offset % fs->g.sector;
}

int32_t fat_dir_seek(struct fat *fs, struct fat_dir *d, uint32_t offset);
/* FR_NO_FILE: at the end; grow: FR_DENIED if there is no room for more. */
int32_t fat_dir_next(struct fat *fs, struct fat_dir *d, bool grow);
int32_t fat_dir_load(struct fat *fs, const struct fat_dir *d); /* its sector into the window */
int32_t fat_dir_find(struct fat *fs, struct fat_dir *d);       /* name, long_name */
/* The next file or directory from here on; its long name, if d->block tells of one, in long_name. */
int32_t fat_dir_read(struct fat *fs, struct fat_dir *d);
int32_t fat_dir_add(struct fat *fs, struct fat_dir *d); /* an entry of that name, all else zero */
int32_t fat_dir_delete(struct fat *fs, struct fat_dir *d);
int32_t fat_dir_clear(struct fat *fs, uint32_t cluster); /* all zero on the medium; the window is its first sector */
uint32_t fat_entry_cluster(const struct fat *fs, const uint8_t *entry);
void fat_entry_set_cluster(const struct fat *fs, uint8_t *entry, uint32_t cluster);

/* ---- longname.c: entries of long names ---- */
uint8_t fat_short_sum(const uint8_t *name);
bool fat_long_matches(const uint16_t *name, const uint8_t *entry);
bool fat_long_take(uint16_t *name, const uint8_t *entry); /* false: not one */
void fat_long_put(const uint16_t *name, uint8_t *entry, uint32_t order, uint8_t sum);
void fat_number_name(uint8_t *name, const uint8_t *from, const uint16_t *long_name, uint32_t n); /* NAME~n */

/* ---- name.c, path.c ---- */
int32_t fat_names_begin(struct fat *fs); /* takes the buffer for a long name */
void fat_names_end(struct fat *fs);
int32_t fat_name_take(struct fat *fs, struct fat_dir *d, const char **path); /* the next part of a path */
int32_t fat_follow(struct fat *fs, struct fat_dir *d, const char *path);     /* between begin and end; window */
void fat_stat_entry(struct fat *fs, const struct fat_dir *d, struct thm_fs_stat *st);
uint32_t fat_now(const struct fat *fs); /* date << 16 | time */

/* ---- file.c, seek.c: open files ---- */
int32_t fat_file_get(struct fat *fs, int32_t n, struct fat_file **out);
int32_t fat_file_fail(struct fat_file *f, int32_t code); /* the file is of no more use; returns code */
int32_t fat_file_sync(struct fat *fs, struct fat_file *f);
int32_t fat_file_write_back(struct fat *fs, struct fat_file *f);
int32_t fat_file_seek(struct fat *fs, struct fat_file *f, uint32_t to);
int32_t fat_file_cut(struct fat *fs, struct fat_file *f); /* at pos */
int32_t fat_open(struct thm_fs *t, const char *name, int flags);
int32_t fat_close(struct thm_fs *t, int32_t n);
int32_t fat_file_read(struct thm_fs *t, int32_t n, void *buf, uint32_t len);
int32_t fat_file_write(struct thm_fs *t, int32_t n, const void *buf, uint32_t len);
int32_t fat_sync(struct thm_fs *t, int32_t n);
int64_t fat_seek(struct thm_fs *t, int32_t n, int64_t off, int whence);
int32_t fat_truncate(struct thm_fs *t, const char *name, uint32_t size);

/* ---- tree.c: files and directories by name ---- */
int32_t fat_remove(struct thm_fs *t, const char *name);
int32_t fat_rename(struct thm_fs *t, const char *from, const char *to);
int32_t fat_mkdir(struct thm_fs *t, const char *name);
int32_t fat_stat(struct thm_fs *t, const char *name, struct thm_fs_stat *out);
int32_t fat_list(struct thm_fs *t, const char *dir, int32_t (*each)(void *ctx, const struct thm_fs_stat *st),
                 void *ctx);

/* ---- format.c ---- */
int32_t fat_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem);

/* ---- check*.c, show.c ---- */
int32_t fat_check(struct thm_fs *t, bool repair, thm_fs_line *report, void *ctx);
int32_t fat_describe(struct thm_fs *t, thm_fs_line *line, void *ctx);
int32_t fat_map(struct thm_fs *t, struct thm_fs_map *out);
