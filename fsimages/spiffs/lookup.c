/* fsimages/spiffs/lookup.c -- walks over the lookup tables: finding pages, names, free pages and free object ids. */
#include "fsimages/spiffs/core.h"
#include <stddef.h>
#include <string.h>

/* Visit the entries of one block from at->entry on. */
static int32_t walk_block(struct sf *fs, sf_visitor *visit, void *ctx, struct sf_slot *at)
{
    const struct sf_geometry *g = &fs->g;
    bool loaded = false;
    for (; at->entry < g->entries; at->entry++) {
        uint32_t in_page = at->entry % g->page_ids;
        if (!loaded || in_page == 0) {
            uint32_t addr = sf_slot_addr(g, *at) - in_page * 2;
            int32_t res = sf_read(fs, addr, fs->lookup, g->page);
            if (res)
                return res;
            loaded = true;
        }
        int32_t res = visit(fs, sf_get16(fs->lookup + in_page * 2), *at, ctx);
        if (res == SF_GO_ON_RELOAD)
            loaded = false;
        else if (res != SF_GO_ON)
            return res;
    }
    return SF_GO_ON;
}

int32_t sf_walk(struct sf *fs, struct sf_slot from, bool round, sf_visitor *visit, void *ctx, struct sf_slot *at)
{
    const struct sf_geometry *g = &fs->g;
    if (from.entry >= g->entries)
        from = (struct sf_slot){ (from.block + 1) % g->blocks, 0 };
    /* round: a block begun in its middle is visited again at the end */
    uint32_t left = round ? g->blocks + (from.entry != 0) : g->blocks - from.block;
    for (; left; left--) {
        int32_t res = walk_block(fs, visit, ctx, &from);
        if (at)
            *at = from;
        if (res != SF_GO_ON)
            return res;
        from = (struct sf_slot){ (from.block + 1) % g->blocks, 0 };
    }
    return SPIFFS_ERR_NOT_FOUND;
}

int32_t sf_walk_all(struct sf *fs, sf_visitor *visit, void *ctx)
{
    int32_t res = sf_walk(fs, (struct sf_slot){ 0, 0 }, false, visit, ctx, NULL);
    return res == SPIFFS_ERR_NOT_FOUND ? 0 : res;
}

static int32_t visit_free(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    (void)ctx; /* a volume of 65536 pages has one whose number means "none": it is never used */
    return id == SF_ID_FREE && sf_slot_page(&fs->g, at) != SF_NO_PAGE ? 0 : SF_GO_ON;
}

/* Two free blocks are kept for the garbage collector. */
static int32_t keep_reserve(struct sf *fs)
{
    if (fs->cleaning || fs->free_blocks >= 2)
        return 0;
    int32_t res = sf_gc_quick(fs, 0);
    if (res && res != SPIFFS_ERR_NO_DELETED_BLOCKS)
        return res;
    return fs->free_blocks < 2 ? SPIFFS_ERR_FULL : 0;
}

int32_t sf_find_free(struct sf *fs, struct sf_slot *at)
{
    int32_t res = keep_reserve(fs);
    if (res)
        return res;
    res = sf_walk(fs, fs->free_cursor, true, visit_free, NULL, at);
    if (res)
        return res == SPIFFS_ERR_NOT_FOUND ? SPIFFS_ERR_FULL : res;
    fs->free_cursor = (struct sf_slot){ at->block, at->entry + 1 };
    if (at->entry == 0 && fs->free_blocks)
        fs->free_blocks--;
    return 0;
}

struct wanted {
    uint16_t id, span, except;
    bool by_header;
};

static int32_t visit_page(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    const struct wanted *w = ctx;
    struct sf_page_header h;
    uint16_t page = sf_slot_page(&fs->g, at);
    if (!w->by_header && id != w->id)
        return SF_GO_ON;
    int32_t res = sf_page_header(fs, page, &h);
    if (res)
        return res;
    bool deleting = (w->id & SF_ID_INDEX) && h.span == 0 && !(h.flags & SF_IXDELE);
    bool match = h.id == w->id && h.span == w->span && (w->except == 0 || w->except != page) && !deleting &&
                 sf_flags_are(h.flags, SF_FINAL | SF_DELET | SF_USED, SF_DELET);
    return match ? 0 : SF_GO_ON;
}

static int32_t find_page(struct sf *fs, struct wanted *w, uint16_t *page)
{
    struct sf_slot at;
    int32_t res = sf_walk(fs, fs->cursor, true, visit_page, w, &at);
    if (res)
        return res;
    if (page)
        *page = sf_slot_page(&fs->g, at);
    fs->cursor = at;
    return 0;
}

int32_t sf_find_page(struct sf *fs, uint16_t id, uint16_t span, uint16_t except, uint16_t *page)
{
    struct wanted w = { id, span, except, false };
    return find_page(fs, &w, page);
}

int32_t sf_find_page_by_header(struct sf *fs, uint16_t id, uint16_t span, uint16_t except, uint16_t *page)
{
    struct wanted w = { id, span, except, true };
    return find_page(fs, &w, page);
}

static int32_t visit_name(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    const char *name = ctx;
    if (id == SF_ID_FREE || id == SF_ID_DELETED || !(id & SF_ID_INDEX))
        return SF_GO_ON;
    int32_t res = sf_read_around(fs, sf_slot_page(&fs->g, at) * fs->g.page, fs->header, fs->g.header_len);
    if (res)
        return res;
    struct sf_page_header h = sf_page_header_get(fs->header);
    if (h.span != 0 || !sf_flags_are(h.flags, SF_DELET | SF_FINAL | SF_IXDELE, SF_DELET | SF_IXDELE))
        return SF_GO_ON;
    return strncmp(name, (const char *)fs->header + SF_OBJECT_NAME, fs->g.name_len) == 0 ? 0 : SF_GO_ON;
}

int32_t sf_find_name(struct sf *fs, const char *name, uint16_t *page)
{
    struct sf_slot at;
    int32_t res = sf_walk(fs, fs->cursor, true, visit_name, (void *)(uintptr_t)name, &at);
    if (res)
        return res;
    *page = sf_slot_page(&fs->g, at);
    fs->cursor = at;
    return 0;
}

/* The ids that may be free. More than fit a bitmap of one page are first counted in groups of `group` ids. */
struct id_range {
    uint32_t min, max, group;
};

static int32_t visit_id_bit(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    const struct id_range *r = ctx;
    (void)at;
    if (id == SF_ID_FREE || id == SF_ID_DELETED)
        return SF_GO_ON;
    uint32_t bit = (id & ~SF_ID_INDEX) - r->min;
    if ((id & ~SF_ID_INDEX) >= r->min && bit / 8 < fs->g.page)
        fs->work[bit / 8] |= (uint8_t)(1u << bit % 8);
    return SF_GO_ON;
}

static int32_t id_from_bitmap(struct sf *fs, struct id_range *r, uint16_t *id)
{
    memset(fs->work, 0, fs->g.page);
    int32_t res = sf_walk_all(fs, visit_id_bit, r);
    if (res)
        return res;
    for (uint32_t bit = 0; bit < fs->g.page * 8; bit++)
        if (!(fs->work[bit / 8] >> bit % 8 & 1)) {
            *id = (uint16_t)(bit + r->min);
            return bit + r->min < SF_ID_INDEX ? 0 : SPIFFS_ERR_FULL;
        }
    return SPIFFS_ERR_FULL;
}

static int32_t visit_id_count(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    const struct id_range *r = ctx;
    struct sf_page_header h;
    if (id == SF_ID_FREE || id == SF_ID_DELETED || !(id & SF_ID_INDEX))
        return SF_GO_ON;
    int32_t res = sf_page_header(fs, sf_slot_page(&fs->g, at), &h);
    if (res)
        return res;
    uint32_t plain = id & ~SF_ID_INDEX;
    if (h.span != 0 || !sf_flags_are(h.flags, SF_INDEX | SF_FINAL | SF_DELET, SF_DELET) || plain < r->min ||
        plain > r->max)
        return SF_GO_ON;
    uint32_t i = (plain - r->min) / r->group;
    if (i < fs->g.page && fs->work[i] < 0xFF)
        fs->work[i]++;
    return SF_GO_ON;
}

static uint32_t emptiest_group(const struct sf *fs)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < fs->g.page && fs->work[best]; i++)
        if (fs->work[i] < fs->work[best])
            best = i;
    return best;
}

/* Narrow the range to the group with the fewest ids. *id: a group without any is found. */
static int32_t narrow(struct sf *fs, struct id_range *r, uint16_t *id)
{
    r->group = (r->max - r->min) / fs->g.page;
    memset(fs->work, 0, fs->g.page);
    int32_t res = sf_walk_all(fs, visit_id_count, r);
    if (res)
        return res;
    uint32_t i = emptiest_group(fs);
    if (fs->work[i] >= r->group)
        return SPIFFS_ERR_FULL;
    r->min += i * r->group;
    r->max = r->min + r->group;
    if (fs->work[i] == 0)
        *id = (uint16_t)r->min;
    return 0;
}

int32_t sf_new_id(struct sf *fs, uint16_t *id)
{
    struct id_range r = { .min = 1, .max = fs->g.pages / 2 + 1 };
    if (r.max >= SF_ID_INDEX)
        r.max = SF_ID_INDEX - 1;
    *id = 0;
    while (r.max - r.min > fs->g.page * 8) {
        int32_t res = narrow(fs, &r, id);
        if (res || *id)
            return res;
    }
    return id_from_bitmap(fs, &r, id);
}

static int32_t visit_count(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    (void)ctx;
    if (id == SF_ID_FREE)
        fs->free_blocks += at.entry == 0;
    else if (id == SF_ID_DELETED)
        fs->deleted++;
    else
        fs->alloc++;
    return SF_GO_ON;
}

struct block_scan {
    int32_t min, max;   /* erase counts */
    uint32_t bad, bads; /* blocks without magic */
};

static int32_t scan_block(struct sf *fs, uint32_t block, struct block_scan *s)
{
    uint8_t words[4];
    int32_t res = sf_read_around(fs, sf_magic_addr(&fs->g, block), words, sizeof words);
    if (res)
        return res;
    if (fs->g.magic && sf_get16(words) != sf_magic(&fs->g, block)) {
        s->bad = block;
        s->bads++;
    }
    int32_t count = sf_get16(words + 2);
    if (count == SF_ID_FREE)
        return 0;
    s->min = count < s->min ? count : s->min;
    s->max = count > s->max ? count : s->max;
    return 0;
}

/* One block without magic is an erase that lost power: it is erased again. */
static int32_t scan_blocks(struct sf *fs)
{
    struct block_scan s = { .min = SF_ID_FREE, .max = 0 };
    for (uint32_t b = 0; b < fs->g.blocks; b++) {
        int32_t res = scan_block(fs, b, &s);
        if (res)
            return res;
        if (s.bads > 1)
            return SPIFFS_ERR_NOT_A_FS;
    }
    bool wrapped = s.max - s.min > 0x7FFF;
    fs->erase_counter = (uint16_t)((wrapped ? s.min : s.max) + 1);
    return s.bads ? sf_block_erase(fs, s.bad) : 0;
}

int32_t sf_scan(struct sf *fs)
{
    int32_t res = scan_blocks(fs);
    fs->alloc = fs->deleted = fs->free_blocks = 0;
    return res ? res : sf_walk_all(fs, visit_count, NULL);
}
