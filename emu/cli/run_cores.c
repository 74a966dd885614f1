#include "emu/cli/run_cores.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 256 << 20, STACK_MIN = 512, STACK_MAX = 1 << 24 };

/* ---- the option ---- */

static int take_key(const struct thm_args *a, struct thm_core_request *c, const char *key, const char *value)
{
    const struct {
        const char *key, **to;
    } texts[] = { { "firmware", &c->firmware }, { "model", &c->model }, { "input", &c->input } };
    uint64_t stack;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(key, texts[i].key) == 0) {
            *texts[i].to = value;
            return 0;
        }
    if (strcmp(key, "stack") != 0)
        return thm_usage(a, "--core knows firmware, model, input and stack, not '%s'", key);
    if (!thm_parse_size(value, STACK_MAX, &stack) || stack < STACK_MIN)
        return thm_usage(a, "--core %s:stack wants a number from %d to %d, not '%s'", c->name, STACK_MIN, STACK_MAX,
                         value);
    c->stack = (uint32_t)stack;
    return 0;
}

static int take_keys(const struct thm_args *a, struct thm_core_request *c, char *text)
{
    int status = 0;
    for (char *rest, *item = strtok_r(text, ",", &rest); item && !status; item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        if (!equals)
            return thm_usage(a, "--core %s: '%s' is not KEY=VALUE", c->name, item);
        *equals = '\0';
        status = take_key(a, c, item, equals + 1);
    }
    return status || c->firmware ? status : thm_usage(a, "--core %s: its firmware is missing", c->name);
}

int thm_core_requests_take(struct thm_core_requests *r, const struct thm_args *a)
{
    char *colon = strchr(a->value, ':');
    if (!colon || colon == a->value)
        return thm_usage(a, "--core wants NAME:firmware=FILE.so, not '%s'", a->value);
    if (r->count == THM_CORES_MAX - 1)
        return thm_usage(a, "more than %d --core", THM_CORES_MAX - 1);
    *colon = '\0';
    for (unsigned i = 0; i < r->count; i++)
        if (strcmp(r->core[i]->name, a->value) == 0)
            return thm_usage(a, "two --core for %s", a->value);
    struct thm_core_request *c = calloc(1, sizeof *c);
    if (!c)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    r->core[r->count++] = c;
    c->name = a->value;
    c->all = r;
    return take_keys(a, c, colon + 1);
}

/* ---- what it needs ---- */

static const struct thm_profile_companion *find_companion(const struct thm_profile *p, const char *name)
{
    for (unsigned i = 0; i < p->companions_count; i++)
        if (strcmp(p->companions[i].name, name) == 0)
            return &p->companions[i];
    return NULL;
}

static int load_profile(struct thm_core_request *c, const struct thm_profile *board)
{
    const struct thm_profile_companion *companion = find_companion(board, c->name);
    char *error = NULL;
    if (!companion)
        return thm_fail(THM_EXIT_USAGE, "%s has no core '%s'; 'thimble boards %s' shows what it has", board->name,
                        c->name, board->name);
    int status = thm_profile_load(companion->profile, &c->profile, &error);
    if (!status && c->profile->network.link)
        status = thm_profile_link_load(c->profile->network.link, &c->link, &error);
    if (status)
        thm_fail(status, "%s", error ? error : "out of memory");
    free(error);
    return status;
}

static int load_files(struct thm_core_request *c, struct thm_run *run)
{
    uint8_t *data;
    size_t len;
    int status = 0;
    run->firmware = realpath(c->firmware, NULL);
    if (!run->firmware)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", c->firmware, strerror(errno));
    if (c->model && !(status = thm_read_file(c->model, FILE_BYTES_MAX, &data, &len))) {
        run->model = data;
        run->model_bytes = (uint32_t)len;
    }
    if (c->input && !status && !(status = thm_read_file(c->input, FILE_BYTES_MAX, &data, &len)))
        c->frames = (struct thm_run_input){ data, len };
    return status;
}

/* Settings, duration, trace and what is asked about heaps are the whole board's; injected failures are the main core's.
 */
static int load_core(struct thm_core_request *c, struct thm_run *run, const struct thm_run *main)
{
    *run = (struct thm_run){ .core_name = c->name,
                             .storage = "none",
                             .stack = c->stack,
                             .settings = main->settings,
                             .settings_count = main->settings_count,
                             .duration_ns = main->duration_ns,
                             .trace = main->trace,
                             .polite_oom = main->polite_oom,
                             .check_heap = main->check_heap,
                             .ctx = c };
    int status = load_profile(c, main->profile);
    if (!status)
        status = load_files(c, run);
    if (status)
        return status;
    run->profile = c->profile;
    run->link = c->link;
    run->chunk = c->profile->network.chunk;
    if (c->profile->storage_count)
        run->storage = c->profile->storage[0].name;
    if (c->input) {
        run->inputs = &c->frames;
        run->inputs_count = 1;
    }
    return 0;
}

int thm_core_requests_load(struct thm_core_requests *r, struct thm_run *main)
{
    int status = 0;
    for (unsigned i = 0; i < r->count && !status; i++)
        status = load_core(r->core[i], &r->run[i], main);
    main->companions = r->run;
    main->companions_count = r->count;
    main->core_name = r->count ? main->profile->cores[0].name : NULL;
    return status;
}

/* ---- what is told ---- */

static void on_event(void *ctx, const struct thm_event *ev)
{
    struct thm_core_request *c = ctx;
    thm_report_event(&c->report, ev);
    if (c->all->trace && !thm_trace_write(c->all->trace, ev, c->name))
        c->all->trace_failed = true;
}

static void on_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    thm_report_output(&((struct thm_core_request *)ctx)->report, o, data, len);
}

void thm_core_requests_tell(struct thm_core_requests *r, FILE *live, FILE *trace)
{
    static const struct thm_labels none = { 0 };
    r->trace = trace;
    for (unsigned i = 0; i < r->count; i++) {
        thm_report_init(&r->core[i]->report, r->core[i]->profile, &none, live);
        r->core[i]->report.core = r->core[i]->name;
        r->run[i].event = on_event;
        r->run[i].output = on_output;
    }
}

void thm_core_requests_summary(const struct thm_core_requests *r, FILE *f)
{
    for (unsigned i = 0; i < r->count; i++) {
        fprintf(f, "\n%s", r->core[i]->name);
        thm_report_summary(&r->core[i]->report, f);
    }
}

void thm_core_requests_json(const struct thm_core_requests *r, json_t *o)
{
    json_t *cores = json_array();
    for (unsigned i = 0; i < r->count; i++)
        json_array_append_new(cores, thm_report_json(&r->core[i]->report, NULL));
    if (r->count)
        json_object_set(o, "cores", cores);
    json_decref(cores);
}

void thm_core_requests_free(struct thm_core_requests *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        thm_report_finish(&r->core[i]->report);
        free((void *)(uintptr_t)r->run[i].firmware);
        free((void *)(uintptr_t)r->run[i].model);
        free((void *)(uintptr_t)r->core[i]->frames.data);
        thm_profile_link_free(r->core[i]->link);
        thm_profile_free(r->core[i]->profile);
        free(r->core[i]);
    }
}
