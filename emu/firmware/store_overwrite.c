/* emu/firmware/store_overwrite.c -- the file is truncated and written again: what most examples do, and what loses the
 * model when the power fails meanwhile. */
#include "emu/board/hal.h"
#include "emu/firmware/store.h"
#include "fsimages/fs.h"

static uint32_t find(struct thm_store *s, struct thm_store_entry out[THM_STORE_ENTRIES])
{
    const int64_t size = thm_hal_find_file(s->b, s->file[0]);
    out[0] = (struct thm_store_entry){ .name = s->file[0], .bytes = (uint32_t)size };
    return size >= 0;
}

static bool begin(struct thm_store *s)
{
    s->next.name = s->file[0];
    return true;
}

/* Inside the file, range by range. */
static bool patch(struct thm_store *s, const struct thm_store_patch *p)
{
    bool ok = begin(s);
    s->fd = thm_hal_open(s->b, s->next.name, THM_FS_READ | THM_FS_WRITE);
    for (uint32_t i = 0; ok && s->fd >= 0 && i < p->ranges; i++)
        ok = thm_hal_seek(s->b, s->fd, (int32_t)p->range[i].offset, THM_FS_SET) >= 0 &&
             thm_store_put(s, p->model + p->range[i].offset, p->range[i].bytes);
    return s->fd >= 0 && thm_store_close(s) && ok;
}

const struct thm_store_ops thm_store_overwrite = {
    .name = "overwrite",
    .title = "one file, truncated and written again; a weights update inside it",
    .suffix = { "" },
    .find = find,
    .begin = begin,
    .commit = thm_store_close,
    .patch = patch,
};
