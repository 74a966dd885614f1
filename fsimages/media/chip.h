/* fsimages/media/chip.h -- a storage part as a medium: flash, EEPROM or SD card, after its data sheet (part.h). */
#pragma once
#include "fsimages/media/cells.h"
#include "fsimages/media/medium.h"
#include "fsimages/media/part.h"

/* A chip of `size` bytes (0: the part's own). part and what cells point to: lent, must outlive the medium; the struct
 * itself is copied, as is watch, which may be NULL.
 * A program that needs a 0 -> 1 change of flash ANDs, as the cells do, and is counted; or it is refused with
 * THM_FS_EPROGRAM, as is one more of a unit than the part allows: then nothing changed.
 * Errors: THM_FS_EINVAL  not whole sectors, or nothing to keep them in; THM_FS_EHOST. */
enum thm_fs_err thm_chip_create(struct thm_medium **out, const struct thm_part *part, uint64_t size,
                                const struct thm_cells *cells, const struct thm_medium_watch *watch);

/* From now on sectors fail when they are worn out: erases (EEPROM: programs too) change nothing and result in
 * THM_FS_EIO. Each lasts between one and two times the part's endurance; the seed decides. Errors: THM_FS_EINVAL: wear
 * is not counted, or the part's endurance is not known. */
enum thm_fs_err thm_chip_wear_out(struct thm_medium *chip, uint64_t seed);
/* It is a used one: every sector has so many erases (EEPROM: writes) more behind it, as if they had been spread evenly.
 * Its content stays. Errors: THM_FS_EINVAL: wear is not counted. */
enum thm_fs_err thm_chip_age(struct thm_medium *chip, uint32_t cycles);

/* What a flashing tool writes: programmed without time, wear, events or units. Errors: THM_FS_ERANGE. */
enum thm_fs_err thm_chip_load(struct thm_medium *chip, uint64_t off, const void *data, uint32_t len);
