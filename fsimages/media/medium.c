/* fsimages/media/medium.c -- the range-checked front doors, a slice of a medium, and a medium that loses power. */
#include "fsimages/media/medium.h"
#include <stdbool.h>
#include <stdlib.h>

uint64_t thm_medium_size(const struct thm_medium *m)
{
    return (uint64_t)m->erase_size * m->erase_count;
}

static bool inside(const struct thm_medium *m, uint64_t off, uint64_t len)
{
    return off <= thm_medium_size(m) && len <= thm_medium_size(m) - off;
}

enum thm_fs_err thm_medium_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return inside(m, off, len) ? m->ops->read(m, off, buf, len) : THM_FS_ERANGE;
}

enum thm_fs_err thm_medium_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return inside(m, off, len) ? m->ops->peek(m, off, buf, len) : THM_FS_ERANGE;
}

enum thm_fs_err thm_medium_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    const uint8_t *from = buf;
    if (!inside(m, off, len))
        return THM_FS_ERANGE;
    if (off % m->program_unit || len % m->program_unit)
        return THM_FS_EINVAL;
    while (len) {
        uint32_t room = m->page_size - (uint32_t)(off % m->page_size);
        uint32_t n = len < room ? len : room;
        enum thm_fs_err e = m->ops->program(m, off, from, n);
        if (e)
            return e;
        off += n;
        from += n;
        len -= n;
    }
    return THM_FS_OK;
}

enum thm_fs_err thm_medium_erase(struct thm_medium *m, uint32_t block)
{
    return block < m->erase_count ? m->ops->erase(m, block) : THM_FS_ERANGE;
}

void thm_medium_destroy(struct thm_medium *m)
{
    if (m)
        m->ops->destroy(m);
}

void thm_medium_counters(const struct thm_medium *m, struct thm_medium_counters *out)
{
    *out = (struct thm_medium_counters){ 0 };
    if (m->ops->counters)
        m->ops->counters(m, out);
}

/* What wraps another medium. */
struct wrapper {
    struct thm_medium base;
    struct thm_medium *inner;
    uint64_t off;   /* slice: where it starts in inner */
    uint32_t after; /* power cut: operations left */
    bool dead;
};

static struct wrapper *wrap(const struct thm_medium_ops *ops, struct thm_medium *inner)
{
    struct wrapper *w = calloc(1, sizeof *w);
    if (w) {
        w->base = *inner;
        w->base.ops = ops;
        w->inner = inner;
    }
    return w;
}

static void wrapper_destroy(struct thm_medium *m)
{
    free(m);
}

static void wrapper_counters(const struct thm_medium *m, struct thm_medium_counters *out)
{
    thm_medium_counters(((const struct wrapper *)m)->inner, out);
}

static enum thm_fs_err slice_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct wrapper *w = (struct wrapper *)m;
    return thm_medium_read(w->inner, w->off + off, buf, len);
}

static enum thm_fs_err slice_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct wrapper *w = (struct wrapper *)m;
    return thm_medium_peek(w->inner, w->off + off, buf, len);
}

static enum thm_fs_err slice_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct wrapper *w = (struct wrapper *)m;
    return thm_medium_program(w->inner, w->off + off, buf, len);
}

static enum thm_fs_err slice_erase(struct thm_medium *m, uint32_t block)
{
    struct wrapper *w = (struct wrapper *)m;
    return thm_medium_erase(w->inner, (uint32_t)(w->off / m->erase_size) + block);
}

static const struct thm_medium_ops slice_ops = {
    .kind = "slice",
    .read = slice_read,
    .peek = slice_peek,
    .program = slice_program,
    .erase = slice_erase,
    .counters = wrapper_counters,
    .destroy = wrapper_destroy,
};

enum thm_fs_err thm_slice_create(struct thm_medium **out, struct thm_medium *inner, uint64_t off, uint64_t len)
{
    *out = NULL;
    if (off % inner->erase_size || len % inner->erase_size || len == 0)
        return THM_FS_EINVAL;
    if (!inside(inner, off, len))
        return THM_FS_ERANGE;
    struct wrapper *w = wrap(&slice_ops, inner);
    if (!w)
        return THM_FS_EHOST;
    w->off = off;
    w->base.erase_count = (uint32_t)(len / inner->erase_size);
    *out = &w->base;
    return THM_FS_OK;
}

/* Is this the operation in which the power goes? */
static bool last_gasp(struct wrapper *w)
{
    if (w->after > 0) {
        w->after--;
        return false;
    }
    w->dead = true;
    return true;
}

static enum thm_fs_err cut_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct wrapper *w = (struct wrapper *)m;
    return w->dead ? THM_FS_EPOWER : thm_medium_read(w->inner, off, buf, len);
}

static enum thm_fs_err cut_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct wrapper *w = (struct wrapper *)m;
    return thm_medium_peek(w->inner, off, buf, len);
}

static enum thm_fs_err cut_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct wrapper *w = (struct wrapper *)m;
    if (w->dead)
        return THM_FS_EPOWER;
    if (!last_gasp(w))
        return thm_medium_program(w->inner, off, buf, len);
    enum thm_fs_err e = thm_medium_program(w->inner, off, buf, len / 2 / m->program_unit * m->program_unit);
    return e ? e : THM_FS_EPOWER;
}

/* Only the first half of the block is erased: the second half is put back. */
static enum thm_fs_err half_erase(struct thm_medium *inner, uint32_t block)
{
    uint32_t half = inner->erase_size / 2;
    uint64_t off = (uint64_t)block * inner->erase_size + half;
    uint8_t *keep = malloc(half);
    if (!keep)
        return THM_FS_EHOST;
    enum thm_fs_err e = thm_medium_peek(inner, off, keep, half);
    if (!e)
        e = thm_medium_erase(inner, block);
    if (!e)
        e = thm_medium_program(inner, off, keep, half);
    free(keep);
    return e;
}

static enum thm_fs_err cut_erase(struct thm_medium *m, uint32_t block)
{
    struct wrapper *w = (struct wrapper *)m;
    if (w->dead)
        return THM_FS_EPOWER;
    if (!last_gasp(w))
        return thm_medium_erase(w->inner, block);
    enum thm_fs_err e = half_erase(w->inner, block);
    return e ? e : THM_FS_EPOWER;
}

static const struct thm_medium_ops powercut_ops = {
    .kind = "powercut",
    .read = cut_read,
    .peek = cut_peek,
    .program = cut_program,
    .erase = cut_erase,
    .counters = wrapper_counters,
    .destroy = wrapper_destroy,
};

enum thm_fs_err thm_powercut_create(struct thm_medium **out, struct thm_medium *inner, uint32_t after)
{
    struct wrapper *w = wrap(&powercut_ops, inner);
    *out = NULL;
    if (!w)
        return THM_FS_EHOST;
    w->after = after;
    *out = &w->base;
    return THM_FS_OK;
}
