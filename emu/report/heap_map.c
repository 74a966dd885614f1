/* emu/report/heap_map.c -- the heap drawn: what lies where, whose it is, and where the holes are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emu/report/heap_picture.h"

enum { ROW = 64, ROWS = 4, UNIT_MIN = 16, OWNERS_MAX = 128 };

#define HOLE    '.'
#define LARGEST '='
#define INNER   '#' /* the allocator's own */
#define NO_ROOM '?' /* more owners than letters */

struct owner {
    const struct thm_event *event;
    char letter;
};

struct map {
    const struct thm_heap_picture *p;
    const struct thm_heap_map_style *style;
    FILE *f;
    struct owner owner[OWNERS_MAX];
    size_t owners;
    const struct thm_event *largest; /* the hole that the next large malloc would get; NULL: none */
};

/* ---- who is which letter ---- */

static void name_owners(struct map *m)
{
    char next[2] = { 'a', 'A' };
    const struct thm_event *event[OWNERS_MAX];
    m->owners = thm_heap_owners(m->p, event, OWNERS_MAX);
    for (size_t i = 0; i < m->owners; i++) {
        m->owner[i].event = event[i];
        char *letter = &next[thm_heap_is_application(m->owner[i].event)];
        const bool any_left = (*letter | 0x20) <= 'z';
        if (m->owner[i].event->v[0])
            m->owner[i].letter = any_left ? (*letter)++ : NO_ROOM;
    }
}

static char letter_of(const struct map *m, const struct thm_event *block)
{
    if (block == m->largest)
        return LARGEST;
    if (thm_heap_is_hole(block))
        return HOLE;
    for (size_t i = 0; i < m->owners; i++)
        if (strcmp(m->owner[i].event->name, block->name) == 0 && strcmp(m->owner[i].event->text, block->text) == 0)
            return m->owner[i].letter ? m->owner[i].letter : NO_ROOM;
    return INNER;
}

/* ---- cells ---- */

static const char *colour_of(char letter)
{
    static const char *const of_application[] = { "\033[1;31m", "\033[1;33m", "\033[1;35m", "\033[1;36m",
                                                  "\033[1;34m" };
    if (letter == LARGEST)
        return "\033[1;32m";
    if (letter >= 'A' && letter <= 'Z')
        return of_application[(letter - 'A') % 5];
    return letter == HOLE ? "\033[32m" : "\033[2m";
}

static void put_cell(const struct map *m, char letter)
{
    if (m->style->colour)
        fprintf(m->f, "%s%c\033[0m", colour_of(letter), letter);
    else
        fputc(letter, m->f);
}

/* What most of [from, to) is. *next: the first of the region's blocks [.., end) that may reach in; moves on. */
static char cell_at(const struct map *m, uint64_t from, uint64_t to, size_t *next, size_t end)
{
    uint64_t bytes[128] = { 0 }, told = 0;
    while (*next < end && m->p->part[*next].v[0] + m->p->part[*next].v[1] <= from)
        ++*next;
    for (size_t i = *next; i < end && m->p->part[i].v[0] < to; i++) {
        const struct thm_event *b = &m->p->part[i];
        const uint64_t a = b->v[0] > from ? b->v[0] : from, z = b->v[0] + b->v[1] < to ? b->v[0] + b->v[1] : to;
        bytes[letter_of(m, b) & 0x7F] += z - a;
        told += z - a;
    }
    bytes[INNER] += to - from - told;
    char best = INNER;
    for (int c = 0; c < 128; c++)
        if (bytes[c] > bytes[(unsigned char)best])
            best = (char)c;
    return best;
}

/* Bytes of one cell: a power of two, so that a region is at most ROWS rows. */
static uint64_t unit_of(uint64_t size)
{
    uint64_t unit = UNIT_MIN;
    while ((size + unit - 1) / unit > ROW * ROWS)
        unit *= 2;
    return unit;
}

static void draw_region(const struct map *m, size_t region)
{
    const struct thm_event *r = &m->p->part[region];
    const uint64_t base = r->v[0], end = base + r->v[1], unit = unit_of(r->v[1]);
    size_t next = region + 1, last = next;
    unsigned holes = 0;
    for (; last < m->p->count && m->p->part[last].type == THM_EV_HEAP_BLOCK; last++)
        holes += thm_heap_is_hole(&m->p->part[last]);
    fprintf(m->f, "\n%.10s  %08" PRIx64 "-%08" PRIx64 ", %" PRIu64 " bytes, %" PRIu64 " free", r->name, base, end - 1,
            r->v[1], r->v[2]);
    if (thm_heap_is_for_malloc(r))
        fprintf(m->f, " in %u", holes);
    fprintf(m->f, "%s; cell %" PRIu64 "\n", thm_heap_is_for_malloc(r) ? "" : ", not for malloc", unit);
    for (uint64_t at = base; at < end; at += unit) {
        if ((at - base) % (unit * ROW) == 0)
            fprintf(m->f, "%s  %08" PRIx64 "  ", at == base ? "" : "\n", at);
        put_cell(m, cell_at(m, at, at + unit < end ? at + unit : end, &next, last));
    }
    fputc('\n', m->f);
}

/* ---- legend ---- */

static void print_owners(const struct map *m)
{
    fprintf(m->f, "\n   %-36s %6s %10s %10s\n", "owner", "blocks", "bytes", "at peak");
    for (size_t i = 0; i < m->owners; i++) {
        const struct thm_event *e = m->owner[i].event;
        if (!m->owner[i].letter)
            continue;
        put_cell(m, m->owner[i].letter);
        fprintf(m->f, "  %-36.36s %6" PRIu64 " %10" PRIu64 " %10" PRIu64 "%s\n", e->name, e->v[0], e->v[1], e->v[3],
                thm_heap_is_application(e) ? "" : "  runtime");
    }
    put_cell(m, HOLE);
    fprintf(m->f, "  %-36s %6" PRIu64 " %10" PRIu64 "\n", "free (what malloc may give)", m->p->heap.v[5],
            m->p->heap.v[0]);
    if (m->largest) {
        put_cell(m, LARGEST);
        fprintf(m->f, "  the largest hole: %" PRIu64 " bytes at 0x%08" PRIx64 "\n", m->largest->v[1], m->largest->v[0]);
    }
    put_cell(m, INNER);
    fputs("  the allocator's own\n", m->f);
}

static void print_figures(const struct map *m)
{
    const uint64_t free_bytes = m->p->heap.v[0], largest = m->p->heap.v[1];
    fprintf(m->f, "   malloc serves up to %" PRIu64 " bytes: fragmentation %.1f %%; low water %" PRIu64 "\n", largest,
            free_bytes ? 100.0 * (1.0 - (double)largest / (double)free_bytes) : 0.0, m->p->heap.v[2]);
}

/* Owners that have nothing now, but had when the heap was fullest: one paragraph. */
static void print_gone(const struct map *m)
{
    char word[64];
    int column = 0;
    for (size_t i = 0; i < m->owners; i++) {
        const struct thm_event *e = m->owner[i].event;
        if (e->v[0])
            continue;
        const int len = snprintf(word, sizeof word, "%.40s %" PRIu64, e->name, e->v[3]);
        column += column ? fprintf(m->f, ",") : fprintf(m->f, "   only at peak:");
        if (column + 2 + len > 79)
            column = fprintf(m->f, "\n  ") - 1;
        column += fprintf(m->f, " %s", word);
    }
    if (column)
        fputc('\n', m->f);
}

/* ---- over time ---- */

static void print_level(const struct map *m, uint64_t eighths)
{
    static const char *const utf8[] = { " ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                        "\u2585", "\u2586", "\u2587", "\u2588" };
    static const char ascii[] = " .:-=+*#@";
    if (m->style->utf8)
        fputs(utf8[eighths], m->f);
    else
        fputc(ascii[eighths], m->f);
}

/* Several samples a column if there are many: the fullest one shows. */
static void print_use(const struct map *m, const struct thm_heap_picture *end)
{
    const uint64_t total = end->heap.v[0] + end->heap.v[3];
    size_t first = end->count;
    while (first > 0 && end->part[first - 1].type == THM_EV_HEAP_USE)
        first--;
    const size_t n = end->count - first, columns = n < ROW ? n : ROW;
    if (n == 0 || total == 0)
        return;
    fprintf(m->f, "\nin use, from the first heap call to the last (of %" PRIu64 " bytes)\n            ", total);
    for (size_t c = 0; c < columns; c++) {
        uint64_t least = total;
        for (size_t i = c * n / columns; i < (c + 1) * n / columns; i++)
            least = end->part[first + i].v[1] < least ? end->part[first + i].v[1] : least;
        print_level(m, ((total - least) * 8 + total - 1) / total);
    }
    fputc('\n', m->f);
}

static void print_peak(const struct map *m)
{
    const struct thm_event *e = &m->p->peak;
    if (e->type)
        fprintf(m->f, "fullest at %.3f s: %" PRIu64 " bytes free, with %" PRIu64 " for %.40s\n", (double)e->v[0] / 1e9,
                e->v[1], e->v[2], e->name);
}

void thm_heap_map_print(const struct thm_heap_picture *p, const struct thm_heap_picture *end,
                        const struct thm_heap_map_style *style, FILE *f)
{
    struct map m = { .p = p, .style = style, .f = f, .largest = thm_heap_largest_hole(p) };
    if (!p->heap.type)
        return;
    name_owners(&m);
    if (strcmp(p->heap.name, "failed") == 0)
        fprintf(f, "\nHEAP when there was no block for %.40s\n", p->heap.text);
    else
        fputs("\nHEAP at the end of the run\n", f);
    for (size_t i = thm_heap_next_region(p, 0); i < p->count; i = thm_heap_next_region(p, p->part[i].v[0] + 1))
        draw_region(&m, i);
    print_owners(&m);
    print_figures(&m);
    print_gone(&m);
    print_use(&m, end);
    print_peak(&m);
}
