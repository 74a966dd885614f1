#include "fsimages/container.h"
#include "fsimages/mbr.h"
#include <stdio.h>
#include <string.h>

const char *thm_container_kind_name(enum thm_container_kind kind)
{
    static const char *const names[] = {
        [THM_CONTAINER_BARE] = "a bare volume",
        [THM_CONTAINER_FLASH] = "a flash with a partition table",
        [THM_CONTAINER_CARD] = "a card with a master boot record",
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

static const char *mbr_type_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } types[] = { { 0x01, "FAT12" }, { 0x04, "FAT16" },         { 0x06, "FAT16" }, { 0x0B, "FAT32" }, { 0x0C, "FAT32" },
                  { 0x0E, "FAT16" }, { 0x07, "exFAT or NTFS" }, { 0xEE, "GPT" },   { 0x83, "Linux" } };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return "other";
}

static bool read_card(struct thm_container *c, const uint8_t *bytes, uint64_t size)
{
    struct thm_mbr_entry entries[THM_MBR_ENTRIES];
    if (size < THM_MBR_SECTOR || thm_mbr_parse(bytes, size, entries, &c->count) || c->count == 0)
        return false;
    c->kind = THM_CONTAINER_CARD;
    for (size_t i = 0; i < c->count; i++) {
        struct thm_volume *v = &c->volumes[i];
        *v = (struct thm_volume){ .offset = entries[i].offset, .size = entries[i].size };
        snprintf(v->name, sizeof v->name, "p%u", entries[i].number);
        snprintf(v->type, sizeof v->type, "%02x %s", entries[i].type, mbr_type_name(entries[i].type));
    }
    return true;
}

void thm_container_read(struct thm_container *out, const uint8_t *bytes, uint64_t size)
{
    *out = (struct thm_container){ 0 };
    if (read_flash(out, bytes, size) || read_card(out, bytes, size))
        return;
    *out = (struct thm_container){ .kind = THM_CONTAINER_BARE, .count = 1, .volumes = { { .size = size } } };
}

const struct thm_volume *thm_container_find(const struct thm_container *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->volumes[i].name, name) == 0 ||
            (c->kind == THM_CONTAINER_CARD && strcmp(c->volumes[i].name + 1, name) == 0))
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
