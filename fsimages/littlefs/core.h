/* fsimages/littlefs/core.h -- the parts of the littlefs driver to each other. Functions return 0 (or what their comment
 * says) or a negative code of codes.h.
 *
 * The order of reads, programs and allocations is the reference's, because images are compared with its. */
#pragma once
#include "fsimages/littlefs.h"
#include "fsimages/littlefs/codes.h"
#include "fsimages/littlefs/layout.h"

#define LF_FILE_BYTES 84 /* lfs_file_t on a 32-bit device */
#define LF_FILES      64 /* open at once unless configured */

struct lf_cache {
    uint32_t block, off, size; /* what it holds; block LF_NULL: nothing */
    uint8_t *buf;              /* cache_size bytes of the device's memory */
};

struct lf_dir { /* a metadata pair, as last read */
    uint32_t pair[2];
    uint32_t rev;
    uint32_t off;  /* where its log ends */
    uint32_t etag; /* the last tag */
    uint16_t count;
    bool erased; /* the log can be continued */
    bool split;  /* tail belongs to the same directory */
    uint32_t tail[2];
};

struct lf_state { /* what is stored as the XOR of all pairs' deltas: a move that is under way, orphans */
    uint32_t tag, pair[2];
};

struct lf_open { /* who keeps a pair and an entry in it, to be told when they change */
    struct lf_open *next;
    uint16_t id;
    bool file; /* a struct lf_file */
    struct lf_dir dir;
};

enum { /* a file's flags, beside those of fs.h */
       LF_DIRTY = 0x10000,
       LF_WRITING = 0x20000,
       LF_READING = 0x40000,
       LF_ERRED = 0x80000,
       LF_INLINED = 0x100000,
       LF_DUSTY = 0x200000, /* another handle has stored this file meanwhile */
};

struct lf_file {
    struct lf_open open;
    uint32_t head, size; /* of the list of blocks; head LF_INLINE: the content is in the cache */
    uint32_t flags, pos;
    uint32_t block, off; /* where pos is */
    struct lf_cache cache;
    void *device; /* the device's lfs_file_t: only its size matters */
};

struct lf {
    struct thm_fs base;
    struct thm_medium *medium;
    struct thm_fs_memory mem;
    uint32_t block_size, block_count, read_size, program_size, cache_size, lookahead_size;
    uint32_t cycles; /* revisions of a pair until it moves, odd; 0: never */
    uint32_t version;
    uint32_t name_max, file_max, attr_max, inline_max;
    bool peeking; /* look at the medium without touching it */
    struct lf_cache rcache, pcache;
    uint32_t root[2];
    struct lf_open *opens;
    uint32_t seed;
    struct lf_state disk, now, delta; /* on the medium; wanted; from pairs that went */
    struct {
        uint8_t *map;
        uint32_t start, size, next, checkpoint;
    } ahead;
    struct lf_file **files;
    uint32_t file_count;
};

struct lf_place {
    uint32_t block, off;
};

/* ---- cache.c: all access to the medium. `p` may be NULL ---- */
void lf_cache_drop(struct lf_cache *c);
void lf_cache_zero(const struct lf *fs, struct lf_cache *c);
struct lf_via { /* through which caches; hint: bytes that will be read from here on */
    const struct lf_cache *p;
    struct lf_cache *r;
    uint32_t hint;
};
int32_t lf_read(struct lf *fs, struct lf_via via, uint32_t block, uint32_t off, void *buf, uint32_t len);
int32_t lf_read_meta(struct lf *fs, uint32_t hint, uint32_t block, uint32_t off, void *buf, uint32_t len);
int32_t lf_crc_medium(struct lf *fs, uint32_t hint, uint32_t block, uint32_t off, uint32_t len, uint32_t *crc);
enum { LF_LESS, LF_EQUAL, LF_GREATER }; /* what is stored, to what is looked for */
int32_t lf_compare(struct lf *fs, struct lf_cache *r, uint32_t hint, uint32_t block, uint32_t off, const void *data,
                   uint32_t len);
int32_t lf_flush(struct lf *fs, struct lf_cache *p, struct lf_cache *r, bool validate);
int32_t lf_sync(struct lf *fs);
int32_t lf_program(struct lf *fs, struct lf_cache *p, struct lf_cache *r, bool validate, uint32_t block, uint32_t off,
                   const void *data, uint32_t len);
int32_t lf_erase(struct lf *fs, uint32_t block);

/* ---- alloc.c ---- */
void lf_alloc_checkpoint(struct lf *fs); /* all blocks that were allocated are in the tree (or lost) */
void lf_alloc_drop(struct lf *fs);
int32_t lf_alloc(struct lf *fs, uint32_t *block);

/* ---- fetch.c: reading a pair ---- */
struct lf_match { /* a tag to look for; fits: LF_LESS.. or an error */
    uint32_t mask, tag;
    int32_t (*fits)(struct lf *fs, uint32_t tag, uint32_t block, uint32_t off, const void *ctx);
    const void *ctx;
};
struct lf_name {
    const char *text;
    uint32_t len;
};
int32_t lf_name_fits(struct lf *fs, uint32_t tag, uint32_t block, uint32_t off, const void *ctx); /* struct lf_name */
/* Read a pair's log. Result: the tag that fits; 0: none in this pair, its id would be beyond; LFS_ERR_NOENT: none, and
 * *id (may be NULL) is where it would be. m NULL: only read. */
int32_t lf_fetch_match(struct lf *fs, struct lf_dir *dir, const uint32_t pair[2], const struct lf_match *m,
                       uint16_t *id);
int32_t lf_fetch(struct lf *fs, struct lf_dir *dir, const uint32_t pair[2]);

/* ---- get.c: one entry's data ---- */
struct lf_want {
    uint32_t mask, tag;
};
/* The newest tag that fits, with len bytes from off of its data (zeros where there are none). Result: the tag. */
int32_t lf_get(struct lf *fs, const struct lf_dir *dir, struct lf_want w, uint32_t off, void *buf, uint32_t len);
int32_t lf_get_struct(struct lf *fs, const struct lf_dir *dir, uint16_t id, uint32_t out[2]);
int32_t lf_get_state(struct lf *fs, const struct lf_dir *dir, struct lf_state *xored);
int32_t lf_get_stat(struct lf *fs, const struct lf_dir *dir, uint16_t id, struct thm_fs_stat *out);
int32_t lf_get_inline(struct lf *fs, struct lf_file *f, uint32_t hint, uint32_t off, void *buf, uint32_t len);

/* ---- log.c: a pair's log and changes to it as one sequence ---- */
struct lf_attr {
    uint32_t tag;
    const void *data; /* LF_T_MOVE: a struct lf_dir */
};
struct lf_attrs {
    const struct lf_attr *list;
    uint32_t count;
};
#define LF_ATTRS(...)                                                             \
    ((struct lf_attrs){                                                           \
        (const struct lf_attr[]){ __VA_ARGS__ },                                  \
        sizeof((const struct lf_attr[]){ __VA_ARGS__ }) / sizeof(struct lf_attr), \
    })
#define LF_ATTR_IF(cond, tag, data) \
    {                               \
        (cond) ? (tag) : 0, data    \
    } /* tag 0 without data: nothing */

struct lf_log {
    const struct lf_dir *dir;
    uint32_t off, ptag;
    struct lf_attrs attrs;
};
struct lf_entry {
    uint32_t tag;     /* with LF_INVALID: its data is on the medium */
    const void *data; /* in memory */
    uint32_t block, off;
};
struct lf_pick { /* which entries: tags that fit, ids from begin to end, to be moved by diff. mask 0: all, as they are
                  */
    uint32_t mask, tag;
    uint32_t begin, end;
    int diff;
};
typedef int32_t lf_put(struct lf *fs, const struct lf_entry *e, void *ctx);
int32_t lf_log_walk(struct lf *fs, struct lf_log log, const struct lf_pick *pick, lf_put *put, void *ctx);

/* ---- commit.c ---- */
struct lf_commit {
    uint32_t block, off, ptag, crc;
    uint32_t begin, end;
};
int32_t lf_commit_bytes(struct lf *fs, struct lf_commit *c, const void *data, uint32_t len);
int32_t lf_commit_tag(struct lf *fs, struct lf_commit *c, uint32_t tag, const void *data);
lf_put lf_commit_put; /* ctx: struct lf_commit */
int32_t lf_commit_state(struct lf *fs, struct lf_commit *c, const struct lf_state *s);
int32_t lf_commit_end(struct lf *fs, struct lf_commit *c);

/* ---- compact.c ---- */
enum { LF_RELOCATED = 1, LF_DROPPED, LF_ORPHANED };
int32_t lf_dir_alloc(struct lf *fs, struct lf_dir *dir);
int32_t lf_compact(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs); /* may be LF_RELOCATED */

/* ---- pair.c: changes to a pair, and what they bring about elsewhere ---- */
int32_t lf_commit(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs);
int32_t lf_commit_orphaning(struct lf *fs, struct lf_dir *dir, struct lf_attrs attrs); /* may be LF_ORPHANED */
int32_t lf_drop(struct lf *fs, struct lf_dir *pred, const struct lf_dir *gone);

/* ---- state.c ---- */
static inline bool lf_has_orphans(const struct lf_state *s)
{
    return lf_len(s->tag) != 0;
}

static inline bool lf_has_move(const struct lf_state *s)
{
    return lf_class(s->tag) != 0;
}

static inline bool lf_moves_from(const struct lf_state *s, const uint32_t pair[2])
{
    return lf_has_move(s) && lf_pair_same(s->pair, pair);
}

static inline void lf_state_xor(struct lf_state *a, const struct lf_state *b)
{
    a->tag ^= b->tag;
    a->pair[0] ^= b->pair[0];
    a->pair[1] ^= b->pair[1];
}

static inline bool lf_state_is_zero(const struct lf_state *s)
{
    return !(s->tag | s->pair[0] | s->pair[1]);
}

#define LF_OLD_SUPERBLOCK 0x200u /* in the state's tag, never stored: the superblock is of an older version */

void lf_orphans_add(struct lf *fs, int n);
void lf_move_begin(struct lf *fs, uint16_t id, const uint32_t pair[2]);
void lf_move_end(struct lf *fs);
/* If the move under way is from this pair, it ends with the next commit there. Result: its id, or LF_NO_ID. */
uint16_t lf_move_take(struct lf *fs, const uint32_t pair[2]);
int32_t lf_deorphan(struct lf *fs, bool power_loss);
int32_t lf_force_consistency(struct lf *fs);
int32_t lf_mkconsistent(struct lf *fs);

/* ---- walk.c: the thread through all pairs ---- */
/* 1: there is a pair after *dir (dir->tail); 0: no; LFS_ERR_CORRUPT: more pairs than the volume has, a circle. */
int32_t lf_thread_goes_on(const struct lf *fs, const struct lf_dir *dir, uint32_t *steps);
struct lf_dir lf_thread_start(void);
typedef int32_t lf_visit(void *ctx, uint32_t block);
int32_t lf_walk(struct lf *fs, bool orphans, lf_visit *visit, void *ctx); /* every block that is in use */
int32_t lf_pred(struct lf *fs, const uint32_t pair[2], struct lf_dir *out);
int32_t lf_parent(struct lf *fs, const uint32_t pair[2], struct lf_dir *out); /* the tag of its directory struct */
int32_t lf_blocks_used(struct lf *fs);                                        /* blocks */

/* ---- path.c ---- */
static inline uint32_t lf_name_len(const char *path)
{
    return (uint32_t)__builtin_strcspn(path, "/");
}

bool lf_is_last(const char *path);
/* Result: the entry's tag (id LF_NO_ID: the root). *path: the last name that was looked for; *id: where it is or would
 * be (may be NULL). */
int32_t lf_find(struct lf *fs, struct lf_dir *dir, const char **path, uint16_t *id);

/* ---- ctz.c: lists of blocks ---- */
int32_t lf_ctz_find(struct lf *fs, struct lf_cache *r, uint32_t head, uint32_t size, uint32_t pos,
                    struct lf_place *out);
int32_t lf_ctz_extend(struct lf *fs, struct lf_cache *p, uint32_t head, uint32_t size, struct lf_place *out);
int32_t lf_ctz_walk(struct lf *fs, const struct lf_cache *p, uint32_t head, uint32_t size, lf_visit *visit, void *ctx);

/* ---- content.c: an open file's content ---- */
int32_t lf_file_outline(struct lf *fs, struct lf_file *f);
int32_t lf_file_flush(struct lf *fs, struct lf_file *f);
int32_t lf_file_sync(struct lf *fs, struct lf_file *f);
int32_t lf_file_read(struct lf *fs, struct lf_file *f, void *buf, uint32_t len);
int32_t lf_file_write(struct lf *fs, struct lf_file *f, const void *data, uint32_t len);
int64_t lf_file_seek(struct lf *fs, struct lf_file *f, int64_t pos);
int32_t lf_file_truncate(struct lf *fs, struct lf_file *f, uint32_t size);
uint32_t lf_file_size(const struct lf_file *f);

/* ---- the table's functions: file.c, names.c, check.c, show.c ---- */
int32_t lf_open(struct thm_fs *fs, const char *name, int flags);
int32_t lf_close(struct thm_fs *fs, int32_t n);
void lf_close_all(struct lf *fs); /* without storing anything */
int32_t lf_op_read(struct thm_fs *fs, int32_t n, void *buf, uint32_t len);
int32_t lf_op_write(struct thm_fs *fs, int32_t n, const void *data, uint32_t len);
int32_t lf_op_sync(struct thm_fs *fs, int32_t n);
int64_t lf_op_seek(struct thm_fs *fs, int32_t n, int64_t off, int whence);
int32_t lf_op_truncate(struct thm_fs *fs, const char *name, uint32_t size);
int32_t lf_remove(struct thm_fs *fs, const char *name);
int32_t lf_rename(struct thm_fs *fs, const char *from, const char *to);
int32_t lf_mkdir(struct thm_fs *fs, const char *name);
int32_t lf_stat(struct thm_fs *fs, const char *name, struct thm_fs_stat *out);
int32_t lf_list(struct thm_fs *fs, const char *dir, int32_t (*each)(void *ctx, const struct thm_fs_stat *st),
                void *ctx);
int32_t lf_check(struct thm_fs *fs, bool repair, thm_fs_line *report, void *ctx);
int32_t lf_describe(struct thm_fs *fs, thm_fs_line *line, void *ctx);
int32_t lf_map(struct thm_fs *fs, struct thm_fs_map *out);

/* ---- audit.c: every pair and every entry, whatever state they are in ---- */
enum { /* what a block is */
       LF_MARK_PAIR = 1,
       LF_MARK_HEAD = 2, /* of a directory's first pair */
       LF_MARK_NAMED = 4,
       LF_MARK_DATA = 8,
};
struct lf_audit {
    uint8_t *marks; /* one a block; malloc'ed, to be freed by the caller */
    thm_fs_line *report;
    void *ctx; /* of report */
    int32_t findings;
    uint32_t orphans;
    bool stop;  /* at the first entry that cannot be read: */
    bool found; /* there is one, the following: */
    struct lf_dir dir;
    uint16_t id;
    char path[THM_FS_NAME_MAX * 2];
};
int32_t lf_audit(struct lf *fs, struct lf_audit *a);

/* ---- mount.c ---- */
enum thm_fs_err lf_probe(struct thm_medium *m, struct thm_fs_config *c);
int32_t lf_format(struct thm_medium *m, const struct thm_fs_config *c, const struct thm_fs_memory *mem);
int32_t lf_mount(struct thm_fs **out, struct thm_medium *m, const struct thm_fs_config *c,
                 const struct thm_fs_memory *mem);
void lf_unmount(struct thm_fs *f);
/* The superblock's bytes for this volume; from the pair that has one. */
void lf_superblock_put(const struct lf *fs, uint8_t bytes[LF_SUPERBLOCK]);
int32_t lf_superblock_get(struct lf *fs, const struct lf_dir *root, uint8_t bytes[LF_SUPERBLOCK]);
