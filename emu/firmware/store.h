/* emu/firmware/store.h -- how a firmware keeps its model in files, and what is left of it when the power fails.
 *
 * A strategy knows where a new model is written, what makes it the one to run, and how the boot code finds that one.
 * All of it is made of the services in emu/board/hal.h. `thimble torture` cuts the power at every program and erase
 * below. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/signing.h"
#include "emu/firmware/bundle.h"

struct thm_board;
struct thm_store;

enum { THM_STORE_NAME_MAX = 256, THM_STORE_ENTRIES = 3, THM_STORE_FILES = 4 };

struct thm_store_entry {    /* a stored model that may be the one to run */
    const char *name;       /* of the file */
    uint32_t bytes;         /* of the model; the file may have more */
    uint32_t offset;        /* of the model in the file */
    uint32_t sequence, crc; /* slots: the highest sequence is the one to run */
    uint32_t counter;       /* bundles: the security counter */
    uint8_t mark;           /* bundles: enum thm_store_mark */
    uint8_t signature[THM_SIGNATURE_BYTES];
};

/* How far a bundle has come on this board; as letters on the storage. */
enum thm_store_mark { THM_STORE_TRIAL = 't', THM_STORE_STARTED = 's', THM_STORE_CONFIRMED = 'c' };

struct thm_store_patch { /* a weights update: these ranges of the stored model are to become the new model's */
    const uint8_t *model;
    const struct thm_store_range {
        uint32_t offset, bytes;
    } * range;
    uint32_t ranges;
};

struct thm_store_ops {
    const char *name, *title;            /* "ab-crc"; one line */
    const char *suffix[THM_STORE_FILES]; /* of the files, in place of the extension; "": the file's own name; NULL:
                                            there are no more */
    bool power_safe;                     /* claims: whenever the power goes, the old or the new model can be run */
    uint32_t copies;                     /* of the first model, that a board leaves the factory with */
    bool wants_crc;                      /* of the new model, in s->next, as it is written */
    bool is_signed;                      /* a model is stored with a signature */
    bool is_bundle;                      /* what is stored is a signed bundle, and no other model */
    bool mends; /* the boot code has a file system that has failed checked and repaired before it gives up */
    /* The models that there are, the one to run first. */
    uint32_t (*find)(struct thm_store *s, struct thm_store_entry out[THM_STORE_ENTRIES]);
    bool (*begin)(struct thm_store *s); /* set s->next.name: the file that the new model is written to */
    bool (*write)(struct thm_store *s, const uint8_t *data, uint32_t len); /* NULL: into the file of begin */
    bool (*commit)(struct thm_store *s); /* all of it is written to s->fd: make it the one to run */
    /* Is what was loaded what had been stored? NULL: nobody looks. */
    bool (*verify)(struct thm_store *s, const struct thm_store_entry *e, const uint8_t *model);
    bool (*patch)(struct thm_store *s, const struct thm_store_patch *p); /* NULL: a patched copy is stored */
    void (*abandon)(struct thm_store *s); /* s->fd is open; NULL: close it and remove the file */
    /* STARTED: it is about to be run; CONFIRMED: it has been. NULL: what is stored is run, for better or worse. */
    bool (*mark)(struct thm_store *s, struct thm_store_entry *e, enum thm_store_mark mark);
    bool (*select)(struct thm_store *s); /* run the other stored model from now on; NULL: there is one at most */
};

struct thm_store { /* in static data on a device */
    struct thm_board *b;
    const struct thm_store_ops *ops;
    char file[THM_STORE_FILES][THM_STORE_NAME_MAX]; /* names, made of the model's */
    /* the update under way */
    int32_t fd; /* -1: none */
    struct thm_store_entry next;
    struct thm_digest digest;
    uint8_t piece[256];       /* copied at a time: the task's stack may be small */
    const uint8_t *signature; /* of the new model, THM_SIGNATURE_BYTES; what is_signed wants before commit */
    struct thm_bundle bundle;
    struct thm_bundle_policy policy;
};

extern const struct thm_store_ops thm_store_overwrite, thm_store_rename, thm_store_ab_crc, thm_store_ab_signed,
    thm_store_bundle;
const struct thm_store_ops *thm_store_find(const char *name); /* NULL: unknown */
const struct thm_store_ops *thm_store_at(uint32_t i);         /* NULL after the last */

void thm_store_init(struct thm_store *s, struct thm_board *b, const struct thm_store_ops *ops, const char *file);

/* Does a failed update leave the model before, whatever it failed of? */
bool thm_store_keeps_old(const struct thm_store *s);
/* A new model, piece by piece; of so many bytes in all, 0: not known. false: it failed, and the board knows why; then
 * abandon what was begun. What does not fit is refused before anything is erased where the model before is kept. */
bool thm_store_begin(struct thm_store *s, uint64_t bytes);
bool thm_store_write(struct thm_store *s, const uint8_t *data, uint32_t len);
bool thm_store_commit(struct thm_store *s);
void thm_store_abandon(struct thm_store *s); /* remove what is incomplete, if anything is */
bool thm_store_patch(struct thm_store *s, const struct thm_store_patch *p);

/* For the strategies. */
bool thm_store_is_raw(const struct thm_store *s); /* on raw slots (fsimages/slots.h), not on a file system */
bool thm_store_close(struct thm_store *s);
bool thm_store_put(struct thm_store *s, const void *data, uint32_t len);        /* all of it, or false */
bool thm_store_is_intact(struct thm_store *s, const struct thm_store_entry *e); /* by its CRC */
