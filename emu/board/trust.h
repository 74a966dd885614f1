/* emu/board/trust.h -- the public key that a board trusts, and signatures that it can check with it.
 *
 * Both kinds sign the SHA-256 of what is signed: Ed25519 (RFC 8032; libsodium) takes these 32 bytes as its message,
 * ECDSA on P-256 (FIPS 186-4; mbedTLS, as on most devices) as its hash. Statically linked, as signing.h says. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/signing.h"

enum { THM_KEY_ID_BYTES = 8, THM_KEY_BYTES_MAX = 64 };

enum thm_key_kind { THM_KEY_NONE, THM_KEY_ED25519, THM_KEY_P256, THM_KEY_KINDS };

struct thm_public_key {
    uint8_t kind;
    uint8_t bytes[THM_KEY_BYTES_MAX]; /* Ed25519: 32, as RFC 8032 has them; P-256: x and y, 32 each, big-endian */
};

const char *thm_key_kind_name(unsigned kind); /* "Ed25519", "P-256"; "none" for what is neither; static */
uint32_t thm_key_bytes(unsigned kind);        /* of the public key; 0: there is no such kind */
/* The first bytes of the SHA-256 of the key's bytes. */
void thm_key_id(const struct thm_public_key *key, uint8_t id[THM_KEY_ID_BYTES]);
/* signature: THM_SIGNATURE_BYTES; of P-256 r and s, 32 each, big-endian. A key that is none verifies nothing. */
bool thm_key_verifies(const struct thm_public_key *key, const uint8_t digest[THM_DIGEST_BYTES],
                      const uint8_t *signature);
/* That of the emulator's own pair, for boards that were given none (signing.h). */
const struct thm_public_key *thm_test_key(void); /* static */
