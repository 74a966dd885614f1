/* fsimages/spiffs/core.h -- the parts of the SPIFFS driver to each other. All functions return 0 (or what their comment
 * says) or a negative code of codes.h. Working buffers are the device's: `work` and `lookup`, one page each, are shared
 * by everybody, so a call that says "uses work" destroys what the caller had there. */
#pragma once
#include "fsimages/spiffs.h"
#include "fsimages/spiffs/codes.h"
#include "fsimages/spiffs/layout.h"

#define SF_HEADER_MAX 304 /* header_len at most: 13 + 256 + 16, rounded up */
#define SF_COPY       256 /* bytes a page is copied in, as ESP-IDF's configuration has it */
#define SF_GC_RUNS    10

#define SF_FD_BYTES      48 /* sizes on a 32-bit device, facts measured there */
#define SF_CONTROL_BYTES 120

struct sf_cache_page;

struct sf_fd {     /* in the device's memory */
    uint8_t open;  /* 0: this descriptor is free */
    uint8_t flags; /* enum of fs.h */
    uint16_t id;   /* with SF_ID_INDEX */
    uint16_t header_page;
    uint16_t cursor_span, cursor_page; /* the index page used last */
    uint16_t written;                  /* data went through this descriptor */
    uint32_t size;                     /* may be SF_UNDEFINED */
    uint32_t pos;
    uint32_t cached; /* number + 1 of the cache page that collects its writes; 0: none */
    uint8_t reserved[SF_FD_BYTES - 24];
};

struct sf {
    struct thm_fs base;
    struct thm_medium *medium;
    struct thm_fs_memory mem;
    struct thm_fs_config config;
    struct sf_geometry g;
    void *control; /* the device's */
    uint8_t *work, *lookup;
    struct sf_fd *fds;
    uint32_t fd_count;
    uint8_t *cache; /* NULL: none */
    uint32_t alloc, deleted, free_blocks;
    uint16_t erase_counter;
    struct sf_slot cursor;      /* where the last object was found: searches begin there */
    struct sf_slot free_cursor; /* where the search for a free page begins */
    bool cleaning;              /* the garbage collector runs */
    uint8_t header[SF_HEADER_MAX];
    uint8_t copy[SF_COPY];
    void (*report)(void *ctx, const char *finding);
    void *report_ctx;
    uint32_t findings;
};

/* ---- cache.c: all access to the medium ---- */
uint32_t sf_cache_bytes(uint32_t page_size, uint32_t count);
void sf_cache_init(struct sf *fs, uint32_t count);
int32_t sf_read(struct sf *fs, uint32_t addr, void *buf, uint32_t len);        /* through the cache; within one page */
int32_t sf_read_around(struct sf *fs, uint32_t addr, void *buf, uint32_t len); /* does not fill the cache */
int32_t sf_program(struct sf *fs, uint32_t addr, const void *buf, uint32_t len);
int32_t sf_erase(struct sf *fs, uint32_t block); /* a logical block */
void sf_cache_drop(struct sf *fs, uint32_t page);
void sf_cache_forget(struct sf *fs); /* all read pages */
/* Write pages: collect writes below the page size of one object. */
struct sf_write_page {
    uint32_t offset, len;
    uint8_t *data;
};
bool sf_write_page_find(struct sf *fs, struct sf_fd *fd, struct sf_write_page *out);
bool sf_write_page_take(struct sf *fs, struct sf_fd *fd, uint32_t offset); /* false: no cache page is left */
void sf_write_page_grow(struct sf *fs, const struct sf_fd *fd, uint32_t len);
void sf_write_page_release(struct sf *fs, struct sf_fd *fd);

/* ---- lookup.c: the lookup tables ---- */
enum { SF_GO_ON = 1, SF_GO_ON_RELOAD = 2 }; /* RELOAD: `lookup` was used */
typedef int32_t sf_visitor(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx);
/* Visit every entry once, from `from`, round the volume (or to its end). The first result that is not SF_GO_ON ends the
 * walk and is returned, with *at the entry; SPIFFS_ERR_NOT_FOUND if nobody ended it. Uses lookup. */
int32_t sf_walk(struct sf *fs, struct sf_slot from, bool round, sf_visitor *visit, void *ctx, struct sf_slot *at);
int32_t sf_walk_all(struct sf *fs, sf_visitor *visit, void *ctx); /* from the start; not found is success */
int32_t sf_find_free(struct sf *fs, struct sf_slot *at); /* takes it out of the free blocks' count; uses lookup */
/* The valid page with that id and span, `except` not counting (0: none). page may be NULL. Uses lookup. */
int32_t sf_find_page(struct sf *fs, uint16_t id, uint16_t span, uint16_t except, uint16_t *page);
/* As sf_find_page, by what the page headers say rather than the lookup tables. */
int32_t sf_find_page_by_header(struct sf *fs, uint16_t id, uint16_t span, uint16_t except, uint16_t *page);
int32_t sf_find_name(struct sf *fs, const char *name, uint16_t *page);
int32_t sf_new_id(struct sf *fs, uint16_t *id); /* uses work, lookup */
int32_t sf_scan(struct sf *fs);                 /* erase counter, magics, page counters */

/* ---- page.c ---- */
int32_t sf_page_header(struct sf *fs, uint32_t page, struct sf_page_header *h);
int32_t sf_validate_index(const struct sf_page_header *h, uint16_t id, uint16_t span);
int32_t sf_check_index_page(struct sf *fs, uint32_t page, uint16_t id, uint16_t span);
int32_t sf_check_data_page(struct sf *fs, uint32_t page, uint16_t id, uint16_t span);
/* Take a free page: lookup entry, header, data (may be NULL), and FINAL cleared at last if `finalize`. */
struct sf_new_page {
    struct sf_page_header header;
    const uint8_t *data;
    uint32_t len;
    bool finalize;
};
int32_t sf_page_new(struct sf *fs, const struct sf_new_page *want, uint16_t *page);
int32_t sf_page_write_flags(struct sf *fs, uint32_t page, uint8_t flags);
int32_t sf_page_copy(struct sf *fs, uint32_t to, uint32_t from, uint32_t len); /* addresses */
/* Move a page: to what `content` (a page) says, or a copy of it if NULL. Then the source is deleted. */
int32_t sf_page_move(struct sf *fs, uint8_t *content, uint16_t id, uint16_t from, uint16_t *to);
int32_t sf_page_delete(struct sf *fs, uint32_t page);
int32_t sf_block_erase(struct sf *fs, uint32_t block);

/* ---- index.c: index pages and who has them open ---- */
static inline uint16_t sf_table_get(const struct sf *fs, const uint8_t *index, uint32_t data_span)
{
    return sf_get16(index + sf_table_offset(&fs->g, data_span));
}

static inline void sf_table_set(const struct sf *fs, uint8_t *index, uint32_t data_span, uint16_t page)
{
    sf_put16(index + sf_table_offset(&fs->g, data_span), page);
}

/* An index page went elsewhere; size: the file's, 0 if it did not change. */
void sf_index_moved(struct sf *fs, uint16_t id, uint16_t span, uint16_t page, uint32_t size);
void sf_index_deleted(struct sf *fs, uint16_t id, uint16_t span);
int32_t sf_index_create(struct sf *fs, uint16_t id, const char *name, uint16_t *page);
struct sf_header_update {
    uint8_t *content;    /* the header page if the caller has it; NULL: it is read to work */
    const char *name;    /* NULL: keep */
    const uint8_t *meta; /* NULL: keep */
    uint32_t size;       /* 0: keep */
};
int32_t sf_header_update(struct sf *fs, uint16_t id, uint16_t page, const struct sf_header_update *u);
int32_t sf_index_find(struct sf *fs, struct sf_fd *fd, uint16_t span, uint16_t *page); /* uses lookup */
int32_t sf_index_load(struct sf *fs, struct sf_fd *fd, uint16_t span, uint16_t page);  /* to work, validated */

/* ---- guess.c, show.c ---- */
/* Find page and block size by the magics in the blocks: tries every combination in use; fields of *c that are not 0
 * are kept. If neither a metadata length nor aligned tables are given, the combination is taken with which most index
 * pages list a page of their own object. Errors: THM_FS_EFORMAT: no combination fits. */
enum thm_fs_err sf_probe(struct thm_medium *m, struct thm_fs_config *c);
int32_t sf_describe(struct thm_fs *f, thm_fs_line *line, void *ctx);
int32_t sf_map(struct thm_fs *f, struct thm_fs_map *out);

/* ---- gc.c ---- */
int32_t sf_gc_check(struct sf *fs, uint64_t len);
int32_t sf_gc_quick(struct sf *fs, uint32_t max_free);

/* ---- object.c, truncate.c: a file's content; all use work and lookup ---- */
int32_t sf_object_open(struct sf *fs, uint16_t header_page, struct sf_fd *fd);
int32_t sf_object_read(struct sf *fs, struct sf_fd *fd, uint32_t offset, uint8_t *to, uint32_t len);
int32_t sf_object_append(struct sf *fs, struct sf_fd *fd, uint32_t offset, const uint8_t *data, uint32_t len);
int32_t sf_object_modify(struct sf *fs, struct sf_fd *fd, uint32_t offset, const uint8_t *data, uint32_t len);
int32_t sf_object_truncate(struct sf *fs, struct sf_fd *fd, uint32_t size);
int32_t sf_object_remove(struct sf *fs, struct sf_fd *fd);

/* ---- check*.c ---- */
enum sf_finding { SF_FIX_INDEX, SF_FIX_LOOKUP, SF_DELETE_ORPHAN, SF_DELETE_PAGE, SF_DELETE_BAD_FILE };
void sf_report(struct sf *fs, const char *pass, enum sf_finding what, uint32_t a, uint32_t b);
int32_t sf_check_lookup(struct sf *fs);
int32_t sf_check_indices(struct sf *fs);
int32_t sf_check_references(struct sf *fs);
/* check_mend.c */
#define SF_UNMENDABLE (-30000) /* sf_mend_table: the index itself is bad */
int32_t sf_mend_lookup_reference(struct sf *fs, uint16_t id, uint16_t data_span, uint16_t *page, uint16_t *index_page);
int32_t sf_mend_rewrite_page(struct sf *fs, uint16_t page, const struct sf_page_header *h, uint16_t *to);
int32_t sf_mend_table(struct sf *fs, uint16_t id, uint16_t data_span, uint16_t data_page, uint16_t index_page);
int32_t sf_mend_mark_deleted(struct sf *fs, uint16_t id);
int32_t sf_check(struct thm_fs *f, bool repair, void (*report)(void *, const char *), void *ctx);

/* ---- file.c: the table's functions on files ---- */
int32_t sf_open(struct thm_fs *f, const char *name, int flags);
int32_t sf_close(struct thm_fs *f, int32_t n);
int32_t sf_file_read(struct thm_fs *f, int32_t n, void *buf, uint32_t len);
int32_t sf_file_write(struct thm_fs *f, int32_t n, const void *buf, uint32_t len);
int64_t sf_seek(struct thm_fs *f, int32_t n, int64_t off, int whence);
int32_t sf_sync(struct thm_fs *f, int32_t n);
int32_t sf_truncate(struct thm_fs *f, const char *name, uint32_t size);
int32_t sf_remove(struct thm_fs *f, const char *name);
int32_t sf_rename(struct thm_fs *f, const char *from, const char *to);
int32_t sf_flush(struct sf *fs, struct sf_fd *fd);
