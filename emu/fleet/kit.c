#include "emu/fleet/kit.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "emu/board/pack.h"
#include "emu/board/signing.h"
#include "emu/cost/cost.h"
#include "emu/report/nn_message.h"
#include "netlink/tls_cost.h"

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

static int too_long(struct loading *l, const struct thm_fleet_plan *p)
{
    return fail(l, 2,
                "board %u: its URLs, headers and certificate names have more than %d characters, or a URL more than %d",
                p->id, THM_FLEET_RUN_TEXT, THM_FLEET_URL_MAX);
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

static bool is_folder(const struct loading *l, const char *name)
{
    struct stat st;
    char *path = thm_fleet_path(l->folder, name);
    const bool is = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    free(path);
    return is;
}

static int append_file(struct loading *l, const char *folder, const char *name, uint8_t **data, size_t *len)
{
    uint8_t *piece = NULL;
    size_t bytes = 0;
    char *path = NULL;
    int status = asprintf(&path, "%s/%s", folder, name) < 0 ? fail(l, 20, "out of memory") : 0;
    if (!status)
        status = read_file(l, path, &piece, &bytes);
    free(path);
    uint8_t *more = !status && bytes <= FILE_BYTES_MAX - *len ? realloc(*data, *len + bytes) : NULL;
    if (!status && !more)
        status = fail(l, 2, "%s: more than 256 MB in all", folder);
    if (more) {
        memcpy(more + *len, piece, bytes);
        *data = more;
        *len += bytes;
    }
    free(piece);
    return status;
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Its files, one behind another, by name. */
static int read_folder(struct loading *l, const char *name, uint8_t **data, size_t *len)
{
    struct dirent **list = NULL;
    char *path = thm_fleet_path(l->folder, name);
    const int n = path ? scandir(path, &list, is_visible, by_name) : -1;
    int status = n > 0   ? 0
                 : n < 0 ? fail(l, 2, "%s: %s", name, strerror(errno))
                         : fail(l, 2, "%s: no files in it", name);
    for (int i = 0; i < n; i++) {
        if (!status)
            status = append_file(l, name, list[i]->d_name, data, len);
        free(list[i]);
    }
    free(list);
    free(path);
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
    const bool folder = g->input && is_folder(l, g->input);
    int status = folder     ? read_folder(l, g->input, &k->input, &k->inputs.len)
                 : g->input ? read_file(l, g->input, &k->input, &k->inputs.len)
                            : 0;
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

/* ---- certificates of their own ---- */

/* *bytes grows by the DER bytes of the first `label`. */
static int read_pem(struct loading *l, const char *path, const char *label, uint32_t *bytes)
{
    uint8_t *pem = NULL;
    size_t len = 0;
    int status = read_file(l, path, &pem, &len);
    const uint32_t n = status ? 0 : thm_pem_bytes((const char *)pem, len, label);
    free(pem);
    *bytes += n;
    return status || n
               ? status
               : fail(l, 2, "%s: no PEM %s in it", path, strcmp(label, "CERTIFICATE") ? "private key" : "certificate");
}

static int read_own(struct loading *l, uint32_t id, uint32_t *bytes)
{
    struct thm_fleet_plan plan;
    struct thm_fleet_run *run = malloc(sizeof *run);
    thm_fleet_plan(l->kit->fleet, id, &plan);
    int status = !run ? fail(l, 20, "out of memory") : !thm_fleet_make_run(l->kit, &plan, run) ? too_long(l, &plan) : 0;
    if (!status)
        status = read_pem(l, run->run.tls.cert, "CERTIFICATE", bytes);
    if (!status)
        status = read_pem(l, run->run.tls.key, "PRIVATE KEY", bytes);
    free(run);
    return status;
}

/* Of each board, where their names tell them apart. */
static int load_client(struct loading *l, const struct thm_fleet_group *g, struct thm_fleet_kind *k)
{
    const struct thm_fleet_client *c = &g->client;
    int status = 0;
    uint32_t first = 0;
    if (!c->cert)
        return 0;
    for (const struct thm_fleet_group *other = l->kit->fleet->groups; other < g; other++)
        first += other->count;
    k->own_count = strstr(c->cert, "{id}") || strstr(c->key, "{id}") ? g->count : 1;
    k->own_bytes = calloc(k->own_count, sizeof *k->own_bytes);
    if (!k->own_bytes)
        return fail(l, 20, "out of memory");
    for (uint32_t i = 0; !status && i < k->own_count; i++)
        status = read_own(l, first + i, &k->own_bytes[i]);
    return status;
}

/* The longest number is the last one's. */
static int check_lengths(struct loading *l)
{
    struct thm_fleet_run *run = malloc(sizeof *run);
    int status = run ? 0 : fail(l, 20, "out of memory");
    uint32_t id = 0;
    for (unsigned i = 0; !status && i < l->kit->fleet->groups_count; i++) {
        struct thm_fleet_plan plan;
        id += l->kit->fleet->groups[i].count;
        if (l->kit->fleet->groups[i].count == 0)
            continue;
        thm_fleet_plan(l->kit->fleet, id - 1, &plan);
        status = thm_fleet_make_run(l->kit, &plan, run) ? 0 : too_long(l, &plan);
    }
    free(run);
    return status;
}

static int load_kind(struct loading *l, unsigned i)
{
    const struct thm_fleet_group *g = &l->kit->fleet->groups[i];
    struct thm_fleet_kind *k = &l->kit->kinds[i];
    int (*const parts[])(struct loading *, const struct thm_fleet_group *,
                         struct thm_fleet_kind *) = { load_profile, load_model, load_input, load_firmware,
                                                      load_client };
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
    k->folder = strdup(folder);
    k->started = time(NULL);
    if (!k->folder)
        status = 20;
    if (!status && fleet->server.cacert) {
        k->cacert = thm_fleet_path(folder, fleet->server.cacert);
        status = k->cacert ? 0 : 20;
    }
    for (unsigned i = 0; !status && i < fleet->groups_count; i++)
        status = load_kind(&l, i);
    if (!status)
        status = check_lengths(&l);
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
        free(d->own_bytes);
    }
    free(k->kinds);
    free(k->cacert);
    free(k->folder);
    *k = (struct thm_fleet_kit){ 0 };
}
