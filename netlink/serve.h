/* netlink/serve.h -- an HTTPS model server for demos and tests: libmicrohttpd over a folder. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "netlink/err.h"

struct thm_server;
struct thm_server_options {
    const char *dir;        /* served read-only; nothing outside it, no dot files, no listings above it */
    const char *bind;       /* address; NULL = 127.0.0.1 */
    uint16_t port;          /* 0 = any free one */
    const char *state_dir;  /* holds ca.pem, server.pem and their keys, made on first use; not used with `cert` */
    const char *names;      /* extra DNS names / IPs for the certificate, comma separated; NULL: none */
    const char *cert, *key; /* PEM files of a certificate (and its chain) and its key, in place of those; NULL: none */
    const char *client_ca;  /* PEM file: clients need a certificate that these vouch for (403); NULL: they need none */
    bool client_optional;   /* one without a certificate is served as well */
    uint64_t cut_after;     /* close the connection after so many body bytes; 0 = never (for tests) */
    const char *posts;      /* file that gets the body of every POST, up to 64 KB, a line each; NULL: POST is refused */
    const char *faults; /* what goes wrong, on purpose: "NAME[=VALUE],..." (netlink/server_faults.h); NULL: nothing */
    /* A line a request when it has ended, in the common log format, with UTC and the bytes of the body that were sent;
     * may be NULL. Called from the server's threads, one at a time. */
    void (*log)(void *ctx, const char *line);
    void *ctx;
};
/* Errors: THM_NET_EINVAL, THM_NET_EHOST; *message is a sentence for the user. */
enum thm_net_err thm_server_start(struct thm_server **out, const struct thm_server_options *o, const char **message);
uint16_t thm_server_port(const struct thm_server *s);
const char *thm_server_ca(const struct thm_server *s); /* path of ca.pem; NULL: the certificate was given */
void thm_server_stop(struct thm_server *s);            /* NULL is fine */
