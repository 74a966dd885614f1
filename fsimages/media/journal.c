#include "fsimages/media/journal.h"
#include <string.h>
#include "fsimages/media/wrapper.h"

struct recorder {
    struct wrapper wrapper;
    struct thm_journal *journal;
};

static enum thm_fs_err journal_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct thm_journal *j = ((struct recorder *)m)->journal;
    if (len == 0)
        return THM_FS_OK;
    if (j->count == j->capacity || len > j->room - j->used)
        return THM_FS_EHOST;
    enum thm_fs_err e = wrapper_program(m, off, buf, len);
    if (e)
        return e;
    memcpy(j->bytes + j->used, buf, len);
    j->entry[j->count++] = (struct thm_journal_entry){ .off = off, .len = len, .data = j->used };
    j->used += len;
    return THM_FS_OK;
}

static enum thm_fs_err journal_erase(struct thm_medium *m, uint32_t block)
{
    struct thm_journal *j = ((struct recorder *)m)->journal;
    if (j->count == j->capacity)
        return THM_FS_EHOST;
    enum thm_fs_err e = wrapper_erase(m, block);
    if (!e)
        j->entry[j->count++] = (struct thm_journal_entry){ .off = (uint64_t)block * m->erase_size, .block = block };
    return e;
}

static const struct thm_medium_ops journal_ops = {
    .kind = "journal",
    .read = wrapper_read,
    .peek = wrapper_peek,
    .program = journal_program,
    .erase = journal_erase,
    .destroy = wrapper_destroy,
    .counters = wrapper_counters,
};

enum thm_fs_err thm_journal_create(struct thm_medium **out, struct thm_medium *inner, struct thm_journal *j)
{
    struct recorder *r = wrapper_create(sizeof *r, &journal_ops, inner);
    *out = NULL;
    if (!r)
        return THM_FS_EHOST;
    r->journal = j;
    *out = &r->wrapper.base;
    return THM_FS_OK;
}

enum thm_fs_err thm_journal_apply(const struct thm_journal_entry *e, const uint8_t *bytes, struct thm_medium *m)
{
    return e->len ? thm_medium_program(m, e->off, bytes + e->data, e->len) : thm_medium_erase(m, e->block);
}
