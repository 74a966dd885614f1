/* emu/cli/exec.c -- thimble exec: any Linux program under a board's memory. */
#include "emu/exec/exec.h"
#include <stdlib.h>
#include <string.h>
#include "emu/cli/commands.h"

enum { BOARD, HEAP, STACK, WITH_NETWORK, CHARGE_STARTUP, ALIGN, ERROR_EXITCODE, JSON, QUIET };

static const struct thm_option options[] = {
    [BOARD] = { "board", "NAME", "the board (see 'thimble boards'; default: esp32)", 'b' },
    [HEAP] = { "heap", "BYTES",
               "one heap region of this size, all of it the program's, instead of the board's regions; "
               "the allocator stays the board's",
               0 },
    [STACK] = { "stack", "BYTES", "stack of the main thread (default: the board's task stack)", 0 },
    [WITH_NETWORK] = { "with-network", NULL, "also take what the runtime takes when the network is up", 0 },
    [CHARGE_STARTUP] = { "charge-startup", NULL, "charge what the C library and constructors take before main()", 0 },
    [ALIGN] = { "align", "BYTES",
                "alignment of blocks of that size and more: 0 (the allocator's own), 8, 16, 32 or 64 "
                "(default: 16 for 64-bit programs, 0 for 32-bit ones)",
                0 },
    [ERROR_EXITCODE] = { "error-exitcode", "N", "end with status N if a request failed or there were too many threads",
                         0 },
    [JSON] = { "json", "FILE", "write the report there, as one JSON object", 'j' },
    [QUIET] = { "quiet", NULL, "on standard error, report only what went wrong", 'q' },
    { 0 },
};

struct request {
    struct thm_exec_options exec;
    const char *board, *json;
    uint64_t error_exitcode;
    bool quiet;
};

static int set_align(const struct thm_args *a, struct request *q)
{
    uint64_t v;
    if (!thm_parse_size(a->value, 64, &v) || v & (v - 1) || (v && v < 8))
        return thm_usage(a, "--align '%s' is none of 0, 8, 16, 32, 64", a->value);
    q->exec.align = (int)v;
    return 0;
}

static int set_size(const struct thm_args *a, uint64_t min, uint64_t max, uint32_t *out)
{
    uint64_t v;
    if (!thm_parse_size(a->value, max, &v) || v < min)
        return thm_usage(a, "'%s' is not a size from %llu to %lluM", a->value, (unsigned long long)min,
                         (unsigned long long)(max >> 20));
    *out = (uint32_t)v;
    return 0;
}

static int set_option(const struct thm_args *a, int option, struct request *q)
{
    switch (option) {
    case BOARD: q->board = a->value; return 0;
    case HEAP: return set_size(a, 1, 1024u << 20, &q->exec.heap);
    case STACK: return set_size(a, THM_EXEC_STACK_MIN, THM_EXEC_STACK_MAX, &q->exec.stack);
    case WITH_NETWORK: q->exec.with_network = true; return 0;
    case CHARGE_STARTUP: q->exec.charge_startup = true; return 0;
    case ALIGN: return set_align(a, q);
    case ERROR_EXITCODE:
        if (!thm_parse_size(a->value, 255, &q->error_exitcode) || q->error_exitcode == 0)
            return thm_usage(a, "--error-exitcode '%s' is not a number from 1 to 255", a->value);
        return 0;
    case JSON: q->json = a->value; return 0;
    default: q->quiet = true; return 0;
    }
}

static int write_json(const struct request *q, const struct thm_exec_outcome *out)
{
    char *text = thm_exec_json(&q->exec, out);
    if (!text)
        return thm_fail(THM_EXIT_HOST,
                        "%s: the report could not be put together (out of memory, or a file name is not UTF-8)",
                        q->json);
    const int status = thm_write_file(q->json, text, strlen(text));
    free(text);
    return status;
}

static bool had_errors(const struct request *q, const struct thm_exec_result *r)
{
    const uint32_t max = q->exec.profile->task.tasks_max;
    return r->failed || (max && r->threads_peak > max);
}

static int run_program(const struct request *q)
{
    struct thm_exec_outcome out;
    int status = thm_exec_run(&q->exec, &out);
    if (!status) {
        const bool errors = q->error_exitcode && !out.page.result.fault && had_errors(q, &out.page.result);
        thm_exec_report(stderr, &q->exec, &out, q->quiet);
        const int written = q->json ? write_json(q, &out) : 0;
        status = written ? written : errors ? (int)q->error_exitcode : thm_exec_status(&out);
    }
    thm_exec_outcome_finish(&out);
    return status;
}

static int run_on_board(struct request *q)
{
    struct thm_profile *profile;
    char *error;
    int status = thm_profile_load(q->board, &profile, &error);
    if (status) {
        thm_fail(status, "%s", error ? error : "out of memory");
        free(error);
        return status;
    }
    q->exec.profile = profile;
    status = run_program(q);
    thm_profile_free(profile);
    return status;
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    struct request q = { .board = "esp32", .exec = { .align = -1 } };
    int option;
    thm_args_init(&a, &thm_command_exec, argc, argv);
    while ((option = thm_args_next(&a)) >= 0) {
        const int status = set_option(&a, option, &q);
        if (status)
            return status;
    }
    if (option != -1)
        return option == -3 ? THM_EXIT_OK : THM_EXIT_USAGE;
    if (a.argc == 0)
        return thm_usage(&a, "the program is missing");
    q.exec.argv = a.argv;
    return run_on_board(&q);
}

const struct thm_command thm_command_exec = {
    .name = "exec",
    .args = "[--] PROGRAM [ARGUMENT]...",
    .summary = "run any Linux program under a board's memory",
    .details = "The program's malloc is the board's allocator over the board's heap regions, its main thread has the "
               "board's stack. A request that does not fit gets NULL; the program goes on or not as it sees fit. At "
               "the end a report on standard error tells what was taken and where it failed. PROGRAM is linked "
               "dynamically, 64-bit or 32-bit; it ends as it would, and so does thimble.",
    .options = options,
    .run = run,
    .options_first = true,
};
