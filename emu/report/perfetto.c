/* emu/report/perfetto.c -- a board's trace for the viewers of Chrome and Perfetto. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/cores.h"
#include "emu/report/trace_read.h"

enum track { FIRMWARE = 1, FLASH, NETWORK, HEAP, ROUNDS, MAILBOX, TRACKS };
static const char *const track_names[TRACKS] = { "", "firmware", "flash", "network", "heap", "rounds", "mailbox" };

enum counter { FREE, LARGEST, IN_USE, LOW_WATER, STORAGE_USED, COUNTERS };
static const char *const counter_names[COUNTERS] = { "heap free", "heap largest block", "heap in use", "heap low water",
                                                     "storage used" };

struct item {
    uint64_t start, ns; /* board time; ns: a slice's length */
    size_t order;       /* as it came */
    char phase;         /* 'X' slice, 'i' instant, 'C' counter */
    enum track track;
    unsigned core;     /* its number: a process of the viewer's */
    char *name, *args; /* JSON, malloc'ed */
};

struct core { /* a board with one has no name for it */
    char name[40];
    char *title; /* JSON, malloc'ed */
    uint64_t step_end, round_end;
    uint64_t counter[COUNTERS];
    bool counted[COUNTERS];
};

struct converter {
    struct item *item;
    size_t count, capacity;
    struct core core[THM_CORES_MAX];
    unsigned cores;
    struct core *at; /* the one that tells */
};

/* ---- collecting ---- */

static char *json_text(const char *s)
{
    json_t *o = json_string_nocheck(s);
    char *text = o ? json_dumps(o, JSON_ENCODE_ANY) : NULL;
    json_decref(o);
    return text;
}

/* The JSON text of three strings in a row. */
static char *json_text_of(const char *a, const char *b, const char *c)
{
    char *all = NULL;
    if (asprintf(&all, "%s%s%s", a, b, c) < 0)
        return NULL;
    char *text = json_text(all);
    free(all);
    return text;
}

static bool add(struct converter *c, struct item i)
{
    if (c->count == c->capacity) {
        const size_t more = c->capacity ? 2 * c->capacity : 1024;
        struct item *item = realloc(c->item, more * sizeof *item);
        if (item) {
            c->item = item;
            c->capacity = more;
        }
    }
    i.order = c->count;
    i.core = (unsigned)(c->at - c->core);
    if (c->count == c->capacity) {
        free(i.name);
        free(i.args);
        return false;
    }
    c->item[c->count++] = i;
    return i.name && i.args;
}

/* What the event tells beside its kind and time. */
static char *args_of(const json_t *o)
{
    static const char *const told_otherwise[] = { "seq", "t_ns", "event", "core", "ns" };
    json_t *args = json_copy((json_t *)(uintptr_t)o);
    for (size_t i = 0; i < sizeof told_otherwise / sizeof told_otherwise[0]; i++)
        json_object_del(args, told_otherwise[i]);
    char *text = args ? json_dumps(args, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(args);
    return text;
}

/* A slice of `ns` that ends at t. */
static bool slice(struct converter *c, enum track track, const char *name, uint64_t t, uint64_t ns, const json_t *o)
{
    ns = ns < t ? ns : t;
    return add(c, (struct item){ t - ns, ns, 0, 'X', track, 0, json_text(name), args_of(o) });
}

static bool instant(struct converter *c, enum track track, const char *name, uint64_t t, const json_t *o)
{
    return add(c, (struct item){ t, 0, 0, 'i', track, 0, json_text(name), args_of(o) });
}

static bool count(struct converter *c, enum counter k, uint64_t t, uint64_t v)
{
    char *args = NULL;
    if (c->at->counted[k] && c->at->counter[k] == v)
        return true;
    c->at->counted[k] = true;
    c->at->counter[k] = v;
    if (asprintf(&args, "{\"bytes\":%" PRIu64 "}", v) < 0)
        args = NULL;
    return add(c, (struct item){ t, 0, 0, 'C', HEAP, 0, json_text(counter_names[k]), args });
}

/* ---- one function a kind of event ---- */

static bool on_boot(struct converter *c, uint64_t t, const json_t *o)
{
    (void)t;
    const char *board = thm_trace_string(o, "board");
    if (!c->at->title)
        c->at->title = c->at->name[0] ? json_text_of(c->at->name, ": ", board) : json_text(board);
    return c->at->title;
}

static bool on_heap_call(struct converter *c, uint64_t t, const json_t *o)
{
    return count(c, FREE, t, thm_trace_number(o, "free")) && count(c, LARGEST, t, thm_trace_number(o, "largest")) &&
           count(c, IN_USE, t, thm_trace_number(o, "in_use")) &&
           count(c, LOW_WATER, t, thm_trace_number(o, "low_water"));
}

static bool on_alloc_failed(struct converter *c, uint64_t t, const json_t *o)
{
    return instant(c, HEAP, "allocation failed", t, o);
}

static bool on_step(struct converter *c, uint64_t t, const json_t *o)
{
    c->at->step_end = t;
    return slice(c, FIRMWARE, thm_trace_string(o, "step"), t, thm_trace_number(o, "ns"), o) &&
           count(c, STORAGE_USED, t, thm_trace_number(o, "storage_used"));
}

static bool on_failed(struct converter *c, uint64_t t, const json_t *o)
{
    const uint64_t begin = c->at->step_end < t ? c->at->step_end : t;
    return add(c, (struct item){ begin, t - begin, 0, 'X', FIRMWARE, 0,
                                 json_text_of(thm_trace_string(o, "step"), " (failed)", ""), args_of(o) });
}

static bool on_fault(struct converter *c, uint64_t t, const json_t *o)
{
    return instant(c, FIRMWARE, thm_trace_string(o, "kind"), t, o);
}

static bool on_op(struct converter *c, uint64_t t, const json_t *o)
{
    return slice(c, FIRMWARE, thm_trace_string(o, "op"), t, thm_trace_number(o, "ns"), o);
}

static bool on_invoke(struct converter *c, uint64_t t, const json_t *o)
{
    return slice(c, FIRMWARE, "inference", t, thm_trace_number(o, "ns"), o);
}

static bool on_program(struct converter *c, uint64_t t, const json_t *o)
{
    return slice(c, FLASH, "program", t, thm_trace_number(o, "ns"), o);
}

static bool on_erase(struct converter *c, uint64_t t, const json_t *o)
{
    return slice(c, FLASH, "erase", t, thm_trace_number(o, "ns"), o);
}

static bool on_packet(struct converter *c, uint64_t t, const json_t *o)
{
    return instant(c, NETWORK, "packet", t, o);
}

static bool on_tls(struct converter *c, uint64_t t, const json_t *o)
{
    return add(c, (struct item){ t, 0, 0, 'i', NETWORK, 0, json_text_of("TLS ", thm_trace_string(o, "phase"), ""),
                                 args_of(o) });
}

static bool on_http(struct converter *c, uint64_t t, const json_t *o)
{
    return instant(c, NETWORK, "response", t, o);
}

static bool on_round(struct converter *c, uint64_t t, const json_t *o)
{
    const uint64_t begin = c->at->round_end;
    c->at->round_end = t;
    return slice(c, ROUNDS, "round", t, t > begin ? t - begin : 0, o);
}

static bool on_log(struct converter *c, uint64_t t, const json_t *o)
{
    return instant(c, FIRMWARE, thm_trace_string(o, "line"), t, o);
}

static bool on_mailbox(struct converter *c, uint64_t t, const json_t *o)
{
    return instant(c, MAILBOX, thm_trace_string(o, "operation"), t, o);
}

static const struct {
    const char *event;
    bool (*take)(struct converter *c, uint64_t t, const json_t *o);
} kinds[] = {
    { "boot", on_boot },         { "alloc", on_heap_call },
    { "free", on_heap_call },    { "alloc_failed", on_alloc_failed },
    { "step", on_step },         { "failed", on_failed },
    { "fault", on_fault },       { "op", on_op },
    { "invoke", on_invoke },     { "flash_program", on_program },
    { "flash_erase", on_erase }, { "packet", on_packet },
    { "tls", on_tls },           { "http", on_http },
    { "round", on_round },       { "log", on_log },
    { "mailbox", on_mailbox },
};

/* More than a board can have are told as one. */
static struct core *core_of(struct converter *c, const char *name)
{
    unsigned i = 0;
    while (i < c->cores && strncmp(c->core[i].name, name, sizeof c->core[i].name - 1) != 0)
        i++;
    if (i == THM_CORES_MAX)
        return &c->core[THM_CORES_MAX - 1];
    if (i == c->cores)
        snprintf(c->core[c->cores++].name, sizeof c->core[i].name, "%s", name);
    return &c->core[i];
}

static bool on_event(void *ctx, const char *name, uint64_t t_ns, const json_t *o)
{
    struct converter *c = ctx;
    c->at = core_of(c, thm_trace_string(o, "core"));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].event, name) == 0)
            return kinds[i].take(c, t_ns, o);
    return true;
}

/* ---- writing ---- */

/* By time, the longer one first. Of two slices that are equal, the one that was told last holds the other. */
static int outer_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->ns != y->ns)
        return x->ns > y->ns ? -1 : 1;
    if (x->phase != y->phase)
        return x->phase < y->phase ? -1 : 1;
    return (x->order < y->order) == (x->phase == 'X') ? 1 : -1;
}

static void put_microseconds(FILE *f, const char *key, uint64_t ns)
{
    fprintf(f, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned)(ns % 1000));
}

static void put_item(FILE *f, const struct item *i)
{
    fprintf(f, ",\n{\"name\":%s,\"ph\":\"%c\",\"pid\":%u", i->name, i->phase, i->core + 1);
    if (i->phase != 'C')
        fprintf(f, ",\"tid\":%d", (int)i->track);
    put_microseconds(f, "ts", i->start);
    if (i->phase == 'X')
        put_microseconds(f, "dur", i->ns);
    if (i->phase == 'i')
        fputs(",\"s\":\"t\"", f);
    fprintf(f, ",\"args\":%s}", i->args);
}

static void put_names(FILE *f, const struct core *core, unsigned pid)
{
    fprintf(f, "%s{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%u,\"args\":{\"name\":%s}}", pid == 1 ? "" : ",\n",
            pid, core->title ? core->title : "\"board\"");
    for (int t = 1; t < TRACKS; t++)
        fprintf(f, ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%u,\"tid\":%d,\"args\":{\"name\":\"%s\"}}", pid,
                t, track_names[t]);
}

static void put_all(FILE *f, const struct converter *c)
{
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", f);
    for (unsigned i = 0; i < c->cores; i++)
        put_names(f, &c->core[i], i + 1);
    for (size_t i = 0; i < c->count; i++)
        put_item(f, &c->item[i]);
    fputs("\n]}\n", f);
}

static void drop(struct converter *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->item[i].name);
        free(c->item[i].args);
    }
    free(c->item);
    for (unsigned i = 0; i < c->cores; i++)
        free(c->core[i].title);
}

bool thm_perfetto_write(FILE *in, FILE *out, struct thm_trace_error *error)
{
    struct converter c = { 0 };
    const struct thm_trace_reader reader = { &c, on_event };
    const bool ok = thm_trace_read(in, &reader, error);
    if (ok && c.count)
        qsort(c.item, c.count, sizeof c.item[0], outer_first);
    if (ok)
        put_all(out, &c);
    drop(&c);
    return ok;
}
