/* fsimages/fat/walk.h -- a walk through all directories that notes to whom every cluster belongs, and what is wrong on
 * the way. Depth and loops do not matter: directories are visited in the order in which they were found, and a cluster
 * has one owner, the first. */
#pragma once
#include "fsimages/fat/core.h"

struct fat_object {  /* a file or directory */
    uint32_t dir;    /* its directory's number; the root is number 0 and lies in itself */
    uint32_t block;  /* where its entries begin there; FAT_NO_BLOCK: it has no long name */
    uint32_t offset; /* of its short entry */
    uint32_t first, size;
    uint32_t clusters; /* of its chain, as far as it is its own */
    bool directory;
};

struct fat_walk {
    struct fat *fs;
    uint32_t *owner; /* of each cluster, from cluster 0 on: number + 1; 0: nobody */
    struct fat_object *objects;
    uint32_t count, room;
    bool repair;
    thm_fs_line *report; /* NULL: nobody listens */
    void *ctx;
    int32_t findings;
};

/* ---- walk.c ---- */
int32_t fat_walk_init(struct fat_walk *w, struct fat *fs);
void fat_walk_finish(struct fat_walk *w);
int32_t fat_walk_tree(struct fat_walk *w); /* uses long_name */
__attribute__((format(printf, 2, 3))) void fat_finding(struct fat_walk *w, const char *format, ...);
#define FAT_PATH 300
const char *fat_walk_path(struct fat_walk *w, uint32_t object, char path[FAT_PATH]); /* returns path */
/* The object's short entry in the window, to be changed. */
int32_t fat_walk_entry(struct fat_walk *w, const struct fat_object *o, uint8_t **entry);
int32_t fat_walk_delete(struct fat_walk *w, const struct fat_object *o); /* its entries, not its chain */

/* ---- chain_check.c ---- */
int32_t fat_check_chain(struct fat_walk *w, uint32_t object);

/* ---- longname_check.c: long names that have lost their file ---- */
struct fat_long {   /* what came before an entry */
    uint32_t start; /* where the parts begin; FAT_NO_BLOCK: there are none */
    uint8_t next, sum;
    bool broken;
};
int32_t fat_check_long_part(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t offset,
                            const uint8_t *entry);
/* Before an entry that is no part of a long name; `name` is the short one, NULL: it has none. After it, l->start says
 * where the entry's own long name begins. */
int32_t fat_check_long_end(struct fat_walk *w, uint32_t dir, struct fat_long *l, uint32_t offset, const uint8_t *name);
