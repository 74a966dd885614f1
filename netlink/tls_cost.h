/* netlink/tls_cost.h -- what a TLS session costs the device in heap blocks, phase by phase.
 *
 * The host's TLS library is not charged: this is the device's stack (mbedTLS with its content lengths), as measured
 * block sizes. Sources beside each figure in tls_cost.c. Bytes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thm_tls_stack {                /* from the board's profile */
    const char *name;                 /* "mbedtls"; "none" = no TLS on this core (a coprocessor has it) */
    uint32_t in_content, out_content; /* MBEDTLS_SSL_IN_CONTENT_LEN, MBEDTLS_SSL_OUT_CONTENT_LEN */
    bool keep_peer_certificate;
    uint32_t stack_bytes; /* task stack that a handshake needs below the caller */
};

enum thm_tls_phase { THM_TLS_SETUP, THM_TLS_HANDSHAKE, THM_TLS_CONNECTED, THM_TLS_PHASES };
const char *thm_tls_phase_name(enum thm_tls_phase p);

struct thm_tls_block { /* one allocation */
    const char *what;  /* "input record buffer" */
    uint32_t bytes;
    enum thm_tls_phase from, until; /* allocated at the start of `from`, freed when `until` has ended */
};

struct thm_tls_peer {
    unsigned chain_length; /* certificates the server sends; more than THM_TLS_CHAIN_MAX are not charged */
    uint32_t chain_bytes;  /* DER bytes of all of them */
    bool ecdsa;            /* P-256 keys, else RSA-2048 */
    uint32_t ca_bytes;     /* DER bytes of the CA certificate on the device; 0: none is charged */
};

#define THM_TLS_CHAIN_MAX  10 /* MBEDTLS_X509_MAX_INTERMEDIATE_CA (8), the server's own and the root */
#define THM_TLS_BLOCKS_MAX 64
/* The blocks of one connection in the order the device asks for them, those of an earlier phase first. Result: how many
 * were written to out; 0 for the stack "none". Before the handshake the peer is unknown: with a peer of chain_length 0
 * (ca_bytes may be set) or NULL (no CA charged), only the THM_TLS_SETUP blocks are given. */
size_t thm_tls_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer,
                      struct thm_tls_block out[THM_TLS_BLOCKS_MAX]);

/* Is a block of that name (its `what`) a session's? */
bool thm_tls_owns(const char *what);

/* mbedTLS's number for "out of memory" in a phase: -0x7F00 (MBEDTLS_ERR_SSL_ALLOC_FAILED). */
#define THM_MBEDTLS_ERR_SSL_ALLOC_FAILED (-0x7F00)
