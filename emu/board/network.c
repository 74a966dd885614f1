/* emu/board/network.c -- HTTPS as the device lives it: blocks in its heap, time on its link, bytes from the modem. */
#include "emu/board/board.h"
#include <stdio.h>
#include <string.h>
#include "netlink/err.h"
#include "netlink/tls_error.h"

/* Round trips: TCP connect 1, TLS 1.3 handshake 1 (1.2: 2), request to first byte 1. RFC 9293, RFC 8446, RFC 5246. */
enum { RTT_CONNECT = 1, RTT_TLS13 = 1, RTT_TLS12 = 2, RTT_REQUEST = 1 };
enum { TLS_HELLO_BYTES = 600, REQUEST_BYTES = 200 }; /* what a small client sends; order of magnitude, not measured */

static struct thm_tls_stack tls_stack(const struct thm_board *b)
{
    const struct thm_profile_network *n = &b->profile->network;
    return (struct thm_tls_stack){ .name = n->tls,
                                   .in_content = n->tls_in_content,
                                   .out_content = n->tls_out_content,
                                   .keep_peer_certificate = n->tls_keep_peer_certificate,
                                   .stack_bytes = n->tls_stack };
}

static void release_tls(struct thm_board *b, enum thm_tls_phase ended)
{
    for (size_t i = b->tls.planned; i-- > 0;) {
        if (!b->tls.block[i] || b->tls.plan[i].until > ended)
            continue;
        thm_board_release(b, b->tls.block[i]);
        b->tls.block[i] = 0;
    }
}

static bool out_of_tls_memory(struct thm_board *b, const struct thm_tls_block *block, enum thm_tls_phase phase)
{
    static const struct thm_tls_failure no_memory = { .err = THM_NET_ETLSMEM };
    struct thm_heap_stats st;
    char name[80];
    int32_t code = thm_tls_error(b->profile->network.tls, &no_memory, name, sizeof name);
    thm_board_heap(b, &st);
    thm_hal_failure(b, 10, code, block->bytes, st.free,
                    "TLS %s: %s: %s needs %u bytes in one block; "
                    "%u are free, the largest block is %u; smaller TLS content lengths help",
                    thm_tls_phase_name(phase), name, block->what, block->bytes, st.free, st.largest);
    b->failure.exit_status = thm_net_exit_status(THM_NET_ETLSMEM);
    b->failure.largest = st.largest;
    release_tls(b, THM_TLS_PHASES);
    return false;
}

/* Allocate what the device allocates when `phase` begins. */
static bool enter_tls_phase(struct thm_board *b, enum thm_tls_phase phase)
{
    struct thm_heap_stats st;
    uint32_t sum = 0;
    for (size_t i = 0; i < b->tls.planned; i++) {
        if (b->tls.plan[i].from != phase || b->tls.block[i])
            continue;
        b->tls.block[i] = thm_board_alloc(b, b->tls.plan[i].bytes, b->tls.plan[i].what);
        if (!b->tls.block[i])
            return out_of_tls_memory(b, &b->tls.plan[i], phase);
    }
    for (size_t i = 0; i < b->tls.planned; i++)
        sum += b->tls.block[i] ? b->tls.plan[i].bytes : 0;
    thm_board_heap(b, &st);
    thm_board_event(b, THM_EV_TLS, thm_tls_phase_name(phase), NULL, sum, st.free);
    return true;
}

static long receive(struct thm_board *b, const struct thm_msg **m)
{
    thm_board_flush(b);
    long len = thm_modem_receive(b->modem, b->packet, THM_MODEM_CHUNK_MAX + 4096, m);
    if (len < 0)
        thm_board_die(b, 20); /* the supervisor is gone */
    return len;
}

/* What the board has lived through by then, if its request came to no answer. */
static void wait_for_end(struct thm_board *b, enum thm_net_err err, bool answered, uint32_t redirects)
{
    const unsigned of_one = RTT_CONNECT + RTT_TLS13 + RTT_REQUEST;
    if (err == THM_NET_ETIMEOUT)
        thm_board_spend(b, thm_board_timeout_ns(b));
    else if (err == THM_NET_EREDIRECT)
        thm_board_wait_round_trips(b, of_one * (redirects + 1) - RTT_CONNECT);
    else if (!answered && (err == THM_NET_ETLS || err == THM_NET_ECERT))
        thm_board_wait_round_trips(b, RTT_TLS13);
    else if (!answered && err == THM_NET_ECUT)
        thm_board_wait_round_trips(b, of_one - RTT_CONNECT);
}

/* The transfer ended: keep an error as the failure. */
static int ended(struct thm_board *b, const struct thm_msg *m, long len)
{
    struct thm_msg_end end = { .err = THM_NET_EPROTO };
    if (m->type == THM_MSG_END && len == (long)sizeof end)
        memcpy(&end, m + 1, sizeof end);
    end.message[sizeof end.message - 1] = '\0';
    b->tls.streaming = false;
    if (end.err == THM_NET_OK)
        return 0;
    wait_for_end(b, end.err, b->tls.answered, end.redirects);
    thm_board_network_failed(b, end.err, end.code ? end.code : (int64_t)end.http_status, end.expected, end.got,
                             end.message);
    return -1;
}

/* The CA certificate that the session keeps: of the file that was read, or of the program. */
static uint32_t ca_bytes(const struct thm_board *b)
{
    return b->tls.ca ? thm_pem_bytes(b->tls.ca, b->tls.ca_len, "CERTIFICATE") : b->run->cacert_bytes;
}

static void note_closed(struct thm_board *b)
{
    if (b->tls.counts)
        b->air.open_ns += b->now_ns - b->tls.opened_ns;
    b->tls.counts = false;
}

static bool connect_to_server(struct thm_board *b)
{
    b->tls = (struct thm_board_tls){
        .ca = b->tls.ca, .ca_len = b->tls.ca_len, .counts = true, .opened_ns = b->now_ns, .expected = -1
    };
    b->air.connections++;
    const bool ok = thm_board_wait_round_trips(b, RTT_CONNECT);
    if (!ok)
        note_closed(b);
    return ok;
}

static bool has_tls(const struct thm_board *b)
{
    return strcmp(b->profile->network.tls, "none") != 0;
}

/* The handshake and the request as the link carries them. */
static bool shake_hands(struct thm_board *b, const struct thm_msg_header *h)
{
    return thm_board_wait_round_trips(b, strcmp(h->tls_version, "TLSv1.3") == 0 ? RTT_TLS13 : RTT_TLS12) &&
           thm_board_wait_up(b, TLS_HELLO_BYTES) && thm_board_wait_down(b, h->chain_bytes);
}

static bool ask(struct thm_board *b, const struct thm_msg_header *h, uint64_t bytes)
{
    return thm_board_wait_up(b, bytes) && thm_board_wait_round_trips(b, RTT_REQUEST + h->redirects);
}

/* Headers of the user's come on top, each with its line end. */
static uint64_t request_bytes(const struct thm_board *b, const struct thm_hal_request *q)
{
    uint64_t bytes = REQUEST_BYTES + q->post_bytes;
    for (size_t i = 0; i < b->run->headers_count; i++)
        bytes += strlen(b->run->headers[i]) + 2;
    return bytes;
}

static bool start_tls(struct thm_board *b)
{
    struct thm_tls_stack s = tls_stack(b);
    const struct thm_tls_peer unknown = { .ca_bytes = ca_bytes(b), .own_bytes = b->run->tls.own_bytes };
    if (!connect_to_server(b))
        return false;
    b->tls.planned = thm_tls_blocks(&s, &unknown, b->tls.plan);
    return enter_tls_phase(b, THM_TLS_SETUP);
}

/* The peer is known: replan, keeping the blocks that are already there (the plan's setup part is the same). */
static bool finish_tls(struct thm_board *b, const struct thm_msg_header *h)
{
    struct thm_tls_stack s = tls_stack(b);
    struct thm_tls_peer peer = { h->chain_length, h->chain_bytes, h->ecdsa != 0, ca_bytes(b), b->run->tls.own_bytes };
    b->tls.planned = thm_tls_blocks(&s, &peer, b->tls.plan);
    if (!shake_hands(b, h) || !enter_tls_phase(b, THM_TLS_HANDSHAKE))
        return false;
    release_tls(b, THM_TLS_HANDSHAKE);
    return enter_tls_phase(b, THM_TLS_CONNECTED);
}

static bool is_welcome(const struct thm_hal_request *q, uint32_t status)
{
    return (status >= 200 && status <= 299) || (status == 304 && q->if_none_match);
}

static bool take_header(struct thm_board *b, const struct thm_hal_request *q, const struct thm_msg *m, long len,
                        struct thm_hal_response *out)
{
    struct thm_msg_header h;
    const uint64_t bytes = request_bytes(b, q);
    if (m->type != THM_MSG_HEADER || len != (long)sizeof h) {
        ended(b, m, len);
        return false;
    }
    memcpy(&h, m + 1, sizeof h);
    h.key_type[sizeof h.key_type - 1] = h.tls_version[sizeof h.tls_version - 1] = h.etag[sizeof h.etag - 1] = '\0';
    if (h.http_status == 204 || h.http_status == 304) /* which have no body, whatever they say: RFC 9112, 6.3 */
        h.content_length = 0;
    if ((has_tls(b) && !finish_tls(b, &h)) || !ask(b, &h, bytes))
        return false;
    b->exchange = (struct thm_board_exchange){ .header = h, .request_bytes = bytes };
    b->tls.answered = true;
    b->tls.expected = h.content_length;
    thm_board_event(b, THM_EV_HTTP, h.key_type, q->url, h.http_status, (uint64_t)h.content_length);
    *out = (struct thm_hal_response){ h.http_status, h.content_length, h.range_first, h.range_total, "" };
    memcpy(out->etag, h.etag, sizeof out->etag);
    if (is_welcome(q, h.http_status))
        return true;
    len = receive(b, &m);
    ended(b, m, len);
    return false;
}

static void close_connection(struct thm_board *b)
{
    const struct thm_msg *m;
    release_tls(b, THM_TLS_PHASES);
    note_closed(b);
    b->tls.open = false;
    b->tls.left_bytes = 0;
    if (b->tls.streaming)
        (void)thm_modem_send(b->modem, THM_MSG_CLOSE, NULL, 0, NULL, 0);
    while (b->tls.streaming) { /* what is still under way is dropped, up to the end that answers CLOSE */
        receive(b, &m);
        b->tls.streaming = m->type != THM_MSG_END;
    }
}

static bool may_connect(struct thm_board *b, const char *url)
{
    const char *why = !b->network_up                     ? "the network is not up"
                      : b->tls.open                      ? "a connection is open already, and one is all there is"
                      : strlen(url) >= THM_MODEM_URL_MAX ? "the URL is too long"
                                                         : NULL;
    if (why)
        thm_hal_failure(b, 13, 0, 0, 0, "%s", why);
    return !why;
}

static bool may_post(struct thm_board *b, const struct thm_hal_request *q)
{
    if (q->post_bytes <= THM_HAL_POST_MAX)
        return true;
    thm_hal_failure(b, 13, 0, q->post_bytes, THM_HAL_POST_MAX, "%u bytes to be posted, %u at most", q->post_bytes,
                    THM_HAL_POST_MAX);
    return false;
}

/* What the time is for the board: its own count, or what it was set to. */
static void read_clock(const struct thm_board *b, struct thm_msg_get *get)
{
    get->has_clock = b->run->tls.clock == THM_CLOCK_START;
    get->clock_s = b->run->tls.clock_s + (int64_t)(b->now_ns / 1000000000);
}

static void do_trust(struct thm_call *c)
{
    struct thm_board *b = c->b;
    c->result = thm_pem_bytes(c->q, c->n, "CERTIFICATE") > 0 && c->n <= THM_MODEM_CA_MAX;
    if (!c->result)
        thm_hal_failure(b, 13, 0, 0, 0, "%s: %u bytes, which are no PEM certificate", c->s, c->n);
    b->tls.ca = c->result ? c->q : NULL;
    b->tls.ca_len = c->n;
}

bool thm_hal_https_trust(struct thm_board *b, const char *name, const void *pem, uint32_t len)
{
    return thm_board_enter(do_trust, (struct thm_call){ .b = b, .s = name, .q = pem, .n = len }) != 0;
}

static void do_get(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct thm_msg *m;
    const struct thm_hal_request *q = c->q;
    struct thm_msg_get get = { .chunk = q->chunk, .from = q->from, .to = q->to, .raw = q->raw };
    c->result = false;
    b->exchange.request_bytes = 0;
    *(struct thm_hal_response *)c->p = (struct thm_hal_response){ 0 };
    if (!may_connect(b, q->url) || !may_post(b, q) || !start_tls(b)) {
        note_closed(b);
        return;
    }
    b->tls.open = true;
    snprintf(get.url, sizeof get.url, "%s", q->url);
    snprintf(get.if_range, sizeof get.if_range, "%s", q->if_range ? q->if_range : "");
    snprintf(get.if_none_match, sizeof get.if_none_match, "%s", q->if_none_match ? q->if_none_match : "");
    get.post_bytes = q->post_bytes;
    read_clock(b, &get);
    thm_board_flush(b);
    if (b->tls.ca && thm_modem_send(b->modem, THM_MSG_CA, b->tls.ca, b->tls.ca_len, NULL, 0) < 0)
        thm_board_die(b, 20);
    if (thm_modem_send(b->modem, THM_MSG_GET, &get, sizeof get, q->post, q->post_bytes) < 0)
        thm_board_die(b, 20);
    b->tls.streaming = true;
    long len = receive(b, &m);
    c->result = take_header(b, q, m, len, c->p);
    if (!c->result)
        close_connection(b);
}

/* Half a window has been consumed: let as much come again. */
static void give_credit(struct thm_board *b)
{
    const uint32_t half = THM_MODEM_WINDOW / 2;
    if (++b->tls.consumed < half)
        return;
    b->tls.consumed = 0;
    if (thm_modem_send(b->modem, THM_MSG_CREDIT, &half, sizeof half, NULL, 0) < 0)
        thm_board_die(b, 20);
}

/* The next piece of the body. Result: 1; 0: the end; -1: failed. */
static int next_piece(struct thm_board *b)
{
    const struct thm_msg *m;
    long len = receive(b, &m);
    if (m->type != THM_MSG_DATA)
        return ended(b, m, len);
    b->tls.left = (const uint8_t *)(m + 1);
    b->tls.left_bytes = (uint32_t)len;
    give_credit(b);
    if (!thm_board_wait_down(b, (uint64_t)len)) {
        b->tls.left_bytes = 0;
        return -1;
    }
    b->tls.body_bytes += (uint64_t)len;
    thm_board_event(b, THM_EV_PACKET, NULL, NULL, (uint64_t)len, b->tls.body_bytes);
    return 1;
}

static void do_https_read(struct thm_call *c)
{
    struct thm_board_tls *t = &c->b->tls;
    c->result = 0;
    if (!t->open) {
        thm_hal_failure(c->b, 13, 0, 0, 0, "no connection is open");
        c->result = -1;
        return;
    }
    if (t->left_bytes == 0 && (!t->streaming || (c->result = next_piece(c->b)) <= 0))
        return;
    const uint32_t len = t->left_bytes < c->n ? t->left_bytes : c->n;
    memcpy(c->p, t->left, len);
    t->left += len;
    t->left_bytes -= len;
    c->result = len;
}

static void do_https_close(struct thm_call *c)
{
    close_connection(c->b);
}

/* One exchange of SNTP: 48 bytes of payload either way (RFC 4330, 4), in UDP and IP 76. */
static void ask_for_time(struct thm_board *b)
{
    enum { SNTP_BYTES = 76 };
    thm_board_spend(b, thm_link_rtt_ns(&b->link, 1) + thm_link_up_ns(&b->link, SNTP_BYTES) +
                           thm_link_down_ns(&b->link, SNTP_BYTES));
    thm_board_event(b, THM_EV_LOG, "sntp", "the clock is set", 0);
}

static void do_network_up(struct thm_call *c)
{
    struct thm_board *b = c->b;
    if (b->run->link && b->run->link->down_bps == 0)
        thm_hal_failure(b, 13, 0, 0, 0, "the link '%s' carries nothing", b->run->link->name);
    else if (!b->profile->network.link)
        thm_hal_failure(b, 13, 0, 0, 0,
                        "%s has no network of its own; --coprocessor gives it one, --model FILE puts a model into "
                        "its flash",
                        b->profile->name);
    else if (!b->network_up) {
        b->network_up = thm_board_take(b, "network");
        if (b->run->tls.clock == THM_CLOCK_SNTP)
            ask_for_time(b);
    }
    c->result = b->network_up;
}

bool thm_hal_network_up(struct thm_board *b)
{
    return thm_board_enter(do_network_up, (struct thm_call){ .b = b }) != 0;
}

bool thm_hal_https_request(struct thm_board *b, const struct thm_hal_request *q, struct thm_hal_response *out)
{
    const struct thm_tls_stack s = tls_stack(b);
    if (!thm_tls_own_stack(&s))
        thm_board_need_stack(b, "the TLS handshake", s.stack_bytes);
    return thm_board_enter(do_get, (struct thm_call){ .b = b, .q = q, .p = out }) != 0;
}

bool thm_hal_https_get(struct thm_board *b, const char *url, uint32_t chunk, struct thm_hal_response *out)
{
    const struct thm_hal_request q = { .url = url, .chunk = chunk };
    return thm_hal_https_request(b, &q, out);
}

int32_t thm_hal_https_read(struct thm_board *b, void *buf, uint32_t len)
{
    return (int32_t)thm_board_enter(do_https_read, (struct thm_call){ .b = b, .p = buf, .n = len });
}

void thm_hal_https_close(struct thm_board *b)
{
    thm_board_enter(do_https_close, (struct thm_call){ .b = b });
}

bool thm_hal_https_exchange(struct thm_board *b, const struct thm_hal_request *q, struct thm_hal_response *out)
{
    uint8_t answer[64];
    int32_t n;
    if (!thm_hal_https_request(b, q, out))
        return false;
    while ((n = thm_hal_https_read(b, answer, sizeof answer)) > 0) {
    }
    b->exchange.body_bytes = b->tls.body_bytes;
    thm_hal_https_close(b);
    return n == 0;
}

static void do_repeat(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct thm_board_exchange *e = &b->exchange;
    c->result = may_connect(b, "") && connect_to_server(b) && (!has_tls(b) || shake_hands(b, &e->header)) &&
                ask(b, &e->header, e->request_bytes) && thm_board_wait_down(b, e->body_bytes);
    note_closed(b);
}

bool thm_hal_https_repeat(struct thm_board *b)
{
    return b->exchange.request_bytes && thm_board_enter(do_repeat, (struct thm_call){ .b = b }) != 0;
}

void thm_hal_air(const struct thm_board *b, struct thm_hal_air *out)
{
    *out = b->air;
}

void thm_hal_air_since(const struct thm_board *b, const struct thm_hal_air *before, struct thm_hal_air *sum)
{
    sum->sent += b->air.sent - before->sent;
    sum->received += b->air.received - before->received;
    sum->open_ns += b->air.open_ns - before->open_ns;
    sum->sending_ns += b->air.sending_ns - before->sending_ns;
    sum->connections += b->air.connections - before->connections;
}
