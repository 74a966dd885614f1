#include "emu/firmware/bundle.h"
#include <string.h>

enum { /* offsets */
       FORMAT = 8,
       ALGORITHM = 10,
       MODEL_BYTES = 12,
       DIGEST = 16,
       VERSION = 48,
       COUNTER = 52,
       ARENA = 56,
       FLASH = 60,
       BOARD = 64,
       KEY_ID = 96,
       FORMAT_VERSION = 1,
};

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

const char *thm_bundle_err_name(enum thm_bundle_err e)
{
    static const char *const names[] = {
#define X(id, name) name,
        THM_BUNDLE_ERRORS(X)
#undef X
    };
    return names[e];
}

/* ---- the manifest ---- */

void thm_bundle_put_manifest(uint8_t *raw, const struct thm_bundle_manifest *m)
{
    memset(raw, 0, THM_BUNDLE_MANIFEST);
    memcpy(raw, THM_BUNDLE_MAGIC, THM_BUNDLE_MAGIC_BYTES);
    raw[FORMAT] = FORMAT_VERSION;
    raw[ALGORITHM] = m->algorithm;
    put32(raw + MODEL_BYTES, m->model_bytes);
    memcpy(raw + DIGEST, m->digest, sizeof m->digest);
    put32(raw + VERSION, m->version);
    put32(raw + COUNTER, m->counter);
    put32(raw + ARENA, m->arena);
    put32(raw + FLASH, m->flash);
    memcpy(raw + BOARD, m->board, strnlen(m->board, THM_BUNDLE_BOARD_MAX));
    memcpy(raw + KEY_ID, m->key_id, sizeof m->key_id);
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* Exactly what put makes: no reserved byte is of use to anybody. */
enum thm_bundle_err thm_bundle_get_manifest(const uint8_t *raw, struct thm_bundle_manifest *m)
{
    uint8_t again[THM_BUNDLE_MANIFEST];
    if (memcmp(raw, THM_BUNDLE_MAGIC, THM_BUNDLE_MAGIC_BYTES) != 0)
        return THM_BUNDLE_EMAGIC;
    *m = (struct thm_bundle_manifest){ .model_bytes = get32(raw + MODEL_BYTES),
                                       .version = get32(raw + VERSION),
                                       .counter = get32(raw + COUNTER),
                                       .arena = get32(raw + ARENA),
                                       .flash = get32(raw + FLASH),
                                       .algorithm = raw[ALGORITHM] };
    memcpy(m->digest, raw + DIGEST, sizeof m->digest);
    memcpy(m->key_id, raw + KEY_ID, sizeof m->key_id);
    memcpy(m->board, raw + BOARD, THM_BUNDLE_BOARD_MAX);
    thm_bundle_put_manifest(again, m);
    const bool fits = m->model_bytes && m->model_bytes <= INT32_MAX - THM_BUNDLE_HEAD - THM_BUNDLE_SPARE;
    return memcmp(raw, again, sizeof again) == 0 && is_printable(m->board) && fits && thm_key_bytes(m->algorithm)
               ? THM_BUNDLE_OK
               : THM_BUNDLE_EFORMAT;
}

/* ---- may this board have it? ---- */

static bool has_key(const struct thm_bundle_manifest *m, const struct thm_bundle_policy *p)
{
    uint8_t id[THM_KEY_ID_BYTES];
    thm_key_id(p->key, id);
    return m->algorithm == p->key->kind && memcmp(m->key_id, id, sizeof id) == 0;
}

static bool fits(uint32_t need, uint32_t have)
{
    return have == 0 || need <= have;
}

enum thm_bundle_err thm_bundle_judge(const uint8_t *head, const struct thm_bundle_manifest *m,
                                     const struct thm_bundle_policy *p)
{
    if (!has_key(m, p))
        return THM_BUNDLE_EKEY;
    if (!p->verify(p->ctx, p->key, head, head + THM_BUNDLE_MANIFEST))
        return THM_BUNDLE_ETAMPERED;
    if (strcmp(m->board, p->board) != 0)
        return THM_BUNDLE_EBOARD;
    if (m->counter < p->counter)
        return THM_BUNDLE_EREPLAY;
    if (!fits(m->arena, p->arena))
        return THM_BUNDLE_EARENA;
    return fits(m->flash, p->flash) ? THM_BUNDLE_OK : THM_BUNDLE_EFLASH;
}

/* ---- in pieces ---- */

static enum thm_bundle_err take_head(struct thm_bundle *b, const struct thm_bundle_policy *p, const uint8_t *data,
                                     uint32_t len)
{
    memcpy(b->head + b->head_len, data, len);
    b->head_len += len;
    if (b->head_len < THM_BUNDLE_HEAD)
        return THM_BUNDLE_OK;
    const enum thm_bundle_err e = thm_bundle_get_manifest(b->head, &b->m);
    return e ? e : thm_bundle_judge(b->head, &b->m, p);
}

enum thm_bundle_err thm_bundle_feed(struct thm_bundle *b, const struct thm_bundle_policy *p, const uint8_t *data,
                                    uint32_t len, const uint8_t **model, uint32_t *model_len)
{
    const uint32_t missing = THM_BUNDLE_HEAD - b->head_len, n = len < missing ? len : missing;
    *model_len = 0;
    if (!b->err && n)
        b->err = take_head(b, p, data, n);
    if (!b->err && len - n > b->m.model_bytes - b->model_len)
        b->err = THM_BUNDLE_ELONG;
    if (b->err)
        return b->err;
    *model = data + n;
    *model_len = len - n;
    b->model_len += len - n;
    return THM_BUNDLE_OK;
}

enum thm_bundle_err thm_bundle_end(struct thm_bundle *b, const uint8_t digest[THM_DIGEST_BYTES])
{
    if (!b->err && (b->head_len < THM_BUNDLE_HEAD || b->model_len < b->m.model_bytes))
        b->err = THM_BUNDLE_ECUT;
    if (!b->err && memcmp(digest, b->m.digest, THM_DIGEST_BYTES) != 0)
        b->err = THM_BUNDLE_EDIGEST;
    return b->err;
}

/* ---- in words ---- */

static uint64_t number(const uint8_t *id)
{
    uint64_t n = 0;
    for (int i = 0; i < THM_KEY_ID_BYTES; i++)
        n = n << 8 | id[i];
    return n;
}

static void tell_key(const struct thm_bundle *b, const struct thm_bundle_policy *p, thm_bundle_say *say, void *ctx)
{
    uint8_t id[THM_KEY_ID_BYTES];
    thm_key_id(p->key, id);
    say(ctx, "wrong key: it is signed with %s key %016llx, the board trusts %s key %016llx",
        thm_key_kind_name(b->m.algorithm), (unsigned long long)number(b->m.key_id), thm_key_kind_name(p->key->kind),
        (unsigned long long)number(id));
}

static void tell_cut(const struct thm_bundle *b, thm_bundle_say *say, void *ctx)
{
    if (b->head_len < THM_BUNDLE_HEAD)
        say(ctx, "truncated: it ends after %u bytes, its head has %u", b->head_len, THM_BUNDLE_HEAD);
    else
        say(ctx, "truncated: the model ends after %u of %u bytes", b->model_len, b->m.model_bytes);
}

void thm_bundle_tell(const struct thm_bundle *b, const struct thm_bundle_policy *p, thm_bundle_say *say, void *ctx)
{
    const struct thm_bundle_manifest *m = &b->m;
    switch (b->err) {
    case THM_BUNDLE_EMAGIC: say(ctx, "not a signed bundle: nobody vouches for it"); break;
    case THM_BUNDLE_EFORMAT: say(ctx, "malformed: its manifest has a field that format 1 does not allow"); break;
    case THM_BUNDLE_EKEY: tell_key(b, p, say, ctx); break;
    case THM_BUNDLE_ETAMPERED: say(ctx, "tampered: the signature is not one of this manifest"); break;
    case THM_BUNDLE_EBOARD: say(ctx, "wrong board: it is for '%s', this is '%s'", m->board, p->board); break;
    case THM_BUNDLE_EREPLAY:
        say(ctx, "replayed: its security counter is %u, the board has confirmed %u", m->counter, p->counter);
        break;
    case THM_BUNDLE_EARENA:
        say(ctx, "too large: it needs an arena of %u bytes, there are %u", m->arena, p->arena);
        break;
    case THM_BUNDLE_EFLASH:
        say(ctx, "too large: it needs %u bytes of flash, the storage has %u", m->flash, p->flash);
        break;
    case THM_BUNDLE_ECUT: tell_cut(b, say, ctx); break;
    case THM_BUNDLE_ELONG: say(ctx, "too long: it goes on behind its model's %u bytes", m->model_bytes); break;
    case THM_BUNDLE_EDIGEST: say(ctx, "tampered: the model's SHA-256 is not the one in the manifest"); break;
    default: break;
    }
}
