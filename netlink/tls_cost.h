/* netlink/tls_cost.h -- what a TLS session costs the device in heap blocks, phase by phase.
 *
 * The host's TLS library is not charged: this is the device's stack, as measured block sizes: mbedTLS with its content
 * lengths, or BearSSL as Arduino's WiFiClientSecure uses it. Sources beside each figure in tls_cost.c and
 * tls_bearssl.c. Bytes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thm_tls_stack { /* from the board's profile */
    const char *name;  /* "mbedtls", "bearssl"; "none" = no TLS on this core (a coprocessor has it) */
    /* MBEDTLS_SSL_IN_CONTENT_LEN, MBEDTLS_SSL_OUT_CONTENT_LEN; of BearSSL what setBufferSizes() is given */
    uint32_t in_content, out_content;
    bool keep_peer_certificate;
    uint32_t stack_bytes; /* that a handshake needs: of the task below the caller; BearSSL: a block of the heap */
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
    uint32_t own_bytes;    /* DER bytes of the device's own certificate and key; 0: it has none */
};

#define THM_TLS_CHAIN_MAX  10 /* MBEDTLS_X509_MAX_INTERMEDIATE_CA (8), the server's own and the root */
#define THM_TLS_BLOCKS_MAX 64
/* The blocks of one connection in the order the device asks for them, those of an earlier phase first. Result: how many
 * were written to out; 0 for the stack "none". Before the handshake the peer is unknown: with a peer of chain_length 0
 * (ca_bytes may be set) or NULL (no CA charged), only the THM_TLS_SETUP blocks are given. */
size_t thm_tls_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer,
                      struct thm_tls_block out[THM_TLS_BLOCKS_MAX]);

/* Is a block of that name (its `what`) a session's, of any stack? */
bool thm_tls_owns(const char *what);

/* The most bytes that one record may bring; 0: any record fits. */
uint32_t thm_tls_record_max(const struct thm_tls_stack *s);
/* Does it put together a handshake message that came in several records? */
bool thm_tls_joins_messages(const struct thm_tls_stack *s);
bool thm_tls_own_stack(const struct thm_tls_stack *s); /* it leaves the task's stack alone */
bool thm_tls_only_12(const struct thm_tls_stack *s);   /* it has no TLS 1.3 */

/* DER bytes of the first "CERTIFICATE" or (of any kind) "PRIVATE KEY" of a PEM text; 0: there is none in it. */
uint32_t thm_pem_bytes(const char *pem, size_t len, const char *label);
