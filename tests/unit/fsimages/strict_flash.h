/* tests/unit/fsimages/strict_flash.h -- flash in memory that insists on its rules and loses power where told. A program
 * unit is programmed once after an erase where the part demands it (ECC); one that was torn cannot be read then. */
#pragma once
#include "tests/testing.h"
#include "fsimages/media/medium.h"

struct strict_part {
    const char *name;
    uint32_t erase_size, erase_count, page_size, unit;
    bool once, ecc;
};

/* Erase blocks are smaller than the parts', so that every cut can be tried. */
static const struct strict_part strict_parts[] = {
    { "serial NOR", 1024, 8, 256, 1, false, false },
    { "nRF52: words of 4 bytes", 1024, 8, 4, 4, true, false },
    { "STM32H7: words of 32 bytes with ECC", 2048, 4, 32, 32, true, true },
};

enum cut { CUT_BEFORE, CUT_TORN, CUT_AFTER, CUTS };
enum { ERASED, PROGRAMMED, TORN };

struct strict_flash {
    struct thm_medium base;
    const struct strict_part *part;
    uint8_t *bytes, *units;
    uint32_t noise;
    bool armed, dead;
    uint32_t left; /* operations before the cut */
    enum cut cut;
};

static inline uint8_t strict_noise(struct strict_flash *f)
{
    f->noise = f->noise * 1664525 + 1013904223;
    return (uint8_t)(f->noise >> 24);
}

static inline enum thm_fs_err strict_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct strict_flash *f = (struct strict_flash *)m;
    for (uint64_t u = off / f->part->unit; f->part->ecc && u * f->part->unit < off + len; u++)
        if (f->units[u] == TORN)
            return THM_FS_EIO;
    memcpy(buf, f->bytes + off, len);
    return THM_FS_OK;
}

static inline enum thm_fs_err strict_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return ((struct strict_flash *)m)->dead ? THM_FS_EPOWER : strict_peek(m, off, buf, len);
}

/* Does this operation take effect whole? *torn: only half of it. */
static inline bool strict_power(struct strict_flash *f, bool *torn)
{
    *torn = false;
    if (!f->armed || f->left-- > 0)
        return true;
    f->dead = true;
    *torn = f->cut == CUT_TORN;
    return f->cut == CUT_AFTER;
}

static inline void strict_mark(struct strict_flash *f, uint64_t off, uint32_t len, uint8_t as)
{
    for (uint64_t u = off / f->part->unit; u * f->part->unit < off + len; u++) {
        if (f->part->once && as != ERASED && f->units[u] != ERASED)
            fail_msg("%s: unit at %u programmed again", f->part->name, (unsigned)(u * f->part->unit));
        f->units[u] = as;
    }
}

static inline enum thm_fs_err strict_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct strict_flash *f = (struct strict_flash *)m;
    const uint8_t *from = buf;
    bool torn;
    if (f->dead)
        return THM_FS_EPOWER;
    assert_int_equal(off % f->part->unit, 0);
    assert_int_equal(len % f->part->unit, 0);
    assert_true(off % m->page_size + len <= m->page_size);
    bool whole = strict_power(f, &torn);
    if (whole || torn)
        strict_mark(f, off, len, torn ? TORN : PROGRAMMED);
    for (uint32_t i = 0; i < len && (whole || torn); i++) {
        if (from[i] & ~f->bytes[off + i])
            fail_msg("%s: program at %u needs an erase", f->part->name, (unsigned)(off + i));
        f->bytes[off + i] &= whole || i < len / 2 ? from[i] : (uint8_t)(from[i] | strict_noise(f));
    }
    return f->dead ? THM_FS_EPOWER : THM_FS_OK;
}

static inline enum thm_fs_err strict_erase(struct thm_medium *m, uint32_t block)
{
    struct strict_flash *f = (struct strict_flash *)m;
    uint8_t *bytes = f->bytes + (size_t)block * m->erase_size;
    bool torn;
    if (f->dead)
        return THM_FS_EPOWER;
    bool whole = strict_power(f, &torn);
    if (whole || torn)
        strict_mark(f, (uint64_t)block * m->erase_size, m->erase_size, ERASED);
    for (uint32_t i = 0; i < m->erase_size && (whole || torn); i++)
        bytes[i] = whole || i < m->erase_size / 2 ? 0xFF : (uint8_t)(bytes[i] | strict_noise(f));
    return f->dead ? THM_FS_EPOWER : THM_FS_OK;
}

static inline void strict_destroy(struct thm_medium *m)
{
    (void)m;
}

static const struct thm_medium_ops strict_ops = {
    .kind = "strict flash",
    .read = strict_read,
    .peek = strict_peek,
    .program = strict_program,
    .erase = strict_erase,
    .destroy = strict_destroy,
};

static inline void strict_init(struct strict_flash *f, const struct strict_part *part)
{
    uint32_t size = part->erase_size * part->erase_count;
    *f = (struct strict_flash){ .base = { .ops = &strict_ops,
                                          .erase_size = part->erase_size,
                                          .erase_count = part->erase_count,
                                          .page_size = part->page_size,
                                          .program_unit = part->unit },
                                .part = part,
                                .bytes = malloc(size),
                                .units = calloc(size / part->unit, 1),
                                .noise = 7 };
    memset(f->bytes, 0xFF, size);
}

static inline void strict_finish(struct strict_flash *f)
{
    free(f->bytes);
    free(f->units);
}

/* The power goes at the left-th operation from now, 0 being the next; and comes back. */
static inline void strict_arm(struct strict_flash *f, uint32_t left, enum cut cut)
{
    f->armed = true;
    f->left = left;
    f->cut = cut;
}

static inline void strict_power_on(struct strict_flash *f)
{
    f->armed = f->dead = false;
}
