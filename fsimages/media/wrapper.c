#include "fsimages/media/wrapper.h"
#include <stdlib.h>

void *wrapper_create(size_t size, const struct thm_medium_ops *ops, struct thm_medium *inner)
{
    struct wrapper *w = calloc(1, size);
    if (w) {
        w->base = *inner;
        w->base.ops = ops;
        w->inner = inner;
    }
    return w;
}

struct thm_medium *wrapper_inner(const struct thm_medium *m)
{
    return ((const struct wrapper *)m)->inner;
}

enum thm_fs_err wrapper_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_read(wrapper_inner(m), off, buf, len);
}

enum thm_fs_err wrapper_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_peek(wrapper_inner(m), off, buf, len);
}

enum thm_fs_err wrapper_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    return thm_medium_program(wrapper_inner(m), off, buf, len);
}

enum thm_fs_err wrapper_erase(struct thm_medium *m, uint32_t block)
{
    return thm_medium_erase(wrapper_inner(m), block);
}

void wrapper_counters(const struct thm_medium *m, struct thm_medium_counters *out)
{
    thm_medium_counters(wrapper_inner(m), out);
}

void wrapper_destroy(struct thm_medium *m)
{
    free(m);
}
