/* fsimages/fat/longname.c -- long names in directory entries, 13 characters each, and the short names beside them. */
#include <string.h>
#include "fsimages/fat/core.h"

static const uint8_t places[LONG_CHARS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };

static uint16_t char_of(const uint8_t *entry, unsigned i)
{
    return fat_get16(entry + places[i]);
}

static uint32_t start_of(const uint8_t *entry)
{
    return ((entry[LONG_ORDER] & 0x3Fu) - 1) * LONG_CHARS;
}

uint8_t fat_short_sum(const uint8_t *name)
{
    uint8_t sum = 0;
    for (int i = 0; i < SHORT_LEN; i++)
        sum = (uint8_t)((sum >> 1) + (sum << 7) + name[i]);
    return sum;
}

/* Does the entry hold this part of the name, whatever the letters' case? */
bool fat_long_matches(const uint16_t *name, const uint8_t *entry)
{
    uint32_t at = start_of(entry);
    uint16_t c = 1;
    if (fat_get16(entry + ENTRY_CLUSTER_LOW) != 0)
        return false;
    for (unsigned i = 0; i < LONG_CHARS; i++) {
        uint16_t got = char_of(entry, i);
        if (c == 0 && got != 0xFFFF)
            return false;
        if (c == 0)
            continue;
        if (at > LONG_MAX || fat_upper(got) != fat_upper(name[at++]))
            return false;
        c = got;
    }
    return !(entry[LONG_ORDER] & LONG_LAST) || c == 0 || at > LONG_MAX || name[at] == 0;
}

bool fat_long_take(uint16_t *name, const uint8_t *entry)
{
    uint32_t at = start_of(entry);
    uint16_t c = 1;
    if (fat_get16(entry + ENTRY_CLUSTER_LOW) != 0)
        return false;
    for (unsigned i = 0; i < LONG_CHARS; i++) {
        uint16_t got = char_of(entry, i);
        if (c == 0 && got != 0xFFFF)
            return false;
        if (c == 0)
            continue;
        if (at > LONG_MAX)
            return false;
        name[at++] = c = got;
    }
    if (!(entry[LONG_ORDER] & LONG_LAST) || c == 0)
        return true;
    if (at <= LONG_MAX)
        name[at] = 0;
    return at <= LONG_MAX;
}

void fat_long_put(const uint16_t *name, uint8_t *entry, uint32_t order, uint8_t sum)
{
    const uint16_t *from = name + (order - 1) * LONG_CHARS;
    uint16_t c = 1;
    memset(entry, 0, ENTRY_SIZE);
    entry[ENTRY_ATTR] = ATTR_LONG;
    entry[LONG_SUM] = sum;
    for (unsigned i = 0; i < LONG_CHARS; i++) {
        c = c == 0 || c == 0xFFFF ? 0xFFFF : *from++;
        fat_put16(entry + places[i], c);
    }
    bool last = c == 0 || c == 0xFFFF || *from == 0;
    entry[LONG_ORDER] = (uint8_t)(order | (last ? LONG_LAST : 0));
}

/* FatFs: after five collisions a hash of the long name takes the number's place. */
static uint32_t hashed(uint32_t n, const uint16_t *long_name)
{
    for (; *long_name; long_name++)
        for (int bit = 0; bit < 16; bit++) {
            n = (n << 1) + (*long_name >> bit & 1);
            if (n & 0x10000)
                n ^= 0x11021;
        }
    return n;
}

void fat_number_name(uint8_t *name, const uint8_t *from, const uint16_t *long_name, uint32_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t tail[8];
    unsigned at = 8, base = 0;
    if (n > 5)
        n = hashed(n, long_name);
    do {
        tail[--at] = (uint8_t)digits[n % 16];
        n /= 16;
    } while (at > 1 && n);
    tail[--at] = '~';
    memcpy(name, from, SHORT_LEN);
    while (base < at && name[base] != ' ')
        base++;
    for (; base < 8; base++)
        name[base] = at < 8 ? tail[at++] : ' ';
}
