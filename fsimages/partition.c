/* fsimages/partition.c -- the ESP32 partition table. */
#include "fsimages/partition.h"
#include <md5.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY      32u
#define TABLE_MAX  0xC00u
#define MAGIC      0x50AAu /* little endian AA 50 */
#define MAGIC_MD5  0xEBEBu
#define MD5_OFFSET 16u
#define SECTOR     0x1000u

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void md5(const uint8_t *data, size_t len, uint8_t out[16])
{
    MD5_CTX c;
    MD5Init(&c);
    MD5Update(&c, data, len);
    MD5Final(out, &c);
}

static void read_entry(const uint8_t *e, struct thm_partition *p)
{
    *p = (struct thm_partition){
        .type = e[2], .subtype = e[3], .offset = get32(e + 4), .size = get32(e + 8), .flags = get32(e + 28)
    };
    memcpy(p->name, e + 12, 16);
}

static bool overlaps(const struct thm_partition *a, const struct thm_partition *b)
{
    return a->offset < (uint64_t)b->offset + b->size && b->offset < (uint64_t)a->offset + a->size;
}

static bool acceptable(const struct thm_partition *parts, size_t n, uint32_t flash_size)
{
    const struct thm_partition *p = &parts[n];
    if (p->size == 0 || p->offset % SECTOR || (uint64_t)p->offset + p->size > flash_size)
        return false;
    for (size_t i = 0; i < n; i++)
        if (overlaps(&parts[i], p))
            return false;
    return true;
}

enum thm_fs_err thm_partitions_parse(const uint8_t *table, size_t len, uint32_t flash_size, struct thm_partition *out,
                                     size_t *n)
{
    uint8_t sum[16];
    *n = 0;
    for (size_t at = 0; at + ENTRY <= len && at < TABLE_MAX; at += ENTRY) {
        uint32_t magic = table[at] | (uint32_t)table[at + 1] << 8;
        if (magic == MAGIC_MD5) {
            md5(table, at, sum);
            return memcmp(sum, table + at + MD5_OFFSET, sizeof sum) == 0 && *n ? THM_FS_OK : THM_FS_EFORMAT;
        }
        if (magic == 0xFFFF)
            break;
        if (magic != MAGIC || *n >= THM_PARTITIONS_MAX)
            return THM_FS_EFORMAT;
        read_entry(table + at, &out[*n]);
        if (!acceptable(out, *n, flash_size))
            return THM_FS_EFORMAT;
        (*n)++;
    }
    return *n ? THM_FS_OK : THM_FS_EFORMAT;
}

enum thm_fs_err thm_partitions_build(const struct thm_partition *parts, size_t n, uint8_t *table, size_t len)
{
    if (len < TABLE_MAX || n > THM_PARTITIONS_MAX - 1)
        return THM_FS_EINVAL;
    memset(table, 0xFF, len);
    for (size_t i = 0; i < n; i++) {
        uint8_t *e = table + i * ENTRY;
        e[0] = MAGIC & 0xFF;
        e[1] = MAGIC >> 8;
        e[2] = parts[i].type;
        e[3] = parts[i].subtype;
        put32(e + 4, parts[i].offset);
        put32(e + 8, parts[i].size);
        memset(e + 12, 0, 16);
        memcpy(e + 12, parts[i].name, strnlen(parts[i].name, 16));
        put32(e + 28, parts[i].flags);
    }
    uint8_t *e = table + n * ENTRY;
    e[0] = e[1] = MAGIC_MD5 & 0xFF;
    md5(table, n * ENTRY, e + MD5_OFFSET);
    return THM_FS_OK;
}

const struct thm_partition *thm_partition_find(const struct thm_partition *parts, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

static const struct {
    const char *name;
    int type, subtype;
} subtypes[] = {
    { "factory", 0, 0x00 },   { "test", 0, 0x20 },     { "ota", 1, 0x00 },      { "phy", 1, 0x01 },
    { "nvs", 1, 0x02 },       { "coredump", 1, 0x03 }, { "nvs_keys", 1, 0x04 }, { "efuse", 1, 0x05 },
    { "undefined", 1, 0x06 }, { "esphttpd", 1, 0x80 }, { "fat", 1, 0x81 },      { "spiffs", 1, 0x82 },
    { "littlefs", 1, 0x83 },
};

#define OTA_FIRST 0x10
static const char *const ota_names[] = { "ota_0", "ota_1", "ota_2",  "ota_3",  "ota_4",  "ota_5",  "ota_6",  "ota_7",
                                         "ota_8", "ota_9", "ota_10", "ota_11", "ota_12", "ota_13", "ota_14", "ota_15" };

/* "0x40", "64"; -1: not a number up to 254. */
static int as_number(const char *name)
{
    char *end;
    long v = isdigit((unsigned char)*name) ? strtol(name, &end, 0) : -1;
    return v >= 0 && v < 0xFF && *end == '\0' ? (int)v : -1;
}

int thm_partition_type(const char *name)
{
    return strcmp(name, "app") == 0 ? 0 : strcmp(name, "data") == 0 ? 1 : as_number(name);
}

int thm_partition_subtype(int type, const char *name)
{
    for (size_t i = 0; i < sizeof subtypes / sizeof subtypes[0]; i++)
        if (subtypes[i].type == type && strcmp(subtypes[i].name, name) == 0)
            return subtypes[i].subtype;
    for (int i = 0; type == 0 && i < 16; i++)
        if (strcmp(ota_names[i], name) == 0)
            return OTA_FIRST + i;
    return as_number(name);
}

const char *thm_partition_subtype_name(int type, int subtype)
{
    for (size_t i = 0; i < sizeof subtypes / sizeof subtypes[0]; i++)
        if (subtypes[i].type == type && subtypes[i].subtype == subtype)
            return subtypes[i].name;
    return type == 0 && subtype >= OTA_FIRST && subtype < OTA_FIRST + 16 ? ota_names[subtype - OTA_FIRST] : NULL;
}
