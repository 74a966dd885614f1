#include "emu/fleet/scenario_check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "emu/board/profile.h"
#include "emu/board/storage_place.h"
#include "emu/firmware/store.h"
#include "emu/fleet/fault.h"
#include "emu/fleet/template.h"
#include "fsimages/media/part.h"

enum {
    BOARDS = 10000000,
    POLLS_MAX = 1000000, /* they are cheap, and a board's process is to end */
    TRIES_MAX = 10000,
    RETRIES_MAX = 10000,
    TELEMETRY_S_MAX = 1000000000,
    TELEMETRY_MAX = 100000,
    INFERENCES_MAX = 100000,
    BACKOFF_MAX_MS = 3600000,
    FACTOR_MAX = 100
};

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

static int check_holes(struct check *c, const char *text)
{
    const char *wrong = thm_fleet_template_fault(text);
    return wrong ? WRONG(c, "'%.20s': expected {id}, {board}, {group}, {version} or {model}", wrong) : 0;
}

static int check_url(struct check *c, const char *url)
{
    int status = check_holes(c, url);
    if (!status && strncmp(url, "https://", 8) != 0)
        status = WRONG(c, "'%.60s' is not an https URL", url);
    return status;
}

/* A field name is a token (RFC 9110, 5.6.2); what the client itself says of the body and the connection it says alone.
 * No line end may begin a header of its own. */
static int check_header(struct check *c, const char *line)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char *const own[] = { "Host",       "Content-Length", "Content-Type",    "Transfer-Encoding",
                                       "Connection", "If-None-Match",  "Accept-Encoding", "Range",
                                       "If-Range",   "Expect" };
    const size_t len = strspn(line, token);
    if (len == 0 || line[len] != ':' || line[len + 1] != ' ' || line[len + 2] == '\0')
        return WRONG(c, "'%.60s': expected 'Name: value'", line);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strlen(own[i]) == len && strncasecmp(line, own[i], len) == 0)
            return WRONG(c, "%s is the client's own", own[i]);
    return check_holes(c, line + len);
}

static bool is_one_line(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            return false;
    return true;
}

static int check_line(struct check *c, const char *path, const char *text)
{
    AT(c, "%s", path);
    return is_one_line(text) ? 0 : WRONG(c, "a control character in it");
}

/* Every value that a template can hold. A version goes into JSON, too. */
static int check_lines(struct check *c)
{
    const char *version = c->f->rollout.version;
    int status = check_line(c, "rollout.version", version);
    if (!status && version && strpbrk(version, "\"\\"))
        status = WRONG(c, "a quote or backslash in it");
    for (unsigned i = 0; !status && i < c->f->groups_count; i++) {
        const struct thm_fleet_group *g = &c->f->groups[i];
        const struct {
            const char *key, *value;
        } rows[] = { { "name", g->name }, { "board", g->board }, { "model", g->model } };
        for (size_t k = 0; !status && k < sizeof rows / sizeof rows[0]; k++) {
            char path[48];
            snprintf(path, sizeof path, "groups[%u].%s", i, rows[k].key);
            status = check_line(c, path, rows[k].value);
        }
    }
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

/* Of the storage that its boards use. */
static bool wears_out(const struct thm_fleet_group *g)
{
    struct thm_profile *p = NULL;
    char *why = NULL;
    if (thm_profile_load(g->board, &p, &why)) {
        free(why);
        return false;
    }
    const struct thm_profile_storage *s = g->storage         ? thm_storage_find(p, g->storage)
                                          : p->storage_count ? &p->storage[0]
                                                             : NULL;
    const bool wears = s && thm_part_find(thm_medium_part(p, thm_storage_place(p, s).medium))->endurance > 0;
    thm_profile_free(p);
    return wears;
}

static int check_client(struct check *c, unsigned i)
{
    const struct thm_fleet_client *t = &c->f->groups[i].client;
    AT(c, "groups[%u].client.cert", i);
    int status = t->cert ? check_holes(c, t->cert) : 0;
    AT(c, "groups[%u].client.key", i);
    return status || !t->key ? status : check_holes(c, t->key);
}

static int check_clock(struct check *c, unsigned i)
{
    const char *clock = c->f->groups[i].clock;
    AT(c, "groups[%u].clock", i);
    if (clock && strcmp(clock, "unset") != 0 && strcmp(clock, "sntp") != 0)
        return WRONG(c, "'%s' is no clock, expected unset or sntp", clock);
    return 0;
}

static int check_amounts(struct check *c, unsigned i)
{
    const struct thm_fleet_group *g = &c->f->groups[i];
    const struct {
        const char *key;
        uint32_t value, max;
    } rows[] = { { "retries", g->retries, RETRIES_MAX },
                 { "backoff_ms", g->backoff_ms, BACKOFF_MAX_MS },
                 { "backoff_factor", g->backoff_factor, FACTOR_MAX },
                 { "inferences", g->inferences, INFERENCES_MAX } };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        AT(c, "groups[%u].%s", i, rows[k].key);
        if (rows[k].value > rows[k].max)
            return WRONG(c, "%u is more than %u", rows[k].value, rows[k].max);
    }
    AT(c, "groups[%u].inferences", i);
    return g->inferences && !g->input ? WRONG(c, "of frames of input, and there is none") : 0;
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
    int status = check_clock(c, i);
    status = status ? status : check_client(c, i);
    status = status ? status : check_amounts(c, i);
    return status ? status : check_board(c, g, i);
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
    int status = s->url ? check_url(c, s->url) : 0;
    for (unsigned i = 0; !status && i < s->headers_count; i++) {
        AT(c, "server.headers[%u]", i);
        status = is_one_line(s->headers[i]) ? check_header(c, s->headers[i]) : WRONG(c, "a control character in it");
    }
    return status;
}

static int check_polls(struct check *c, uint32_t until_s)
{
    const uint32_t poll_s = c->f->rollout.poll_s;
    if (poll_s && until_s / poll_s > POLLS_MAX)
        return WRONG(c, "%u polls of each board until then, %u at most", until_s / poll_s, POLLS_MAX);
    return 0;
}

static int check_wave(struct check *c, unsigned i)
{
    const struct thm_fleet_wave *w = &c->f->rollout.waves[i];
    AT(c, "rollout.waves[%u].percent", i);
    int status = check_percent(c, w->percent);
    if (!status && i && w->percent <= w[-1].percent)
        status = WRONG(c, "%g percent after %g: shares are of all boards so far, and grow", w->percent, w[-1].percent);
    AT(c, "rollout.waves[%u].at_s", i);
    if (!status)
        status = check_polls(c, w->at_s);
    if (!status && i && w->at_s < w[-1].at_s)
        status = WRONG(c, "before the wave before it");
    return status;
}

static int check_rollout(struct check *c)
{
    AT(c, "rollout.poll_url");
    int status = c->f->rollout.poll_url ? check_url(c, c->f->rollout.poll_url) : 0;
    AT(c, "rollout.tries");
    if (!status && c->f->rollout.tries > 1 && c->f->rollout.poll_s == 0)
        status = WRONG(c, "a board that does not poll tries once");
    if (!status && c->f->rollout.tries > TRIES_MAX)
        status = WRONG(c, "%u is more than %u", c->f->rollout.tries, TRIES_MAX);
    AT(c, "rollout.stop_percent");
    if (!status)
        status = check_percent(c, c->f->rollout.stop_percent);
    for (unsigned i = 0; !status && i < c->f->rollout.waves_count; i++)
        status = check_wave(c, i);
    return status;
}

static int check_named_group(struct check *c, const char *name)
{
    return name && !thm_fleet_group_named(c->f, name) ? WRONG(c, "there is no group '%s'", name) : 0;
}

/* A kind has a number, or words of its own. */
static int check_fault_text(struct check *c, unsigned i, const struct thm_fleet_fault_kind *k)
{
    const struct thm_fleet_fault *f = &c->f->faults[i];
    const char *why;
    AT(c, "faults[%u].fault", i);
    if (!k->parse)
        return f->fault ? WRONG(c, "%s has a value, no words", k->name) : 0;
    if (!f->fault)
        return WRONG(c, "%s wants to be told which, as fault: \"stall=3000\"", k->name);
    return k->parse(f->fault, &why) ? 0 : WRONG(c, "%s", why);
}

static int check_fault_storage(struct check *c, unsigned i, const struct thm_fleet_fault_kind *k)
{
    const struct thm_fleet_fault *f = &c->f->faults[i];
    AT(c, "faults[%u].kind", i);
    for (unsigned n = 0; k->wears && n < c->f->groups_count; n++) {
        const struct thm_fleet_group *g = &c->f->groups[n];
        if ((!f->group || strcmp(f->group, g->name) == 0) && !wears_out(g))
            return WRONG(c, "how long the storage of group '%s' lasts is not known", g->name);
    }
    return 0;
}

static int check_window(struct check *c, const char *list, unsigned i, uint32_t from_s, uint32_t to_s)
{
    AT(c, "%s[%u].to_s", list, i);
    return to_s <= from_s ? WRONG(c, "%u is not after from_s, %u", to_s, from_s) : 0;
}

static int check_fault(struct check *c, unsigned i)
{
    const struct thm_fleet_fault *f = &c->f->faults[i];
    const struct thm_fleet_fault_kind *k = thm_fleet_fault_kind(f->kind);
    char names[256];
    AT(c, "faults[%u].kind", i);
    if (!k)
        return WRONG(c, "'%s' is unknown, expected %s", f->kind, thm_fleet_fault_names(names, sizeof names));
    AT(c, "faults[%u].value", i);
    if (f->value > k->max)
        return WRONG(c, "%llu is more than %llu", (unsigned long long)f->value, (unsigned long long)k->max);
    AT(c, "faults[%u].group", i);
    int status = check_named_group(c, f->group);
    AT(c, "faults[%u].percent", i);
    if (!status)
        status = check_percent(c, f->percent);
    if (!status && f->to_s)
        status = check_window(c, "faults", i, f->from_s, f->to_s);
    if (!status)
        status = check_fault_text(c, i, k);
    return status ? status : check_fault_storage(c, i, k);
}

static int check_outage(struct check *c, unsigned i)
{
    const struct thm_fleet_outage *o = &c->f->outages[i];
    int status = check_window(c, "outages", i, o->from_s, o->to_s);
    status = status ? status : check_polls(c, o->to_s);
    AT(c, "outages[%u].group", i);
    if (!status)
        status = check_named_group(c, o->group);
    AT(c, "outages[%u].percent", i);
    return status ? status : check_percent(c, o->percent);
}

static int check_telemetry(struct check *c)
{
    const struct thm_fleet_telemetry *t = &c->f->telemetry;
    AT(c, "telemetry.url");
    int status = t->url ? check_url(c, t->url) : 0;
    AT(c, "telemetry.count");
    if (!status && t->count > TELEMETRY_MAX)
        status = WRONG(c, "%u posts of a board, %u at most", t->count, TELEMETRY_MAX);
    AT(c, "telemetry.every_s");
    if (!status && (uint64_t)t->every_s * t->count > TELEMETRY_S_MAX)
        status = WRONG(c, "the last post is after more than %u s", TELEMETRY_S_MAX);
    return status;
}

static int check_total(struct check *c)
{
    AT(c, "groups");
    return thm_fleet_boards(c->f) > BOARDS ? WRONG(c, "more than %u boards in all", BOARDS) : 0;
}

static int for_each(struct check *c, unsigned count, int (*one)(struct check *c, unsigned i))
{
    int status = 0;
    for (unsigned i = 0; !status && i < count; i++)
        status = one(c, i);
    return status;
}

int thm_fleet_check(const void *data, struct thm_yaml *y)
{
    struct check c = { .f = data, .y = y };
    int status = check_server(&c);
    status = status ? status : check_lines(&c);
    status = status ? status : for_each(&c, c.f->groups_count, check_group);
    status = status ? status : check_total(&c);
    status = status ? status : check_rollout(&c);
    status = status ? status : check_telemetry(&c);
    status = status ? status : for_each(&c, c.f->outages_count, check_outage);
    return status ? status : for_each(&c, c.f->faults_count, check_fault);
}
