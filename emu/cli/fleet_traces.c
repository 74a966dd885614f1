#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fleet_report.h"
#include "emu/fleet/board_page.h"
#include "emu/fleet/replay.h"
#include "emu/fleet/server.h"

enum { TRACES_MAX = 400 };

/* The slowest, and five of every reason to fail. */
static const char which[] =
    "SELECT id FROM slowest UNION SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY status, fault, step, "
    "reason "
    "ORDER BY id) AS n FROM boards WHERE outcome='failed' AND status>=0) WHERE n<=5 ORDER BY id LIMIT 400";

/* ---- addresses ---- */

static char *folder_of(const char *path)
{
    char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
    if (slash)
        slash[slash == copy] = '\0';
    char *whole = copy ? realpath(slash ? copy : ".", NULL) : NULL;
    free(copy);
    return whole;
}

static void put_address(FILE *f, const char *path)
{
    for (const unsigned char *p = (const unsigned char *)path; *p; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("/-._~", *p))
            fputc(*p, f);
        else
            fprintf(f, "%%%02X", *p);
}

/* From one folder to another, both absolute. */
static void put_way(FILE *f, const char *from, const char *to)
{
    size_t same = 0;
    for (size_t i = 0; from[i] == to[i] || !from[i] || !to[i]; i++) {
        if ((!from[i] || from[i] == '/') && (!to[i] || to[i] == '/'))
            same = i;
        if (!from[i] || !to[i])
            break;
    }
    for (const char *p = from + same; *p; p++)
        if (*p == '/' && p[1])
            fputs("../", f);
    const char *rest = to + same + (to[same] == '/');
    put_address(f, rest);
    fputs(*rest ? "/" : "", f);
}

/* NULL: out of memory, or a folder is not there. */
static char *relative(const char *page, const char *dir)
{
    char *from = folder_of(page), *to = realpath(dir, NULL), *text = NULL;
    size_t len = 0;
    FILE *f = from && to ? open_memstream(&text, &len) : NULL;
    if (f) {
        put_way(f, from, to);
        fclose(f);
    }
    free(from);
    free(to);
    return text;
}

/* ---- one board ---- */

static int write_page(const char *dir, const struct thm_fleet_board_page *p)
{
    char *path = NULL, *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f)
        thm_fleet_board_page_write(f, p);
    int status = !f || fclose(f) != 0 || asprintf(&path, "%s/%u.html", dir, (unsigned)p->row->id) < 0
                     ? thm_fail(THM_EXIT_HOST, "out of memory")
                     : 0;
    if (!status)
        status = thm_write_file(path, text, len);
    free(path);
    free(text);
    return status;
}

static int run_traced(const struct thm_fleet_kit *k, uint32_t id, const char *path, struct thm_report *report,
                      struct thm_fleet_row *row)
{
    FILE *f = fopen(path, "we");
    if (!f)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", path, strerror(errno));
    bool good = thm_fleet_replay(k, id, &(struct thm_fleet_replay){ .trace = f, .report = report }, row);
    good = fclose(f) == 0 && good;
    return good ? 0 : thm_fail(THM_EXIT_HOST, "%s: could not be written: %s", path, strerror(errno));
}

static int trace_board(const struct thm_fleet_kit *k, const char *dir, const struct thm_fleet_row *was,
                       struct thm_report *report)
{
    char *path = NULL;
    struct thm_fleet_row is;
    struct thm_fleet_plan plan;
    const uint32_t id = (uint32_t)was->id;
    if (asprintf(&path, "%s/%u.jsonl", dir, id) < 0)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    thm_fleet_plan(k->fleet, id, &plan);
    thm_report_init(report, k->kinds[plan.group].profile, NULL, NULL);
    int status = run_traced(k, id, path, report, &is);
    if (!status)
        status = write_page(dir, &(struct thm_fleet_board_page){ .row = was,
                                                                 .done = true,
                                                                 .report = report,
                                                                 .difference = thm_fleet_row_difference(was, &is),
                                                                 .trace = strrchr(path, '/') + 1 });
    thm_report_finish(report);
    free(path);
    return status;
}

/* ---- all ---- */

static void take_id(void *ctx, sqlite3_stmt *s)
{
    struct fleet_traces *t = ctx;
    if (t->count < TRACES_MAX)
        t->id[t->count++] = (uint32_t)thm_sqlite.column_int64(s, 0);
}

static int trace_boards(const struct fleet_traces *t, struct thm_fleet_results *r, const struct thm_fleet_kit *k,
                        const char *dir)
{
    struct thm_report *report = malloc(sizeof *report);
    struct thm_fleet_row was;
    char *error = NULL;
    int status = report ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    for (size_t i = 0; !status && i < t->count; i++) {
        status = thm_fleet_results_get(r, t->id[i], &was, &error);
        status = status ? fleet_error(status, error) : trace_board(k, dir, &was, report);
    }
    free(report);
    return status;
}

static int with_server(const struct fleet_traces *t, struct thm_fleet_results *r, const char *dir)
{
    struct thm_fleet_own_server server;
    struct fleet_scenario s;
    char *error = NULL;
    int status = fleet_load_from(&s, r);
    if (!status) {
        status = thm_fleet_engine_serve(&s.kit, s.folder, &server, &error);
        status = status ? fleet_error(status, error) : trace_boards(t, r, &s.kit, dir);
        thm_fleet_server_stop(&server, NULL);
    }
    fleet_unload(&s);
    return status;
}

int fleet_traces_write(struct fleet_traces *t, struct thm_fleet_results *r, const char *dir, const char *page)
{
    int status = thm_make_folder(dir);
    *t = (struct fleet_traces){ .id = calloc(TRACES_MAX, sizeof *t->id) };
    if (!status && !t->id)
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    if (!status)
        status = fleet_read_sql(thm_fleet_results_db(r), which, &(struct fleet_taker){ NULL, take_id, t });
    if (!status && page && !(t->folder = relative(page, dir)))
        status = thm_fail(THM_EXIT_USAGE, "%s: its folder is not there", page);
    return status ? status : with_server(t, r, dir);
}

bool fleet_traces_has(const struct fleet_traces *t, uint32_t id)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->id[i] == id)
            return true;
    return false;
}

void fleet_traces_free(struct fleet_traces *t)
{
    free(t->id);
    free(t->folder);
}
