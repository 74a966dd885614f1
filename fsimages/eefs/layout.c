/* fsimages/eefs/layout.c -- words, headers and the checksum of an EEFS volume. */
#include "fsimages/eefs/layout.h"
#include <stddef.h>
#include <string.h>

uint32_t ef_get32(bool big_endian, const uint8_t *p)
{
    if (big_endian)
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

void ef_put32(bool big_endian, uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[big_endian ? 3 - i : i] = (uint8_t)(v >> 8 * i);
}

static void get_words(bool big_endian, const uint8_t *p, uint32_t *const *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *to[i] = ef_get32(big_endian, p + 4 * i);
}

static void put_words(bool big_endian, uint8_t *p, const uint32_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ef_put32(big_endian, p + 4 * i, from[i]);
}

void ef_table_header_get(bool big_endian, const uint8_t *p, struct ef_table_header *h)
{
    uint32_t *const words[] = { &h->crc, &h->magic, &h->version, &h->free_offset, &h->free_size, &h->files };
    get_words(big_endian, p, words, 6);
}

void ef_table_header_put(bool big_endian, uint8_t *p, const struct ef_table_header *h)
{
    const uint32_t words[] = { h->crc, h->magic, h->version, h->free_offset, h->free_size, h->files };
    put_words(big_endian, p, words, 6);
}

void ef_entry_get(bool big_endian, const uint8_t *p, struct ef_entry *e)
{
    e->header = ef_get32(big_endian, p);
    e->max = ef_get32(big_endian, p + 4);
}

void ef_entry_put(bool big_endian, uint8_t *p, const struct ef_entry *e)
{
    ef_put32(big_endian, p, e->header);
    ef_put32(big_endian, p + 4, e->max);
}

void ef_header_get(bool big_endian, const uint8_t *p, struct ef_header *h)
{
    uint32_t *const words[] = { &h->crc, &h->in_use, &h->attributes, &h->size, &h->modified, &h->created };
    get_words(big_endian, p, words, 6);
    memcpy(h->name, p + EF_HEADER_NAME, EF_NAME);
}

void ef_header_put(bool big_endian, uint8_t *p, const struct ef_header *h)
{
    const uint32_t words[] = { h->crc, h->in_use, h->attributes, h->size, h->modified, h->created };
    put_words(big_endian, p, words, 6);
    memcpy(p + EF_HEADER_NAME, h->name, EF_NAME);
}

bool ef_table_header_good(const struct ef_table_header *h)
{
    return h->magic == EF_MAGIC && h->version == EF_VERSION && h->files <= EF_SLOTS;
}

uint16_t ef_crc(uint16_t crc, const uint8_t *p, uint32_t len)
{
    while (len--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    return crc;
}
