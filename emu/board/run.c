/* emu/board/run.c -- the supervisor of one board: forks its cores, is its network, passes on what they say. */
#include "emu/board/run.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/board/chips.h"
#include "emu/board/cores.h"
#include "emu/board/merge.h"
#include "emu/board/process.h"
#include "emu/board/session.h"
#include "emu/board/storage_place.h"
#include "netlink/fetch.h"

struct supervisor;

struct core {
    struct supervisor *all;
    struct thm_run run;
    struct thm_session s;
    struct thm_chips chips;
    pid_t pid;     /* 0: not started */
    bool silenced; /* what it tells now comes after the board's end */
};

struct supervisor {
    struct core core[THM_CORES_MAX]; /* 0: the main one */
    uint32_t cores;
    struct thm_net *net;
    struct thm_cores *shared; /* NULL, as the merge: there is one core */
    struct thm_merge *merge;
    bool over;       /* the main core has ended, */
    uint64_t end_ns; /* then */
};

static void tell_event(struct core *c, const struct thm_event *e)
{
    thm_session_note(&c->s, e);
    if (c->run.event)
        c->run.event(c->run.ctx, e);
}

static void tell_item(void *ctx, uint32_t core, uint32_t kind, const uint8_t *data, size_t len)
{
    struct supervisor *all = ctx;
    struct core *c = &all->core[core];
    struct thm_event e = { .type = THM_EV_COUNT };
    if (kind == THM_ITEM_EVENT)
        memcpy(&e, data, sizeof e);
    if (core && all->over && kind == THM_ITEM_EVENT && e.t_ns > all->end_ns)
        c->silenced = true;
    if (c->silenced)
        return;
    if (kind == THM_ITEM_OUTPUT)
        thm_session_output(&c->run, data, len);
    else
        tell_event(c, &e);
    if (core == 0 && e.type == THM_EV_EXIT) {
        all->over = true;
        all->end_ns = e.t_ns;
    }
}

static void pass_on(void *ctx, enum thm_session_item kind, const void *data, size_t len)
{
    struct core *c = ctx;
    struct supervisor *all = c->all;
    const uint32_t core = (uint32_t)(c - all->core);
    if (!all->merge)
        tell_item(all, core, kind, data, len);
    else if (thm_merge_put(all->merge, core, c->s.told_ns, kind, data, len) < 0)
        thm_session_host_failure(&c->s, "events");
}

/* The core's process is gone, or as good as. */
static void close_core(struct core *c)
{
    struct supervisor *all = c->all;
    const uint32_t core = (uint32_t)(c - all->core);
    thm_session_close(&c->s);
    if (!all->merge)
        return;
    thm_cores_ended(all->shared, core, c->s.exited ? c->s.told_ns : UINT64_MAX);
    thm_merge_end(all->merge, core);
    if (core == 0 && !all->over) { /* it was killed */
        all->over = true;
        all->end_ns = c->s.told_ns;
    }
}

/* One round: wait, then serve every core that has something to say. Result: false: none is left, or the PC failed. */
static bool serve(struct supervisor *all, uint8_t *buf)
{
    struct core *open[THM_CORES_MAX];
    int fds[THM_CORES_MAX];
    bool ready[THM_CORES_MAX] = { false };
    size_t n = 0;
    for (uint32_t i = 0; i < all->cores; i++)
        if (all->core[i].s.modem >= 0) {
            open[n] = &all->core[i];
            fds[n++] = all->core[i].s.modem;
        }
    if (n == 0)
        return false;
    if (thm_net_poll(all->net, fds, ready, n, -1) != THM_NET_OK) {
        thm_session_host_failure(&all->core[0].s, "network poll");
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (ready[i] && !thm_session_serve(&open[i]->s, buf))
            close_core(open[i]);
    return true;
}

static void converse(struct supervisor *all, uint8_t *buf)
{
    for (uint32_t i = 0; i < all->cores; i++)
        all->core[i].s.net = all->net;
    while (serve(all, buf)) {
    }
}

static void supervise(struct supervisor *all)
{
    uint8_t *buf = malloc(THM_SESSION_MESSAGE_MAX);
    if (!buf || thm_net_create(&all->net) != THM_NET_OK)
        thm_session_host_failure(&all->core[0].s, "supervisor");
    else
        converse(all, buf);
    free(buf);
}

/* ---- the processes ---- */

static void reap(struct core *c)
{
    struct rusage usage = { 0 };
    int status = 0;
    thm_session_close(&c->s);
    while (wait4(c->pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    c->s.result.peak_rss = (uint64_t)usage.ru_maxrss * 1024;
    thm_session_ended(&c->s, status);
}

/* The child closes what it has of the others: a core's end is seen by its socket's. */
static void run_core(struct supervisor *all, struct core *c, int modem)
{
    for (uint32_t i = 0; i < all->cores; i++)
        if (all->core[i].s.modem >= 0)
            close(all->core[i].s.modem);
    thm_board_process(&c->run, modem, &c->chips);
}

static int fork_core(struct supervisor *all, struct core *c)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    c->s.modem = fds[0];
    c->pid = fork();
    if (c->pid == 0)
        run_core(all, c, fds[1]);
    close(fds[1]);
    return c->pid < 0 ? -1 : 0;
}

static int start(struct supervisor *all)
{
    fflush(NULL);
    thm_board_prepare();
    malloc_trim(0); /* what loading the profile took need not be resident twice */
    for (uint32_t i = 0; i < all->cores; i++)
        if (fork_core(all, &all->core[i]) < 0)
            return -1;
    return 0;
}

/* ---- a run ---- */

static int share(struct supervisor *all, const struct thm_run *run)
{
    const struct thm_profile_mailbox *m = &run->profile->mailbox;
    const struct thm_cores_config config = { all->cores, m->message_max, m->ring_bytes, m->latency_ns };
    if (all->cores == 1)
        return 0;
    all->shared = thm_cores_create(&config);
    all->merge = thm_merge_create(all->cores, tell_item, all);
    for (uint32_t i = 0; i < all->cores; i++) {
        struct thm_run *r = &all->core[i].run;
        r->cores = all->shared;
        r->core = i;
        r->main_core = run->core_name;
    }
    return all->shared && all->merge ? 0 : -1;
}

/* A firmware of the user's may mount any. */
static uint32_t media_of(const struct thm_run *run)
{
    return thm_media_of(run->profile, run->firmware ? NULL : run->storage);
}

static int open_chips(struct supervisor *all)
{
    int status = 0;
    for (uint32_t i = 0; i < all->cores && !status; i++) {
        struct core *c = &all->core[i];
        struct thm_run_result *r = &c->s.result;
        if (c->run.chips) {
            c->chips = *c->run.chips;
            continue;
        }
        status = thm_chips_open(&c->chips, c->run.profile, media_of(&c->run), c->run.state_dir, r->message,
                                sizeof r->message);
        r->exit_status = status;
    }
    return status;
}

static void finish(struct supervisor *all)
{
    for (uint32_t i = 0; i < all->cores; i++) {
        if (all->core[i].pid > 0)
            reap(&all->core[i]);
        if (!all->core[i].run.chips)
            thm_chips_close(&all->core[i].chips);
    }
    thm_net_destroy(all->net);
    thm_merge_destroy(all->merge);
    thm_cores_destroy(all->shared);
}

/* The main core's result; if that is good, the first other core's that is not. */
static void conclude(const struct supervisor *all, struct thm_run_result *out)
{
    *out = all->core[0].s.result;
    for (uint32_t i = 1; i < all->cores; i++) {
        const struct core *c = &all->core[i];
        const struct thm_run_result *r = &c->s.result;
        out->peak_rss += r->peak_rss;
        if (out->exit_status || c->silenced || !r->exit_status)
            continue;
        out->exit_status = r->exit_status;
        snprintf(out->message, sizeof out->message, "%.40s: %.300s", c->run.core_name, r->message);
    }
}

static void set_up(struct supervisor *all, const struct thm_run *run)
{
    all->cores = 1 + run->companions_count;
    for (uint32_t i = 0; i < all->cores; i++) {
        struct core *c = &all->core[i];
        c->all = all; /* one by one: what a session has room for stays untouched */
        c->run = i ? run->companions[i - 1] : *run;
        c->chips.lock = -1;
        c->s.modem = -1;
        c->s.item = pass_on;
        c->s.ctx = c;
        c->s.run = &c->run;
    }
}

/* The firmware's, or more where the link asks for it. */
static uint32_t timeout_ms(const struct thm_profile *p, const struct thm_profile_link *link)
{
    const uint32_t own = p->network.timeout_ms ? p->network.timeout_ms : THM_NET_TIMEOUT_MS;
    return link && link->timeout_ms > own ? link->timeout_ms : own;
}

void thm_run_fill(struct thm_run *run)
{
    const struct thm_profile *p = run->profile;
    if (!run->storage)
        run->storage = p->storage_count ? p->storage[0].name : "none";
    if (!run->file)
        run->file = thm_storage_file(p, run->storage);
    if (!run->chunk)
        run->chunk = p->network.chunk;
    if (!run->timeout_ms)
        run->timeout_ms = timeout_ms(p, run->link);
}

bool thm_run_cost(const struct thm_run *run, struct thm_cost *out)
{
    const struct thm_profile *p = run->profile;
    const char *kernels = run->kernels ? thm_kernel_library_name(run->kernels) : NULL;
    if (kernels && thm_cost_open(out, p->core, kernels, p->name, p->cores[0].clock_hz))
        return true;
    thm_profile_cost(p, out);
    return !kernels;
}

void thm_run(const struct thm_run *run, struct thm_run_result *out)
{
    struct supervisor *all = calloc(1, sizeof *all);
    *out = (struct thm_run_result){ 0 };
    if (!all) {
        out->exit_status = 20;
        snprintf(out->message, sizeof out->message, "supervisor: %s", strerror(errno));
        return;
    }
    set_up(all, run);
    if (!open_chips(all)) {
        if (share(all, run) < 0 || start(all) < 0)
            thm_session_host_failure(&all->core[0].s, "starting the board process");
        else
            supervise(all);
    }
    finish(all);
    conclude(all, out);
    free(all);
}
