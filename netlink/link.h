/* netlink/link.h -- a link's figures, and the device time that a transfer takes on it. */
#pragma once
#include <stdint.h>

struct thm_link { /* profiles/links/NAME.yaml */
    const char *name;
    uint64_t down_bps, up_bps; /* bit/s of payload (goodput, headers are in it); 0: no limit */
    uint32_t rtt_us;
    uint32_t mtu; /* bytes of an IP packet; does not change the times below */
};
/* Times saturate at UINT64_MAX. The first byte needs thm_link_rtt_ns() on top: these are times on the wire. */
uint64_t thm_link_down_ns(const struct thm_link *l, uint64_t bytes); /* time to receive so many payload bytes */
uint64_t thm_link_up_ns(const struct thm_link *l, uint64_t bytes);
uint64_t thm_link_rtt_ns(const struct thm_link *l, unsigned round_trips);
