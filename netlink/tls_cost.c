/* netlink/tls_cost.c -- mbedTLS's heap blocks, phase by phase.
 *
 * Every size was measured on mbed TLS 2.28.3 (x86-64, TLS 1.2, ECDHE, ChaCha20-Poly1305) by listing the blocks alive
 * after ssl_setup, at the peak of the handshake and after it. Together they give the measured totals to the byte:
 * setup = CA + 2 x 16717 + 3394; handshake above setup 9678 (RSA-2048), 11735 (two certificates), 7968 (ECDSA P-256);
 * kept above setup 1046, 3103, -664. On a 32-bit device the contexts are somewhat smaller, the record buffers equal. */
#include "netlink/tls_cost.h"
#include <string.h>

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

struct list {
    struct thm_tls_block *out;
    size_t n;
};

static void add(struct list *l, struct thm_tls_block b)
{
    if (b.bytes && l->n < THM_TLS_BLOCKS_MAX)
        l->out[l->n++] = b;
}

static bool applies(const struct row *r, bool ecdsa)
{
    return r->which == ALWAYS || !ecdsa;
}

static void add_rows(struct list *l, const struct row *rows, size_t n, bool ecdsa)
{
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < rows[i].count && applies(&rows[i], ecdsa); k++)
            add(l, rows[i].block);
}

static uint32_t key_bytes(bool ecdsa)
{
    return ecdsa ? ECDSA_KEY : RSA_KEY;
}

static void add_ca(struct list *l, const struct thm_tls_peer *peer)
{
    if (!peer || peer->ca_bytes == 0)
        return;
    add(l, (struct thm_tls_block){ "CA certificate", peer->ca_bytes, THM_TLS_SETUP, THM_TLS_CONNECTED });
    add(l, (struct thm_tls_block){ "CA public key", key_bytes(peer->ecdsa), THM_TLS_SETUP, THM_TLS_CONNECTED });
}

static uint32_t record_buffer(uint32_t content)
{
    return content > UINT32_MAX - RECORD_OVERHEAD ? UINT32_MAX : content + RECORD_OVERHEAD;
}

static void add_chain(struct list *l, const struct thm_tls_stack *s, const struct thm_tls_peer *peer)
{
    enum thm_tls_phase until = s->keep_peer_certificate ? THM_TLS_CONNECTED : THM_TLS_HANDSHAKE;
    uint32_t left = peer->chain_bytes;
    for (unsigned i = 0; i < peer->chain_length && i < THM_TLS_CHAIN_MAX; i++) {
        uint32_t der = left / (peer->chain_length - i);
        left -= der;
        add(l, (struct thm_tls_block){ "peer certificate", CERTIFICATE, THM_TLS_HANDSHAKE, until });
        add(l, (struct thm_tls_block){ "peer certificate (DER)", der, THM_TLS_HANDSHAKE, until });
        add(l,
            (struct thm_tls_block){ "peer public key", key_bytes(peer->ecdsa) + NAME_LIST, THM_TLS_HANDSHAKE, until });
    }
}

size_t thm_tls_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer,
                      struct thm_tls_block out[THM_TLS_BLOCKS_MAX])
{
    struct list l = { out, 0 };
    if (s->name && strcmp(s->name, "none") == 0)
        return 0;
    add_ca(&l, peer);
    add(&l, (struct thm_tls_block){ "input record buffer", record_buffer(s->in_content), THM_TLS_SETUP,
                                    THM_TLS_CONNECTED });
    add(&l, (struct thm_tls_block){ "output record buffer", record_buffer(s->out_content), THM_TLS_SETUP,
                                    THM_TLS_CONNECTED });
    add_rows(&l, setup_rows, COUNT(setup_rows), false);
    if (!peer || peer->chain_length == 0)
        return l.n;
    add_chain(&l, s, peer);
    add_rows(&l, handshake_rows, COUNT(handshake_rows), peer->ecdsa);
    return l.n;
}

bool thm_tls_owns(const char *what)
{
    const struct thm_tls_stack stack = { .keep_peer_certificate = true };
    const struct thm_tls_peer peer = { .chain_length = 1, .chain_bytes = 1, .ca_bytes = 1 }; /* RSA: it has all kinds */
    struct thm_tls_block plan[THM_TLS_BLOCKS_MAX];
    bool found = false;
    for (size_t n = thm_tls_blocks(&stack, &peer, plan), i = 0; i < n && !found; i++)
        found = strcmp(plan[i].what, what) == 0;
    return found;
}

const char *thm_tls_phase_name(enum thm_tls_phase p)
{
    static const char *const names[THM_TLS_PHASES] = { "setup", "handshake", "connected" };
    return (size_t)p < THM_TLS_PHASES ? names[p] : "unknown";
}
