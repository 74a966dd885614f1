/* fsimages/littlefs/show.c -- a volume for people: its superblock, the state of every block. */
#include "fsimages/littlefs/core.h"
#include <stdio.h>
#include <stdlib.h>

int32_t lf_describe(struct thm_fs *f, thm_fs_line *line, void *ctx)
{
    const struct lf *fs = (const struct lf *)f;
    struct thm_littlefs_info info;
    char text[64];
    int32_t res = thm_littlefs_info(f, &info);
    if (res)
        return res;
    const struct {
        const char *name;
        uint32_t value;
    } facts[] = {
        { "block size", info.block_size },       { "blocks", info.block_count },
        { "blocks in use", info.blocks_used },   { "name length", info.name_max },
        { "file size limit", info.file_max },    { "attribute size limit", info.attr_max },
        { "inline file limit", fs->inline_max },
    };
    snprintf(text, sizeof text, "disk version: %u.%u", info.disk_version >> 16, info.disk_version & 0xFFFF);
    line(ctx, text);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        snprintf(text, sizeof text, "%s: %u", facts[i].name, facts[i].value);
        line(ctx, text);
    }
    snprintf(text, sizeof text, "root pair: %u, %u", fs->root[0], fs->root[1]);
    line(ctx, text);
    return 0;
}

static uint8_t unit_of(uint8_t marks)
{
    if (marks & LF_MARK_PAIR)
        return THM_FS_UNIT_META;
    return marks & LF_MARK_DATA ? THM_FS_UNIT_DATA : THM_FS_UNIT_FREE;
}

int32_t lf_map(struct thm_fs *f, struct thm_fs_map *out)
{
    struct lf *fs = (struct lf *)f;
    struct lf_audit a = { 0 };
    int32_t res = lf_audit(fs, &a);
    *out = (struct thm_fs_map){ 0 };
    if (res) {
        free(a.marks);
        return res;
    }
    for (uint32_t i = 0; i < fs->block_count; i++)
        a.marks[i] = unit_of(a.marks[i]);
    *out = (struct thm_fs_map){
        .unit = "block", .unit_size = fs->block_size, .count = fs->block_count, .row = 64, .states = a.marks
    };
    return 0;
}
