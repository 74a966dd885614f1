/* emu/cli/ota_sign.c -- `thimble ota sign` and `verify`: a signed bundle of a model, and whether a board would take it.
 */
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/ota_key.h"
#include "emu/cli/ota_verbs.h"
#include "emu/firmware/bundle.h"
#include "emu/report/nn_message.h"

enum { MODEL_MAX = 256 << 20 };

/* ---- sign ---- */

/* The smallest arena that is enough on every board, if nobody has said another. */
static int measure_arena(const char *path, const uint8_t *model, size_t len, uint32_t *arena)
{
    struct thm_arena_stats stats;
    struct thm_model m;
    struct thm_nn_diag diag;
    if (thm_model_open(&m, model, len, &diag))
        return thm_fail(THM_EXIT_USAGE, "%s: not a model", path);
    if (*arena)
        return 0;
    for (size_t i = 0; thm_layout_at(i); i++) {
        if (thm_nn_measure(&m, thm_layout_at(i), &stats, &diag))
            return thm_fail(THM_EXIT_USAGE, "%s: its arena cannot be planned; --arena tells the board's", path);
        *arena = stats.min > *arena ? (uint32_t)stats.min : *arena;
    }
    return 0;
}

static int describe(const struct ota_options *o, const char *path, const uint8_t *model, size_t len,
                    struct thm_bundle_manifest *m)
{
    struct thm_digest d;
    const uint32_t flash = (uint32_t)len + THM_BUNDLE_HEAD + THM_BUNDLE_SPARE;
    *m = (struct thm_bundle_manifest){ .model_bytes = (uint32_t)len,
                                       .version = o->version,
                                       .counter = o->counter,
                                       .arena = o->arena,
                                       .flash = o->flash ? o->flash : flash };
    snprintf(m->board, sizeof m->board, "%s", o->board_class);
    thm_digest_start(&d);
    thm_digest_add(&d, model, len);
    thm_digest_end(&d, m->digest);
    return measure_arena(path, model, len, &m->arena);
}

static int put_head(uint8_t *head, struct thm_bundle_manifest *m, EVP_PKEY *key, const char *path)
{
    struct thm_public_key public;
    int status = ota_key_public(key, path, &public);
    if (status)
        return status;
    m->algorithm = public.kind;
    thm_key_id(&public, m->key_id);
    thm_bundle_put_manifest(head, m);
    return ota_key_sign(key, head, THM_BUNDLE_MANIFEST, head + THM_BUNDLE_MANIFEST);
}

static void print_manifest(const struct thm_bundle_manifest *m)
{
    printf("model      %u bytes, SHA-256 ", m->model_bytes);
    for (int i = 0; i < THM_DIGEST_BYTES; i++)
        printf("%02x", m->digest[i]);
    printf("\nversion    %u, security counter %u\n", m->version, m->counter);
    printf("board      %s\n", m->board);
    printf("needs      an arena of %u bytes, %u of flash\n", m->arena, m->flash);
    printf("signature  %s, key ", thm_key_kind_name(m->algorithm));
    for (int i = 0; i < THM_KEY_ID_BYTES; i++)
        printf("%02x", m->key_id[i]);
    putchar('\n');
}

static int write_bundle(const struct ota_options *o, EVP_PKEY *key, const char *from, const char *to)
{
    struct thm_bundle_manifest m;
    uint8_t *model, *bundle = NULL;
    size_t len;
    int status = thm_read_file(from, MODEL_MAX, &model, &len);
    if (status)
        return status;
    status = describe(o, from, model, len, &m);
    if (!status && !(bundle = malloc(THM_BUNDLE_HEAD + len)))
        status = thm_fail(THM_EXIT_HOST, "out of memory");
    if (!status)
        status = put_head(bundle, &m, key, o->key);
    if (!status) {
        memcpy(bundle + THM_BUNDLE_HEAD, model, len);
        status = thm_write_file(to, bundle, THM_BUNDLE_HEAD + len);
    }
    if (!status)
        print_manifest(&m);
    free(bundle);
    free(model);
    return status;
}

static bool is_class(const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] < ' ' || name[i] > '~')
            return false;
    return n > 0 && n <= THM_BUNDLE_BOARD_MAX;
}

int ota_sign(const struct ota_options *o, int argc, char **argv)
{
    EVP_PKEY *key;
    (void)argc;
    if (!o->key || !o->board_class)
        return thm_fail(THM_EXIT_USAGE, "ota sign needs --key and --board-class");
    if (!is_class(o->board_class))
        return thm_fail(THM_EXIT_USAGE, "--board-class wants 1 to %d printable characters", THM_BUNDLE_BOARD_MAX);
    int status = ota_key_read_private(o->key, &key);
    if (!status)
        status = write_bundle(o, key, argv[0], argv[1]);
    EVP_PKEY_free(key);
    return status;
}

/* ---- verify ---- */

static bool verify_manifest(void *ctx, const struct thm_public_key *key, const uint8_t *manifest,
                            const uint8_t *signature)
{
    struct thm_digest d;
    uint8_t digest[THM_DIGEST_BYTES];
    (void)ctx;
    thm_digest_start(&d);
    thm_digest_add(&d, manifest, THM_BUNDLE_MANIFEST);
    thm_digest_end(&d, digest);
    return thm_key_verifies(key, digest, signature);
}

static void check(struct thm_bundle *b, const struct thm_bundle_policy *p, const uint8_t *data, size_t len)
{
    struct thm_digest d;
    uint8_t digest[THM_DIGEST_BYTES];
    const uint8_t *model;
    uint32_t n;
    thm_digest_start(&d);
    if (thm_bundle_feed(b, p, data, (uint32_t)len, &model, &n) == THM_BUNDLE_OK)
        thm_digest_add(&d, model, n);
    thm_digest_end(&d, digest);
    thm_bundle_end(b, digest);
}

static void say(void *path, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    thm_fail(THM_EXIT_DIFFERS, "%s: %s", (const char *)path, text);
}

/* Without --board-class: the one that it names itself. */
static const char *class_in(const struct ota_options *o, const uint8_t *data, size_t len, struct thm_bundle_manifest *m)
{
    const bool readable = len >= THM_BUNDLE_MANIFEST && thm_bundle_get_manifest(data, m) == THM_BUNDLE_OK;
    return o->board_class ? o->board_class : readable ? m->board : "";
}

int ota_verify(const struct ota_options *o, int argc, char **argv)
{
    struct thm_public_key key;
    struct thm_bundle_manifest own;
    struct thm_bundle b = { 0 };
    uint8_t *data;
    size_t len;
    (void)argc;
    if (!o->trust)
        return thm_fail(THM_EXIT_USAGE, "ota verify needs --trust");
    int status = ota_key_read_public(o->trust, &key);
    if (!status)
        status = thm_read_file(argv[0], MODEL_MAX, &data, &len);
    if (status)
        return status;
    const struct thm_bundle_policy p = { .key = &key,
                                         .board = class_in(o, data, len, &own),
                                         .counter = o->counter,
                                         .arena = o->arena,
                                         .flash = o->flash,
                                         .verify = verify_manifest };
    check(&b, &p, data, len);
    free(data);
    if (!b.err)
        print_manifest(&b.m);
    thm_bundle_tell(&b, &p, say, argv[0]);
    return b.err ? THM_EXIT_DIFFERS : THM_EXIT_OK;
}
