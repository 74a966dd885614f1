/* netlink/fetch_internal.h -- what the files of the HTTPS client share. */
#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include "netlink/fetch.h"

enum thm_fetch_state {
    FETCH_NEW, /* not yet given to curl */
    FETCH_RUNNING,
    FETCH_ENDED, /* the last piece and done() are still to be delivered */
    FETCH_DEAD,  /* done or cancelled: freed at the end of the poll */
};

struct thm_fetch {
    struct thm_net *net;
    struct thm_fetch *next;
    CURL *easy;
    enum thm_fetch_state state;
    struct thm_fetch_options o; /* url and cacert are not kept */
    struct thm_fetch_info info;
    uint8_t *chunk; /* o.chunk_bytes, of which `fill` are waiting for delivery */
    uint32_t fill;
    size_t replay; /* how much of what curl delivers again is already taken */
    uint64_t got;
    bool stalled, resumed;  /* body() said no; thm_fetch_resume() was called since */
    bool connected;         /* the handshake is done: the idle time counts */
    bool location, chunked; /* headers seen in the present answer */
    bool header_told, close_notify;
    int opened[4]; /* the sockets that curl made last; at most two are open at once */
    unsigned opened_count;
    int socket;        /* the one in use while `connected` */
    int64_t active_ms; /* when something last arrived */
    CURLcode code;
    char error[CURL_ERROR_SIZE];
};

int64_t thm_fetch_now_ms(void); /* monotonic */
/* Set all options of f->easy from f and o. */
CURLcode thm_fetch_configure(struct thm_fetch *f, const struct thm_fetch_options *o);
/* Offer the collected piece to body(). Result: was it taken? */
bool thm_fetch_deliver(struct thm_fetch *f);
void thm_fetch_read_header(struct thm_fetch *f); /* what curl knows of the answer, into f->info */

/* The TLS part of info, from a connection whose handshake is done. */
void thm_fetch_read_tls(const SSL *ssl, struct thm_fetch_info *info);

struct thm_fetch_end { /* how a transfer ended */
    CURLcode code;
    const char *text;   /* of curl; may be empty */
    const char *url;    /* where it ended, after redirects */
    long verify_result; /* of OpenSSL: X509_V_... */
    long os_errno;
    long http_status;     /* 0: no answer */
    uint64_t got;         /* bytes of the body */
    int64_t expected;     /* -1: not told */
    bool closed_properly; /* or it did not matter: the length was known */
    bool connected;       /* the handshake was done */
    unsigned timeout_ms, redirects;
};

/* The error that curl's code and the circumstances amount to. *message: one line of the calling thread. */
enum thm_net_err thm_fetch_explain(const struct thm_fetch_end *end, const char **message);
