/* emu/fleet/dashboard_summary.c -- the figures: states as they are, results as the database has them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "emu/fleet/dashboard_internal.h"
#include "emu/fleet/results.h"

enum { SAMPLES = sizeof((struct thm_dashboard_summary *)0)->sample / sizeof(uint32_t) };

#define PAUSE       1.0  /* seconds between questions to the database, */
#define PAUSE_TIMES 20.0 /* and at least so many times as long as they took */

/* Views and questions that are told row by row. */
static const struct {
    const char *name, *sql;
} questions[] = {
    { "groups", "SELECT * FROM success" },
    { "waves", "SELECT * FROM waves" },
    { "failures", "SELECT * FROM failures LIMIT 50" },
    /* a hundredth of the time that has come up; boards that had it, boards that failed to have it */
    { "curve",
      "WITH ends AS (SELECT outcome='updated' AS good, coalesce(updated_ms, ended_ms) AS at "
      "FROM boards WHERE outcome IN ('updated','failed')), span AS (SELECT max(1,max(at)) AS ms FROM ends) "
      "SELECT at*100/ms AS bin, sum(good) AS updated, sum(1-good) AS failed FROM ends, span WHERE at IS NOT NULL "
      "GROUP BY bin ORDER BY bin" },
    { "span", "SELECT max(1, coalesce(max(coalesce(updated_ms, ended_ms)),1)) AS ms FROM boards "
              "WHERE outcome IN ('updated','failed')" },
};

static double clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

/* ---- the database ---- */

static json_t *cell(sqlite3_stmt *q, int i)
{
    switch (thm_sqlite.column_type(q, i)) {
    case SQLITE_INTEGER: return json_integer(thm_sqlite.column_int64(q, i));
    case SQLITE_FLOAT: return json_real(thm_sqlite.column_double(q, i));
    case SQLITE_TEXT: return json_string((const char *)thm_sqlite.column_text(q, i));
    default: return json_null();
    }
}

static json_t *row(sqlite3_stmt *q)
{
    json_t *o = json_object();
    for (int i = 0; i < thm_sqlite.column_count(q); i++) {
        json_t *v = cell(q, i);
        json_object_set_new(o, thm_sqlite.column_name(q, i), v ? v : json_string("?")); /* not UTF-8 */
    }
    return o;
}

/* NULL: it could not be read, this time. */
static json_t *rows(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q = NULL;
    json_t *list = json_array();
    int code = thm_sqlite.prepare_v2(db, sql, -1, &q, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW)
        if ((code = thm_sqlite.step(q)) == SQLITE_ROW)
            json_array_append_new(list, row(q));
    thm_sqlite.finalize(q);
    if (code == SQLITE_DONE)
        return list;
    json_decref(list);
    return NULL;
}

static bool open_database(struct thm_dashboard_summary *s)
{
    char *error = NULL;
    if (!s->results)
        (void)thm_fleet_results_open(&s->results, s->database, false, &error);
    free(error);
    return s->results != NULL;
}

static void ask(struct thm_dashboard_summary *s)
{
    if (!open_database(s))
        return;
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        json_t *list = rows(thm_fleet_results_db(s->results), questions[i].sql);
        if (list)
            json_object_set_new(o, questions[i].name, list);
    }
    json_decref(s->figures);
    s->figures = o;
}

/* Processor time counts: on a busy PC this one waits for the boards. */
static void ask_when_due(struct thm_dashboard_summary *s, uint32_t done, bool final)
{
    const double t = now(), used = clock_of(CLOCK_THREAD_CPUTIME_ID);
    if (!final && (t < s->next || (s->figures && s->figures_of == done)))
        return;
    ask(s);
    s->figures_of = done;
    const double pause = (clock_of(CLOCK_THREAD_CPUTIME_ID) - used) * PAUSE_TIMES;
    s->next = t + (pause > PAUSE ? pause : PAUSE);
}

/* ---- throughput ---- */

/* Full: every two become one. */
static void halve(struct thm_dashboard_summary *s)
{
    for (uint32_t i = 0; i < SAMPLES / 2; i++)
        s->sample[i] = s->sample[2 * i] + s->sample[2 * i + 1];
    s->samples = SAMPLES / 2;
    s->interval *= 2;
}

/* What has run since the last time is spread over the samples that are due. */
static void sample(struct thm_dashboard_summary *s, uint32_t ran)
{
    for (double due; (due = floor((now() - s->sampled) / s->interval)) >= 1;) {
        if (s->samples == SAMPLES)
            halve(s);
        const uint32_t n = (uint32_t)((double)(ran - s->sampled_ran) / due);
        s->sample[s->samples++] = n;
        s->sampled_ran += n;
        s->sampled += s->interval;
    }
}

/* ---- begin and end ---- */

/* A run that is resumed has rows already. */
void thm_dashboard_summary_init(struct thm_dashboard_summary *s, const char *database)
{
    *s = (struct thm_dashboard_summary){ .database = database, .interval = 1, .begun = now() };
    s->sampled = s->begun;
    if (access(database, F_OK) < 0 || !open_database(s))
        return;
    json_t *list = rows(thm_fleet_results_db(s->results), "SELECT count(*) AS n FROM boards WHERE status>=0");
    s->sampled_ran = (uint32_t)json_integer_value(json_object_get(json_array_get(list, 0), "n"));
    json_decref(list);
}

void thm_dashboard_summary_close(struct thm_dashboard_summary *s)
{
    thm_fleet_results_close(s->results);
    s->results = NULL;
}

/* ---- all of it ---- */

static json_t *counts_json(const uint32_t *counts)
{
    json_t *o = json_object();
    for (int i = 0; i < THM_FLEET_STATE_COUNT; i++)
        json_object_set_new(o, thm_fleet_state_word((enum thm_fleet_state)i), json_integer(counts[i]));
    return o;
}

static json_t *samples_json(const struct thm_dashboard_summary *s)
{
    json_t *a = json_array();
    for (uint32_t i = 0; i < s->samples; i++)
        json_array_append_new(a, json_integer(s->sample[i]));
    return a;
}

static uint32_t done_of(const uint32_t *counts)
{
    return counts[THM_FLEET_UPDATED] + counts[THM_FLEET_FAILED] + counts[THM_FLEET_WITHHELD] +
           counts[THM_FLEET_UNTOUCHED];
}

char *thm_dashboard_summary(struct thm_dashboard_summary *s, const uint32_t *counts, int end, bool final)
{
    static const char *const ends[] = { "", "finished", "stopped", "interrupted", "broken" };
    const uint32_t done = done_of(counts);
    const double seconds = now() - s->begun;
    sample(s, counts[THM_FLEET_UPDATED] + counts[THM_FLEET_FAILED]);
    ask_when_due(s, done, final);
    json_t *o =
        json_pack("{s:f, s:I, s:s, s:f, s:o, s:o}", "seconds", seconds, "done", (json_int_t)done, "end", ends[end],
                  "interval", s->interval, "throughput", samples_json(s), "states", counts_json(counts));
    if (o && s->figures)
        json_object_update(o, s->figures);
    char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
    json_decref(o);
    return text;
}
