/* netlink/tls_mbedtls.c -- mbedTLS's heap blocks, phase by phase.
 *
 * Every size was measured on mbed TLS 2.28.3 (x86-64, TLS 1.2, ECDHE, ChaCha20-Poly1305) by listing the blocks alive
 * after ssl_setup, at the peak of the handshake and after it. Together they give the measured totals to the byte:
 * setup = CA + 2 x 16717 + 3394; handshake above setup 9678 (RSA-2048), 11735 (two certificates), 7968 (ECDSA P-256);
 * kept above setup 1046, 3103, -664. On a 32-bit device the contexts are somewhat smaller, the record buffers equal. */
#include "netlink/tls_blocks.h"

#define RECORD_OVERHEAD 333 /* 13 header and counter, 16 IV, 48 MAC, 256 CBC padding */
#define CERTIFICATE     616 /* sizeof(mbedtls_x509_crt); the CA's own is the application's, not on the heap */

enum which { ALWAYS, ONLY_RSA };

struct row {
    struct thm_tls_block block;
    unsigned count;
    enum which which;
};

/* After the CA and the two record buffers. */
static const struct row setup_rows[] = {
    { { "session transform", 392, THM_TLS_SETUP, THM_TLS_CONNECTED }, 1, ALWAYS },
    { { "session", 160, THM_TLS_SETUP, THM_TLS_CONNECTED }, 1, ALWAYS },
    { { "handshake parameters", 2832, THM_TLS_SETUP, THM_TLS_HANDSHAKE }, 1, ALWAYS },
    { { "server name", 10, THM_TLS_SETUP, THM_TLS_CONNECTED }, 1, ALWAYS }, /* "localhost" and its zero */
};

/* After the peer's certificates. The last row stands for about 50 integers of 72 and 144 bytes, 5136 bytes in all. */
static const struct row handshake_rows[] = {
    { { "Montgomery constant", 536, THM_TLS_HANDSHAKE, THM_TLS_CONNECTED }, 2, ONLY_RSA }, /* CA's and peer's key */
    { { "ECDHE comb table", 576, THM_TLS_HANDSHAKE, THM_TLS_HANDSHAKE }, 2, ALWAYS },
    { { "ECDHE product", 168, THM_TLS_HANDSHAKE, THM_TLS_HANDSHAKE }, 1, ALWAYS },
    { { "ECDHE point arithmetic", 428, THM_TLS_HANDSHAKE, THM_TLS_HANDSHAKE }, 12, ALWAYS },
    { { "cipher context", 240, THM_TLS_CONNECTED, THM_TLS_CONNECTED }, 2, ALWAYS },
    { { "cipher state", 176, THM_TLS_CONNECTED, THM_TLS_CONNECTED }, 1, ALWAYS },
};

/* The parsed key of one certificate: the context and its integers (N and E, or the point). */
#define RSA_KEY   (384 + 264 + 8)
#define ECDSA_KEY (344 + 32 + 32 + 8)
#define NAME_LIST 32 /* a subjectAltName list node of a peer's certificate */

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool applies(const struct row *r, bool ecdsa)
{
    return r->which == ALWAYS || !ecdsa;
}

static void add_rows(struct thm_tls_list *l, const struct row *rows, size_t n, bool ecdsa)
{
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < rows[i].count && applies(&rows[i], ecdsa); k++)
            thm_tls_add(l, rows[i].block.what, rows[i].block.bytes, rows[i].block.from, rows[i].block.until);
}

static uint32_t key_bytes(bool ecdsa)
{
    return ecdsa ? ECDSA_KEY : RSA_KEY;
}

static void add_ca(struct thm_tls_list *l, const struct thm_tls_peer *peer)
{
    if (!peer || peer->ca_bytes == 0)
        return;
    thm_tls_add(l, "CA certificate", peer->ca_bytes, THM_TLS_SETUP, THM_TLS_CONNECTED);
    thm_tls_add(l, "CA public key", key_bytes(peer->ecdsa), THM_TLS_SETUP, THM_TLS_CONNECTED);
}

static void add_chain(struct thm_tls_list *l, const struct thm_tls_stack *s, const struct thm_tls_peer *peer)
{
    enum thm_tls_phase until = s->keep_peer_certificate ? THM_TLS_CONNECTED : THM_TLS_HANDSHAKE;
    uint32_t left = peer->chain_bytes;
    for (unsigned i = 0; i < peer->chain_length && i < THM_TLS_CHAIN_MAX; i++) {
        uint32_t der = left / (peer->chain_length - i);
        left -= der;
        thm_tls_add(l, "peer certificate", CERTIFICATE, THM_TLS_HANDSHAKE, until);
        thm_tls_add(l, "peer certificate (DER)", der, THM_TLS_HANDSHAKE, until);
        thm_tls_add(l, "peer public key", key_bytes(peer->ecdsa) + NAME_LIST, THM_TLS_HANDSHAKE, until);
    }
}

void thm_mbedtls_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer, struct thm_tls_list *l)
{
    const enum thm_tls_phase first = THM_TLS_SETUP, last = THM_TLS_CONNECTED;
    add_ca(l, peer);
    if (peer)
        thm_tls_add(l, "own certificate and key", peer->own_bytes, first, last);
    thm_tls_add(l, "input record buffer", thm_tls_buffer_bytes(s->in_content, RECORD_OVERHEAD), first, last);
    thm_tls_add(l, "output record buffer", thm_tls_buffer_bytes(s->out_content, RECORD_OVERHEAD), first, last);
    add_rows(l, setup_rows, COUNT(setup_rows), false);
    if (!peer || peer->chain_length == 0)
        return;
    add_chain(l, s, peer);
    add_rows(l, handshake_rows, COUNT(handshake_rows), peer->ecdsa);
}
