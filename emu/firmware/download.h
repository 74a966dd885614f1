/* emu/firmware/download.h -- a file over HTTPS, with the patience that a firmware has: connections made again after a
 * while, from where the last one was cut; a file in parts; and the mistakes that clients have been seen to make.
 *
 * Every connection that is made again is an event `attempt`: which one, at what byte, why. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/hal.h"

struct thm_download_policy {
    const char *url;
    uint32_t chunk;          /* bytes read from the connection at a time */
    uint32_t retries;        /* so often a connection is made again, in all */
    uint32_t backoff_ms;     /* wait before the first of them; */
    uint32_t backoff_factor; /* before each further one so many times as long, up to an hour */
    uint32_t part;           /* bytes of a request; 0: the whole file in one */
    bool resume;             /* ask for what is missing (Range, If-Range), in place of all again */
    struct thm_client_defects {
        bool raw_chunks;     /* reads the stream below HTTP: a chunked body with its framing */
        bool absent_is_zero; /* a length that is not told is 0 */
        bool counts_wish;    /* counts what it asked for, not what it got */
        uint64_t loses_head; /* so many bytes of the body came with the header, and are gone */
    } defects;
};

struct thm_download { /* in static data on a device */
    struct thm_board *b;
    const struct thm_download_policy *policy;
    uint8_t *chunk; /* receive buffer, while open */
    uint64_t at;    /* bytes of the file that have come; */
    uint64_t begun; /* by the beginning of this connection */
    int64_t total;  /* the file's; -1: not told */
    int64_t left;   /* of the body, as the client counts, if it stops by that */
    bool is_counted;
    uint64_t to_lose;
    char etag[sizeof((struct thm_hal_response *)0)->etag];
    uint32_t status, failures; /* HTTP's, of the last connection; connections that failed */
    bool connected;
};

void thm_download_init(struct thm_download *d, struct thm_board *b, const struct thm_download_policy *policy);
/* Connect and get the header, again and again if that fails. false: for good, and the board knows why. */
bool thm_download_open(struct thm_download *d);
/* The next bytes, in d->chunk. Result: how many; 0: that was all; -1: it failed, and the board knows why. Continues a
 * connection that was cut, if it may. */
int32_t thm_download_read(struct thm_download *d);
void thm_download_close(struct thm_download *d); /* fine if it is not open */
/* What came from byte `at` on is of no use, says `why`: the next open asks for it again, after a while. */
void thm_download_go_back(struct thm_download *d, uint64_t at, const char *why);
/* It failed, and is closed: is it worth the whole way again? Waits, if so, and forgets the failure. */
bool thm_download_again(struct thm_download *d);
