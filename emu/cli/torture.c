/* emu/cli/torture.c -- thimble torture: pull the plug at every program and erase of an update. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/board/storage_place.h"
#include "emu/cli/commands.h"
#include "emu/cli/operators.h"
#include "emu/cli/storage_fault.h"
#include "emu/cli/torture_print.h"
#include "emu/report/report.h"

enum { MODEL_BYTES_MAX = 16 << 20, JOBS_MAX = 256, STRIP = 72 };

enum {
    BOARD,
    SCENARIO,
    STRATEGY,
    VOLUME,
    MODEL,
    OLD_MODEL,
    STORAGE,
    FILE_NAME,
    CHUNK,
    CUT_AT,
    SEED,
    JOBS,
    STATS,
    JSON
};

static const struct thm_option options[] = {
    [BOARD] = { "board", "NAME", "the board to emulate (see 'thimble boards'; default: esp32)", 'b' },
    [SCENARIO] = { "scenario", "NAME",
                   "what is going on when the power fails: download, update, weights or switch "
                   "(default: update)",
                   's' },
    [STRATEGY] = { "strategy", "NAME",
                   "how the firmware stores: overwrite, rename, ab-crc, ab-signed or bundle (default: all)", 0 },
    [VOLUME] = { "volume", "KIND",
                 "what else is stored: fresh (nothing), fragmented, nearly-full or full (default: fresh)", 0 },
    [MODEL] = { "model", "FILE", "the new model, a .tflite file", 'm' },
    [OLD_MODEL] = { "old-model", "FILE", "the old one (default: the new one with other weights)", 0 },
    [STORAGE] = { "storage", "NAME", "a storage of the board's profile (default: its first)", 0 },
    [FILE_NAME] = { "file", "NAME",
                    "the model's name on the board's file system (default: the storage's, or /model.tflite)", 0 },
    [CHUNK] = { "chunk", "BYTES", "bytes the firmware writes at a time (default: what it reads from a connection)", 0 },
    [CUT_AT] = { "cut-at", "K[:WHEN]",
                 "show one cut in detail: at operation K, WHEN is before, torn (default) or after", 0 },
    [SEED] = { "seed", "N",
               "where in an operation the power fails, and the old model's weights (default: 0, the middle)", 0 },
    [JOBS] = { "jobs", "N", "worker processes (default: one a processor)", 0 },
    [STATS] = { "stats", NULL, "tell on stderr how fast it was", 0 },
    [JSON] = { "json", NULL, "print the result as one JSON object", 'j' },
    { 0 },
};

struct request {
    struct thm_torture t;
    const char *board, *model_path, *old_path;
    struct thm_operators operators;
    uint32_t operation; /* to be shown, from 1; 0: all are counted */
    enum thm_cut when;
    bool all, json, stats;
};

/* ---- command line ---- */

static int number_option(const struct thm_args *a, int option, uint64_t min, uint64_t max, uint32_t *out)
{
    uint64_t v;
    if (!thm_parse_size(a->value, max, &v) || v < min)
        return thm_usage(a, "--%s wants a number from %llu to %llu, not '%s'", options[option].name,
                         (unsigned long long)min, (unsigned long long)max, a->value);
    *out = (uint32_t)v;
    return 0;
}

static int named_option(const struct thm_args *a, int option, const struct thm_named *table, int count, int *out)
{
    *out = thm_named_find(table, count, a->value);
    return *out >= 0 ? 0 : thm_usage(a, "--%s '%s' is unknown", options[option].name, a->value);
}

static int strategy_option(const struct thm_args *a, struct request *q)
{
    q->all = strcmp(a->value, "all") == 0;
    q->t.store = q->all ? NULL : thm_store_find(a->value);
    return q->all || q->t.store ? 0 : thm_usage(a, "--strategy '%s' is unknown", a->value);
}

static int cut_option(const struct thm_args *a, struct request *q)
{
    if (!thm_parse_cut(a->value, &q->operation, &q->when))
        return thm_usage(a, "--cut-at wants K, K:before, K:torn or K:after with K from 1, not '%s'", a->value);
    return 0;
}

static int take_option(const struct thm_args *a, int option, struct request *q)
{
    int n = 0, status = 0;
    switch (option) {
    case BOARD: q->board = a->value; return 0;
    case SCENARIO:
        status = named_option(a, option, thm_scenarios, THM_SCENARIO_COUNT, &n);
        q->t.scenario = (enum thm_scenario)n;
        return status;
    case STRATEGY: return strategy_option(a, q);
    case VOLUME:
        status = named_option(a, option, thm_volumes, THM_VOLUME_COUNT, &n);
        q->t.volume = (enum thm_volume)n;
        return status;
    case MODEL: q->model_path = a->value; return 0;
    case OLD_MODEL: q->old_path = a->value; return 0;
    case STORAGE: q->t.run.storage = a->value; return 0;
    case FILE_NAME: q->t.run.file = a->value; return 0;
    case CHUNK: return number_option(a, option, 1, 1 << 20, &q->t.run.chunk);
    case CUT_AT: return cut_option(a, q);
    case SEED: return number_option(a, option, 0, UINT32_MAX, &q->t.seed);
    case JOBS: return number_option(a, option, 1, JOBS_MAX, &q->t.jobs);
    case STATS: q->stats = true; return 0;
    default: q->json = true; return 0;
    }
}

static int parse(struct thm_args *a, struct request *q)
{
    int option, status = 0;
    while (!status && (option = thm_args_next(a)) >= 0)
        status = take_option(a, option, q);
    if (status || option < -1)
        return status ? status : option == -3 ? -1 : THM_EXIT_USAGE;
    if (a->argc > 0)
        return thm_usage(a, "unexpected argument '%s'", a->argv[0]);
    if (!q->model_path)
        return thm_usage(a, "--model FILE is missing");
    if (q->operation && q->all)
        return thm_usage(a, "--cut-at shows one strategy: it needs --strategy");
    if (q->t.scenario == THM_SCENARIO_WEIGHTS && !q->all && q->t.store->is_bundle)
        return thm_usage(a, "a signed bundle is not patched: %s has no weights scenario", q->t.store->name);
    if (q->t.scenario == THM_SCENARIO_SWITCH && !q->all && !q->t.store->select)
        return thm_usage(a, "%s has one model at a time: there is no other to switch to", q->t.store->name);
    return 0;
}

/* ---- what it needs ---- */

static int load_profile(struct request *q, struct thm_profile **profile)
{
    struct thm_run *run = &q->t.run;
    char *error = NULL;
    int status = thm_profile_load(q->board, profile, &error);
    if (status)
        thm_fail(status, "%s", error ? error : "out of memory");
    free(error);
    if (status)
        return status;
    const struct thm_profile_storage *s = run->storage                ? thm_storage_find(*profile, run->storage)
                                          : (*profile)->storage_count ? &(*profile)->storage[0]
                                                                      : NULL;
    if (!s)
        return thm_fail(THM_EXIT_USAGE, "%s has no storage%s%s%s; 'thimble boards %s' shows what it has", q->board,
                        run->storage ? " '" : "", run->storage ? run->storage : "", run->storage ? "'" : "", q->board);
    run->profile = *profile;
    run->storage = s->name;
    run->file = run->file ? run->file : thm_storage_file(*profile, s->name);
    if (!run->chunk)
        run->chunk = (*profile)->network.chunk ? (*profile)->network.chunk : 1024;
    status = thm_operators_choose(&q->operators, NULL, *profile);
    run->operators = q->operators.names;
    run->operators_count = q->operators.count;
    return status;
}

static int load_file(const char *path, const uint8_t **data, uint32_t *bytes)
{
    uint8_t *read;
    size_t len;
    int status = thm_read_file(path, MODEL_BYTES_MAX, &read, &len);
    if (status)
        return status;
    *data = read;
    *bytes = (uint32_t)len;
    return len ? 0 : thm_fail(THM_EXIT_USAGE, "%s: the file is empty", path);
}

static int make_older(struct request *q)
{
    uint8_t *old;
    const int status = thm_torture_older_model(q->t.model, q->t.bytes, q->t.seed, &old);
    q->t.old = old;
    q->t.old_bytes = q->t.bytes;
    if (status == THM_EXIT_HOST)
        return thm_fail(status, "out of memory");
    return status ? thm_fail(status, "%s: not a model with weights that could be changed; --old-model wants another",
                             q->model_path)
                  : 0;
}

static int load_models(struct request *q)
{
    int status = load_file(q->model_path, &q->t.model, &q->t.bytes);
    if (status || q->t.scenario == THM_SCENARIO_DOWNLOAD)
        return status;
    status = q->old_path ? load_file(q->old_path, &q->t.old, &q->t.old_bytes) : make_older(q);
    if (status)
        return status;
    if (q->t.scenario == THM_SCENARIO_WEIGHTS && q->t.bytes != q->t.old_bytes)
        return thm_fail(THM_EXIT_USAGE, "%s has %u bytes, %s %u: a weights update is between models of one size",
                        q->model_path, q->t.bytes, q->old_path, q->t.old_bytes);
    if (q->t.bytes == q->t.old_bytes && memcmp(q->t.model, q->t.old, q->t.bytes) == 0)
        return thm_fail(THM_EXIT_USAGE, "%s and %s are the same model", q->model_path, q->old_path);
    return 0;
}

/* ---- all cuts ---- */

static int conclude_run(const struct request *q, const struct thm_torture_result *r)
{
    if (r->exit_status)
        return thm_fail(r->exit_status, "%s: %s: %s", q->board, q->t.store->name, r->message);
    if (r->journal.count == 0 && !r->update_status)
        return thm_fail(THM_EXIT_USAGE, "%s: the update changes nothing on the storage", q->t.store->name);
    if (q->stats)
        fprintf(stderr, "%s: %u cut points in %.3f s, %.0f a second with %u jobs; %.3f ms of processor time a boot\n",
                q->t.store->name, 3 * r->journal.count, r->seconds, 3 * r->journal.count / r->seconds, q->t.jobs,
                1e3 * r->processor_seconds / (2 * r->journal.count + 1));
    return 0;
}

/* Of all strategies, some may be none for this file system, or need more room than there is. */
static bool is_impossible(const struct request *q, const struct thm_torture_result *r)
{
    return q->all && r->exit_status >= THM_EXIT_SRAM && r->exit_status < THM_EXIT_HOST;
}

static int run_strategy(struct request *q, const struct torture_style *style, json_t *strategies, bool *broken)
{
    struct thm_torture_result r;
    struct torture_tally n = { 0 };
    thm_torture_run(&q->t, &r);
    const bool impossible = is_impossible(q, &r);
    const int status = impossible ? 0 : conclude_run(q, &r);
    if (!status && !impossible)
        torture_count(&q->t, &r, &n);
    *broken = *broken || n.broken;
    if (!status && q->json)
        json_array_append_new(strategies, torture_json(&q->t, &r, &n));
    else if (!status)
        torture_print(&q->t, &r, &n, style);
    thm_torture_finish(&r);
    return status;
}

static bool is_wanted(const struct request *q, const struct thm_store_ops *s)
{
    return (q->t.scenario != THM_SCENARIO_SWITCH || s->select) &&
           (q->t.scenario != THM_SCENARIO_WEIGHTS || !s->is_bundle);
}

static int run_strategies(struct request *q, const struct torture_style *style, json_t *strategies, bool *broken)
{
    int status = 0;
    if (!q->all)
        return run_strategy(q, style, strategies, broken);
    for (uint32_t i = 0; !status && thm_store_at(i); i++) {
        q->t.store = thm_store_at(i);
        status = is_wanted(q, q->t.store) ? run_strategy(q, style, strategies, broken) : 0;
    }
    return status;
}

static int print_json(const struct request *q, json_t *strategies)
{
    json_t *j = json_pack("{ss ss ss ss sI sI sI sO}", "board", q->t.run.profile->name, "storage", q->t.run.storage,
                          "scenario", thm_scenarios[q->t.scenario].name, "volume", thm_volumes[q->t.volume].name,
                          "seed", (json_int_t)q->t.seed, "model_bytes", (json_int_t)q->t.bytes, "old_bytes",
                          (json_int_t)q->t.old_bytes, "strategies", strategies);
    const bool bad = !j || json_dumpf(j, stdout, JSON_INDENT(2)) < 0;
    putchar('\n');
    json_decref(j);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

static int run_all(struct request *q)
{
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org */
    const struct torture_style style = { isatty(STDOUT_FILENO) && !(no_colour && *no_colour), STRIP };
    json_t *strategies = json_array();
    bool broken = false;
    if (!q->json)
        printf("%s: %s: %s; volume: %s\n\n", q->t.run.profile->name, thm_scenarios[q->t.scenario].name,
               thm_scenarios[q->t.scenario].text, thm_volumes[q->t.volume].text);
    int status = run_strategies(q, &style, strategies, &broken);
    if (!status && q->json)
        status = print_json(q, strategies);
    else if (!status)
        torture_print_legend(&style);
    json_decref(strategies);
    return status ? status : broken ? THM_EXIT_DIFFERS : THM_EXIT_OK;
}

/* ---- one cut ---- */

struct readers {
    struct thm_report report;
    bool listed;
};

static void on_event(void *ctx, const struct thm_event *e)
{
    struct readers *r = ctx;
    thm_report_event(&r->report, e);
    if (e->type == THM_EV_FAILED || e->type == THM_EV_FAULT)
        printf("%9.3f s  %s: %s\n", (double)e->t_ns / 1e9, e->name, e->text);
}

static void on_file(void *ctx, const char *line)
{
    struct readers *r = ctx;
    printf("%s  %s\n", r->listed ? "" : "files before the boot:\n", line);
    r->listed = true;
}

static void print_operation(const struct request *q, const struct thm_torture_result *r)
{
    static const char *const words[] = { "before", "inside", "after" };
    const struct thm_journal_entry *e = &r->journal.entry[q->operation - 1];
    printf("power lost %s operation %u of %u: ", words[q->when], q->operation, r->journal.count);
    if (e->len)
        printf("program of %u bytes at 0x%llx\n", e->len, (unsigned long long)e->off);
    else
        printf("erase of the block at 0x%llx\n", (unsigned long long)e->off);
}

static int show(struct request *q, const struct thm_torture_result *r)
{
    struct readers readers = { 0 };
    const uint32_t i = torture_state_of(3 * (q->operation - 1) + q->when);
    if (q->operation > r->journal.count)
        return thm_fail(THM_EXIT_USAGE, "--cut-at %u: the update makes %u programs and erases", q->operation,
                        r->journal.count);
    print_operation(q, r);
    thm_report_init(&readers.report, q->t.run.profile, NULL, stdout);
    q->t.run.ctx = &readers;
    q->t.run.event = on_event;
    const int status = thm_torture_replay(&q->t, r, i, on_file);
    thm_report_finish(&readers.report);
    printf("\nthe board %s (exit status %d)\n", thm_outcomes[r->state[i].outcome].text, status);
    const bool broken = q->t.store->power_safe && thm_torture_is_unsafe(&q->t, r->state[i].outcome);
    return broken ? THM_EXIT_DIFFERS : THM_EXIT_OK;
}

static int show_cut(struct request *q)
{
    struct thm_torture_result r;
    thm_torture_run(&q->t, &r);
    int status = conclude_run(q, &r);
    if (!status)
        status = show(q, &r);
    thm_torture_finish(&r);
    return status;
}

static int command_torture(int argc, char **argv)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct request q = { .board = "esp32", .all = true };
    struct thm_profile *profile = NULL;
    struct thm_args a;
    q.t.scenario = THM_SCENARIO_UPDATE;
    q.t.jobs = processors > 0 && processors < JOBS_MAX ? (uint32_t)processors : 1;
    thm_args_init(&a, &thm_command_torture, argc, argv);
    int status = parse(&a, &q);
    if (!status)
        status = load_profile(&q, &profile);
    if (!status)
        status = load_models(&q);
    if (!status)
        status = q.operation ? show_cut(&q) : run_all(&q);
    free((void *)(uintptr_t)q.t.model);
    free((void *)(uintptr_t)q.t.old);
    thm_operators_free(&q.operators);
    thm_profile_free(profile);
    return status < 0 ? THM_EXIT_OK : status; /* -1: help was asked for */
}

const struct thm_command thm_command_torture = {
    .name = "torture",
    .args = "--model FILE",
    .summary = "pull the plug at every program and erase of a model update",
    .details = "Runs the update once, then boots the board from what every possible power cut leaves, and counts which "
               "model it runs. Status 1: a strategy that claims to be power-safe is not.",
    .options = options,
    .run = command_torture,
};
