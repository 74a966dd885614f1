/* netlink/net_faults.h -- what goes wrong on the way to a board, when asked for.
 *
 * Of a connection, before a byte of the body:
 * dns              the host's name is not resolved
 * refused          nobody listens there
 * tls-alert        the server ends the handshake with an alert (handshake_failure)
 * expired          the server's certificate has ended
 * wrong-host       it is for another host
 * status=CODE      the answer has this status
 * redirect-loop    every answer is a redirect to itself
 * Of the body; bytes are counted in the connection for `cut`, `stall` and `segment`, from the file's beginning for the
 * others:
 * cut=BYTES        the connection ends there
 * stall[=BYTES]    nothing more comes from there on
 * segment=BYTE[/N] no piece goes beyond this byte, nor beyond every Nth after it
 * corrupt=BYTE[/N] one bit of this byte is another, and of every Nth after it, as in a cache: TLS does not see it
 * duplicate=OFF:LEN  these bytes come twice (netlink/repeats.h), as from a server that resumes too early
 * drop=OFF:LEN     they do not come, as from one that resumes too late
 * length=N         Content-Length says so
 * chunked[=SIZE]   no Content-Length; a client that reads the stream sees frames of so many bytes (4096)
 * gzip             the body is compressed, though nobody asked for it
 * Of the link, on the board's clock:
 * cut-at=SECONDS   a connection that is open then ends
 * drip=BPS         it carries no more bits a second
 * and
 * times=N          all but the last two happen to the first N connections only */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "netlink/fault_list.h"
#include "netlink/repeats.h"

struct thm_net_faults { /* numbers: THM_NO_FAULT, not asked for */
    bool dns, refused, tls_alert, expired, wrong_host, redirect_loop, gzip;
    uint64_t status, cut, stall, length, chunked;
    struct thm_net_span corrupt, segment; /* len: the period; 0: none */
    struct thm_net_span duplicate, drop;
    uint64_t cut_at_ns, drip_bps, times;
};

/* Errors: THM_NET_EINVAL, *message is a sentence naming the fault. list may be NULL: no faults. */
enum thm_net_err thm_net_faults_parse(const char *list, struct thm_net_faults *out, const char **message);
