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
 * delay=MS         the answer comes so much later */
#pragma once
#include <stdint.h>
#include "netlink/ca.h"

#define THM_NO_FAULT UINT64_MAX

struct thm_server_faults {
    struct thm_certificate_faults certificate;
    bool redirect_loop, no_range, no_length;
    uint64_t status, cut, stall, delay_ms; /* THM_NO_FAULT: not asked for */
};

/* Errors: THM_NET_EINVAL, *message is a sentence naming the fault. list may be NULL. */
enum thm_net_err thm_server_faults_parse(const char *list, struct thm_server_faults *out, const char **message);
bool thm_server_faults_certificate(const struct thm_server_faults *f); /* another certificate than the kept one? */
