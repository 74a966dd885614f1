/* emu/firmware/store_rename.c -- the new model is written to a file of its own, read back, and takes the old one's
 * name.
 *
 * Where a rename cannot replace a file (SPIFFS, EEFS), the old one is removed first: for a moment there is only the
 * temporary name. It holds a complete model then, and nothing but that moment leaves it as the only one, so the boot
 * code takes it. An update begins with finishing such a rename, before the temporary file is written again.
 *
 * It is as safe as the file system: where that may lose a file that it is not writing (SPIFFS, when it collects
 * garbage), the only model may be lost. So it makes no claim. */
#include "emu/board/hal.h"
#include "emu/firmware/store.h"
#include "fsimages/fs.h"

enum { FINAL, TEMPORARY };

/* The temporary file counts only where the other is gone: before, it may be incomplete. */
static uint32_t find(struct thm_store *s, struct thm_store_entry out[THM_STORE_ENTRIES])
{
    int64_t size = -1;
    for (uint32_t i = FINAL; i <= TEMPORARY && size < 0; i++) {
        size = thm_hal_find_file(s->b, s->file[i]);
        out[0] = (struct thm_store_entry){ .name = s->file[i], .bytes = (uint32_t)size };
    }
    return size >= 0;
}

static bool begin(struct thm_store *s)
{
    struct thm_store_entry e[THM_STORE_ENTRIES];
    const bool unfinished = find(s, e) && e[0].name == s->file[TEMPORARY];
    s->next.name = s->file[TEMPORARY];
    return !unfinished || thm_hal_rename(s->b, s->file[TEMPORARY], s->file[FINAL]) >= 0;
}

static bool read_back(struct thm_store *s)
{
    if (thm_store_is_intact(s, &s->next))
        return true;
    thm_hal_failure(s->b, 11, 0, 0, 0, "%s: what is read back is not what was written", s->next.name);
    return false;
}

/* In one step where the file system can (littlefs). */
static bool take_name(struct thm_store *s)
{
    if (thm_hal_rename(s->b, s->next.name, s->file[FINAL]) >= 0)
        return true;
    if (thm_hal_find_file(s->b, s->file[FINAL]) < 0)
        return false;
    thm_hal_failure_forget(s->b);
    return thm_hal_remove(s->b, s->file[FINAL]) >= 0 && thm_hal_rename(s->b, s->next.name, s->file[FINAL]) >= 0;
}

static bool commit(struct thm_store *s)
{
    return thm_store_close(s) && read_back(s) && take_name(s);
}

const struct thm_store_ops thm_store_rename = {
    .name = "rename",
    .title = "a new file, read back, then renamed to the old one's name",
    .wants_crc = true,
    .mends = true,
    .suffix = { "", ".new" },
    .find = find,
    .begin = begin,
    .commit = commit,
};
