/* emu/cli/fit.c -- thimble fit: which boards can run which models, what breaks, and where the bytes went. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "emu/cli/commands.h"
#include "emu/cli/fit_request.h"
#include "emu/cli/kernels.h"

enum {
    BOARD,
    STORAGE,
    FROM,
    KERNELS,
    OPERATORS,
    CACERT,
    NO_INVOKE,
    ADVICE,
    JSON,
    CSV,
    JUNIT,
    HTML,
    SVG,
    MAX_SRAM,
    REQUIRE
};

static const struct thm_option options[] = {
    [BOARD] = { "board", "NAME[,NAME...]", "look at this board; may be repeated (default: all boards)", 'b' },
    [STORAGE] = { "storage", "NAME",
                  "where the boards keep the model: a storage of the profile (default: its first), or 'none': from the "
                  "socket straight into RAM",
                  's' },
    [FROM] = { "from", "WAY",
               "how the boards get the model: 'url', over HTTPS; 'fs', it lies on the storage before power-on; "
               "'flash', it is part of the program (default: url where there is a network, else fs where there is a "
               "storage, else flash)",
               'f' },
    [KERNELS] = { "kernels", "NAME", THM_KERNELS_HELP "; boards with other cores are left out", 'k' },
    [OPERATORS] = { "operators", "LIST", THM_OPERATORS_HELP " (default: each profile's)", 0 },
    [CACERT] = { "cacert", "FILE", "the boards keep this certificate in RAM, as with 'thimble run --cacert'", 0 },
    [NO_INVOKE] = { "no-invoke", NULL, "stop when the tensors are allocated: no inference, no time of one", 0 },
    [ADVICE] = { "advice", NULL, "try what would help, also in a table (of one pair it is always tried)", 'a' },
    [JSON] = { "json", NULL, "print one JSON object", 'j' },
    [CSV] = { "csv", NULL, "print a line of values for each pair", 0 },
    [JUNIT] = { "junit", "FILE", "write the pairs as test cases, which fail where a model does not fit", 0 },
    [HTML] = { "html", "FILE", "write a page with all accounts, plans and operators; it needs no network", 0 },
    [SVG] = { "svg", "DIR", "write the page's pictures there, a file each", 0 },
    [MAX_SRAM] = { "max-sram-percent", "N",
                   "exit with 1 if a model that fits takes more of the RAM a board has for data", 0 },
    [REQUIRE] = { "require", "NAME[,NAME...]", "exit with 1 if a model does not fit one of these boards", 'r' },
    { 0 },
};

/* ---- command line ---- */

/* The names of a comma-separated value, cut apart in this process's own arguments. */
static int take_names(const struct thm_args *a, const char **list, unsigned *n)
{
    for (char *save, *name = strtok_r((char *)(uintptr_t)a->value, ",", &save); name;
         name = strtok_r(NULL, ",", &save)) {
        if (*n == FIT_BOARDS_MAX)
            return thm_usage(a, "more than %d boards", FIT_BOARDS_MAX);
        list[(*n)++] = name;
    }
    return 0;
}

static int take_from(const struct thm_args *a, struct fit_request *q)
{
    for (int f = 0; f < THM_FIT_FROM_COUNT; f++)
        if (strcmp(a->value, thm_fit_from_name(f)) == 0) {
            q->from = a->value;
            return 0;
        }
    return thm_usage(a, "--from wants url, fs or flash, not '%s'", a->value);
}

static int take_percent(const struct thm_args *a, struct fit_request *q)
{
    char *end;
    q->max_percent = strtod(a->value, &end);
    if (*end || end == a->value || !(q->max_percent > 0 && q->max_percent <= 100))
        return thm_usage(a, "--max-sram-percent wants a number above 0 and up to 100, not '%s'", a->value);
    return 0;
}

static int take_option(const struct thm_args *a, int option, struct fit_request *q)
{
    switch (option) {
    case BOARD: return take_names(a, q->board, &q->board_count);
    case STORAGE: q->storage = a->value; return 0;
    case FROM: return take_from(a, q);
    case KERNELS: return thm_cli_kernel_library(a, a->value, &q->kernels) ? 0 : THM_EXIT_USAGE;
    case OPERATORS: q->operators = a->value; return 0;
    case CACERT: q->cacert = a->value; return 0;
    case NO_INVOKE: q->no_invoke = true; return 0;
    case ADVICE: q->advice = true; return 0;
    case JSON: q->json = true; return 0;
    case CSV: q->csv = true; return 0;
    case JUNIT: q->junit = a->value; return 0;
    case HTML: q->html = a->value; return 0;
    case SVG: q->svg = a->value; return 0;
    case MAX_SRAM: return take_percent(a, q);
    case REQUIRE: return take_names(a, q->require, &q->require_count);
    default: return THM_EXIT_USAGE;
    }
}

static int parse(struct thm_args *a, struct fit_request *q)
{
    int option, status = 0;
    while (!status && (option = thm_args_next(a)) >= 0)
        status = take_option(a, option, q);
    if (status || option < -1)
        return status ? status : option == -3 ? -1 : THM_EXIT_USAGE;
    if (a->argc == 0)
        return thm_usage(a, "no model");
    if (q->json && q->csv)
        return thm_usage(a, "--json and --csv go to the same place: one of them");
    q->model_path = a->argv;
    q->models = (unsigned)a->argc;
    return 0;
}

/* ---- running ---- */

struct progress {     /* told from the second second on, where somebody looks */
    const char *what; /* "pairs" */
    struct timespec start;
    bool told;
};

static struct progress progress_of(const char *what)
{
    struct progress p = { .what = what };
    clock_gettime(CLOCK_MONOTONIC, &p.start);
    return p;
}

static void tell_progress(void *ctx, size_t done, size_t all)
{
    struct progress *p = ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double s = (double)(now.tv_sec - p->start.tv_sec) + (double)(now.tv_nsec - p->start.tv_nsec) / 1e9;
    if (s < 1 || !isatty(STDERR_FILENO))
        return;
    p->told = true;
    fprintf(stderr, "\r  %zu of %zu %s", done, all, p->what);
}

static void end_progress(const struct progress *p)
{
    if (p->told)
        fputs("\r\033[K", stderr);
}

static int run_cases(struct fit_request *q)
{
    struct progress p = progress_of("pairs");
    const struct thm_fit_progress progress = { &p, tell_progress };
    const int failed = thm_fit_run_all(q->cases, q->count, q->cells, &progress);
    end_progress(&p);
    return failed ? thm_fail(THM_EXIT_HOST, "running the boards: %s", strerror(errno)) : 0;
}

static int check_cells(const struct fit_request *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->cells[i].verdict == THM_FIT_BROKEN)
            return thm_fail(THM_EXIT_HOST, "%s, %s: %s", q->cells[i].board, q->cells[i].model, q->cells[i].message);
    return 0;
}

/* A board without network, storage or the right core for what was asked, and it alone: that is a wrong command line. */
static int check_asked(const struct fit_request *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->cells[i].verdict != THM_FIT_NONE)
            return 0;
    return thm_fail(THM_EXIT_USAGE, "%s: %s", q->cells[0].board, q->cells[0].message);
}

/* ---- what would help ---- */

static int advise(struct fit_request *q, size_t i)
{
    struct thm_fit_advices *a = &q->advices[i];
    const struct thm_fit_question question = { &q->cases[i], &q->cells[i], q->model, q->models };
    if (q->cells[i].verdict != THM_FIT_FAILS)
        return 0;
    a->list = calloc(THM_FIT_ADVICE_MAX, sizeof *a->list);
    if (!a->list || thm_fit_advise(&question, a->list, &a->n))
        return thm_fail(THM_EXIT_HOST, "trying what would help: %s", strerror(errno));
    return 0;
}

static int advise_all(struct fit_request *q)
{
    struct progress p = progress_of("pairs advised on");
    int status = 0;
    for (size_t i = 0; i < q->count && !status && (q->advice || q->count == 1); i++) {
        tell_progress(&p, i, q->count);
        status = advise(q, i);
    }
    end_progress(&p);
    return status;
}

/* ---- the answer ---- */

static bool is_required(const struct fit_request *q, const char *board)
{
    bool found = false;
    for (unsigned i = 0; i < q->require_count && !found; i++)
        found = strcmp(q->require[i], board) == 0;
    return found;
}

bool fit_broken(const struct fit_request *q, const struct thm_fit_cell *cell, char *why, size_t size)
{
    const size_t board = (size_t)(cell - q->cells) / q->models;
    const double percent = thm_fit_ram_percent(cell);
    const bool fits = cell->verdict == THM_FIT_FITS;
    if (!fits && is_required(q, q->boards[board].name)) {
        snprintf(why, size, "required to fit: %s", cell->message);
        return true;
    }
    if (fits && q->max_percent > 0 && percent > q->max_percent) {
        snprintf(why, size, "takes %.1f %% of the RAM for data, %g are allowed", percent, q->max_percent);
        return true;
    }
    return false;
}

static int print(const struct fit_request *q)
{
    if (q->json)
        return fit_json(q, stdout);
    if (q->csv)
        fit_csv(q, stdout);
    else
        fit_table(q, stdout);
    return 0;
}

static int write_files(const struct fit_request *q)
{
    int status = q->junit ? fit_junit(q) : 0;
    if (!status && q->html)
        status = fit_html(q);
    if (!status && q->svg)
        status = fit_svg(q);
    return status;
}

static int judge(const struct fit_request *q)
{
    char why[400];
    int status = 0;
    for (size_t i = 0; i < q->count; i++)
        if (fit_broken(q, &q->cells[i], why, sizeof why))
            status = thm_fail(THM_EXIT_DIFFERS, "%s on %s: %s", q->cells[i].model, q->cells[i].board, why);
    return status;
}

static int answer(struct fit_request *q)
{
    int status = run_cases(q);
    if (!status)
        status = check_cells(q);
    if (!status)
        status = check_asked(q);
    if (!status)
        status = advise_all(q);
    if (!status)
        status = print(q);
    if (!status)
        status = write_files(q);
    return status ? status : judge(q);
}

static int command_fit(int argc, char **argv)
{
    struct fit_request *q = calloc(1, sizeof *q);
    struct thm_args a;
    if (!q)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    thm_args_init(&a, &thm_command_fit, argc, argv);
    int status = parse(&a, q);
    if (!status)
        status = fit_load(q);
    if (!status)
        status = answer(q);
    fit_free(q);
    free(q);
    return status < 0 ? THM_EXIT_OK : status; /* -1: help was asked for */
}

const struct thm_command thm_command_fit = {
    .name = "fit",
    .args = "MODEL...",
    .summary = "tell which boards can run a model, what breaks, and where the bytes went",
    .details =
        "Every pair of a board and a model is run, as by 'thimble run'. Exit status 0 also where a model does not "
        "fit; 1 if --require or --max-sram-percent is not met.",
    .options = options,
    .run = command_fit,
};
