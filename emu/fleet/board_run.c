/* emu/fleet/board_run.c -- what one board of a fleet runs: the kit's part of it, its plan's, and its own texts. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "emu/fleet/kit.h"
#include "emu/fleet/template.h"

enum { BACKOFF_MS = 1000, BACKOFF_FACTOR = 2 }; /* as of thimble run */

struct making {
    const struct thm_fleet_kit *k;
    const struct thm_fleet_group *g;
    const struct thm_fleet_plan *p;
    struct thm_fleet_run *r;
    struct thm_fleet_values values;
    bool fits;
};

/* ---- texts ---- */

/* A filled template, at most `max` characters; kept in r->text. NULL: there is no template, or no room. */
static const char *fill(struct making *m, const char *prefix, const char *text, size_t max)
{
    struct thm_fleet_run *r = m->r;
    char *out = r->text + r->used;
    const size_t room = sizeof r->text - r->used, before = strlen(prefix);
    if (!text)
        return NULL;
    snprintf(out, room, "%s", prefix);
    const size_t len = before < room ? thm_fleet_template_fill(text, &m->values, out + before, room - before) : room;
    m->fits = m->fits && len <= max && len + before < room;
    if (!m->fits)
        return NULL;
    r->used += before + len + 1;
    return out;
}

static const char *fill_url(struct making *m, const char *text)
{
    return fill(m, "", text, THM_FLEET_URL_MAX - 1);
}

static const char *fill_path(struct making *m, const char *text)
{
    char prefix[PATH_MAX] = "";
    if (text && *text != '/')
        snprintf(prefix, sizeof prefix, "%s/", m->k->folder);
    return fill(m, prefix, text, PATH_MAX);
}

static void set_texts(struct making *m)
{
    const struct thm_fleet *f = m->k->fleet;
    struct thm_run *run = &m->r->run;
    const char *url = fill_url(m, f->server.url ? f->server.url : "https://localhost/{model}");
    run->url = m->g->firmware ? NULL : url;
    m->r->settings[0] = (struct thm_run_setting){ "url", url };
    m->r->settings[1] = (struct thm_run_setting){ "id", m->r->id };
    m->r->settings[2] = (struct thm_run_setting){ "version", m->values.version };
    run->settings = m->r->settings;
    run->settings_count = 3;
    for (unsigned i = 0; i < f->server.headers_count; i++)
        m->r->headers[i] = fill(m, "", f->server.headers[i], THM_FLEET_URL_MAX);
    run->headers = m->r->headers;
    run->headers_count = f->server.headers_count;
    run->poll.url = fill_url(m, f->rollout.poll_url);
    run->telemetry.url = fill_url(m, f->telemetry.url);
}

/* ---- TLS ---- */

/* In the order of the boards of its group. */
static uint32_t own_bytes(const struct making *m)
{
    const struct thm_fleet_kind *d = &m->k->kinds[m->p->group];
    uint32_t first = 0;
    for (unsigned i = 0; i < m->p->group; i++)
        first += m->k->fleet->groups[i].count;
    return !d->own_bytes ? 0 : d->own_bytes[d->own_count == 1 ? 0 : m->p->id - first];
}

/* Fleet time 0 is when the fleet was loaded. */
static void set_clock(struct making *m, struct thm_run_tls *tls)
{
    if (m->g->clock && strcmp(m->g->clock, "sntp") == 0) {
        tls->clock = THM_CLOCK_SNTP;
    } else if (m->g->clock) {
        tls->clock = THM_CLOCK_START;
    } else if (m->g->skew_s) {
        tls->clock = THM_CLOCK_START;
        tls->clock_s = m->k->started + ((int64_t)m->r->origin_ms + m->p->skew) / 1000;
    }
}

static void set_tls(struct making *m)
{
    struct thm_run_tls *tls = &m->r->run.tls;
    tls->cert = fill_path(m, m->g->client.cert);
    tls->key = fill_path(m, m->g->client.key);
    tls->own_bytes = own_bytes(m);
    set_clock(m, tls);
}

/* ---- time ---- */

static void set_polls(struct making *m)
{
    const struct thm_fleet_rollout *o = &m->k->fleet->rollout;
    const struct thm_fleet_plan *p = m->p;
    struct thm_poll_policy *poll = &m->r->run.poll;
    if (m->g->firmware)
        return;
    poll->on = true;
    poll->first_ns = p->next_poll * 1000000;
    poll->every_ns = (uint64_t)o->poll_s * 1000000000;
    poll->offered_ns = p->opened > p->switched_on ? (p->opened - p->switched_on) * 1000000 : 0;
    poll->tries = (o->tries ? o->tries : 1) + p->lost;
}

static void set_telemetry(struct making *m)
{
    const struct thm_fleet_telemetry *t = &m->k->fleet->telemetry;
    m->r->run.telemetry.every_ns = (uint64_t)t->every_s * 1000000000;
    m->r->run.telemetry.count = t->count;
}

static void add_outage(struct thm_fleet_run *r, struct thm_link_outage o)
{
    if (r->link.outages_count < THM_FLEET_RUN_OUTAGES)
        r->outages[r->link.outages_count++] = o;
}

/* From fleet time to its own; what was over before is none. */
static void add_fleet_outage(struct making *m, const struct thm_fleet_outage *o)
{
    const uint64_t origin = m->r->origin_ms, from = (uint64_t)o->from_s * 1000, to = (uint64_t)o->to_s * 1000;
    const uint64_t start = from > origin ? from - origin : 0;
    if (to > origin)
        add_outage(m->r, (struct thm_link_outage){ start, to - origin - start });
}

static void set_link(struct making *m)
{
    const struct thm_fleet *f = m->k->fleet;
    const struct thm_profile_link *link = m->k->kinds[m->p->group].link;
    struct thm_fleet_run *r = m->r;
    if (!link)
        return;
    r->link = *link;
    r->link.outages = r->outages;
    r->link.outages_count = 0;
    for (unsigned i = 0; i < link->outages_count; i++)
        add_outage(r, link->outages[i]);
    for (unsigned i = 0; i < f->outages_count; i++)
        if (thm_fleet_outage_concerns(f, m->p->id, i))
            add_fleet_outage(m, &f->outages[i]);
    r->run.link = &r->link;
}

/* ---- the whole ---- */

static struct thm_run common(const struct making *m)
{
    const struct thm_fleet_group *g = m->g;
    const struct thm_fleet_kind *d = &m->k->kinds[m->p->group];
    return (struct thm_run){
        .profile = d->profile,
        .answer = m->k->fleet->server.offline ? &d->answer : NULL,
        .cacert = m->k->cacert,
        .connect_port = m->k->port,
        .storage = g->storage,
        .store = g->store,
        .operators = d->operators ? (const char *const *)d->operators->operators : NULL,
        .operators_count = d->operators ? d->operators->operators_count : 0,
        .packed = d->packed,
        .measured = d->measured,
        .arena = g->arena,
        .timeout_ms = g->timeout_ms,
        .download = { .retries = g->retries,
                      .backoff_ms = g->backoff_ms ? g->backoff_ms : BACKOFF_MS,
                      .backoff_factor = g->backoff_factor ? g->backoff_factor : BACKOFF_FACTOR,
                      .resume = g->resume },
        .firmware = d->firmware,
        .duration_ns = g->firmware ? (uint64_t)g->duration_s * 1000000000u : 0,
        .cpu_seconds = m->k->fleet->cpu_s,
        .timed = m->k->timed,
        .seed = m->p->seed,
        .inputs = d->input ? &d->inputs : NULL,
        .inputs_count = d->input ? 1 : 0,
        .frames = g->inferences,
    };
}

bool thm_fleet_make_run(const struct thm_fleet_kit *k, const struct thm_fleet_plan *p, struct thm_fleet_run *r)
{
    const struct thm_fleet_group *g = &k->fleet->groups[p->group];
    const char *version = k->fleet->rollout.version;
    memset(r, 0, offsetof(struct thm_fleet_run, headers));
    r->origin_ms = g->firmware ? p->asked : p->switched_on;
    snprintf(r->id, sizeof r->id, "%u", p->id);
    struct making m = {
        k, g, p, r, { r->id, g->board, g->name, version ? version : "", g->model ? g->model : "" }, true
    };
    r->run = common(&m);
    set_link(&m);
    thm_run_fill(&r->run);
    set_texts(&m);
    set_tls(&m);
    set_polls(&m);
    set_telemetry(&m);
    if (p->fault)
        p->fault->apply(r, p);
    return m.fits;
}
