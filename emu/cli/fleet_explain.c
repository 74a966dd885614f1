/* emu/cli/fleet_explain.c -- thimble fleet explain: what a scenario will do, in words. */
#include <stdio.h>
#include <string.h>
#include "emu/cli/fleet.h"

static void explain_clock(const struct thm_fleet_group *g)
{
    if (g->clock && strcmp(g->clock, "sntp") == 0)
        printf("; they ask for the time before they connect");
    else if (g->clock)
        printf("; their clocks begin at 1970, so that no certificate is valid yet");
    else if (g->skew_s)
        printf("; their clocks are off by up to %u s, for polls and for certificates", g->skew_s);
}

static void explain_patience(const struct thm_fleet_group *g)
{
    if (g->retries)
        printf("; a download that the network breaks is tried again up to %u times, %s, after %u ms and then %u times "
               "as long "
               "each time",
               g->retries, g->resume ? "from where it broke" : "from its beginning",
               g->backoff_ms ? g->backoff_ms : 1000, g->backoff_factor ? g->backoff_factor : 2);
    if (g->client.cert)
        printf("; they show the certificate %s", g->client.cert);
}

static void explain_group(const struct fleet_scenario *s, unsigned i)
{
    const struct thm_fleet_group *g = &s->fleet->groups[i];
    const struct thm_fleet_kind *k = &s->kit.kinds[i];
    printf("- %u boards '%s': %s", g->count, g->name, k->profile->title);
    if (k->link)
        printf(", on %s (%.3g Mbit/s, %.3g ms round trip)", k->link->name, (double)k->link->down_bps / 1e6,
               k->link->rtt_us / 1e3);
    if (g->firmware)
        printf(", with the firmware %s", g->firmware);
    else
        printf(", which fetch %s%s%s, load it and run it on %s", g->model,
               g->storage && strcmp(g->storage, "none") == 0 ? "" : ", store it as ",
               g->storage && strcmp(g->storage, "none") == 0 ? ""
               : g->store                                    ? g->store
                                                             : "overwrite",
               g->input ? g->input : "zeros");
    if (g->inferences)
        printf(", %u frames drawn from it for each", g->inferences);
    if (g->switch_on_s)
        printf("; they are switched on within %u s", g->switch_on_s);
    explain_clock(g);
    explain_patience(g);
    puts(".");
}

static void explain_server(const struct thm_fleet_server *s)
{
    if (s->offline)
        printf("There is no network: what they ask for comes out of %s.\n", s->folder);
    else if (s->folder)
        printf("%s is served over HTTPS from this PC.\n", s->folder);
    if (s->url)
        printf("They ask for %s.\n", s->url);
    for (unsigned i = 0; i < s->headers_count; i++)
        printf("Every request has the header '%s'.\n", s->headers[i]);
}

static void explain_polls(const struct thm_fleet_rollout *r)
{
    if (!r->poll_s) {
        puts("A board asks once, when it is switched on.");
        return;
    }
    printf("A board asks%s%s when it is switched on, and then every %u s of its clock, until it gets the update.\n",
           r->poll_url ? " for " : "", r->poll_url ? r->poll_url : "", r->poll_s);
    if (r->tries > 1)
        printf("If the network fails while it gets it, it tries again at its next polls, %u times in all.\n", r->tries);
}

static void explain_rollout(const struct thm_fleet_rollout *r)
{
    explain_polls(r);
    for (unsigned i = 0; i < r->waves_count; i++)
        printf("- from %u s on, wave '%s': %g %% of the boards may have the update.\n", r->waves[i].at_s,
               r->waves[i].name, r->waves[i].percent);
    if (r->stop_percent > 0)
        printf("If more than %g %% of a wave fail, the later waves do not get it.\n", r->stop_percent);
}

static void explain_telemetry(const struct thm_fleet_telemetry *t)
{
    if (t->url && t->count > 1)
        printf("After the update a board posts what it infers to %s, %u times, every %u s.\n", t->url, t->count,
               t->every_s);
    else if (t->url)
        printf("After the update a board posts what it has inferred to %s.\n", t->url);
}

static void explain_share(double percent, const char *group)
{
    printf("- %g %% of %s%s", percent, group ? "the boards of " : "all boards", group ? group : "");
}

static void explain_outage(const struct thm_fleet_outage *o)
{
    explain_share(o->percent > 0 ? o->percent : 100, o->group);
    printf(" reach nobody from %u s to %u s.\n", o->from_s, o->to_s);
}

static void explain_fault(const struct thm_fleet_fault *f)
{
    const struct thm_fleet_fault_kind *k = thm_fleet_fault_kind(f->kind);
    const uint64_t value = f->value ? f->value : k->value;
    char number[48];
    if (value)
        snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    else
        snprintf(number, sizeof number, "N (1 to %llu, drawn for each)", (unsigned long long)k->drawn);
    const char *hole = strstr(k->words, "%s");
    explain_share(f->percent, f->group);
    if (f->from_s)
        printf(" that ask from %u s on", f->from_s);
    if (f->to_s)
        printf("%s before %u s", f->from_s ? " and" : " that ask", f->to_s);
    printf(" %.*s%s%s.\n", (int)(hole - k->words), k->words, f->fault ? f->fault : number, hole + strlen("%s"));
}

int fleet_explain(const struct fleet_options *o, int argc, char **argv)
{
    struct fleet_scenario s;
    (void)argc;
    int status = fleet_load(&s, o, argv[0]);
    if (!status)
        status = fleet_load_kit(&s);
    if (!status) {
        printf("%s: %u boards, seed %u.\n\n", s.fleet->name, thm_fleet_boards(s.fleet), s.fleet->seed);
        for (unsigned i = 0; i < s.fleet->groups_count; i++)
            explain_group(&s, i);
        puts("");
        explain_server(&s.fleet->server);
        explain_rollout(&s.fleet->rollout);
        explain_telemetry(&s.fleet->telemetry);
        if (s.fleet->outages_count)
            puts("\nOutages:");
        for (unsigned i = 0; i < s.fleet->outages_count; i++)
            explain_outage(&s.fleet->outages[i]);
        if (s.fleet->faults_count)
            puts("\nThe first of these that a board draws is its fault:");
        for (unsigned i = 0; i < s.fleet->faults_count; i++)
            explain_fault(&s.fleet->faults[i]);
    }
    fleet_unload(&s);
    return status;
}
