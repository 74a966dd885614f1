/* emu/board/signing.h -- signed models: Ed25519 (RFC 8032) over the SHA-256 of the model's bytes.
 *
 * The key pair is the emulator's own and no secret: it stands for that of whoever publishes the models. A board knows
 * the public half; the private half is used by the supervisor alone. From libsodium, statically: a board process
 * calls it when other libraries are gone (emu/board/shed.h). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { THM_DIGEST_BYTES = 32, THM_SIGNATURE_BYTES = 64, THM_PUBLIC_KEY_BYTES = 32 };

struct thm_digest { /* SHA-256 under way; private */
    uint64_t state[16];
};

void thm_digest_start(struct thm_digest *d);
void thm_digest_add(struct thm_digest *d, const void *data, uint64_t len);
void thm_digest_end(struct thm_digest *d, uint8_t out[THM_DIGEST_BYTES]);

const uint8_t *thm_signing_public_key(void); /* THM_PUBLIC_KEY_BYTES, static */
void thm_sign(const uint8_t digest[THM_DIGEST_BYTES], uint8_t out[THM_SIGNATURE_BYTES]);
void thm_sign_model(const void *model, uint64_t len, uint8_t out[THM_SIGNATURE_BYTES]);
bool thm_signature_is_valid(const uint8_t digest[THM_DIGEST_BYTES], const uint8_t signature[THM_SIGNATURE_BYTES],
                            const uint8_t public_key[THM_PUBLIC_KEY_BYTES]);
