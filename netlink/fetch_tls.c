#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include "netlink/fetch_internal.h"

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

void thm_fetch_read_tls(const SSL *ssl, struct thm_fetch_info *info)
{
    STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl), *verified = SSL_get0_verified_chain(ssl);
    snprintf(info->tls_version, sizeof info->tls_version, "%s", SSL_get_version(ssl));
    snprintf(info->cipher, sizeof info->cipher, "%s", SSL_get_cipher_name(ssl));
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
