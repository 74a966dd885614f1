/* emu/cli/ota_key.h -- keys in PEM files and signatures made with them, by OpenSSL. Ed25519 and ECDSA on P-256. */
#pragma once
#include <openssl/types.h>
#include "emu/board/trust.h"

/* All report what fails. Result: 0, 2 (the file is missing, or holds no such key) or 20. */
int ota_key_make(const char *algorithm, EVP_PKEY **out); /* "ed25519", "p256"; to be freed with EVP_PKEY_free() */
int ota_key_write(EVP_PKEY *key, const char *private_path, const char *public_path);
int ota_key_read_private(const char *path, EVP_PKEY **out);
int ota_key_read_public(const char *path, struct thm_public_key *out);
int ota_key_public(EVP_PKEY *key, const char *path, struct thm_public_key *out); /* path: for messages */
/* Of the SHA-256 of the data, as emu/board/trust.h verifies it. */
int ota_key_sign(EVP_PKEY *key, const void *data, uint32_t len, uint8_t signature[THM_SIGNATURE_BYTES]);
