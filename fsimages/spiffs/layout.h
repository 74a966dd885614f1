/* fsimages/spiffs/layout.h -- what is where on a SPIFFS volume.
 *
 * A block starts with lookup pages: one 16-bit object id for each other page of the block; the last two words of the
 * last lookup page are the magic and the erase count. Every other page starts with a 5-byte header. A file is one index
 * header page, further index pages if it is large, and data pages. Source: pellepl/spiffs 0b2e129, spiffs_nucleus.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "fsimages/fs.h"

#define SF_ID_FREE    0xFFFFu
#define SF_ID_DELETED 0x0000u
#define SF_ID_INDEX   0x8000u /* set: an index page of the object */
#define SF_NO_PAGE    0xFFFFu
#define SF_NO_SPAN    0xFFFFu
#define SF_UNDEFINED  0xFFFFFFFFu /* the size of a file never written */
#define SF_TYPE_FILE  1

enum { /* page flags, active low */
       SF_USED = 0x01,
       SF_FINAL = 0x02,
       SF_INDEX = 0x04,
       SF_IXDELE = 0x40,
       SF_DELET = 0x80,
};

enum { /* offsets in pages */
       SF_PAGE_ID = 0,
       SF_PAGE_SPAN = 2,
       SF_PAGE_FLAGS = 4,
       SF_PAGE_HEADER = 5,
       SF_INDEX_TABLE = 8, /* page table of the second and further index pages */
       SF_OBJECT_SIZE = 8,
       SF_OBJECT_TYPE = 12,
       SF_OBJECT_NAME = 13, /* index header page; then metadata, then its page table */
};

struct sf_geometry {
    uint32_t page, block;                   /* bytes */
    uint32_t blocks, pages;                 /* in the volume; pages: lookup pages included */
    uint32_t block_pages;                   /* pages in a block */
    uint32_t lookup_pages;                  /* of them lookup pages */
    uint32_t entries;                       /* of them others: lookup entries in a block */
    uint32_t page_ids;                      /* lookup entries that fit one lookup page */
    uint32_t data;                          /* file bytes in a data page */
    uint32_t header_len;                    /* bytes before the page table of an index header page */
    uint32_t header_entries, index_entries; /* page table entries of an index header page, of another index page */
    uint32_t name_len, meta_len;            /* bytes; name_len with its NUL */
    bool magic, magic_length;
};

/* 0, or a SPIFFS code: the configuration does not fit the medium. */
int32_t sf_geometry_init(struct sf_geometry *g, const struct thm_medium *m, const struct thm_fs_config *c);
uint16_t sf_magic(const struct sf_geometry *g, uint32_t block);

static inline uint16_t sf_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline void sf_put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline uint32_t sf_get32(const uint8_t *p)
{
    return sf_get16(p) | (uint32_t)sf_get16(p + 2) << 16;
}

static inline void sf_put32(uint8_t *p, uint32_t v)
{
    sf_put16(p, v & 0xFFFF);
    sf_put16(p + 2, v >> 16);
}

struct sf_page_header {
    uint16_t id, span;
    uint8_t flags;
};

static inline struct sf_page_header sf_page_header_get(const uint8_t *p)
{
    return (struct sf_page_header){ sf_get16(p), sf_get16(p + SF_PAGE_SPAN), p[SF_PAGE_FLAGS] };
}

static inline void sf_page_header_put(uint8_t *p, const struct sf_page_header *h)
{
    sf_put16(p, h->id);
    sf_put16(p + SF_PAGE_SPAN, h->span);
    p[SF_PAGE_FLAGS] = h->flags;
}

/* Of the flags in `mask`, exactly those in `set` are 1. */
static inline bool sf_flags_are(uint8_t flags, unsigned mask, unsigned set)
{
    return (flags & mask) == set;
}

/* Where a block's lookup entry is: block and number of the entry. */
struct sf_slot {
    uint32_t block, entry;
};

static inline uint16_t sf_slot_page(const struct sf_geometry *g, struct sf_slot s)
{
    return (uint16_t)(s.block * g->block_pages + g->lookup_pages + s.entry);
}

static inline struct sf_slot sf_page_slot(const struct sf_geometry *g, uint32_t page)
{
    return (struct sf_slot){ page / g->block_pages, page % g->block_pages - g->lookup_pages };
}

static inline bool sf_is_lookup_page(const struct sf_geometry *g, uint32_t page)
{
    return page % g->block_pages < g->lookup_pages;
}

static inline uint32_t sf_slot_addr(const struct sf_geometry *g, struct sf_slot s)
{
    return s.block * g->block + s.entry * 2;
}

static inline uint32_t sf_magic_addr(const struct sf_geometry *g, uint32_t block)
{
    return block * g->block + g->lookup_pages * g->page - 4;
}

static inline uint32_t sf_erase_count_addr(const struct sf_geometry *g, uint32_t block)
{
    return sf_magic_addr(g, block) + 2;
}

/* In which index page (its span) a data page is listed, and which entry there it has. */
static inline uint16_t sf_index_span(const struct sf_geometry *g, uint32_t data_span)
{
    return (uint16_t)(data_span < g->header_entries ? 0 : 1 + (data_span - g->header_entries) / g->index_entries);
}

static inline uint32_t sf_first_data_span(const struct sf_geometry *g, uint32_t index_span)
{
    return index_span == 0 ? 0 : g->header_entries + (index_span - 1) * g->index_entries;
}

/* Byte offset, in its index page, of the entry of a data page. */
static inline uint32_t sf_table_offset(const struct sf_geometry *g, uint32_t data_span)
{
    if (data_span < g->header_entries)
        return g->header_len + data_span * 2;
    return SF_INDEX_TABLE + (data_span - g->header_entries) % g->index_entries * 2;
}
