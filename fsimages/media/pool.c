/* fsimages/media/pool.c -- pages take memory when something is programmed, and give it back when they are erased. */
#include "fsimages/media/pool.h"
#include <string.h>
#include <sys/mman.h>
#include "fsimages/media/bytes.h"

static uint8_t *in_pool(const struct pool *s, uint32_t slot)
{
    return s->bytes + (size_t)(slot - 1) * s->page_size;
}

/* The page's cells; NULL: all of them are erased. */
static uint8_t *page_cells(const struct pool *s, uint64_t page)
{
    if (!s->slot)
        return s->bytes + page * s->page_size;
    return s->slot[page] ? in_pool(s, s->slot[page]) : NULL;
}

/* Pages that were given back form a list, each holding the next one's slot. */
static uint32_t take_slot(struct pool *s)
{
    uint32_t slot = s->state[1];
    if (slot == 0)
        return ++s->state[0];
    memcpy(&s->state[1], in_pool(s, slot), sizeof slot);
    return slot;
}

static void give_slot(struct pool *s, uint64_t page)
{
    uint32_t slot = s->slot[page];
    if (slot == 0)
        return;
    memcpy(in_pool(s, slot), &s->state[1], sizeof slot);
    s->state[1] = slot;
    s->slot[page] = 0;
}

/* The page's cells, to be changed. NULL: nothing would change. */
static uint8_t *page_to_program(struct pool *s, uint64_t page, const uint8_t *from, uint32_t len)
{
    uint8_t *cells = page_cells(s, page);
    if (cells)
        return cells;
    if (all_are(from, len, s->erased))
        return NULL;
    s->slot[page] = take_slot(s);
    return memset(page_cells(s, page), s->erased, s->page_size);
}

void pool_init(struct pool *s, const struct thm_cells *c, const struct thm_part *part, uint64_t size)
{
    *s = (struct pool){
        .bytes = c->bytes, .slot = c->slot, .page_size = pool_page_size(part), .erased = thm_part_erased(part)
    };
    if (s->slot)
        s->state = s->slot + size / s->page_size;
}

void pool_read(const struct pool *s, uint64_t off, uint8_t *to, uint32_t len)
{
    while (len) {
        uint32_t at = (uint32_t)(off % s->page_size), room = s->page_size - at, n = len < room ? len : room;
        const uint8_t *cells = page_cells(s, off / s->page_size);
        if (cells)
            memcpy(to, cells + at, n);
        else
            memset(to, s->erased, n);
        off += n;
        to += n;
        len -= n;
    }
}

bool pool_program(struct pool *s, uint64_t off, const uint8_t *from, uint32_t len, bool overwrite)
{
    uint8_t *to = page_to_program(s, off / s->page_size, from, len), lost = 0;
    if (!to)
        return false;
    to += off % s->page_size;
    if (overwrite) {
        memcpy(to, from, len);
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        lost |= (uint8_t)(from[i] & ~to[i]);
        to[i] &= from[i];
    }
    return lost != 0;
}

void pool_erase(struct pool *s, uint64_t off, uint32_t len)
{
    if (!s->slot)
        memset(s->bytes + off, s->erased, len);
    for (uint64_t page = off / s->page_size; s->slot && page < (off + len) / s->page_size; page++)
        give_slot(s, page);
}

/* ---- a fresh chip's memory ---- */

static size_t round_up(uint64_t bytes)
{
    return (size_t)((bytes + 4095) / 4096 * 4096);
}

/* One mapping: bytes, slots, wear, writes. The kernel gives memory to what is touched only. */
static enum thm_fs_err create(struct thm_cells *c, const struct thm_part *part, uint64_t size, int sharing)
{
    size = size ? size : part->size;
    size_t bytes = round_up(size), slots = round_up((size / pool_page_size(part) + 2) * sizeof *c->slot),
           wear = round_up(size / part->sector_size * sizeof *c->wear),
           writes = part->unit_programs ? round_up(size / part->program_unit) : 0;
    size_t all = bytes + slots + wear + writes;
    *c = (struct thm_cells){ 0 };
    uint8_t *p = mmap(NULL, all, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return THM_FS_EHOST;
    (void)madvise(p, all, MADV_NOHUGEPAGE); /* a few programmed pages must not take 2 MB */
    *c = (struct thm_cells){ .bytes = p,
                             .slot = (uint32_t *)(void *)(p + bytes),
                             .wear = (uint32_t *)(void *)(p + bytes + slots),
                             .writes = writes ? p + bytes + slots + wear : NULL,
                             .mapped = all };
    return THM_FS_OK;
}

enum thm_fs_err thm_cells_create(struct thm_cells *c, const struct thm_part *part, uint64_t size)
{
    return create(c, part, size, MAP_PRIVATE);
}

enum thm_fs_err thm_cells_create_shared(struct thm_cells *c, const struct thm_part *part, uint64_t size)
{
    return create(c, part, size, MAP_SHARED);
}

void thm_cells_copy(struct thm_cells *to, const struct thm_cells *from, const struct thm_part *part, uint64_t size)
{
    const uint64_t pages = (size ? size : part->size) / pool_page_size(part);
    const size_t taken = (size_t)from->slot[pages] * pool_page_size(part);
    const size_t beside = (size_t)((const uint8_t *)from->slot - from->bytes);
    memcpy(to->bytes, from->bytes, taken);
    memcpy(to->slot, from->slot, from->mapped - beside);
}

void thm_cells_destroy(struct thm_cells *c)
{
    if (c->mapped)
        munmap(c->bytes, c->mapped);
    *c = (struct thm_cells){ 0 };
}
