#include "fsimages/media/journal.h"
#include <stdlib.h>
#include <string.h>

struct recorder {
    struct thm_medium base;
    struct thm_medium *inner;
    struct thm_journal *journal;
};

static enum thm_fs_err journal_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_read(((struct recorder *)m)->inner, off, buf, len);
}

static enum thm_fs_err journal_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len)
{
    return thm_medium_peek(((struct recorder *)m)->inner, off, buf, len);
}

static enum thm_fs_err journal_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len)
{
    struct recorder *r = (struct recorder *)m;
    struct thm_journal *j = r->journal;
    if (len == 0)
        return THM_FS_OK;
    if (j->count == j->capacity || len > j->room - j->used)
        return THM_FS_EHOST;
    enum thm_fs_err e = thm_medium_program(r->inner, off, buf, len);
    if (e)
        return e;
    memcpy(j->bytes + j->used, buf, len);
    j->entry[j->count++] = (struct thm_journal_entry){ .off = off, .len = len, .data = j->used };
    j->used += len;
    return THM_FS_OK;
}

static enum thm_fs_err journal_erase(struct thm_medium *m, uint32_t block)
{
    struct recorder *r = (struct recorder *)m;
    struct thm_journal *j = r->journal;
    if (j->count == j->capacity)
        return THM_FS_EHOST;
    enum thm_fs_err e = thm_medium_erase(r->inner, block);
    if (!e)
        j->entry[j->count++] = (struct thm_journal_entry){ .off = (uint64_t)block * m->erase_size, .block = block };
    return e;
}

static void journal_destroy(struct thm_medium *m)
{
    free(m);
}

static const struct thm_medium_ops journal_ops = {
    .kind = "journal",
    .read = journal_read,
    .peek = journal_peek,
    .program = journal_program,
    .erase = journal_erase,
    .destroy = journal_destroy,
};

enum thm_fs_err thm_journal_create(struct thm_medium **out, struct thm_medium *inner, struct thm_journal *j)
{
    struct recorder *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return THM_FS_EHOST;
    *r = (struct recorder){ *inner, inner, j };
    r->base.ops = &journal_ops;
    *out = &r->base;
    return THM_FS_OK;
}

enum thm_fs_err thm_journal_apply(const struct thm_journal_entry *e, const uint8_t *bytes, struct thm_medium *m)
{
    return e->len ? thm_medium_program(m, e->off, bytes + e->data, e->len) : thm_medium_erase(m, e->block);
}

/* Some of the byte's bits have changed already. */
static enum thm_fs_err tear_byte(struct thm_medium *m, uint64_t off, uint8_t wanted)
{
    const uint8_t done = 0xF0;
    uint8_t byte;
    enum thm_fs_err e = thm_medium_peek(m, off, &byte, 1);
    byte = (uint8_t)((byte & ~done) | (m->rewritable ? wanted & done : byte & wanted & done));
    return e ? e : thm_medium_program(m, off, &byte, 1);
}

static enum thm_fs_err tear_program(const struct thm_journal_entry *e, const uint8_t *from, uint32_t share,
                                    struct thm_medium *m)
{
    const uint32_t done = (uint32_t)((uint64_t)e->len * share >> 16) / m->program_unit * m->program_unit;
    enum thm_fs_err err = thm_medium_program(m, e->off, from, done);
    if (err || m->program_unit > 1 || done == e->len)
        return err;
    return tear_byte(m, e->off + done, from[done]);
}

/* What the erase has not reached is put back. */
static enum thm_fs_err tear_erase(const struct thm_journal_entry *e, uint32_t share, struct thm_medium *m)
{
    const uint32_t done = (uint32_t)((uint64_t)m->erase_size * share >> 16) / m->program_unit * m->program_unit;
    const uint32_t left = m->erase_size - done;
    uint8_t *keep = malloc(left + 1);
    enum thm_fs_err err = keep ? thm_medium_peek(m, e->off + done, keep, left) : THM_FS_EHOST;
    if (!err)
        err = thm_medium_erase(m, e->block);
    if (!err)
        err = thm_medium_program(m, e->off + done, keep, left);
    free(keep);
    return err;
}

enum thm_fs_err thm_journal_tear(const struct thm_journal_entry *e, const uint8_t *bytes, uint32_t share,
                                 struct thm_medium *m)
{
    return e->len ? tear_program(e, bytes + e->data, share, m) : tear_erase(e, share, m);
}
