/* fsimages/media/nor.c -- a NOR flash chip: AND on program, 0xFF on erase, time, wear. */
#include "fsimages/media/nor.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct nor {
    struct thm_medium base;
    const struct thm_nor_part *part;
    struct thm_nor_cells cells;
    struct thm_medium_watch watch;
    struct thm_nor_counters counters;
    uint32_t pool_used, pool_free; /* pages ever taken from the pool; the first given back, 0 = none */
};

static void spend(struct nor *n, uint64_t ns)
{
    n->counters.busy_ns += ns;
    if (n->watch.spend)
        n->watch.spend(n->watch.ctx, ns);
}

static void announce(struct nor *n, const char *what, uint64_t off, uint32_t len, uint64_t ns)
{
    spend(n, ns);
    if (n->watch.event)
        n->watch.event(n->watch.ctx, what, off, len, ns);
}

/* ---- pages ---- */

static uint8_t *pool_page(const struct nor *n, uint32_t slot)
{
    return n->cells.bytes + (size_t)(slot - 1) * n->base.page_size;
}

/* The page's cells; NULL: all of them are erased. */
static uint8_t *page_cells(const struct nor *n, uint32_t page)
{
    if (!n->cells.slot)
        return n->cells.bytes + (size_t)page * n->base.page_size;
    return n->cells.slot[page] ? pool_page(n, n->cells.slot[page]) : NULL;
}

/* Pages that were given back form a list, each holding the next one's slot. */
static uint32_t take_slot(struct nor *n)
{
    uint32_t slot = n->pool_free;
    if (slot == 0)
        return ++n->pool_used;
    memcpy(&n->pool_free, pool_page(n, slot), sizeof n->pool_free);
    return slot;
}

static void give_slot(struct nor *n, uint32_t page)
{
    uint32_t slot = n->cells.slot[page];
    if (slot == 0)
        return;
    memcpy(pool_page(n, slot), &n->pool_free, sizeof n->pool_free);
    n->pool_free = slot;
    n->cells.slot[page] = 0;
}

static uint8_t *page_to_program(struct nor *n, uint32_t page)
{
    uint8_t *cells = page_cells(n, page);
    if (cells)
        return cells;
    n->cells.slot[page] = take_slot(n);
    return memset(page_cells(n, page), 0xFF, n->base.page_size);
}

/* Clear bits within one page. Result: whether one would have had to be set. */
static bool and_page(struct nor *n, uint64_t off, const uint8_t *from, uint32_t len)
{
    uint8_t *to = page_to_program(n, (uint32_t)(off / n->base.page_size)) + off % n->base.page_size;
    uint8_t lost = 0;
    for (uint32_t i = 0; i < len; i++) {
        lost |= (uint8_t)(from[i] & ~to[i]);
        to[i] &= from[i];
    }
    return lost != 0;
}

/* ---- the medium ---- */

static enum thm_fs_err nor_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct nor *n = (struct nor *)m;
    uint8_t *to = buf;
    while (len) {
        uint32_t at = (uint32_t)(off % m->page_size), room = m->page_size - at, part = len < room ? len : room;
        const uint8_t *cells = page_cells(n, (uint32_t)(off / m->page_size));
        if (cells)
            memcpy(to, cells + at, part);
        else
            memset(to, 0xFF, part);
        off += part;
        to += part;
        len -= part;
    }
    return THM_FS_OK;
}

static enum thm_fs_err nor_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct nor *n = (struct nor *)m;
    n->counters.reads++;
    n->counters.bytes_read += len;
    spend(n, ((uint64_t)len * n->part->read_ns_per_byte_q8) >> 8);
    return nor_peek(m, off, buf, len);
}

static uint64_t program_ns(const struct thm_nor_part *p, uint32_t len)
{
    uint64_t ns = p->first_byte_ns + (uint64_t)(len - 1) * p->next_byte_ns;
    return ns < p->page_program_ns ? ns : p->page_program_ns;
}

static enum thm_fs_err nor_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct nor *n = (struct nor *)m;
    if (len == 0)
        return THM_FS_OK;
    if (off % m->page_size + len > m->page_size)
        return THM_FS_EINVAL;
    n->counters.blind_programs += and_page(n, off, buf, len);
    n->counters.programs++;
    n->counters.bytes_programmed += len;
    announce(n, "program", off, len, program_ns(n->part, len));
    return THM_FS_OK;
}

static enum thm_fs_err nor_erase(struct thm_medium *m, uint32_t block)
{
    struct nor *n = (struct nor *)m;
    uint32_t pages = m->erase_size / m->page_size;
    if (!n->cells.slot)
        memset(n->cells.bytes + (size_t)block * m->erase_size, 0xFF, m->erase_size);
    for (uint32_t page = block * pages; n->cells.slot && page < (block + 1) * pages; page++)
        give_slot(n, page);
    if (n->cells.wear)
        n->cells.wear[block]++;
    n->counters.erases++;
    announce(n, "erase", block * m->erase_size, m->erase_size, n->part->sector_erase_ns);
    return THM_FS_OK;
}

static void nor_destroy(struct thm_medium *m)
{
    free(m);
}

static const struct thm_medium_ops nor_ops = {
    .kind = "nor",
    .read = nor_read,
    .peek = nor_peek,
    .program = nor_program,
    .erase = nor_erase,
    .destroy = nor_destroy,
};

enum thm_fs_err thm_nor_create(struct thm_medium **out, const struct thm_nor_part *part, uint32_t size,
                               const struct thm_nor_cells *cells, const struct thm_medium_watch *watch)
{
    *out = NULL;
    if (size == 0)
        size = part->size;
    if (!cells->bytes || size % part->sector_size || size == 0)
        return THM_FS_EINVAL;
    struct nor *n = calloc(1, sizeof *n);
    if (!n)
        return THM_FS_EHOST;
    n->base = (struct thm_medium){ .ops = &nor_ops,
                                   .erase_size = part->sector_size,
                                   .erase_count = size / part->sector_size,
                                   .page_size = part->page_size,
                                   .program_unit = 1 };
    n->part = part;
    n->cells = *cells;
    if (watch)
        n->watch = *watch;
    *out = &n->base;
    return THM_FS_OK;
}

void thm_nor_counters(const struct thm_medium *nor, struct thm_nor_counters *out)
{
    *out = ((const struct nor *)nor)->counters;
}

enum thm_fs_err thm_nor_load(struct thm_medium *nor, uint64_t off, const void *data, uint32_t len)
{
    const uint8_t *from = data;
    if (off > thm_medium_size(nor) || len > thm_medium_size(nor) - off)
        return THM_FS_ERANGE;
    while (len) {
        uint32_t room = nor->page_size - (uint32_t)(off % nor->page_size), part = len < room ? len : room;
        (void)and_page((struct nor *)nor, off, from, part);
        off += part;
        from += part;
        len -= part;
    }
    return THM_FS_OK;
}
