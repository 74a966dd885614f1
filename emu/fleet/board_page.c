#include "emu/fleet/board_page.h"
#include <inttypes.h>
#include <string.h>
#include "emu/fleet/state.h"
#include "emu/report/svg.h"

static void cell(FILE *f, const char *name, const char *text)
{
    fprintf(f, "<%s>", name);
    thm_xml_text(f, text);
    fprintf(f, "</%s>", name);
}

/* ---- what became of it ---- */

static void fact(FILE *f, const char *name, const char *help, const char *value)
{
    fputs("<tr><th title=\"", f);
    thm_xml_text(f, help);
    fputs("\">", f);
    for (const char *p = name; *p; p++)
        fputc(*p == '_' ? ' ' : *p, f);
    fputs("</th>", f);
    cell(f, "td", value);
    fputs("</tr>\n", f);
}

static bool int_text(int64_t v, char *buf, size_t size)
{
    snprintf(buf, size, "%" PRId64, v);
    return v >= 0;
}

static bool real_text(double v, char *buf, size_t size)
{
    snprintf(buf, size, "%.6g", v);
    return v >= 0;
}

static bool text_text(const char *v, char *buf, size_t size)
{
    snprintf(buf, size, "%s", v);
    return *v != '\0';
}

/* What the heading has is not told twice. */
static bool is_in_heading(const char *name)
{
    static const char *const names[] = { "id", "grp", "board", "outcome", "message", "reason" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void facts(FILE *f, const struct thm_fleet_row *row)
{
    char buf[THM_FLEET_TEXT_MAX];
    fputs("<div class=\"wide\"><table class=\"facts\">\n", f);
#define TO_INT  int_text
#define TO_TEXT text_text
#define TO_REAL real_text
#define X(kind, name, help)                                             \
    if (!is_in_heading(#name) && TO_##kind(row->name, buf, sizeof buf)) \
        fact(f, #name, help, buf);
    THM_FLEET_COLUMNS(X)
#undef X
    fputs("</table></div>\n", f);
}

static void heading(FILE *f, const struct thm_fleet_board_page *p)
{
    const char *outcome = p->done ? p->row->outcome : "waiting";
    fprintf(f, "<h2>Board %" PRId64 " <span class=\"badge %s\">%s</span></h2>\n<p>", p->row->id, outcome, outcome);
    thm_xml_text(f, p->row->grp);
    fputs(", ", f);
    thm_xml_text(f, p->row->board);
    fputs("</p>\n", f);
    if (*p->row->message) {
        fputs("<p class=\"message\">", f);
        thm_xml_text(f, p->row->message);
        fputs("</p>\n", f);
    }
    if (p->difference)
        fprintf(f, "<p class=\"message\">Run again it is not as it was: %s differs.</p>\n", p->difference);
}

/* ---- what it did ---- */

/* Of step i, in the time line and the table. */
static const char *step_colour(unsigned i)
{
    static const char *const colours[] = { "c3", "c2", "c5", "c8", "c4", "c12", "c9", "c7" };
    return colours[i % (sizeof colours / sizeof colours[0])];
}

static void step_row(FILE *f, const struct thm_event *e, const char *colour)
{
    fprintf(f, "<tr><td>%.3f</td>", (double)e->t_ns / 1e9);
    fputs("<td>", f);
    thm_svg_key(f, colour);
    thm_xml_text(f, e->name);
    fputs("</td>", f);
    fprintf(f, "<td>%.3f</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>", (double)e->v[0] / 1e6, e->v[1], e->v[3]);
    if (e->v[5])
        fprintf(f, "%" PRIu64, e->v[4]);
    fputs("</td>", f);
    cell(f, "td", e->text);
    fputs("</tr>\n", f);
}

static void failed_row(FILE *f, const struct thm_event *e)
{
    fprintf(f, "<tr class=\"failed\"><td>%.3f</td>", (double)e->t_ns / 1e9);
    cell(f, "td", e->name);
    fputs("<td></td><td></td><td></td><td></td><td>failed</td></tr>\n", f); /* the message is in the heading */
}

/* Device time from left to right, a colour a step. */
static void time_line(FILE *f, const struct thm_report *r)
{
    const double total = r->ns > 0 ? (double)r->ns : 1;
    char title[96];
    thm_svg_begin(f, THM_SVG_IN_PAGE, 640, 20, "steps over device time");
    thm_svg_rect(f, 0, 0, 640, 20, "free", NULL);
    for (unsigned i = 0; i < r->steps; i++) {
        const struct thm_event *e = &r->step[i];
        const double end = (double)e->t_ns / total, len = (double)e->v[0] / total;
        snprintf(title, sizeof title, "%s: %.3f ms, until %.3f s", e->name, (double)e->v[0] / 1e6,
                 (double)e->t_ns / 1e9);
        if (end <= 1 && len <= end)
            thm_svg_rect(f, (end - len) * 640, 0, len * 640, 20, step_colour(i), title);
    }
    thm_svg_end(f);
    fprintf(f, "<p class=\"soft\">%.3f s of device time</p>\n", (double)r->ns / 1e9);
}

static void steps(FILE *f, const struct thm_report *r)
{
    fputs("<h3>Steps</h3>\n", f);
    time_line(f, r);
    fputs("<div class=\"wide\"><table class=\"steps\"><tr><th>device "
          "s</th><th>step</th><th>ms</th><th>heap "
          "free</th><th>low water</th><th>storage</th><th>what</th></tr>\n",
          f);
    for (unsigned i = 0; i < r->steps; i++)
        step_row(f, &r->step[i], step_colour(i));
    if (r->has[THM_EV_FAILED])
        failed_row(f, &r->failed);
    fputs("</table></div>\n", f);
}

static void log_lines(FILE *f, const struct thm_report *r)
{
    size_t i;
    json_t *line;
    if (!r->log || json_array_size(r->log) == 0)
        return;
    fputs("<details><summary>What it printed</summary><pre>", f);
    json_array_foreach(r->log, i, line)
    {
        const char *text = json_string_value(json_object_get(line, "line"));
        thm_xml_text(f, text ? text : "");
        fputc('\n', f);
    }
    fputs("</pre></details>\n", f);
}

void thm_fleet_board_write(FILE *f, const struct thm_fleet_board_page *p)
{
    fputs("<article class=\"board\">\n", f);
    heading(f, p);
    if (p->trace) {
        fputs("<p><a href=\"", f);
        thm_xml_text(f, p->trace);
        fputs("\">Its trace</a>: every event as a line of JSON.</p>\n", f);
    }
    if (p->report) {
        steps(f, p->report);
        log_lines(f, p->report);
        thm_heap_map_html(thm_report_heap(p->report), &p->report->end_heap, f);
    }
    fputs("<h3>Figures</h3>\n", f);
    facts(f, p->row);
    fputs("</article>\n", f);
}

/* ---- a page of its own ---- */

void thm_fleet_page_begin(FILE *f, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
          "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>",
          f);
    thm_xml_text(f, title);
    fprintf(f, "</title>\n<style>%s%s</style></head><body>\n", thm_svg_style, thm_fleet_page_style);
}

void thm_fleet_page_end(FILE *f)
{
    fputs("</body></html>\n", f);
}

void thm_fleet_board_page_write(FILE *f, const struct thm_fleet_board_page *p)
{
    char title[64];
    snprintf(title, sizeof title, "Board %" PRId64, p->row->id);
    thm_fleet_page_begin(f, title);
    thm_fleet_board_write(f, p);
    thm_fleet_page_end(f);
}
