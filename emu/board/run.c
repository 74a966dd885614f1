/* emu/board/run.c -- the supervisor of one board: forks it, is its network, passes on what it says. */
#include "emu/board/run.h"
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/board/chip.h"
#include "emu/board/modem.h"
#include "emu/board/process.h"
#include "netlink/fetch.h"

enum { MESSAGE_MAX = 65536 }; /* above THM_EVENT_BATCH events and THM_MODEM_CHUNK_MAX bytes, with their heads */

struct session {
    const struct thm_run *run;
    struct thm_run_result *result;
    int modem;
    struct thm_net *net;
    struct thm_fetch *fetch; /* NULL: none under way */
    uint32_t credit;         /* DATA messages that may still be sent */
    bool paused;             /* the fetch waits for credit */
    uint64_t got;
    int64_t expected;
    bool exited; /* the board has said its exit status */
};

static void host_failure(struct thm_run_result *r, const char *what)
{
    r->exit_status = 20;
    snprintf(r->message, sizeof r->message, "%s: %s", what, strerror(errno));
}

static void tell(struct session *s, uint32_t type, const void *head, size_t len, const void *data, size_t data_len)
{
    if (thm_modem_send(s->modem, type, head, len, data, data_len) < 0 && errno != EPIPE && errno != ECONNRESET)
        host_failure(s->result, "board socket");
}

/* ---- network to board ---- */

static void on_header(void *ctx, const struct thm_fetch_info *info)
{
    struct session *s = ctx;
    struct thm_msg_header h = { .content_length = info->content_length,
                                .http_status = (uint32_t)info->http_status,
                                .redirects = info->redirects,
                                .chain_length = info->chain_length,
                                .chain_bytes = info->chain_bytes,
                                .ecdsa = strncmp(info->key_type, "EC", 2) == 0 };
    snprintf(h.tls_version, sizeof h.tls_version, "%s", info->tls_version);
    snprintf(h.key_type, sizeof h.key_type, "%s", info->key_type);
    s->expected = info->content_length;
    tell(s, THM_MSG_HEADER, &h, sizeof h, NULL, 0);
}

static bool on_body(void *ctx, const uint8_t *data, uint32_t len)
{
    struct session *s = ctx;
    s->paused = s->credit == 0;
    if (s->paused)
        return false;
    s->credit--;
    s->got += len;
    tell(s, THM_MSG_DATA, NULL, 0, data, len);
    if (s->run->progress)
        s->run->progress(s->run->ctx, s->got, s->expected);
    return true;
}

static void end_transfer(struct session *s, enum thm_net_err err, const char *message,
                         const struct thm_fetch_info *info)
{
    struct thm_msg_end end = { .err = err, .got = s->got };
    end.http_status = info ? (uint32_t)info->http_status : 0;
    end.expected = s->expected > 0 ? (uint64_t)s->expected : 0;
    snprintf(end.message, sizeof end.message, "%s", message ? message : "");
    s->fetch = NULL;
    tell(s, THM_MSG_END, &end, sizeof end, NULL, 0);
}

static void on_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    end_transfer(ctx, err, message, info);
}

/* ---- board to network ---- */

static void start_fetch(struct session *s, const struct thm_msg_get *get)
{
    const char *message = NULL;
    struct thm_fetch_options o = { .cacert = s->run->cacert,
                                   .timeout_ms = s->run->timeout_ms,
                                   .header = on_header,
                                   .body = on_body,
                                   .done = on_done,
                                   .ctx = s };
    char url[THM_MODEM_URL_MAX + 1] = { 0 };
    memcpy(url, get->url, sizeof get->url);
    o.url = url;
    o.chunk_bytes = get->chunk > 0 && get->chunk <= THM_MODEM_CHUNK_MAX ? get->chunk : 1024;
    s->credit = THM_MODEM_WINDOW;
    s->got = 0;
    s->expected = -1;
    enum thm_net_err err = thm_fetch_start(s->net, &o, &s->fetch, &message);
    if (err)
        end_transfer(s, err, message ? message : thm_net_strerror(err), NULL);
}

static void hang_up(struct session *s)
{
    if (!s->fetch)
        return; /* the end is already on its way to the board */
    thm_fetch_cancel(s->fetch);
    end_transfer(s, THM_NET_EABORTED, "the board hung up", NULL);
}

/* Names may come out of a hostile model: only printable characters reach terminals and files. */
static void make_printable(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            *text = '?';
}

static void take_event(struct session *s, struct thm_event *e)
{
    struct thm_run_result *r = s->result;
    make_printable(e->name, sizeof e->name);
    make_printable(e->text, sizeof e->text);
    if (!thm_event_kind(e->type))
        return;
    if (e->type == THM_EV_FAILED || e->type == THM_EV_FAULT)
        snprintf(r->message, sizeof r->message, "%s: %s", e->name, e->text);
    if (e->type == THM_EV_FAULT && e->v[0] != 20) /* what the board calls it; the PC's trouble needs its place */
        snprintf(r->message, sizeof r->message, "%s", e->text);
    if (e->type == THM_EV_EXIT) {
        s->exited = true;
        r->exit_status = (int)(e->v[0] & 0xFF);
    }
    if (s->run->event)
        s->run->event(s->run->ctx, e);
}

static void take_events(struct session *s, const uint8_t *data, size_t len)
{
    struct thm_event e;
    for (size_t at = 0; at + sizeof e <= len; at += sizeof e) {
        memcpy(&e, data + at, sizeof e);
        take_event(s, &e);
    }
}

static void take_output(struct session *s, const uint8_t *data, size_t len)
{
    struct thm_msg_output o;
    if (len < sizeof o || !s->run->output)
        return;
    memcpy(&o, data, sizeof o);
    make_printable(o.name, sizeof o.name);
    uint32_t n = (uint32_t)(len - sizeof o);
    if (o.rank <= 6 && o.offset <= o.total && n <= o.total - o.offset)
        s->run->output(s->run->ctx, &o, data + sizeof o, n);
}

static void take_credit(struct session *s, const uint8_t *data, size_t len)
{
    uint32_t more;
    if (len != sizeof more)
        return;
    memcpy(&more, data, sizeof more);
    s->credit = more < THM_MODEM_WINDOW - s->credit ? s->credit + more : THM_MODEM_WINDOW;
    if (s->fetch && s->paused)
        thm_fetch_resume(s->fetch);
}

/* One message from the board. false: the board has closed its end. */
static bool serve_board(struct session *s, uint8_t *buf)
{
    const struct thm_msg *m;
    long len = thm_modem_receive(s->modem, buf, MESSAGE_MAX, &m);
    const uint8_t *data = buf + sizeof *m;
    if (len < 0)
        return false;
    switch (m->type) {
    case THM_MSG_EVENTS: take_events(s, data, (size_t)len); break;
    case THM_MSG_OUTPUT: take_output(s, data, (size_t)len); break;
    case THM_MSG_GET:
        if (len == sizeof(struct thm_msg_get) && !s->fetch)
            start_fetch(s, (const struct thm_msg_get *)(const void *)data);
        break;
    case THM_MSG_CREDIT: take_credit(s, data, (size_t)len); break;
    case THM_MSG_CLOSE: hang_up(s); break;
    default: break;
    }
    return true;
}

static void supervise(struct session *s)
{
    uint8_t *buf = malloc(MESSAGE_MAX);
    if (!buf || thm_net_create(&s->net) != THM_NET_OK) {
        host_failure(s->result, "supervisor");
        free(buf);
        return;
    }
    bool open = true;
    while (open) {
        bool ready = false;
        if (thm_net_poll(s->net, &s->modem, &ready, 1, -1) != THM_NET_OK) {
            host_failure(s->result, "network poll");
            break;
        }
        if (ready)
            open = serve_board(s, buf);
    }
    free(buf);
}

/* ---- the board process's end ---- */

static void died(struct thm_run_result *r, int wait_status)
{
    int sig = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    r->exit_status = sig == SIGXCPU || sig == SIGKILL ? 17 : sig == SIGSYS || sig == SIGSEGV ? 12 : 20;
    if (sig == SIGSYS)
        snprintf(r->message, sizeof r->message,
                 "the sandbox ended the board process: it made a system call it may not make");
    else if (sig)
        snprintf(r->message, sizeof r->message, "the board process was ended by %s", strsignal(sig));
    else
        snprintf(r->message, sizeof r->message, "the board process ended without a result (status %d)",
                 WEXITSTATUS(wait_status));
}

static void reap(struct session *s, pid_t pid)
{
    struct rusage usage = { 0 };
    int status = 0;
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    s->result->peak_rss = (uint64_t)usage.ru_maxrss * 1024;
    if (!s->exited && !s->result->exit_status)
        died(s->result, status);
}

static pid_t fork_board(const struct thm_run *run, const struct thm_chip *chip, int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    malloc_trim(0); /* what loading the profile took need not be resident twice */
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        thm_board_process(run, fds[1], &chip->cells);
    }
    close(fds[1]);
    if (pid < 0)
        close(fds[0]);
    return pid;
}

void thm_run(const struct thm_run *run, struct thm_run_result *out)
{
    struct session s = { .run = run, .result = out };
    struct thm_chip chip;
    int fds[2];
    *out = (struct thm_run_result){ 0 };
    out->exit_status = thm_chip_open(&chip, run->profile, run->state_dir, out->message, sizeof out->message);
    if (out->exit_status)
        return;
    fflush(NULL);
    pid_t pid = fork_board(run, &chip, fds);
    if (pid < 0) {
        host_failure(out, "starting the board process");
    } else {
        s.modem = fds[0];
        supervise(&s);
        close(s.modem);
        reap(&s, pid);
    }
    thm_net_destroy(s.net);
    thm_chip_close(&chip);
}
