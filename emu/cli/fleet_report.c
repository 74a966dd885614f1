/* emu/cli/fleet_report.c -- thimble fleet report: the views of a run's database, for people and machines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fleet.h"

static const struct section {
    const char *view, *title;
} sections[] = {
    { "success", "Boards" },
    { "waves", "Rollout" },
    { "failures", "Failures" },
    { "faults", "Faults" },
    { "time_to_update", "Time from a wave's opening to the update" },
    { "memory", "Memory, bytes" },
    { "air", "Over the air" },
    { "polls", "Polls that found nothing" },
    { "labels", "What was inferred" },
    { "wear", "Storage operations" },
    { "energy", "Energy: inference, radio" },
    { "slowest", "Slowest boards" },
};

/* Someone who takes the cells of a view, row by row. */
struct taker {
    void (*head)(void *ctx, sqlite3_stmt *s);
    void (*row)(void *ctx, sqlite3_stmt *s);
    void *ctx;
};

static int read_sql(sqlite3 *db, const char *sql, const struct taker *t)
{
    sqlite3_stmt *s = NULL;
    int code = thm_sqlite.prepare_v2(db, sql, -1, &s, NULL);
    if (code == SQLITE_OK && t->head)
        t->head(t->ctx, s);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = thm_sqlite.step(s);
        if (code == SQLITE_ROW)
            t->row(t->ctx, s);
    }
    thm_sqlite.finalize(s);
    return code == SQLITE_DONE ? 0 : thm_fail(THM_EXIT_HOST, "database: %s", thm_sqlite.errmsg(db));
}

static int read_view(sqlite3 *db, const char *view, const struct taker *t)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT * FROM %s", view);
    return read_sql(db, sql, t);
}

static const char *cell(sqlite3_stmt *s, int i)
{
    const char *text = (const char *)thm_sqlite.column_text(s, i);
    return text ? text : "-";
}

/* ---- for people ---- */

enum { COLUMNS_MAX = 16, WIDTH_MAX = 60 };

struct table {
    int width[COLUMNS_MAX], rows;
    const char *title;
};

static int column_count(sqlite3_stmt *s)
{
    const int n = thm_sqlite.column_count(s);
    return n < COLUMNS_MAX ? n : COLUMNS_MAX;
}

static void widen(struct table *t, int i, const char *text)
{
    const int n = (int)strlen(text) < WIDTH_MAX ? (int)strlen(text) : WIDTH_MAX;
    t->width[i] = n > t->width[i] ? n : t->width[i];
}

static void measure_head(void *ctx, sqlite3_stmt *s)
{
    for (int i = 0; i < column_count(s); i++)
        widen(ctx, i, thm_sqlite.column_name(s, i));
}

static void measure_row(void *ctx, sqlite3_stmt *s)
{
    ((struct table *)ctx)->rows++;
    for (int i = 0; i < column_count(s); i++)
        widen(ctx, i, cell(s, i));
}

static void print_cell(const struct table *t, sqlite3_stmt *s, int i, const char *text)
{
    const bool number = thm_sqlite.column_type(s, i) == SQLITE_INTEGER || thm_sqlite.column_type(s, i) == SQLITE_FLOAT;
    const bool last = i + 1 == column_count(s);
    printf("  %*s", number ? t->width[i] : last ? 0 : -t->width[i], text);
}

static void print_head(void *ctx, sqlite3_stmt *s)
{
    const struct table *t = ctx;
    if (t->rows == 0)
        return;
    printf("\n%s\n", t->title);
    for (int i = 0; i < column_count(s); i++)
        printf("  %-*s", i + 1 == column_count(s) ? 0 : t->width[i], thm_sqlite.column_name(s, i));
    puts("");
}

static void print_row(void *ctx, sqlite3_stmt *s)
{
    for (int i = 0; i < column_count(s); i++)
        print_cell(ctx, s, i, cell(s, i));
    puts("");
}

static int print_text(struct thm_fleet_results *r)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    int status = 0;
    printf("%s, %u boards, seed %u\n", m->file, m->boards, m->seed);
    for (size_t i = 0; !status && i < sizeof sections / sizeof sections[0]; i++) {
        struct table t = { .title = sections[i].title };
        status = read_view(thm_fleet_results_db(r), sections[i].view, &(struct taker){ measure_head, measure_row, &t });
        if (!status)
            status = read_view(thm_fleet_results_db(r), sections[i].view, &(struct taker){ print_head, print_row, &t });
    }
    return status;
}

/* ---- JSON ---- */

static json_t *json_cell(sqlite3_stmt *s, int i)
{
    switch (thm_sqlite.column_type(s, i)) {
    case SQLITE_INTEGER: return json_integer(thm_sqlite.column_int64(s, i));
    case SQLITE_FLOAT: return json_real(thm_sqlite.column_double(s, i));
    case SQLITE_NULL: return json_null();
    default: return json_string(cell(s, i));
    }
}

static void json_row(void *ctx, sqlite3_stmt *s)
{
    json_t *o = json_object();
    for (int i = 0; i < thm_sqlite.column_count(s); i++)
        json_object_set_new(o, thm_sqlite.column_name(s, i), json_cell(s, i));
    json_array_append_new(ctx, o);
}

static int print_json(struct thm_fleet_results *r)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    json_t *o =
        json_pack("{s:s, s:I, s:I}", "scenario", m->file, "boards", (json_int_t)m->boards, "seed", (json_int_t)m->seed);
    int status = 0;
    for (size_t i = 0; !status && i < sizeof sections / sizeof sections[0]; i++) {
        json_t *rows = json_array();
        status = read_view(thm_fleet_results_db(r), sections[i].view, &(struct taker){ NULL, json_row, rows });
        json_object_set_new(o, sections[i].view, rows);
    }
    if (!status && (!o || json_dumpf(o, stdout, JSON_INDENT(2)) < 0))
        status = thm_fail(THM_EXIT_HOST, "the JSON could not be written");
    puts("");
    json_decref(o);
    return status;
}

/* ---- XML ---- */

/* For HTML and XML 1.0, in text and in attributes. */
static void put_escaped(FILE *f, const char *text)
{
    static const char *const entities[] = { ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;" };
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < sizeof entities / sizeof entities[0] && entities[*p])
            fputs(entities[*p], f);
        else
            fputc(*p < 0x20 ? '?' : *p, f);
}

static void junit_case(void *ctx, sqlite3_stmt *s)
{
    FILE *f = ctx;
    fputs("  <testcase classname=\"", f);
    put_escaped(f, cell(s, 1));
    fprintf(f, "\" name=\"board %s\" time=\"%.6f\"", cell(s, 0), thm_sqlite.column_double(s, 2) / 1e9);
    if (strcmp(cell(s, 3), "updated") == 0) {
        fputs("/>\n", f);
        return;
    }
    const char *element = strcmp(cell(s, 3), "failed") == 0 ? "failure" : "skipped";
    fprintf(f, ">\n    <%s message=\"", element);
    put_escaped(f, *cell(s, 4) ? cell(s, 4) : cell(s, 3));
    fputs("\"/>\n  </testcase>\n", f);
}

static void junit_suite(void *ctx, sqlite3_stmt *s)
{
    fprintf(ctx, " tests=\"%s\" failures=\"%s\" skipped=\"%s\">\n", cell(s, 0), cell(s, 1), cell(s, 2));
}

static int write_junit(struct thm_fleet_results *r, FILE *f)
{
    sqlite3 *db = thm_fleet_results_db(r);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", f);
    put_escaped(f, thm_fleet_results_meta(r)->file);
    fputs("\"", f);
    int status = read_sql(db,
                          "SELECT count(*), coalesce(sum(outcome='failed'),0), "
                          "coalesce(sum(outcome NOT IN ('failed','updated')),0) FROM boards",
                          &(struct taker){ NULL, junit_suite, f });
    if (!status)
        status = read_sql(db, "SELECT id, grp, device_ns, outcome, message FROM boards ORDER BY id",
                          &(struct taker){ NULL, junit_case, f });
    fputs("</testsuite>\n", f);
    return status;
}

/* ---- HTML ---- */

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;"
    "background:#fff}table{border-collapse:collapse;display:block;overflow-x:auto}th,td{padding:.2rem .7rem;"
    "border-bottom:1px solid #d0d7de;text-align:left;vertical-align:top}td.n{text-align:right;"
    "font-variant-numeric:tabular-nums}h2{margin-top:2rem}svg{width:100%;height:14rem}code{font-size:.9em}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td{border-color:#30363d}}";

static void html_head(void *ctx, sqlite3_stmt *s)
{
    fputs("<table><tr>", ctx);
    for (int i = 0; i < thm_sqlite.column_count(s); i++) {
        fputs("<th>", ctx);
        put_escaped(ctx, thm_sqlite.column_name(s, i));
        fputs("</th>", ctx);
    }
    fputs("</tr>\n", ctx);
}

static void html_row(void *ctx, sqlite3_stmt *s)
{
    fputs("<tr>", ctx);
    for (int i = 0; i < thm_sqlite.column_count(s); i++) {
        fputs(thm_sqlite.column_type(s, i) == SQLITE_TEXT ? "<td>" : "<td class=n>", ctx);
        put_escaped(ctx, cell(s, i));
        fputs("</td>", ctx);
    }
    fputs("</tr>\n", ctx);
}

struct curve {
    FILE *f;
    double boards, seconds, sum;
};

static void curve_size(void *ctx, sqlite3_stmt *s)
{
    struct curve *c = ctx;
    c->boards = thm_sqlite.column_double(s, 0);
    c->seconds = thm_sqlite.column_double(s, 1);
}

static void curve_point(void *ctx, sqlite3_stmt *s)
{
    struct curve *c = ctx;
    const double x = c->seconds > 0 ? thm_sqlite.column_double(s, 0) / c->seconds * 1000 : 0;
    fprintf(c->f, "H%.2f", x);
    c->sum += thm_sqlite.column_double(s, 1);
    fprintf(c->f, "V%.2f", 200 - c->sum / c->boards * 200);
}

/* Boards that have the update, over the fleet's time. */
static int write_curve(sqlite3 *db, FILE *f)
{
    struct curve c = { .f = f };
    int status = read_sql(db, "SELECT max(1,count(*)), max(1,coalesce(max(updated_ms)/1000,1)) FROM boards",
                          &(struct taker){ NULL, curve_size, &c });
    fprintf(f, "<h2>Boards with the update</h2><svg viewBox='-2 -4 1004 208' preserveAspectRatio=none><path fill=none "
               "stroke='#1f6feb' stroke-width=2 vector-effect=non-scaling-stroke d='M0 200");
    if (!status)
        status = read_view(db, "rollout", &(struct taker){ NULL, curve_point, &c });
    fprintf(f, "H1000'/></svg><p>%.0f of %.0f boards within %.0f s.</p>\n", c.sum, c.boards, c.seconds);
    return status;
}

static int write_html(struct thm_fleet_results *r, FILE *f)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    sqlite3 *db = thm_fleet_results_db(r);
    fprintf(f,
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<title>fleet</title><style>%s</style>\n<h1>",
            style);
    put_escaped(f, m->file);
    fprintf(f,
            "</h1><p>%u boards, seed %u. <code>thimble fleet replay DATABASE --board ID --trace FILE</code> runs "
            "one of them again.</p>\n",
            m->boards, m->seed);
    int status = write_curve(db, f);
    for (size_t i = 0; !status && i < sizeof sections / sizeof sections[0]; i++) {
        fprintf(f, "<h2>%s</h2>", sections[i].title);
        status = read_view(db, sections[i].view, &(struct taker){ html_head, html_row, f });
        fputs("</table>\n", f);
    }
    fputs("</html>\n", f);
    return status;
}

/* ---- files ---- */

static int write_to(struct thm_fleet_results *r, const char *path, int (*write)(struct thm_fleet_results *, FILE *))
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&bytes, &len);
    int status = f ? write(r, f) : 0;
    if (!f || fclose(f) != 0)
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    if (!status)
        status = thm_write_file(path, bytes, len);
    free(bytes);
    return status;
}

int fleet_report(const struct fleet_options *o, int argc, char **argv)
{
    struct thm_fleet_results *r;
    (void)argc;
    int status = fleet_open(&r, argv[0], false);
    if (status)
        return status;
    if (o->junit)
        status = write_to(r, o->junit, write_junit);
    if (!status && o->html)
        status = write_to(r, o->html, write_html);
    if (!status && (o->json || (!o->junit && !o->html)))
        status = o->json ? print_json(r) : print_text(r);
    thm_fleet_results_close(r);
    return status;
}
