/* netlink/server_faults.h -- what the model server does wrong when asked to. Internal to netlink.
 *
 * expired          the certificate ended yesterday
 * wrong-host       the certificate is for another host
 * self-signed      the certificate is not signed by the CA
 * rsa              RSA-2048 keys (no fault: another cost on the board)
 * intermediate     a chain of two certificates (no fault: another cost on the board)
 * status=CODE      every answer has this status and a short body
 * redirect-loop    every answer is a redirect to itself
 * no-range         Range is ignored: always the whole file
 * no-length        no Content-Length, HTTP/1.0: the body ends with the connection
 * cut=BYTES        the connection is closed after so many bytes of a body
 * stall[=BYTES]    after so many bytes of a body (default 0) nothing more is sent
 * delay=MS         the answer comes so much later
 * The names are the link's (netlink/net_faults.h), with the same meanings:
 * chunked          no Content-Length, chunked transfer coding
 * gzip             the body is compressed, though nobody asked for it
 * length=N         Content-Length says so
 * corrupt=BYTE[/N] one bit of this byte of the file is another, and of every Nth after it
 * drip=BPS         no more bits a second
 * duplicate=OFF:LEN  these bytes of the file come twice
 * drop=OFF:LEN     they do not come
 * tls-alert        the handshake ends with an alert (handshake_failure) */
#pragma once
#include <stdint.h>
#include "netlink/ca.h"
#include "netlink/fault_list.h"
#include "netlink/repeats.h"

struct thm_server_faults {
    struct thm_certificate_faults certificate;
    bool redirect_loop, no_range, no_length, chunked, gzip, tls_alert;
    uint64_t status, cut, stall, delay_ms, length, drip_bps; /* THM_NO_FAULT: not asked for */
    uint64_t corrupt[2];                                     /* the first byte, and the period; 0: only that one */
    struct thm_net_span duplicate, drop;
};

/* Errors: THM_NET_EINVAL, *message is a sentence naming the fault. list may be NULL. */
enum thm_net_err thm_server_faults_parse(const char *list, struct thm_server_faults *out, const char **message);
bool thm_server_faults_certificate(const struct thm_server_faults *f); /* another certificate than the kept one? */
