/* netlink/fetch_tls.c -- the handshake as the device would have it: its time, its wishes, what it cannot do. */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <unistd.h>
#include "netlink/fetch_internal.h"
#include "netlink/message.h"

static const struct { /* RFC 6066, 4 */
    uint32_t bytes;
    uint8_t code;
} fragments[] = { { 512, TLSEXT_max_fragment_length_512 },
                  { 1024, TLSEXT_max_fragment_length_1024 },
                  { 2048, TLSEXT_max_fragment_length_2048 },
                  { 4096, TLSEXT_max_fragment_length_4096 } };

static uint8_t fragment_code(uint32_t bytes)
{
    for (size_t i = 0; i < sizeof fragments / sizeof fragments[0]; i++)
        if (fragments[i].bytes == bytes)
            return fragments[i].code;
    return TLSEXT_max_fragment_length_DISABLED;
}

static uint32_t fragment_bytes(uint8_t code)
{
    for (size_t i = 0; i < sizeof fragments / sizeof fragments[0]; i++)
        if (fragments[i].code == code)
            return fragments[i].bytes;
    return 0;
}

bool thm_fetch_check_tls(const struct thm_fetch_options *o, const char **message)
{
    const struct thm_fetch_tls *t = &o->tls;
    uint8_t pin[THM_PIN_BYTES];
    if (t->pin && !thm_pin_parse(t->pin, pin))
        *message = thm_net_message("'%.100s' is no pin: sha256/ and 32 bytes in base64 or hexadecimal", t->pin);
    else if (!t->cert != !t->key)
        *message = "a certificate of the device's own needs its key, and a key its certificate";
    else if (t->max_fragment && !fragment_code(t->max_fragment))
        *message = thm_net_message("a maximum fragment length is 512, 1024, 2048 or 4096, not %u", t->max_fragment);
    else if (t->cert && access(t->cert, R_OK) < 0)
        *message = thm_net_message("%s cannot be read", t->cert);
    else if (t->key && access(t->key, R_OK) < 0)
        *message = thm_net_message("%s cannot be read", t->key);
    else
        return true;
    return false;
}

/* ---- what comes ---- */

static void refuse(struct thm_fetch *f, enum thm_net_err err, uint32_t bytes, uint32_t limit)
{
    if (f->refused)
        return;
    f->refused = err;
    f->refused_bytes = bytes;
    f->refused_limit = limit;
}

/* What encryption adds to a record of application data: RFC 8446, 5.2 (a type and a tag); in TLS 1.2 RFC 5288 (nonce
 * and tag), RFC 7905 (tag). Before, nothing is encrypted. */
static uint32_t overhead(const SSL *ssl, uint8_t type)
{
    if (type != SSL3_RT_APPLICATION_DATA)
        return 0;
    if (SSL_version(ssl) >= TLS1_3_VERSION)
        return 17;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    return cipher && SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305 ? 16 : 24;
}

static void look_at_record(struct thm_fetch *f, const SSL *ssl, const uint8_t *head)
{
    const uint32_t wire = (uint32_t)head[3] << 8 | head[4], extra = overhead(ssl, head[0]);
    const uint32_t bytes = wire > extra ? wire - extra : 0;
    if (f->o.tls.record_max && bytes > f->o.tls.record_max)
        refuse(f, THM_NET_ERECORD, bytes, f->o.tls.record_max);
}

/* Called for every record's head and every whole message, in either direction. */
static void on_message(int sent, int version, int type, const void *data, size_t len, SSL *ssl, void *ctx)
{
    struct thm_fetch *f = ctx;
    const uint8_t *bytes = data;
    (void)version;
    if (sent)
        return;
    if (type == SSL3_RT_HEADER && len >= SSL3_RT_HEADER_LENGTH)
        look_at_record(f, ssl, bytes);
    else if (type == SSL3_RT_HANDSHAKE && len > f->message_bytes && len <= UINT32_MAX)
        f->message_bytes = (uint32_t)len;
    else if (type == SSL3_RT_ALERT && len == 2 && bytes[0] == SSL3_AL_FATAL)
        f->info.alert = bytes[1];
}

/* A body without a length ends with the connection: only close_notify tells its end from a cut. */
static void on_event(const SSL *ssl, int where, int value)
{
    struct thm_fetch *f = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL3_AD_CLOSE_NOTIFY)
        f->close_notify = true;
}

CURLcode thm_fetch_prepare_tls(struct thm_fetch *f, SSL_CTX *ctx)
{
    const struct thm_fetch_tls *t = &f->o.tls;
    if (!SSL_CTX_set_app_data(ctx, f))
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_info_callback(ctx, on_event);
    SSL_CTX_set_msg_callback(ctx, on_message);
    SSL_CTX_set_msg_callback_arg(ctx, f);
    if (t->has_clock)
        X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), (time_t)t->clock_s);
    if (t->max_fragment && !SSL_CTX_set_tlsext_max_fragment_length(ctx, fragment_code(t->max_fragment)))
        return CURLE_SSL_CONNECT_ERROR;
    if (t->only_tls12 && !SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION))
        return CURLE_SSL_CONNECT_ERROR;
    return CURLE_OK;
}

/* ---- what came of it ---- */

static uint32_t der_bytes(const X509 *cert)
{
    int n = i2d_X509(cert, NULL);
    return n > 0 ? (uint32_t)n : 0;
}

static void read_key_type(const X509 *cert, char *out, size_t size)
{
    static const struct {
        int id;
        const char *name;
    } names[] = { { EVP_PKEY_RSA, "RSA" }, { EVP_PKEY_RSA_PSS, "RSA-PSS" }, { EVP_PKEY_EC, "EC" } };
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *name = NULL;
    if (!key)
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (EVP_PKEY_get_base_id(key) == names[i].id)
            name = names[i].name;
    if (!name)
        name = EVP_PKEY_get0_type_name(key);
    snprintf(out, size, "%s-%d", name ? name : "unknown", EVP_PKEY_get_bits(key));
}

static void read_chain(const SSL *ssl, struct thm_fetch_info *info)
{
    STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl), *verified = SSL_get0_verified_chain(ssl);
    info->chain_length = 0;
    info->chain_bytes = 0;
    for (int i = 0; i < sk_X509_num(sent); i++) { /* -1 for no chain */
        info->chain_length++;
        info->chain_bytes += der_bytes(sk_X509_value(sent, i));
    }
    if (info->chain_length)
        read_key_type(sk_X509_value(sent, 0), info->key_type, sizeof info->key_type);
    if (sk_X509_num(verified) > 0)
        info->ca_bytes = der_bytes(sk_X509_value(verified, sk_X509_num(verified) - 1));
}

static void check_pin(struct thm_fetch *f, const SSL *ssl)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);
    if (!f->pinned || (cert && thm_pin_fits(f->pin, cert)))
        return;
    if (cert)
        thm_pin_of(cert, f->pin_found);
    refuse(f, THM_NET_EPIN, 0, 0);
}

void thm_fetch_read_tls(struct thm_fetch *f, SSL *ssl)
{
    struct thm_fetch_info *info = &f->info;
    const SSL_SESSION *session = SSL_get0_session(ssl);
    snprintf(info->tls_version, sizeof info->tls_version, "%s", SSL_get_version(ssl));
    snprintf(info->cipher, sizeof info->cipher, "%s", SSL_get_cipher_name(ssl));
    info->max_fragment = session ? fragment_bytes(SSL_SESSION_get_max_fragment_length(session)) : 0;
    read_chain(ssl, info);
    if (f->o.tls.whole_messages && info->max_fragment && f->message_bytes > info->max_fragment)
        refuse(f, THM_NET_EPIECES, f->message_bytes, info->max_fragment);
    check_pin(f, ssl);
}
