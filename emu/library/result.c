/* emu/library/result.c -- what a device has told while it was on. */
#include <stdlib.h>
#include <string.h>
#include "emu/library/internal.h"
#include "interpreter/model.h"

void device_result_drop(struct device_result *r)
{
    thm_report_finish(&r->report);
    free(r->output);
    free(r->log);
    *r = (struct device_result){ 0 };
}

void device_result_begin(struct device_result *r, const struct thm_profile *p)
{
    thm_report_init(&r->report, p, NULL, NULL);
}

void device_result_event(void *ctx, const struct thm_event *ev)
{
    struct device_result *r = ctx;
    thm_report_event(&r->report, ev);
    if (ev->type == THM_EV_EXIT) {
        r->programs = ev->v[2];
        r->erases = ev->v[3];
    }
}

void device_result_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    struct device_result *r = ctx;
    thm_report_output(&r->report, o, data, len);
}

/* ---- the end ---- */

static enum thm_verdict verdict_of(int status)
{
    return status == 0 ? THM_WORKED : status == 2 ? THM_MISUSED : status == 20 ? THM_PC_FAILED : THM_FAILED;
}

/* The lines of the log, one after another. NULL: the PC is out of memory. */
static char *join_log(const json_t *log)
{
    size_t bytes = 1, i;
    const json_t *entry;
    json_array_foreach(log, i, entry)
    {
        bytes += json_string_length(json_object_get(entry, "line")) + 1;
    }
    char *text = calloc(1, bytes), *at = text;
    json_array_foreach(log, i, entry)
    {
        const char *line = json_string_value(json_object_get(entry, "line"));
        if (!text || !line)
            continue;
        at = stpcpy(at, line);
        *at++ = '\n';
    }
    return text;
}

static struct thm_output output_of(const struct thm_report_output *o)
{
    const struct thm_msg_output *h = &o->head;
    struct thm_output out = { .frame = h->frame,
                              .index = h->index,
                              .name = h->name,
                              .type = thm_type_name(h->type),
                              .rank = h->rank,
                              .scale = h->quantized ? h->scale : 0,
                              .zero_point = h->zero_point,
                              .data = o->data,
                              .bytes = o->got };
    memcpy(out.shape, h->shape, sizeof out.shape);
    return out;
}

static void list_outputs(struct device_result *r)
{
    const struct thm_report *told = &r->report;
    r->output = calloc(told->outputs_count + 1, sizeof *r->output);
    r->report.out_of_memory |= !r->output;
    for (size_t i = 0; r->output && i < told->outputs_count; i++)
        r->output[i] = output_of(&told->outputs[i]);
    r->outcome.outputs = r->output ? (unsigned)told->outputs_count : 0;
}

static void tell_failure(struct thm_outcome *o, const struct thm_event *failed)
{
    if (!failed->type)
        return;
    o->step = failed->name;
    if (failed->type != THM_EV_FAILED)
        return;
    o->code = (int64_t)failed->v[1];
    o->needed = failed->v[2];
    o->available = failed->v[3];
    o->largest = failed->v[4];
}

static void tell_memory(struct thm_outcome *o, const struct thm_report *told)
{
    const struct thm_event *heap = &thm_report_heap(told)->heap;
    o->arena = (uint32_t)told->arena.v[0];
    o->arena_used = (uint32_t)told->arena.v[1];
    o->arena_minimum = (uint32_t)told->arena.v[4];
    o->heap_free = heap->v[0];
    o->heap_largest = heap->v[1];
    o->heap_low_water = heap->v[2];
    o->stack_used = told->stack.v[0];
    o->stack = told->stack.v[1];
}

void device_result_end(struct device_result *r)
{
    struct thm_outcome *o = &r->outcome;
    *o = (struct thm_outcome){ .message = r->run.message, .step = "", .ns = r->report.ns };
    r->log = join_log(r->report.log);
    list_outputs(r);
    if (!r->log || r->report.out_of_memory) {
        r->run.exit_status = 20;
        o->message = "the PC is out of memory";
    }
    o->status = r->run.exit_status;
    o->verdict = verdict_of(o->status);
    o->log = r->log ? r->log : "";
    o->programs = r->programs;
    o->erases = r->erases;
    tell_failure(o, &r->report.failed);
    tell_memory(o, &r->report);
}

/* ---- outputs ---- */

const struct thm_output *thm_device_output(const struct thm_device *d, unsigned i)
{
    return i < d->result.outcome.outputs ? &d->result.output[i] : NULL;
}

static double value_at(const struct thm_output *o, uint32_t type, size_t i)
{
    const uint8_t *at = (const uint8_t *)o->data + i * thm_type_size(type);
    float f;
    int16_t s;
    int32_t w;
    switch (type) {
    case THM_FLOAT32: memcpy(&f, at, sizeof f); return (double)f;
    case THM_INT8: return (int8_t)*at;
    case THM_UINT8: return *at;
    case THM_INT16: memcpy(&s, at, sizeof s); return s;
    default: memcpy(&w, at, sizeof w); return w;
    }
}

static bool has_numbers(uint32_t type)
{
    return type == THM_FLOAT32 || type == THM_INT8 || type == THM_UINT8 || type == THM_INT16 || type == THM_INT32;
}

int thm_device_label(const struct thm_device *d, unsigned i)
{
    const struct thm_output *o = thm_device_output(d, i);
    const uint32_t type = o ? d->result.report.outputs[i].head.type : THM_STRING;
    const size_t n = has_numbers(type) ? o->bytes / thm_type_size(type) : 0;
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        if (value_at(o, type, k) > value_at(o, type, best))
            best = k;
    return n ? (int)best : -1;
}
