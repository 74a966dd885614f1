/* emu/cli/ota_keygen.c -- `thimble ota keygen`: a key pair for signed bundles. */
#include <openssl/evp.h>
#include <stdio.h>
#include "emu/cli/ota_key.h"
#include "emu/cli/ota_verbs.h"

static void print_key(const struct thm_public_key *key)
{
    uint8_t id[THM_KEY_ID_BYTES];
    thm_key_id(key, id);
    printf("%s key ", thm_key_kind_name(key->kind));
    for (int i = 0; i < THM_KEY_ID_BYTES; i++)
        printf("%02x", id[i]);
    putchar('\n');
}

int ota_keygen(const struct ota_options *o, int argc, char **argv)
{
    struct thm_public_key public;
    EVP_PKEY *key;
    (void)argc;
    int status = ota_key_make(o->algorithm ? o->algorithm : "ed25519", &key);
    if (!status)
        status = ota_key_public(key, argv[1], &public);
    if (!status)
        status = ota_key_write(key, argv[0], argv[1]);
    if (!status)
        print_key(&public);
    EVP_PKEY_free(key);
    return status;
}
