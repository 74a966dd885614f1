/* emu/cli/fleet.c -- `thimble fleet`: many boards, as a scenario describes them. */
#include "emu/cli/fleet.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/commands.h"

enum { SCENARIO_BYTES_MAX = 1 << 20, JOBS_MAX = 100000, BOARDS_MAX = 10000000 };

static const struct verb {
    const char *name, *args;
    int min, max;
    int (*run)(const struct fleet_options *o, int argc, char **argv);
} verbs[] = {
    { "run", "SCENARIO.yaml", 1, 1, fleet_run },
    { "resume", "DATABASE", 1, 1, fleet_resume },
    { "report", "DATABASE [VIEW]...", 1, 100, fleet_report },
    { "replay", "DATABASE --board ID", 1, 1, fleet_replay },
    { "check", "SCENARIO.yaml", 1, 1, fleet_check },
    { "explain", "SCENARIO.yaml", 1, 1, fleet_explain },
    { "merge", "DATABASE SHARD...", 2, 1 << 20, fleet_merge },
};

enum {
    OUTPUT,
    BOARDS,
    JOBS,
    SEED,
    SHARD,
    BOARD,
    TRACE,
    JSON,
    JUNIT,
    HTML,
    TRACES,
    STATS,
    QUIET,
    DASHBOARD,
    TOKEN,
    LINGER
};

static const struct thm_option options[] = {
    [OUTPUT] = { "output", "FILE", "run: the database (default: the scenario's name with .db)", 'o' },
    [BOARDS] = { "boards", "N", "so many boards in all, the groups in the scenario's proportion", 'n' },
    [JOBS] = { "jobs", "N", "boards under way at once (default: four for each processor)", 'j' },
    [SEED] = { "seed", "N", "in place of the scenario's", 's' },
    [SHARD] = { "shard", "I/N",
                "run: only every Nth board, from the Ith on, counted from 0 (default: as a Slurm array, srun or "
                "mpirun says)",
                0 },
    [BOARD] = { "board", "ID", "replay: the board's number", 'b' },
    [TRACE] = { "trace", "FILE", "replay: write every event as a line of JSON", 't' },
    [JSON] = { "json", NULL, "report: print JSON", 'J' },
    [JUNIT] = { "junit", "FILE", "report: write JUnit XML, a test case a board", 0 },
    [HTML] = { "html", "FILE", "report: write one page of HTML", 0 },
    [TRACES] = { "traces", "DIR",
                 "report: run the slowest boards and some of every failure again; a page and a trace of each go there",
                 0 },
    [STATS] = { "stats", NULL, "run, resume: tell on stderr what it cost this PC", 0 },
    [QUIET] = { "quiet", NULL, "run, resume: no progress", 'q' },
    [DASHBOARD] = { "dashboard", "[=ADDR]",
                    "run, resume: a page to watch it on, at IP, PORT, IP:PORT or [IPv6]:PORT (default: 127.0.0.1, any "
                    "free port)",
                    0 },
    [TOKEN] = { "dashboard-token", "TOKEN",
                "what the page's readers must know (default: none on loopback, elsewhere one is made)", 0 },
    [LINGER] = { "dashboard-linger", NULL, "when the run has ended, the page stays until Ctrl-C", 0 },
    { 0 },
};

/* ---- scenarios ---- */

int fleet_error(int status, char *error)
{
    thm_fail(status, "%s", error ? error : "out of memory");
    free(error);
    return status;
}

static int parse(struct fleet_scenario *s)
{
    char *error = NULL;
    int status = thm_fleet_parse(s->file, (const uint8_t *)s->text, strlen(s->text), &s->fleet, &error);
    return status ? fleet_error(status, error) : 0;
}

/* Absolute: a resumed run may be started elsewhere. */
static char *folder_of(const char *path)
{
    char *whole = realpath(path, NULL), *slash = whole ? strrchr(whole, '/') : NULL;
    if (slash)
        slash[slash == whole] = '\0';
    return whole;
}

int fleet_load(struct fleet_scenario *s, const struct fleet_options *o, const char *path)
{
    uint8_t *data;
    size_t len;
    *s = (struct fleet_scenario){ 0 };
    int status = thm_read_file(path, SCENARIO_BYTES_MAX, &data, &len);
    if (status)
        return status;
    data[len] = '\0';
    s->text = (char *)data;
    s->file = strdup(path);
    s->folder = folder_of(path);
    if (strlen(s->text) != len)
        return thm_fail(THM_EXIT_USAGE, "%s: not text", path);
    if (!s->file || !s->folder)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    status = parse(s);
    if (!status && o->boards)
        thm_fleet_resize(s->fleet, o->boards);
    if (!status && o->seed_given)
        s->fleet->seed = o->seed;
    return status;
}

int fleet_load_kit(struct fleet_scenario *s)
{
    char *error = NULL;
    int status = thm_fleet_kit_load(&s->kit, s->fleet, s->folder, &error);
    s->has_kit = !status;
    return status ? fleet_error(status, error) : 0;
}

int fleet_load_from(struct fleet_scenario *s, struct thm_fleet_results *r)
{
    const struct thm_fleet_meta *m = thm_fleet_results_meta(r);
    *s = (struct fleet_scenario){ .text = strdup(m->scenario), .file = strdup(m->file), .folder = strdup(m->folder) };
    if (!s->text || !s->file || !s->folder)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    int status = parse(s);
    if (status)
        return status;
    thm_fleet_resize(s->fleet, m->boards);
    s->fleet->seed = m->seed;
    status = fleet_load_kit(s);
    if (!status && strcmp(s->kit.digest, m->inputs) != 0)
        status =
            thm_fail(THM_EXIT_USAGE, "models or inputs in %s are not those that the run was begun with", s->folder);
    return status;
}

void fleet_unload(struct fleet_scenario *s)
{
    if (s->has_kit)
        thm_fleet_kit_free(&s->kit);
    thm_fleet_free(s->fleet);
    free(s->text);
    free(s->file);
    free(s->folder);
}

int fleet_open(struct thm_fleet_results **r, const char *path, bool write)
{
    char *error = NULL;
    int status = thm_fleet_results_open(r, path, write, &error);
    return status ? fleet_error(status, error) : 0;
}

int fleet_check(const struct fleet_options *o, int argc, char **argv)
{
    struct fleet_scenario s;
    (void)argc;
    int status = fleet_load(&s, o, argv[0]);
    if (!status)
        status = fleet_load_kit(&s);
    if (!status)
        printf("%s: %u boards in %u groups, no errors\n", s.fleet->name, thm_fleet_boards(s.fleet),
               s.fleet->groups_count);
    fleet_unload(&s);
    return status;
}

/* ---- command line ---- */

static int number(const struct thm_args *a, const char *name, uint64_t min, uint64_t max, uint32_t *out)
{
    uint64_t v;
    if (!thm_parse_size(a->value, max, &v) || v < min)
        return thm_usage(a, "--%s wants a number from %llu to %llu, not '%s'", name, (unsigned long long)min,
                         (unsigned long long)max, a->value);
    *out = (uint32_t)v;
    return 0;
}

static bool parse_number(const char *text, char end, const char **after, uint32_t *out)
{
    char *stop;
    const unsigned long v = strtoul(text, &stop, 10);
    *after = stop + 1;
    *out = (uint32_t)v;
    return *text >= '0' && *text <= '9' && *stop == end && v <= BOARDS_MAX;
}

static int take_shard(const struct thm_args *a, struct fleet_options *o)
{
    const char *rest = a->value;
    if (parse_number(rest, '/', &rest, &o->shard) && parse_number(rest, '\0', &rest, &o->shards) &&
        o->shard < o->shards)
        return 0;
    return thm_usage(a, "--shard wants I/N with I from 0 to N - 1, not '%s'", a->value);
}

static int take_option(struct thm_args *a, int option, struct fleet_options *o)
{
    switch (option) {
    case OUTPUT: o->output = a->value; return 0;
    case BOARDS: return number(a, "boards", 1, BOARDS_MAX, &o->boards);
    case JOBS: return number(a, "jobs", 1, JOBS_MAX, &o->jobs);
    case SEED: o->seed_given = true; return number(a, "seed", 0, UINT32_MAX, &o->seed);
    case SHARD: return take_shard(a, o);
    case BOARD: o->board_given = true; return number(a, "board", 0, BOARDS_MAX, &o->board);
    case TRACE: o->trace = a->value; return 0;
    case JSON: o->json = true; return 0;
    case JUNIT: o->junit = a->value; return 0;
    case HTML: o->html = a->value; return 0;
    case TRACES: o->traces = a->value; return 0;
    case STATS: o->stats = true; return 0;
    case QUIET: o->quiet = true; return 0;
    case DASHBOARD:
        o->dashboard = true;
        o->dashboard_address = a->value;
        return 0;
    case TOKEN: o->dashboard_token = a->value; return 0;
    case LINGER: o->dashboard_linger = true; return 0;
    default: return THM_EXIT_USAGE;
    }
}

static int run_verb(const struct thm_args *a, const struct fleet_options *o)
{
    if (a->argc < 1)
        return thm_usage(a, "a verb is needed, for example run");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const struct verb *v = &verbs[i];
        if (strcmp(v->name, a->argv[0]) != 0)
            continue;
        if (a->argc - 1 < v->min || a->argc - 1 > v->max)
            return thm_usage(a, "'fleet %s' takes %s", v->name, v->args);
        return v->run(o, a->argc - 1, a->argv + 1);
    }
    return thm_usage(a, "unknown verb '%s'", a->argv[0]);
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    struct fleet_options o = { 0 };
    int i, status;
    thm_args_init(&a, &thm_command_fleet, argc, argv);
    while ((i = thm_args_next(&a)) >= 0)
        if ((status = take_option(&a, i, &o)) != 0)
            return status;
    return i == -3 ? THM_EXIT_OK : i == -2 ? THM_EXIT_USAGE : run_verb(&a, &o);
}

const struct thm_command thm_command_fleet = {
    .name = "fleet",
    .args = "VERB ARGUMENT...",
    .summary = "run a fleet of boards through a scenario, and tell what came of it",
    .details = "verbs:\n"
               "  run SCENARIO.yaml\n"
               "  resume DATABASE\n"
               "  report DATABASE [VIEW]... [--json] [--junit FILE] [--html FILE] [--traces DIR]\n"
               "  replay DATABASE --board ID [--trace FILE]\n"
               "  check SCENARIO.yaml\n"
               "  explain SCENARIO.yaml\n"
               "  merge DATABASE SHARD...\n"
               "What becomes of a board depends on the scenario, the seed and the board's number alone.",
    .options = options,
    .run = run,
};
