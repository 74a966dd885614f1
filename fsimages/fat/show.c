/* fsimages/fat/show.c -- for people: what the boot sector says, and what is in every cluster. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/fat/walk.h"

struct lines {
    thm_fs_line *line;
    void *ctx;
};

__attribute__((format(printf, 2, 3))) static void say(const struct lines *to, const char *format, ...)
{
    char text[120];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    to->line(to->ctx, text);
}

/* A field of fixed width, as far as it is text. */
static void say_text(const struct lines *to, const char *what, const uint8_t *field, int len)
{
    char text[SHORT_LEN + 1];
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == 0))
        len--;
    for (int i = 0; i < len; i++)
        text[i] = (char)(field[i] < ' ' || field[i] > '~' ? '?' : field[i]);
    text[len] = '\0';
    say(to, "%s: %s", what, text);
}

static void describe_boot(const struct fat *fs, const struct lines *to)
{
    const struct fat_geometry *g = &fs->g;
    const uint8_t *b = fs->window, *e = b + fat_extended(g);
    say(to, "type: FAT%u", (unsigned)g->bits);
    say_text(to, "OEM name", b + BOOT_OEM, 8);
    say(to, "bytes per sector: %u", (unsigned)g->sector);
    say(to, "sectors per cluster: %u (%u bytes)", (unsigned)g->cluster_sectors, (unsigned)g->cluster);
    say(to, "reserved sectors: %u", (unsigned)g->fat_start);
    say(to, "FATs: %u of %u sectors", (unsigned)g->fats, (unsigned)g->fat_sectors);
    if (g->bits == 32)
        say(to, "root cluster: %u", (unsigned)g->root_cluster);
    else
        say(to, "root entries: %u", (unsigned)g->root_entries);
    say(to, "total sectors: %u", (unsigned)g->total);
    say(to, "media: %02X", (unsigned)b[BPB_MEDIA]);
    say(to, "hidden sectors: %u", (unsigned)fat_get32(b + BPB_HIDDEN));
    say(to, "first data sector: %u", (unsigned)g->data_start);
    say(to, "clusters: %u", (unsigned)g->clusters);
    say(to, "state: %s", e[EXTENDED_STATE] & 1 ? "dirty" : "clean");
    if (e[EXTENDED_MARK] != 0x29)
        return;
    say(to, "serial: %04X-%04X", (unsigned)fat_get16(e + EXTENDED_SERIAL + 2),
        (unsigned)fat_get16(e + EXTENDED_SERIAL));
    say_text(to, "label", e + EXTENDED_LABEL, SHORT_LEN);
}

int32_t fat_describe(struct thm_fs *t, thm_fs_line *line, void *ctx)
{
    struct fat *fs = (struct fat *)t;
    const struct lines to = { line, ctx };
    int32_t res = fat_window(fs, 0);
    if (res)
        return res;
    describe_boot(fs, &to);
    if (!fs->g.info)
        return 0;
    if (fs->free <= fs->g.clusters)
        say(&to, "free clusters, by FSInfo: %u", (unsigned)fs->free);
    if (fat_valid(&fs->g, fs->last))
        say(&to, "last allocated cluster, by FSInfo: %u", (unsigned)fs->last);
    return 0;
}

static uint8_t state_of(const struct fat_walk *w, uint32_t cluster, uint32_t next)
{
    uint32_t bad = FAT_BAD & (w->fs->g.bits == 32 ? FAT_END : (1u << w->fs->g.bits) - 1), owner = w->owner[cluster];
    if (owner)
        return w->objects[owner - 1].directory ? THM_FS_UNIT_META : THM_FS_UNIT_DATA;
    return next == 0 ? THM_FS_UNIT_FREE : next == bad ? THM_FS_UNIT_BAD : THM_FS_UNIT_DELETED;
}

static int32_t fill_states(struct fat_walk *w, uint8_t *states)
{
    int32_t res = fat_walk_tree(w);
    uint32_t next = 0;
    for (uint32_t i = 0; !res && i < w->fs->g.clusters; i++) {
        res = fat_get(w->fs, i + 2, &next);
        states[i] = state_of(w, i + 2, next);
    }
    return res;
}

int32_t fat_map(struct thm_fs *t, struct thm_fs_map *out)
{
    struct fat *fs = (struct fat *)t;
    struct fat_walk w;
    *out = (struct thm_fs_map){ .unit = "cluster",
                                .unit_size = fs->g.cluster,
                                .count = fs->g.clusters,
                                .first = (uint64_t)fs->g.data_start * fs->g.sector,
                                .row = 64 };
    int32_t res = fat_names_begin(fs);
    if (res)
        return res;
    res = fat_walk_init(&w, fs);
    out->states = malloc(fs->g.clusters);
    if (!out->states)
        res = FAT_HOST_FAILED;
    if (!res)
        res = fill_states(&w, out->states);
    fat_walk_finish(&w);
    fat_names_end(fs);
    if (res) {
        free(out->states);
        out->states = NULL;
    }
    return res;
}
