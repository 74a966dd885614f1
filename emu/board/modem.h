/* emu/board/modem.h -- the socket between a board process and its supervisor: the board's modem.
 *
 * SOCK_SEQPACKET, so a message is whole or absent. Every message starts with struct thm_msg; the rest is fixed by its
 * type. Both sides check lengths: a board process may be in the hands of a hostile model. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "emu/board/event.h"

#define THM_MODEM_CHUNK_MAX 32768u /* largest piece of a body in one message */
#define THM_MODEM_URL_MAX   1024u
#define THM_MODEM_CA_MAX    32768u /* largest file of CA certificates */
#define THM_MODEM_WINDOW                                                                                            \
    32u                     /* DATA messages under way at most; bounded, so that neither side ever blocks the other \
                             */
#define THM_EVENT_BATCH 32u /* events in one message */

enum thm_msg_type {
    /* board -> supervisor */
    THM_MSG_EVENTS, /* n x struct thm_event */
    THM_MSG_CA,     /* before GET: the certificate authorities that the board trusts, as they are in its memory */
    THM_MSG_GET,    /* struct thm_msg_get, and what is posted */
    THM_MSG_CREDIT, /* uint32_t: so many more DATA messages may be under way */
    THM_MSG_CLOSE,  /* the board hangs up: answered by END */
    THM_MSG_OUTPUT, /* struct thm_msg_output, then data: a piece of an output tensor */
    THM_MSG_SIGN,   /* a model's digest: answered by SIGNATURE; no transfer may be under way */
    /* supervisor -> board */
    THM_MSG_HEADER, /* struct thm_msg_header */
    THM_MSG_DATA,   /* bytes of the body, at most the chunk that GET named */
    THM_MSG_END,    /* struct thm_msg_end */
    THM_MSG_SIGNATURE,
};

struct thm_msg {
    uint32_t type, len; /* len: bytes after this */
};

#define THM_MODEM_ETAG_MAX 80u
#define THM_MODEM_POST_MAX 1024u

struct thm_msg_get {
    int64_t clock_s;                        /* what time the board takes it to be (Unix), */
    uint32_t has_clock;                     /* if it is not the PC's */
    uint32_t raw;                           /* a chunked body with its framing */
    uint64_t from, to;                      /* bytes [from, to) of the file; to 0: up to its end; both 0: all of it */
    char if_range[THM_MODEM_ETAG_MAX];      /* all of it if its ETag is not this; "": do not ask */
    char if_none_match[THM_MODEM_ETAG_MAX]; /* status 304 if it is this, "*": any; "": do not ask */
    uint32_t post_bytes;                    /* of JSON, behind this: POST; 0: GET */
    uint32_t chunk;
    char url[THM_MODEM_URL_MAX];
};

struct thm_msg_header {
    int64_t content_length; /* -1: not told */
    uint32_t http_status, redirects;
    uint32_t chain_length, chain_bytes, ecdsa, unused;
    uint64_t range_first; /* of status 206; UINT64_MAX: not told as it must be */
    int64_t range_total;  /* the file's size; -1: not told */
    char tls_version[16], key_type[24], etag[THM_MODEM_ETAG_MAX];
};

struct thm_msg_end {
    uint32_t err; /* enum thm_net_err */
    uint32_t http_status, redirects;
    int32_t code;           /* of the board's TLS stack; 0: it has none for this */
    uint64_t got, expected; /* body bytes; expected 0 = not told */
    char message[240];
};

struct thm_msg_output {
    uint32_t frame, index, offset, total; /* data is bytes [offset, offset + len) of total */
    uint32_t type;                        /* enum thm_type */
    uint32_t rank;
    int32_t shape[6];
    float scale;
    int32_t zero_point, quantized;
    char name[64];
};

/* Send one message: head, then `data`. Result: 0, or -1 with errno (EAGAIN only on a non-blocking socket). */
int thm_modem_send(int fd, uint32_t type, const void *head, size_t head_len, const void *data, size_t len);
/* Receive one message into buf of `size` bytes; *m points into buf. Result: payload length, -1 = closed or broken. */
long thm_modem_receive(int fd, void *buf, size_t size, const struct thm_msg **m);
