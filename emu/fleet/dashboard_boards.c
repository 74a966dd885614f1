/* emu/fleet/dashboard_boards.c -- one board as a page: its row, and what it did, told by running it again.
 *
 * That is done by a process beside, one board at a time, with the lowest priority. It is asked for a number and answers
 * with the length of the HTML and the HTML. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>
#include "emu/fleet/board_page.h"
#include "emu/fleet/dashboard_internal.h"
#include "emu/fleet/engine.h"
#include "emu/fleet/replay.h"
#include "emu/fleet/server.h"

enum { WAITING_MAX = 32, ANSWER_MAX = 64 << 20, NICE = 19 };

/* ---- the process beside ---- */

struct worker {
    const struct thm_fleet_dashboard_options *o;
    struct thm_fleet_kit kit; /* a copy: it gets the port of a server of its own */
    struct thm_fleet_own_server server;
    bool serves;
    int line;
};

/* false: it has no row. */
static bool read_row(const struct worker *w, uint32_t id, struct thm_fleet_row *row)
{
    struct thm_fleet_results *r;
    char *error = NULL;
    int status = thm_fleet_results_open(&r, w->o->database, false, &error);
    if (!status)
        status = thm_fleet_results_get(r, id, row, &error);
    free(error);
    thm_fleet_results_close(r);
    return status == 0;
}

/* The run's own server may be gone already. */
static bool have_server(struct worker *w)
{
    char *error = NULL;
    if (!w->serves)
        w->serves = thm_fleet_engine_serve(&w->kit, w->o->folder, &w->server, &error) == 0;
    free(error);
    return w->serves;
}

static void write_replayed(struct worker *w, FILE *f, const struct thm_fleet_row *was, struct thm_report *report)
{
    struct thm_fleet_row is;
    struct thm_fleet_plan plan;
    thm_fleet_plan(w->kit.fleet, (uint32_t)was->id, &plan);
    thm_report_init(report, w->kit.kinds[plan.group].profile, NULL, NULL);
    (void)thm_fleet_replay(&w->kit, plan.id, &(struct thm_fleet_replay){ .report = report }, &is);
    thm_fleet_board_write(
        f, &(struct thm_fleet_board_page){
               .row = was, .done = true, .report = report, .difference = thm_fleet_row_difference(was, &is) });
    thm_report_finish(report);
}

static void write_board(struct worker *w, FILE *f, uint32_t id)
{
    struct thm_fleet_row row;
    struct thm_fleet_plan plan;
    const bool done = read_row(w, id, &row);
    struct thm_report *report = done && row.status >= 0 && have_server(w) ? malloc(sizeof *report) : NULL;
    thm_fleet_plan(w->kit.fleet, id, &plan);
    if (!done)
        thm_fleet_row_init(&row, &w->kit, &plan);
    if (report)
        write_replayed(w, f, &row, report);
    else
        thm_fleet_board_write(f, &(struct thm_fleet_board_page){ .row = &row, .done = done });
    free(report);
}

static bool put(int line, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        const ssize_t n = send(line, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool answer(struct worker *w, uint32_t id)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f)
        write_board(w, f, id);
    if (!f || fclose(f) != 0 || len > ANSWER_MAX)
        len = 0;
    const uint32_t head = (uint32_t)len;
    const bool told = put(w->line, &head, sizeof head) && put(w->line, text, len);
    free(text);
    return told;
}

static void work(const struct thm_fleet_dashboard_options *o, int line)
{
    struct worker w = { .o = o, .kit = *o->kit, .line = line };
    uint32_t id;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    if (w.kit.cacert)
        w.kit.cacert = strdup(w.kit.cacert);
    while (recv(line, &id, sizeof id, MSG_WAITALL) == (ssize_t)sizeof id && answer(&w, id)) {
    }
    thm_fleet_server_stop(&w.server, NULL);
    _exit(0);
}

/* ---- here ---- */

bool thm_dashboard_boards_start(struct thm_dashboard *d)
{
    struct thm_dashboard_boards *b = &d->replays;
    int fds[2];
    *b = (struct thm_dashboard_boards){ .line = -1 };
    pthread_mutex_init(&b->lock, NULL);
    b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->wake < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        close(d->line);
        close(d->access.listener);
        work(d->o, fds[1]);
    }
    close(fds[1]);
    b->line = fds[0];
    return pid > 0 && fcntl(b->line, F_SETFL, O_NONBLOCK) == 0;
}

struct thm_dashboard_request *thm_dashboard_boards_ask(struct thm_dashboard_boards *b, struct MHD_Connection *c,
                                                       uint32_t id)
{
    struct thm_dashboard_request *r = calloc(1, sizeof *r);
    size_t n = 0;
    if (!r)
        return NULL;
    *r = (struct thm_dashboard_request){ .connection = c, .id = id };
    pthread_mutex_lock(&b->lock);
    struct thm_dashboard_request **last = &b->waiting;
    for (; *last; last = &(*last)->next)
        n++;
    const bool room = n < WAITING_MAX && b->line >= 0;
    if (room) {
        MHD_suspend_connection(c);
        *last = r;
    }
    pthread_mutex_unlock(&b->lock);
    if (!room) {
        free(r);
        return NULL;
    }
    eventfd_write(b->wake, 1);
    return r;
}

void thm_dashboard_request_free(struct thm_dashboard_request *r)
{
    free(r->text);
    free(r);
}

/* The first of those that wait has its answer, or will get none. */
static void finish(struct thm_dashboard_boards *b, char *text, size_t len)
{
    struct thm_dashboard_request *r = b->waiting;
    b->waiting = r->next;
    b->asked = false;
    b->head_got = b->got = 0;
    b->text = NULL;
    r->text = text;
    r->len = len;
    r->done = true;
    MHD_resume_connection(r->connection);
}

/* The process beside has ended: nobody gets an answer any more. */
static void give_up(struct thm_dashboard_boards *b)
{
    close(b->line);
    b->line = -1;
    free(b->text);
    while (b->waiting)
        finish(b, NULL, 0);
}

/* Result: false: nothing there, or it has ended. */
static bool receive(struct thm_dashboard_boards *b, void *to, size_t want, size_t *got)
{
    const ssize_t n = recv(b->line, (char *)to + *got, want - *got, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        give_up(b);
    *got += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void take_answer(struct thm_dashboard_boards *b)
{
    while (b->asked && b->line >= 0) {
        if (b->head_got < sizeof b->head) {
            if (!receive(b, &b->head, sizeof b->head, &b->head_got))
                return;
            if (b->head_got == sizeof b->head && (b->head == 0 || !(b->text = malloc(b->head))))
                b->head == 0 ? finish(b, NULL, 0) : give_up(b);
        } else if (!receive(b, b->text, b->head, &b->got)) {
            return;
        } else if (b->got == b->head) {
            finish(b, b->text, b->got);
        }
    }
}

static bool has_ended(const struct thm_dashboard_boards *b)
{
    char byte;
    return recv(b->line, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void thm_dashboard_boards_work(struct thm_dashboard_boards *b)
{
    eventfd_t ignored;
    (void)eventfd_read(b->wake, &ignored);
    pthread_mutex_lock(&b->lock);
    if (b->line >= 0 && has_ended(b))
        give_up(b);
    take_answer(b);
    if (b->waiting && !b->asked && b->line >= 0)
        b->asked =
            send(b->line, &b->waiting->id, sizeof b->waiting->id, MSG_NOSIGNAL) == (ssize_t)sizeof b->waiting->id;
    pthread_mutex_unlock(&b->lock);
}
