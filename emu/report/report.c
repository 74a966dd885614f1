#include "emu/report/report.h"
#include <stdlib.h>
#include <string.h>

void thm_report_init(struct thm_report *r, const struct thm_profile *p, const struct thm_labels *labels, FILE *live)
{
    *r = (struct thm_report){ .profile = p, .labels = labels, .live = live };
}

static void drop_outputs(struct thm_report *r)
{
    for (size_t i = 0; i < r->outputs_count; i++)
        free(r->outputs[i].data);
    r->outputs_count = 0;
}

void thm_report_finish(struct thm_report *r)
{
    drop_outputs(r);
    free(r->outputs);
    free(r->round);
    json_decref(r->log);
    thm_heap_picture_finish(&r->failed_heap);
    thm_heap_picture_finish(&r->end_heap);
}

/* The latest event of these kinds is what the summary tells. */
static struct thm_event *slot(struct thm_report *r, uint32_t type)
{
    switch (type) {
    case THM_EV_BOOT: return &r->boot;
    case THM_EV_STORAGE: return &r->storage;
    case THM_EV_HTTP: return &r->http;
    case THM_EV_BODY: return &r->body;
    case THM_EV_WEIGHTS: return &r->weights;
    case THM_EV_ARENA: return &r->arena;
    case THM_EV_INVOKE: return &r->invoke;
    case THM_EV_STACK: return &r->stack;
    case THM_EV_TLS: return &r->tls;
    case THM_EV_FORECAST: return &r->forecast;
    case THM_EV_FAILED:
    case THM_EV_FAULT: return &r->failed;
    default: return NULL;
    }
}

static void print_step(const struct thm_report *r, const struct thm_event *e)
{
    char storage[24] = "-";
    if (r->steps == 1 && !r->core)
        fprintf(r->live, "%11s  %-8s %9s %8s %9s %8s  %s\n", "device time", "step", "heap free", "largest", "low water",
                "storage", "what");
    if (e->v[5])
        snprintf(storage, sizeof storage, "%llu", (unsigned long long)e->v[4]);
    fprintf(r->live, "%9.3f s  %-8s %9llu %8llu %9llu %8s  %s%s%s\n", (double)e->t_ns / 1e9, e->name,
            (unsigned long long)e->v[1], (unsigned long long)e->v[2], (unsigned long long)e->v[3], storage,
            r->core ? r->core : "", r->core ? ": " : "", e->text);
    fflush(r->live);
}

static json_t *integer(uint64_t v)
{
    return json_integer((json_int_t)v);
}

/* 1 to 10, then every tenth, then every hundredth... */
static bool is_told(uint64_t round)
{
    while (round >= 10 && round % 10 == 0)
        round /= 10;
    return round < 10;
}

static void take_round(struct thm_report *r, const struct thm_event *e)
{
    if (r->rounds == r->rounds_capacity) {
        const size_t more = r->rounds_capacity ? 2 * r->rounds_capacity : 16;
        struct thm_report_round *round = realloc(r->round, more * sizeof *round);
        r->out_of_memory |= !round;
        if (!round)
            return;
        r->round = round;
        r->rounds_capacity = more;
    }
    r->round[r->rounds].t_ns = e->t_ns;
    memcpy(r->round[r->rounds++].v, e->v, sizeof e->v);
    if (!r->live || !is_told(e->v[0]))
        return;
    fprintf(r->live, "%9.3f s  %-8s %9llu %8llu %9llu %8s  number %llu", (double)e->t_ns / 1e9, "round",
            (unsigned long long)e->v[1], (unsigned long long)e->v[2], (unsigned long long)e->v[3], "",
            (unsigned long long)e->v[0]);
    if (e->v[0] > 1)
        fprintf(r->live, ": %lld bytes lost", (long long)e->v[4]);
    fputc('\n', r->live);
    fflush(r->live);
}

static void take_heap(struct thm_report *r, const struct thm_event *e)
{
    if (e->type == THM_EV_HEAP)
        r->heap_at_end = strcmp(e->name, "end") == 0;
    if (!thm_heap_picture_event(r->heap_at_end ? &r->end_heap : &r->failed_heap, e))
        r->out_of_memory = true;
}

static void take_log(struct thm_report *r, const struct thm_event *e)
{
    if (r->live) {
        fprintf(r->live, "%9.3f s  | %s%s%s%s%s\n", (double)e->t_ns / 1e9, r->core ? r->core : "", r->core ? ": " : "",
                e->name, e->name[0] ? ": " : "", e->text);
        fflush(r->live);
        return;
    }
    if (!r->log)
        r->log = json_array();
    if (json_array_size(r->log) < THM_REPORT_LOG_MAX)
        json_array_append_new(r->log,
                              json_pack("{s:o, s:s, s:s}", "t_ns", integer(e->t_ns), "tag", e->name, "line", e->text));
}

const struct thm_heap_picture *thm_report_heap(const struct thm_report *r)
{
    const bool for_want_of_memory = r->failed.type == THM_EV_FAILED && r->failed_heap.heap.type;
    return for_want_of_memory ? &r->failed_heap : &r->end_heap;
}

void thm_report_event(struct thm_report *r, const struct thm_event *ev)
{
    struct thm_event *keep = slot(r, ev->type);
    if (keep)
        *keep = *ev;
    r->has[ev->type] = true;
    r->ns = ev->t_ns;
    take_heap(r, ev);
    if (ev->type == THM_EV_ROUND)
        take_round(r, ev);
    if (ev->type == THM_EV_LOG)
        take_log(r, ev);
    if (ev->type == THM_EV_ATTEMPT && r->attempts++ < THM_REPORT_ATTEMPTS_MAX)
        r->attempt[r->attempts - 1] = *ev;
    if (ev->type != THM_EV_STEP || r->rounds) /* the steps of later rounds are as the first's: one line a round */
        return;
    if (r->steps < THM_REPORT_STEPS_MAX)
        r->step[r->steps++] = *ev;
    if (r->live)
        print_step(r, ev);
}

void thm_report_output(struct thm_report *r, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    if (o->frame == 0 && o->index == 0 && o->offset == 0)
        drop_outputs(r); /* of the round before */
    if (o->offset == 0) {
        struct thm_report_output *more = realloc(r->outputs, (r->outputs_count + 1) * sizeof *more);
        uint8_t *bytes = calloc(1, (size_t)o->total + 1);
        if (more)
            r->outputs = more;
        if (!more || !bytes) {
            r->out_of_memory = true;
            free(bytes);
            return;
        }
        r->outputs[r->outputs_count++] = (struct thm_report_output){ .head = *o, .data = bytes };
    }
    struct thm_report_output *last = r->outputs_count ? &r->outputs[r->outputs_count - 1] : NULL;
    if (!last || last->got != o->offset || last->head.total != o->total)
        return;
    memcpy(last->data + o->offset, data, len);
    last->got += len;
}

struct thm_tensor_view thm_output_view(const struct thm_msg_output *h, const uint8_t *data, size_t bytes)
{
    return (struct thm_tensor_view){ .name = h->name,
                                     .name_len = (uint32_t)strlen(h->name),
                                     .type = h->type,
                                     .shape = h->shape,
                                     .rank = h->rank,
                                     .quantized = (int)h->quantized,
                                     .scale = h->scale,
                                     .zero_point = h->zero_point,
                                     .data = data,
                                     .bytes = bytes };
}

static struct thm_tensor_view view_of(const struct thm_report_output *o)
{
    return thm_output_view(&o->head, o->data, o->got);
}

/* ---- for people ---- */

static void summarize_network(const struct thm_report *r, FILE *f)
{
    if (r->has[THM_EV_BODY])
        fprintf(f, "network  %llu bytes received as %s\n", (unsigned long long)r->body.v[0], r->body.name);
    if (r->attempts)
        fprintf(f, "retries  %u connection%s made again\n", r->attempts, r->attempts > 1 ? "s were" : " was");
}

static bool is_partition(const struct thm_report *r, const char *name)
{
    const struct thm_profile_flash *f = &r->profile->flash;
    for (unsigned i = 0; i < f->partitions_count; i++)
        if (strcmp(f->partitions[i].name, name) == 0)
            return true;
    return false;
}

static void summarize_storage(const struct thm_report *r, FILE *f)
{
    const struct thm_event *last = r->steps ? &r->step[r->steps - 1] : NULL;
    if (r->has[THM_EV_STORAGE] && last)
        fprintf(f, "storage  %llu of %llu bytes used (%s on %s%s)\n", (unsigned long long)last->v[4],
                (unsigned long long)last->v[5], r->storage.name, is_partition(r, r->storage.text) ? "partition " : "",
                r->storage.text);
}

static void summarize_weights(const struct thm_report *r, FILE *f)
{
    const uint64_t *v = r->weights.v;
    if (!r->has[THM_EV_WEIGHTS])
        return;
    fprintf(f, "weights  %s: %llu of %llu %s new", r->weights.name, (unsigned long long)v[1], (unsigned long long)v[0],
            v[2] ? "tensors" : "records");
    if (v[2])
        fprintf(f, ", %llu of %llu scales with zero points", (unsigned long long)v[3], (unsigned long long)v[2]);
    if (v[4])
        fprintf(f, "; %llu bytes moved from the flash to the SRAM", (unsigned long long)v[4]);
    if (v[5])
        fprintf(f, "; %llu bytes to restore the old ones", (unsigned long long)v[5]);
    fputc('\n', f);
}

static void summarize_arena(const struct thm_report *r, FILE *f)
{
    const uint64_t *v = r->arena.v;
    if (r->has[THM_EV_ARENA])
        fprintf(f, "arena    %llu bytes at 0x%llx: %llu used, planned %llu + persistent %llu; the minimum is %llu\n",
                (unsigned long long)v[0], (unsigned long long)v[5], (unsigned long long)v[1], (unsigned long long)v[2],
                (unsigned long long)v[3], (unsigned long long)v[4]);
}

static void summarize_work(const struct thm_report *r, FILE *f)
{
    const uint64_t used = r->stack.v[0], size = r->stack.v[1];
    if (r->has[THM_EV_STACK] && used <= size)
        fprintf(f, "stack    %llu of %llu bytes used at most (%s)\n", (unsigned long long)used,
                (unsigned long long)size, r->stack.name);
    else if (r->has[THM_EV_STACK])
        fprintf(f, "stack    overflowed, unnoticed by the board: at least %llu of %llu bytes used (%s)\n",
                (unsigned long long)used, (unsigned long long)size, r->stack.name);
    if (r->has[THM_EV_INVOKE])
        fprintf(f, "infer    %llu MACs in about %.1f ms of device time\n", (unsigned long long)r->invoke.v[1],
                (double)r->invoke.v[2] / 1e6);
}

static void summarize_rounds(const struct thm_report *r, FILE *f)
{
    const uint64_t *v = r->forecast.v;
    if (!r->has[THM_EV_FORECAST])
        return;
    fprintf(f, "leak     %llu bytes lost a round", (unsigned long long)v[0]);
    if (r->forecast.text[0])
        fprintf(f, " (%s)", r->forecast.text);
    if (v[1])
        fprintf(f, ": the board will die in round %llu, of malloc(%llu) for %s\n", (unsigned long long)v[1],
                (unsigned long long)v[2], r->forecast.name);
    else
        fprintf(f, ": the board will live beyond round %llu\n", (unsigned long long)v[5]);
}

void thm_report_summary(const struct thm_report *r, FILE *f)
{
    fputc('\n', f);
    summarize_network(r, f);
    summarize_storage(r, f);
    summarize_weights(r, f);
    summarize_arena(r, f);
    summarize_work(r, f);
    summarize_rounds(r, f);
    for (size_t i = 0; i < r->outputs_count; i++) {
        struct thm_tensor_view t = view_of(&r->outputs[i]);
        fputs("output   ", f);
        thm_tensor_print(f, &t, r->labels);
        fputc('\n', f);
    }
}

/* ---- JSON ---- */

/* The event's values under their own names. */
json_t *thm_event_json(const struct thm_event *e, json_t *o)
{
    const struct thm_event_kind *k = thm_event_kind(e->type);
    for (unsigned i = 0; i < THM_EVENT_VALUES; i++)
        if (k->values[i][0])
            json_object_set_new(o, k->values[i], integer(e->v[i]));
    if (k->name_key[0])
        json_object_set_new(o, k->name_key, json_string_nocheck(e->name));
    if (k->text_key[0])
        json_object_set_new(o, k->text_key, json_string_nocheck(e->text));
    return o;
}

static json_t *json_events(const struct thm_event *e, unsigned n)
{
    json_t *a = json_array();
    for (unsigned i = 0; i < n; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "t_ns", integer(e[i].t_ns));
        json_array_append_new(a, thm_event_json(&e[i], o));
    }
    return a;
}

static json_t *json_rounds(const struct thm_report *r)
{
    json_t *a = json_array();
    for (size_t i = 0; i < r->rounds; i++) {
        struct thm_event e = { .type = THM_EV_ROUND };
        json_t *o = json_object();
        memcpy(e.v, r->round[i].v, sizeof e.v);
        json_object_set_new(o, "t_ns", integer(r->round[i].t_ns));
        json_array_append_new(a, thm_event_json(&e, o));
    }
    return a;
}

static void set_heap(json_t *o, const char *key, const struct thm_heap_picture *p)
{
    if (p->heap.type)
        json_object_set_new(o, key, thm_heap_picture_json(p));
}

static json_t *json_outputs(const struct thm_report *r)
{
    json_t *a = json_array();
    for (size_t i = 0; i < r->outputs_count; i++) {
        struct thm_tensor_view t = view_of(&r->outputs[i]);
        json_t *o = thm_tensor_json(&t, r->labels);
        json_object_set_new(o, "frame", integer(r->outputs[i].head.frame));
        json_object_set_new(o, "index", integer(r->outputs[i].head.index));
        json_array_append_new(a, o);
    }
    return a;
}

json_t *thm_report_json(const struct thm_report *r, const struct thm_run_result *result)
{
    const struct {
        const char *key;
        uint32_t type;
        const struct thm_event *event;
    } parts[] = {
        { "boot", THM_EV_BOOT, &r->boot },          { "tls", THM_EV_TLS, &r->tls },
        { "http", THM_EV_HTTP, &r->http },          { "body", THM_EV_BODY, &r->body },
        { "storage", THM_EV_STORAGE, &r->storage }, { "weights", THM_EV_WEIGHTS, &r->weights },
        { "arena", THM_EV_ARENA, &r->arena },       { "invoke", THM_EV_INVOKE, &r->invoke },
        { "stack", THM_EV_STACK, &r->stack },       { "forecast", THM_EV_FORECAST, &r->forecast },
    };
    json_t *o = json_object();
    if (r->core)
        json_object_set_new(o, "core", json_string(r->core));
    json_object_set_new(o, "board", json_string(r->profile->name));
    if (result) {
        json_object_set_new(o, "exit_status", json_integer(result->exit_status));
        json_object_set_new(o, "message", result->exit_status ? json_string_nocheck(result->message) : json_null());
    }
    if (r->has[THM_EV_FAILED] || r->has[THM_EV_FAULT])
        json_object_set_new(o, "failed", thm_event_json(&r->failed, json_object()));
    json_object_set_new(o, "device_ns", integer(r->ns));
    json_object_set_new(o, "steps", json_events(r->step, r->steps));
    if (r->attempts)
        json_object_set_new(
            o, "attempts",
            json_events(r->attempt, r->attempts < THM_REPORT_ATTEMPTS_MAX ? r->attempts : THM_REPORT_ATTEMPTS_MAX));
    if (r->log)
        json_object_set(o, "log", r->log);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (r->has[parts[i].type])
            json_object_set_new(o, parts[i].key, thm_event_json(parts[i].event, json_object()));
    if (r->rounds)
        json_object_set_new(o, "rounds", json_rounds(r));
    set_heap(o, "heap", &r->end_heap);
    set_heap(o, "failed_allocation", &r->failed_heap);
    json_object_set_new(o, "outputs", json_outputs(r));
    return o;
}
