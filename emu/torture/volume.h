/* emu/torture/volume.h -- other files on the board's storage: what a volume looks like after a while. */
#pragma once
#include "emu/torture/torture.h"

struct thm_board;

struct thm_volume_files { /* numbers of the files around the old model */
    uint32_t before, end;
};

/* Both on the task's stack; result: 0, or the board's exit status. before the old model is stored: use the volume up,
 * but leave room. after it: take the rest, then let go of what this kind of volume has free. model: bytes of one. */
int thm_volume_before(struct thm_board *b, const struct thm_torture *t, struct thm_volume_files *f);
int thm_volume_after(struct thm_board *b, const struct thm_torture *t, struct thm_volume_files *f);
