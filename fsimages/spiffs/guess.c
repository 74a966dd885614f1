/* fsimages/spiffs/guess.c -- find out a volume's configuration from its content. */
#include "fsimages/spiffs/core.h"

static uint32_t count_magics(struct thm_medium *m, const struct sf_geometry *g)
{
    uint32_t right = 0;
    for (uint32_t b = 0; b < g->blocks; b++) {
        uint8_t raw[2];
        if (!thm_medium_peek(m, sf_magic_addr(g, b), raw, sizeof raw))
            right += sf_get16(raw) == sf_magic(g, b);
    }
    return right;
}

static bool peek_header(struct thm_medium *m, const struct sf_geometry *g, uint32_t page, struct sf_page_header *h)
{
    uint8_t raw[SF_PAGE_HEADER];
    if (page >= g->pages || thm_medium_peek(m, page * g->page, raw, sizeof raw))
        return false;
    *h = sf_page_header_get(raw);
    return true;
}

/* Is this an index header page whose first entry is the first data page of its object? */
static bool lists_its_own(struct thm_medium *m, const struct sf_geometry *g, uint32_t page)
{
    const unsigned all = SF_USED | SF_FINAL | SF_INDEX | SF_IXDELE | SF_DELET;
    struct sf_page_header h, first;
    uint8_t raw[2];
    if (sf_is_lookup_page(g, page) || !peek_header(m, g, page, &h) || !(h.id & SF_ID_INDEX) || h.span != 0 ||
        !sf_flags_are(h.flags, all, SF_IXDELE | SF_DELET) ||
        thm_medium_peek(m, page * g->page + g->header_len, raw, sizeof raw))
        return false;
    return peek_header(m, g, sf_get16(raw), &first) && first.id == (h.id & ~SF_ID_INDEX) && first.span == 0 &&
           (first.flags & SF_INDEX);
}

static uint32_t count_own(struct thm_medium *m, const struct thm_fs_config *c)
{
    struct sf_geometry g;
    uint32_t n = 0;
    if (sf_geometry_init(&g, m, c))
        return 0;
    for (uint32_t page = 0; page < g.pages; page++)
        n += lists_its_own(m, &g, page);
    return n;
}

/* Metadata and alignment shift the page table; nothing on flash says by how much. ESP-IDF's comes first. */
static void guess_header(struct thm_medium *m, struct thm_fs_config *c)
{
    static const struct {
        bool no_meta, aligned;
    } variants[] = { { false, false }, { true, false }, { false, true }, { true, true } };
    struct thm_fs_config best = *c;
    uint32_t most = 0;
    if (c->meta_len || c->no_meta || c->aligned_index)
        return;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct thm_fs_config try = *c;
        try.no_meta = variants[i].no_meta;
        try.aligned_index = variants[i].aligned;
        uint32_t n = count_own(m, &try);
        if (n > most) {
            most = n;
            best = try;
        }
    }
    *c = best;
}

enum thm_fs_err sf_probe(struct thm_medium *m, struct thm_fs_config *c)
{
    for (uint32_t page = 256; page <= 2048; page *= 2)
        for (uint32_t block = 4096; block <= 65536; block *= 2) {
            struct thm_fs_config try = *c;
            struct sf_geometry g;
            try.page_size = c->page_size ? c->page_size : page;
            try.block_size = c->block_size ? c->block_size : block;
            if (sf_geometry_init(&g, m, &try) || !g.magic || count_magics(m, &g) + 1 < g.blocks)
                continue;
            c->page_size = try.page_size;
            c->block_size = try.block_size;
            guess_header(m, c);
            return THM_FS_OK;
        }
    return THM_FS_EFORMAT;
}
