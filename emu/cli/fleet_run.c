/* emu/cli/fleet_run.c -- thimble fleet run, resume, merge. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/cli/fleet.h"
#include "emu/cli/fleet_progress.h"
#include "emu/fleet/dashboard.h"

static void conclude(const struct thm_fleet_totals *t, const char *database)
{
    printf("%s: %u of %u boards: %u updated, %u failed", database, t->done, t->boards, t->updated, t->failed);
    if (t->withheld)
        printf(", %u withheld", t->withheld);
    if (t->untouched)
        printf(", %u untouched", t->untouched);
    puts("");
    if (t->stopped)
        puts("the rollout was stopped: too many failures in a wave");
    if (t->interrupted && t->done < t->boards)
        printf("interrupted; 'thimble fleet resume %s' goes on\n", database);
}

/* ---- the dashboard ---- */

/* Before the database is opened. *out NULL: none is wanted. */
static int open_dashboard(struct thm_fleet_dashboard **out, const struct fleet_options *o,
                          const struct fleet_scenario *s, const char *database, uint32_t shard, uint32_t shards)
{
    const struct thm_fleet_dashboard_options d = { .address = o->dashboard_address,
                                                   .token = o->dashboard_token,
                                                   .database = database,
                                                   .file = s->file,
                                                   .folder = s->folder,
                                                   .kit = &s->kit,
                                                   .shard = shard,
                                                   .shards = shards };
    char *error = NULL;
    *out = NULL;
    if (!o->dashboard && (o->dashboard_token || o->dashboard_linger))
        return thm_fail(THM_EXIT_USAGE, "--dashboard-token and --dashboard-linger want --dashboard");
    if (!o->dashboard)
        return 0;
    int status = thm_fleet_dashboard_start(out, &d, &error);
    if (status)
        return fleet_error(status, error);
    fprintf(stderr, "dashboard: %s\n", thm_fleet_dashboard_url(*out));
    return 0;
}

static void end_dashboard(struct thm_fleet_dashboard *d, const struct thm_fleet_totals *t, int status)
{
    thm_fleet_dashboard_end(d, status           ? THM_DASHBOARD_BROKEN
                               : t->interrupted ? THM_DASHBOARD_INTERRUPTED
                               : t->stopped     ? THM_DASHBOARD_STOPPED
                                                : THM_DASHBOARD_FINISHED);
}

static void linger(const struct fleet_options *o)
{
    sigset_t ends;
    int number;
    if (!o->dashboard || !o->dashboard_linger)
        return;
    fputs("the dashboard stays until Ctrl-C\n", stderr);
    fflush(stdout);
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    sigwait(&ends, &number);
}

/* ---- run, resume ---- */

static int execute(const struct fleet_options *o, struct fleet_scenario *s, struct thm_fleet_results *r,
                   const char *database, struct thm_fleet_dashboard *d)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    struct fleet_progress progress;
    const struct thm_fleet_engine e = { .kit = &s->kit,
                                        .folder = s->folder,
                                        .results = r,
                                        .jobs = o->jobs,
                                        .timed = o->stats,
                                        .shard = m->shard,
                                        .shards = m->shards,
                                        .note = fleet_progress_note,
                                        .progress = o->quiet ? NULL : fleet_progress_show,
                                        .board = d ? thm_fleet_dashboard_board : NULL,
                                        .ctx = &progress,
                                        .board_ctx = d };
    struct thm_fleet_totals t;
    char *error = NULL;
    fleet_progress_init(&progress);
    int status = thm_fleet_engine_run(&e, &t, &error);
    end_dashboard(d, &t, status);
    if (status)
        return fleet_error(status, error);
    conclude(&t, database);
    if (o->stats)
        fleet_show_stats(&t);
    return t.interrupted ? THM_EXIT_DIFFERS : 0;
}

/* "fleets/kws.yaml": "kws.db", here. */
static char *default_output(const char *scenario)
{
    const char *slash = strrchr(scenario, '/'), *name = slash ? slash + 1 : scenario, *dot = strrchr(name, '.');
    char *out = NULL;
    return asprintf(&out, "%.*s.db", dot ? (int)(dot - name) : (int)strlen(name), name) < 0 ? NULL : out;
}

static int start(const struct fleet_options *o, struct fleet_scenario *s, const char *database,
                 struct thm_fleet_dashboard *d)
{
    struct thm_fleet_results *r;
    char *error = NULL;
    const struct thm_fleet_meta m = { .scenario = s->text,
                                      .file = s->file,
                                      .folder = s->folder,
                                      .inputs = s->kit.digest,
                                      .seed = s->fleet->seed,
                                      .boards = thm_fleet_boards(s->fleet),
                                      .shard = o->shard,
                                      .shards = o->shards };
    int status = thm_fleet_results_create(&r, database, &m, &error);
    if (status)
        return fleet_error(status, error);
    status = execute(o, s, r, database, d);
    thm_fleet_results_close(r);
    return status;
}

static int start_watched(const struct fleet_options *o, struct fleet_scenario *s, const char *database)
{
    struct thm_fleet_dashboard *d;
    if (o->shards && s->fleet->rollout.stop_percent > 0)
        return thm_fail(THM_EXIT_USAGE, "%s: rollout.stop_percent is decided on all boards: not with --shard", s->file);
    int status = open_dashboard(&d, o, s, database, o->shard, o->shards);
    if (!status)
        status = start(o, s, database, d);
    if (!status)
        linger(o);
    thm_fleet_dashboard_stop(d);
    return status;
}

int fleet_run(const struct fleet_options *given, int argc, char **argv)
{
    struct fleet_options o = *given;
    struct fleet_scenario s;
    (void)argc;
    int status = fleet_shard(&o);
    if (status)
        return status;
    status = fleet_load(&s, &o, argv[0]);
    char *output = o.output ? strdup(o.output) : default_output(argv[0]);
    if (!status && !output)
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    if (!status)
        status = fleet_load_kit(&s);
    if (!status)
        status = start_watched(&o, &s, output);
    free(output);
    fleet_unload(&s);
    return status;
}

static int go_on(const struct fleet_options *o, struct fleet_scenario *s, const char *database,
                 struct thm_fleet_dashboard *d)
{
    struct thm_fleet_results *r;
    int status = fleet_open(&r, database, true);
    if (status)
        return status;
    status = execute(o, s, r, database, d);
    thm_fleet_results_close(r);
    return status;
}

/* The dashboard's process must be there before the database is open for good. */
int fleet_resume(const struct fleet_options *o, int argc, char **argv)
{
    struct thm_fleet_dashboard *d = NULL;
    struct thm_fleet_results *r;
    struct fleet_scenario s;
    (void)argc;
    int status = fleet_open(&r, argv[0], false);
    if (status)
        return status;
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    const uint32_t shard = m->shard, shards = m->shards;
    status = fleet_load_from(&s, r);
    thm_fleet_results_close(r);
    if (!status)
        status = open_dashboard(&d, o, &s, argv[0], shard, shards);
    if (!status)
        status = go_on(o, &s, argv[0], d);
    if (!status)
        linger(o);
    thm_fleet_dashboard_stop(d);
    fleet_unload(&s);
    return status;
}

/* A database for all shards, made like the first. */
static int open_whole(struct thm_fleet_results **out, const char *path, const char *first)
{
    struct thm_fleet_results *f;
    char *error = NULL;
    if (access(path, F_OK) == 0)
        return fleet_open(out, path, true);
    int status = fleet_open(&f, first, false);
    if (status)
        return status;
    struct thm_fleet_meta m = *thm_fleet_results_meta(f);
    m.shard = m.shards = 0;
    status = thm_fleet_results_create(out, path, &m, &error);
    thm_fleet_results_close(f);
    return status ? fleet_error(status, error) : 0;
}

int fleet_merge(const struct fleet_options *o, int argc, char **argv)
{
    struct thm_fleet_results *r;
    char *error = NULL;
    (void)o;
    int status = open_whole(&r, argv[0], argv[1]);
    if (status)
        return status;
    for (int i = 1; !status && i < argc; i++) {
        status = thm_fleet_results_merge(r, argv[i], &error);
        if (status)
            fleet_error(status, error);
    }
    thm_fleet_results_close(r);
    return status;
}
