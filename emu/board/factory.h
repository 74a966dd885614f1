/* emu/board/factory.h -- what is on a chip before the first power-on. */
#pragma once
#include "emu/board/profile.h"
#include "fsimages/media/chip.h"

/* Write the profile's partition table as the flashing tool would, if the chip holds none. Result: 0, or -1: the table
 * cannot be built from the profile. */
int thm_factory_flash(struct thm_medium *flash, const struct thm_profile *p);

struct thm_factory_file { /* lent; bytes NULL: none */
    const char *what;     /* "the model", for messages */
    const char *name;
    const uint8_t *bytes;
    uint32_t len;
};
/* What a storage that is shipped with a volume holds when it is new: a card's table, the volume; and a file, for which
 * any storage gets a volume. What is there already stays. Takes no device time. cells: of its medium.
 * Result: 0, or an exit status with one line in error. */
int thm_factory_storage(const struct thm_profile *p, const struct thm_profile_storage *s, const struct thm_cells *cells,
                        const struct thm_factory_file *file, char *error, size_t error_size);
/* As if other files were there: one, as long as leaves so many bytes free, or as far as the file system goes. A storage
 * without a volume gets one. Result as above. */
int thm_factory_fill(const struct thm_profile *p, const struct thm_profile_storage *s, const struct thm_cells *cells,
                     uint32_t left, char *error, size_t error_size);
