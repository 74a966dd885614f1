/* emu/report/heap_html.c -- the heap as pictures for a page: every block in its place, in its owner's colour. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emu/report/heap_picture.h"
#include "emu/report/svg.h"

enum {
    WIDTH = 640,
    ROW = 18,
    ROWS = 8,
    ROW_BYTES_MIN = 1024,
    OWNERS_MAX = 128,
    TINY = 8 /* regions of less than an eighth of a row have a scale of their own */,
    USE_HEIGHT = 120
};

#define THIN 0.25 /* narrower blocks are drawn with those that follow */

static const char inner[] = "c13"; /* the allocator's own */

struct owner {
    const struct thm_event *event;
    const char *colour;
};

struct map {
    const struct thm_heap_picture *p;
    FILE *f;
    struct owner owner[OWNERS_MAX];
    size_t owners;
    const struct thm_event *largest; /* hole; NULL: none */
    uint64_t row_bytes;              /* of regions that are large enough to be seen so */
};

/* ---- owners ---- */

static void name_owners(struct map *m)
{
    static const char *const colours[2][8] = { { "c0", "c1", "c14" },
                                               { "c5", "c2", "c8", "c9", "c4", "c12", "c3", "c7" } };
    size_t next[2] = { 0, 0 };
    const struct thm_event *event[OWNERS_MAX];
    m->owners = thm_heap_owners(m->p, event, OWNERS_MAX);
    for (size_t i = 0; i < m->owners; i++) {
        m->owner[i].event = event[i];
        const bool app = thm_heap_is_application(m->owner[i].event);
        m->owner[i].colour = colours[app][next[app]++ % (app ? 8 : 3)];
    }
}

static const char *colour_of(const struct map *m, const struct thm_event *block)
{
    if (thm_heap_is_hole(block))
        return "free";
    for (size_t i = 0; i < m->owners; i++)
        if (strcmp(m->owner[i].event->name, block->name) == 0 && strcmp(m->owner[i].event->text, block->text) == 0)
            return m->owner[i].colour;
    return inner;
}

/* ---- regions ---- */

struct strip { /* a region, cut into rows */
    const struct map *m;
    uint64_t base, row_bytes;
};

/* [from, to) of the region, over as many rows as it takes. */
static void draw_bytes(const struct strip *s, uint64_t from, uint64_t to, const char *colour, const char *title)
{
    while (from < to) {
        const uint64_t row = (from - s->base) / s->row_bytes, row_end = s->base + (row + 1) * s->row_bytes;
        const uint64_t end = to < row_end ? to : row_end;
        const double unit = (double)WIDTH / (double)s->row_bytes;
        thm_svg_rect(s->m->f, (double)(from - s->base - row * s->row_bytes) * unit, (double)(row * ROW) + 1,
                     (double)(end - from) * unit, ROW - 2, colour, title);
        from = end;
    }
}

static void title_of(const struct map *m, const struct thm_event *b, char *title, size_t size)
{
    if (thm_heap_is_hole(b))
        snprintf(title, size, "%s: %" PRIu64 " bytes at 0x%08" PRIx64, b == m->largest ? "largest hole" : "free",
                 b->v[1], b->v[0]);
    else
        snprintf(title, size, "%s: %" PRIu64 " bytes at 0x%08" PRIx64, b->name, b->v[2] ? b->v[2] : b->v[1], b->v[0]);
}

/* Blocks [first, last) of a region; a run of thin ones is one rectangle, as wide as can be seen. */
static void draw_blocks(const struct strip *s, size_t first, size_t last, uint64_t region_end)
{
    const double thin = THIN * (double)s->row_bytes / WIDTH;
    for (size_t i = first; i < last;) {
        const struct thm_event *b = &s->m->p->part[i];
        const char *colour = colour_of(s->m, b);
        uint64_t end = b->v[0] + b->v[1];
        char title[128];
        title_of(s->m, b, title, sizeof title);
        for (i++; i < last && (double)(end - b->v[0]) < thin; i++)
            end = s->m->p->part[i].v[0] + s->m->p->part[i].v[1];
        if (b->v[0] >= s->base && end <= region_end)
            draw_bytes(s, b->v[0], end, b == s->m->largest ? "hole" : colour, title);
    }
}

static uint64_t fitting(uint64_t bytes, uint64_t rows)
{
    uint64_t row = ROW_BYTES_MIN;
    while ((bytes + row - 1) / row > rows)
        row *= 2;
    return row;
}

static uint64_t scale_of(const struct thm_heap_picture *p)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->part[i].type == THM_EV_HEAP_REGION && p->part[i].v[1] > largest)
            largest = p->part[i].v[1];
    return fitting(largest, ROWS);
}

static void draw_region(const struct map *m, size_t region)
{
    const struct thm_event *r = &m->p->part[region];
    const bool tiny = r->v[1] < m->row_bytes / TINY;
    const struct strip s = { m, r->v[0], tiny ? fitting(r->v[1], 1) : m->row_bytes };
    char title[128];
    size_t last = region + 1;
    const uint64_t rows = (r->v[1] + s.row_bytes - 1) / s.row_bytes;
    while (last < m->p->count && m->p->part[last].type == THM_EV_HEAP_BLOCK)
        last++;
    fputs("<h4>", m->f);
    thm_xml_text(m->f, r->name);
    fprintf(m->f, " <small>0x%08" PRIx64 ", %" PRIu64 " bytes, %" PRIu64 " free%s; a row is %" PRIu64 "</small></h4>\n",
            r->v[0], r->v[1], r->v[2], thm_heap_is_for_malloc(r) ? "" : ", not for malloc", s.row_bytes);
    snprintf(title, sizeof title, "blocks of region %.40s", r->name);
    thm_svg_begin(m->f, THM_SVG_IN_PAGE, WIDTH, (double)(rows * ROW), title);
    draw_bytes(&s, s.base, s.base + r->v[1], inner, "allocator");
    draw_blocks(&s, region + 1, last, s.base + r->v[1]);
    thm_svg_end(m->f);
}

/* ---- legend ---- */

static void legend_row(const struct map *m, const char *colour, const char *what, uint64_t blocks, uint64_t bytes,
                       uint64_t peak)
{
    fputs("<tr><td>", m->f);
    thm_svg_key(m->f, colour);
    thm_xml_text(m->f, what);
    fprintf(m->f, "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n", blocks, bytes, peak);
}

static void legend(const struct map *m)
{
    fputs("<div class=\"wide\"><table class=\"figures\"><tr><th>owner</th><th>blocks</th><th>bytes</th><th>at "
          "peak</th></tr>\n",
          m->f);
    for (size_t i = 0; i < m->owners; i++) {
        const struct thm_event *e = m->owner[i].event;
        legend_row(m, m->owner[i].colour, e->name, e->v[0], e->v[1], e->v[3]);
    }
    legend_row(m, "free", "free", m->p->heap.v[5], m->p->heap.v[0], m->p->peak.type ? m->p->peak.v[1] : 0);
    if (m->largest)
        legend_row(m, "hole", "largest hole", 1, m->largest->v[1], 0);
    fputs("</table></div>\n", m->f);
}

/* ---- over time ---- */

static size_t first_use(const struct thm_heap_picture *p)
{
    size_t first = p->count;
    while (first > 0 && p->part[first - 1].type == THM_EV_HEAP_USE)
        first--;
    return first;
}

/* In the order of the heap's calls: device time would put them all into a few places. */
static void draw_use(const struct map *m, const struct thm_heap_picture *end)
{
    const uint64_t total = end->heap.v[0] + end->heap.v[3];
    const size_t first = first_use(end), n = end->count - first;
    char title[128];
    if (n == 0 || total == 0)
        return;
    fprintf(m->f, "<h4>In use <small>of %" PRIu64 " bytes, from the first heap call to the last</small></h4>\n", total);
    thm_svg_begin(m->f, THM_SVG_IN_PAGE, WIDTH, USE_HEIGHT, "bytes in use over the heap's calls");
    for (size_t i = 0; i < n; i++) {
        const struct thm_event *e = &end->part[first + i];
        const uint64_t left = e->v[1] < total ? e->v[1] : total;
        const double high = (double)(total - left) / (double)total * USE_HEIGHT;
        snprintf(title, sizeof title, "%.3f s: %" PRIu64 " bytes free", (double)e->v[0] / 1e9, left);
        thm_svg_rect(m->f, (double)i * WIDTH / (double)n, USE_HEIGHT - high, WIDTH / (double)n, high, "c2", title);
    }
    thm_svg_end(m->f);
}

void thm_heap_map_html(const struct thm_heap_picture *p, const struct thm_heap_picture *end, FILE *f)
{
    struct map m = { .p = p, .f = f, .largest = thm_heap_largest_hole(p), .row_bytes = scale_of(p) };
    if (!p->heap.type)
        return;
    name_owners(&m);
    fputs("<section class=\"heap\"><h3>Heap ", f);
    if (strcmp(p->heap.name, "failed") == 0) {
        fputs("when there was no block for ", f);
        thm_xml_text(f, p->heap.text);
    } else {
        fputs("at the end", f);
    }
    fputs("</h3>\n", f);
    for (size_t i = thm_heap_next_region(p, 0); i < p->count; i = thm_heap_next_region(p, p->part[i].v[0] + 1))
        draw_region(&m, i);
    legend(&m);
    draw_use(&m, end);
    fputs("</section>\n", f);
}
