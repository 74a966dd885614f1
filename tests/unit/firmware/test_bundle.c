/* Signed bundles: what a manifest holds, what a board takes, and what it calls the rest. */
#include "tests/testing.h"
#include "emu/firmware/bundle.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include "emu/cli/ota_key.h"

enum { MODEL = 1000, BUNDLE = THM_BUNDLE_HEAD + MODEL };

struct bench {
    EVP_PKEY *key;
    struct thm_public_key public;
    struct thm_bundle_policy policy;
    uint8_t bundle[BUNDLE + 1];
};

static bool verify(void *ctx, const struct thm_public_key *key, const uint8_t *manifest, const uint8_t *signature)
{
    struct thm_digest d;
    uint8_t digest[THM_DIGEST_BYTES];
    (void)ctx;
    thm_digest_start(&d);
    thm_digest_add(&d, manifest, THM_BUNDLE_MANIFEST);
    thm_digest_end(&d, digest);
    return thm_key_verifies(key, digest, signature);
}

static struct thm_bundle_manifest manifest_of(const struct bench *b)
{
    struct thm_bundle_manifest m = { .model_bytes = MODEL,
                                     .version = 7,
                                     .counter = 3,
                                     .arena = 5000,
                                     .flash = 9000,
                                     .algorithm = b->public.kind,
                                     .board = "esp32" };
    struct thm_digest d;
    thm_key_id(&b->public, m.key_id);
    thm_digest_start(&d);
    thm_digest_add(&d, b->bundle + THM_BUNDLE_HEAD, MODEL);
    thm_digest_end(&d, m.digest);
    return m;
}

static void set_up(struct bench *b, const char *algorithm)
{
    memset(b, 0, sizeof *b);
    assert_int_equal(ota_key_make(algorithm, &b->key), 0);
    assert_int_equal(ota_key_public(b->key, "key", &b->public), 0);
    for (int i = 0; i < MODEL; i++)
        b->bundle[THM_BUNDLE_HEAD + i] = (uint8_t)(i * 7);
    const struct thm_bundle_manifest m = manifest_of(b);
    thm_bundle_put_manifest(b->bundle, &m);
    assert_int_equal(ota_key_sign(b->key, b->bundle, THM_BUNDLE_MANIFEST, b->bundle + THM_BUNDLE_MANIFEST), 0);
    b->policy = (struct thm_bundle_policy){
        .key = &b->public, .board = "esp32", .counter = 3, .arena = 5000, .flash = 9000, .verify = verify
    };
}

static enum thm_bundle_err feed(const struct bench *b, struct thm_bundle *out, const uint8_t *data, uint32_t len,
                                uint32_t step)
{
    struct thm_digest d;
    uint8_t digest[THM_DIGEST_BYTES];
    *out = (struct thm_bundle){ 0 };
    thm_digest_start(&d);
    for (uint32_t at = 0, n; at < len; at += n) {
        const uint8_t *model;
        uint32_t of_model;
        n = len - at < step ? len - at : step;
        thm_bundle_feed(out, &b->policy, data + at, n, &model, &of_model);
        if (of_model)
            thm_digest_add(&d, model, of_model);
    }
    thm_digest_end(&d, digest);
    return thm_bundle_end(out, digest);
}

static void good__is_taken_in_pieces_of_any_size(void **state)
{
    static const char *const algorithms[] = { "ed25519", "p256" };
    (void)state;
    for (int a = 0; a < 2; a++) {
        struct bench b;
        struct thm_bundle got;
        set_up(&b, algorithms[a]);
        for (uint32_t step = 1; step <= BUNDLE; step += step < 200 ? 1 : 97) {
            assert_int_equal(feed(&b, &got, b.bundle, BUNDLE, step), THM_BUNDLE_OK);
            assert_int_equal(got.m.version, 7);
            assert_string_equal(got.m.board, "esp32");
        }
        EVP_PKEY_free(b.key);
    }
}

static void any_bit__changed_is_refused(void **state)
{
    static const char *const algorithms[] = { "ed25519", "p256" };
    (void)state;
    for (int a = 0; a < 2; a++) {
        struct bench b;
        struct thm_bundle got;
        set_up(&b, algorithms[a]);
        for (uint32_t bit = 0; bit < 8 * (THM_BUNDLE_HEAD + 4); bit += a ? 13 : 1) {
            b.bundle[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(feed(&b, &got, b.bundle, BUNDLE, BUNDLE), THM_BUNDLE_OK);
            b.bundle[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        EVP_PKEY_free(b.key);
    }
}

static void any_length__but_its_own_is_refused(void **state)
{
    struct bench b;
    struct thm_bundle got;
    (void)state;
    set_up(&b, "ed25519");
    for (uint32_t len = 0; len < BUNDLE; len++)
        assert_int_equal(feed(&b, &got, b.bundle, len, 64), THM_BUNDLE_ECUT);
    assert_int_equal(feed(&b, &got, b.bundle, BUNDLE + 1, 64), THM_BUNDLE_ELONG);
    assert_int_equal(feed(&b, &got, b.bundle, BUNDLE + 1, BUNDLE + 1), THM_BUNDLE_ELONG);
    EVP_PKEY_free(b.key);
}

static void say(void *ctx, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(ctx, 256, fmt, args);
    va_end(args);
}

static void policy__is_told_by_name(void **state)
{
    static const struct {
        const char *board;
        uint32_t counter, arena, flash;
        enum thm_bundle_err err;
        const char *says;
    } rows[] = {
        { "esp32", 3, 0, 0, THM_BUNDLE_OK, "" },
        { "esp32", 0, 5000, 9000, THM_BUNDLE_OK, "" },
        { "pico", 3, 0, 0, THM_BUNDLE_EBOARD, "wrong board: it is for 'esp32', this is 'pico'" },
        { "esp32", 4, 0, 0, THM_BUNDLE_EREPLAY, "replayed: its security counter is 3, the board has confirmed 4" },
        { "esp32", 3, 4999, 0, THM_BUNDLE_EARENA, "too large: it needs an arena of 5000 bytes, there are 4999" },
        { "esp32", 3, 0, 8999, THM_BUNDLE_EFLASH, "too large: it needs 9000 bytes of flash, the storage has 8999" },
    };
    struct bench b;
    (void)state;
    set_up(&b, "ed25519");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct thm_bundle got;
        char text[256] = "";
        b.policy.board = rows[i].board;
        b.policy.counter = rows[i].counter;
        b.policy.arena = rows[i].arena;
        b.policy.flash = rows[i].flash;
        assert_int_equal(feed(&b, &got, b.bundle, BUNDLE, 100), rows[i].err);
        thm_bundle_tell(&got, &b.policy, say, text);
        assert_string_equal(text, rows[i].says);
    }
    EVP_PKEY_free(b.key);
}

static void refused__gives_no_model_byte(void **state)
{
    struct bench b, other;
    struct thm_bundle got = { 0 };
    const uint8_t *model;
    uint32_t n;
    (void)state;
    set_up(&b, "ed25519");
    set_up(&other, "ed25519");
    assert_int_equal(thm_bundle_feed(&got, &other.policy, b.bundle, BUNDLE, &model, &n), THM_BUNDLE_EKEY);
    assert_int_equal(n, 0);
    assert_int_equal(thm_bundle_feed(&got, &other.policy, b.bundle, 1, &model, &n), THM_BUNDLE_EKEY);
    assert_int_equal(n, 0);
    EVP_PKEY_free(b.key);
    EVP_PKEY_free(other.key);
}

static void key__off_the_curve_verifies_nothing(void **state)
{
    struct thm_public_key key = { .kind = THM_KEY_P256, .bytes = { 1 } };
    uint8_t digest[THM_DIGEST_BYTES] = { 0 }, signature[THM_SIGNATURE_BYTES] = { 0 };
    (void)state;
    assert_false(thm_key_verifies(&key, digest, signature));
    key.kind = THM_KEY_KINDS;
    assert_false(thm_key_verifies(&key, digest, signature));
    key.kind = THM_KEY_NONE;
    assert_false(thm_key_verifies(&key, digest, signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good__is_taken_in_pieces_of_any_size), cmocka_unit_test(any_bit__changed_is_refused),
        cmocka_unit_test(any_length__but_its_own_is_refused),   cmocka_unit_test(policy__is_told_by_name),
        cmocka_unit_test(refused__gives_no_model_byte),         cmocka_unit_test(key__off_the_curve_verifies_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
