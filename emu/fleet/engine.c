#include "emu/fleet/engine.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "emu/board/session.h"
#include "emu/fleet/jobs.h"
#include "emu/fleet/queue.h"
#include "emu/fleet/server.h"
#include "emu/fleet/zygote.h"

enum {
    EVENTS_MAX = 64,
    STARTS_MAX = 16,        /* in one round */
    WAIT_MS = 250,          /* longest round */
    WALL_A_CPU_SECOND = 20, /* a board that gets no processor time for so long, has gone to sleep */
    MEASURE_REST = 50,      /* times as long as a look at the memory took, until the next */
    TRIES_MAX = 3           /* of one board, when it is the PC that fails */
};

#define LINE UINT32_MAX /* in place of a slot's number */

struct engine;

struct slot {
    struct engine *all;
    bool used, ended; /* ended: the zygote has told its end */
    bool killed;      /* by us */
    struct thm_fleet_plan plan;
    struct thm_fleet_run run;
    struct thm_session session;
    struct thm_fleet_row row;
    struct thm_fleet_reader reader;
    struct thm_zygote_report report;
    uint64_t cpu_ns; /* in its last step, if timed */
    enum thm_fleet_state state;
    double started;
};

struct engine {
    const struct thm_fleet_engine *o;
    struct thm_zygote zygote;
    struct thm_net *net; /* NULL: offline */
    int epoll;
    struct slot *slots;
    uint32_t slot_count, alive;
    struct thm_fleet_jobs jobs; /* less than slot_count when the PC has no more */
    struct thm_fleet_queue queue;
    struct thm_fleet_own_server server;
    uint8_t *tries; /* of each board, that the PC failed */
    struct thm_fleet_totals totals;
    uint8_t *buf;
    double start, told, looked, measure_at;
    char **error;
    int status;
};

static volatile sig_atomic_t signals = 0;

static void on_signal(int number)
{
    (void)number;
    signals = signals + 1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* error: errno; 0: what says it all. */
static void fail(struct engine *e, const char *what, int error)
{
    if (e->status)
        return;
    e->status = 20;
    if (asprintf(e->error, "%s%s%s; 'thimble fleet resume' goes on", what, error ? ": " : "",
                 error ? strerror(error) : "") < 0)
        *e->error = NULL;
}

static void note(const struct engine *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(const struct engine *e, const char *fmt, ...)
{
    char line[256];
    va_list ap;
    if (!e->o->note)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    e->o->note(e->o->ctx, line);
}

static void tell_board(const struct engine *e, uint32_t id, enum thm_fleet_state state, const struct thm_event *ev)
{
    if (e->o->board)
        e->o->board(e->o->board_ctx, id, state, ev);
}

/* ---- results ---- */

static void count(struct thm_fleet_totals *t, const struct thm_fleet_row *row)
{
    t->done++;
    t->updated += strcmp(row->outcome, "updated") == 0;
    t->failed += strcmp(row->outcome, "failed") == 0;
    t->withheld += strcmp(row->outcome, "withheld") == 0;
    t->untouched += strcmp(row->outcome, "untouched") == 0;
}

static void put(struct engine *e, const struct thm_fleet_row *row, const struct thm_fleet_cost *cost)
{
    if (!e->status)
        e->status = thm_fleet_results_put(e->o->results, row, cost, e->error);
    count(&e->totals, row);
    tell_board(e, (uint32_t)row->id, thm_fleet_state_of_outcome(row->outcome), NULL);
}

static void commit(struct engine *e)
{
    if (!e->status)
        e->status = thm_fleet_results_commit(e->o->results, e->error);
}

/* Boards that are not switched on have a row as well. */
static void put_idle(struct engine *e, uint32_t id)
{
    struct thm_fleet_plan plan;
    struct thm_fleet_row row;
    thm_fleet_plan(e->o->kit->fleet, id, &plan);
    thm_fleet_row_init(&row, e->o->kit, &plan);
    put(e, &row, NULL);
}

/* ---- one board ---- */

static void on_item(void *ctx, enum thm_session_item kind, const void *data, size_t len)
{
    struct slot *s = ctx;
    if (kind == THM_ITEM_EVENT) {
        thm_session_note(&s->session, data);
        thm_fleet_reader_event(&s->reader, data);
        if (s->run.run.timed)
            thm_fleet_phases_take(&s->all->totals.phases, data, &s->cpu_ns);
        s->state = thm_fleet_state_after(s->state, data);
        tell_board(s->all, s->plan.id, s->state, data);
    } else {
        thm_session_output(&s->run.run, data, len);
    }
}

static void on_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    struct slot *s = ctx;
    thm_fleet_reader_output(&s->reader, o, data, len);
}

static void release(struct slot *s)
{
    thm_session_close(&s->session);
    s->used = false;
    s->all->alive--;
}

static void set_up(struct engine *e, struct slot *s, uint32_t id, int modem)
{
    *s = (struct slot){ .all = e, .used = true, .state = THM_FLEET_BOOTING, .started = now() };
    thm_fleet_plan(e->o->kit->fleet, id, &s->plan);
    thm_fleet_make_run(e->o->kit, &s->plan, &s->run);
    s->run.run.ctx = s;
    s->run.run.output = on_output;
    thm_fleet_row_init(&s->row, e->o->kit, &s->plan);
    thm_fleet_reader_init(&s->reader, &s->row, e->o->kit, &s->plan);
    s->session = (struct thm_session){ .run = &s->run.run, .net = e->net, .modem = modem, .item = on_item, .ctx = s };
    e->alive++;
    tell_board(e, id, s->state, NULL);
}

/* The PC has no more for now: with fewer at once it may go on. */
static void lower(struct engine *e, int error)
{
    const char *why = thm_fleet_jobs_lower(&e->jobs, e->alive, error);
    if (why)
        fail(e, why, error);
}

static struct slot *free_slot(struct engine *e)
{
    for (uint32_t i = 0; i < e->slot_count; i++)
        if (!e->slots[i].used)
            return &e->slots[i];
    return NULL;
}

/* Result: false: not now. */
static bool start_board(struct engine *e, struct slot *s, uint32_t id)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
        lower(e, errno);
        return false;
    }
    const uint32_t number = (uint32_t)(s - e->slots);
    struct epoll_event ev = { .events = EPOLLIN, .data.u32 = number };
    bool ok = epoll_ctl(e->epoll, EPOLL_CTL_ADD, fds[0], &ev) == 0;
    ok = ok && thm_zygote_order(&e->zygote, number, id, fds[1]) == 0;
    const int error = errno;
    close(fds[1]);
    if (ok)
        set_up(e, s, id, fds[0]);
    else
        close(fds[0]);
    if (!ok && error != EAGAIN)
        fail(e, "starting a board", error);
    return ok;
}

static void start_boards(struct engine *e)
{
    uint32_t id;
    for (int i = 0; i < STARTS_MAX && !e->status && !signals && e->alive < e->jobs.most; i++) {
        struct slot *s = free_slot(e);
        if (!s || !thm_fleet_queue_next(&e->queue, &id))
            return;
        if (!start_board(e, s, id)) {
            thm_fleet_queue_again(&e->queue, id);
            return;
        }
    }
}

/* What became of it says nothing of the board: the PC failed, or somebody else killed it (for want of memory, say). */
static bool was_lost(const struct slot *s)
{
    const struct thm_zygote_report *r = &s->report;
    const uint64_t limit = (uint64_t)s->all->o->kit->fleet->cpu_s * 1000000u;
    const bool shot = WIFSIGNALED(r->wait_status) && WTERMSIG(r->wait_status) == SIGKILL && !s->killed &&
                      r->user_us + r->system_us < limit;
    return shot || s->session.result.exit_status == 20;
}

/* Later, and with fewer others. false: often enough. */
static bool try_again(struct engine *e, struct slot *s)
{
    const uint32_t id = s->plan.id;
    if (++e->tries[id] >= TRIES_MAX)
        return false;
    if (e->alive > 1)
        e->jobs.most = e->alive - 1;
    note(e, "board %u is run again, with no more than %u at once: %s", id, e->jobs.most, s->session.result.message);
    thm_fleet_queue_again(&e->queue, id);
    release(s);
    tell_board(e, id, THM_FLEET_WAITING, NULL);
    return true;
}

/* The failure of a board whose server was ours, and has ended, is not its own. */
static bool lost_server(struct engine *e, struct slot *s)
{
    if (!s->session.result.exit_status || !thm_fleet_server_has_ended(&e->server))
        return false;
    fail(e, "the model server's process has ended", 0);
    release(s);
    return true;
}

static void finish(struct engine *e, struct slot *s)
{
    const struct thm_zygote_report *r = &s->report;
    const struct thm_fleet_cost cost = { r->user_us, r->system_us, r->rss_bytes };
    char line[THM_FLEET_NOTE_MAX];
    thm_session_ended(&s->session, r->wait_status);
    if (lost_server(e, s) || (was_lost(s) && try_again(e, s)))
        return;
    thm_fleet_reader_end(&s->reader, &s->session.result);
    put(e, &s->row, &cost);
    e->totals.ran++;
    e->totals.boards_user_us += r->user_us;
    e->totals.boards_system_us += r->system_us;
    thm_fleet_queue_ended(&e->queue, s->plan.wave, s->session.result.exit_status != 0);
    release(s);
    if (thm_fleet_jobs_told(&e->jobs, line))
        note(e, "%s", line);
}

/* What it said before its end is still in the socket. */
static void serve_board(struct engine *e, struct slot *s)
{
    if (!s->used || s->session.modem < 0 || thm_session_serve(&s->session, e->buf))
        return;
    thm_session_close(&s->session);
    if (s->ended)
        finish(e, s);
}

static void take_reports(struct engine *e)
{
    struct thm_zygote_report r;
    int n;
    while ((n = thm_zygote_read(&e->zygote, &r)) > 0) {
        struct slot *s = &e->slots[r.slot];
        if (r.error) {
            thm_fleet_queue_again(&e->queue, s->plan.id);
            tell_board(e, s->plan.id, THM_FLEET_WAITING, NULL);
            release(s);
            lower(e, r.error);
            continue;
        }
        s->report = r;
        s->ended = true;
        if (s->session.modem < 0)
            finish(e, s);
    }
    if (n < 0)
        fail(e, "the process that boards are forked from has ended", 0);
}

/* ---- the loop ---- */

static void look_for_sleepers(struct engine *e)
{
    const double t = now(), limit = (double)e->o->kit->fleet->cpu_s * WALL_A_CPU_SECOND;
    if (t - e->looked < 1)
        return;
    e->looked = t;
    for (uint32_t i = 0; i < e->slot_count; i++)
        if (e->slots[i].used && t - e->slots[i].started > limit)
            e->slots[i].killed = thm_zygote_kill(&e->zygote, i) == 0;
}

/* Of the moment with the most boards. */
static void look_at_memory(struct engine *e)
{
    struct thm_fleet_footprint *most = &e->totals.footprint, f;
    const pid_t beside[] = { getpid(), e->server.pid };
    const double t = now();
    if (!e->o->timed || e->alive < most->boards || t < e->measure_at)
        return;
    f = thm_fleet_footprint(e->zygote.pid, beside, sizeof beside / sizeof beside[0]);
    if (f.boards)
        e->measure_at = now() + 0.2 + (now() - t) * MEASURE_REST;
    if (f.boards > most->boards || (f.boards == most->boards && f.all > most->all))
        *most = f;
}

static void count_states(struct engine *e)
{
    memset(e->totals.states, 0, sizeof e->totals.states);
    for (uint32_t i = 0; e->slots && i < e->slot_count; i++)
        e->totals.states[e->slots[i].state] += e->slots[i].used;
}

static void tell_progress(struct engine *e, bool end)
{
    const double t = now();
    if (!e->o->progress || (!end && t - e->told < 0.2))
        return;
    e->told = t;
    e->totals.seconds = t - e->start;
    e->totals.alive = e->alive;
    count_states(e);
    e->o->progress(e->o->ctx, &e->totals, end);
}

static void wait_for_events(struct engine *e)
{
    struct epoll_event ev[EVENTS_MAX];
    bool ready;
    int timeout = WAIT_MS;
    if (e->net) {
        if (thm_net_poll(e->net, &e->epoll, &ready, 1, timeout) != THM_NET_OK)
            fail(e, "network poll", errno);
        timeout = 0;
    }
    const int n = epoll_wait(e->epoll, ev, EVENTS_MAX, timeout);
    if (n < 0 && errno != EINTR)
        fail(e, "epoll", errno);
    bool reports = false;
    for (int i = 0; i < n; i++) {
        reports = reports || ev[i].data.u32 == LINE;
        if (ev[i].data.u32 != LINE)
            serve_board(e, &e->slots[ev[i].data.u32]);
    }
    if (reports)
        take_reports(e);
}

/* A wave is over: what it came to decides on the next. */
static void next_wave(struct engine *e)
{
    uint32_t id;
    if (!thm_fleet_queue_stops(&e->queue))
        return;
    e->totals.stopped = true;
    while (thm_fleet_queue_next(&e->queue, &id))
        put_idle(e, id);
}

static bool work_left(struct engine *e)
{
    if (e->status || signals > 1)
        return false;
    if (e->alive == 0 && !signals && !thm_fleet_queue_open(&e->queue)) {
        if (!thm_fleet_queue_advance(&e->queue))
            return false;
        next_wave(e);
    }
    return e->alive > 0 || !signals;
}

static void loop(struct engine *e)
{
    while (work_left(e)) {
        start_boards(e);
        if (e->alive)
            wait_for_events(e);
        look_for_sleepers(e);
        look_at_memory(e);
        commit(e);
        tell_progress(e, false);
    }
}

/* ---- before and after ---- */

/* done: as thm_fleet_results_done() says. */
static void take_done(struct engine *e, uint32_t id, uint8_t done)
{
    struct thm_fleet_plan plan;
    if (done == 0)
        return;
    e->totals.done++;
    e->totals.updated += done == 1;
    e->totals.failed += done == 2;
    thm_fleet_plan(e->o->kit->fleet, id, &plan);
    tell_board(e, id,
               done == 1                        ? THM_FLEET_UPDATED
               : done == 2                      ? THM_FLEET_FAILED
               : plan.wave == THM_FLEET_NO_WAVE ? THM_FLEET_UNTOUCHED
                                                : THM_FLEET_WITHHELD,
               NULL);
}

static int load_queue(struct engine *e)
{
    const struct thm_fleet *f = e->o->kit->fleet;
    const uint32_t boards = thm_fleet_boards(f);
    uint8_t *done = calloc(boards, 1);
    e->totals.boards = boards;
    e->totals.mine = e->o->shards ? (boards + e->o->shards - 1 - e->o->shard) / e->o->shards : boards;
    int status = done ? thm_fleet_results_done(e->o->results, done, boards, e->error) : 20;
    if (!status && !thm_fleet_queue_init(&e->queue, f, done, e->o->shard, e->o->shards))
        status = 20;
    for (uint32_t id = 0; !status && id < boards; id++)
        take_done(e, id, done[id]);
    free(done);
    return status;
}

static int open_engine(struct engine *e)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u32 = LINE };
    e->epoll = epoll_create1(EPOLL_CLOEXEC);
    e->buf = malloc(THM_SESSION_MESSAGE_MAX);
    e->slot_count = e->jobs.most;
    e->slots = calloc(e->slot_count, sizeof *e->slots);
    e->tries = calloc(thm_fleet_boards(e->o->kit->fleet), 1);
    if (!e->buf || !e->slots || !e->tries)
        return -1;
    if (e->epoll < 0 || epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->zygote.line, &ev) < 0)
        return -1;
    if (!e->o->kit->fleet->server.offline && thm_net_create(&e->net) != THM_NET_OK)
        return -1;
    return 0;
}

static void close_engine(struct engine *e)
{
    for (uint32_t i = 0; e->slots && i < e->slot_count; i++)
        if (e->slots[i].used) {
            tell_board(e, e->slots[i].plan.id, THM_FLEET_WAITING, NULL);
            release(&e->slots[i]);
        }
    uint64_t all = 0;
    thm_zygote_stop(&e->zygote, &all);
    const uint64_t boards = e->totals.boards_user_us + e->totals.boards_system_us;
    e->totals.zygote_us = all > boards ? all - boards : 0;
    thm_net_destroy(e->net);
    if (e->epoll >= 0)
        close(e->epoll);
    thm_fleet_queue_free(&e->queue);
    free(e->slots);
    free(e->tries);
    free(e->buf);
}

static void put_untouched(struct engine *e)
{
    uint32_t id;
    while (!e->status && thm_fleet_queue_untouched(&e->queue, &id))
        put_idle(e, id);
    commit(e);
}

static void work(struct engine *e)
{
    const struct sigaction take = { .sa_handler = on_signal };
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction before[3];
    signals = 0;
    sigaction(SIGINT, &take, &before[0]);
    sigaction(SIGTERM, &take, &before[1]);
    sigaction(SIGXFSZ, &ignore, &before[2]); /* a file too large is an error of the database's */
    put_untouched(e);
    loop(e);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    sigaction(SIGXFSZ, &before[2], NULL);
    e->totals.interrupted =
        signals > 0 && (e->alive > 0 || thm_fleet_queue_open(&e->queue) || thm_fleet_queue_advance(&e->queue));
}

static uint64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int thm_fleet_engine_serve(struct thm_fleet_kit *k, const char *folder, struct thm_fleet_own_server *s, char **error)
{
    const struct thm_fleet_server *o = &k->fleet->server;
    *s = (struct thm_fleet_own_server){ .line = -1 };
    if (!o->folder || o->offline)
        return 0;
    char *path = thm_fleet_path(folder, o->folder);
    int status = path ? thm_fleet_server_start(s, path, error) : 20;
    free(path);
    if (status)
        return status;
    free(k->cacert);
    k->cacert = strdup(s->ca);
    k->port = s->port;
    return k->cacert ? 0 : 20;
}

static void run(struct engine *e)
{
    char line[THM_FLEET_NOTE_MAX];
    if (thm_fleet_jobs_fit(&e->jobs, line))
        note(e, "%s", line);
    if (thm_zygote_start(&e->zygote, e->o->kit, e->jobs.most) < 0)
        fail(e, "starting the process that boards are forked from", errno);
    else if (open_engine(e) < 0)
        fail(e, "supervisor", errno);
    else if ((e->status = load_queue(e)) == 0)
        work(e);
    commit(e);
}

int thm_fleet_engine_run(const struct thm_fleet_engine *o, struct thm_fleet_totals *out, char **error)
{
    struct engine e = { .o = o, .epoll = -1, .zygote = { .line = -1 }, .error = error };
    const uint64_t before = cpu_us();
    *error = NULL;
    o->kit->timed = o->timed;
    thm_fleet_jobs_init(&e.jobs, o->jobs);
    e.start = now();
    e.status = thm_fleet_engine_serve(o->kit, o->folder, &e.server, error);
    if (!e.status)
        run(&e);
    tell_progress(&e, true);
    close_engine(&e);
    thm_fleet_server_stop(&e.server, &e.totals.server_us);
    e.totals.seconds = now() - e.start;
    e.totals.supervisor_us = cpu_us() - before;
    *out = e.totals;
    if (e.status && !*error && asprintf(error, "out of memory") < 0)
        *error = NULL;
    return e.status;
}
