/* emu/board/storage_place.h -- where a profile's storage lies, and with what its driver is built. */
#pragma once
#include <stdint.h>
#include "emu/board/profile.h"
#include "fsimages/fs.h"

struct thm_storage_place {
    unsigned medium;       /* 0: the flash; i: media[i - 1] */
    const char *name;      /* of the partition, or of the medium */
    uint64_t offset, size; /* bytes; with an MBR of the whole medium, whose table tells */
};

const struct thm_profile_storage *thm_storage_find(const struct thm_profile *p, const char *name); /* NULL: none */
const char *thm_storage_file(const struct thm_profile *p, const char *name); /* where a model goes there by default */
/* Of a checked profile. */
struct thm_storage_place thm_storage_place(const struct thm_profile *p, const struct thm_profile_storage *s);
struct thm_fs_config thm_storage_config(const struct thm_profile_storage *s);
/* How many media a board has, the flash included, and what is what. */
unsigned thm_media_count(const struct thm_profile *p);
const char *thm_medium_name(const struct thm_profile *p, unsigned medium); /* "flash" */
const char *thm_medium_part(const struct thm_profile *p, unsigned medium);
uint64_t thm_medium_bytes(const struct thm_profile *p, unsigned medium);
/* The media that a run needs, a bit each: the flash, and what the storage lies on; NULL: all. */
uint32_t thm_media_of(const struct thm_profile *p, const char *storage);
/* The volume as a medium of its own, *out to be destroyed by the caller; *at is made what a card's table says.
 * Errors: THM_FS_EFORMAT: the card has no such table. */
enum thm_fs_err thm_storage_volume(const struct thm_profile_storage *s, struct thm_medium *medium,
                                   struct thm_storage_place *at, struct thm_medium **out);
