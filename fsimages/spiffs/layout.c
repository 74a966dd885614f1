/* fsimages/spiffs/layout.c -- from a configuration to a geometry. */
#include "fsimages/spiffs/layout.h"
#include "fsimages/spiffs/codes.h"

#define NAME_LEN_MAX 256u /* thm_fs_stat.name */
#define META_LEN_MAX 16u
#define MAGIC_BASE   0x20140529u

static uint32_t or_default(uint32_t v, uint32_t fallback)
{
    return v ? v : fallback;
}

static bool sizes_fit(const struct sf_geometry *g, const struct thm_medium *m)
{
    return g->page >= 64 && g->page <= 32768 && g->page % 4 == 0 && g->block % g->page == 0 &&
           g->block % m->erase_size == 0 && thm_medium_size(m) <= UINT32_MAX && g->block <= thm_medium_size(m) &&
           g->block / g->page >= 2 && g->name_len >= 2 && g->name_len <= NAME_LEN_MAX && g->meta_len <= META_LEN_MAX &&
           g->name_len + g->meta_len + 32 <= g->page;
}

static bool counts_fit(const struct sf_geometry *g)
{
    return g->pages <= SF_NO_PAGE + 1 && g->blocks < 0xFFFF && g->blocks >= 3;
}

static void count_pages(struct sf_geometry *g, uint32_t size)
{
    g->blocks = size / g->block;
    g->block_pages = g->block / g->page;
    g->pages = g->blocks * g->block_pages;
    g->page_ids = g->page / 2;
    g->lookup_pages = g->block_pages * 2 / g->page;
    if (g->lookup_pages == 0)
        g->lookup_pages = 1;
    g->entries = g->block_pages - g->lookup_pages;
}

int32_t sf_geometry_init(struct sf_geometry *g, const struct thm_medium *m, const struct thm_fs_config *c)
{
    *g = (struct sf_geometry){
        .page = or_default(c->page_size, 256),
        .block = or_default(c->block_size, 4096),
        .name_len = or_default(c->name_len, 32),
        .meta_len = c->no_meta ? 0 : or_default(c->meta_len, 4),
        .magic = !c->no_magic,
        .magic_length = !c->no_magic_length,
    };
    if (!sizes_fit(g, m))
        return SPIFFS_ERR_NOT_CONFIGURED;
    count_pages(g, (uint32_t)thm_medium_size(m));
    g->data = g->page - SF_PAGE_HEADER;
    g->header_len = SF_OBJECT_NAME + g->name_len + g->meta_len;
    if (c->aligned_index)
        g->header_len = (g->header_len + 1) & ~1u;
    g->header_entries = (g->page - g->header_len) / 2;
    g->index_entries = (g->page - SF_INDEX_TABLE) / 2;
    if (!counts_fit(g))
        return SPIFFS_ERR_NOT_CONFIGURED;
    if (g->magic && g->lookup_pages * g->page_ids - g->entries < 2)
        return SPIFFS_ERR_MAGIC_NOT_POSSIBLE;
    return 0;
}

uint16_t sf_magic(const struct sf_geometry *g, uint32_t block)
{
    return (uint16_t)(MAGIC_BASE ^ g->page ^ (g->magic_length ? g->blocks - block : 0));
}
