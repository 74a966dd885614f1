/* netlink/fetch.h -- the supervisor's HTTPS client: libcurl multi + OpenSSL, body streamed to the board.
 *
 * Certificate verification is always on. Only https URLs, HTTP/1.1, no environment proxies. Several fetches run at
 * once; nothing blocks: the owner polls. Not thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "netlink/err.h"

/* esp_http_client's; the first is that of Arduino's HTTPClient as well */
#define THM_NET_TIMEOUT_MS 5000
#define THM_NET_REDIRECTS  10

struct thm_net;   /* one per supervisor */
struct thm_fetch; /* one transfer */

struct thm_fetch_info { /* known when the header has arrived (tls part: when the handshake is done) */
    long http_status;
    int64_t content_length; /* -1: not told */
    char content_type[64], etag[80];
    uint64_t range_first; /* of status 206: the body's first byte in the file; UINT64_MAX: not told as it must be */
    int64_t range_total;  /* and the file's size; -1: not told */
    unsigned redirects;
    char effective_url[512];
    char tls_version[16], cipher[48]; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
    unsigned chain_length;            /* certificates the server sent */
    uint32_t chain_bytes;             /* DER bytes of them */
    char key_type[24];                /* of the server's certificate: "RSA-2048", "EC-256" */
    uint32_t ca_bytes;                /* DER bytes of the root certificate that the chain was verified with */
    uint32_t max_fragment;            /* what the server agreed to (RFC 6066); 0: nothing */
    long verify_result;               /* X509_V_... of OpenSSL, also when the handshake failed of it */
    unsigned alert;                   /* fatal alert that the server sent (RFC 8446, 6.2); 0: none */
};

/* What the device's TLS stack is told, and what it cannot do; all 0 and NULL: nothing. */
struct thm_fetch_tls {
    const char *ca_pem; /* certificate authorities as the device has them, in place of cacert; may be no PEM at all */
    size_t ca_len;
    const char *cert, *key; /* PEM files: the device's own certificate (chain) and key; both or neither */
    const char *pin;        /* the server's certificate or its public key must be this one: netlink/pin.h */
    bool has_clock;         /* certificates are looked at with the time clock_s (Unix), not the PC's */
    int64_t clock_s;
    uint32_t max_fragment; /* asked for in the handshake: 512, 1024, 2048, 4096; 0: not */
    uint32_t record_max;   /* more bytes in one record do not fit the device's buffer; 0: any fit */
    bool whole_messages;   /* a handshake message in several records is not understood */
    bool only_tls12;
};

struct thm_fetch_options {
    const char *url;
    const char *cacert; /* PEM file; NULL: the system's CAs */
    struct thm_fetch_tls tls;
    uint32_t chunk_bytes; /* body() gets exactly this much in each call, and what is left over in the last one */
    uint64_t range_from, range_to; /* bytes [from, to) of the file; to 0: up to its end; both 0: all of it */
    const char *if_range;          /* all of it if its ETag is not this; NULL: do not ask */
    const char *if_none_match;     /* status 304 and no body if this lists its ETag, "*": any; NULL: do not ask */
    const char *const *headers;    /* further ones, "Name: value", without line ends */
    size_t headers_count;
    const void *post; /* POST of these bytes of JSON; NULL: GET */
    size_t post_bytes;
    bool raw;               /* a chunked body with its framing, as it is on the wire */
    unsigned max_redirects; /* 0 = THM_NET_REDIRECTS */
    unsigned timeout_ms;    /* connecting takes longer, or no byte for so long; 0 = THM_NET_TIMEOUT_MS. Does
                             * not    run while body() waits for thm_fetch_resume() */
    uint16_t connect_port;  /* of 127.0.0.1, where every host of the URL and of redirects is looked for; 0: where it is.
                             * The server's certificate must still be good for the URL's host */
    /* The header of the last answer (redirects are followed) has arrived, a body has not: may be NULL. */
    void (*header)(void *ctx, const struct thm_fetch_info *info);
    /* A piece of the body of an answer with status 2xx. false: stop delivering until thm_fetch_resume(); the piece is
     * delivered again then. */
    bool (*body)(void *ctx, const uint8_t *data, uint32_t len);
    /* The end, good or bad; called once, also for errors before the first byte. message: one line, what and where. */
    void (*done)(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info);
    void *ctx;
};

enum thm_net_err thm_net_create(struct thm_net **out);
void thm_net_destroy(struct thm_net *net); /* ends all its fetches without done(); NULL is fine */

/* Start a transfer. Everything in o is copied. Errors: THM_NET_EINVAL (not an https URL, unreadable cacert, cert or
 * key, no pin: *message is a static or thread-local sentence), THM_NET_EHOST. */
enum thm_net_err thm_fetch_start(struct thm_net *net, const struct thm_fetch_options *o, struct thm_fetch **out,
                                 const char **message);
void thm_fetch_resume(struct thm_fetch *f); /* takes effect in the next thm_net_poll(); fine inside body() */
/* Ends and frees it without done(); fine inside callbacks. After done() the fetch is already freed. */
void thm_fetch_cancel(struct thm_fetch *f);

/* Wait up to timeout_ms (-1 = for ever) for the network or for one of fds[0..n) to be readable, then let transfers go
 * on (their callbacks run inside). ready[i] (may be NULL) tells which of fds are readable, at their end or in error.
 * May return early with nothing ready. Errors: THM_NET_EHOST. */
enum thm_net_err thm_net_poll(struct thm_net *net, const int *fds, bool *ready, size_t n, int timeout_ms);
