/* emu/cli/fleet_report.c -- thimble fleet report: the views of a run's database, for people and machines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fleet_report.h"
#include "emu/report/svg.h"

const struct fleet_section fleet_sections[] = {
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
    { 0 },
};

int fleet_read_sql(sqlite3 *db, const char *sql, const struct fleet_taker *t)
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

int fleet_read_view(sqlite3 *db, const char *view, const struct fleet_taker *t)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT * FROM %s", view);
    return fleet_read_sql(db, sql, t);
}

const char *fleet_cell(sqlite3_stmt *s, int i)
{
    const char *text = (const char *)thm_sqlite.column_text(s, i);
    return text ? text : "-";
}

/* ---- which views ---- */

struct choice { /* 0: all */
    char **view;
    int count;
};

static bool is_chosen(const struct choice *c, const char *view)
{
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->view[i], view) == 0)
            return true;
    return c->count == 0;
}

static int check_choice(const struct choice *c)
{
    for (int i = 0; i < c->count; i++) {
        size_t n = 0;
        while (fleet_sections[n].view && strcmp(fleet_sections[n].view, c->view[i]) != 0)
            n++;
        if (!fleet_sections[n].view)
            return thm_fail(THM_EXIT_USAGE, "unknown view '%s'; thimble-fleet(1) lists them", c->view[i]);
    }
    return 0;
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
        widen(ctx, i, fleet_cell(s, i));
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
        print_cell(ctx, s, i, fleet_cell(s, i));
    puts("");
}

static int print_text(struct thm_fleet_results *r, const struct choice *c)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    int status = 0;
    printf("%s, %u boards, seed %u\n", m->file, m->boards, m->seed);
    for (size_t i = 0; !status && fleet_sections[i].view; i++) {
        struct table t = { .title = fleet_sections[i].title };
        if (!is_chosen(c, fleet_sections[i].view))
            continue;
        status = fleet_read_view(thm_fleet_results_db(r), fleet_sections[i].view,
                                 &(struct fleet_taker){ measure_head, measure_row, &t });
        if (!status)
            status = fleet_read_view(thm_fleet_results_db(r), fleet_sections[i].view,
                                     &(struct fleet_taker){ print_head, print_row, &t });
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
    default: return json_string(fleet_cell(s, i));
    }
}

static void json_row(void *ctx, sqlite3_stmt *s)
{
    json_t *o = json_object();
    for (int i = 0; i < thm_sqlite.column_count(s); i++)
        json_object_set_new(o, thm_sqlite.column_name(s, i), json_cell(s, i));
    json_array_append_new(ctx, o);
}

static int print_json(struct thm_fleet_results *r, const struct choice *c)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    json_t *o =
        json_pack("{s:s, s:I, s:I}", "scenario", m->file, "boards", (json_int_t)m->boards, "seed", (json_int_t)m->seed);
    int status = 0;
    for (size_t i = 0; !status && fleet_sections[i].view; i++) {
        if (!is_chosen(c, fleet_sections[i].view))
            continue;
        json_t *rows = json_array();
        status = fleet_read_view(thm_fleet_results_db(r), fleet_sections[i].view,
                                 &(struct fleet_taker){ NULL, json_row, rows });
        json_object_set_new(o, fleet_sections[i].view, rows);
    }
    if (!status && (!o || json_dumpf(o, stdout, JSON_INDENT(2)) < 0))
        status = thm_fail(THM_EXIT_HOST, "the JSON could not be written");
    puts("");
    json_decref(o);
    return status;
}

/* ---- XML ---- */

static void junit_case(void *ctx, sqlite3_stmt *s)
{
    FILE *f = ctx;
    fputs("  <testcase classname=\"", f);
    thm_xml_text(f, fleet_cell(s, 1));
    fprintf(f, "\" name=\"board %s\" time=\"%.6f\"", fleet_cell(s, 0), thm_sqlite.column_double(s, 2) / 1e9);
    if (strcmp(fleet_cell(s, 3), "updated") == 0) {
        fputs("/>\n", f);
        return;
    }
    const char *element = strcmp(fleet_cell(s, 3), "failed") == 0 ? "failure" : "skipped";
    fprintf(f, ">\n    <%s message=\"", element);
    thm_xml_text(f, *fleet_cell(s, 4) ? fleet_cell(s, 4) : fleet_cell(s, 3));
    fputs("\"/>\n  </testcase>\n", f);
}

static void junit_suite(void *ctx, sqlite3_stmt *s)
{
    fprintf(ctx, " tests=\"%s\" failures=\"%s\" skipped=\"%s\">\n", fleet_cell(s, 0), fleet_cell(s, 1),
            fleet_cell(s, 2));
}

static int write_junit(struct thm_fleet_results *r, const struct fleet_traces *traces, FILE *f)
{
    sqlite3 *db = thm_fleet_results_db(r);
    (void)traces;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", f);
    thm_xml_text(f, thm_fleet_results_meta(r)->file);
    fputs("\"", f);
    int status = fleet_read_sql(db,
                                "SELECT count(*), coalesce(sum(outcome='failed'),0), "
                                "coalesce(sum(outcome NOT IN ('failed','updated')),0) FROM boards",
                                &(struct fleet_taker){ NULL, junit_suite, f });
    if (!status)
        status = fleet_read_sql(db, "SELECT id, grp, device_ns, outcome, message FROM boards ORDER BY id",
                                &(struct fleet_taker){ NULL, junit_case, f });
    fputs("</testsuite>\n", f);
    return status;
}

/* ---- files ---- */

static int write_to(struct thm_fleet_results *r, const char *path, const struct fleet_traces *traces,
                    int (*write)(struct thm_fleet_results *, const struct fleet_traces *, FILE *))
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&bytes, &len);
    int status = f ? write(r, traces, f) : 0;
    if (!f || fclose(f) != 0)
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    if (!status)
        status = thm_write_file(path, bytes, len);
    free(bytes);
    return status;
}

int fleet_report(const struct fleet_options *o, int argc, char **argv)
{
    struct fleet_traces traces = { 0 };
    struct thm_fleet_results *r;
    const struct choice c = { argv + 1, argc - 1 };
    int status = check_choice(&c);
    if (!status)
        status = fleet_open(&r, argv[0], false);
    if (status)
        return status;
    if (o->traces)
        status = fleet_traces_write(&traces, r, o->traces, o->html);
    if (!status && o->junit)
        status = write_to(r, o->junit, NULL, write_junit);
    if (!status && o->html)
        status = write_to(r, o->html, &traces, fleet_page_write);
    if (!status && (o->json || (!o->junit && !o->html)))
        status = o->json ? print_json(r, &c) : print_text(r, &c);
    fleet_traces_free(&traces);
    thm_fleet_results_close(r);
    return status;
}
