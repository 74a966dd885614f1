/* fsimages/littlefs/check.c -- check and repair: what a power loss left is finished as the driver does before its first
 * write; entries that cannot be read are dropped. */
#include "fsimages/littlefs/core.h"
#include <stdio.h>
#include <stdlib.h>

static void nobody(void *ctx, const char *line)
{
    (void)ctx, (void)line;
}

/* What the driver itself has noted to be unfinished. */
static int32_t pending(const struct lf *fs, thm_fs_line *report, void *ctx)
{
    char text[80];
    int32_t found = 0;
    if (lf_has_move(&fs->disk)) {
        snprintf(text, sizeof text, "pair {%u, %u}: entry %u has been moved, but not deleted", fs->disk.pair[0],
                 fs->disk.pair[1], lf_id(fs->disk.tag));
        report(ctx, text);
        found++;
    }
    if (fs->disk.tag & LF_INVALID) {
        report(ctx, "the thread of directories may have orphans");
        found++;
    }
    return found;
}

static int32_t drop_entry(struct lf *fs, struct lf_audit *a, thm_fs_line *report, void *ctx)
{
    char text[sizeof a->path + 16];
    snprintf(text, sizeof text, "%s: dropped", a->path);
    report(ctx, text);
    return lf_commit(fs, &a->dir, LF_ATTRS({ LF_TAG(LF_T_DELETE, a->id, 0), NULL }));
}

/* One by one: ids change with each. */
static int32_t drop_entries(struct lf *fs, thm_fs_line *report, void *ctx)
{
    int32_t res = 0;
    for (bool more = true; !res && more;) {
        struct lf_audit a = { .stop = true };
        lf_alloc_checkpoint(fs);
        res = lf_audit(fs, &a);
        free(a.marks);
        more = a.found;
        if (!res && more)
            res = drop_entry(fs, &a, report, ctx);
    }
    return res;
}

static int32_t repair_all(struct lf *fs, uint32_t orphans, thm_fs_line *report, void *ctx)
{
    if (orphans && !lf_has_orphans(&fs->now))
        lf_orphans_add(fs, 1); /* nobody has noted them */
    int32_t res = lf_mkconsistent(fs);
    if (res && (res != LFS_ERR_CORRUPT || lf_has_move(&fs->disk)))
        return res;              /* while a move is pending, ids are not what is stored */
    const bool again = res != 0; /* what cannot be read was in the way */
    res = drop_entries(fs, report, ctx);
    return !res && again ? lf_mkconsistent(fs) : res;
}

int32_t lf_check(struct thm_fs *f, bool repair, thm_fs_line *report, void *ctx)
{
    struct lf *fs = (struct lf *)f;
    if (!report)
        report = nobody;
    struct lf_audit a = { .report = report, .ctx = ctx };
    int32_t res = lf_audit(fs, &a);
    free(a.marks);
    if (res)
        return res;
    const int32_t findings = a.findings + pending(fs, report, ctx);
    res = repair && findings ? repair_all(fs, a.orphans, report, ctx) : 0;
    return res ? res : findings;
}
