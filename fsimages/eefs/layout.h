/* fsimages/eefs/layout.h -- what is where on an EEFS volume: a table (its header, then 64 entries), then one slot after
 * the other, each a file header and the data; then free memory. All fields are 32-bit words in the target's byte order.
 * Source: nasa/eefs 409867b, inc/eefs_fileapi.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define EF_MAGIC   0xEEF51234u
#define EF_VERSION 1u
#define EF_SLOTS   64u
#define EF_NAME    40u /* bytes of the name field, zero padded */

enum { /* bytes */
       EF_TABLE_HEADER = 24,
       EF_ENTRY = 8,
       EF_TABLE = EF_TABLE_HEADER + EF_SLOTS * EF_ENTRY,
       EF_HEADER = 64,
       EF_HEADER_NAME = 24,
};

struct ef_table_header {
    uint32_t crc, magic, version;
    uint32_t free_offset, free_size; /* where free memory begins; bytes from there to the end */
    uint32_t files;                  /* slots ever used */
};

struct ef_entry {
    uint32_t header; /* offset of the file header */
    uint32_t max;    /* bytes of the slot's data area */
};

struct ef_header {
    uint32_t crc, in_use, attributes, size, modified, created;
    char name[EF_NAME];
};

uint32_t ef_get32(bool big_endian, const uint8_t *p);
void ef_put32(bool big_endian, uint8_t *p, uint32_t v);
void ef_table_header_get(bool big_endian, const uint8_t *p, struct ef_table_header *h);
void ef_table_header_put(bool big_endian, uint8_t *p, const struct ef_table_header *h);
void ef_entry_get(bool big_endian, const uint8_t *p, struct ef_entry *e);
void ef_entry_put(bool big_endian, uint8_t *p, const struct ef_entry *e);
void ef_header_get(bool big_endian, const uint8_t *p, struct ef_header *h);
void ef_header_put(bool big_endian, uint8_t *p, const struct ef_header *h);
bool ef_table_header_good(const struct ef_table_header *h);

static inline uint64_t ef_slot_end(const struct ef_entry *e)
{
    return (uint64_t)e->header + EF_HEADER + e->max;
}

static inline uint64_t ef_round_up(uint64_t bytes)
{
    return (bytes + 3) & ~(uint64_t)3;
}

/* CRC-16 with the reflected polynomial 0xA001, started at 0, over all but the volume's first word. */
uint16_t ef_crc(uint16_t crc, const uint8_t *p, uint32_t len);
/* As the packer stores it: the value went through a signed 16-bit variable. */
static inline uint32_t ef_crc_word(uint16_t crc)
{
    return crc & 0x8000 ? 0xFFFF0000u | crc : crc;
}
