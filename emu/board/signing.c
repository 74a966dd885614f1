#include "emu/board/signing.h"
#include <sodium.h>

_Static_assert(sizeof(struct thm_digest) >= sizeof(crypto_hash_sha256_state), "libsodium's state");
_Static_assert(THM_SIGNATURE_BYTES == crypto_sign_BYTES && THM_DIGEST_BYTES == crypto_hash_sha256_BYTES &&
                   THM_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES,
               "libsodium's sizes");

static const uint8_t seed[crypto_sign_SEEDBYTES + 1] = "thimble: the emulator's test key";

static crypto_hash_sha256_state *state(struct thm_digest *d)
{
    return (crypto_hash_sha256_state *)(void *)d->state;
}

void thm_digest_start(struct thm_digest *d)
{
    crypto_hash_sha256_init(state(d));
}

void thm_digest_add(struct thm_digest *d, const void *data, uint64_t len)
{
    crypto_hash_sha256_update(state(d), data, len);
}

void thm_digest_end(struct thm_digest *d, uint8_t out[THM_DIGEST_BYTES])
{
    crypto_hash_sha256_final(state(d), out);
}

const uint8_t *thm_signing_public_key(void)
{
    static uint8_t key[THM_PUBLIC_KEY_BYTES];
    static bool known;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    if (!known)
        crypto_sign_seed_keypair(key, secret, seed);
    known = true;
    return key;
}

void thm_sign(const uint8_t digest[THM_DIGEST_BYTES], uint8_t out[THM_SIGNATURE_BYTES])
{
    uint8_t public_key[THM_PUBLIC_KEY_BYTES], secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, seed);
    crypto_sign_detached(out, NULL, digest, THM_DIGEST_BYTES, secret);
}

void thm_sign_model(const void *model, uint64_t len, uint8_t out[THM_SIGNATURE_BYTES])
{
    uint8_t digest[THM_DIGEST_BYTES];
    crypto_hash_sha256(digest, model, len);
    thm_sign(digest, out);
}

bool thm_signature_is_valid(const uint8_t digest[THM_DIGEST_BYTES], const uint8_t signature[THM_SIGNATURE_BYTES],
                            const uint8_t public_key[THM_PUBLIC_KEY_BYTES])
{
    return crypto_sign_verify_detached(signature, digest, THM_DIGEST_BYTES, public_key) == 0;
}
