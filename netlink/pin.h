/* netlink/pin.h -- a certificate known in advance, by its SHA-256.
 *
 * "sha256/DIGEST", DIGEST in base64 (as HPKP and OkHttp write it, RFC 7469) or in hexadecimal (as `openssl x509
 * -fingerprint` does, colons allowed): of the server's public key (its SubjectPublicKeyInfo), or of its whole
 * certificate. */
#pragma once
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define THM_PIN_BYTES 32

bool thm_pin_parse(const char *text, uint8_t pin[THM_PIN_BYTES]); /* false: it is none */
/* Is it the digest of this certificate or its key? */
bool thm_pin_fits(const uint8_t pin[THM_PIN_BYTES], X509 *cert);
/* The digest of its key as text, for messages. */
#define THM_PIN_TEXT 64
void thm_pin_of(X509 *cert, char text[THM_PIN_TEXT]);
