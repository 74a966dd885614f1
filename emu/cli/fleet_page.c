/* emu/cli/fleet_page.c -- thimble fleet report --html: one page that needs nothing else, except for boards' traces. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fleet_report.h"
#include "emu/fleet/board_page.h"
#include "emu/report/svg.h"

enum { WIDTH = 720, HEIGHT = 190, LEFT = 62, TOP = 8, BOTTOM = 22, BINS = 48, CURVE_BINS = 200, GROUPS_MAX = 8 };

struct page {
    FILE *f;
    sqlite3 *db;
    const struct fleet_traces *traces;
};

static void element(FILE *f, const char *name, const char *text)
{
    fprintf(f, "<%s>", name);
    thm_xml_text(f, text);
    fprintf(f, "</%s>", name);
}

/* A number of a board, as a link if it has a trace. */
static void board_link(const struct page *p, const char *number)
{
    const uint32_t id = (uint32_t)strtoul(number, NULL, 10);
    const bool has = p->traces->folder && fleet_traces_has(p->traces, id);
    if (has)
        fprintf(p->f, "<a href=\"%s%u.html\">", p->traces->folder, id);
    thm_xml_text(p->f, number);
    fputs(has ? "</a>" : "", p->f);
}

/* ---- views as tables ---- */

static void table_head(void *ctx, sqlite3_stmt *s)
{
    const struct page *p = ctx;
    fputs("<div class=\"wide\"><table><tr>", p->f);
    for (int i = 0; i < thm_sqlite.column_count(s); i++)
        element(p->f, "th", thm_sqlite.column_name(s, i));
    fputs("</tr>\n", p->f);
}

static void table_row(void *ctx, sqlite3_stmt *s)
{
    const struct page *p = ctx;
    fputs("<tr>", p->f);
    for (int i = 0; i < thm_sqlite.column_count(s); i++) {
        const char *name = thm_sqlite.column_name(s, i);
        fputs(thm_sqlite.column_type(s, i) == SQLITE_TEXT ? "<td>" : "<td class=\"n\">", p->f);
        if (strcmp(name, "id") == 0 || strcmp(name, "example") == 0)
            board_link(p, fleet_cell(s, i));
        else
            thm_xml_text(p->f, fleet_cell(s, i));
        fputs("</td>", p->f);
    }
    fputs("</tr>\n", p->f);
}

static int tables(struct page *p)
{
    int status = 0;
    for (size_t i = 0; !status && fleet_sections[i].view; i++) {
        if (strcmp(fleet_sections[i].view, "failures") == 0)
            continue; /* told above */
        element(p->f, "h2", fleet_sections[i].title);
        status = fleet_read_view(p->db, fleet_sections[i].view, &(struct fleet_taker){ table_head, table_row, p });
        fputs("</table></div>\n", p->f);
    }
    return status;
}

/* ---- charts ---- */

/* "90 s", "2.5 h" */
static void time_text(double ms, char *buf, size_t size)
{
    static const struct {
        double ms, below;
        const char *unit;
    } units[] = {
        { 1000, 120e3, "s" }, { 60e3, 7200e3, "min" }, { 3600e3, 172800e3, "h" }, { 86400e3, INFINITY, "d" }
    };
    size_t i = 0;
    while (ms >= units[i].below)
        i++;
    snprintf(buf, size, "%.3g %s", ms / units[i].ms, units[i].unit);
}

static void number_text(double v, char *buf, size_t size)
{
    snprintf(buf, size, "%.10g", v < 100 ? round(v * 100) / 100 : round(v));
}

typedef void unit_text(double v, char *buf, size_t size);

static double x_of(double part)
{
    return LEFT + (WIDTH - LEFT - 8) * part;
}

static double y_of(double part)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - part);
}

/* Lines at nothing, half and most; the ends of what lies to the right. */
static void axes(FILE *f, double most, double from, double to, unit_text *unit)
{
    char text[32];
    for (int i = 0; i <= 2; i++) {
        thm_svg_line(f, LEFT, y_of(i / 2.0), WIDTH - 8, y_of(i / 2.0), "axis");
        number_text(most * i / 2, text, sizeof text);
        thm_svg_text(f, LEFT - 6, y_of(i / 2.0) + 4, "end", text);
        unit(from + (to - from) * i / 2, text, sizeof text);
        thm_svg_text(f, x_of(i / 2.0), HEIGHT - 5, i == 0 ? "start" : i == 1 ? "middle" : "end", text);
    }
}

static void bar(FILE *f, double x1, double x2, double from, double to, const char *colour, const char *title)
{
    if (to > from)
        thm_svg_rect(f, x1, y_of(to), x2 - x1, y_of(from) - y_of(to), colour, title);
}

/* ---- the rollout ---- */

struct curve {
    double ms, boards, updated[CURVE_BINS], failed[CURVE_BINS];
};

static void curve_size(void *ctx, sqlite3_stmt *s)
{
    struct curve *c = ctx;
    c->boards = thm_sqlite.column_double(s, 0);
    c->ms = thm_sqlite.column_double(s, 1);
}

static void curve_bin(void *ctx, sqlite3_stmt *s)
{
    struct curve *c = ctx;
    const double at = thm_sqlite.column_double(s, 0) / c->ms * CURVE_BINS;
    const size_t bin = at >= CURVE_BINS ? CURVE_BINS - 1 : at > 0 ? (size_t)at : 0;
    c->updated[bin] += thm_sqlite.column_double(s, 1);
    c->failed[bin] += thm_sqlite.column_double(s, 2);
}

static void draw_curve(FILE *f, const struct curve *c)
{
    double updated = 0, failed = 0;
    fputs("<div class=\"wide plot\">", f);
    thm_svg_begin(f, THM_SVG_IN_PAGE, WIDTH, HEIGHT,
                  "boards that have the update, and that failed to get it, over time");
    axes(f, c->boards, 0, c->ms, time_text);
    for (int i = 0; i < CURVE_BINS; i++) {
        char title[96], when[32];
        updated += c->updated[i];
        failed += c->failed[i];
        time_text(c->ms * (i + 1) / CURVE_BINS, when, sizeof when);
        snprintf(title, sizeof title, "%s: %.0f updated, %.0f failed", when, updated, failed);
        const double x1 = x_of((double)i / CURVE_BINS), x2 = x_of((double)(i + 1) / CURVE_BINS);
        bar(f, x1, x2, 0, updated / c->boards, "flat c8", title);
        bar(f, x1, x2, updated / c->boards, (updated + failed) / c->boards, "flat c5", title);
    }
    thm_svg_end(f);
    fputs("</div>\n", f);
    fputs("<p class=\"soft\">", f);
    thm_svg_key(f, "c8");
    fprintf(f, "%.0f updated ", updated);
    thm_svg_key(f, "c5");
    fprintf(f, "%.0f failed, of %.0f boards</p>\n", failed, c->boards);
}

static int rollout(struct page *p)
{
    static const char size[] = "SELECT max(1,count(*)), max(1,coalesce(max(coalesce(updated_ms, ended_ms)),1)) FROM "
                               "boards WHERE outcome<>'untouched'";
    static const char bins[] = "SELECT coalesce(updated_ms, ended_ms) AS at, sum(outcome='updated'), "
                               "sum(outcome='failed') FROM boards WHERE outcome IN ('updated','failed') GROUP BY at";
    struct curve c = { .ms = 1, .boards = 1 };
    element(p->f, "h2", "Boards with the update, over fleet time");
    int status = fleet_read_sql(p->db, size, &(struct fleet_taker){ NULL, curve_size, &c });
    if (!status)
        status = fleet_read_sql(p->db, bins, &(struct fleet_taker){ NULL, curve_bin, &c });
    draw_curve(p->f, &c);
    return status;
}

/* ---- failures ---- */

struct reasons {
    struct page *p;
    double most;
};

static void reason_row(void *ctx, sqlite3_stmt *s)
{
    struct reasons *r = ctx;
    FILE *f = r->p->f;
    const double boards = thm_sqlite.column_double(s, 0);
    r->most = r->most < boards ? boards : r->most;
    fprintf(f, "<li><b>%.0f</b> ", boards);
    thm_xml_text(f, fleet_cell(s, 1));
    fputs(" <span class=\"soft\">(", f);
    thm_xml_text(f, fleet_cell(s, 2));
    fputs("); boards ", f);
    char ids[256], *rest = ids;
    snprintf(ids, sizeof ids, "%s", fleet_cell(s, 3));
    for (const char *id; (id = strsep(&rest, ",")) != NULL;) {
        board_link(r->p, id);
        fputs(rest ? ", " : "", f);
    }
    fputs("</span>", f);
    thm_svg_begin(f, THM_SVG_IN_PAGE, WIDTH, 6, "share");
    thm_svg_rect(f, 0, 0, WIDTH * boards / r->most, 6, "c5", NULL);
    thm_svg_end(f);
    fputs("</li>\n", f);
}

static int failures(struct page *p)
{
    static const char sql[] =
        "WITH n AS (SELECT *, row_number() OVER w AS n, count(*) OVER (PARTITION BY status, fault, step, reason) AS "
        "boards "
        "FROM boards WHERE outcome='failed' WINDOW w AS (PARTITION BY status, fault, step, reason ORDER BY id)) "
        "SELECT boards, reason, 'status '||status||', '||step||CASE fault WHEN '' THEN '' ELSE ', fault '||fault END, "
        "group_concat(id,',') FROM n WHERE n<=5 GROUP BY status, fault, step, reason ORDER BY boards DESC, min(id)";
    struct reasons r = { .p = p, .most = 1 };
    fputs("<h2>Failures by reason</h2>\n<ol class=\"reasons\">\n", p->f);
    int status = fleet_read_sql(p->db, sql, &(struct fleet_taker){ NULL, reason_row, &r });
    fputs("</ol>\n", p->f);
    return status;
}

/* ---- distributions ---- */

static const struct quantity {
    const char *title, *value, *where; /* SQL of a row's value, and of the rows that have one */
    unit_text *unit;
} quantities[] = {
    { "Time from the wave's opening to the update", "updated_ms-opened_ms", "updated_ms IS NOT NULL", time_text },
    { "Least free heap, bytes", "heap_low_water", "heap_low_water IS NOT NULL", number_text },
    { "Bytes over the air", "bytes_received", "status>=0 AND bytes_received IS NOT NULL", number_text },
    { "Energy of inference, microjoules", "energy_uj", "energy_uj IS NOT NULL", number_text },
};

static const char *const group_colours[GROUPS_MAX] = { "c2", "c5", "c8", "c9", "c4", "c12", "c3", "c7" };

struct histogram {
    const struct quantity *q;
    double from, to, boards, count[GROUPS_MAX][BINS];
    char group[GROUPS_MAX][64]; /* the last stands for all that come after */
    size_t groups;
};

static void histogram_size(void *ctx, sqlite3_stmt *s)
{
    struct histogram *h = ctx;
    h->boards = thm_sqlite.column_double(s, 0);
    h->from = thm_sqlite.column_double(s, 1);
    h->to = thm_sqlite.column_double(s, 2);
}

static size_t group_of(struct histogram *h, const char *name)
{
    size_t i = 0;
    while (i < h->groups && strcmp(h->group[i], name) != 0)
        i++;
    if (i == GROUPS_MAX)
        return GROUPS_MAX - 1;
    if (i == h->groups)
        snprintf(h->group[h->groups++], sizeof h->group[0], "%s", name);
    return i;
}

static void histogram_row(void *ctx, sqlite3_stmt *s)
{
    struct histogram *h = ctx;
    char name[sizeof h->group[0]];
    snprintf(name, sizeof name, "%s", fleet_cell(s, 0));
    const double part = h->to > h->from ? (thm_sqlite.column_double(s, 1) - h->from) / (h->to - h->from) : 0;
    const size_t bin = part >= 1 ? BINS - 1 : (size_t)(part * BINS);
    h->count[group_of(h, name)][bin] += thm_sqlite.column_double(s, 2);
}

static double highest(const struct histogram *h)
{
    double most = 1;
    for (size_t b = 0; b < BINS; b++) {
        double sum = 0;
        for (size_t g = 0; g < h->groups; g++)
            sum += h->count[g][b];
        most = sum > most ? sum : most;
    }
    return most;
}

static void draw_bin(FILE *f, const struct histogram *h, size_t b, double most)
{
    double below = 0;
    char lo[32], hi[32], title[192];
    h->q->unit(h->from + (h->to - h->from) * (double)b / BINS, lo, sizeof lo);
    h->q->unit(h->from + (h->to - h->from) * (double)(b + 1) / BINS, hi, sizeof hi);
    for (size_t g = 0; g < h->groups; g++) {
        snprintf(title, sizeof title, "%s to %s: %.0f of %s", lo, hi, h->count[g][b], h->group[g]);
        bar(f, x_of((double)b / BINS), x_of((double)(b + 1) / BINS), below / most, (below + h->count[g][b]) / most,
            group_colours[g], title);
        below += h->count[g][b];
    }
}

static void draw_histogram(FILE *f, const struct histogram *h)
{
    const double most = highest(h);
    element(f, "h3", h->q->title);
    fputs("<div class=\"wide plot\">", f);
    thm_svg_begin(f, THM_SVG_IN_PAGE, WIDTH, HEIGHT, h->q->title);
    axes(f, most, h->from, h->to, h->q->unit);
    for (size_t b = 0; b < BINS; b++)
        draw_bin(f, h, b, most);
    thm_svg_end(f);
    fputs("</div>\n<p class=\"soft\">", f);
    for (size_t g = 0; g < h->groups; g++) {
        thm_svg_key(f, group_colours[g]);
        thm_xml_text(f, h->group[g]);
        fputs(" ", f);
    }
    fprintf(f, "(%.0f boards)</p>\n", h->boards);
}

static int distribution(struct page *p, const struct quantity *q)
{
    struct histogram h = { .q = q };
    char sql[512];
    snprintf(sql, sizeof sql, "SELECT count(*), min(%s), max(%s) FROM boards WHERE %s", q->value, q->value, q->where);
    int status = fleet_read_sql(p->db, sql, &(struct fleet_taker){ NULL, histogram_size, &h });
    snprintf(sql, sizeof sql, "SELECT grp, %s AS v, count(*) FROM boards WHERE %s GROUP BY grp, v ORDER BY min(id)",
             q->value, q->where);
    if (!status && h.boards > 0)
        status = fleet_read_sql(p->db, sql, &(struct fleet_taker){ NULL, histogram_row, &h });
    if (!status && h.boards > 0)
        draw_histogram(p->f, &h);
    return status;
}

static int distributions(struct page *p)
{
    int status = 0;
    element(p->f, "h2", "Distributions");
    for (size_t i = 0; !status && i < sizeof quantities / sizeof quantities[0]; i++)
        status = distribution(p, &quantities[i]);
    return status;
}

/* ---- the page ---- */

static void heading(struct page *p, const struct thm_fleet_meta *m)
{
    element(p->f, "h1", m->file);
    fprintf(p->f, "<p class=\"soft\">%u boards, seed %u. ", m->boards, m->seed);
    if (p->traces->folder)
        fputs("A board's number leads to what it did.</p>\n", p->f);
    else
        fputs("<code>--traces DIR</code> adds what the slowest and the broken boards did; <code>thimble fleet replay "
              "DATABASE --board ID --trace FILE</code> runs any of them again.</p>\n",
              p->f);
}

int fleet_page_write(struct thm_fleet_results *r, const struct fleet_traces *t, FILE *f)
{
    struct page p = { f, thm_fleet_results_db(r), t };
    char title[128];
    snprintf(title, sizeof title, "thimble fleet: %.100s", thm_fleet_results_meta(r)->file);
    thm_fleet_page_begin(f, title);
    heading(&p, thm_fleet_results_meta(r));
    int status = rollout(&p);
    status = status ? status : failures(&p);
    status = status ? status : distributions(&p);
    status = status ? status : tables(&p);
    thm_fleet_page_end(f);
    return status;
}
