/* fsimages/media/bitflips.c -- a medium that does not read back what was written. */
#include <stdlib.h>
#include <string.h>
#include "fsimages/media/faults.h"
#include "fsimages/media/random.h"
#include "fsimages/media/wrapper.h"

struct bitflips {
    struct wrapper w;
    struct thm_bitflips plan;
    uint64_t reads;
    struct thm_bitflip fixed[]; /* the plan's */
};

static void flip_fixed(const struct bitflips *f, uint64_t off, uint8_t *bytes, uint32_t len)
{
    for (size_t i = 0; i < f->plan.count; i++)
        if (f->fixed[i].off >= off && f->fixed[i].off - off < len)
            bytes[f->fixed[i].off - off] ^= f->fixed[i].mask;
}

/* A peek sees what the next read will see. */
static void flip_random(const struct bitflips *f, uint64_t off, uint8_t *bytes, uint32_t len)
{
    const uint64_t seed = f->plan.every_read ? random_at(f->plan.seed, f->reads) : f->plan.seed;
    for (uint32_t i = 0; f->plan.per_billion && i < len; i++)
        if (random_hit(seed, off + i, f->plan.per_billion, 1000000000))
            bytes[i] ^= (uint8_t)(1 << random_at(seed, off + i) % 8);
}

static enum thm_fs_err flip_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    const struct bitflips *f = (const struct bitflips *)m;
    enum thm_fs_err e = wrapper_peek(m, off, buf, len);
    if (!e) {
        flip_fixed(f, off, buf, len);
        flip_random(f, off, buf, len);
    }
    return e;
}

static enum thm_fs_err flip_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    struct bitflips *f = (struct bitflips *)m;
    enum thm_fs_err e = wrapper_read(m, off, buf, len);
    if (!e) {
        flip_fixed(f, off, buf, len);
        flip_random(f, off, buf, len);
    }
    f->reads++;
    return e;
}

static const struct thm_medium_ops bitflips_ops = {
    .kind = "bitflips",
    .read = flip_read,
    .peek = flip_peek,
    .program = wrapper_program,
    .erase = wrapper_erase,
    .counters = wrapper_counters,
    .destroy = wrapper_destroy,
};

enum thm_fs_err thm_bitflips_create(struct thm_medium **out, struct thm_medium *inner, const struct thm_bitflips *plan)
{
    const size_t bytes = plan->count * sizeof *plan->fixed;
    struct bitflips *f = wrapper_create(sizeof *f + bytes, &bitflips_ops, inner);
    *out = NULL;
    if (!f)
        return THM_FS_EHOST;
    f->plan = *plan;
    f->plan.fixed = NULL; /* the caller's */
    if (plan->count)
        memcpy(f->fixed, plan->fixed, bytes);
    *out = &f->w.base;
    return THM_FS_OK;
}
