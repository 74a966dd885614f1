/* emu/cli/heap.c -- thimble heap: run an allocation log on a board's allocator. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/cli/commands.h"
#include "memmodels/heap_replay.h"

enum { ALLOCATOR, HEAP_SIZE, BASE, PRINT, JSON };

static const struct thm_option options[] = {
    [ALLOCATOR] = { "allocator", "NAME", "replay on this allocator, whatever the log was recorded on", 'a' },
    [HEAP_SIZE] = { "heap-size", "BYTES", "size of the heap; default: the log's '# heap_size:' line", 's' },
    [BASE] = { "base-mod4096", "N",
               "address of the heap's first byte, modulo 4096; default: the log's "
               "'# base_mod4096:' line, else 0",
               'b' },
    [PRINT] = { "print", NULL, "compare nothing; write the log with this allocator's results filled in", 'p' },
    [JSON] = { "json", NULL, "write the summary as one JSON object", 'j' },
    { 0 },
};

struct request {
    struct thm_replay_options replay;
    bool json;
    const char *path;
};

static double fragmentation(const struct thm_heap_stats *s)
{
    return s->free ? 1.0 - (double)s->largest / s->free : 0.0;
}

static int set_option(const struct thm_args *a, int option, struct request *q)
{
    uint64_t v = 0;
    switch (option) {
    case ALLOCATOR:
        q->replay.ops = thm_replay_allocator(a->value);
        if (!q->replay.ops)
            return thm_usage(a, "unknown allocator '%s'; 'thimble heap allocators' lists them", a->value);
        return 0;
    case HEAP_SIZE:
        if (!thm_parse_size(a->value, THM_REPLAY_HEAP_MAX, &v) || v == 0)
            return thm_usage(a, "--heap-size '%s' is not a size from 1 to 1024M", a->value);
        q->replay.heap_size = (uint32_t)v;
        return 0;
    case BASE:
        if (!thm_parse_size(a->value, 4095, &v))
            return thm_usage(a, "--base-mod4096 '%s' is not a number from 0 to 4095", a->value);
        q->replay.base_mod4096 = (uint32_t)v;
        q->replay.base_given = true;
        return 0;
    case PRINT: q->replay.fill_in = true; return 0;
    default: q->json = true; return 0;
    }
}

static int report_error(const struct request *q, const struct thm_replay_result *r)
{
    const int status = thm_mem_exit_status(r->err);
    if (r->err == THM_MEM_EDIFFERS)
        return thm_fail(status, "%s:%" PRIu64 ": %s differs: expected %s, got %s", q->path, r->line, r->allocator->name,
                        r->expected, r->got);
    return thm_fail(status, "%s:%" PRIu64 ": expected %s, got %s", q->path, r->line, r->expected, r->got);
}

static void print_summary(const struct request *q, const struct thm_replay_result *r)
{
    const struct thm_heap_stats *s = &r->stats;
    printf("%s%s: %" PRIu64 " operations%s; %u bytes free, largest block %u, least free %u, fragmentation %.1f %%\n",
           q->replay.fill_in ? "# " : "", r->allocator->name, r->ops, q->replay.fill_in ? "" : ", 0 differ", s->free,
           s->largest, s->min_free, 100.0 * fragmentation(s));
}

static json_t *heap_json(const struct thm_heap_stats *s)
{
    return json_pack("{sI sI sI sf sI sI sI}", "free", (json_int_t)s->free, "largest", (json_int_t)s->largest,
                     "min_free", (json_int_t)s->min_free, "fragmentation", fragmentation(s), "allocated",
                     (json_int_t)s->allocated, "blocks_alloc", (json_int_t)s->blocks_alloc, "blocks_free",
                     (json_int_t)s->blocks_free);
}

static int print_json(const struct request *q, const struct thm_replay_result *r)
{
    const bool differs = r->err == THM_MEM_EDIFFERS;
    json_t *j = json_pack("{ss ss sI sI sI si}", "file", q->path, "allocator", r->allocator->name, "heap_size",
                          (json_int_t)r->heap_size, "base_mod4096", (json_int_t)r->base_mod4096, "operations",
                          (json_int_t)r->ops, "differing", differs);
    if (j && differs)
        json_object_update_new(
            j, json_pack("{sI ss ss}", "line", (json_int_t)r->line, "expected", r->expected, "got", r->got));
    const bool failed = !j || json_object_set_new(j, "heap", heap_json(&r->stats)) ||
                        json_dumpf(j, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(j);
    putchar('\n');
    return failed ? thm_fail(THM_EXIT_HOST, "the JSON summary could not be written") : THM_EXIT_OK;
}

static int replay(struct request *q)
{
    struct thm_replay_result result;
    struct stat st;
    const bool from_stdin = strcmp(q->path, "-") == 0;
    FILE *in = from_stdin ? stdin : fopen(q->path, "re");
    if (!in)
        return thm_fail(errno == EMFILE || errno == ENFILE || errno == ENOMEM ? THM_EXIT_HOST : THM_EXIT_USAGE,
                        "%s: %s", q->path, strerror(errno));
    if (fstat(fileno(in), &st) == 0 && S_ISDIR(st.st_mode)) {
        fclose(in);
        return thm_fail(THM_EXIT_USAGE, "%s: is a folder", q->path);
    }
    q->replay.out = stdout;
    thm_replay_stream(in, &q->replay, &result);
    if (!from_stdin)
        fclose(in);
    int status = THM_EXIT_OK;
    if (q->json && (result.err == THM_MEM_OK || result.err == THM_MEM_EDIFFERS))
        status = print_json(q, &result);
    if (result.err)
        return report_error(q, &result);
    if (!q->json)
        print_summary(q, &result);
    return status;
}

static int list_allocators(void)
{
    const struct thm_heap_ops *ops;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++)
        printf("%-28s %s\n", ops->name, ops->title);
    return THM_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    struct request q = { 0 };
    int option;
    thm_args_init(&a, &thm_command_heap, argc, argv);
    while ((option = thm_args_next(&a)) >= 0) {
        const int status = set_option(&a, option, &q);
        if (status)
            return status;
    }
    if (option != -1)
        return option == -3 ? THM_EXIT_OK : THM_EXIT_USAGE;
    if (a.argc == 1 && strcmp(a.argv[0], "allocators") == 0)
        return list_allocators();
    if (a.argc == 0 || strcmp(a.argv[0], "replay") != 0)
        return thm_usage(&a, "what to do is missing or unknown: 'replay TRACE' or 'allocators'");
    if (a.argc != 2)
        return thm_usage(&a, "replay takes one log, '-' for standard input");
    if (q.json && q.replay.fill_in)
        return thm_usage(&a, "--print and --json exclude each other");
    q.path = a.argv[1];
    return replay(&q);
}

const struct thm_command thm_command_heap = {
    .name = "heap",
    .args = "replay TRACE | allocators",
    .summary = "replay an allocation log on a board's heap allocator",
    .details = "Runs every malloc, memalign, realloc and free of the log in an emulated heap, compares the resulting "
               "offsets and figures with the recorded ones and stops at the first line that differs. "
               "TRACE '-' is standard input. 'allocators' lists the known ones.",
    .options = options,
    .run = run,
};
