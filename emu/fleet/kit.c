#include "emu/fleet/kit.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/board/pack.h"
#include "emu/board/signing.h"
#include "emu/cost/cost.h"
#include "emu/report/nn_message.h"

#define FILE_BYTES_MAX (256u << 20)

struct loading {
    struct thm_fleet_kit *kit;
    const char *folder;
    char **error;
    struct thm_digest digest;
};

static int fail(struct loading *l, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct loading *l, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(l->error, fmt, ap) < 0)
        *l->error = NULL;
    va_end(ap);
    return status;
}

char *thm_fleet_path(const char *folder, const char *path)
{
    char *out = NULL;
    if (*path == '/')
        return strdup(path);
    return asprintf(&out, "%s/%s", folder, path) < 0 ? NULL : out;
}

/* ---- files ---- */

static int read_open(struct loading *l, FILE *f, const char *path, uint8_t **data, size_t *len)
{
    struct stat st;
    if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > FILE_BYTES_MAX)
        return fail(l, 2, "%s: expected a file of 1 byte to 256 MB", path);
    *len = (size_t)st.st_size;
    *data = aligned_alloc(16, (*len + 15) / 16 * 16); /* the interpreter reads it in place */
    if (!*data)
        return fail(l, 20, "%s: out of memory", path);
    if (fread(*data, 1, *len, f) != *len)
        return fail(l, 20, "%s: %s", path, ferror(f) ? strerror(errno) : "it has become shorter");
    return 0;
}

static int read_file(struct loading *l, const char *name, uint8_t **data, size_t *len)
{
    char *path = thm_fleet_path(l->folder, name);
    FILE *f = path ? fopen(path, "rbe") : NULL;
    int status = !path ? fail(l, 20, "out of memory")
                 : !f  ? fail(l, 2, "%s: %s", path, strerror(errno))
                       : read_open(l, f, path, data, len);
    if (f)
        fclose(f);
    free(path);
    if (!status)
        thm_digest_add(&l->digest, *data, *len);
    return status;
}

static int load_model(struct loading *l, const struct thm_fleet_group *g, struct thm_fleet_kind *k)
{
    const struct thm_fleet_server *s = &l->kit->fleet->server;
    char *path = NULL;
    if (!s->folder || !g->model)
        return 0;
    if (asprintf(&path, "%s/%s", s->folder, g->model) < 0)
        return fail(l, 20, "out of memory");
    int status = read_file(l, path, &k->model, &k->model_bytes);
    free(path);
    k->answer =
        (struct thm_canned_answer){ .body = k->model, .len = k->model_bytes, .info = thm_canned_info(k->model_bytes) };
    return status;
}

static int load_firmware(struct loading *l, const struct thm_fleet_group *g, struct thm_fleet_kind *k)
{
    uint8_t *data = NULL;
    size_t len;
    if (!g->firmware)
        return 0;
    int status = read_file(l, g->firmware, &data, &len);
    free(data);
    char *path = thm_fleet_path(l->folder, g->firmware);
    k->firmware = path ? realpath(path, NULL) : NULL;
    free(path);
    return status ? status : k->firmware ? 0 : fail(l, 20, "%s: %s", g->firmware, strerror(errno));
}

static int load_input(struct loading *l, const struct thm_fleet_group *g, struct thm_fleet_kind *k)
{
    int status = g->input ? read_file(l, g->input, &k->input, &k->inputs.len) : 0;
    k->inputs.data = k->input;
    return status;
}

/* ---- boards ---- */

static int load_profile(struct loading *l, const struct thm_fleet_group *g, struct thm_fleet_kind *k)
{
    int status = thm_profile_load(g->board, &k->profile, l->error);
    if (status)
        return status;
    const char *link = g->link ? g->link : k->profile->network.link;
    const struct thm_cost_energy *energy = thm_cost_energy(k->profile->core, NULL);
    k->nanojoules = energy ? energy->nanojoules : 0;
    if (link)
        status = thm_profile_link_load(link, &k->link, l->error);
    if (!status && k->profile->operators)
        status = thm_profile_operators_load(k->profile->operators, &k->operators, l->error);
    return status;
}

static void register_operators(void *ctx, struct thm_interpreter *it)
{
    const struct thm_profile_operators *o = ((struct thm_fleet_kind *)ctx)->operators;
    if (o)
        thm_interpreter_set_operators(it, (const char *const *)o->operators, o->operators_count);
}

/* Weights are packed once for all boards; a model that is not a plain .tflite, or that no board can run, is not. */
static void pack(struct thm_fleet_kind *k)
{
    static const struct thm_interpreter_hooks hooks = { 0 };
    const struct thm_layout *layout = thm_layout_find(k->profile->cores[0].layout);
    const struct thm_nn_change change = { register_operators, k };
    struct thm_model model;
    struct thm_arena_stats least;
    struct thm_nn_diag diag;
    struct thm_interpreter it;
    if (!k->model || thm_model_open(&model, k->model, (uint32_t)k->model_bytes, &diag) ||
        thm_nn_measure_changed(&model, layout, &change, &least, &diag))
        return;
    k->measured = (struct thm_run_measured){ k->model, (uint32_t)k->model_bytes, least.min };
    uint8_t *arena = aligned_alloc(64, (least.min + 63u) & ~63u);
    if (!arena)
        return;
    thm_interpreter_init(&it, &model, layout, arena, least.min, &hooks);
    register_operators(k, &it);
    if (!thm_interpreter_allocate(&it, &diag))
        k->packed = thm_pack_weights(&it);
    free(arena);
}

static int load_kind(struct loading *l, unsigned i)
{
    const struct thm_fleet_group *g = &l->kit->fleet->groups[i];
    struct thm_fleet_kind *k = &l->kit->kinds[i];
    int (*const parts[])(struct loading *, const struct thm_fleet_group *,
                         struct thm_fleet_kind *) = { load_profile, load_model, load_input, load_firmware };
    int status = 0;
    for (size_t n = 0; !status && n < sizeof parts / sizeof parts[0]; n++)
        status = parts[n](l, g, k);
    if (!status && !g->firmware)
        pack(k);
    return status;
}

static void end_digest(struct loading *l)
{
    uint8_t bytes[THM_DIGEST_BYTES];
    thm_digest_end(&l->digest, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(l->kit->digest + 2 * i, 3, "%02x", bytes[i]);
}

int thm_fleet_kit_load(struct thm_fleet_kit *k, const struct thm_fleet *fleet, const char *folder, char **error)
{
    struct loading l = { .kit = k, .folder = folder, .error = error };
    *k = (struct thm_fleet_kit){ .fleet = fleet, .kinds = calloc(fleet->groups_count, sizeof *k->kinds) };
    *error = NULL;
    int status = k->kinds ? 0 : 20;
    thm_digest_start(&l.digest);
    if (!status && fleet->server.cacert) {
        k->cacert = thm_fleet_path(folder, fleet->server.cacert);
        status = k->cacert ? 0 : 20;
    }
    for (unsigned i = 0; !status && i < fleet->groups_count; i++)
        status = load_kind(&l, i);
    if (!status)
        end_digest(&l);
    else
        thm_fleet_kit_free(k);
    return status;
}

void thm_fleet_kit_free(struct thm_fleet_kit *k)
{
    for (unsigned i = 0; k->kinds && i < k->fleet->groups_count; i++) {
        struct thm_fleet_kind *d = &k->kinds[i];
        thm_profile_free(d->profile);
        thm_profile_link_free(d->link);
        thm_profile_operators_free(d->operators);
        free(d->model);
        free(d->packed);
        free(d->input);
        free(d->firmware);
    }
    free(k->kinds);
    free(k->cacert);
    *k = (struct thm_fleet_kit){ 0 };
}

/* ---- one board ---- */

static const char *value_of(const struct thm_fleet_kit *k, const struct thm_fleet_plan *p, const char *key,
                            const char *id)
{
    const struct thm_fleet_group *g = &k->fleet->groups[p->group];
    const struct {
        const char *key, *value;
    } rows[] = { { "id}", id },
                 { "board}", g->board },
                 { "group}", g->name },
                 { "version}", k->fleet->rollout.version ? k->fleet->rollout.version : "" },
                 { "model}", g->model ? g->model : "" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strncmp(key, rows[i].key, strlen(rows[i].key)) == 0)
            return rows[i].value;
    return "";
}

static bool expand_url(const struct thm_fleet_kit *k, const struct thm_fleet_plan *p, struct thm_fleet_run *r)
{
    const char *t = k->fleet->server.url ? k->fleet->server.url : "https://localhost/{model}";
    size_t len = 0;
    while (*t && len < sizeof r->url) {
        const bool key = *t == '{';
        const char *piece = key ? value_of(k, p, t + 1, r->id) : t;
        const int n = key ? (int)strlen(piece) : (int)strcspn(t, "{");
        len += (size_t)snprintf(r->url + len, sizeof r->url - len, "%.*s", n, piece);
        t += key ? strcspn(t, "}") + 1 : (size_t)n;
    }
    return len < sizeof r->url;
}

static void power_cut(struct thm_fleet_run *r, uint64_t value)
{
    r->run.media_faults.cut_at = (uint32_t)value;
    r->run.media_faults.cut_when = THM_CUT_TORN;
}

static void full_storage(struct thm_fleet_run *r, uint64_t value)
{
    r->run.filled = true;
    r->run.left_bytes = (uint32_t)value;
}

static void bad_blocks(struct thm_fleet_run *r, uint64_t value)
{
    r->run.media_faults.bad_per_million = (uint32_t)value;
}

static void bit_flips(struct thm_fleet_run *r, uint64_t value)
{
    r->run.media_faults.flips_per_billion = (uint32_t)value;
}

static void bad_link(struct thm_fleet_run *r, uint64_t value)
{
    const uint64_t rtt = r->link.rtt_us * value;
    r->link.down_bps = r->link.down_bps / value ? r->link.down_bps / value : 1;
    r->link.up_bps = r->link.up_bps / value ? r->link.up_bps / value : 1;
    r->link.rtt_us = rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;
}

static void cut_link(struct thm_fleet_run *r, uint64_t value)
{
    r->run.cut_after = value;
}

static void failed_alloc(struct thm_fleet_run *r, uint64_t value)
{
    r->run.fail_nth = (uint32_t)value;
}

static void apply_fault(struct thm_fleet_run *r, const struct thm_fleet_plan *p)
{
    static const struct {
        const char *name;
        void (*apply)(struct thm_fleet_run *r, uint64_t value);
    } rows[] = { { "power-cut", power_cut },      { "full-storage", full_storage }, { "bad-blocks", bad_blocks },
                 { "bit-flips", bit_flips },      { "bad-link", bad_link },         { "cut-link", cut_link },
                 { "failed-alloc", failed_alloc } };
    for (size_t i = 0; p->fault && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, p->fault->name) == 0)
            rows[i].apply(r, p->fault_value);
}

static void set_firmware(const struct thm_fleet_kit *k, const struct thm_fleet_plan *p, struct thm_fleet_run *r)
{
    const struct thm_fleet_group *g = &k->fleet->groups[p->group];
    r->settings[0] = (struct thm_run_setting){ "url", r->url };
    r->settings[1] = (struct thm_run_setting){ "id", r->id };
    r->settings[2] = (struct thm_run_setting){ "version", k->fleet->rollout.version ? k->fleet->rollout.version : "" };
    r->run.firmware = k->kinds[p->group].firmware;
    r->run.settings = r->settings;
    r->run.settings_count = 3;
    r->run.duration_ns = (uint64_t)g->duration_s * 1000000000u;
}

bool thm_fleet_make_run(const struct thm_fleet_kit *k, const struct thm_fleet_plan *p, struct thm_fleet_run *r)
{
    const struct thm_fleet_group *g = &k->fleet->groups[p->group];
    const struct thm_fleet_kind *d = &k->kinds[p->group];
    *r = (struct thm_fleet_run){ 0 };
    snprintf(r->id, sizeof r->id, "%u", p->id);
    if (d->link)
        r->link = *d->link;
    r->run = (struct thm_run){
        .profile = d->profile,
        .link = d->link ? &r->link : NULL,
        .url = g->firmware ? NULL : r->url,
        .answer = k->fleet->server.offline ? &d->answer : NULL,
        .cacert = k->cacert,
        .connect_port = k->port,
        .storage = g->storage,
        .store = g->store,
        .operators = d->operators ? (const char *const *)d->operators->operators : NULL,
        .operators_count = d->operators ? d->operators->operators_count : 0,
        .packed = d->packed,
        .measured = d->measured,
        .arena = g->arena,
        .timeout_ms = g->timeout_ms,
        .cpu_seconds = k->fleet->cpu_s,
        .timed = k->timed,
        .seed = p->seed,
        .inputs = d->input ? &d->inputs : NULL,
        .inputs_count = d->input ? 1 : 0,
    };
    thm_run_fill(&r->run);
    if (g->firmware)
        set_firmware(k, p, r);
    apply_fault(r, p);
    return expand_url(k, p, r);
}
