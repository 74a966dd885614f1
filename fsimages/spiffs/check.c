/* fsimages/spiffs/check.c -- the three passes of a check, and what is reported. The passes repair as they go, as the
 * device's do; a check that must not repair runs on a copy of the volume. */
#include "fsimages/spiffs/core.h"
#include "fsimages/media/chip.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sf_report(struct sf *fs, const char *pass, enum sf_finding what, uint32_t a, uint32_t b)
{
    static const struct {
        const char *a, *b, *sentence;
    } findings[] = {
        [SF_FIX_INDEX] = { "object", "span", "the index is wrong and gets rewritten" },
        [SF_FIX_LOOKUP] = { "object", "span", "the lookup table is wrong and gets rewritten" },
        [SF_DELETE_ORPHAN] = { "page", "object", "an index page of a file without header gets deleted" },
        [SF_DELETE_PAGE] = { "page", "object", "a page that belongs to no file gets deleted" },
        [SF_DELETE_BAD_FILE] = { "object", "span", "the file cannot be mended and gets deleted" },
    };
    char text[160];
    fs->findings++;
    if (!fs->report)
        return;
    uint32_t *id = *findings[what].a == 'o' ? &a : &b;
    *id &= ~SF_ID_INDEX;
    snprintf(text, sizeof text, "%s: %s %u, %s %u: %s", pass, findings[what].a, a, findings[what].b, b,
             findings[what].sentence);
    fs->report(fs->report_ctx, text);
}

/* A pass that fails does not keep the next from running. The result is the last one's that failed. */
static int32_t run_passes(struct sf *fs)
{
    int32_t (*const passes[])(struct sf *) = { sf_check_lookup, sf_check_indices, sf_check_references };
    int32_t failed = 0;
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
        int32_t res = passes[i](fs);
        failed = res ? res : failed;
    }
    int32_t res = sf_scan(fs);
    return res ? res : failed;
}

/* The volume in the PC's memory. */
struct copy {
    struct thm_medium *medium;
    uint8_t *bytes;
    struct thm_part part;
};

static enum thm_fs_err copy_volume(struct copy *c, struct thm_medium *from)
{
    uint32_t size = (uint32_t)thm_medium_size(from);
    c->part = *thm_part_at(0);
    c->part.sector_size = from->erase_size;
    c->part.page_size = from->page_size;
    c->bytes = malloc(size);
    if (!c->bytes)
        return THM_FS_EHOST;
    enum thm_fs_err e = thm_medium_peek(from, 0, c->bytes, size);
    return e ? e : thm_chip_create(&c->medium, &c->part, size, &(struct thm_cells){ .bytes = c->bytes }, NULL);
}

static int32_t check_copy(struct sf *fs)
{
    struct copy c = { 0 };
    struct sf before = *fs;
    int32_t res = SF_ERR_MEDIUM - (int32_t)copy_volume(&c, fs->medium);
    if (res == SF_ERR_MEDIUM) {
        fs->medium = c.medium;
        res = run_passes(fs);
        before.findings = fs->findings;
        *fs = before;
    }
    sf_cache_forget(fs);
    thm_medium_destroy(c.medium);
    free(c.bytes);
    return res;
}

int32_t sf_check(struct thm_fs *f, bool repair, void (*report)(void *, const char *), void *ctx)
{
    struct sf *fs = (struct sf *)f;
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (fs->fds[i].open)
            return SPIFFS_ERR_NOT_CONFIGURED; /* descriptors remember pages that a check moves */
    fs->report = report;
    fs->report_ctx = ctx;
    fs->findings = 0;
    int32_t res = repair ? run_passes(fs) : check_copy(fs);
    fs->report = NULL;
    return res ? res : (int32_t)fs->findings;
}
