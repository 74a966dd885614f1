/* fsimages/media/journal.h -- every program and erase of a medium, in order: to be done again on a copy of it, also
 * with the power lost in one of them (faults.h). */
#pragma once
#include <stdint.h>
#include "fsimages/media/medium.h"

struct thm_journal_entry {
    uint64_t off;   /* bytes on the medium */
    uint32_t len;   /* bytes programmed; 0: an erase */
    uint32_t block; /* erased */
    uint64_t data;  /* program: where its bytes begin in the journal's */
};

/* The memory is the caller's, so that processes can share it. */
struct thm_journal {
    struct thm_journal_entry *entry;
    uint32_t count, capacity;
    uint8_t *bytes;
    uint64_t used, room; /* bytes */
};

/* Wraps any medium: what succeeds on it is noted. inner, j: lent. A journal that is full fails the operation with
 * THM_FS_EHOST, before it is done. */
enum thm_fs_err thm_journal_create(struct thm_medium **out, struct thm_medium *inner, struct thm_journal *j);

/* Do one operation again, on a medium of the same geometry. */
enum thm_fs_err thm_journal_apply(const struct thm_journal_entry *e, const uint8_t *bytes, struct thm_medium *m);
