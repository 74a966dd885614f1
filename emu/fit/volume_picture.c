/* emu/fit/volume_picture.c -- a volume as a map: its units in rows, each a part of a row, runs of one kind together. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "emu/fit/picture.h"

enum { WIDTH = 760, COLUMNS = 64, ROWS_MAX = 16, CELL = 11, TOP = 20, LEGEND = 20 };

static const struct kind {
    uint8_t state;
    const char *word, *css_class;
} kinds[] = { /* the first that occurs in a cell stands for it; metadata are in every block of some file systems */
              { THM_FS_UNIT_BAD, "bad", "over" },
              { THM_FS_UNIT_DATA, "data", "c8" },
              { THM_FS_UNIT_DELETED, "deleted", "c6" },
              { THM_FS_UNIT_FREE, "free", "free" },
              { THM_FS_UNIT_META, "metadata", "c2" }
};
enum { KINDS = sizeof kinds / sizeof kinds[0], DATA = 1 };

struct grid {
    FILE *f;
    const struct fit_volume *v;
    uint64_t group; /* units a cell */
    uint64_t cells;
};

static unsigned kind_of(uint8_t state)
{
    unsigned k = 0;
    while (k + 1 < KINDS && kinds[k].state != state)
        k++;
    return k;
}

static uint64_t first_unit(const struct grid *g, uint64_t cell)
{
    const uint64_t unit = cell * g->group;
    return unit < g->v->map.count ? unit : g->v->map.count;
}

static unsigned kind_at(const struct grid *g, uint64_t cell)
{
    unsigned least = KINDS - 1;
    for (uint64_t i = first_unit(g, cell); i < first_unit(g, cell + 1); i++) {
        const unsigned k = kind_of(g->v->map.states[i]);
        least = k < least ? k : least;
    }
    return least;
}

/* Whose data: that of the only file, or of those that lie there in one piece. */
static void owners(const struct grid *g, uint64_t from, uint64_t to, char *buf, size_t size)
{
    const struct fit_volume *v = g->v;
    const uint64_t unit = v->map.unit_size;
    size_t at = 0;
    buf[0] = '\0';
    for (unsigned i = 0; i < v->files && i < FIT_VOLUME_FILES_MAX && at < size; i++) {
        const struct fit_volume_file *f = &v->file[i];
        const uint64_t begin = v->map.first + from * unit, end = v->map.first + to * unit;
        if (v->files == 1 || (f->bytes && unit && f->from < end && begin < f->from + f->bytes))
            at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : " of ", f->name);
    }
}

static void draw_run(const struct grid *g, uint64_t from, uint64_t to, unsigned kind)
{
    const struct thm_fs_map *m = &g->v->map;
    const uint64_t a = first_unit(g, from), b = first_unit(g, to);
    char whose[200] = "", title[400], bytes[40] = "";
    if (kind == DATA)
        owners(g, a, b, whose, sizeof whose);
    if (m->unit_size)
        snprintf(bytes, sizeof bytes, ", from byte %" PRIu64, m->first + a * m->unit_size);
    snprintf(title, sizeof title, "%ss %" PRIu64 " to %" PRIu64 "%s: %s%s", m->unit, a, b - 1, bytes, kinds[kind].word,
             whose);
    const double wide = (double)(WIDTH - 4) / COLUMNS;
    const uint64_t row = from / COLUMNS;
    thm_svg_rect(g->f, 2 + wide * (double)(from % COLUMNS), TOP + CELL * (double)row, wide * (double)(to - from), CELL,
                 kinds[kind].css_class, title);
}

static void draw_row(const struct grid *g, uint64_t from, uint64_t to)
{
    while (from < to) {
        const unsigned kind = kind_at(g, from);
        uint64_t end = from + 1;
        while (end < to && kind_at(g, end) == kind)
            end++;
        draw_run(g, from, end, kind);
        from = end;
    }
}

static void legend(const struct grid *g, double y)
{
    const struct thm_fs_map *m = &g->v->map;
    uint32_t count[KINDS] = { 0 };
    char text[64];
    double x = 2;
    for (uint32_t i = 0; i < m->count; i++)
        count[kind_of(m->states[i])]++;
    for (unsigned k = 0; k < KINDS; k++) {
        if (!count[k])
            continue;
        snprintf(text, sizeof text, "%s: %" PRIu32, kinds[k].word, count[k]);
        thm_svg_rect(g->f, x, y, 10, 10, kinds[k].css_class, NULL);
        thm_svg_text(g->f, x + 15, y + 9, "start", text);
        x += 140;
    }
}

/* All of it in the rows that there are; if several units must share a cell, then those of a block. */
static uint64_t units_in_a_cell(const struct thm_fs_map *m)
{
    const uint64_t least = (m->count + COLUMNS * ROWS_MAX - 1) / (COLUMNS * ROWS_MAX);
    return least <= 1 ? 1 : m->row > least ? m->row : least;
}

void thm_fit_draw_volume(FILE *f, enum thm_svg_where where, const struct thm_fit_cell *cell, const struct fit_volume *v)
{
    const struct thm_fs_map *m = &v->map;
    struct grid g = { .f = f, .v = v, .group = units_in_a_cell(m) };
    g.cells = (m->count + g.group - 1) / g.group;
    const uint64_t rows = (g.cells + COLUMNS - 1) / COLUMNS;
    char text[200], each[80] = "";
    if (g.group > 1)
        snprintf(each, sizeof each, ", %" PRIu64 " to a cell", g.group);
    snprintf(text, sizeof text, "Storage %s of %s (%s): %" PRIu32 " %ss of %" PRIu32 " bytes%s", cell->storage,
             cell->board, v->fs, m->count, m->unit, m->unit_size, each);
    thm_svg_begin(f, where, WIDTH, TOP + CELL * (double)rows + LEGEND, text);
    thm_svg_text(f, 2, 12, "start", text);
    for (uint64_t at = 0; at < g.cells; at += COLUMNS)
        draw_row(&g, at, at + COLUMNS < g.cells ? at + COLUMNS : g.cells);
    legend(&g, TOP + CELL * (double)rows + 6);
    thm_svg_end(f);
}
