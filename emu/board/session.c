#include "emu/board/session.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/board/modem.h"
#include "emu/board/signing.h"
#include "netlink/tls_cost.h"
#include "netlink/tls_error.h"

void thm_session_host_failure(struct thm_session *s, const char *what)
{
    s->result.exit_status = 20;
    snprintf(s->result.message, sizeof s->result.message, "%s: %s", what, strerror(errno));
}

static void tell(struct thm_session *s, uint32_t type, const void *head, size_t len, const void *data, size_t data_len)
{
    if (thm_modem_send(s->modem, type, head, len, data, data_len) < 0 && errno != EPIPE && errno != ECONNRESET)
        thm_session_host_failure(s, "board socket");
}

/* ---- network to board ---- */

static void on_header(void *ctx, const struct thm_fetch_info *info)
{
    struct thm_session *s = ctx;
    struct thm_msg_header h = { .content_length = info->content_length,
                                .http_status = (uint32_t)info->http_status,
                                .redirects = info->redirects,
                                .range_first = info->range_first,
                                .range_total = info->range_total,
                                .chain_length = info->chain_length,
                                .chain_bytes = info->chain_bytes,
                                .ecdsa = strncmp(info->key_type, "EC", 2) == 0 };
    snprintf(h.tls_version, sizeof h.tls_version, "%s", info->tls_version);
    snprintf(h.key_type, sizeof h.key_type, "%s", info->key_type);
    snprintf(h.etag, sizeof h.etag, "%s", info->etag);
    s->expected = info->content_length;
    tell(s, THM_MSG_HEADER, &h, sizeof h, NULL, 0);
}

/* What went wrong, and what the board's TLS stack calls it. */
static void explain(const struct thm_session *s, const char *message, const struct thm_fetch_info *info,
                    struct thm_msg_end *end)
{
    const struct thm_tls_failure f = { end->err, info ? info->verify_result : 0, info ? info->alert : 0 };
    char text[128];
    end->code = thm_tls_error(s->run->profile->network.tls, &f, text, sizeof text);
    const int room = (int)(sizeof end->message - strlen(text) - sizeof "; ");
    snprintf(end->message, sizeof end->message, "%.*s%s%s", room, message ? message : "", *text ? "; " : "", text);
}

static void end_transfer(struct thm_session *s, enum thm_net_err err, const char *message,
                         const struct thm_fetch_info *info)
{
    struct thm_msg_end end = { .err = err, .got = s->got };
    end.http_status = info ? (uint32_t)info->http_status : 0;
    end.redirects = info ? info->redirects : 0;
    end.expected = s->expected > 0 ? (uint64_t)s->expected : 0;
    explain(s, message, info, &end);
    s->fetch = NULL;
    tell(s, THM_MSG_END, &end, sizeof end, NULL, 0);
}

/* The transfer may end before the shaper has delivered all, */
static struct thm_fetch *fetch_of(struct thm_session *s)
{
    if (s->shaper.over)
        s->fetch = NULL;
    return s->fetch;
}

static void cancel_transfer(struct thm_session *s)
{
    if (fetch_of(s))
        thm_fetch_cancel(s->fetch);
    s->fetch = NULL;
    s->canned = (struct thm_canned){ 0 };
}

static void drop_transfer(struct thm_session *s)
{
    cancel_transfer(s);
    thm_shaper_stop(&s->shaper);
}

static bool on_body(void *ctx, const uint8_t *data, uint32_t len)
{
    struct thm_session *s = ctx;
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

static void on_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    end_transfer(ctx, err, message, info);
}

/* or after it. */
static void on_shaped_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    cancel_transfer(ctx);
    end_transfer(ctx, err, message, info);
}

/* ---- board to network ---- */

/* What the board's TLS stack is told, and what it can take. */
static struct thm_fetch_tls tls_of(const struct thm_session *s, const struct thm_msg_get *get)
{
    const struct thm_profile_network *n = &s->run->profile->network;
    const struct thm_tls_stack stack = { .name = n->tls, .in_content = n->tls_in_content };
    return (struct thm_fetch_tls){ .ca_pem = s->ca,
                                   .ca_len = s->ca_bytes,
                                   .cert = s->run->tls.cert,
                                   .key = s->run->tls.key,
                                   .pin = s->run->tls.pin,
                                   .has_clock = get->has_clock,
                                   .clock_s = get->clock_s,
                                   .max_fragment = n->tls_max_fragment,
                                   .record_max = thm_tls_record_max(&stack),
                                   .whole_messages = !thm_tls_joins_messages(&stack),
                                   .only_tls12 = thm_tls_only_12(&stack) };
}

static void take_ca(struct thm_session *s, const uint8_t *data, size_t len)
{
    free(s->ca);
    s->ca = len && len <= THM_MODEM_CA_MAX ? malloc(len) : NULL;
    s->ca_bytes = s->ca ? (uint32_t)len : 0;
    if (s->ca)
        memcpy(s->ca, data, len);
}

/* Let go wrong what was asked for: with files. true: the transfer is to be started. */
static bool shape(struct thm_session *s, struct thm_fetch_options *o)
{
    const struct thm_net_faults *f = s->run->net_faults;
    thm_shaper_stop(&s->shaper);
    if (!f || o->if_none_match || o->post || s->requests++ >= f->times)
        return true;
    o->done = on_shaped_done;
    return thm_shaper_start(&s->shaper, f, s->run->seed, o);
}

static void start_transfer(struct thm_session *s, const struct thm_fetch_options *o)
{
    const char *message = NULL;
    if (s->run->answer) {
        thm_canned_start(&s->canned, thm_canned_find(s->run->answer, o->url), o);
        return;
    }
    enum thm_net_err err = thm_fetch_start(s->net, o, &s->fetch, &message);
    if (err)
        end_transfer(s, err, message ? message : thm_net_strerror(err), NULL);
}

/* A line of its own would be a header of its own. NULL: "". */
static const char *etag_of(char out[THM_MODEM_ETAG_MAX + 1], const char *from)
{
    memcpy(out, from, THM_MODEM_ETAG_MAX);
    out[THM_MODEM_ETAG_MAX] = '\0';
    thm_make_printable(out, THM_MODEM_ETAG_MAX + 1);
    return out[0] ? out : NULL;
}

static void start_fetch(struct thm_session *s, const struct thm_msg_get *get)
{
    struct thm_fetch_options o = { .cacert = s->run->cacert,
                                   .tls = tls_of(s, get),
                                   .headers = s->run->headers,
                                   .headers_count = s->run->headers_count,
                                   .post = get->post_bytes ? get + 1 : NULL,
                                   .post_bytes = get->post_bytes,
                                   .timeout_ms = s->run->timeout_ms,
                                   .connect_port = s->run->connect_port,
                                   .header = on_header,
                                   .body = on_body,
                                   .done = on_done,
                                   .ctx = s };
    char url[THM_MODEM_URL_MAX + 1] = { 0 }, if_range[THM_MODEM_ETAG_MAX + 1], if_none_match[THM_MODEM_ETAG_MAX + 1];
    memcpy(url, get->url, sizeof get->url);
    o.url = url;
    o.if_range = etag_of(if_range, get->if_range);
    o.if_none_match = etag_of(if_none_match, get->if_none_match);
    o.range_from = get->from;
    o.range_to = get->to;
    o.raw = get->raw != 0;
    o.chunk_bytes = get->chunk > 0 && get->chunk <= THM_MODEM_CHUNK_MAX ? get->chunk : 1024;
    s->credit = THM_MODEM_WINDOW;
    s->got = 0;
    s->expected = -1;
    if (shape(s, &o))
        start_transfer(s, &o);
}

/* A board in the hands of a hostile model posts only where it is told to. */
static bool may_post(const struct thm_session *s, const struct thm_msg_get *get)
{
    const char *url = s->run->telemetry.url;
    return url && get->post_bytes <= THM_MODEM_POST_MAX && strncmp(get->url, url, sizeof get->url) == 0;
}

static void take_get(struct thm_session *s, const uint8_t *data, size_t len)
{
    const struct thm_msg_get *get = (const void *)data;
    const bool whole = len >= sizeof *get && len - sizeof *get == get->post_bytes;
    if (whole && (get->post_bytes == 0 || may_post(s, get)))
        start_fetch(s, get);
}

static bool fetching(struct thm_session *s)
{
    return fetch_of(s) || s->canned.answer || (s->shaper.faults && !s->shaper.told);
}

static void hang_up(struct thm_session *s)
{
    if (!fetching(s))
        return; /* the end is already on its way to the board */
    drop_transfer(s);
    end_transfer(s, THM_NET_EABORTED, "the board hung up", NULL);
}

/* ---- what the board tells ---- */

void thm_session_note(struct thm_session *s, const struct thm_event *e)
{
    struct thm_run_result *r = &s->result;
    if (e->type == THM_EV_FAILED || e->type == THM_EV_FAULT)
        snprintf(r->message, sizeof r->message, "%s: %s", e->name, e->text);
    if (e->type == THM_EV_FAULT && e->v[0] != 20) /* what the board calls it; the PC's trouble needs its place */
        snprintf(r->message, sizeof r->message, "%s", e->text);
    if (e->type == THM_EV_EXIT)
        r->exit_status = (int)(e->v[0] & 0xFF);
}

void thm_session_output(const struct thm_run *run, const uint8_t *data, size_t len)
{
    struct thm_msg_output o;
    memcpy(&o, data, sizeof o);
    run->output(run->ctx, &o, data + sizeof o, (uint32_t)(len - sizeof o));
}

static void take_event(struct thm_session *s, struct thm_event *e)
{
    thm_make_printable(e->name, sizeof e->name);
    thm_make_printable(e->text, sizeof e->text);
    if (!thm_event_kind(e->type))
        return;
    s->told_ns = e->t_ns > s->told_ns ? e->t_ns : s->told_ns;
    s->exited = s->exited || e->type == THM_EV_EXIT;
    s->item(s->ctx, THM_ITEM_EVENT, e, sizeof *e);
}

static void take_events(struct thm_session *s, const uint8_t *data, size_t len)
{
    struct thm_event e;
    for (size_t at = 0; at + sizeof e <= len; at += sizeof e) {
        memcpy(&e, data + at, sizeof e);
        take_event(s, &e);
    }
}

static void take_output(struct thm_session *s, uint8_t *data, size_t len)
{
    struct thm_msg_output o;
    if (len < sizeof o || !s->run->output)
        return;
    memcpy(&o, data, sizeof o);
    thm_make_printable(o.name, sizeof o.name);
    memcpy(data, &o, sizeof o);
    if (o.rank <= 6 && o.offset <= o.total && len - sizeof o <= o.total - o.offset)
        s->item(s->ctx, THM_ITEM_OUTPUT, data, len);
}

static void take_credit(struct thm_session *s, const uint8_t *data, size_t len)
{
    uint32_t more;
    if (len != sizeof more)
        return;
    memcpy(&more, data, sizeof more);
    s->credit = more < THM_MODEM_WINDOW - s->credit ? s->credit + more : THM_MODEM_WINDOW;
    const bool paused = s->paused;
    thm_shaper_resume(&s->shaper);
    if (paused && fetch_of(s))
        thm_fetch_resume(s->fetch);
    thm_canned_resume(&s->canned);
}

/* The supervisor is the publisher, too: it has the private key, and the board asks while it has the digest. */
static void sign(struct thm_session *s, const uint8_t *digest, size_t len)
{
    uint8_t signature[THM_SIGNATURE_BYTES];
    if (len != THM_DIGEST_BYTES)
        return;
    thm_sign(digest, signature);
    tell(s, THM_MSG_SIGNATURE, signature, sizeof signature, NULL, 0);
}

/* One message from the board. false: the board has closed its end. */
bool thm_session_serve(struct thm_session *s, uint8_t *buf)
{
    const struct thm_msg *m;
    long len = thm_modem_receive(s->modem, buf, THM_SESSION_MESSAGE_MAX, &m);
    uint8_t *data = buf + sizeof *m;
    if (len < 0)
        return false;
    switch (m->type) {
    case THM_MSG_EVENTS: take_events(s, data, (size_t)len); break;
    case THM_MSG_OUTPUT: take_output(s, data, (size_t)len); break;
    case THM_MSG_CA: take_ca(s, data, (size_t)len); break;
    case THM_MSG_GET:
        if (!fetching(s))
            take_get(s, data, (size_t)len);
        break;
    case THM_MSG_CREDIT: take_credit(s, data, (size_t)len); break;
    case THM_MSG_CLOSE: hang_up(s); break;
    case THM_MSG_SIGN: sign(s, data, (size_t)len); break;
    default: break;
    }
    return true;
}

/* ---- its end ---- */

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

void thm_session_ended(struct thm_session *s, int wait_status)
{
    if (!s->exited && !s->result.exit_status)
        died(&s->result, wait_status);
}

void thm_session_close(struct thm_session *s)
{
    free(s->ca);
    s->ca = NULL;
    drop_transfer(s);
    if (s->modem >= 0)
        close(s->modem);
    s->modem = -1;
}
