/* emu/board/signature.c -- digests and signatures as services: computed on the PC's stack, on the board's time. */
#include "emu/board/signing.h"
#include <string.h>
#include "emu/board/board.h"
#include "emu/board/trust.h"

/* Portable C on a 32-bit core without accelerators; estimates. */
enum { SHA256_CYCLES_A_BYTE = 40, ED25519_CYCLES = 8000000, P256_CYCLES = 16000000 };

static void do_start(struct thm_call *c)
{
    thm_digest_start(c->p);
}

static void do_add(struct thm_call *c)
{
    thm_digest_add(c->p, c->q, c->n);
}

static void do_end(struct thm_call *c)
{
    thm_digest_end(c->p, (uint8_t *)(uintptr_t)c->q);
}

void thm_hal_digest_start(struct thm_board *b, struct thm_digest *d)
{
    thm_board_enter(do_start, (struct thm_call){ .b = b, .p = d });
}

void thm_hal_digest_add(struct thm_board *b, struct thm_digest *d, const void *data, uint32_t len)
{
    thm_board_enter(do_add, (struct thm_call){ .b = b, .p = d, .q = data, .n = len });
    thm_hal_work(b, (uint64_t)len * SHA256_CYCLES_A_BYTE);
}

void thm_hal_digest_end(struct thm_board *b, struct thm_digest *d, uint8_t *out)
{
    thm_board_enter(do_end, (struct thm_call){ .b = b, .p = d, .q = out });
}

static void do_signature(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct thm_msg *m;
    thm_board_flush(b);
    if (thm_modem_send(b->modem, THM_MSG_SIGN, c->q, THM_DIGEST_BYTES, NULL, 0) < 0 ||
        thm_modem_receive(b->modem, b->packet, THM_MODEM_CHUNK_MAX + 4096, &m) != THM_SIGNATURE_BYTES ||
        m->type != THM_MSG_SIGNATURE)
        return;
    memcpy(c->p, m + 1, THM_SIGNATURE_BYTES);
    c->result = true;
}

bool thm_hal_signature(struct thm_board *b, const uint8_t *digest, uint8_t *out)
{
    if (thm_board_enter(do_signature, (struct thm_call){ .b = b, .p = out, .q = digest }))
        return true;
    thm_hal_failure(b, 13, 0, 0, 0, "no signature could be fetched for the model");
    return false;
}

struct signature {
    const uint8_t *digest, *bytes;
};

static void do_verify(struct thm_call *c)
{
    const struct signature *s = c->q;
    c->result = thm_signature_is_valid(s->digest, s->bytes, thm_signing_public_key());
}

bool thm_hal_signature_is_valid(struct thm_board *b, const uint8_t *digest, const uint8_t *signature)
{
    const struct signature s = { digest, signature };
    const bool valid = thm_board_enter(do_verify, (struct thm_call){ .b = b, .q = &s }) != 0;
    thm_hal_work(b, ED25519_CYCLES);
    return valid;
}

static void do_trusted_key(struct thm_call *c)
{
    *(const struct thm_public_key **)c->p = c->b->run->trust ? c->b->run->trust : thm_test_key();
}

const struct thm_public_key *thm_hal_trusted_key(struct thm_board *b)
{
    const struct thm_public_key *key = NULL;
    thm_board_enter(do_trusted_key, (struct thm_call){ .b = b, .p = &key });
    return key;
}

struct verification {
    const struct thm_public_key *key;
    const uint8_t *digest, *signature;
};

static void do_key_verify(struct thm_call *c)
{
    const struct verification *v = c->q;
    c->result = thm_key_verifies(v->key, v->digest, v->signature);
}

bool thm_hal_key_verifies(struct thm_board *b, const struct thm_public_key *key, const void *data, uint32_t len,
                          const uint8_t *signature)
{
    static const uint32_t cycles[THM_KEY_KINDS] = { [THM_KEY_ED25519] = ED25519_CYCLES, [THM_KEY_P256] = P256_CYCLES };
    struct thm_digest d;
    uint8_t digest[THM_DIGEST_BYTES];
    const struct verification v = { key, digest, signature };
    thm_hal_digest_start(b, &d);
    thm_hal_digest_add(b, &d, data, len);
    thm_hal_digest_end(b, &d, digest);
    const bool valid = thm_board_enter(do_key_verify, (struct thm_call){ .b = b, .q = &v }) != 0;
    thm_hal_work(b, key->kind < THM_KEY_KINDS ? cycles[key->kind] : 0);
    return valid;
}
