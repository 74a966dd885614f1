/* netlink/link.h -- a link's figures, and the device time that a transfer takes on it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thm_link_outage { /* nothing gets through; device time since power-on */
    uint64_t start_ms, length_ms;
};

struct thm_link { /* profiles/links/NAME.yaml */
    const char *name;
    uint64_t down_bps, up_bps; /* bit/s of payload (goodput, headers are in it); 0: no limit */
    uint32_t rtt_us;
    uint32_t mtu;                          /* bytes of an IP packet: what is lost as a whole; 0: THM_LINK_MTU */
    uint32_t jitter_us;                    /* a round trip takes up to so much longer, evenly spread */
    uint32_t loss_ppm;                     /* of a million packets so many are lost */
    uint32_t outage_every_ms, outage_ms;   /* in every such period it is out for so long, at its end; 0: never */
    const struct thm_link_outage *outages; /* further ones; lent */
    size_t outages_count;
};

#define THM_LINK_MTU 1500u

/* A link under way. The same seed gives the same losses and jitter: packets and round trips draw one number each, in
 * order. */
struct thm_link_draws {
    uint64_t seed, next;
    uint32_t into; /* bytes of the packet under way that have been received */
};

/* What TCP makes of loss and outages, as the receiver sees it:
 * - a lost packet is asked for by those behind it and comes one round trip later (RFC 5681, fast retransmit);
 * - one that is lost again, or sent while the link is out, or stands alone (a request, an answer's first packet), is
 *   repeated after the retransmission time-out: round trip and four times the jitter, at least 1 s; doubled each
 *   time up to 60 s (RFC 6298).
 * Each gives in *ns how long it takes from device time `now_ns` on. Result: true; false: nothing came for limit_ns (the
 * receiver's time-out), and *ns ends with that. */
bool thm_link_receive(const struct thm_link *l, struct thm_link_draws *d, uint64_t now_ns, uint64_t bytes,
                      uint64_t limit_ns, uint64_t *ns);
/* n round trips, one after another: of a handshake, of a request and the first byte of its answer. */
bool thm_link_round_trips(const struct thm_link *l, struct thm_link_draws *d, uint64_t now_ns, unsigned n,
                          uint64_t limit_ns, uint64_t *ns);
bool thm_link_is_out(const struct thm_link *l, uint64_t at_ns);

/* Without loss, jitter and outages. Times saturate at UINT64_MAX. The first byte needs thm_link_rtt_ns() on top: these
 * are times on the wire. */
uint64_t thm_link_down_ns(const struct thm_link *l, uint64_t bytes); /* time to receive so many payload bytes */
uint64_t thm_link_up_ns(const struct thm_link *l, uint64_t bytes);
uint64_t thm_link_rtt_ns(const struct thm_link *l, unsigned round_trips);
