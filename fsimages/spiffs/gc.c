/* fsimages/spiffs/gc.c -- garbage collection: choose a block, move what is alive, erase it.
 * Weights and limits: ESP-IDF components/spiffs/include/spiffs_config.h. */
#include "fsimages/spiffs/core.h"

enum { W_DELETED = 5, W_USED = -1, W_AGE = 50 };

/* Pages that may be allocated: all blocks but two. Negative on a volume the packer has overfilled. */
static int64_t free_pages(const struct sf *fs)
{
    return (int64_t)fs->g.entries * (fs->g.blocks - 2) - fs->alloc - fs->deleted;
}

static int32_t lookup_id(struct sf *fs, struct sf_slot at, uint16_t *id)
{
    uint8_t raw[2];
    int32_t res = sf_read(fs, sf_slot_addr(&fs->g, at), raw, sizeof raw);
    *id = sf_get16(raw);
    return res;
}

struct block_use {
    uint32_t free, deleted, used;
};

/* Count a block's entries; to_first_free: only up to the first free one. */
static int32_t count_block(struct sf *fs, uint32_t block, bool to_first_free, struct block_use *u)
{
    *u = (struct block_use){ 0 };
    for (struct sf_slot at = { block, 0 }; at.entry < fs->g.entries; at.entry++) {
        uint16_t id;
        int32_t res = lookup_id(fs, at, &id);
        if (res)
            return res;
        u->free += id == SF_ID_FREE;
        u->deleted += id == SF_ID_DELETED;
        u->used += id != SF_ID_FREE && id != SF_ID_DELETED;
        if (to_first_free && u->free)
            break;
    }
    return 0;
}

static int32_t erase_age(struct sf *fs, uint32_t block, int32_t *age)
{
    uint8_t raw[2];
    int32_t res = sf_read_around(fs, sf_erase_count_addr(&fs->g, block), raw, sizeof raw);
    int32_t count = sf_get16(raw), now = fs->erase_counter;
    *age = now > count ? now - count : 0xFFFF - (count - now);
    return res;
}

static int32_t block_score(struct sf *fs, uint32_t block, bool crammed, int32_t *score)
{
    struct block_use u;
    int32_t age, res = count_block(fs, block, true, &u);
    if (!res)
        res = erase_age(fs, block, &age);
    if (!res)
        *score = (int32_t)u.deleted * W_DELETED + (int32_t)u.used * W_USED + age * (crammed ? 0 : W_AGE);
    return res;
}

static int32_t best_block(struct sf *fs, bool crammed, uint32_t *best)
{
    int32_t best_score = INT32_MIN;
    for (uint32_t b = 0; b < fs->g.blocks; b++) {
        int32_t score, res = block_score(fs, b, crammed, &score);
        if (res)
            return res;
        if (score > best_score) {
            best_score = score;
            *best = b;
        }
    }
    return 0;
}

/* One data page of the block being cleaned; its index page is in work. */
static int32_t move_data_page(struct sf *fs, uint16_t id, uint16_t page, const struct sf_page_header *h)
{
    uint16_t to = SF_NO_PAGE;
    int32_t res = h->flags & SF_DELET ? sf_page_move(fs, NULL, id, page, &to) : sf_page_delete(fs, page);
    if (!res)
        sf_table_set(fs, fs->work, h->span, to);
    return res;
}

/* All data pages of the block that the index page in work lists. */
static int32_t move_siblings(struct sf *fs, uint32_t block, uint16_t id, uint16_t index_span)
{
    for (struct sf_slot at = { block, 0 }; at.entry < fs->g.entries; at.entry++) {
        struct sf_page_header h;
        uint16_t found;
        int32_t res = lookup_id(fs, at, &found);
        if (!res && found == id) {
            res = sf_page_header(fs, sf_slot_page(&fs->g, at), &h);
            if (!res && sf_index_span(&fs->g, h.span) == index_span)
                res = move_data_page(fs, id, sf_slot_page(&fs->g, at), &h);
        }
        if (res)
            return res;
    }
    return 0;
}

static int32_t store_index(struct sf *fs, uint16_t id, uint16_t span, uint16_t page)
{
    uint16_t to;
    if (span == 0)
        return sf_header_update(fs, id, page, &(struct sf_header_update){ .content = fs->work });
    int32_t res = sf_page_move(fs, fs->work, id, page, &to);
    if (!res)
        sf_index_moved(fs, id, span, to, 0);
    return res;
}

/* A data page was met: move it and all of this block that share its index page. Nobody knows it: delete it. */
static int32_t clean_data(struct sf *fs, struct sf_slot at, uint16_t id)
{
    struct sf_page_header h;
    uint16_t page = sf_slot_page(&fs->g, at), index_page, index_id = id | SF_ID_INDEX;
    int32_t res = sf_page_header(fs, page, &h);
    if (res)
        return res;
    uint16_t span = sf_index_span(&fs->g, h.span);
    res = sf_find_page(fs, index_id, span, 0, &index_page);
    if (res == SPIFFS_ERR_NOT_FOUND)
        return sf_page_delete(fs, page);
    if (!res)
        res = sf_read_around(fs, index_page * fs->g.page, fs->work, fs->g.page);
    if (res)
        return res;
    h = sf_page_header_get(fs->work);
    res = sf_validate_index(&h, index_id, span);
    if (!res)
        res = move_siblings(fs, at.block, id, span);
    return res ? res : store_index(fs, index_id, span, index_page);
}

static int32_t clean_index(struct sf *fs, struct sf_slot at, uint16_t id)
{
    struct sf_page_header h;
    uint16_t page = sf_slot_page(&fs->g, at), to;
    int32_t res = sf_page_header(fs, page, &h);
    if (res)
        return res;
    if (!(h.flags & SF_DELET)) {
        res = sf_page_delete(fs, page);
        if (!res)
            sf_index_deleted(fs, id, h.span);
        return res;
    }
    res = sf_page_move(fs, NULL, id, page, &to);
    if (!res)
        sf_index_moved(fs, id, h.span, to, 0);
    return res;
}

/* Call clean() for every live entry of the block that is (not) an index page. */
static int32_t clean_pages(struct sf *fs, uint32_t block, bool index,
                           int32_t (*clean)(struct sf *, struct sf_slot, uint16_t))
{
    for (struct sf_slot at = { block, 0 }; at.entry < fs->g.entries; at.entry++) {
        uint16_t id;
        int32_t res = lookup_id(fs, at, &id);
        if (!res && id != SF_ID_FREE && id != SF_ID_DELETED && !(id & SF_ID_INDEX) == !index)
            res = clean(fs, at, id);
        if (res)
            return res;
    }
    return 0;
}

static int32_t evacuate(struct sf *fs, uint32_t block)
{
    if (fs->free_cursor.block == block) /* its free pages are of no use now */
        fs->free_cursor = (struct sf_slot){ (block + 1) % fs->g.blocks, 0 };
    int32_t res = clean_pages(fs, block, false, clean_data);
    return res ? res : clean_pages(fs, block, true, clean_index);
}

static int32_t clean_and_erase(struct sf *fs, uint32_t block)
{
    struct block_use u;
    fs->cleaning = true;
    int32_t res = evacuate(fs, block);
    fs->cleaning = false;
    if (!res)
        res = count_block(fs, block, false, &u);
    if (res)
        return res;
    fs->alloc -= u.used < fs->alloc ? u.used : fs->alloc;
    fs->deleted -= u.deleted < fs->deleted ? u.deleted : fs->deleted;
    return sf_block_erase(fs, block);
}

int32_t sf_gc_check(struct sf *fs, uint64_t len)
{
    const int64_t page = fs->g.data;
    int64_t free = free_pages(fs), before, want = (int64_t)len;
    if (fs->free_blocks > 3 && want < free * page)
        return 0;
    if ((want + page - 1) / page > free + (int64_t)fs->deleted)
        return SPIFFS_ERR_FULL;
    for (int run = 0; run < SF_GC_RUNS; run++) {
        uint32_t block = 0;
        int32_t res = best_block(fs, free <= 0, &block);
        if (!res)
            res = clean_and_erase(fs, block);
        if (res)
            return res;
        before = free;
        free = free_pages(fs);
        if ((before <= 0 && free == before) || (fs->free_blocks > 2 && want <= free * page))
            break;
    }
    return want > free * page ? SPIFFS_ERR_FULL : 0;
}

int32_t sf_gc_quick(struct sf *fs, uint32_t max_free)
{
    for (uint32_t b = 0; b < fs->g.blocks; b++) {
        struct block_use u;
        int32_t res = count_block(fs, b, false, &u);
        if (res)
            return res;
        if (u.used || u.free > max_free)
            continue;
        fs->deleted -= u.deleted < fs->deleted ? u.deleted : fs->deleted;
        return sf_block_erase(fs, b);
    }
    return SPIFFS_ERR_NO_DELETED_BLOCKS;
}
