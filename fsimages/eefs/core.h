/* fsimages/eefs/core.h -- the parts of the EEFS driver to each other. Functions return 0 (or what their comment says)
 * or a negative code of codes.h. */
#pragma once
#include "fsimages/eefs.h"
#include "fsimages/eefs/codes.h"
#include "fsimages/eefs/layout.h"

#define EF_FILES_OPEN 20u

enum { EF_READ = 1, EF_WRITE = 2, EF_CREATE = 4 }; /* a descriptor's mode */

/* The two that follow lie in the device's memory, field for field as there. */
struct ef_fd {
    uint32_t in_use, mode;
    uint32_t header, data; /* offsets of the file's header and of the byte that is next */
    uint32_t pos, size, max;
    uint32_t volume; /* a pointer, there */
    uint32_t slot;
};
_Static_assert(sizeof(struct ef_fd) == 36, "as on a 32-bit device");

struct ef_inodes {
    uint32_t base, free_offset, free_size, files;
    struct ef_entry file[EF_SLOTS];
};
_Static_assert(sizeof(struct ef_inodes) == 528, "as on a 32-bit device");

#define EF_DIRECTORY_BYTES (12 + 56) /* the one directory descriptor and its entry */

struct ef {
    struct thm_fs base;
    struct thm_medium *medium;
    struct thm_fs_memory mem;
    struct thm_fs_config config;
    struct ef_fd *fds;
    uint32_t fd_count;
    void *directory;
    bool listing;
    struct ef_inodes *t;
};

/* ---- volume.c: the medium, headers and slots ---- */
int32_t ef_medium(enum thm_fs_err e); /* as a code */
int32_t ef_read(struct ef *fs, uint64_t off, void *buf, uint32_t len);
int32_t ef_write(struct ef *fs, uint64_t off, const void *buf, uint32_t len);
int32_t ef_table_header_read(struct ef *fs, struct ef_table_header *h);
int32_t ef_table_header_write(struct ef *fs, const struct ef_table_header *h);
int32_t ef_entry_read(struct ef *fs, uint32_t slot, struct ef_entry *e);
int32_t ef_entry_write(struct ef *fs, uint32_t slot, const struct ef_entry *e);
int32_t ef_header_read(struct ef *fs, uint32_t off, struct ef_header *h);
int32_t ef_header_write(struct ef *fs, uint32_t off, const struct ef_header *h);
bool ef_name_valid(const char *name);
bool ef_writable(const struct ef *fs);
/* The slot of a file, and its header; EEFS_FILE_NOT_FOUND. A header outside the medium is no file. */
int32_t ef_find(struct ef *fs, const char *name, struct ef_header *h);
uint32_t ef_now(const struct ef *fs);

/* ---- file.c: open files ---- */
uint32_t ef_slot_mode(const struct ef *fs, uint32_t slot); /* the modes in which it is open */
int32_t ef_open(struct thm_fs *f, const char *name, int flags);
int32_t ef_close(struct thm_fs *f, int32_t n);
int32_t ef_file_read(struct thm_fs *f, int32_t n, void *buf, uint32_t len);
int32_t ef_file_write(struct thm_fs *f, int32_t n, const void *buf, uint32_t len);
int32_t ef_sync(struct thm_fs *f, int32_t n);
int64_t ef_seek(struct thm_fs *f, int32_t n, int64_t off, int whence);
int32_t ef_truncate(struct thm_fs *f, const char *name, uint32_t size);

/* ---- check.c, show.c ---- */
int32_t ef_check(struct thm_fs *f, bool repair, thm_fs_line *report, void *ctx);
int32_t ef_describe(struct thm_fs *f, thm_fs_line *line, void *ctx);
int32_t ef_map(struct thm_fs *f, struct thm_fs_map *out);
/* "checksum: ..." as text: right, stale, or why it cannot be told. */
int32_t ef_checksum_line(struct ef *fs, char *text, size_t size);
