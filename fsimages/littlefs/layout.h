/* fsimages/littlefs/layout.h -- what is where on a littlefs volume: tags, structures, byte order.
 *
 * A metadata pair is two blocks, each a log: a revision count, then commits of tags with data. A tag is 32 bits, on the
 * medium big endian and XORed with the one before it: invalid 1 | type 11 | id 10 | length 10. Everything else is
 * little endian. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define LF_MAGIC         "littlefs"
#define LF_MAGIC_LEN     8u
#define LF_VERSION_2_0   0x00020000u
#define LF_VERSION_2_1   0x00020001u
#define LF_NAME_MAX      255u
#define LF_FILE_MAX      0x7FFFFFFFu
#define LF_ATTR_MAX      1022u
#define LF_BLOCK_MIN     128u
#define LF_NULL          0xFFFFFFFFu /* no block */
#define LF_INLINE        0xFFFFFFFEu /* "block" of a file that is in its directory */
#define LF_NO_ID         0x3FFu
#define LF_DELETED       0x3FFu /* as a length */
#define LF_COUNT_MAX     0x3FFu /* entries in a pair: what ids can tell apart */
#define LF_SUPERBLOCK    24u    /* bytes */
#define LF_CRC_START     0xFFFFFFFFu
#define LF_COMMIT_SPLITS 0xFFu /* entries from which on a pair only grows by a split */

enum lf_type {
    LF_T_NAME = 0x000, /* class; a name's type is the file's */
    LF_T_FILE = 0x001,
    LF_T_DIR = 0x002,
    LF_T_SUPERBLOCK = 0x0FF,
    LF_T_MOVE = 0x101, /* never stored: what another entry has; id: the new one, length: the old id */
    LF_T_STRUCT = 0x200,
    LF_T_DIR_STRUCT = 0x200,
    LF_T_INLINE_STRUCT = 0x201,
    LF_T_CTZ_STRUCT = 0x202,
    LF_T_ATTR = 0x300,
    LF_T_SPLICE = 0x400,
    LF_T_CREATE = 0x401,
    LF_T_DELETE = 0x4FF,
    LF_T_CRC = 0x500,
    LF_T_FCRC = 0x5FF,
    LF_T_TAIL = 0x600,
    LF_T_SOFT_TAIL = 0x600,
    LF_T_HARD_TAIL = 0x601,
    LF_T_MOVE_STATE = 0x7FF,
};

/* Bits of a tag that must agree: its class, its class without user's and system's variants, the whole type; its id. */
#define LF_M_CLASS 0x700u
#define LF_M_KIND  0x780u
#define LF_M_TYPE  0x7FFu
#define LF_M_ID    0x3FFu

#define LF_TAG(type, id, len) ((uint32_t)(type) << 20 | (uint32_t)(id) << 10 | (uint32_t)(len))
#define LF_INVALID            0x80000000u /* also: "this tag's data is on the medium" */

static inline uint32_t lf_class(uint32_t tag)
{
    return tag >> 20 & LF_M_CLASS;
}

static inline uint32_t lf_kind(uint32_t tag)
{
    return tag >> 20 & LF_M_KIND;
}

static inline uint32_t lf_type(uint32_t tag)
{
    return tag >> 20 & LF_M_TYPE;
}

static inline uint16_t lf_id(uint32_t tag)
{
    return tag >> 10 & LF_M_ID;
}

static inline uint32_t lf_len(uint32_t tag)
{
    return tag & 0x3FF;
}

/* CREATE and DELETE: by how much higher ids change. */
static inline int lf_splice(uint32_t tag)
{
    return (int8_t)(tag >> 20 & 0xFF);
}

/* The same tag of an id that is `by` higher. */
static inline uint32_t lf_tag_shift(uint32_t tag, int by)
{
    return tag + (uint32_t)by * LF_TAG(0, 1, 0);
}

static inline bool lf_is_deleted(uint32_t tag)
{
    return lf_len(tag) == LF_DELETED;
}

/* Bytes in the log: the tag and its data. */
static inline uint32_t lf_tag_bytes(uint32_t tag)
{
    return 4 + (lf_is_deleted(tag) ? 0 : lf_len(tag));
}

static inline uint32_t lf_get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void lf_put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static inline uint32_t lf_get_tag(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void lf_put_tag(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * (3 - i));
}

static inline void lf_get_pair(const uint8_t *p, uint32_t pair[2])
{
    pair[0] = lf_get32(p);
    pair[1] = lf_get32(p + 4);
}

static inline void lf_put_pair(uint8_t *p, const uint32_t pair[2])
{
    lf_put32(p, pair[0]);
    lf_put32(p + 4, pair[1]);
}

static inline uint32_t lf_min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t lf_max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static inline uint32_t lf_align_down(uint32_t v, uint32_t unit)
{
    return v - v % unit;
}

static inline uint32_t lf_align_up(uint32_t v, uint32_t unit)
{
    return lf_align_down(v + unit - 1, unit);
}

static inline bool lf_pair_is_null(const uint32_t pair[2])
{
    return pair[0] == LF_NULL || pair[1] == LF_NULL;
}

/* One block in common is enough: a pair that moves keeps one of its blocks. */
static inline bool lf_pair_same(const uint32_t a[2], const uint32_t b[2])
{
    return a[0] == b[0] || a[1] == b[1] || a[0] == b[1] || a[1] == b[0];
}

static inline bool lf_pair_in_sync(const uint32_t a[2], const uint32_t b[2])
{
    return (a[0] == b[0] && a[1] == b[1]) || (a[0] == b[1] && a[1] == b[0]);
}

uint32_t lf_crc(uint32_t crc, const void *data, uint32_t len); /* CRC-32, reflected, without a final XOR */

/* Files in CTZ skip lists: the block that byte *off is in; *off becomes the offset in that block. */
uint32_t lf_ctz_index(uint32_t block_size, uint32_t *off);
