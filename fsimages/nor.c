/* fsimages/nor.c -- a NOR flash chip: AND on program, 0xFF on erase, time, wear. */
#include "fsimages/nor.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct nor {
    struct thm_medium base;
    const struct thm_nor_part *part;
    struct thm_nor_cells cells;
    struct thm_medium_watch watch;
    struct thm_nor_counters counters;
};

static void spend(struct nor *n, uint64_t ns)
{
    n->counters.busy_ns += ns;
    if (n->watch.spend)
        n->watch.spend(n->watch.ctx, ns);
}

static void announce(struct nor *n, const char *what, uint32_t off, uint32_t len, uint64_t ns)
{
    spend(n, ns);
    if (n->watch.event)
        n->watch.event(n->watch.ctx, what, off, len, ns);
}

static bool is_fresh(const struct nor *n, uint32_t sector)
{
    return n->cells.touched && !n->cells.touched[sector];
}

static enum thm_fs_err nor_peek(struct thm_medium *m, uint32_t off, void *buf, uint32_t len)
{
    struct nor *n = (struct nor *)m;
    uint8_t *to = buf;
    while (len) {
        uint32_t sector = off / m->erase_size, room = m->erase_size - off % m->erase_size;
        uint32_t part = len < room ? len : room;
        if (is_fresh(n, sector))
            memset(to, 0xFF, part);
        else
            memcpy(to, n->cells.bytes + off, part);
        off += part;
        to += part;
        len -= part;
    }
    return THM_FS_OK;
}

static enum thm_fs_err nor_read(struct thm_medium *m, uint32_t off, void *buf, uint32_t len)
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

/* Make the sector's bytes real before the first program. */
static void touch(struct nor *n, uint32_t sector)
{
    if (!is_fresh(n, sector))
        return;
    memset(n->cells.bytes + (size_t)sector * n->base.erase_size, 0xFF, n->base.erase_size);
    n->cells.touched[sector] = 1;
}

static enum thm_fs_err nor_program(struct thm_medium *m, uint32_t off, const void *buf, uint32_t len)
{
    struct nor *n = (struct nor *)m;
    const uint8_t *from = buf;
    uint8_t lost = 0;
    if (len == 0)
        return THM_FS_OK;
    if (off % m->page_size + len > m->page_size)
        return THM_FS_EINVAL;
    touch(n, off / m->erase_size);
    for (uint32_t i = 0; i < len; i++) {
        lost |= (uint8_t)(from[i] & ~n->cells.bytes[off + i]);
        n->cells.bytes[off + i] &= from[i];
    }
    n->counters.programs++;
    n->counters.bytes_programmed += len;
    n->counters.blind_programs += lost != 0;
    announce(n, "program", off, len, program_ns(n->part, len));
    return THM_FS_OK;
}

static enum thm_fs_err nor_erase(struct thm_medium *m, uint32_t block)
{
    struct nor *n = (struct nor *)m;
    if (!is_fresh(n, block))
        memset(n->cells.bytes + (size_t)block * m->erase_size, 0xFF, m->erase_size);
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
    .kind = "nor", .read = nor_read, .peek = nor_peek, .program = nor_program, .erase = nor_erase,
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
    n->base = (struct thm_medium){ .ops = &nor_ops, .erase_size = part->sector_size,
                                   .erase_count = size / part->sector_size, .page_size = part->page_size };
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
