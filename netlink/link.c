/* netlink/link.c -- device time of a transfer.
 *
 * The rates of a link profile are goodput: what TCP delivered to the application in the measurement behind the profile.
 * Headers of TCP, IP and the radio are in them already, so that the time is simply bits over rate, rounded up to 1 ns.
 */
#include "netlink/link.h"

#define NS_PER_S 1000000000u

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
