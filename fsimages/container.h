/* fsimages/container.h -- where the volumes in an image lie: a bare volume, a flash with its partition table, an SD
 * card with its master boot record. Offsets and sizes are bytes. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "fsimages/partition.h"

enum thm_container_kind {
    THM_CONTAINER_BARE,  /* one volume, from the first byte to the last */
    THM_CONTAINER_FLASH, /* partition table at 0x8000 */
    THM_CONTAINER_CARD,  /* master boot record: partitions p1 to p4 */
};

struct thm_volume {
    char name[17]; /* of the partition; "" for a bare volume */
    char type[24]; /* what the table calls it: "data/spiffs"; "" for a bare volume */
    uint64_t offset, size;
};

struct thm_container {
    enum thm_container_kind kind;
    size_t count;
    struct thm_volume volumes[THM_PARTITIONS_MAX];
};

/* By the content of an image of `size` bytes. A table that is damaged is none: the image is a bare volume then. */
void thm_container_read(struct thm_container *out, const uint8_t *bytes, uint64_t size);
/* "a bare volume", "a flash with a partition table" */
const char *thm_container_kind_name(enum thm_container_kind kind);
/* By name; "1" is as good as "p1" where the table has numbers. NULL: there is none. */
const struct thm_volume *thm_container_find(const struct thm_container *c, const char *name);
/* Which file system that we cannot read a volume holds ("exFAT", "NTFS", "ext2, ext3 or ext4"); NULL: none is known. */
const char *thm_foreign_file_system(const uint8_t *volume, uint64_t size);
