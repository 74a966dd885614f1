/* netlink/tls_bearssl.c -- BearSSL's heap blocks, as WiFiClientSecure of the Arduino cores for ESP8266 and RP2040 asks
 * for them. BearSSL itself allocates nothing: a handshake has no peak, and the chain is looked at as it comes.
 *
 * Sizes of contexts: sizeof with BearSSL 0.6's headers, gcc -m32 -malign-double (64-bit integers aligned as on the
 * devices). Order and lifetimes: WiFiClientSecureBearSSL.cpp and StackThunk.cpp of both cores. */
#include "netlink/tls_blocks.h"

enum {
    TRUST_ANCHOR = 32,     /* sizeof(br_x509_trust_anchor) */
    KEY_RSA = 256 + 3,     /* modulus of 2048 bits, exponent */
    KEY_EC = 65,           /* uncompressed point on P-256 */
    CLIENT_CONTEXT = 3408, /* sizeof(br_ssl_client_context) */
    X509_CONTEXT = 3048,   /* sizeof(br_x509_minimal_context): given back when the handshake is over */
    IN_OVERHEAD = 325,     /* BR_SSL_BUFSIZE_INPUT - 16384: setBufferSizes(16384, ) is 16709 */
    OUT_OVERHEAD = 85,     /* BR_SSL_BUFSIZE_OUTPUT - 16384 */
};

void thm_bearssl_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer, struct thm_tls_list *l)
{
    const enum thm_tls_phase first = THM_TLS_SETUP, last = THM_TLS_CONNECTED;
    thm_tls_add(l, "second stack", s->stack_bytes, first, last);
    if (peer && peer->ca_bytes) {
        thm_tls_add(l, "CA certificate", peer->ca_bytes, first, last);
        thm_tls_add(l, "trust anchor", TRUST_ANCHOR + (peer->ecdsa ? KEY_EC : KEY_RSA), first, last);
    }
    if (peer)
        thm_tls_add(l, "own certificate and key", peer->own_bytes, first, last);
    thm_tls_add(l, "client context", CLIENT_CONTEXT, first, last);
    thm_tls_add(l, "input record buffer", thm_tls_buffer_bytes(s->in_content, IN_OVERHEAD), first, last);
    thm_tls_add(l, "output record buffer", thm_tls_buffer_bytes(s->out_content, OUT_OVERHEAD), first, last);
    thm_tls_add(l, "certificate validator", X509_CONTEXT, first, THM_TLS_HANDSHAKE);
}
