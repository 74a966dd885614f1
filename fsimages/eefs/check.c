/* fsimages/eefs/check.c -- is the table consistent with the slots, and the slots with each other? The library's own
 * check only prints tables.
 *
 * What an interrupted call leaves where the library does not look (a header in free memory, a table entry past the last
 * slot, the rest of a deleted header) is no damage: it is told, not counted, and repair clears it. Of what is damaged
 * repair mends the table header's free memory, which follows from the slots; everything else would be a guess. */
#include "fsimages/eefs/core.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct check {
    struct ef *fs;
    bool repair;
    thm_fs_line *report;
    void *ctx;
    int32_t findings;
    uint64_t size; /* of the medium */
    uint64_t end;  /* of the last slot looked at */
};

static void __attribute__((format(printf, 2, 0))) tell(struct check *c, const char *fmt, va_list ap)
{
    char text[200];
    vsnprintf(text, sizeof text, fmt, ap);
    if (c->report)
        c->report(c->ctx, text);
}

static void __attribute__((format(printf, 2, 3))) note(struct check *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(c, fmt, ap);
    va_end(ap);
}

static void __attribute__((format(printf, 2, 3))) finding(struct check *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(c, fmt, ap);
    va_end(ap);
    c->findings++;
}

static int32_t clear(struct check *c, uint64_t off, uint32_t len)
{
    static const uint8_t zeros[EF_HEADER];
    return c->repair ? ef_write(c->fs, off, zeros, len) : 0;
}

static bool blank(const struct ef_header *h)
{
    static const struct ef_header zeros;
    return memcmp(h, &zeros, sizeof zeros) == 0;
}

static void check_name(struct check *c, uint32_t i, const struct ef_header *h)
{
    struct ef_header other;
    if (strnlen(h->name, EF_NAME) == EF_NAME)
        finding(c, "slot %" PRIu32 ": the name has no end", i);
    else if (*h->name == '\0')
        finding(c, "slot %" PRIu32 ": a file without a name", i);
    else if (ef_find(c->fs, h->name, &other) != (int32_t)i)
        finding(c, "slot %" PRIu32 ": there is an earlier %s, which hides this one", i, h->name);
}

static void check_file(struct check *c, uint32_t i, const struct ef_header *h)
{
    uint32_t max = c->fs->t->file[i].max;
    check_name(c, i, h);
    if (h->size > max)
        finding(c, "slot %" PRIu32 ": %" PRIu32 " bytes in a slot for %" PRIu32, i, h->size, max);
    if (h->attributes & ~(uint32_t)THM_EEFS_READONLY)
        finding(c, "slot %" PRIu32 ": unknown attributes 0x%" PRIX32, i, h->attributes);
}

static int32_t check_header(struct check *c, uint32_t i)
{
    struct ef_header h;
    uint32_t off = c->fs->t->file[i].header;
    int32_t res = ef_header_read(c->fs, off, &h);
    if (res)
        return res;
    if (h.in_use == 1)
        check_file(c, i, &h);
    else if (h.in_use)
        finding(c, "slot %" PRIu32 ": neither a file nor deleted (0x%" PRIX32 ")", i, h.in_use);
    else if (!blank(&h)) {
        note(c, "slot %" PRIu32 ": the deletion of %.40s was not finished", i, h.name);
        return clear(c, off, EF_HEADER);
    }
    return 0;
}

static int32_t check_slot(struct check *c, uint32_t i)
{
    const struct ef_entry *e = &c->fs->t->file[i];
    uint64_t end = ef_slot_end(e);
    if (e->header != c->end)
        finding(c, "slot %" PRIu32 ": begins at %" PRIu32 ", not at %" PRIu64 ", where the one before ends", i,
                e->header, c->end);
    c->end = end;
    if (end <= c->size)
        return check_header(c, i);
    finding(c, "slot %" PRIu32 ": ends at %" PRIu64 ", the medium at %" PRIu64, i, end, c->size);
    return 0;
}

/* A header torn between offset and size still has one of them right: together with the slots or with each other they
 * reach the medium's end. */
static int32_t mend_free_memory(struct check *c)
{
    struct ef_inodes *t = c->fs->t;
    struct ef_table_header h;
    if (c->end + t->free_size != c->size && (uint64_t)t->free_offset + t->free_size != c->size)
        return 0;
    int32_t res = ef_table_header_read(c->fs, &h);
    if (res)
        return res;
    t->free_offset = h.free_offset = (uint32_t)c->end;
    t->free_size = h.free_size = (uint32_t)(c->size - c->end);
    return ef_table_header_write(c->fs, &h);
}

static int32_t check_free_memory(struct check *c)
{
    const struct ef_inodes *t = c->fs->t;
    int32_t before = c->findings;
    bool mendable = before == 0 && c->repair && c->size <= UINT32_MAX;
    if (t->free_offset != c->end)
        finding(c, "free memory begins at %" PRIu32 ", not at %" PRIu64 ", where the last slot ends", t->free_offset,
                c->end);
    else if (c->end == c->size && t->free_size) /* as the packer leaves it without its option -f */
        note(c, "the image ends where free memory begins, %" PRIu32 " bytes before the EEPROM does", t->free_size);
    else if (c->end + t->free_size > c->size)
        finding(c, "free memory ends at %" PRIu64 ", the medium at %" PRIu64, c->end + t->free_size, c->size);
    return c->findings > before && mendable ? mend_free_memory(c) : 0;
}

/* A file that was being created has its header where free memory begins, then an entry behind the last. */
static int32_t check_unfinished_header(struct check *c)
{
    struct ef_header h;
    if (c->end > c->size || c->size - c->end < EF_HEADER)
        return 0;
    int32_t res = ef_header_read(c->fs, (uint32_t)c->end, &h);
    if (res || h.in_use != 1)
        return res;
    note(c, "in free memory: %.40s, whose creation was not finished", h.name);
    return clear(c, c->end, EF_HEADER);
}

static int32_t check_unfinished_entries(struct check *c)
{
    int32_t res = 0;
    for (uint32_t i = c->fs->t->files; !res && i < EF_SLOTS; i++) {
        struct ef_entry e;
        res = ef_entry_read(c->fs, i, &e);
        if (res || (e.header == 0 && e.max == 0))
            continue;
        note(c, "table entry %" PRIu32 ": left by a creation that was not finished", i);
        res = clear(c, EF_TABLE_HEADER + i * EF_ENTRY, EF_ENTRY);
    }
    return res;
}

static bool any_open(const struct ef *fs)
{
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (fs->fds[i].in_use)
            return true;
    return false;
}

int32_t ef_check(struct thm_fs *f, bool repair, thm_fs_line *report, void *ctx)
{
    struct ef *fs = (struct ef *)f;
    struct check c = { fs, repair && ef_writable(fs), report, ctx, 0, thm_medium_size(fs->medium), EF_TABLE };
    char checksum[160];
    if (any_open(fs))
        return EEFS_DEVICE_IS_BUSY;
    int32_t res = ef_checksum_line(fs, checksum, sizeof checksum);
    if (!res)
        note(&c, "%s", checksum);
    for (uint32_t i = 0; !res && i < fs->t->files; i++)
        res = check_slot(&c, i);
    if (!res)
        res = check_free_memory(&c);
    if (!res)
        res = check_unfinished_header(&c);
    if (!res)
        res = check_unfinished_entries(&c);
    return res ? res : c.findings;
}
