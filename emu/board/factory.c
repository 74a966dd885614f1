#include "emu/board/factory.h"
#include <stdio.h>
#include "fsimages/partition.h"

static size_t partitions_of(const struct thm_profile_flash *f, struct thm_partition *parts)
{
    for (size_t i = 0; i < f->partitions_count; i++) {
        const struct thm_profile_partition *from = &f->partitions[i];
        int type = thm_partition_type(from->type);
        snprintf(parts[i].name, sizeof parts[i].name, "%s", from->name);
        parts[i].type = (uint8_t)type;
        parts[i].subtype = (uint8_t)thm_partition_subtype(type, from->subtype);
        parts[i].offset = from->offset;
        parts[i].size = from->size;
    }
    return f->partitions_count;
}

static int has_table(struct thm_medium *flash)
{
    uint8_t first = 0;
    return thm_medium_peek(flash, THM_PARTITION_TABLE_OFFSET, &first, 1) == THM_FS_OK && first != 0xFF;
}

int thm_factory_flash(struct thm_medium *flash, const struct thm_profile *p)
{
    struct thm_partition parts[THM_PARTITIONS_MAX] = { 0 };
    uint8_t table[0xC00];
    if (p->flash.partitions_count == 0 || has_table(flash))
        return 0;
    if (p->flash.partitions_count > THM_PARTITIONS_MAX)
        return -1;
    size_t n = partitions_of(&p->flash, parts);
    if (thm_partitions_build(parts, n, table, sizeof table) != THM_FS_OK)
        return -1;
    return thm_chip_load(flash, THM_PARTITION_TABLE_OFFSET, table, sizeof table) == THM_FS_OK ? 0 : -1;
}
