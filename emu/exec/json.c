/* emu/exec/json.c -- the report as one JSON object. */
#include <jansson.h>
#include <sys/wait.h>
#include "emu/exec/exec.h"

static json_t *trace_json(struct thm_exec_names *names, const struct thm_exec_outcome *out,
                          const struct thm_exec_trace *t)
{
    json_t *list = json_array();
    char name[160];
    for (uint32_t i = 0; i < t->frames; i++) {
        thm_exec_name(names, out, t->frame[i], name, sizeof name);
        json_array_append_new(list, json_pack("{sI ss}", "address", (json_int_t)t->frame[i], "name", name));
    }
    return list;
}

static json_t *failures_json(struct thm_exec_names *names, const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    json_t *list = json_array();
    for (uint64_t i = 0; i < r->failed && i < THM_EXEC_FAILURES; i++) {
        const struct thm_exec_failure *f = &r->failure[i];
        json_t *j = json_pack("{ss sI sI sI sI}", "call", f->call, "bytes", (json_int_t)f->bytes, "request",
                              (json_int_t)f->number, "free", (json_int_t)f->free, "largest", (json_int_t)f->largest);
        if (i == 0)
            json_object_set_new(j, "backtrace", trace_json(names, out, &r->failure_trace));
        json_array_append_new(list, j);
    }
    return list;
}

static json_t *fault_json(struct thm_exec_names *names, const struct thm_exec_outcome *out)
{
    static const char *const kinds[] = { NULL, "stack overflow", "access past a region", "heap damage", "bad free" };
    const struct thm_exec_result *r = &out->page.result;
    if (!r->fault || r->fault >= sizeof kinds / sizeof kinds[0])
        return json_null();
    return json_pack("{ss sI so}", "kind", kinds[r->fault], "address", (json_int_t)r->fault_address, "backtrace",
                     trace_json(names, out, &r->fault_trace));
}

static json_t *heap_json(const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    json_t *j =
        json_pack("{ss sI sI sI sI sI}", "allocator", out->page.setup.allocator, "size", (json_int_t)r->whole,
                  "free_at_start", (json_int_t)r->free_at_start, "largest_at_start", (json_int_t)r->largest_at_start,
                  "low_water", (json_int_t)r->low_water, "peak", (json_int_t)r->free_at_start - r->low_water);
    if (r->stage == THM_EXEC_ENDED)
        json_object_update_new(j, json_pack("{sI sI}", "free_at_end", (json_int_t)r->end_free, "largest_at_end",
                                            (json_int_t)r->end_largest));
    return j;
}

static json_t *requests_json(struct thm_exec_names *names, const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    return json_pack("{sI sI sI sI sI so so}", "count", (json_int_t)r->requests, "frees", (json_int_t)r->frees,
                     "failed", (json_int_t)r->failed, "live_at_end", (json_int_t)r->live, "largest",
                     (json_int_t)r->largest_request, "largest_by", trace_json(names, out, &r->largest_trace),
                     "failures", failures_json(names, out));
}

static json_t *end_json(const struct thm_exec_outcome *out)
{
    const int status = out->wait_status;
    return WIFSIGNALED(status) ? json_pack("{si}", "signal", WTERMSIG(status))
                               : json_pack("{si}", "status", WEXITSTATUS(status));
}

static json_t *stack_json(const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    json_t *j = json_pack("{sI}", "size", (json_int_t)out->page.setup.stack);
    if (r->stage == THM_EXEC_ENDED || r->fault)
        json_object_set_new(j, "used", json_integer(r->stack_used));
    return j;
}

char *thm_exec_json(const struct thm_exec_options *o, const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    struct thm_exec_names *names = thm_exec_names_open(out);
    json_t *j = json_pack("{ss ss si si so so so so sI sI sI sI sI sI so}", "board", o->profile->name, "program",
                          out->path, "bits", (int)out->bits, "exit_status", thm_exec_status(out), "end", end_json(out),
                          "heap", heap_json(out), "requests", requests_json(names, out), "stack", stack_json(out),
                          "startup", (json_int_t)r->startup_bytes, "alignment", (json_int_t)out->page.setup.align,
                          "padding_at_peak", (json_int_t)r->peak_padding, "past_malloc", (json_int_t)r->past_malloc,
                          "threads", (json_int_t)r->threads_peak, "tasks_max", (json_int_t)o->profile->task.tasks_max,
                          "fault", fault_json(names, out));
    char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
    json_decref(j);
    thm_exec_names_close(names);
    return text;
}
