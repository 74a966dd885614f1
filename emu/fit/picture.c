/* emu/fit/picture.c -- bars: RAM by owner, flash by address. */
#include "emu/fit/picture.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "emu/board/storage_place.h"

enum { WIDTH = 760, LEFT = 70, BAR = 26, GAP = 12, LEGEND = 16, NOTE = 14 };

struct bar { /* one horizontal bar: a range of bytes to the full width */
    FILE *f;
    double y;
    uint64_t all;
};

static double across(const struct bar *b, uint64_t bytes)
{
    return b->all ? (WIDTH - LEFT - 4) * (double)bytes / (double)b->all : 0;
}

/* Of a card of 4 GB a model is less than a pixel: all that is there is at least one unit wide. */
static void segment(const struct bar *b, uint64_t from, uint64_t bytes, const char *css_class, const char *what)
{
    char title[256];
    if (bytes == 0)
        return;
    snprintf(title, sizeof title, "%.180s: %" PRIu64 " bytes", what, bytes);
    const double width = fmax(across(b, bytes), 1), x = fmin(across(b, from), across(b, b->all) - width);
    thm_svg_rect(b->f, LEFT + x, b->y, width, BAR, css_class, title);
}

/* Under a segment, where there is room for it. */
static void note(const struct bar *b, uint64_t from, uint64_t bytes, const char *text)
{
    enum { LETTER = 7 }; /* about the width of one */
    if (across(b, bytes) > LETTER * (double)strlen(text))
        thm_svg_text(b->f, LEFT + across(b, from) + across(b, bytes) / 2, b->y + BAR + 11, "middle", text);
}

static void caption(const struct bar *b, const char *text)
{
    thm_svg_text(b->f, LEFT - 6, b->y + BAR * 0.65, "end", text);
    thm_svg_rect(b->f, LEFT, b->y, WIDTH - LEFT - 4, BAR, "frame", NULL);
}

/* ---- RAM ---- */

const char *thm_fit_row_class(enum thm_fit_row row)
{
    static const char *const classes[] = { "c0", "c1", "c2",  "c3",  "c4",  "c5",  "c6",  "c7",
                                           "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15" };
    _Static_assert(sizeof classes / sizeof classes[0] == THM_FIT_ROWS_COUNT, "a class a row");
    return classes[row];
}

static void ram_bar(const struct bar *b, const struct thm_fit_ledger *l, const char *text)
{
    uint64_t at = 0;
    for (int r = 0; r < THM_FIT_ROWS_COUNT; at += l->row[r], r++)
        segment(b, at, l->row[r], thm_fit_row_class(r), thm_fit_row_words(r));
    caption(b, text);
}

static bool appears(const struct thm_fit_cell *c, int row)
{
    return c->now.row[row] || c->peak.row[row];
}

static unsigned count_rows(const struct thm_fit_cell *c)
{
    unsigned n = 0;
    for (int r = 0; r < THM_FIT_ROWS_COUNT; r++)
        n += appears(c, r);
    return n;
}

/* In two columns. */
static void legend(FILE *f, const struct thm_fit_cell *c, double y)
{
    char text[128];
    unsigned n = 0;
    for (int r = 0; r < THM_FIT_ROWS_COUNT; r++) {
        if (!appears(c, r))
            continue;
        const unsigned line = n / 2;
        const double x = n % 2 ? WIDTH / 2 : LEFT, at = y + line * LEGEND;
        snprintf(text, sizeof text, "%s: %" PRIu64 ", %" PRIu64, thm_fit_row_words(r), c->peak.row[r], c->now.row[r]);
        thm_svg_rect(f, x, at, 10, 10, thm_fit_row_class(r), NULL);
        thm_svg_text(f, x + 15, at + 9, "start", text);
        n++;
    }
}

void thm_fit_draw_ram(FILE *f, enum thm_svg_where where, const struct thm_fit_cell *cell)
{
    char title[256];
    const unsigned lines = where == THM_SVG_FILE ? (count_rows(cell) + 1) / 2 : 0;
    const double legend_y = 2 * (BAR + GAP) + 4;
    snprintf(title, sizeof title, "RAM of %s with %s: %" PRIu64 " bytes, at its fullest and now", cell->board,
             cell->model, cell->ram);
    thm_svg_begin(f, where, WIDTH, legend_y + lines * LEGEND + 4, title);
    ram_bar(&(struct bar){ f, 2, cell->ram }, &cell->peak, "fullest");
    ram_bar(&(struct bar){ f, 2 + BAR + GAP, cell->ram }, &cell->now, cell->exit_status ? "at the end" : "running");
    if (lines)
        legend(f, cell, legend_y);
    thm_svg_end(f);
}

/* ---- flash and other media ---- */

static void partitions(const struct bar *b, const struct thm_profile_flash *f)
{
    char what[96];
    for (unsigned i = 0; i < f->partitions_count; i++) {
        const struct thm_profile_partition *p = &f->partitions[i];
        snprintf(what, sizeof what, "partition %s from 0x%x", p->name, p->offset);
        segment(b, p->offset, p->size, "c14", what);
        note(b, p->offset, p->size, p->name);
    }
}

static void program(const struct bar *b, const struct thm_profile_flash *f, const struct thm_fit_cell *cell)
{
    if (!f->partitions_count) {
        segment(b, f->program_offset, f->program_size, "c14", "room for the program");
        note(b, f->program_offset, f->program_size, "program");
    }
    segment(b, f->program_offset, f->program_image, "c2", "program (estimate)");
    segment(b, f->program_offset + (uint64_t)f->program_image, cell->program_model,
            cell->verdict == THM_FIT_FITS ? "c8" : "over", "model, part of the program");
}

static void volume(const struct bar *b, const struct thm_fit_case *c, const struct thm_storage_place *at,
                   const struct thm_fit_cell *cell)
{
    segment(b, at->offset, at->size, "c14", "storage");
    if (at->medium || !c->profile->flash.partitions_count)
        note(b, at->offset, at->size, cell->storage);
    segment(b, at->offset, cell->storage_used, "c8", "used on the storage");
}

void thm_fit_draw_flash(FILE *f, enum thm_svg_where where, const struct thm_fit_case *c,
                        const struct thm_fit_cell *cell)
{
    const struct thm_profile_storage *s = thm_storage_find(c->profile, cell->storage);
    const struct thm_storage_place at = s ? thm_storage_place(c->profile, s) : (struct thm_storage_place){ 0 };
    const bool other = s && at.medium > 0;
    struct bar flash = { f, 2, c->profile->flash.size };
    char title[256];
    snprintf(title, sizeof title, "Flash of %s with %s, by address", cell->board, cell->model);
    thm_svg_begin(f, where, WIDTH, (BAR + NOTE + GAP) * (other ? 2 : 1) + 4, title);
    segment(&flash, 0, flash.all, "free", "not used");
    partitions(&flash, &c->profile->flash);
    program(&flash, &c->profile->flash, cell);
    if (s && !other)
        volume(&flash, c, &at, cell);
    caption(&flash, "flash");
    if (other) {
        const struct bar medium = { f, 2 + BAR + NOTE + GAP, thm_medium_bytes(c->profile, at.medium) };
        volume(&medium, c, &at, cell);
        caption(&medium, at.name);
    }
    thm_svg_end(f);
}
