#include "netlink/x509.h"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_MAX_DNS 253 /* RFC 1035 */
#define SERIAL_BITS  127 /* positive and below the 20 octets of RFC 5280 */

EVP_PKEY *thm_x509_key(bool rsa)
{
    return rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static bool set_serial(X509 *cert)
{
    BIGNUM *n = BN_new();
    bool ok = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
    BN_free(n);
    return ok;
}

/* ECDSA signatures differ by a byte or two in length; only the most frequent one is taken, so that a certificate's
 * size, and with it what a board pays for it, is the same on every machine. */
#define ECDSA_P256_LENGTH 71

static bool sign(X509 *cert, EVP_PKEY *signer)
{
    int wanted = EVP_PKEY_get_base_id(signer) == EVP_PKEY_EC ? ECDSA_P256_LENGTH : 0, length;
    do
        length = X509_sign(cert, signer, EVP_sha256());
    while (length > 0 && wanted && length != wanted);
    return length > 0;
}

static bool set_subject(X509 *cert, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(cert);
    const unsigned char *cn = (const unsigned char *)common_name;
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"thimble", -1, -1, 0) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0);
}

static bool add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    bool ok = ext && X509_add_ext(cert, ext, -1);
    X509_EXTENSION_free(ext);
    return ok;
}

/* RFC 5280, 4.2: what a verifier looks at. */
static bool add_extensions(X509 *cert, X509 *issuer, const struct thm_x509_spec *spec)
{
    static const struct {
        int nid;
        const char *ca, *server; /* NULL: not in such a certificate */
    } rows[] = {
        { NID_basic_constraints, "critical,CA:TRUE", "critical,CA:FALSE" },
        { NID_key_usage, "critical,keyCertSign,cRLSign", "critical,digitalSignature" },
        { NID_ext_key_usage, NULL, "serverAuth" },
        { NID_subject_key_identifier, "hash", "hash" },
        { NID_authority_key_identifier, "keyid", "keyid" },
    };
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    bool ok = !spec->san || add_extension(cert, &ctx, NID_subject_alt_name, spec->san);
    for (size_t i = 0; ok && i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = spec->ca ? rows[i].ca : rows[i].server;
        ok = !value || add_extension(cert, &ctx, rows[i].nid, value);
    }
    return ok;
}

X509 *thm_x509_make(const struct thm_x509_spec *spec)
{
    X509 *cert = X509_new();
    if (!cert)
        return NULL;
    X509 *issuer = spec->issuer ? spec->issuer : cert;
    EVP_PKEY *signer = spec->issuer_key ? spec->issuer_key : spec->key;
    bool ok = X509_set_version(cert, X509_VERSION_3) && set_serial(cert) && set_subject(cert, spec->common_name) &&
              X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
              X509_gmtime_adj(X509_getm_notBefore(cert), spec->from_s) &&
              X509_gmtime_adj(X509_getm_notAfter(cert), spec->until_s) && X509_set_pubkey(cert, spec->key) &&
              add_extensions(cert, issuer, spec) && sign(cert, signer);
    if (!ok) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

bool thm_x509_has_san(const X509 *cert, const char *san)
{
    int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
    X509_EXTENSION *want = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
    bool same =
        at >= 0 && want &&
        ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_get_ext(cert, at)), X509_EXTENSION_get_data(want)) == 0;
    X509_EXTENSION_free(want);
    return same;
}

bool thm_x509_valid_for(const X509 *cert, long seconds)
{
    time_t now = time(NULL), then = now + seconds;
    return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 && X509_cmp_time(X509_get0_notAfter(cert), &then) > 0;
}

static bool is_address(const char *name)
{
    unsigned char addr[16];
    return inet_pton(AF_INET, name, addr) == 1 || inet_pton(AF_INET6, name, addr) == 1;
}

static bool is_dns_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*";
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_DNS && strspn(name, allowed) == len;
}

static bool append_name(char **san, const char *name)
{
    char *longer = NULL;
    bool address = is_address(name);
    if (!address && !is_dns_name(name))
        return false;
    if (asprintf(&longer, "%s%s%s:%s", *san ? *san : "", *san ? "," : "", address ? "IP" : "DNS", name) < 0)
        return false;
    free(*san);
    *san = longer;
    return true;
}

char *thm_x509_san(const char *more)
{
    char *all = NULL, *san = NULL, *rest;
    if (asprintf(&all, "localhost,127.0.0.1,::1%s%s", more && *more ? "," : "", more ? more : "") < 0)
        return NULL;
    for (char *name = strtok_r(all, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        if (!append_name(&san, name)) {
            free(san);
            san = NULL;
            break;
        }
    }
    free(all);
    return san;
}

/* The text collected in a memory BIO, which is freed. */
static char *bio_text(BIO *bio, bool ok)
{
    char *data = NULL, *text = NULL;
    long len = ok ? BIO_get_mem_data(bio, &data) : 0;
    if (len > 0)
        text = strndup(data, (size_t)len);
    BIO_free(bio);
    return text;
}

char *thm_x509_cert_pem(X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return bio ? bio_text(bio, PEM_write_bio_X509(bio, cert) == 1) : NULL;
}

char *thm_x509_key_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    return bio ? bio_text(bio, PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) : NULL;
}

X509 *thm_x509_parse_cert(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return cert;
}

EVP_PKEY *thm_x509_parse_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

bool thm_x509_pair_fits(const char *cert_pem, const char *key_pem)
{
    X509 *cert = thm_x509_parse_cert(cert_pem);
    EVP_PKEY *key = cert ? thm_x509_parse_key(key_pem) : NULL;
    const bool fits = key && X509_check_private_key(cert, key) == 1;
    EVP_PKEY_free(key);
    X509_free(cert);
    ERR_clear_error();
    return fits;
}
