/* fsimages/media/powercut.c -- a medium that loses power before, in or after one of its operations. */
#include <stdlib.h>
#include "fsimages/media/bytes.h"
#include "fsimages/media/faults.h"
#include "fsimages/media/random.h"
#include "fsimages/media/wrapper.h"

struct powercut {
    struct wrapper w;
    struct thm_powercut plan; /* after: counted down */
    bool dead;
};

/* What becomes of the next operation. */
enum fate { DONE, LAST, NEVER };

static enum fate next(struct powercut *p)
{
    if (p->dead)
        return NEVER;
    if (p->plan.after > 0) {
        p->plan.after--;
        return DONE;
    }
    p->dead = true;
    return LAST;
}

/* The first bytes of len that a torn operation reaches. */
static uint32_t torn(const struct powercut *p, uint32_t len)
{
    const uint32_t unit = p->w.base.program_unit;
    return (uint32_t)((uint64_t)len * (p->plan.percent ? p->plan.percent : 50) / 100) / unit * unit;
}

/* What the cells hold if only some of the bits got through. */
static uint8_t mix(const struct powercut *p, uint8_t old, uint8_t new, uint64_t off)
{
    const uint8_t through = (uint8_t)random_at(p->plan.seed, off);
    if (p->w.base.rewritable)
        return old ^ (uint8_t)((old ^ new) & through);
    return new | (uint8_t)(old & ~new & ~through);
}

static enum thm_fs_err program_bits(struct powercut *p, uint64_t off, const uint8_t *from, uint32_t len)
{
    uint8_t *data = malloc(len + 1);
    if (!data)
        return THM_FS_EHOST;
    enum thm_fs_err e = thm_medium_peek(p->w.inner, off, data, len);
    for (uint32_t i = 0; i < len; i++)
        data[i] = mix(p, data[i], from[i], off + i);
    if (!e)
        e = thm_medium_program(p->w.inner, off, data, len);
    free(data);
    return e;
}

static enum thm_fs_err last_program(struct powercut *p, uint64_t off, const void *buf, uint32_t len)
{
    if (p->plan.when == THM_CUT_BEFORE)
        return THM_FS_OK;
    if (p->plan.when == THM_CUT_AFTER)
        return thm_medium_program(p->w.inner, off, buf, len);
    return p->plan.bits ? program_bits(p, off, buf, len) : thm_medium_program(p->w.inner, off, buf, torn(p, len));
}

/* Program what is not erased anyway: to program a unit of a processor's flash with FF would spend it. */
static enum thm_fs_err put_back(struct thm_medium *m, uint64_t off, const uint8_t *from, uint32_t len)
{
    enum thm_fs_err e = THM_FS_OK;
    for (uint32_t at = 0, n; at < len && !e; at += n) {
        n = m->page_size - (uint32_t)((off + at) % m->page_size);
        n = n < len - at ? n : len - at;
        if (m->rewritable || !all_are(from + at, n, 0xFF))
            e = thm_medium_program(m, off + at, from + at, n);
    }
    return e;
}

/* The first part of the block is erased: erase it all, then put the rest back. */
static enum thm_fs_err torn_erase(struct powercut *p, uint32_t block)
{
    struct thm_medium *inner = p->w.inner;
    const uint32_t erased = torn(p, inner->erase_size), rest = inner->erase_size - erased;
    const uint64_t off = (uint64_t)block * inner->erase_size + erased;
    uint8_t *keep = malloc(rest + 1);
    if (!keep)
        return THM_FS_EHOST;
    enum thm_fs_err e = thm_medium_peek(inner, off, keep, rest);
    if (!e)
        e = thm_medium_erase(inner, block);
    if (!e)
        e = put_back(inner, off, keep, rest);
    free(keep);
    return e;
}

static enum thm_fs_err last_erase(struct powercut *p, uint32_t block)
{
    if (p->plan.when == THM_CUT_BEFORE)
        return THM_FS_OK;
    return p->plan.when == THM_CUT_AFTER ? thm_medium_erase(p->w.inner, block) : torn_erase(p, block);
}

static enum thm_fs_err cut_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return ((struct powercut *)m)->dead ? THM_FS_EPOWER : wrapper_read(m, off, buf, len);
}

static enum thm_fs_err cut_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct powercut *p = (struct powercut *)m;
    const enum fate fate = next(p);
    if (fate == DONE)
        return wrapper_program(m, off, buf, len);
    enum thm_fs_err e = fate == LAST ? last_program(p, off, buf, len) : THM_FS_OK;
    return e ? e : THM_FS_EPOWER;
}

static enum thm_fs_err cut_erase(struct thm_medium *m, uint32_t block)
{
    struct powercut *p = (struct powercut *)m;
    const enum fate fate = next(p);
    if (fate == DONE)
        return wrapper_erase(m, block);
    enum thm_fs_err e = fate == LAST ? last_erase(p, block) : THM_FS_OK;
    return e ? e : THM_FS_EPOWER;
}

static const struct thm_medium_ops powercut_ops = {
    .kind = "powercut",
    .read = cut_read,
    .peek = wrapper_peek,
    .program = cut_program,
    .erase = cut_erase,
    .counters = wrapper_counters,
    .destroy = wrapper_destroy,
};

enum thm_fs_err thm_powercut_create_as(struct thm_medium **out, struct thm_medium *inner,
                                       const struct thm_powercut *plan)
{
    *out = NULL;
    if (plan->percent > 100)
        return THM_FS_EINVAL;
    struct powercut *p = wrapper_create(sizeof *p, &powercut_ops, inner);
    if (!p)
        return THM_FS_EHOST;
    p->plan = *plan;
    *out = &p->w.base;
    return THM_FS_OK;
}

enum thm_fs_err thm_powercut_create(struct thm_medium **out, struct thm_medium *inner, uint32_t after)
{
    return thm_powercut_create_as(out, inner, &(struct thm_powercut){ .after = after, .when = THM_CUT_TORN });
}
