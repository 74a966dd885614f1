/* fsimages/media/snapshot.h -- a medium that can be written and then is as it was: what changes lies in pages of its
 * own over another medium, which is only read, and is dropped in time proportional to those pages. */
#pragma once
#include <stdint.h>
#include "fsimages/media/medium.h"

/* erased: what an erased byte reads as (thm_part_erased()). inner: lent; it may change while the snapshot holds
 * nothing. Reads of the snapshot cost no device time. budget: bytes that may be read, programmed and erased between two
 * resets, so that a damaged volume cannot keep a driver busy for ever; what is above fails with THM_FS_EIO. 0: no
 * limit. */
enum thm_fs_err thm_snapshot_create(struct thm_medium **out, struct thm_medium *inner, uint8_t erased, uint64_t budget);
void thm_snapshot_reset(struct thm_medium *snapshot);
uint32_t thm_snapshot_pages(const struct thm_medium *snapshot); /* that it holds now */
bool thm_snapshot_exhausted(const struct thm_medium *snapshot); /* the budget has been used up since the last reset */
