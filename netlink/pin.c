#include "netlink/pin.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "sha256/";

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = memchr(digits, c | 0x20, 16);
    return at ? (int)(at - digits) : -1;
}

static bool parse_hex(const char *s, uint8_t pin[THM_PIN_BYTES])
{
    for (size_t i = 0; i < THM_PIN_BYTES; i++) {
        s += i > 0 && *s == ':';
        int high = *s ? hex_digit(s[0]) : -1, low = high >= 0 && s[1] ? hex_digit(s[1]) : -1;
        if (low < 0)
            return false;
        pin[i] = (uint8_t)(high << 4 | low);
        s += 2;
    }
    return *s == '\0';
}

/* 32 bytes are 43 characters and one '='. */
static bool parse_base64(const char *s, uint8_t pin[THM_PIN_BYTES])
{
    uint8_t out[THM_PIN_BYTES + 1];
    if (strlen(s) != 44 || s[43] != '=' || s[42] == '=' ||
        EVP_DecodeBlock(out, (const unsigned char *)s, 44) != (int)sizeof out)
        return false;
    memcpy(pin, out, THM_PIN_BYTES);
    return true;
}

bool thm_pin_parse(const char *text, uint8_t pin[THM_PIN_BYTES])
{
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return false;
    text += sizeof prefix - 1;
    return parse_base64(text, pin) || parse_hex(text, pin);
}

static bool key_digest(X509 *cert, uint8_t digest[THM_PIN_BYTES])
{
    unsigned char *der = NULL;
    unsigned len = 0;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    bool ok = n > 0 && EVP_Digest(der, (size_t)n, digest, &len, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return ok && len == THM_PIN_BYTES;
}

bool thm_pin_fits(const uint8_t pin[THM_PIN_BYTES], X509 *cert)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (key_digest(cert, digest) && memcmp(digest, pin, THM_PIN_BYTES) == 0)
        return true;
    return X509_digest(cert, EVP_sha256(), digest, &len) == 1 && memcmp(digest, pin, THM_PIN_BYTES) == 0;
}

void thm_pin_of(X509 *cert, char text[THM_PIN_TEXT])
{
    uint8_t digest[THM_PIN_BYTES];
    strcpy(text, prefix);
    if (key_digest(cert, digest))
        EVP_EncodeBlock((unsigned char *)text + sizeof prefix - 1, digest, THM_PIN_BYTES);
}
