/* netlink/x509.h -- making keys and certificates with OpenSSL. Internal to netlink. */
#pragma once
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#define THM_DAY_S (24L * 3600)

struct thm_x509_spec {
    const char *common_name;
    EVP_PKEY *key;        /* the subject's */
    X509 *issuer;         /* NULL: self-signed */
    EVP_PKEY *issuer_key; /* NULL: self-signed */
    long from_s, until_s; /* validity, in seconds from now */
    bool ca;              /* may sign certificates; else a server's */
    const char *san;      /* as from thm_x509_san(); NULL for a CA */
};

EVP_PKEY *thm_x509_key(bool rsa);                         /* P-256, or RSA-2048; NULL: failed */
X509 *thm_x509_make(const struct thm_x509_spec *spec);    /* NULL: failed */
bool thm_x509_has_san(const X509 *cert, const char *san); /* exactly these names */
bool thm_x509_valid_for(const X509 *cert, long seconds);  /* valid now and so long */

/* "localhost", its addresses and more names (DNS names or IPs, comma-separated; NULL: none) as OpenSSL writes a
 * subjectAltName. Result: malloc'ed; NULL: a name is not one, or out of memory. */
char *thm_x509_san(const char *more);

char *thm_x509_cert_pem(X509 *cert);   /* malloc'ed; NULL: failed */
char *thm_x509_key_pem(EVP_PKEY *key); /* PKCS #8, malloc'ed; NULL: failed */
X509 *thm_x509_parse_cert(const char *pem);
EVP_PKEY *thm_x509_parse_key(const char *pem);
bool thm_x509_pair_fits(const char *cert_pem, const char *key_pem); /* the key of the first certificate */
