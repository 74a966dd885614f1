#include "emu/cli/ota_key.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/cli/cli.h"

enum { PEM_MAX = 65536, SCALAR = 32 };

int ota_key_make(const char *algorithm, EVP_PKEY **out)
{
    *out = NULL;
    if (strcmp(algorithm, "ed25519") == 0)
        *out = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (strcmp(algorithm, "p256") == 0)
        *out = EVP_EC_gen("P-256");
    else
        return thm_fail(THM_EXIT_USAGE, "--algorithm is ed25519 or p256, not '%s'", algorithm);
    return *out ? 0 : thm_fail(THM_EXIT_HOST, "OpenSSL makes no %s key", algorithm);
}

/* ---- files ---- */

static int write_pem(BIO *text, const char *path, mode_t mask)
{
    char *pem;
    const long len = BIO_get_mem_data(text, &pem);
    const mode_t before = umask(mask);
    const int status = thm_write_file(path, pem, (size_t)len);
    umask(before);
    return status;
}

int ota_key_write(EVP_PKEY *key, const char *private_path, const char *public_path)
{
    BIO *secret = BIO_new(BIO_s_mem()), *open = BIO_new(BIO_s_mem());
    int status = secret && open && PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) &&
                         PEM_write_bio_PUBKEY(open, key)
                     ? 0
                     : thm_fail(THM_EXIT_HOST, "OpenSSL writes no key");
    if (!status)
        status = write_pem(secret, private_path, 077); /* its owner's alone */
    if (!status)
        status = write_pem(open, public_path, 022);
    BIO_free(open);
    BIO_free(secret);
    return status;
}

/* No pass phrase is asked for: nothing here is interactive. */
static int no_phrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

typedef EVP_PKEY *pem_reader(BIO *, EVP_PKEY **, pem_password_cb *, void *);

static int read_pem(const char *path, pem_reader *read, const char *what, EVP_PKEY **out)
{
    uint8_t *text;
    size_t len;
    int status = thm_read_file(path, PEM_MAX, &text, &len);
    *out = NULL;
    if (status)
        return status;
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    *out = bio ? read(bio, NULL, no_phrase, NULL) : NULL;
    BIO_free(bio);
    OPENSSL_cleanse(text, len);
    free(text);
    return *out ? 0 : thm_fail(THM_EXIT_USAGE, "%s: no %s key without a pass phrase in PEM in it", path, what);
}

int ota_key_read_private(const char *path, EVP_PKEY **out)
{
    return read_pem(path, PEM_read_bio_PrivateKey, "private", out);
}

int ota_key_read_public(const char *path, struct thm_public_key *out)
{
    EVP_PKEY *key;
    int status = read_pem(path, PEM_read_bio_PUBKEY, "public", &key);
    if (!status)
        status = ota_key_public(key, path, out);
    EVP_PKEY_free(key);
    return status;
}

/* ---- what a board has of it ---- */

static bool ed25519_public(EVP_PKEY *key, struct thm_public_key *out)
{
    size_t len = THM_PUBLIC_KEY_BYTES;
    out->kind = THM_KEY_ED25519;
    return EVP_PKEY_get_raw_public_key(key, out->bytes, &len) == 1 && len == THM_PUBLIC_KEY_BYTES;
}

static bool p256_public(EVP_PKEY *key, struct thm_public_key *out)
{
    uint8_t point[1 + 2 * SCALAR];
    char group[32] = "";
    size_t len = 0;
    out->kind = THM_KEY_P256;
    EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
    if (!EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) ||
        strcmp(group, SN_X9_62_prime256v1) != 0 ||
        !EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len) ||
        len != sizeof point)
        return false;
    memcpy(out->bytes, point + 1, sizeof out->bytes);
    return true;
}

int ota_key_public(EVP_PKEY *key, const char *path, struct thm_public_key *out)
{
    *out = (struct thm_public_key){ 0 };
    const bool ok =
        EVP_PKEY_is_a(key, "ED25519") ? ed25519_public(key, out) : EVP_PKEY_is_a(key, "EC") && p256_public(key, out);
    return ok ? 0 : thm_fail(THM_EXIT_USAGE, "%s: the key is neither Ed25519 nor on P-256", path);
}

/* ---- signatures ---- */

/* DER's two integers as two numbers of fixed length. */
static bool plain_signature(const uint8_t *der, size_t len, uint8_t *out)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    const bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, SCALAR) == SCALAR &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + SCALAR, SCALAR) == SCALAR;
    ECDSA_SIG_free(sig);
    return ok;
}

static bool p256_sign(EVP_PKEY *key, const uint8_t *digest, uint8_t *signature)
{
    uint8_t der[128];
    size_t len = sizeof der;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    const bool ok = c && EVP_PKEY_sign_init(c) > 0 && EVP_PKEY_sign(c, der, &len, digest, THM_DIGEST_BYTES) > 0 &&
                    plain_signature(der, len, signature);
    EVP_PKEY_CTX_free(c);
    return ok;
}

static bool ed25519_sign(EVP_PKEY *key, const uint8_t *digest, uint8_t *signature)
{
    size_t len = THM_SIGNATURE_BYTES;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    const bool ok = c && EVP_DigestSignInit(c, NULL, NULL, NULL, key) > 0 &&
                    EVP_DigestSign(c, signature, &len, digest, THM_DIGEST_BYTES) > 0 && len == THM_SIGNATURE_BYTES;
    EVP_MD_CTX_free(c);
    return ok;
}

int ota_key_sign(EVP_PKEY *key, const void *data, uint32_t len, uint8_t signature[THM_SIGNATURE_BYTES])
{
    uint8_t digest[THM_DIGEST_BYTES];
    const bool hashed = EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1;
    const bool ok = hashed && (EVP_PKEY_is_a(key, "ED25519") ? ed25519_sign(key, digest, signature)
                                                             : p256_sign(key, digest, signature));
    return ok ? 0 : thm_fail(THM_EXIT_HOST, "OpenSSL makes no signature");
}
