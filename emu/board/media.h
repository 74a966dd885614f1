/* emu/board/media.h -- a board's storage parts as media, and what is wrong with the one that the run's storage is on.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "fsimages/media/faults.h"

struct thm_media_faults {       /* all zero: none. The run's seed decides which blocks and bits they are */
    uint32_t bad_per_million;   /* erase blocks that fail programs and erases */
    uint32_t flips_per_billion; /* bytes that read with one wrong bit */
    bool worn;                  /* blocks fail when the part's endurance is used up, */
    uint32_t cycles;            /* of which each has so many behind it */
    uint32_t cut_at;            /* the power goes in this program or erase, counted from 1; 0: it stays */
    enum thm_cut cut_when;
};

struct thm_board;
/* The media that the run has cells for; b->media of the others is NULL. Errors: what the PC failed at, static; NULL:
 * nothing. */
const char *thm_board_build_media(struct thm_board *b);
uint64_t thm_board_media_bytes(const struct thm_board *b);
