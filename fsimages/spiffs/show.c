/* fsimages/spiffs/show.c -- a volume for people: its configuration and counters, the state of every page. */
#include "fsimages/spiffs/core.h"
#include "fsimages/spiffs.h"
#include <stdio.h>
#include <stdlib.h>

int32_t sf_describe(struct thm_fs *f, thm_fs_line *line, void *ctx)
{
    const struct sf *fs = (const struct sf *)f;
    const struct sf_geometry *g = &fs->g;
    const struct {
        const char *name;
        uint32_t value;
    } facts[] = {
        { "page size", g->page },
        { "block size", g->block },
        { "blocks", g->blocks },
        { "name length", g->name_len },
        { "metadata length", g->meta_len },
        { "data bytes in a page", g->data },
        { "pages in use", fs->alloc },
        { "pages deleted", fs->deleted },
        { "free blocks", fs->free_blocks },
        { "next erase count", fs->erase_counter },
    };
    char text[64];
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        snprintf(text, sizeof text, "%s: %u", facts[i].name, (unsigned)facts[i].value);
        line(ctx, text);
    }
    return 0;
}

static uint8_t unit_of(uint16_t id)
{
    if (id == SF_ID_FREE)
        return THM_FS_UNIT_FREE;
    if (id == SF_ID_DELETED)
        return THM_FS_UNIT_DELETED;
    return id & SF_ID_INDEX ? THM_FS_UNIT_META : THM_FS_UNIT_DATA;
}

static int32_t mark(struct sf *fs, uint16_t id, struct sf_slot at, void *ctx)
{
    struct thm_fs_map *m = ctx;
    m->states[sf_slot_page(&fs->g, at)] = unit_of(id);
    return SF_GO_ON;
}

int32_t sf_map(struct thm_fs *f, struct thm_fs_map *out)
{
    struct sf *fs = (struct sf *)f;
    *out = (struct thm_fs_map){ .unit = "page",
                                .unit_size = fs->g.page,
                                .count = fs->g.pages,
                                .row = fs->g.block_pages,
                                .states = malloc(fs->g.pages) };
    if (!out->states)
        return SF_ERR_MEDIUM - THM_FS_EHOST;
    for (uint32_t page = 0; page < fs->g.pages; page++)
        out->states[page] = THM_FS_UNIT_META; /* what no entry speaks of: lookup pages */
    int32_t res = sf_walk_all(fs, mark, out);
    if (res) {
        free(out->states);
        *out = (struct thm_fs_map){ 0 };
    }
    return res;
}

uint32_t thm_spiffs_block_count(const struct thm_fs *f)
{
    return ((const struct sf *)f)->g.blocks;
}

uint16_t thm_spiffs_block_erased(const struct thm_fs *f, uint32_t i)
{
    const struct sf *fs = (const struct sf *)f;
    uint8_t raw[2] = { 0xFF, 0xFF };
    (void)thm_medium_peek(fs->medium, sf_erase_count_addr(&fs->g, i), raw, sizeof raw);
    return sf_get16(raw);
}
