/* emu/board/run.c -- the supervisor of one board: forks its cores, is its network, passes on what they say. */
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
#include "emu/board/chips.h"
#include "emu/board/cores.h"
#include "emu/board/merge.h"
#include "emu/board/modem.h"
#include "emu/board/process.h"
#include "emu/board/storage_place.h"
#include "emu/board/signing.h"
#include "netlink/fetch.h"
#include "netlink/tls_cost.h"
#include "netlink/tls_error.h"

enum { MESSAGE_MAX = 65536 }; /* above THM_EVENT_BATCH events and THM_MODEM_CHUNK_MAX bytes, with their heads */

struct supervisor;

struct session { /* with one core */
    struct supervisor *all;
    struct thm_run run;
    struct thm_run_result result;
    struct thm_chips chips;
    pid_t pid;               /* 0: not started */
    int modem;               /* -1: closed */
    uint64_t told_ns;        /* the clock in its last event */
    struct thm_fetch *fetch; /* NULL: none under way */
    struct thm_canned canned;
    char *ca; /* what the board trusts; NULL: it has told nothing */
    uint32_t ca_bytes;
    uint32_t credit; /* DATA messages that may still be sent */
    bool paused;     /* the fetch waits for credit */
    uint64_t got;
    int64_t expected;
    bool exited;   /* the board has said its exit status */
    bool silenced; /* what it tells now comes after the board's end */
};

struct supervisor {
    struct session core[THM_CORES_MAX]; /* 0: the main one */
    uint32_t cores;
    struct thm_net *net;
    struct thm_cores *shared; /* NULL, as the merge: there is one core */
    struct thm_merge *merge;
    bool over;       /* the main core has ended, */
    uint64_t end_ns; /* then */
};

static void host_failure(struct thm_run_result *r, const char *what)
{
    r->exit_status = 20;
    snprintf(r->message, sizeof r->message, "%s: %s", what, strerror(errno));
}

static void tell(struct session *s, uint32_t type, const void *head, size_t len, const void *data, size_t data_len)
{
    if (thm_modem_send(s->modem, type, head, len, data, data_len) < 0 && errno != EPIPE && errno != ECONNRESET)
        host_failure(&s->result, "board socket");
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
    if (s->run.progress)
        s->run.progress(s->run.ctx, s->got, s->expected);
    return true;
}

/* What went wrong, and what the board's TLS stack calls it. */
static void explain(const struct session *s, const char *message, const struct thm_fetch_info *info,
                    struct thm_msg_end *end)
{
    const struct thm_tls_failure f = { end->err, info ? info->verify_result : 0, info ? info->alert : 0 };
    char text[128];
    end->code = thm_tls_error(s->run.profile->network.tls, &f, text, sizeof text);
    const int room = (int)(sizeof end->message - strlen(text) - sizeof "; ");
    snprintf(end->message, sizeof end->message, "%.*s%s%s", room, message ? message : "", *text ? "; " : "", text);
}

static void end_transfer(struct session *s, enum thm_net_err err, const char *message,
                         const struct thm_fetch_info *info)
{
    struct thm_msg_end end = { .err = err, .got = s->got };
    end.http_status = info ? (uint32_t)info->http_status : 0;
    end.expected = s->expected > 0 ? (uint64_t)s->expected : 0;
    explain(s, message, info, &end);
    s->fetch = NULL;
    tell(s, THM_MSG_END, &end, sizeof end, NULL, 0);
}

static void on_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    end_transfer(ctx, err, message, info);
}

/* ---- board to network ---- */

/* What the board's TLS stack is told, and what it can take. */
static struct thm_fetch_tls tls_of(const struct session *s, const struct thm_msg_get *get)
{
    const struct thm_profile_network *n = &s->run.profile->network;
    const struct thm_tls_stack stack = { .name = n->tls, .in_content = n->tls_in_content };
    return (struct thm_fetch_tls){ .ca_pem = s->ca,
                                   .ca_len = s->ca_bytes,
                                   .cert = s->run.tls.cert,
                                   .key = s->run.tls.key,
                                   .pin = s->run.tls.pin,
                                   .has_clock = get->has_clock,
                                   .clock_s = get->clock_s,
                                   .max_fragment = n->tls_max_fragment,
                                   .record_max = thm_tls_record_max(&stack),
                                   .whole_messages = !thm_tls_joins_messages(&stack),
                                   .only_tls12 = thm_tls_only_12(&stack) };
}

static void take_ca(struct session *s, const uint8_t *data, size_t len)
{
    free(s->ca);
    s->ca = len && len <= THM_MODEM_CA_MAX ? malloc(len) : NULL;
    s->ca_bytes = s->ca ? (uint32_t)len : 0;
    if (s->ca)
        memcpy(s->ca, data, len);
}

static void start_fetch(struct session *s, const struct thm_msg_get *get)
{
    const char *message = NULL;
    struct thm_fetch_options o = { .cacert = s->run.cacert,
                                   .tls = tls_of(s, get),
                                   .timeout_ms = s->run.timeout_ms,
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
    if (s->run.answer) {
        thm_canned_start(&s->canned, s->run.answer, &o);
        return;
    }
    enum thm_net_err err = thm_fetch_start(s->all->net, &o, &s->fetch, &message);
    if (err)
        end_transfer(s, err, message ? message : thm_net_strerror(err), NULL);
}

static bool fetching(const struct session *s)
{
    return s->fetch || s->canned.answer;
}

static void hang_up(struct session *s)
{
    if (!fetching(s))
        return; /* the end is already on its way to the board */
    if (s->fetch)
        thm_fetch_cancel(s->fetch);
    s->canned = (struct thm_canned){ 0 };
    end_transfer(s, THM_NET_EABORTED, "the board hung up", NULL);
}

enum { ITEM_EVENT, ITEM_OUTPUT }; /* of the merge */

static void tell_event(struct session *s, const struct thm_event *e)
{
    struct thm_run_result *r = &s->result;
    if (e->type == THM_EV_FAILED || e->type == THM_EV_FAULT)
        snprintf(r->message, sizeof r->message, "%s: %s", e->name, e->text);
    if (e->type == THM_EV_FAULT && e->v[0] != 20) /* what the board calls it; the PC's trouble needs its place */
        snprintf(r->message, sizeof r->message, "%s", e->text);
    if (e->type == THM_EV_EXIT)
        r->exit_status = (int)(e->v[0] & 0xFF);
    if (s->run.event)
        s->run.event(s->run.ctx, e);
}

static void tell_output(struct session *s, const uint8_t *data, size_t len)
{
    struct thm_msg_output o;
    memcpy(&o, data, sizeof o);
    s->run.output(s->run.ctx, &o, data + sizeof o, (uint32_t)(len - sizeof o));
}

static void tell_item(void *ctx, uint32_t core, uint32_t kind, const uint8_t *data, size_t len)
{
    struct supervisor *all = ctx;
    struct session *s = &all->core[core];
    struct thm_event e = { .type = THM_EV_COUNT };
    if (kind == ITEM_EVENT)
        memcpy(&e, data, sizeof e);
    if (core && all->over && kind == ITEM_EVENT && e.t_ns > all->end_ns)
        s->silenced = true;
    if (s->silenced)
        return;
    if (kind == ITEM_OUTPUT)
        tell_output(s, data, len);
    else
        tell_event(s, &e);
    if (core == 0 && e.type == THM_EV_EXIT) {
        all->over = true;
        all->end_ns = e.t_ns;
    }
}

static void pass_on(struct session *s, uint32_t kind, const void *data, size_t len)
{
    struct supervisor *all = s->all;
    const uint32_t core = (uint32_t)(s - all->core);
    if (!all->merge)
        tell_item(all, core, kind, data, len);
    else if (thm_merge_put(all->merge, core, s->told_ns, kind, data, len) < 0)
        host_failure(&s->result, "events");
}

static void take_event(struct session *s, struct thm_event *e)
{
    thm_make_printable(e->name, sizeof e->name);
    thm_make_printable(e->text, sizeof e->text);
    if (!thm_event_kind(e->type))
        return;
    s->told_ns = e->t_ns > s->told_ns ? e->t_ns : s->told_ns;
    s->exited = s->exited || e->type == THM_EV_EXIT;
    pass_on(s, ITEM_EVENT, e, sizeof *e);
}

static void take_events(struct session *s, const uint8_t *data, size_t len)
{
    struct thm_event e;
    for (size_t at = 0; at + sizeof e <= len; at += sizeof e) {
        memcpy(&e, data + at, sizeof e);
        take_event(s, &e);
    }
}

static void take_output(struct session *s, uint8_t *data, size_t len)
{
    struct thm_msg_output o;
    if (len < sizeof o || !s->run.output)
        return;
    memcpy(&o, data, sizeof o);
    thm_make_printable(o.name, sizeof o.name);
    memcpy(data, &o, sizeof o);
    if (o.rank <= 6 && o.offset <= o.total && len - sizeof o <= o.total - o.offset)
        pass_on(s, ITEM_OUTPUT, data, len);
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
    thm_canned_resume(&s->canned);
}

/* The supervisor is the publisher, too: it has the private key, and the board asks while it has the digest. */
static void sign(struct session *s, const uint8_t *digest, size_t len)
{
    uint8_t signature[THM_SIGNATURE_BYTES];
    if (len != THM_DIGEST_BYTES)
        return;
    thm_sign(digest, signature);
    tell(s, THM_MSG_SIGNATURE, signature, sizeof signature, NULL, 0);
}

/* One message from the board. false: the board has closed its end. */
static bool serve_board(struct session *s, uint8_t *buf)
{
    const struct thm_msg *m;
    long len = thm_modem_receive(s->modem, buf, MESSAGE_MAX, &m);
    uint8_t *data = buf + sizeof *m;
    if (len < 0)
        return false;
    switch (m->type) {
    case THM_MSG_EVENTS: take_events(s, data, (size_t)len); break;
    case THM_MSG_OUTPUT: take_output(s, data, (size_t)len); break;
    case THM_MSG_CA: take_ca(s, data, (size_t)len); break;
    case THM_MSG_GET:
        if (len == sizeof(struct thm_msg_get) && !fetching(s))
            start_fetch(s, (const struct thm_msg_get *)(const void *)data);
        break;
    case THM_MSG_CREDIT: take_credit(s, data, (size_t)len); break;
    case THM_MSG_CLOSE: hang_up(s); break;
    case THM_MSG_SIGN: sign(s, data, (size_t)len); break;
    default: break;
    }
    return true;
}

/* The core's process is gone, or as good as. */
static void close_core(struct session *s)
{
    struct supervisor *all = s->all;
    const uint32_t core = (uint32_t)(s - all->core);
    close(s->modem);
    s->modem = -1;
    if (!all->merge)
        return;
    thm_cores_ended(all->shared, core, s->exited ? s->told_ns : UINT64_MAX);
    thm_merge_end(all->merge, core);
    if (core == 0 && !all->over) { /* it was killed */
        all->over = true;
        all->end_ns = s->told_ns;
    }
}

/* One round: wait, then serve every core that has something to say. Result: false: none is left, or the PC failed. */
static bool serve(struct supervisor *all, uint8_t *buf)
{
    struct session *open[THM_CORES_MAX];
    int fds[THM_CORES_MAX];
    bool ready[THM_CORES_MAX] = { false };
    size_t n = 0;
    for (uint32_t i = 0; i < all->cores; i++)
        if (all->core[i].modem >= 0) {
            open[n] = &all->core[i];
            fds[n++] = all->core[i].modem;
        }
    if (n == 0)
        return false;
    if (thm_net_poll(all->net, fds, ready, n, -1) != THM_NET_OK) {
        host_failure(&all->core[0].result, "network poll");
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (ready[i] && !serve_board(open[i], buf))
            close_core(open[i]);
    return true;
}

static void supervise(struct supervisor *all)
{
    uint8_t *buf = malloc(MESSAGE_MAX);
    if (!buf || thm_net_create(&all->net) != THM_NET_OK)
        host_failure(&all->core[0].result, "supervisor");
    else
        while (serve(all, buf)) {
        }
    free(buf);
}

/* ---- the processes ---- */

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

static void reap(struct session *s)
{
    struct rusage usage = { 0 };
    int status = 0;
    if (s->modem >= 0)
        close(s->modem);
    while (wait4(s->pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    s->result.peak_rss = (uint64_t)usage.ru_maxrss * 1024;
    if (!s->exited && !s->result.exit_status)
        died(&s->result, status);
}

/* The child closes what it has of the others: a core's end is seen by its socket's. */
static void run_core(struct supervisor *all, struct session *s, int modem)
{
    for (uint32_t i = 0; i < all->cores; i++)
        if (all->core[i].modem >= 0)
            close(all->core[i].modem);
    thm_board_process(&s->run, modem, &s->chips);
}

static int fork_core(struct supervisor *all, struct session *s)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    s->modem = fds[0];
    s->pid = fork();
    if (s->pid == 0)
        run_core(all, s, fds[1]);
    close(fds[1]);
    return s->pid < 0 ? -1 : 0;
}

static int start(struct supervisor *all)
{
    fflush(NULL);
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
        struct session *s = &all->core[i];
        status = thm_chips_open(&s->chips, s->run.profile, media_of(&s->run), s->run.state_dir, s->result.message,
                                sizeof s->result.message);
        s->result.exit_status = status;
    }
    return status;
}

static void finish(struct supervisor *all)
{
    for (uint32_t i = 0; i < all->cores; i++) {
        if (all->core[i].pid > 0)
            reap(&all->core[i]);
        thm_chips_close(&all->core[i].chips);
        free(all->core[i].ca);
    }
    thm_net_destroy(all->net);
    thm_merge_destroy(all->merge);
    thm_cores_destroy(all->shared);
}

/* The main core's result; if that is good, the first other core's that is not. */
static void conclude(const struct supervisor *all, struct thm_run_result *out)
{
    *out = all->core[0].result;
    for (uint32_t i = 1; i < all->cores; i++) {
        const struct session *s = &all->core[i];
        out->peak_rss += s->result.peak_rss;
        if (out->exit_status || s->silenced || !s->result.exit_status)
            continue;
        out->exit_status = s->result.exit_status;
        snprintf(out->message, sizeof out->message, "%.40s: %.300s", s->run.core_name, s->result.message);
    }
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
        host_failure(out, "supervisor");
        return;
    }
    all->cores = 1 + run->companions_count;
    for (uint32_t i = 0; i < all->cores; i++)
        all->core[i] = (struct session){
            .all = all, .run = i ? run->companions[i - 1] : *run, .modem = -1, .chips = { .lock = -1 }
        };
    if (!open_chips(all)) {
        if (share(all, run) < 0 || start(all) < 0)
            host_failure(&all->core[0].result, "starting the board process");
        else
            supervise(all);
    }
    finish(all);
    conclude(all, out);
    free(all);
}
