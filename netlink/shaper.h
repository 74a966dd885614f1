/* netlink/shaper.h -- stands between a transfer and its owner, and lets go wrong what was asked for.
 *
 * It takes the callbacks' place in the options of a fetch or a canned answer and calls the owner's in the same order
 * and with the same rules (netlink/fetch.h). What it does depends on faults, seed and the bytes only. */
#pragma once
#include "netlink/fetch.h"
#include "netlink/net_faults.h"

struct thm_bytes { /* a growing buffer */
    uint8_t *data;
    size_t len, capacity;
};

struct thm_shaper {                      /* of one transfer; all 0: none */
    const struct thm_net_faults *faults; /* lent */
    struct thm_fetch_options o;          /* the owner's; its url and if_range are not kept */
    char url[512];
    uint64_t seed, at; /* at: the next byte's place in the file */
    struct thm_fetch_info info;
    struct thm_bytes piece, kept, frame; /* being changed; to come again; of a chunked body */
    struct thm_bytes queue;              /* to be delivered, from `delivered` on */
    size_t delivered;
    uint64_t queued, sent; /* in all */
    uint32_t crc;          /* of gzip's contents, and their size */
    uint32_t plain;
    bool compressing, over; /* over: the transfer has ended and is freed */
    bool ended, told;       /* ended: nothing more is taken; told: the owner knows */
    enum thm_net_err err;
    char message[400];
};

/* Take the place of the callbacks in *o, for a request of the file from byte `o->range_from` on. true: start the
 * transfer; false: it has ended already, done() was called. */
bool thm_shaper_start(struct thm_shaper *s, const struct thm_net_faults *faults, uint64_t seed,
                      struct thm_fetch_options *o);
/* The owner's body() takes pieces again. The transfer itself must be resumed, too. */
void thm_shaper_resume(struct thm_shaper *s);
/* Nothing more is called. done() of the owner may do so, and cancel the transfer. */
void thm_shaper_stop(struct thm_shaper *s);
