/* emu/firmware/bundle.h -- signed bundles: a model with a manifest that says what it is, for whom, and who says so.
 *
 * Device code: constant memory, no heap, no stdio; the bundle comes in pieces of any size. All numbers little-endian:
 *
 *     0  "THMBNDL" and a zero
 *     8  format version, 1 (16 bits)
 *    10  signature algorithm: 1 Ed25519, 2 ECDSA on P-256 (8 bits); then a zero
 *    12  model length, bytes
 *    16  SHA-256 of the model, 32 bytes
 *    48  version, for people
 *    52  security counter: a board refuses one below the highest that it has confirmed
 *    56  tensor arena that the model needs, bytes; 0: not told
 *    60  flash that the bundle needs, bytes; 0: not told
 *    64  board class that it is for, 32 bytes: text, then zeros
 *    96  key id, 8 bytes: the first of the SHA-256 of the public key (emu/board/trust.h)
 *   104  zeros up to 128: the end of the manifest
 *   128  signature of the SHA-256 of the manifest, 64 bytes
 *   192  the model
 *
 * The manifest comes first, so that a bundle that is not to be had is refused after 192 bytes, before anything is
 * written; the model is held to the manifest's digest at its end. 192 is a multiple of 16: a bundle in memory-mapped
 * flash holds its model aligned. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/trust.h"

#define THM_BUNDLE_MAGIC "THMBNDL" /* with its zero, 8 bytes */

enum {
    THM_BUNDLE_MAGIC_BYTES = 8,
    THM_BUNDLE_MANIFEST = 128, /* bytes that are signed */
    THM_BUNDLE_HEAD = 192,     /* with the signature */
    THM_BUNDLE_BOARD_MAX = 31, /* characters of a board class */
    THM_BUNDLE_SPARE = 1024    /* flash beside it: what a board notes about it (emu/firmware/store_bundle.c) */
};

/* enum, name */
#define THM_BUNDLE_ERRORS(X)            \
    X(THM_BUNDLE_OK, "ok")              \
    X(THM_BUNDLE_EMAGIC, "no bundle")   \
    X(THM_BUNDLE_EFORMAT, "malformed")  \
    X(THM_BUNDLE_EKEY, "wrong key")     \
    X(THM_BUNDLE_ETAMPERED, "tampered") \
    X(THM_BUNDLE_EBOARD, "wrong board") \
    X(THM_BUNDLE_EREPLAY, "replayed")   \
    X(THM_BUNDLE_EARENA, "too large")   \
    X(THM_BUNDLE_EFLASH, "too large")   \
    X(THM_BUNDLE_ECUT, "truncated")     \
    X(THM_BUNDLE_ELONG, "too long")     \
    X(THM_BUNDLE_EDIGEST, "tampered")

enum thm_bundle_err {
#define X(id, name) id,
    THM_BUNDLE_ERRORS(X)
#undef X
        THM_BUNDLE_ERR_COUNT
};
const char *thm_bundle_err_name(enum thm_bundle_err e); /* static */

struct thm_bundle_manifest {
    uint32_t model_bytes, version, counter, arena, flash;
    uint8_t algorithm; /* enum thm_key_kind */
    uint8_t digest[THM_DIGEST_BYTES], key_id[THM_KEY_ID_BYTES];
    char board[THM_BUNDLE_BOARD_MAX + 1];
};

/* raw: THM_BUNDLE_MANIFEST bytes. get: THM_BUNDLE_OK, EMAGIC or EFORMAT; what it takes is what put makes of it. */
void thm_bundle_put_manifest(uint8_t *raw, const struct thm_bundle_manifest *m);
enum thm_bundle_err thm_bundle_get_manifest(const uint8_t *raw, struct thm_bundle_manifest *m);

struct thm_bundle_policy { /* what a board takes; everything lent */
    const struct thm_public_key *key;
    const char *board;     /* its class */
    uint32_t counter;      /* the lowest security counter */
    uint32_t arena, flash; /* what there is; 0: nobody asks */
    /* Is this the key's signature of the manifest? */
    bool (*verify)(void *ctx, const struct thm_public_key *key, const uint8_t *manifest, const uint8_t *signature);
    void *ctx;
};

/* Of a head: the signature first, then what it says. */
enum thm_bundle_err thm_bundle_judge(const uint8_t *head, const struct thm_bundle_manifest *m,
                                     const struct thm_bundle_policy *p);

struct thm_bundle { /* to read: m once head_len is THM_BUNDLE_HEAD, model_len, err; zeros to begin with */
    struct thm_bundle_manifest m;
    uint32_t head_len, model_len; /* so far */
    enum thm_bundle_err err;
    uint8_t head[THM_BUNDLE_HEAD];
};

/* The next piece. *model, *model_len: those of its bytes that are the model's, in `data`; none before the head has been
 * judged, and none on error. After an error: the same error again. */
enum thm_bundle_err thm_bundle_feed(struct thm_bundle *b, const struct thm_bundle_policy *p, const uint8_t *data,
                                    uint32_t len, const uint8_t **model, uint32_t *model_len);
/* There is no more. digest: of the model's bytes that feed gave. */
enum thm_bundle_err thm_bundle_end(struct thm_bundle *b, const uint8_t digest[THM_DIGEST_BYTES]);

/* The error as a sentence with the figures, to a printer of yours. */
typedef void thm_bundle_say(void *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void thm_bundle_tell(const struct thm_bundle *b, const struct thm_bundle_policy *p, thm_bundle_say *say, void *ctx);
