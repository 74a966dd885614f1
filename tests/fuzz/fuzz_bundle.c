/* The bundle parser: any bytes in any pieces end in the model that the manifest tells or in one error, and the pieces'
 * sizes change nothing. Half of the inputs get a digest and a head that are right, so that what is behind is reached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "emu/firmware/bundle.h"

struct result {
    struct thm_bundle b;
    struct thm_digest digest;
    uint32_t taken;
    char message[256];
};

/* No signature is guessed: the key's word is a bit of the input. */
static bool verify(void *ctx, const struct thm_public_key *key, const uint8_t *manifest, const uint8_t *signature)
{
    (void)ctx;
    (void)key;
    (void)manifest;
    return signature[0] & 1;
}

static void say(void *ctx, const char *fmt, ...)
{
    struct result *r = ctx;
    r->message[0] = fmt[0];
}

static void feed(struct result *r, const struct thm_bundle_policy *p, const uint8_t *data, size_t len, size_t step)
{
    uint8_t digest[THM_DIGEST_BYTES];
    memset(r, 0, sizeof *r);
    thm_digest_start(&r->digest);
    for (size_t i = 0; i < len; i += step) {
        const uint8_t *model = NULL;
        uint32_t n;
        const uint32_t piece = (uint32_t)(len - i < step ? len - i : step);
        if (thm_bundle_feed(&r->b, p, data + i, piece, &model, &n) != THM_BUNDLE_OK && n)
            abort();
        if (n && (model < data + i || model + n > data + i + piece))
            abort();
        if (n)
            thm_digest_add(&r->digest, model, n);
        r->taken += n;
    }
    thm_digest_end(&r->digest, digest);
    const enum thm_bundle_err e = thm_bundle_end(&r->b, digest);
    thm_bundle_tell(&r->b, p, say, r);
    if (!e != !r->message[0] || (!e && r->taken != r->b.m.model_bytes) || !thm_bundle_err_name(e))
        abort();
}

/* What a publisher would have made of these bytes. */
static void mend(uint8_t *data, size_t len, const struct thm_public_key *key)
{
    struct thm_bundle_manifest m;
    struct thm_digest d;
    if (len <= THM_BUNDLE_HEAD)
        return;
    memcpy(data, THM_BUNDLE_MAGIC, THM_BUNDLE_MAGIC_BYTES);
    thm_bundle_get_manifest(data, &m);
    m.algorithm = key->kind;
    m.model_bytes = (uint32_t)(len - THM_BUNDLE_HEAD) + (data[THM_BUNDLE_HEAD] == 1);
    thm_key_id(key, m.key_id);
    thm_digest_start(&d);
    thm_digest_add(&d, data + THM_BUNDLE_HEAD, len - THM_BUNDLE_HEAD);
    thm_digest_end(&d, m.digest);
    thm_bundle_put_manifest(data, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result whole, pieces;
    static const struct thm_public_key key = { .kind = THM_KEY_ED25519 };
    const struct thm_bundle_policy p = {
        .key = &key, .board = "esp32", .counter = 2, .arena = 100000, .flash = 1 << 20, .verify = verify
    };
    if (size < 2)
        return 0;
    uint8_t *copy = malloc(size - 1);
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    if (data[0] & 1)
        mend(copy, size - 1, &key);
    feed(&whole, &p, copy, size - 1, size);
    feed(&pieces, &p, copy, size - 1, 1 + data[0] / 2u);
    if (whole.b.err != pieces.b.err || (!whole.b.err && memcmp(&whole.b.m, &pieces.b.m, sizeof whole.b.m) != 0))
        abort();
    free(copy);
    return 0;
}
