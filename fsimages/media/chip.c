/* fsimages/media/chip.c -- what a part does: clear or overwrite, erase, refuse, take its time, wear. */
#include "fsimages/media/chip.h"
#include <stdlib.h>
#include <string.h>
#include "fsimages/media/bytes.h"
#include "fsimages/media/pool.h"
#include "fsimages/media/random.h"

struct chip {
    struct thm_medium base;
    struct thm_medium_ops ops; /* with the kind's name */
    const struct thm_part *part;
    struct pool pool;
    uint32_t *wear;
    uint8_t *writes, *own_writes; /* the latter if the cells come without */
    struct thm_medium_watch watch;
    struct thm_medium_counters counters;
    bool wears_out;
    uint64_t seed;
};

/* ---- time ---- */

static void spend(struct chip *c, uint64_t ns)
{
    c->counters.busy_ns += ns;
    if (c->watch.spend)
        c->watch.spend(c->watch.ctx, ns);
}

static void announce(struct chip *c, const char *what, uint64_t off, uint32_t len, uint64_t ns)
{
    spend(c, ns);
    if (c->watch.event)
        c->watch.event(c->watch.ctx, what, off, len, ns);
}

static uint64_t on_bus(uint64_t bytes, uint32_t ns_per_byte_q8)
{
    return (bytes * ns_per_byte_q8) >> 8;
}

static uint64_t read_ns(const struct thm_part *p, uint64_t off, uint32_t len)
{
    if (p->read_unit == 0 || len == 0)
        return p->read_access_ns + on_bus(len, p->read_ns_per_byte_q8);
    uint64_t units = (off + len - 1) / p->read_unit - off / p->read_unit + 1;
    return units * p->read_access_ns + on_bus(units * p->read_unit, p->read_ns_per_byte_q8);
}

static uint64_t program_ns(const struct thm_part *p, uint32_t len)
{
    uint64_t cells = p->first_byte_ns + (uint64_t)(len - 1) * p->next_byte_ns;
    return p->write_access_ns + on_bus(len, p->write_ns_per_byte_q8) +
           (cells < p->page_program_ns ? cells : p->page_program_ns);
}

/* ---- wear ---- */

/* One more erase (or write of a page that needs none). False: the sector has had too many. */
static bool wear(struct chip *c, uint32_t block)
{
    if (!c->wear)
        return true;
    c->wear[block]++;
    uint64_t endurance = c->part->endurance;
    return !c->wears_out || c->wear[block] <= endurance + random_at(c->seed, block) % endurance;
}

/* ---- what flash refuses ---- */

/* How often a unit was programmed since its erase. A chip that comes from an image has no history: its content tells.
 */
static uint8_t programs_of(const struct chip *c, uint64_t unit, const uint8_t *content)
{
    uint8_t programs = c->writes[unit];
    return programs == 0 && !all_are(content, c->part->program_unit, c->pool.erased) ? 1 : programs;
}

static bool needs_set(const uint8_t *from, const uint8_t *content, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (from[i] & ~content[i])
            return true;
    return false;
}

static bool takes_unit(const struct chip *c, uint64_t off, const uint8_t *from, const uint8_t *content)
{
    const struct thm_part *p = c->part;
    if (p->refuses_blind_set && needs_set(from, content, p->program_unit))
        return false;
    if (p->unit_programs == 0 || (p->zero_at_any_time && all_are(from, p->program_unit, 0)))
        return true;
    return programs_of(c, off / p->program_unit, content) < p->unit_programs;
}

#define UNIT_MAX 512 /* thm_chip_create() sees to it */

static bool takes(const struct chip *c, uint64_t off, const uint8_t *from, uint32_t len)
{
    uint32_t unit = c->part->program_unit;
    uint8_t content[UNIT_MAX];
    if (!c->part->unit_programs && !c->part->refuses_blind_set)
        return true;
    for (uint32_t at = 0; at < len; at += unit) {
        pool_read(&c->pool, off + at, content, unit);
        if (!takes_unit(c, off + at, from + at, content))
            return false;
    }
    return true;
}

/* Before the cells change. Zeros may come more often than a byte can count. */
static void count_writes(struct chip *c, uint64_t off, uint32_t len)
{
    uint32_t unit = c->part->program_unit;
    uint8_t content[UNIT_MAX];
    for (uint32_t at = 0; c->writes && at < len; at += unit) {
        pool_read(&c->pool, off + at, content, unit);
        uint8_t before = programs_of(c, (off + at) / unit, content);
        c->writes[(off + at) / unit] = before < UINT8_MAX ? (uint8_t)(before + 1) : UINT8_MAX;
    }
}

static void forget_writes(struct chip *c, uint64_t off, uint32_t len)
{
    if (c->writes)
        memset(c->writes + off / c->part->program_unit, 0, len / c->part->program_unit);
}

/* ---- the medium ---- */

static enum thm_fs_err chip_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    pool_read(&((struct chip *)m)->pool, off, buf, len);
    return THM_FS_OK;
}

static enum thm_fs_err chip_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct chip *c = (struct chip *)m;
    c->counters.reads++;
    c->counters.bytes_read += len;
    spend(c, read_ns(c->part, off, len));
    return chip_peek(m, off, buf, len);
}

static bool one_program(const struct thm_medium *m, uint64_t off, uint32_t len)
{
    return off % m->page_size + len <= m->page_size && off % m->program_unit == 0 && len % m->program_unit == 0;
}

static enum thm_fs_err chip_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct chip *c = (struct chip *)m;
    if (len == 0)
        return THM_FS_OK;
    if (!one_program(m, off, len))
        return THM_FS_EINVAL;
    if (!takes(c, off, buf, len)) {
        c->counters.refused++;
        return THM_FS_EPROGRAM;
    }
    bool alive = !m->rewritable || wear(c, (uint32_t)(off / m->erase_size));
    if (alive) {
        count_writes(c, off, len);
        c->counters.blind_programs += pool_program(&c->pool, off, buf, len, m->rewritable);
    }
    c->counters.programs++;
    c->counters.bytes_programmed += len;
    announce(c, "program", off, len, program_ns(c->part, len));
    return alive ? THM_FS_OK : THM_FS_EIO;
}

static enum thm_fs_err chip_erase(struct thm_medium *m, uint32_t block)
{
    struct chip *c = (struct chip *)m;
    uint64_t off = (uint64_t)block * m->erase_size;
    bool alive = wear(c, block);
    if (alive) {
        pool_erase(&c->pool, off, m->erase_size);
        forget_writes(c, off, m->erase_size);
    }
    c->counters.erases++;
    announce(c, "erase", off, m->erase_size, c->part->sector_erase_ns);
    return alive ? THM_FS_OK : THM_FS_EIO;
}

static void chip_counters(const struct thm_medium *m, struct thm_medium_counters *out)
{
    *out = ((const struct chip *)m)->counters;
}

static void chip_destroy(struct thm_medium *m)
{
    free(((struct chip *)m)->own_writes);
    free(m);
}

static const struct thm_medium_ops chip_ops = {
    .read = chip_read,
    .peek = chip_peek,
    .program = chip_program,
    .erase = chip_erase,
    .counters = chip_counters,
    .destroy = chip_destroy,
};

static bool fits(const struct thm_part *p, uint64_t size, const struct thm_cells *cells)
{
    return cells->bytes && size && size % p->sector_size == 0 && size / p->sector_size <= UINT32_MAX &&
           p->sector_size % p->program_unit == 0 && p->program_unit <= UNIT_MAX &&
           (!cells->slot || p->sector_size % pool_page_size(p) == 0);
}

/* False: the PC is out of memory. */
static bool keep_writes(struct chip *c, uint8_t *writes, size_t units)
{
    c->own_writes = writes ? NULL : calloc(units, sizeof *writes);
    c->writes = writes ? writes : c->own_writes;
    return c->writes != NULL;
}

enum thm_fs_err thm_chip_create(struct thm_medium **out, const struct thm_part *part, uint64_t size,
                                const struct thm_cells *cells, const struct thm_medium_watch *watch)
{
    *out = NULL;
    size = size ? size : part->size;
    if (!fits(part, size, cells))
        return THM_FS_EINVAL;
    struct chip *c = calloc(1, sizeof *c);
    if (!c)
        return THM_FS_EHOST;
    if (part->unit_programs && !keep_writes(c, cells->writes, size / part->program_unit)) {
        free(c);
        return THM_FS_EHOST;
    }
    c->ops = chip_ops;
    c->ops.kind = thm_part_kind_name(part->kind);
    c->base = (struct thm_medium){ .ops = &c->ops,
                                   .erase_size = part->sector_size,
                                   .erase_count = (uint32_t)(size / part->sector_size),
                                   .page_size = part->page_size,
                                   .program_unit = part->program_unit,
                                   .rewritable = thm_part_rewritable(part) };
    c->part = part;
    c->wear = cells->wear;
    pool_init(&c->pool, cells, part, size);
    if (watch)
        c->watch = *watch;
    *out = &c->base;
    return THM_FS_OK;
}

enum thm_fs_err thm_chip_wear_out(struct thm_medium *chip, uint64_t seed)
{
    struct chip *c = (struct chip *)chip;
    if (!c->wear || c->part->endurance == 0)
        return THM_FS_EINVAL;
    c->wears_out = true;
    c->seed = seed;
    return THM_FS_OK;
}

enum thm_fs_err thm_chip_age(struct thm_medium *chip, uint32_t cycles)
{
    struct chip *c = (struct chip *)chip;
    if (!c->wear)
        return THM_FS_EINVAL;
    for (uint32_t i = 0; i < chip->erase_count; i++)
        c->wear[i] = c->wear[i] < UINT32_MAX - cycles ? c->wear[i] + cycles : UINT32_MAX - 1;
    return THM_FS_OK;
}

enum thm_fs_err thm_chip_load(struct thm_medium *chip, uint64_t off, const void *data, uint32_t len)
{
    struct chip *c = (struct chip *)chip;
    const uint8_t *from = data;
    if (off > thm_medium_size(chip) || len > thm_medium_size(chip) - off)
        return THM_FS_ERANGE;
    while (len) {
        uint32_t room = c->pool.page_size - (uint32_t)(off % c->pool.page_size), n = len < room ? len : room;
        (void)pool_program(&c->pool, off, from, n, chip->rewritable);
        off += n;
        from += n;
        len -= n;
    }
    return THM_FS_OK;
}
