/* fsimages/eefs.h -- EEFS, the EEPROM file system, beyond what every file system has (fsimages/fs.h): attributes, slots
 * and the image packer. Format and behaviour: nasa/eefs 409867b, built for a 32-bit target.
 *
 * As the library does: open() takes THM_FS_READ, WRITE, CREATE and TRUNC only, anything else gives
 * EEFS_INVALID_ARGUMENT on a file that exists; a file that open() creates is write-only, takes all free memory and is
 * in the table from close() on; sync() of such a file is EEFS_UNSUPPORTED_OPTION. truncate() is the tools', not the
 * library's: it makes files shorter. unmount() forgets open files as a reset does.
 *
 * A medium that is not rewritable is a write-protected device: it mounts, and writing is EEFS_READ_ONLY_FILE_SYSTEM. On
 * flash put fsimages/media/rewritable.h in between. */
#pragma once
#include <stddef.h>
#include "fsimages/fs.h"

extern const struct thm_fs_ops thm_fs_eefs;

enum { THM_EEFS_NAME_MAX = 39, THM_EEFS_SPARE = 512 /* bytes behind a file created at run time */ };
enum { THM_EEFS_NONE = 0, THM_EEFS_READONLY = 1 }; /* attributes */

/* open() for a new file, with attributes; a file that exists is opened and truncated. A handle >= 0 or an error. */
int32_t thm_eefs_creat(struct thm_fs *fs, const char *name, uint32_t attributes);
int32_t thm_eefs_set_attributes(struct thm_fs *fs, const char *name, uint32_t attributes);

struct thm_eefs_slot {
    uint32_t slot, header_offset, max_size; /* max_size: bytes of data that fit, without the header's 64 */
    uint32_t in_use;                        /* 1: a file; 0: deleted; anything else is no file either */
    uint32_t attributes, size, modified, created;
    char name[THM_EEFS_NAME_MAX + 2];
};
/* Slot i, deleted ones too. 0, or EEFS_FILE_NOT_FOUND past the last. */
int32_t thm_eefs_slot(struct thm_fs *fs, uint32_t i, struct thm_eefs_slot *out);
int32_t thm_eefs_find(struct thm_fs *fs, const char *name, struct thm_eefs_slot *out);

/* Write the checksum over everything, as the packer does and the library never: for images. 0 or an error. */
int32_t thm_eefs_seal(struct thm_fs *fs);

struct thm_eefs_counters {
    uint32_t files; /* slots ever used, deleted ones too */
    uint32_t free_offset, free_size;
};
void thm_eefs_counters(const struct thm_fs *fs, struct thm_eefs_counters *out);

/* What geneepromfs is told. */
struct thm_eefs_packing {
    uint32_t size;   /* of the EEPROM, bytes; 0: 2 MB */
    bool big_endian; /* the tool's own default is true */
    bool fill;       /* the image is the whole EEPROM, not only up to where free memory begins */
    uint32_t time;   /* of all files, seconds since 1970 */
};
struct thm_eefs_file {
    const char *name;
    const void *data;
    uint32_t size, spare; /* spare: bytes it may grow by */
    bool read_only;
};
/* An image with these files, byte for byte as geneepromfs makes it. *image: malloc'ed, *len bytes; NULL on error. *bad:
 * the file that is the reason. Errors: THM_FS_EINVAL (a name is empty or too long, an EEPROM below 536 bytes), EEXIST
 * (a name comes twice), ENOSPC (more than 64 files, or too large), EHOST. */
enum thm_fs_err thm_eefs_pack(const struct thm_eefs_packing *how, const struct thm_eefs_file *files, size_t count,
                              uint8_t **image, size_t *len, size_t *bad);
