/* emu/cli/fleet_run.c -- thimble fleet run, resume, merge. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/cli/fleet.h"

struct screen {
    bool terminal, drawn;
    double next; /* seconds: without a terminal, a line now and then */
};

static void show_note(void *ctx, const char *line)
{
    struct screen *s = ctx;
    fprintf(stderr, "%sthimble: fleet: %s\n", s->drawn ? "\r\033[K" : "", line);
    s->drawn = false;
}

static void show_progress(void *ctx, const struct thm_fleet_totals *t, bool end)
{
    struct screen *s = ctx;
    const double rate = t->seconds > 0 ? t->ran / t->seconds : 0;
    const uint32_t left = t->boards > t->done ? t->boards - t->done : 0;
    if (!s->terminal && (end || t->seconds < s->next))
        return;
    s->next = t->seconds + 10;
    fprintf(stderr, "%s%u of %u boards: %u updated, %u failed, %u under way, %.0f a second, %.0f s to go%s",
            s->terminal ? "\r\033[K" : "", t->done, t->boards, t->updated, t->failed, t->alive, rate,
            rate > 0 ? left / rate : 0, s->terminal ? "" : "\n");
    s->drawn = s->terminal;
    if (end && s->terminal)
        fputs("\r\033[K", stderr);
}

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

static int execute(const struct fleet_options *o, struct fleet_scenario *s, struct thm_fleet_results *r,
                   const char *database)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    struct screen screen = { .terminal = isatty(STDERR_FILENO), .next = 10 };
    const struct thm_fleet_engine e = { .kit = &s->kit,
                                        .folder = s->folder,
                                        .results = r,
                                        .jobs = o->jobs,
                                        .timed = o->stats,
                                        .shard = m->shard,
                                        .shards = m->shards,
                                        .note = show_note,
                                        .progress = o->quiet ? NULL : show_progress,
                                        .ctx = &screen };
    struct thm_fleet_totals t;
    char *error = NULL;
    int status = thm_fleet_engine_run(&e, &t, &error);
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

static int start(const struct fleet_options *o, struct fleet_scenario *s, const char *database)
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
    if (o->shards && s->fleet->rollout.stop_percent > 0)
        return thm_fail(THM_EXIT_USAGE, "%s: rollout.stop_percent is decided on all boards: not with --shard", s->file);
    int status = thm_fleet_results_create(&r, database, &m, &error);
    if (status)
        return fleet_error(status, error);
    status = execute(o, s, r, database);
    thm_fleet_results_close(r);
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
        status = start(&o, &s, output);
    free(output);
    fleet_unload(&s);
    return status;
}

int fleet_resume(const struct fleet_options *o, int argc, char **argv)
{
    struct thm_fleet_results *r;
    struct fleet_scenario s;
    (void)argc;
    int status = fleet_open(&r, argv[0], true);
    if (status)
        return status;
    status = fleet_load_from(&s, r);
    if (!status)
        status = execute(o, &s, r, argv[0]);
    fleet_unload(&s);
    thm_fleet_results_close(r);
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
