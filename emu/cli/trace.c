/* emu/cli/trace.c -- thimble trace: a board's trace for other eyes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/cli/commands.h"
#include "emu/report/trace_read.h"

static const struct verb {
    const char *name;
    bool (*convert)(FILE *in, FILE *out, struct thm_trace_error *error);
} verbs[] = {
    { "to-perfetto", thm_perfetto_write },
    { "summary", thm_trace_summarize },
};

static int open_trace(const char *path, FILE **in)
{
    struct stat st;
    *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!*in)
        return thm_fail(errno == EMFILE || errno == ENFILE || errno == ENOMEM ? THM_EXIT_HOST : THM_EXIT_USAGE,
                        "%s: %s", path, strerror(errno));
    if (fstat(fileno(*in), &st) < 0 || !S_ISDIR(st.st_mode))
        return THM_EXIT_OK;
    fclose(*in);
    return thm_fail(THM_EXIT_USAGE, "%s: is a folder", path);
}

static int trace_error(const char *path, const struct thm_trace_error *e)
{
    if (e->line)
        return thm_fail(e->exit_status, "%s:%" PRIu64 ": %s", path, e->line, e->text);
    return thm_fail(e->exit_status, "%s: %s", path, e->text);
}

/* Whole or not at all: the result is kept until the trace has been read to its end. */
static int deliver(const char *path, const char *text, size_t len)
{
    if (path)
        return thm_write_file(path, text, len);
    if (fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0)
        return thm_fail(THM_EXIT_HOST, "standard output: %s", strerror(errno));
    return THM_EXIT_OK;
}

static int convert(const struct verb *v, const char *from, const char *to)
{
    struct thm_trace_error error = { 0 };
    char *text = NULL;
    size_t len = 0;
    FILE *in;
    int status = open_trace(from, &in);
    if (status)
        return status;
    FILE *out = open_memstream(&text, &len);
    const bool ok = out && v->convert(in, out, &error);
    if (!out || fclose(out) != 0)
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    else
        status = ok ? deliver(to, text, len) : trace_error(from, &error);
    if (in != stdin)
        fclose(in);
    free(text);
    return status;
}

static int command_trace(int argc, char **argv)
{
    struct thm_args a;
    thm_args_init(&a, &thm_command_trace, argc, argv);
    const int option = thm_args_next(&a);
    if (option != -1)
        return option == -3 ? THM_EXIT_OK : THM_EXIT_USAGE;
    for (size_t i = 0; a.argc && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(a.argv[0], verbs[i].name) == 0)
            return a.argc == 2 || a.argc == 3 ? convert(&verbs[i], a.argv[1], a.argc == 3 ? a.argv[2] : NULL)
                                              : thm_usage(&a, "%s takes a trace, and a file to write", verbs[i].name);
    return thm_usage(&a, "what to do is missing or unknown: 'to-perfetto TRACE [OUT]' or 'summary TRACE [OUT]'");
}

static const struct thm_option options[] = { { 0 } };

const struct thm_command thm_command_trace = {
    .name = "trace",
    .args = "to-perfetto TRACE [OUT] | summary TRACE [OUT]",
    .summary = "look at a board's trace: in a viewer, or as a summary",
    .details = "TRACE is what 'thimble run --trace' wrote; '-' is standard input. 'to-perfetto' makes a file for "
               "ui.perfetto.dev or chrome://tracing: steps, operators, flash, network, and the heap as counters. "
               "'summary' tells how often what happened. OUT: default is standard output.",
    .options = options,
    .run = command_trace,
};
