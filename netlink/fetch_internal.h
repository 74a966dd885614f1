/* netlink/fetch_internal.h -- what the files of the HTTPS client share. */
#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include "netlink/fetch.h"
#include "netlink/pin.h"

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
    struct curl_slist *connect_to; /* NULL: as the URL says */
    enum thm_fetch_state state;
    struct thm_fetch_options o; /* what it points to is not kept */
    uint8_t pin[THM_PIN_BYTES]; /* if `pinned` */
    bool pinned, own_ca;        /* own_ca: the CAs came from the device */
    bool conditional;           /* status 304 is as good as 200 */
    struct thm_fetch_info info;
    struct curl_slist *headers; /* of the request */
    uint8_t *chunk;             /* o.chunk_bytes, of which `fill` are waiting for delivery */
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
    /* what the device would not have taken, and its sizes; THM_NET_OK: all is well */
    enum thm_net_err refused;
    uint32_t refused_bytes, refused_limit;
    uint32_t message_bytes;       /* the largest handshake message of the server */
    char pin_found[THM_PIN_TEXT]; /* of a server that is not the pinned one */
    CURLcode code;
    char error[CURL_ERROR_SIZE];
};

int64_t thm_fetch_now_ms(void); /* monotonic */

struct thm_fetch_waits { /* fetch_wait.c; stays where it is while the multi handle lives */
    int epoll;           /* readable: something is to be done */
    int64_t due_ms;      /* likewise, then; INT64_MAX: never */
};
bool thm_fetch_waits_open(struct thm_fetch_waits *w, CURLM *multi); /* false: the PC has no more of something */
void thm_fetch_waits_close(struct thm_fetch_waits *w);              /* after the multi handle */
bool thm_fetch_waits_act(struct thm_fetch_waits *w, CURLM *multi);  /* let transfers go on; does not wait */

/* Set all options of f->easy from f and o. */
CURLcode thm_fetch_configure(struct thm_fetch *f, const struct thm_fetch_options *o);
/* Offer the collected piece to body(). Result: was it taken? */
bool thm_fetch_deliver(struct thm_fetch *f);
void thm_fetch_read_header(struct thm_fetch *f); /* what curl knows of the answer, into f->info */

/* Is what the handshake is told complete and readable? *message: else a sentence. */
bool thm_fetch_check_tls(const struct thm_fetch_options *o, const char **message);
/* Prepare a connection's context: what the device asks for, cannot do, and takes the time to be. */
CURLcode thm_fetch_prepare_tls(struct thm_fetch *f, SSL_CTX *ctx);
/* The handshake is done: the TLS part of f->info; and would the device have got so far? (f->refused) */
void thm_fetch_read_tls(struct thm_fetch *f, SSL *ssl);

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
    bool not_modified;    /* status 304, as was asked for */
    bool connected;       /* the handshake was done */
    unsigned timeout_ms, redirects;
    bool own_ca;
    enum thm_net_err refused; /* the device would have ended it: bytes in one piece, and its limit */
    uint32_t refused_bytes, refused_limit;
    const char *pin_found;
};

/* The error that curl's code and the circumstances amount to. *message: one line of the calling thread. */
enum thm_net_err thm_fetch_explain(const struct thm_fetch_end *end, const char **message);
