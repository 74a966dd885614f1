/* emu/report/trace_summary.c -- what a trace comes to, in a page of text. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emu/report/trace_read.h"

enum { NAMES_MAX = 256 };

struct sum {
    char name[48];
    uint64_t times, ns, amount;
};

struct table { /* what is beyond its end is not told */
    struct sum row[NAMES_MAX];
    size_t rows;
};

struct summary {
    struct table steps, ops, owners;
    struct sum programs, erases, packets, frees, failed;
    uint64_t end_ns, least_free;
    bool heap_seen;
};

static void count(struct sum *s, uint64_t ns, uint64_t amount)
{
    s->times++;
    s->ns += ns;
    s->amount += amount;
}

/* Of several cores, each has its own rows. */
static void count_in(struct table *t, const json_t *o, const char *key, uint64_t ns, uint64_t amount)
{
    const char *core = thm_trace_string(o, "core");
    char name[sizeof t->row[0].name];
    snprintf(name, sizeof name, "%s%s%s", core, *core ? ": " : "", thm_trace_string(o, key));
    size_t i = 0;
    while (i < t->rows && strcmp(t->row[i].name, name) != 0)
        i++;
    if (i == NAMES_MAX)
        return;
    if (i == t->rows)
        snprintf(t->row[t->rows++].name, sizeof t->row[i].name, "%s", name);
    count(&t->row[i], ns, amount);
}

static void see_heap(struct summary *s, const json_t *o)
{
    const uint64_t free_bytes = thm_trace_number(o, "free");
    if (!s->heap_seen || free_bytes < s->least_free)
        s->least_free = free_bytes;
    s->heap_seen = true;
}

static bool on_event(void *ctx, const char *name, uint64_t t_ns, const json_t *o)
{
    struct summary *s = ctx;
    const uint64_t ns = thm_trace_number(o, "ns"), bytes = thm_trace_number(o, "bytes");
    s->end_ns = t_ns > s->end_ns ? t_ns : s->end_ns;
    if (strcmp(name, "step") == 0)
        count_in(&s->steps, o, "step", ns, 0);
    else if (strcmp(name, "op") == 0)
        count_in(&s->ops, o, "op", ns, thm_trace_number(o, "macs"));
    else if (strcmp(name, "flash_program") == 0)
        count(&s->programs, ns, bytes);
    else if (strcmp(name, "flash_erase") == 0)
        count(&s->erases, ns, bytes);
    else if (strcmp(name, "packet") == 0)
        count(&s->packets, 0, bytes);
    else if (strcmp(name, "alloc_failed") == 0)
        count(&s->failed, 0, bytes);
    else if (strcmp(name, "alloc") == 0)
        count_in(&s->owners, o, "what", 0, bytes);
    else if (strcmp(name, "free") == 0)
        count(&s->frees, 0, 0);
    if (strcmp(name, "alloc") == 0 || strcmp(name, "free") == 0)
        see_heap(s, o);
    return true;
}

static int more_first(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    if (x->ns != y->ns)
        return x->ns < y->ns ? 1 : -1;
    if (x->amount != y->amount)
        return x->amount < y->amount ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* amount: the last column's title; NULL: there is none. */
static void print_table(FILE *f, const char *title, bool timed, const char *amount, struct table *t)
{
    if (t->rows == 0)
        return;
    fprintf(f, "\n%-40s %7s%*s%*s\n", title, "times", timed ? 13 : 0, timed ? "ms" : "", amount ? 13 : 0,
            amount ? amount : "");
    for (size_t i = 0; i < t->rows; i++) {
        fprintf(f, "  %-38.38s %7" PRIu64, t->row[i].name, t->row[i].times);
        if (timed)
            fprintf(f, " %12.3f", (double)t->row[i].ns / 1e6);
        if (amount)
            fprintf(f, " %12" PRIu64, t->row[i].amount);
        fputc('\n', f);
    }
}

static void sort(struct table *t)
{
    qsort(t->row, t->rows, sizeof t->row[0], more_first);
}

static void print_flash(FILE *f, const char *what, const struct sum *s)
{
    if (s->times)
        fprintf(f, "%-8s %" PRIu64 " times, %" PRIu64 " bytes, %.3f ms\n", what, s->times, s->amount,
                (double)s->ns / 1e6);
}

static void print(FILE *f, struct summary *s)
{
    uint64_t allocations = 0;
    for (size_t i = 0; i < s->owners.rows; i++)
        allocations += s->owners.row[i].times;
    fprintf(f, "time     %.3f s of the board\n", (double)s->end_ns / 1e9);
    print_flash(f, "program", &s->programs);
    print_flash(f, "erase", &s->erases);
    if (s->packets.times)
        fprintf(f, "network  %" PRIu64 " packets, %" PRIu64 " bytes\n", s->packets.times, s->packets.amount);
    if (s->heap_seen)
        fprintf(f,
                "heap     %" PRIu64 " allocations, %" PRIu64 " frees, %" PRIu64 " failed; at least %" PRIu64
                " bytes were free\n",
                allocations, s->frees.times, s->failed.times, s->least_free);
    sort(&s->ops);
    sort(&s->owners);
    print_table(f, "steps", true, NULL, &s->steps);
    print_table(f, "operators", true, "MACs", &s->ops);
    print_table(f, "allocated for", false, "bytes", &s->owners);
}

bool thm_trace_summarize(FILE *in, FILE *out, struct thm_trace_error *error)
{
    struct summary *s = calloc(1, sizeof *s);
    const struct thm_trace_reader reader = { s, on_event };
    if (!s) {
        *error = (struct thm_trace_error){ .exit_status = 20, .text = "the PC is out of memory" };
        return false;
    }
    const bool ok = thm_trace_read(in, &reader, error);
    if (ok)
        print(out, s);
    free(s);
    return ok;
}
