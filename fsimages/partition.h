/* fsimages/partition.h -- the ESP32 partition table in its binary form (at 0x8000: 32-byte entries, MD5 entry).
 * Source: esp-idf components/partition_table/gen_esp32part.py and esp_flash_partitions.h. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fsimages/err.h"

#define THM_PARTITION_TABLE_OFFSET 0x8000u
#define THM_PARTITION_TABLE_SIZE   0x1000u /* its sector; the table itself is 0xC00 bytes */
#define THM_PARTITIONS_MAX         95

struct thm_partition {
    char name[17];
    uint8_t type, subtype; /* 0 app, 1 data; data: 2 nvs, 0x81 fat, 0x82 spiffs, 0x83 littlefs */
    uint32_t offset, size;
    uint32_t flags;
};

/* Read / write the table. In: table of len bytes (write: at least 0xC00, filled up with 0xFF).
 * Errors: THM_FS_EFORMAT: no table here, bad MD5, overlapping or outside flash_size. */
enum thm_fs_err thm_partitions_parse(const uint8_t *table, size_t len, uint32_t flash_size, struct thm_partition *out,
                                     size_t *n);
enum thm_fs_err thm_partitions_build(const struct thm_partition *parts, size_t n, uint8_t *table, size_t len);
const struct thm_partition *thm_partition_find(const struct thm_partition *parts, size_t n, const char *name);
/* Names and numbers of types and subtypes as in partitions.csv ("data", "spiffs"). -1: unknown. */
int thm_partition_type(const char *name);
int thm_partition_subtype(int type, const char *name);
const char *thm_partition_subtype_name(int type, int subtype); /* NULL: unknown */

/* ESP-IDF's partitions.csv: name, type, subtype, offset, size, flags; an empty offset means behind the one before,
 * applications at multiples of 64 KB. On error *where says which line (from 1) and why (a static string). */
struct thm_partition_csv_error {
    uint32_t line;
    const char *why;
};
enum thm_fs_err thm_partitions_parse_csv(const char *text, size_t len, struct thm_partition *out, size_t *n,
                                         struct thm_partition_csv_error *where);
