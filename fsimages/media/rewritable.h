/* fsimages/media/rewritable.h -- bytes that can be rewritten, on flash that must be erased first: what boards do that
 * emulate an EEPROM in flash. Each program reads the erase blocks that it changes in part into RAM, changes the bytes,
 * erases the block and programs all of it again, so that a power cut in between costs the whole block. */
#pragma once
#include "fsimages/media/medium.h"

/* inner: lent. The buffer of one erase block is the PC's. A program may have any length.
 * Errors: THM_FS_EINVAL: more than 4 GB; THM_FS_EHOST. */
enum thm_fs_err thm_rewritable_create(struct thm_medium **out, struct thm_medium *inner);
/* Put one around *m, which it owns from then on. On error *m stays as it is. */
enum thm_fs_err thm_rewritable_take(struct thm_medium **m);
