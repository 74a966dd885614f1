/* netlink/link.c -- device time of a transfer.
 *
 * The rates of a link profile are goodput: what TCP delivered to the application in the measurement behind the profile.
 * Headers of TCP, IP and the radio are in them already, so that the time is simply bits over rate, rounded up to 1 ns;
 * losses and outages come on top.
 */
#include "netlink/link.h"
#include "netlink/random.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define RTO_MIN   NS_PER_S
#define RTO_MAX   (60 * NS_PER_S)

enum { HEADERS = 40 }; /* of IPv4 and TCP, without options */

static uint64_t transfer_ns(uint64_t bytes, uint64_t bps)
{
    if (bps == 0) /* no limit */
        return 0;
    unsigned __int128 ns = ((unsigned __int128)bytes * 8 * NS_PER_S + (bps - 1)) / bps;
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

uint64_t thm_link_down_ns(const struct thm_link *l, uint64_t bytes)
{
    return transfer_ns(bytes, l->down_bps);
}

uint64_t thm_link_up_ns(const struct thm_link *l, uint64_t bytes)
{
    return transfer_ns(bytes, l->up_bps);
}

uint64_t thm_link_rtt_ns(const struct thm_link *l, unsigned round_trips)
{
    return (uint64_t)l->rtt_us * 1000 * round_trips;
}

bool thm_link_is_out(const struct thm_link *l, uint64_t at_ns)
{
    const uint64_t every = l->outage_every_ms * NS_PER_MS;
    if (every && at_ns % every >= every - l->outage_ms * NS_PER_MS)
        return true;
    for (size_t i = 0; i < l->outages_count; i++)
        if (at_ns >= l->outages[i].start_ms * NS_PER_MS &&
            at_ns - l->outages[i].start_ms * NS_PER_MS < l->outages[i].length_ms * NS_PER_MS)
            return true;
    return false;
}

static uint64_t retransmission_timeout(const struct thm_link *l)
{
    const uint64_t rto = ((uint64_t)l->rtt_us + 4 * (uint64_t)l->jitter_us) * 1000;
    return rto < RTO_MIN ? RTO_MIN : rto > RTO_MAX ? RTO_MAX : rto;
}

static bool is_lost(const struct thm_link *l, struct thm_link_draws *d, uint64_t at_ns)
{
    const bool lost = l->loss_ppm && (random_at(d->seed, d->next++) >> 32) % 1000000 < l->loss_ppm;
    return lost || thm_link_is_out(l, at_ns);
}

/* How much later than at_ns a packet comes that was sent in time. It is at most about limit_ns: then nobody waits. */
static uint64_t repair_ns(const struct thm_link *l, struct thm_link_draws *d, uint64_t at_ns, bool followed,
                          uint64_t limit_ns)
{
    uint64_t late = 0, rto = retransmission_timeout(l);
    bool quick = followed && !thm_link_is_out(l, at_ns);
    while (late <= limit_ns && is_lost(l, d, at_ns + late)) {
        late += quick ? thm_link_rtt_ns(l, 1) : rto;
        rto = quick ? rto : rto * 2 < RTO_MAX ? rto * 2 : RTO_MAX;
        quick = false;
    }
    return late;
}

static uint32_t packet_bytes(const struct thm_link *l)
{
    const uint32_t mtu = l->mtu ? l->mtu : THM_LINK_MTU;
    return mtu > 2 * HEADERS ? mtu - HEADERS : mtu; /* smaller ones are no IP */
}

static bool is_plain(const struct thm_link *l)
{
    return !l->loss_ppm && !l->outage_every_ms && !l->outages_count;
}

static bool timed_out(uint64_t silence, uint64_t limit_ns, uint64_t *ns)
{
    if (silence <= limit_ns)
        return false;
    *ns += limit_ns;
    return true;
}

bool thm_link_receive(const struct thm_link *l, struct thm_link_draws *d, uint64_t now_ns, uint64_t bytes,
                      uint64_t limit_ns, uint64_t *ns)
{
    const uint32_t packet = packet_bytes(l);
    *ns = 0;
    if (is_plain(l)) {
        *ns = thm_link_down_ns(l, bytes);
        return true;
    }
    while (bytes) {
        const uint32_t left = packet - d->into, n = bytes < left ? (uint32_t)bytes : left;
        const uint64_t late = d->into ? 0 : repair_ns(l, d, now_ns + *ns, true, limit_ns);
        if (timed_out(late, limit_ns, ns))
            return false;
        *ns += late + thm_link_down_ns(l, n);
        d->into = (d->into + n) % packet;
        bytes -= n;
    }
    return true;
}

bool thm_link_round_trips(const struct thm_link *l, struct thm_link_draws *d, uint64_t now_ns, unsigned n,
                          uint64_t limit_ns, uint64_t *ns)
{
    *ns = 0;
    for (unsigned i = 0; i < n; i++) {
        const uint64_t jitter = l->jitter_us ? random_up_to(d->seed, d->next++, l->jitter_us) * 1000 : 0;
        const uint64_t late = repair_ns(l, d, now_ns + *ns, false, limit_ns);
        const uint64_t silence = thm_link_rtt_ns(l, 1) + jitter + late;
        if (timed_out(silence, limit_ns, ns))
            return false;
        *ns += silence;
    }
    return true;
}
