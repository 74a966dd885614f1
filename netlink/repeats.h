/* netlink/repeats.h -- a part of a file from a server that sends some of its bytes twice and leaves others out.
 * Internal to netlink.
 *
 * What is asked for, and what is told of it (Range, Content-Range, the file's size), is of the file as it is; only the
 * body, and its Content-Length, is of what is sent. So a client that counts what it has got, and goes on from there,
 * asks for a wrong place. */
#pragma once
#include <stdint.h>
#include "netlink/fault_list.h"

struct thm_net_span {
    uint64_t at, len; /* of the file; at THM_NO_FAULT: none */
};

struct thm_repeats { /* bytes [from, to) of the file are asked for */
    uint64_t from, to;
    struct thm_net_span again, gone; /* inside them. A part of `again` that is asked for comes once more at its end */
};

struct thm_repeats thm_repeats_of(uint64_t from, uint64_t to, const struct thm_net_span *again,
                                  const struct thm_net_span *gone);
uint64_t thm_repeats_bytes(const struct thm_repeats *r); /* that are sent */
/* The place in the file of the byte that is sent as the at-th (from 0). *run: so many are next to each other there. */
uint64_t thm_repeats_place(const struct thm_repeats *r, uint64_t at, uint64_t *run);
