/* emu/exec/report.c -- what the program took and where it failed, for people. */
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include "emu/exec/exec.h"
#include "memmodels/err.h"

#define NAME_MAX_LEN 160

struct report {
    FILE *to;
    const struct thm_exec_options *o;
    const struct thm_exec_outcome *out;
    const struct thm_exec_result *r;
    struct thm_exec_names *names;
};

static void headline(const struct report *p)
{
    fprintf(p->to, "thimble: exec: %s: ", p->o->profile->name);
}

static void row(const struct report *p, const char *name)
{
    fprintf(p->to, "  %-8s ", name);
}

static void print_trace(const struct report *p, const struct thm_exec_trace *t)
{
    char name[NAME_MAX_LEN];
    for (uint32_t i = 0; i < t->frames; i++) {
        thm_exec_name(p->names, p->out, t->frame[i], name, sizeof name);
        fprintf(p->to, "    %s %s\n", i ? "by" : "at", name);
    }
}

/* -- failures --------------------------------------------------------------------------------------------------- */

static void print_setup_error(const struct report *p)
{
    headline(p);
    if (p->r->stage == THM_EXEC_NOT_LOADED)
        fprintf(p->to, "the loader did not take the preload library into %s: nothing was limited or measured\n",
                p->out->path);
    else if (p->r->setup_error == THM_MEM_ENOMEM)
        fputs("what the runtime takes does not fit into the heaps; see 'thimble boards'\n", p->to);
    else if (p->r->setup_error == THM_MEM_EINVAL)
        fprintf(p->to, "a heap region is too small for %s, or two overlap\n", p->out->page.setup.allocator);
    else
        fprintf(p->to, "the heaps could not be set up: %s\n", thm_mem_strerror((enum thm_mem_err)p->r->setup_error));
}

static void print_stack_overflow(const struct report *p)
{
    fprintf(p->to, "stack overflow: main used more than %" PRIu32 " bytes; --stack BYTES gives it more\n",
            p->out->page.setup.stack);
}

static void print_past_region(const struct report *p)
{
    const struct thm_exec_region *region = &p->out->page.setup.region[p->r->fault_region];
    const uint64_t end = (uint64_t)region->base + region->size;
    fprintf(p->to, "access %" PRIu64 " bytes past the end of heap region %s, at 0x%08" PRIx64 "\n",
            p->r->fault_address - end, region->name, p->r->fault_address);
}

static void print_heap_damage(const struct report *p)
{
    fprintf(p->to,
            "the heap is damaged at 0x%08" PRIx64 ": something wrote past the end of a block, or freed it twice\n",
            p->r->fault_address);
}

static void print_bad_free(const struct report *p)
{
    fprintf(p->to, "free or realloc of 0x%08" PRIx64 ", which is no block in use\n", p->r->fault_address);
}

static void print_fault(const struct report *p)
{
    static void (*const prints[])(const struct report *) = {
        [THM_EXEC_STACK_OVERFLOW] = print_stack_overflow,
        [THM_EXEC_PAST_REGION] = print_past_region,
        [THM_EXEC_HEAP_DAMAGE] = print_heap_damage,
        [THM_EXEC_BAD_FREE] = print_bad_free,
    };
    if (p->r->fault == THM_EXEC_NO_FAULT || p->r->fault >= sizeof prints / sizeof prints[0])
        return;
    headline(p);
    prints[p->r->fault](p);
    print_trace(p, &p->r->fault_trace);
}

static const char *why(const struct thm_exec_failure *f)
{
    if (f->free >= f->bytes)
        return f->largest >= f->bytes ? ": enough, but not with the alignment" : ": enough, but in pieces";
    return "";
}

static void print_failure(const struct report *p, const struct thm_exec_failure *f)
{
    headline(p);
    fprintf(p->to,
            "%s of %" PRIu64 " bytes failed (request %" PRIu64 "): %" PRIu32
            " bytes were free, the largest block %" PRIu32 "%s\n",
            f->call, f->bytes, f->number, f->free, f->largest, why(f));
}

static void print_failures(const struct report *p)
{
    const uint64_t told = p->r->failed < THM_EXEC_FAILURES ? p->r->failed : THM_EXEC_FAILURES;
    for (uint64_t i = 0; i < told; i++) {
        print_failure(p, &p->r->failure[i]);
        if (i == 0)
            print_trace(p, &p->r->failure_trace);
    }
    if (p->r->failed > told) {
        headline(p);
        fprintf(p->to, "%" PRIu64 " more requests failed\n", p->r->failed - told);
    }
    if (p->r->failed && strcmp(p->o->profile->allocator.on_failure, "null") != 0) {
        headline(p);
        fprintf(p->to, "on this board the first of them would not have got NULL: its runtime's answer is '%s'\n",
                p->o->profile->allocator.on_failure);
    }
}

static void print_threads(const struct report *p)
{
    const uint32_t max = p->o->profile->task.tasks_max;
    if (!max || p->r->threads_peak <= max)
        return;
    headline(p);
    fprintf(p->to, "%" PRIu32 " threads at once: the board has at most %" PRIu32 " tasks\n", p->r->threads_peak, max);
}

/* -- figures ---------------------------------------------------------------------------------------------------- */

static void print_end(const struct report *p)
{
    const int status = p->out->wait_status;
    headline(p);
    if (p->r->fault)
        fprintf(p->to, "%s was stopped there\n", p->out->path);
    else if (WIFSIGNALED(status))
        fprintf(p->to, "%s was killed by signal %d (%s)\n", p->out->path, WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    else
        fprintf(p->to, "%s ended with status %d\n", p->out->path, WEXITSTATUS(status));
}

static void print_heap(const struct report *p)
{
    const uint32_t have = p->r->free_at_start, peak = have - p->r->low_water;
    row(p, "heap");
    fprintf(p->to, "%" PRIu32 " of %" PRIu32 " bytes at the peak (%u %%), least free %" PRIu32, peak, have,
            have ? (unsigned)(100.0 * peak / have) : 0, p->r->low_water);
    if (p->r->stage == THM_EXEC_ENDED)
        fprintf(p->to, "; at the end %" PRIu32 " free, largest block %" PRIu32, p->r->end_free, p->r->end_largest);
    fputc('\n', p->to);
}

static void print_requests(const struct report *p)
{
    char name[NAME_MAX_LEN];
    row(p, "requests");
    fprintf(p->to, "%" PRIu64 ", %" PRIu64 " failed; %" PRIu32 " blocks in use at the end", p->r->requests,
            p->r->failed, p->r->live);
    if (p->r->largest_trace.frames) {
        thm_exec_name(p->names, p->out, p->r->largest_trace.frame[0], name, sizeof name);
        fprintf(p->to, "; largest %" PRIu64 " bytes, by %s", p->r->largest_request, name);
    }
    if (p->r->uncharged)
        fprintf(p->to, "; %" PRIu64 " from signal handlers in the middle of another, not charged", p->r->uncharged);
    fputc('\n', p->to);
}

static void print_stack(const struct report *p)
{
    if (p->r->stage != THM_EXEC_ENDED)
        return;
    row(p, "stack");
    fprintf(p->to, "%" PRIu32 " of %" PRIu32 " bytes at most (main thread)", p->r->stack_used,
            p->out->page.setup.stack);
    if (p->r->threads_peak > 1)
        fprintf(p->to, "; %" PRIu32 " threads at once, whose stacks are not charged", p->r->threads_peak);
    fputc('\n', p->to);
}

static void print_startup(const struct report *p)
{
    row(p, "start");
    fprintf(p->to, "%" PRIu32 " bytes before main(), not charged\n", p->r->startup_bytes);
}

static void print_past_malloc(const struct report *p)
{
    if (!p->r->past_malloc)
        return;
    row(p, "mmap");
    fprintf(p->to, "%" PRIu64 " bytes in all were taken past malloc, not charged: a board has no mmap\n",
            p->r->past_malloc);
}

static void print_inflation(const struct report *p)
{
    if (p->out->bits == 64) {
        row(p, "64-bit");
        fputs("pointers, longs and stack frames are larger than on the board: a 32-bit program (-m32) comes closer\n",
              p->to);
    }
    if (p->r->peak_padding) {
        row(p, "align");
        fprintf(p->to,
                "%" PRIu32 " bytes of the peak pad blocks to the alignment of %" PRIu32
                "; the board's allocator gives %" PRIu32 "\n",
                p->r->peak_padding, p->out->page.setup.align, p->r->allocator_align);
    }
    if (p->r->images > 1) {
        row(p, "exec");
        fprintf(p->to, "the figures are those of program %" PRIu32 " in this process\n", p->r->images);
    }
}

static void print_figures(const struct report *p)
{
    static void (*const rows[])(const struct report *) = { print_end,      print_heap,    print_requests,
                                                           print_stack,    print_startup, print_past_malloc,
                                                           print_inflation };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        rows[i](p);
}

void thm_exec_report(FILE *to, const struct thm_exec_options *o, const struct thm_exec_outcome *out, bool brief)
{
    struct report p = { to, o, out, &out->page.result, NULL };
    if (p.r->stage <= THM_EXEC_NO_SETUP) {
        print_setup_error(&p);
        return;
    }
    if (!brief || p.r->failed || p.r->fault)
        p.names = thm_exec_names_open(out);
    print_fault(&p);
    print_failures(&p);
    print_threads(&p);
    if (!brief)
        print_figures(&p);
    thm_exec_names_close(p.names);
}
