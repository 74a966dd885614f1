/* fsimages/eefs/show.c -- a volume for people: table header, checksum, slots. */
#include "fsimages/eefs/core.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void describe_slot(struct ef *fs, uint32_t i, thm_fs_line *line, void *ctx)
{
    struct thm_eefs_slot s;
    char text[160];
    if (thm_eefs_slot(&fs->base, i, &s) < 0)
        snprintf(text, sizeof text, "slot %" PRIu32 ": at %" PRIu32 ", outside the medium", i, fs->t->file[i].header);
    else if (s.in_use != 1)
        snprintf(text, sizeof text, "slot %" PRIu32 ": at %" PRIu32 ", %" PRIu32 " bytes, deleted", i, s.header_offset,
                 s.max_size);
    else
        snprintf(text, sizeof text, "slot %" PRIu32 ": at %" PRIu32 ", %" PRIu32 " of %" PRIu32 " bytes, %s%s", i,
                 s.header_offset, s.size, s.max_size, s.name, s.attributes & THM_EEFS_READONLY ? ", read only" : "");
    line(ctx, text);
}

int32_t ef_describe(struct thm_fs *f, thm_fs_line *line, void *ctx)
{
    struct ef *fs = (struct ef *)f;
    char text[160];
    int32_t res = ef_checksum_line(fs, text, sizeof text);
    if (res)
        return res;
    line(ctx, fs->config.big_endian ? "byte order: big endian" : "byte order: little endian");
    line(ctx, text);
    snprintf(text, sizeof text, "slots used: %" PRIu32 " of %u", fs->t->files, EF_SLOTS);
    line(ctx, text);
    snprintf(text, sizeof text, "free memory at: %" PRIu32, fs->t->free_offset);
    line(ctx, text);
    snprintf(text, sizeof text, "free memory: %" PRIu32, fs->t->free_size);
    line(ctx, text);
    for (uint32_t i = 0; i < fs->t->files; i++)
        describe_slot(fs, i, line, ctx);
    return 0;
}

int32_t ef_map(struct thm_fs *f, struct thm_fs_map *out)
{
    const struct ef_inodes *t = ((struct ef *)f)->t;
    *out = (struct thm_fs_map){ .unit = "slot", .count = EF_SLOTS, .row = 16, .states = malloc(EF_SLOTS) };
    if (!out->states)
        return ef_medium(THM_FS_EHOST);
    memset(out->states, THM_FS_UNIT_FREE, EF_SLOTS);
    for (uint32_t i = 0; i < t->files; i++) {
        struct thm_eefs_slot s;
        if (thm_eefs_slot(f, i, &s) < 0)
            out->states[i] = THM_FS_UNIT_BAD;
        else
            out->states[i] = s.in_use == 1 ? THM_FS_UNIT_DATA : THM_FS_UNIT_DELETED;
    }
    return 0;
}
