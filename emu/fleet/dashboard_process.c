/* emu/fleet/dashboard_process.c -- looks at the boards some times a second, and tells the clients what has changed. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "emu/fleet/dashboard_internal.h"

enum { TICK_MS = 200, SUMMARY_TICKS = 5, CHANGES_MAX = 20000, FLUSH_MS = 2000, FLUSH_STEP_MS = 10, NICE = 10 };

/* ---- what does not change ---- */

static json_t *groups_json(const struct thm_fleet *f)
{
    json_t *a = json_array();
    uint32_t first = 0;
    for (unsigned i = 0; i < f->groups_count; first += f->groups[i++].count)
        json_array_append_new(a,
                              json_pack("{s:s, s:s, s:I, s:I}", "name", f->groups[i].name, "board", f->groups[i].board,
                                        "first", (json_int_t)first, "count", (json_int_t)f->groups[i].count));
    return a;
}

static json_t *states_json(void)
{
    json_t *a = json_array();
    for (int i = 0; i < THM_FLEET_STATE_COUNT; i++)
        json_array_append_new(a, json_string(thm_fleet_state_word((enum thm_fleet_state)i)));
    return a;
}

static char *run_json(const struct thm_dashboard *d)
{
    const struct thm_fleet *f = d->o->kit->fleet;
    json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:o}", "name", f->name ? f->name : "", "file",
                          d->o->file, "seed", (json_int_t)f->seed, "boards", (json_int_t)d->boards, "shard",
                          (json_int_t)d->o->shard, "shards", (json_int_t)d->o->shards, "database", d->o->database,
                          "states", states_json(), "groups", groups_json(f));
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    return text ? text : strdup("{}");
}

/* ---- what does ---- */

/* counts[state] of all boards; changes, if there are not too many, as "[id,state,id,state]". */
static void look(struct thm_dashboard *d, uint32_t *counts)
{
    char *text = NULL;
    size_t len = 0, changes = 0;
    FILE *f = open_memstream(&text, &len);
    memset(counts, 0, THM_FLEET_STATE_COUNT * sizeof *counts);
    pthread_mutex_lock(&d->stream.lock);
    for (uint32_t i = 0; f && i < d->boards; i++) {
        const uint32_t state = atomic_load_explicit(&d->glance[i].state, memory_order_relaxed);
        const char letter = (char)('0' + state);
        counts[state]++;
        if (d->stream.states[i] == letter)
            continue;
        d->stream.states[i] = letter;
        if (changes++ < CHANGES_MAX)
            fprintf(f, "%s%u,%u", changes == 1 ? "[" : ",", i, state);
    }
    pthread_mutex_unlock(&d->stream.lock);
    if (f)
        fputs("]", f);
    if (f && fclose(f) == 0 && changes)
        thm_dashboard_stream_send(&d->stream, "change", changes > CHANGES_MAX ? NULL : text);
    free(text);
}

static void tell(struct thm_dashboard *d, const uint32_t *counts, int end)
{
    char *text = thm_dashboard_summary(&d->summary, counts, end, end != THM_DASHBOARD_GOES_ON);
    if (text)
        thm_dashboard_stream_send(&d->stream, "summary", text);
    free(text);
}

/* The supervisor waits for this, for a while. */
static void finish(struct thm_dashboard *d, int end)
{
    uint32_t counts[THM_FLEET_STATE_COUNT];
    look(d, counts);
    tell(d, counts, end);
    thm_dashboard_summary_close(&d->summary);
    thm_dashboard_stream_end(&d->stream);
    for (int ms = 0; ms < FLUSH_MS && !thm_dashboard_stream_idle(&d->stream); ms += FLUSH_STEP_MS)
        nanosleep(&(struct timespec){ .tv_nsec = FLUSH_STEP_MS * 1000000L }, NULL);
    (void)!write(d->line, "e", 1);
}

/* false: the supervisor has ended, or wants this to. */
static bool listen_to_supervisor(struct thm_dashboard *d, bool *ended)
{
    char how;
    if (recv(d->line, &how, 1, 0) != 1)
        return false;
    if (!*ended && how > THM_DASHBOARD_GOES_ON && how <= THM_DASHBOARD_BROKEN)
        finish(d, how);
    *ended = true;
    return true;
}

static void loop(struct thm_dashboard *d)
{
    uint32_t counts[THM_FLEET_STATE_COUNT];
    struct timespec last = { 0 }, t;
    bool ended = false;
    for (unsigned tick = 0;;) {
        struct pollfd p[] = { { d->line, POLLIN, 0 }, { d->replays.line, POLLIN, 0 }, { d->replays.wake, POLLIN, 0 } };
        (void)poll(p, 3, ended ? -1 : TICK_MS);
        if (p[0].revents && !listen_to_supervisor(d, &ended))
            return;
        if (p[1].revents || p[2].revents)
            thm_dashboard_boards_work(&d->replays);
        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        const int64_t ms = (t.tv_sec - last.tv_sec) * 1000 + (t.tv_nsec - last.tv_nsec) / 1000000;
        if (ended || ms < TICK_MS)
            continue;
        last = t;
        look(d, counts);
        if (tick++ % SUMMARY_TICKS == 0)
            tell(d, counts, THM_DASHBOARD_GOES_ON);
    }
}

void thm_dashboard_process(struct thm_dashboard *d)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE }; /* the terminal's are for the supervisor */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    thm_dashboard_summary_init(&d->summary, d->o->database);
    d->run = run_json(d);
    if (d->run && thm_dashboard_boards_start(d) && thm_dashboard_stream_init(&d->stream, d->boards) &&
        thm_dashboard_serve(d) && write(d->line, "r", 1) == 1)
        loop(d);
    _exit(0);
}
