/* emu/torture/shared.h -- what the processes of a torture share. Private to emu/torture. */
#pragma once
#include "emu/torture/scenario.h"
#include "fsimages/media/part.h"

enum { JOURNAL_ENTRIES = 1 << 20, JOURNAL_BYTES = 1 << 28, JOBS_MAX = 256 };
#define JOURNAL_MAPPED ((uint64_t)JOURNAL_BYTES + 64ull * JOURNAL_ENTRIES) /* address space, no memory */

struct thm_torture_shared { /* mapped; written by children, so nothing in it is to be trusted without a look */
    int status;             /* the recorder's: of the preparation */
    char message[352];
    int update_status;
    char update_message[352];
    uint32_t arena;
    uint32_t count; /* of the journal */
    uint64_t used;
    _Atomic uint32_t at[JOBS_MAX]; /* the state that a worker is at; its end: all are done */
};

struct thm_torture_medium { /* what the board's storage is on */
    const struct thm_part *part;
    uint64_t size;
    unsigned number; /* 0: the flash */
    uint8_t erased;
};
struct thm_torture_medium thm_torture_medium(const struct thm_torture *t);
/* The chip of a process over the content behind a descriptor; private: what it writes is its own. *bytes: the map. */
enum thm_fs_err thm_torture_chip(struct thm_medium **out, const struct thm_torture_medium *m, int fd, bool is_private,
                                 uint8_t **bytes);

/* ---- record.c: prepare, and run the update once; in a child, which ends here ---- */
void thm_torture_record(struct thm_scene *s, int content, struct thm_journal *j, struct thm_torture_shared *out)
    __attribute__((noreturn));

/* ---- worker.c: boot from the states [from, end); in a child, which ends here ---- */
struct thm_torture_share {
    const struct thm_scene *scene;
    const struct thm_journal *journal;
    int content;                 /* of the medium before the update: a descriptor */
    uint32_t from, end;          /* indices of states */
    struct thm_aftermath *state; /* of all; mapped */
    _Atomic uint32_t *at;
};
void thm_torture_work(const struct thm_torture_share *w) __attribute__((noreturn));
/* One state, with its events on the modem. */
void thm_torture_show(const struct thm_torture_share *w, int modem) __attribute__((noreturn));
