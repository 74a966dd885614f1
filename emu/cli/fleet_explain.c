/* emu/cli/fleet_explain.c -- thimble fleet explain: what a scenario will do, in words. */
#include <stdio.h>
#include <string.h>
#include "emu/cli/fleet.h"

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
    if (g->switch_on_s)
        printf("; they are switched on within %u s", g->switch_on_s);
    if (g->skew_s)
        printf("; their clocks are off by up to %u s", g->skew_s);
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
}

static void explain_rollout(const struct thm_fleet_rollout *r)
{
    if (r->poll_s)
        printf("A board asks when it is switched on, and then every %u s of its clock.\n", r->poll_s);
    else
        puts("A board asks once, when it is switched on.");
    for (unsigned i = 0; i < r->waves_count; i++)
        printf("- from %u s on, wave '%s': %g %% of the boards may have the update.\n", r->waves[i].at_s,
               r->waves[i].name, r->waves[i].percent);
    if (r->stop_percent > 0)
        printf("If more than %g %% of a wave fail, the later waves do not get it.\n", r->stop_percent);
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
    const char *hole = strstr(k->words, "%llu");
    printf("- %g %% of %s%s %.*s%s%s.\n", f->percent, f->group ? "the boards of " : "all boards",
           f->group ? f->group : "", (int)(hole - k->words), k->words, number, hole + strlen("%llu"));
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
        if (s.fleet->faults_count)
            puts("\nThe first of these that a board draws is its fault:");
        for (unsigned i = 0; i < s.fleet->faults_count; i++)
            explain_fault(&s.fleet->faults[i]);
    }
    fleet_unload(&s);
    return status;
}
