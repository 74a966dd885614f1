/* emu/board/airtime.c -- device time on the link: how long a wait takes, and how it ends in vain. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "emu/board/board.h"
#include "netlink/fetch.h"
#include "netlink/net_faults.h"

/* What a sketch gets as the result: HTTPClient.h of arduino-esp32, and of the cores with BearSSL (esp8266/Arduino,
 * arduino-pico). A host name that is not resolved is to it a connection that is not made. What TLS calls its failures:
 * netlink/tls_error.h. */
static const struct {
    enum thm_net_err err;
    int32_t code;
    const char *mbedtls, *bearssl;
} client_errors[] = {
    { THM_NET_EDNS, -1, "HTTPC_ERROR_CONNECTION_REFUSED", "HTTPC_ERROR_CONNECTION_FAILED" },
    { THM_NET_ECONNECT, -1, "HTTPC_ERROR_CONNECTION_REFUSED", "HTTPC_ERROR_CONNECTION_FAILED" },
    { THM_NET_ECUT, -5, "HTTPC_ERROR_CONNECTION_LOST", "HTTPC_ERROR_CONNECTION_LOST" },
    { THM_NET_ETIMEOUT, -11, "HTTPC_ERROR_READ_TIMEOUT", "HTTPC_ERROR_READ_TIMEOUT" },
    { THM_NET_EPROTO, -7, "HTTPC_ERROR_NO_HTTP_SERVER", "HTTPC_ERROR_NO_HTTP_SERVER" },
};

static void name_failure(struct thm_board *b, enum thm_net_err err)
{
    const char *tls = b->profile->network.tls;
    size_t i = 0;
    const size_t n = sizeof client_errors / sizeof client_errors[0];
    while (i < n && client_errors[i].err != err)
        i++;
    if (i == n || strcmp(tls, "none") == 0)
        return;
    b->failure.code = client_errors[i].code;
    thm_hal_failure_note(b, "; %s (%d)",
                         strcmp(tls, "bearssl") == 0 ? client_errors[i].bearssl : client_errors[i].mbedtls,
                         client_errors[i].code);
}

void thm_board_network_failed(struct thm_board *b, enum thm_net_err err, int64_t code, uint64_t need, uint64_t have,
                              const char *what)
{
    thm_hal_failure(b, thm_net_exit_status(err), code, need, have, "%s", what);
    name_failure(b, err);
}

uint64_t thm_board_timeout_ns(const struct thm_board *b)
{
    return (uint64_t)(b->run->timeout_ms ? b->run->timeout_ms : THM_NET_TIMEOUT_MS) * 1000000u;
}

/* " after 3000 of 8736 bytes", as far as it is known. */
static void tell_progress(const struct thm_board *b, char *text, size_t size)
{
    if (!b->tls.answered)
        snprintf(text, size, " before an answer");
    else if (b->tls.expected < 0)
        snprintf(text, size, " after %" PRIu64 " bytes", b->tls.body_bytes);
    else
        snprintf(text, size, " after %" PRIu64 " of %" PRId64 " bytes", b->tls.body_bytes, b->tls.expected);
}

static bool lost(struct thm_board *b, enum thm_net_err err, const char *what, uint64_t ns)
{
    char progress[80], text[240];
    const uint64_t need = b->tls.expected > 0 ? (uint64_t)b->tls.expected : 0;
    tell_progress(b, progress, sizeof progress);
    snprintf(text, sizeof text, "link %s: %s %.3f s%s", b->link.name, what, (double)ns / 1e9, progress);
    thm_board_network_failed(b, err, 0, need, b->tls.body_bytes, text);
    return false;
}

/* --net-fault cut-at: the time may have come while the board was busy with something else. */
static bool is_cut_by(const struct thm_board *b, uint64_t at_ns)
{
    const struct thm_net_faults *f = b->run->net_faults;
    return f && b->tls.opened_ns < f->cut_at_ns && f->cut_at_ns <= at_ns;
}

/* `came`: what was waited for is there after ns; otherwise that is when nobody waits any longer. */
static bool wait(struct thm_board *b, bool came, uint64_t ns)
{
    const uint64_t until = b->now_ns + ns;
    if (is_cut_by(b, until)) {
        const uint64_t at = b->run->net_faults->cut_at_ns;
        thm_board_spend(b, at > b->now_ns ? at - b->now_ns : 0);
        return lost(b, THM_NET_ECUT, "the connection was cut at", at);
    }
    thm_board_spend(b, ns);
    return came || lost(b, THM_NET_ETIMEOUT, "no byte for", thm_board_timeout_ns(b));
}

bool thm_board_wait_round_trips(struct thm_board *b, unsigned n)
{
    uint64_t ns;
    const bool came = thm_link_round_trips(&b->link, &b->draws, b->now_ns, n, thm_board_timeout_ns(b), &ns);
    return wait(b, came, ns);
}

bool thm_board_wait_up(struct thm_board *b, uint64_t bytes)
{
    const uint64_t ns = thm_link_up_ns(&b->link, bytes);
    const bool ok = wait(b, true, ns);
    b->air.sent += ok ? bytes : 0;
    b->air.sending_ns += ok ? ns : 0;
    return ok;
}

bool thm_board_wait_down(struct thm_board *b, uint64_t bytes)
{
    uint64_t ns;
    const bool came = thm_link_receive(&b->link, &b->draws, b->now_ns, bytes, thm_board_timeout_ns(b), &ns);
    const bool ok = wait(b, came, ns);
    b->air.received += ok ? bytes : 0;
    return ok;
}
