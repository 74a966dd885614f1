#include "emu/board/trust.h"
#include <mbedtls/ecdsa.h>
#include <string.h>

enum { SCALAR = 32 }; /* bytes of a number modulo P-256's prime or order */

static bool ed25519_verifies(const struct thm_public_key *key, const uint8_t *digest, const uint8_t *signature)
{
    return thm_signature_is_valid(digest, signature, key->bytes);
}

struct p256 {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi r, s;
};

/* Points that are not on the curve are refused. */
static bool p256_read(struct p256 *c, const struct thm_public_key *key, const uint8_t *signature)
{
    uint8_t point[1 + 2 * SCALAR] = { 4 }; /* uncompressed */
    memcpy(point + 1, key->bytes, sizeof point - 1);
    return mbedtls_ecp_group_load(&c->group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
           mbedtls_ecp_point_read_binary(&c->group, &c->point, point, sizeof point) == 0 &&
           mbedtls_ecp_check_pubkey(&c->group, &c->point) == 0 &&
           mbedtls_mpi_read_binary(&c->r, signature, SCALAR) == 0 &&
           mbedtls_mpi_read_binary(&c->s, signature + SCALAR, SCALAR) == 0;
}

static bool p256_verifies(const struct thm_public_key *key, const uint8_t *digest, const uint8_t *signature)
{
    struct p256 c;
    mbedtls_ecp_group_init(&c.group);
    mbedtls_ecp_point_init(&c.point);
    mbedtls_mpi_init(&c.r);
    mbedtls_mpi_init(&c.s);
    const bool ok = p256_read(&c, key, signature) &&
                    mbedtls_ecdsa_verify(&c.group, digest, THM_DIGEST_BYTES, &c.point, &c.r, &c.s) == 0;
    mbedtls_mpi_free(&c.s);
    mbedtls_mpi_free(&c.r);
    mbedtls_ecp_point_free(&c.point);
    mbedtls_ecp_group_free(&c.group);
    return ok;
}

static const struct {
    const char *name;
    uint32_t bytes;
    bool (*verifies)(const struct thm_public_key *key, const uint8_t *digest, const uint8_t *signature);
} kinds[THM_KEY_KINDS] = {
    [THM_KEY_NONE] = { "none", 0, NULL },
    [THM_KEY_ED25519] = { "Ed25519", THM_PUBLIC_KEY_BYTES, ed25519_verifies },
    [THM_KEY_P256] = { "P-256", 2 * SCALAR, p256_verifies },
};

const char *thm_key_kind_name(unsigned kind)
{
    return kinds[kind < THM_KEY_KINDS ? kind : THM_KEY_NONE].name;
}

uint32_t thm_key_bytes(unsigned kind)
{
    return kind < THM_KEY_KINDS ? kinds[kind].bytes : 0;
}

void thm_key_id(const struct thm_public_key *key, uint8_t id[THM_KEY_ID_BYTES])
{
    struct thm_digest d;
    uint8_t digest[THM_DIGEST_BYTES];
    thm_digest_start(&d);
    thm_digest_add(&d, key->bytes, thm_key_bytes(key->kind));
    thm_digest_end(&d, digest);
    memcpy(id, digest, THM_KEY_ID_BYTES);
}

bool thm_key_verifies(const struct thm_public_key *key, const uint8_t digest[THM_DIGEST_BYTES],
                      const uint8_t *signature)
{
    return thm_key_bytes(key->kind) && kinds[key->kind].verifies(key, digest, signature);
}

const struct thm_public_key *thm_test_key(void)
{
    static struct thm_public_key key;
    key.kind = THM_KEY_ED25519;
    memcpy(key.bytes, thm_signing_public_key(), THM_PUBLIC_KEY_BYTES);
    return &key;
}
