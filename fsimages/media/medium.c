/* fsimages/media/medium.c -- the range-checked front doors. */
#include "fsimages/media/medium.h"
#include <stdbool.h>

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
