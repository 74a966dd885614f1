/* emu/cli/image_lock.h -- one user at a time for what is changed.
 *
 * A change holds the image file, and where a board's flash lies beside it the folder as well, which a run of that
 * board holds too (emu/board/chip.c). All of them are flock(2) locks, gone with the process. */
#pragma once

struct image;
/* Result: 0, or an exit status, reported: somebody else has it. */
int image_lock(struct image *im);
void image_unlock(struct image *im);
