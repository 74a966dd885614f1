/* netlink/tls_blocks.h -- making a list of a TLS session's blocks. Internal to netlink. */
#pragma once
#include "netlink/tls_cost.h"

struct thm_tls_list {
    struct thm_tls_block *out; /* of THM_TLS_BLOCKS_MAX */
    size_t n;
};

void thm_tls_add(struct thm_tls_list *l, const char *what, uint32_t bytes, enum thm_tls_phase from,
                 enum thm_tls_phase until);                         /* none of 0 bytes */
uint32_t thm_tls_buffer_bytes(uint32_t content, uint32_t overhead); /* saturates */

void thm_mbedtls_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer, struct thm_tls_list *l);
void thm_bearssl_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer, struct thm_tls_list *l);
