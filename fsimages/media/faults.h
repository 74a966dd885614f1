/* fsimages/media/faults.h -- media that break: each is one around another, which is lent, and they compose in any
 * order. Plans are copied with all that they point to; the same plan always breaks the same places. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "fsimages/media/medium.h"

/* ---- power cut: one program or erase is the last, every read, program and erase after it fails with THM_FS_EPOWER.
 * Peeks still show what is left. thm_powercut_create() (medium.h) tears in the middle. ---- */

enum thm_cut { THM_CUT_BEFORE, THM_CUT_TORN, THM_CUT_AFTER }; /* that operation is not done, in part, wholly */

struct thm_powercut {
    uint32_t after; /* programs and erases that are still done before that one */
    enum thm_cut when;
    uint32_t percent; /* torn: of its bytes, the first that are done, in whole program units; 0: half */
    bool bits;        /* a torn program changes a random half of the bits that it would change, all over its bytes */
    uint64_t seed;    /* for those bits */
};

/* Errors: THM_FS_EINVAL: more than 100 percent; THM_FS_EHOST. */
enum thm_fs_err thm_powercut_create_as(struct thm_medium **out, struct thm_medium *inner,
                                       const struct thm_powercut *plan);

/* ---- bad blocks ---- */

enum {                            /* what a bad block does; 0: it fails programs and erases */
       THM_BAD_PROGRAM_FAILS = 1, /* THM_FS_EIO */
       THM_BAD_ERASE_FAILS = 2,
       THM_BAD_READ_FAILS = 4,
       THM_BAD_PROGRAM_LOST = 8, /* succeeds, and changes nothing */
       THM_BAD_ERASE_LOST = 16,
};

struct thm_badblocks {
    const uint32_t *blocks; /* erase blocks of the medium; may be NULL */
    size_t count;
    uint32_t per_million; /* of all blocks, chosen by the seed, beside those */
    uint64_t seed;
    int does;
};

enum thm_fs_err thm_badblocks_create(struct thm_medium **out, struct thm_medium *inner,
                                     const struct thm_badblocks *plan);
bool thm_badblocks_is_bad(const struct thm_medium *badblocks, uint32_t block);

/* ---- bit flips: what is read (or peeked at) differs from what was written; the cells do not ---- */

struct thm_bitflip {
    uint64_t off;
    uint8_t mask; /* bits that read the other way round */
};

struct thm_bitflips {
    const struct thm_bitflip *fixed; /* may be NULL */
    size_t count;
    uint32_t per_billion; /* bytes with one wrong bit, chosen by the seed, beside those */
    uint64_t seed;
    bool every_read; /* others at every read (a disturbed line); false: always the same ones (lost charge) */
};

enum thm_fs_err thm_bitflips_create(struct thm_medium **out, struct thm_medium *inner, const struct thm_bitflips *plan);
