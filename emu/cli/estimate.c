/* emu/cli/estimate.c -- `thimble estimate`: how long a model takes on a core and what energy, without running it. */
#include "emu/cli/estimate.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile.h"
#include "emu/cli/commands.h"

#define FILE_MOST  (UINT64_C(1) << 30)
#define CLOCK_MOST 10e9 /* Hz */

enum { OPT_CORE, OPT_CLOCK, OPT_KERNELS, OPT_BOARD, OPT_MCU, OPT_LIST, OPT_JSON };

static const struct thm_option options[] = {
    [OPT_CORE] = { "core", "NAME", "the core: cortex-m4, xtensa-lx6 ... (--list shows all)", 'c' },
    [OPT_CLOCK] = { "clock", "HZ", "its clock: 64000000, 120M, 1.2G", 0 },
    [OPT_KERNELS] = { "kernels", "NAME", "kernel library: reference (default), cmsis-nn, esp-nn, x-cube-ai ...", 'k' },
    [OPT_BOARD] = { "board", "NAME", "take core, clock and kernels from a board's profile", 'b' },
    [OPT_MCU] = { "mcu", "NAME", "the chip, for energy: STM32L4R5 ... (default: any with this core)", 0 },
    [OPT_LIST] = { "list", NULL, "list cores and kernel libraries, with the errors of cross-validation", 'l' },
    [OPT_JSON] = { "json", NULL, "print JSON", 'j' },
    { NULL, NULL, NULL, 0 },
};

struct request {
    const char *path, *core, *kernels, *board, *mcu;
    double clock; /* 0: not given */
    bool list, json;
    struct thm_profile *profile;
    struct thm_cost_core *loaded;
    struct thm_estimate_facts facts;
};

/* -- the command line ------------------------------------------------------------------------------------------- */

/* "120M": decimal, with k, M or G for thousands. false: no clock. */
static bool parse_clock(const char *text, double *hz)
{
    static const char suffixes[] = "kMG";
    char *end;
    if (text[0] < '0' || text[0] > '9' || text[1] == 'x' || text[1] == 'X')
        return false;
    *hz = strtod(text, &end);
    const char *suffix = *end ? strchr(suffixes, *end) : NULL;
    if (suffix) {
        *hz *= pow(1000, (double)(suffix - suffixes + 1));
        end++;
    }
    return *end == '\0' && *hz >= 1 && *hz <= CLOCK_MOST;
}

static int set_option(struct request *r, const struct thm_args *a, int option)
{
    switch (option) {
    case OPT_CORE: r->core = a->value; return 0;
    case OPT_KERNELS: r->kernels = a->value; return 0;
    case OPT_BOARD: r->board = a->value; return 0;
    case OPT_MCU: r->mcu = a->value; return 0;
    case OPT_LIST: r->list = true; return 0;
    case OPT_JSON: r->json = true; return 0;
    default:
        return parse_clock(a->value, &r->clock)
                   ? 0
                   : thm_usage(a, "--clock: '%s' is no frequency from 1 Hz to 10G, such as 120M", a->value);
    }
}

static int check_arguments(struct request *r, const struct thm_args *a)
{
    if (r->list)
        return a->argc || r->core || r->board ? thm_usage(a, "--list stands alone, or with --json") : 0;
    if (a->argc != 1)
        return thm_usage(a, a->argc ? "more than one model" : "no model");
    if (!r->core == !r->board)
        return thm_usage(a, r->core ? "--core and --board exclude each other" : "neither --core nor --board");
    if (r->core && r->clock == 0)
        return thm_usage(a, "--core needs --clock");
    r->path = a->argv[0];
    const char *slash = strrchr(r->path, '/');
    r->facts.model = slash ? slash + 1 : r->path;
    return 0;
}

static int parse(struct request *r, int argc, char **argv)
{
    struct thm_args a;
    int option, status;
    thm_args_init(&a, &thm_command_estimate, argc, argv);
    while ((option = thm_args_next(&a)) >= 0)
        if ((status = set_option(r, &a, option)) != 0)
            return status;
    if (option < -1)
        return option == -3 ? -1 : THM_EXIT_USAGE;
    return check_arguments(r, &a);
}

/* -- core and library ------------------------------------------------------------------------------------------- */

static int unknown_kernels(const struct thm_cost_core *core, const char *name)
{
    char known[512] = "";
    for (unsigned i = 0; i < core->kernels_count; i++) {
        size_t at = strlen(known);
        if (i == 0 || strcmp(core->kernels[i].name, core->kernels[i - 1].name) != 0)
            snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", core->kernels[i].name);
    }
    return thm_fail(THM_EXIT_USAGE, "--kernels: '%s' is not known on %s, which has %s", name, core->name, known);
}

/* Of --board what --clock and --kernels leave open. */
static const struct thm_cost_core *choose_core(struct request *r)
{
    if (!r->board)
        return r->loaded;
    const struct thm_profile_core *k = &r->profile->cores[0];
    if (r->clock == 0)
        r->clock = (double)k->clock_hz;
    if (!r->kernels)
        r->kernels = k->kernels;
    r->facts.board = r->profile->name;
    return r->profile->core;
}

static int open_cost(struct request *r)
{
    char *error;
    int status =
        r->board ? thm_profile_load(r->board, &r->profile, &error) : thm_profile_core_load(r->core, &r->loaded, &error);
    if (status) {
        thm_fail(status, "%s", error ? error : "out of memory");
        free(error);
        return status;
    }
    const struct thm_cost_core *core = choose_core(r);
    const char *kernels = r->kernels ? r->kernels : "reference";
    if (!thm_cost_open(&r->facts.cost, core, kernels, r->facts.board, (uint64_t)r->clock))
        return unknown_kernels(core, kernels);
    if (r->mcu && !thm_cost_energy(core, r->mcu))
        return thm_fail(THM_EXIT_USAGE, "--mcu: no energy is known of a '%s' with %s", r->mcu, core->name);
    return 0;
}

/* -- the model -------------------------------------------------------------------------------------------------- */

static int refuse(const struct request *r, enum thm_nn_err err, const struct thm_nn_diag *diag)
{
    char text[512];
    thm_nn_message(diag, text, sizeof text);
    return thm_fail(thm_nn_exit_status(err), "%s: %s", r->path, text);
}

static int print(const struct request *r)
{
    if (r->json)
        return thm_estimate_print_json(&r->facts);
    thm_estimate_print(&r->facts);
    return 0;
}

static int estimate_model(struct request *r, const struct thm_model *m)
{
    struct thm_memory_plan plan;
    struct thm_nn_diag diag;
    enum thm_nn_err err = thm_memory_plan_make(&plan, m, thm_layout_find("cortex_m"), NULL, &diag);
    int status = err ? refuse(r, err, &diag) : 0;
    if (!err && (plan.out_of_memory || !thm_estimate_make(&r->facts.estimate, &r->facts.cost, r->mcu, m, &plan)))
        status = thm_fail(THM_EXIT_HOST, "out of memory for the plan of %s", r->path);
    if (!status)
        status = print(r);
    thm_estimate_free(&r->facts.estimate);
    thm_memory_plan_free(&plan);
    return status;
}

static int estimate_file(struct request *r)
{
    struct thm_model m;
    struct thm_nn_diag diag;
    uint8_t *file = NULL;
    size_t bytes;
    int status = thm_read_file(r->path, FILE_MOST, &file, &bytes);
    if (status)
        return status;
    enum thm_nn_err err = thm_model_open(&m, file, bytes, &diag);
    status = err ? refuse(r, err, &diag) : estimate_model(r, &m);
    free(file);
    return status;
}

static int run(int argc, char **argv)
{
    struct request r = { 0 };
    int status = parse(&r, argc, argv);
    if (status)
        return status < 0 ? 0 : status;
    if (r.list)
        return thm_estimate_list(r.json);
    status = open_cost(&r);
    if (!status)
        status = estimate_file(&r);
    thm_profile_core_free(r.loaded);
    thm_profile_free(r.profile);
    return status;
}

const struct thm_command thm_command_estimate = {
    .name = "estimate",
    .args = "MODEL",
    .summary = "how long a model takes on a core, and what energy, without running it",
    .details = "The error is that of nine in ten estimates in cross-validation against published measurements, not a "
               "promise. A refused model gives exit status 14.",
    .options = options,
    .run = run,
};
