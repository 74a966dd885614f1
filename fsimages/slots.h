/* fsimages/slots.h -- one payload in raw flash, kept twice: for boards without a file system.
 *
 * The medium (a partition) is split in two halves of whole erase blocks; an odd block at the end stays unused. A half
 * begins with a header, all words little-endian:
 *
 *     0  "THMS"
 *     4  format version, 1
 *     8  sequence number
 *    12  payload length, bytes; 0: there is no payload (a formatted medium, or one whose payload was removed)
 *    16  CRC-32 of the payload
 *    20  length of the metadata, 0 to 64
 *    24  metadata, 64 bytes: opaque, for a signature of the payload's digest or the like; 0xFF behind its end
 *    88  CRC-32 of the 88 bytes before
 *
 * padded with 0xFF to whole program units and to 16 bytes. There the payload begins, so that it can be used in place.
 * CRCs: fsimages/crc32.h.
 *
 * A half is valid when both CRCs are right. The current payload is that of the valid half with the later sequence
 * number (by the sign of their difference, so they may wrap). Writing takes the other half: its first block is erased,
 * the payload is programmed as it comes, each further block erased before it is entered, and the header last, which is
 * the switch. Every program unit is programmed once, as parts with ECC demand. The power may go anywhere: either
 * payload is current then, whole. A torn erase or program leaves a half that is not valid, or one that still is. */
#pragma once
#include "fsimages/fs.h"

#define THM_SLOTS_META_MAX    64
#define THM_SLOTS_NOTES       8  /* at most, in a half */
#define THM_SLOTS_NOTE_MAX    16 /* bytes of one */
#define THM_SLOTS_NOTES_BYTES (THM_SLOTS_NOTES * THM_SLOTS_NOTE_MAX)

struct thm_slots {
    struct thm_medium *medium;
    uint32_t half;     /* bytes */
    uint32_t payload;  /* where it begins in a half */
    uint32_t capacity; /* the longest payload, bytes */
};

struct thm_slot {
    uint32_t index; /* 0 or 1 */
    uint32_t sequence;
    uint64_t off; /* of the payload in the medium */
    uint32_t len, crc;
    uint32_t meta_len;
    uint8_t meta[THM_SLOTS_META_MAX];
};

/* medium is lent. Errors: THM_FS_EINVAL: fewer than two erase blocks, a half above 4 GB, or one that is all header. */
enum thm_fs_err thm_slots_init(struct thm_slots *s, struct thm_medium *medium);
/* An empty pair of halves: a header of length 0 in the first. unit: as for thm_slots_open(). */
enum thm_fs_err thm_slots_format(const struct thm_slots *s, uint8_t *unit);

/* Read both halves and their payloads. *current: the payload in use; *older: the one before it; index 2 where there is
 * none that is valid. A length of 0 is valid. A half that cannot be read (ECC) is not valid, other errors are
 * returned. */
enum { THM_SLOTS_NONE = 2 };
enum thm_fs_err thm_slots_find(const struct thm_slots *s, struct thm_slot *current, struct thm_slot *older);

/* Writing. A writer that is not committed changes nothing but the older half; there is nothing to give back. */
struct thm_slots_writer {
    const struct thm_slots *slots;
    uint8_t *unit; /* bytes that do not fill a program unit yet */
    uint32_t pending;
    uint32_t index, sequence;
    uint32_t len, crc; /* so far */
    uint32_t erased;   /* bytes of the half that are erased */
};
/* current: as found. unit: program_unit bytes, lent until the commit. Erases the first block of the half that is not
 * current. */
enum thm_fs_err thm_slots_open(const struct thm_slots *s, const struct thm_slot *current, struct thm_slots_writer *w,
                               uint8_t *unit);
/* Errors: THM_FS_ENOSPC: more than the capacity; nothing of it is written. */
enum thm_fs_err thm_slots_append(struct thm_slots_writer *w, const void *data, uint32_t len);
/* Make it current. meta: len <= THM_SLOTS_META_MAX bytes, NULL with 0. Errors: THM_FS_EINVAL. */
enum thm_fs_err thm_slots_commit(struct thm_slots_writer *w, const void *meta, uint32_t len);
/* Notes: a few bytes each that are added to a payload when it is current already, one after another, as far as there is
 * room behind it; for what a boot code finds out about it. They go with the payload. A torn one is none. */
enum thm_fs_err thm_slots_notes(const struct thm_slots *s, const struct thm_slot *slot,
                                uint8_t out[THM_SLOTS_NOTES_BYTES], uint32_t *len);
/* unit: as for thm_slots_open(). Errors: THM_FS_EINVAL: too long; THM_FS_ENOSPC: no room for another one. */
enum thm_fs_err thm_slots_add_note(const struct thm_slots *s, const struct thm_slot *slot, const void *data,
                                   uint32_t len, uint8_t *unit);
/* Make a half invalid: if it is the current one, the older becomes current. */
enum thm_fs_err thm_slots_drop(const struct thm_slots *s, uint32_t index);

/* The same as a file system: a file "model" and, while it is valid, "model.old", the one before. "model" is written
 * from the start to the end, and current from close() on; after a failed write it is not. remove("model") leaves it as
 * "model.old"; rename("model.old", "model") goes back to it, for good. Notes are the bytes behind the payload's; each
 * write to "model" opened for appending is one. Codes are -enum thm_fs_err.
 * Total: the capacity of one half. Erased flash mounts as it is; other content that is no slot needs a format. */
extern const struct thm_fs_ops thm_fs_slots;
