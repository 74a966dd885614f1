/* netlink/fetch_internal.h -- what the files of the HTTPS client share. */
#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include "netlink/fetch.h"

/* The TLS part of info, from a connection whose handshake is done. */
void thm_fetch_read_tls(const SSL *ssl, struct thm_fetch_info *info);

struct thm_fetch_end { /* how a transfer ended */
    CURLcode code;
    const char *text;      /* of curl; may be empty */
    const char *url;       /* where it ended, after redirects */
    long verify_result;    /* of OpenSSL: X509_V_... */
    long os_errno;
    long http_status;      /* 0: no answer */
    uint64_t got;          /* bytes of the body */
    int64_t expected;      /* -1: not told */
    bool closed_properly;  /* or it did not matter: the length was known */
    bool connected;        /* the handshake was done */
    unsigned timeout_ms, redirects;
};

/* The error that curl's code and the circumstances amount to. *message: one line of the calling thread. */
enum thm_net_err thm_fetch_explain(const struct thm_fetch_end *end, const char **message);
