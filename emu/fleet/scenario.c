#include "emu/fleet/scenario.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile_yaml.h"
#include "emu/board/storage_place.h"
#include "emu/firmware/store.h"

#define TEXT_MAX 200
#define LIST_MAX 64
#define BOARDS   10000000u

#define TEXT(s, m, p)      CYAML_FIELD_STRING_PTR(#m, CYAML_FLAG_POINTER | (p), struct s, m, 1, TEXT_MAX)
#define UINT(s, m, p)      CYAML_FIELD_UINT(#m, p, struct s, m)
#define REAL(s, m, p)      CYAML_FIELD_FLOAT(#m, p, struct s, m)
#define FLAG(s, m, p)      CYAML_FIELD_BOOL(#m, p, struct s, m)
#define LIST(s, m, p, min) CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &m##_entry, min, LIST_MAX)
#define ENTRY(list, s) \
    static const cyaml_schema_value_t list##_entry = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct s, list##_keys) };
#define REQUIRED CYAML_FLAG_DEFAULT
#define OPTIONAL CYAML_FLAG_OPTIONAL

static const cyaml_schema_field_t groups_keys[] = { TEXT(thm_fleet_group, name, REQUIRED),
                                                    TEXT(thm_fleet_group, board, REQUIRED),
                                                    UINT(thm_fleet_group, count, REQUIRED),
                                                    TEXT(thm_fleet_group, model, OPTIONAL),
                                                    TEXT(thm_fleet_group, link, OPTIONAL),
                                                    TEXT(thm_fleet_group, storage, OPTIONAL),
                                                    TEXT(thm_fleet_group, store, OPTIONAL),
                                                    TEXT(thm_fleet_group, input, OPTIONAL),
                                                    TEXT(thm_fleet_group, firmware, OPTIONAL),
                                                    UINT(thm_fleet_group, duration_s, OPTIONAL),
                                                    UINT(thm_fleet_group, arena, OPTIONAL),
                                                    UINT(thm_fleet_group, skew_s, OPTIONAL),
                                                    UINT(thm_fleet_group, switch_on_s, OPTIONAL),
                                                    UINT(thm_fleet_group, timeout_ms, OPTIONAL),
                                                    CYAML_FIELD_END };
static const cyaml_schema_field_t server_keys[] = { TEXT(thm_fleet_server, folder, OPTIONAL),
                                                    FLAG(thm_fleet_server, offline, OPTIONAL),
                                                    TEXT(thm_fleet_server, url, OPTIONAL),
                                                    TEXT(thm_fleet_server, cacert, OPTIONAL), CYAML_FIELD_END };
static const cyaml_schema_field_t waves_keys[] = { TEXT(thm_fleet_wave, name, REQUIRED),
                                                   REAL(thm_fleet_wave, percent, REQUIRED),
                                                   UINT(thm_fleet_wave, at_s, OPTIONAL), CYAML_FIELD_END };
ENTRY(waves, thm_fleet_wave)
static const cyaml_schema_field_t rollout_keys[] = { TEXT(thm_fleet_rollout, version, OPTIONAL),
                                                     UINT(thm_fleet_rollout, poll_s, OPTIONAL),
                                                     REAL(thm_fleet_rollout, stop_percent, OPTIONAL),
                                                     LIST(thm_fleet_rollout, waves, OPTIONAL, 0), CYAML_FIELD_END };
static const cyaml_schema_field_t faults_keys[] = { TEXT(thm_fleet_fault, kind, REQUIRED),
                                                    REAL(thm_fleet_fault, percent, REQUIRED),
                                                    UINT(thm_fleet_fault, value, OPTIONAL),
                                                    TEXT(thm_fleet_fault, group, OPTIONAL), CYAML_FIELD_END };
ENTRY(groups, thm_fleet_group)
ENTRY(faults, thm_fleet_fault)
static const cyaml_schema_field_t fleet_keys[] = {
    TEXT(thm_fleet, name, REQUIRED),
    UINT(thm_fleet, seed, OPTIONAL),
    UINT(thm_fleet, cpu_s, OPTIONAL),
    LIST(thm_fleet, groups, REQUIRED, 1),
    CYAML_FIELD_MAPPING("server", REQUIRED, struct thm_fleet, server, server_keys),
    CYAML_FIELD_MAPPING("rollout", OPTIONAL, struct thm_fleet, rollout, rollout_keys),
    LIST(thm_fleet, faults, OPTIONAL, 0),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thm_fleet, fleet_keys) };

static const struct thm_fleet_fault_kind fault_kinds[] = {
    { "power-cut", 0, UINT32_MAX, 200, "lose power in program or erase %llu of their storage" },
    { "full-storage", 4096, UINT32_MAX, 0, "have a storage with only %llu bytes left" },
    { "bad-blocks", 20000, 1000000, 0, "have storage with %llu of a million blocks bad" },
    { "bit-flips", 1000, 1000000000, 0, "read %llu of a billion bytes with a wrong bit" },
    { "bad-link", 10, 1000000, 0, "have a link that is %llu times slower" },
    { "cut-link", 0, UINT64_MAX, 65536, "lose the link after %llu bytes of the body" },
    { "failed-alloc", 0, UINT32_MAX, 40, "fail the application's allocation %llu" },
};

const struct thm_fleet_fault_kind *thm_fleet_fault_kind(const char *name)
{
    for (size_t i = 0; i < sizeof fault_kinds / sizeof fault_kinds[0]; i++)
        if (strcmp(fault_kinds[i].name, name) == 0)
            return &fault_kinds[i];
    return NULL;
}

/* ---- does it fit together ---- */

struct check {
    const struct thm_fleet *f;
    struct thm_yaml *y;
    char path[80]; /* of the value looked at */
};

#define AT(c, ...)    (void)snprintf((c)->path, sizeof(c)->path, __VA_ARGS__)
#define WRONG(c, ...) thm_yaml_fail((c)->y, thm_yaml_line((c)->y, (c)->path), (c)->path, __VA_ARGS__)

static int check_percent(struct check *c, double percent)
{
    return percent >= 0 && percent <= 100 ? 0 : WRONG(c, "%g is not from 0 to 100 percent", percent);
}

/* Somebody else's sentence, at this place. */
static int pass_on(struct check *c, int status, char *why)
{
    if (status == 2)
        status = WRONG(c, "%s", why);
    free(why);
    return status;
}

static int check_link(struct check *c, const char *name)
{
    struct thm_profile_link *link = NULL;
    char *why = NULL;
    int status = thm_profile_link_load(name, &link, &why);
    thm_profile_link_free(link);
    return pass_on(c, status, why);
}

static int check_board(struct check *c, const struct thm_fleet_group *g, unsigned i)
{
    struct thm_profile *p = NULL;
    char *why = NULL;
    AT(c, "groups[%u].board", i);
    int status = thm_profile_load(g->board, &p, &why);
    status = pass_on(c, status, why);
    if (!status && !g->link && !p->network.link && !g->firmware)
        status = WRONG(c, "%s has no network of its own", g->board);
    AT(c, "groups[%u].storage", i);
    if (!status && g->storage && strcmp(g->storage, "none") != 0 && !thm_storage_find(p, g->storage))
        status = WRONG(c, "%s has no storage '%s'", g->board, g->storage);
    AT(c, "groups[%u].link", i);
    if (!status && g->link && !p->network.link)
        status = WRONG(c, "%s has no network of its own", g->board);
    if (!status && g->link)
        status = check_link(c, g->link);
    thm_profile_free(p);
    return status;
}

const struct thm_fleet_group *thm_fleet_group_named(const struct thm_fleet *f, const char *name)
{
    for (unsigned i = 0; i < f->groups_count; i++)
        if (strcmp(f->groups[i].name, name) == 0)
            return &f->groups[i];
    return NULL;
}

static int check_group(struct check *c, unsigned i)
{
    const struct thm_fleet_group *g = &c->f->groups[i];
    AT(c, "groups[%u].name", i);
    if (thm_fleet_group_named(c->f, g->name) != g)
        return WRONG(c, "a second group '%s'", g->name);
    AT(c, "groups[%u].count", i);
    if (g->count == 0 || g->count > BOARDS)
        return WRONG(c, "%u boards, expected 1 to %u", g->count, BOARDS);
    AT(c, "groups[%u].store", i);
    if (g->store && !thm_store_find(g->store))
        return WRONG(c, "'%s' is no strategy, expected overwrite, rename, ab-crc or ab-signed", g->store);
    AT(c, "groups[%u].model", i);
    if (!g->model && !g->firmware)
        return WRONG(c, "group '%s' has no model, expected a file's name on the server", g->name);
    return check_board(c, g, i);
}

static int check_template(struct check *c, const char *url)
{
    static const char *const keys[] = { "id}", "board}", "group}", "version}", "model}" };
    for (const char *at = url; (at = strchr(at, '{')); at++) {
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            known = known || strncmp(at + 1, keys[i], strlen(keys[i])) == 0;
        if (!known)
            return WRONG(c, "'%.20s': expected {id}, {board}, {group}, {version} or {model}", at);
    }
    return strncmp(url, "https://", 8) == 0 ? 0 : WRONG(c, "'%.60s' is not an https URL", url);
}

static int check_server(struct check *c)
{
    const struct thm_fleet_server *s = &c->f->server;
    AT(c, "server");
    if (!s->folder && !s->url)
        return WRONG(c, "expected a folder to serve or the url of a server");
    if (!s->folder && s->offline)
        return WRONG(c, "offline answers come from a folder, and none is given");
    AT(c, "server.url");
    return s->url ? check_template(c, s->url) : 0;
}

static int check_wave(struct check *c, unsigned i)
{
    const struct thm_fleet_wave *w = &c->f->rollout.waves[i];
    AT(c, "rollout.waves[%u].percent", i);
    int status = check_percent(c, w->percent);
    if (!status && i && w->percent <= w[-1].percent)
        status = WRONG(c, "%g percent after %g: shares are of all boards so far, and grow", w->percent, w[-1].percent);
    AT(c, "rollout.waves[%u].at_s", i);
    if (!status && i && w->at_s < w[-1].at_s)
        status = WRONG(c, "before the wave before it");
    return status;
}

static int check_rollout(struct check *c)
{
    AT(c, "rollout.stop_percent");
    int status = check_percent(c, c->f->rollout.stop_percent);
    for (unsigned i = 0; !status && i < c->f->rollout.waves_count; i++)
        status = check_wave(c, i);
    return status;
}

static int check_fault(struct check *c, unsigned i)
{
    const struct thm_fleet_fault *f = &c->f->faults[i];
    const struct thm_fleet_fault_kind *k = thm_fleet_fault_kind(f->kind);
    AT(c, "faults[%u].kind", i);
    if (!k)
        return WRONG(c,
                     "'%s' is unknown, expected power-cut, full-storage, bad-blocks, bit-flips, bad-link, cut-link "
                     "or failed-alloc",
                     f->kind);
    AT(c, "faults[%u].value", i);
    if (f->value > k->max)
        return WRONG(c, "%llu is more than %llu", (unsigned long long)f->value, (unsigned long long)k->max);
    AT(c, "faults[%u].group", i);
    if (f->group && !thm_fleet_group_named(c->f, f->group))
        return WRONG(c, "there is no group '%s'", f->group);
    AT(c, "faults[%u].percent", i);
    return check_percent(c, f->percent);
}

static int check_total(struct check *c)
{
    AT(c, "groups");
    return thm_fleet_boards(c->f) > BOARDS ? WRONG(c, "more than %u boards in all", BOARDS) : 0;
}

static int check(const void *data, struct thm_yaml *y)
{
    struct check c = { .f = data, .y = y };
    int status = check_server(&c);
    for (unsigned i = 0; !status && i < c.f->groups_count; i++)
        status = check_group(&c, i);
    if (!status)
        status = check_total(&c);
    if (!status)
        status = check_rollout(&c);
    for (unsigned i = 0; !status && i < c.f->faults_count; i++)
        status = check_fault(&c, i);
    return status;
}

/* ---- the whole ---- */

int thm_fleet_parse(const char *name, const uint8_t *text, size_t len, struct thm_fleet **out, char **error)
{
    void *data = NULL;
    int status = thm_yaml_load(name, text, len, &schema, check, &data, error);
    *out = data;
    if (!status && (*out)->cpu_s == 0)
        (*out)->cpu_s = 20;
    return status;
}

void thm_fleet_free(struct thm_fleet *f)
{
    thm_yaml_free(&schema, f);
}

uint32_t thm_fleet_boards(const struct thm_fleet *f)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < f->groups_count; i++)
        sum += f->groups[i].count;
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

/* The bounds between groups are rounded, so that the sum is right. */
void thm_fleet_resize(struct thm_fleet *f, uint32_t boards)
{
    const uint64_t total = thm_fleet_boards(f);
    uint64_t before = 0, end, done = 0;
    for (unsigned i = 0; i < f->groups_count; i++) {
        before += f->groups[i].count;
        end = (before * boards + total / 2) / total;
        f->groups[i].count = (uint32_t)(end - done);
        done = end;
    }
}

const struct thm_fleet_group *thm_fleet_group_of(const struct thm_fleet *f, uint32_t id)
{
    const struct thm_fleet_group *g = f->groups;
    for (; id >= g->count; g++)
        id -= g->count;
    return g;
}
