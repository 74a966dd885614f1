#include "fsimages/container.h"
#include <stdio.h>
#include <string.h>

const char *thm_container_kind_name(enum thm_container_kind kind)
{
    static const char *const names[] = {
        [THM_CONTAINER_BARE] = "a bare volume", [THM_CONTAINER_FLASH] = "a flash with a partition table"
    };
    return names[kind];
}

static void name_type(struct thm_volume *v, const struct thm_partition *p)
{
    static const char *const types[] = { "app", "data" };
    const char *subtype = thm_partition_subtype_name(p->type, p->subtype);
    if (p->type < 2 && subtype)
        snprintf(v->type, sizeof v->type, "%s/%s", types[p->type], subtype);
    else
        snprintf(v->type, sizeof v->type, "0x%02x/0x%02x", p->type, p->subtype);
}

static bool read_flash(struct thm_container *c, const uint8_t *bytes, uint64_t size)
{
    struct thm_partition parts[THM_PARTITIONS_MAX];
    const size_t at = THM_PARTITION_TABLE_OFFSET;
    if (size > UINT32_MAX || size < at + THM_PARTITION_TABLE_SIZE ||
        thm_partitions_parse(bytes + at, THM_PARTITION_TABLE_SIZE, (uint32_t)size, parts, &c->count))
        return false;
    c->kind = THM_CONTAINER_FLASH;
    for (size_t i = 0; i < c->count; i++) {
        struct thm_volume *v = &c->volumes[i];
        *v = (struct thm_volume){ .offset = parts[i].offset, .size = parts[i].size };
        memcpy(v->name, parts[i].name, sizeof v->name);
        name_type(v, &parts[i]);
    }
    return true;
}

void thm_container_read(struct thm_container *out, const uint8_t *bytes, uint64_t size)
{
    *out = (struct thm_container){ 0 };
    if (read_flash(out, bytes, size))
        return;
    *out = (struct thm_container){ .kind = THM_CONTAINER_BARE, .count = 1, .volumes = { { .size = size } } };
}

const struct thm_volume *thm_container_find(const struct thm_container *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->volumes[i].name, name) == 0)
            return &c->volumes[i];
    return NULL;
}

const char *thm_foreign_file_system(const uint8_t *volume, uint64_t size)
{
    static const struct {
        const char *name;
        uint32_t offset, len;
        const char *bytes;
    } signatures[] = { /* at these places: Microsoft's exFAT specification 3.1.2; the others from Linux' magic.h */
                       { "exFAT", 3, 8, "EXFAT   " },
                       { "NTFS", 3, 8, "NTFS    " },
                       { "ext2, ext3 or ext4", 0x438, 2, "\x53\xEF" },
                       { "SquashFS", 0, 4, "hsqs" }
    };
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        if (size >= signatures[i].offset + signatures[i].len &&
            memcmp(volume + signatures[i].offset, signatures[i].bytes, signatures[i].len) == 0)
            return signatures[i].name;
    return NULL;
}
