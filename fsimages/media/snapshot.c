#include "fsimages/media/snapshot.h"
#include <stdlib.h>
#include <string.h>
#include "fsimages/media/wrapper.h"

enum { UNIT_MAX = 256 }; /* bytes; smaller ones copy less, larger ones look up less often */

struct snapshot {
    struct wrapper wrapper;
    uint8_t erased;
    uint32_t unit;     /* bytes of one page here: a divisor of the erase size */
    uint32_t *slot;    /* of each page: its place in the pool, counted from 1; 0: as it is below */
    uint32_t *touched; /* pages in the pool, by place */
    uint8_t *pool;
    uint32_t count, capacity;
    uint64_t budget, spent;
};

static enum thm_fs_err spend(struct snapshot *s, uint64_t bytes)
{
    s->spent += bytes;
    return s->budget && s->spent > s->budget ? THM_FS_EIO : THM_FS_OK;
}

static uint8_t *pool_page(const struct snapshot *s, uint32_t slot)
{
    return s->pool + (size_t)(slot - 1) * s->unit;
}

static bool grow(struct snapshot *s)
{
    const uint32_t capacity = s->capacity ? 2 * s->capacity : 64;
    uint8_t *pool = realloc(s->pool, (size_t)capacity * s->unit);
    s->pool = pool ? pool : s->pool;
    uint32_t *touched = realloc(s->touched, (size_t)capacity * sizeof *touched);
    s->touched = touched ? touched : s->touched;
    s->capacity = pool && touched ? capacity : s->capacity;
    return pool && touched;
}

/* The page as one of our own; its content is the caller's to fill in when it is new. NULL: the PC is out of memory. */
static uint8_t *own_page(struct snapshot *s, uint32_t page, bool *is_new)
{
    *is_new = s->slot[page] == 0;
    if (!*is_new)
        return pool_page(s, s->slot[page]);
    if (s->count == s->capacity && !grow(s))
        return NULL;
    s->touched[s->count++] = page;
    s->slot[page] = s->count;
    return pool_page(s, s->count);
}

static enum thm_fs_err snapshot_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct snapshot *s = (struct snapshot *)m;
    uint8_t *to = buf;
    while (len) {
        const uint32_t page = (uint32_t)(off / s->unit), at = (uint32_t)(off % s->unit);
        const uint32_t n = len < s->unit - at ? len : s->unit - at;
        enum thm_fs_err e = THM_FS_OK;
        if (s->slot[page])
            memcpy(to, pool_page(s, s->slot[page]) + at, n);
        else
            e = thm_medium_peek(s->wrapper.inner, off, to, n);
        if (e)
            return e;
        off += n;
        to += n;
        len -= n;
    }
    return THM_FS_OK;
}

static enum thm_fs_err snapshot_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    enum thm_fs_err e = spend((struct snapshot *)m, len);
    return e ? e : snapshot_peek(m, off, buf, len);
}

static enum thm_fs_err program_page(struct snapshot *s, uint64_t off, const uint8_t *from, uint32_t len)
{
    const uint32_t page = (uint32_t)(off / s->unit);
    bool is_new;
    uint8_t *cells = own_page(s, page, &is_new);
    enum thm_fs_err e = !cells   ? THM_FS_EHOST
                        : is_new ? thm_medium_peek(s->wrapper.inner, (uint64_t)page * s->unit, cells, s->unit)
                                 : THM_FS_OK;
    if (e)
        return e;
    cells += off % s->unit;
    if (s->wrapper.base.rewritable)
        memcpy(cells, from, len);
    else
        for (uint32_t i = 0; i < len; i++)
            cells[i] &= from[i];
    return THM_FS_OK;
}

static enum thm_fs_err snapshot_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct snapshot *s = (struct snapshot *)m;
    const uint8_t *from = buf;
    enum thm_fs_err e = spend(s, len);
    while (!e && len) {
        const uint32_t at = (uint32_t)(off % s->unit), n = len < s->unit - at ? len : s->unit - at;
        e = program_page(s, off, from, n);
        off += n;
        from += n;
        len -= n;
    }
    return e;
}

static enum thm_fs_err snapshot_erase(struct thm_medium *m, uint32_t block)
{
    struct snapshot *s = (struct snapshot *)m;
    const uint32_t pages = m->erase_size / s->unit;
    enum thm_fs_err e = spend(s, m->erase_size);
    for (uint32_t i = 0; !e && i < pages; i++) {
        bool is_new;
        uint8_t *cells = own_page(s, block * pages + i, &is_new);
        if (cells)
            memset(cells, s->erased, s->unit);
        else
            e = THM_FS_EHOST;
    }
    return e;
}

static void snapshot_destroy(struct thm_medium *m)
{
    struct snapshot *s = (struct snapshot *)m;
    free(s->slot);
    free(s->touched);
    free(s->pool);
    wrapper_destroy(m);
}

static const struct thm_medium_ops snapshot_ops = {
    .kind = "snapshot",
    .read = snapshot_read,
    .peek = snapshot_peek,
    .program = snapshot_program,
    .erase = snapshot_erase,
    .destroy = snapshot_destroy,
    .counters = wrapper_counters,
};

enum thm_fs_err thm_snapshot_create(struct thm_medium **out, struct thm_medium *inner, uint8_t erased, uint64_t budget)
{
    struct snapshot *s = wrapper_create(sizeof *s, &snapshot_ops, inner);
    *out = NULL;
    if (!s)
        return THM_FS_EHOST;
    s->erased = erased;
    s->budget = budget;
    s->unit = UNIT_MAX;
    while (inner->erase_size % s->unit)
        s->unit /= 2;
    s->slot = calloc(thm_medium_size(inner) / s->unit, sizeof *s->slot);
    if (!s->slot) {
        wrapper_destroy(&s->wrapper.base);
        return THM_FS_EHOST;
    }
    *out = &s->wrapper.base;
    return THM_FS_OK;
}

void thm_snapshot_reset(struct thm_medium *snapshot)
{
    struct snapshot *s = (struct snapshot *)snapshot;
    for (uint32_t i = 0; i < s->count; i++)
        s->slot[s->touched[i]] = 0;
    s->count = 0;
    s->spent = 0;
}

uint32_t thm_snapshot_pages(const struct thm_medium *snapshot)
{
    return ((const struct snapshot *)snapshot)->count;
}

bool thm_snapshot_exhausted(const struct thm_medium *snapshot)
{
    const struct snapshot *s = (const struct snapshot *)snapshot;
    return s->budget && s->spent > s->budget;
}
