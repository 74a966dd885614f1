#include "netlink/shaper.h"
#include <inttypes.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "netlink/canned.h"
#include "netlink/fetch_internal.h"
#include "netlink/gzip.h"
#include "netlink/random.h"

enum { FRAME_BYTES = 4096, HANDSHAKE_FAILURE = 40 };

/* ---- the end ---- */

static void end(struct thm_shaper *s, enum thm_net_err err, const char *message)
{
    if (s->ended)
        return;
    s->ended = true;
    s->err = err;
    snprintf(s->message, sizeof s->message, "%s", message ? message : "");
}

static void end_as(struct thm_shaper *s, struct thm_fetch_end e)
{
    const char *message;
    e.url = s->url;
    e.timeout_ms = s->o.timeout_ms ? s->o.timeout_ms : THM_NET_TIMEOUT_MS;
    const enum thm_net_err err = thm_fetch_explain(&e, &message);
    end(s, err, message);
}

static void end_body(struct thm_shaper *s, CURLcode code)
{
    end_as(s, (struct thm_fetch_end){ .code = code,
                                      .http_status = s->info.http_status,
                                      .got = s->queued,
                                      .expected = s->info.content_length,
                                      .connected = true,
                                      .closed_properly = true });
}

/* ---- before the body ---- */

/* How a connection ends that comes to no body. The first that is asked for. */
static bool connection_fault(const struct thm_net_faults *f, struct thm_fetch_end *e)
{
    const struct {
        bool asked;
        struct thm_fetch_end end;
    } rows[] = {
        { f->dns, { .code = CURLE_COULDNT_RESOLVE_HOST } },
        { f->refused, { .code = CURLE_COULDNT_CONNECT, .text = "Connection refused" } },
        { f->tls_alert, { .code = CURLE_SSL_CONNECT_ERROR, .text = "fatal alert 40, handshake_failure" } },
        { f->expired, { .code = CURLE_PEER_FAILED_VERIFICATION, .verify_result = X509_V_ERR_CERT_HAS_EXPIRED } },
        { f->wrong_host,
          { .code = CURLE_PEER_FAILED_VERIFICATION, .text = "no alternative certificate subject name matches" } },
        { f->redirect_loop, { .code = CURLE_TOO_MANY_REDIRECTS, .http_status = 302 } },
        { f->status != THM_NO_FAULT, { .code = CURLE_HTTP_RETURNED_ERROR, .http_status = (long)f->status } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].asked) {
            *e = rows[i].end;
            return true;
        }
    return false;
}

static void tell_end(struct thm_shaper *s)
{
    s->told = true;
    s->o.done(s->o.ctx, s->err, s->message, &s->info);
}

static void refuse(struct thm_shaper *s, struct thm_fetch_end *e)
{
    s->info = thm_canned_info(0);
    s->info.http_status = e->http_status;
    s->info.verify_result = e->verify_result;
    s->info.alert = e->code == CURLE_SSL_CONNECT_ERROR ? HANDSHAKE_FAILURE : 0;
    s->info.redirects = e->redirects = s->o.max_redirects ? s->o.max_redirects : THM_NET_REDIRECTS;
    if (e->code == CURLE_HTTP_RETURNED_ERROR) {
        s->info.redirects = 0;
        if (s->o.header)
            s->o.header(s->o.ctx, &s->info);
    }
    end_as(s, *e);
    tell_end(s);
}

/* ---- Content-Length ---- */

/* A server that sends wrong parts believes in them: its length is that of what it sends. */
static int64_t told_length(const struct thm_shaper *s, int64_t length)
{
    const struct thm_net_faults *f = s->faults;
    if (f->chunked != THM_NO_FAULT || f->gzip || length < 0)
        return -1;
    if (f->length != THM_NO_FAULT)
        return (int64_t)f->length;
    const struct thm_repeats part = thm_repeats_of(s->at, s->at + (uint64_t)length, &f->duplicate, &f->drop);
    return (int64_t)thm_repeats_bytes(&part);
}

static void on_header(void *ctx, const struct thm_fetch_info *info)
{
    struct thm_shaper *s = ctx;
    s->info = *info;
    s->at = info->http_status == 206 ? info->range_first : 0;
    s->info.content_length = told_length(s, info->content_length);
    if (s->o.header)
        s->o.header(s->o.ctx, &s->info);
}

/* ---- bytes ---- */

static void append(struct thm_shaper *s, struct thm_bytes *b, const void *data, size_t len)
{
    if (len > b->capacity - b->len) {
        const size_t capacity = 2 * (b->len + len);
        uint8_t *more = realloc(b->data, capacity);
        if (!more) {
            end(s, THM_NET_EHOST, "out of memory");
            return;
        }
        b->data = more;
        b->capacity = capacity;
    }
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

static uint8_t corrupted(const struct thm_shaper *s, uint64_t at, uint8_t byte)
{
    const struct thm_net_span *c = &s->faults->corrupt; /* len: the period */
    const bool hit = c->len ? at >= c->at && (at - c->at) % c->len == 0 : at == c->at;
    const unsigned bit = 1u << random_up_to(s->seed, at, 7);
    return hit && c->at != THM_NO_FAULT ? (uint8_t)(byte ^ bit) : byte;
}

static bool inside(const struct thm_net_span *span, uint64_t at)
{
    return span->at != THM_NO_FAULT && at >= span->at && at - span->at < span->len;
}

/* The piece as the faults leave it. */
static void change(struct thm_shaper *s, const uint8_t *data, uint32_t len)
{
    const struct thm_net_span *again = &s->faults->duplicate;
    s->piece.len = 0;
    for (uint32_t i = 0; i < len; i++, s->at++) {
        const uint8_t byte = corrupted(s, s->at, data[i]);
        if (!inside(&s->faults->drop, s->at))
            append(s, &s->piece, &byte, 1);
        if (!inside(again, s->at))
            continue;
        append(s, &s->kept, &byte, 1);
        if (s->at + 1 == again->at + again->len)
            append(s, &s->piece, s->kept.data, s->kept.len);
    }
}

/* How the body ends once so many bytes of it have been sent, if it does. */
static bool next_limit(const struct thm_shaper *s, uint64_t *at, CURLcode *code)
{
    const struct thm_net_faults *f = s->faults;
    const struct {
        uint64_t at;
        CURLcode code;
    } limits[] = { { f->cut, CURLE_PARTIAL_FILE }, { f->stall, CURLE_OPERATION_TIMEDOUT }, { f->length, CURLE_OK } };
    *at = THM_NO_FAULT;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].at < *at) {
            *at = limits[i].at;
            *code = limits[i].code;
        }
    return *at != THM_NO_FAULT;
}

static void put(struct thm_shaper *s, const void *data, size_t len)
{
    uint64_t limit;
    CURLcode code;
    if (s->ended)
        return;
    const bool limited = next_limit(s, &limit, &code), over = limited && len > limit - s->queued;
    const size_t n = over ? (size_t)(limit - s->queued) : len;
    append(s, &s->queue, data, n);
    s->queued += n;
    if (over)
        end_body(s, code);
}

static void compress(struct thm_shaper *s)
{
    uint8_t head[THM_GZIP_HEAD];
    if (!s->compressing) {
        thm_gzip_head(head);
        put(s, head, sizeof head);
        s->compressing = true;
    }
    s->crc = thm_gzip_crc(s->crc, s->piece.data, s->piece.len);
    s->plain += (uint32_t)s->piece.len;
    for (size_t at = 0, n; at < s->piece.len; at += n) {
        n = s->piece.len - at < THM_GZIP_BLOCK_MAX ? s->piece.len - at : THM_GZIP_BLOCK_MAX;
        thm_gzip_block_head(head, (uint16_t)n);
        put(s, head, THM_GZIP_BLOCK_HEAD);
        put(s, s->piece.data + at, n);
    }
}

/* One chunk of a chunked body: RFC 9112, 7.1. */
static void put_frame(struct thm_shaper *s)
{
    char head[24];
    if (s->frame.len == 0)
        return;
    const int n = snprintf(head, sizeof head, "%zx\r\n", s->frame.len);
    put(s, head, (size_t)n);
    put(s, s->frame.data, s->frame.len);
    put(s, "\r\n", 2);
    s->frame.len = 0;
}

static void frame(struct thm_shaper *s)
{
    const size_t size = s->faults->chunked ? (size_t)s->faults->chunked : FRAME_BYTES;
    for (size_t at = 0, n; at < s->piece.len && !s->ended; at += n) {
        const size_t left = s->piece.len - at, room = size - s->frame.len;
        n = left < room ? left : room;
        append(s, &s->frame, s->piece.data + at, n);
        if (s->frame.len == size)
            put_frame(s);
    }
}

static bool is_framed(const struct thm_shaper *s)
{
    return s->o.raw && s->faults->chunked != THM_NO_FAULT;
}

/* ---- delivery ---- */

/* The next piece is this long. */
static size_t piece_bytes(const struct thm_shaper *s)
{
    const struct thm_net_span *g = &s->faults->segment;
    const uint64_t chunk = s->o.chunk_bytes;
    if (g->at == THM_NO_FAULT || (s->sent >= g->at && g->len == 0))
        return (size_t)chunk;
    const uint64_t room = s->sent < g->at ? g->at - s->sent : g->len - (s->sent - g->at) % g->len;
    return (size_t)(room < chunk ? room : chunk);
}

/* Deliver whole pieces, at the end what is left, too. false: the owner wants no more for now, or has had enough. */
static bool flush(struct thm_shaper *s)
{
    while (s->queue.len > s->delivered) {
        const size_t left = s->queue.len - s->delivered, whole = piece_bytes(s), n = left < whole ? left : whole;
        if (n < whole && !s->ended)
            break;
        if (!s->o.body(s->o.ctx, s->queue.data + s->delivered, (uint32_t)n))
            return false;
        s->delivered += n;
        s->sent += n;
    }
    if (s->delivered) {
        memmove(s->queue.data, s->queue.data + s->delivered, s->queue.len - s->delivered);
        s->queue.len -= s->delivered;
        s->delivered = 0;
    }
    if (s->ended && !s->told)
        tell_end(s);
    return true;
}

static bool on_body(void *ctx, const uint8_t *data, uint32_t len)
{
    struct thm_shaper *s = ctx;
    if (s->ended) /* the transfer will be cancelled */
        return true;
    if (!flush(s))
        return false;
    change(s, data, len);
    if (s->faults->gzip)
        compress(s);
    else if (is_framed(s))
        frame(s);
    else
        put(s, s->piece.data, s->piece.len);
    flush(s);
    return true;
}

static void on_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    struct thm_shaper *s = ctx;
    uint8_t tail[THM_GZIP_TAIL];
    const int64_t length = s->info.content_length;
    s->over = true;
    if (s->ended) { /* waiting for the owner to take the rest */
        flush(s);
        return;
    }
    if (s->info.http_status == 0)
        s->info = *info;
    if (!err && s->compressing) {
        thm_gzip_tail(tail, s->crc, s->plain);
        put(s, tail, sizeof tail);
    }
    if (!err && is_framed(s)) {
        put_frame(s);
        put(s, "0\r\n\r\n", 5);
    }
    if (!err && length >= 0 && s->queued < (uint64_t)length)
        end_body(s, CURLE_PARTIAL_FILE);
    else
        end(s, err, message);
    flush(s);
}

bool thm_shaper_start(struct thm_shaper *s, const struct thm_net_faults *faults, uint64_t seed,
                      struct thm_fetch_options *o)
{
    struct thm_fetch_end e;
    *s = (struct thm_shaper){ .faults = faults, .o = *o, .seed = seed, .at = o->range_from };
    s->info.content_length = -1;
    snprintf(s->url, sizeof s->url, "%s", o->url);
    s->o.url = s->o.cacert = s->o.if_range = NULL;
    if (connection_fault(faults, &e)) {
        refuse(s, &e);
        return false;
    }
    o->header = on_header;
    o->body = on_body;
    o->done = on_done;
    o->ctx = s;
    return true;
}

void thm_shaper_resume(struct thm_shaper *s)
{
    if (s->faults && !s->told)
        flush(s);
}

void thm_shaper_stop(struct thm_shaper *s)
{
    free(s->piece.data);
    free(s->kept.data);
    free(s->frame.data);
    free(s->queue.data);
    *s = (struct thm_shaper){ 0 };
}
