#include "emu/firmware/payload_internal.h"
#include <string.h>
#include "emu/firmware/bundle.h"
#include "emu/firmware/text.h"
#include "emu/ota/ei.h"
#include "emu/ota/safe.h"

_Static_assert(sizeof(struct thm_payload) < 256, "the decoder's state lies in the board's SRAM");

#define IDENTIFIER_AT 4 /* of a FlatBuffers file; TFLite's is "TFL3" */
#define TEXT_SHOWN    4 /* first bytes in a message */

void thm_payload_init(struct thm_payload *p, uint32_t max, thm_payload_sink *sink, void *ctx)
{
    memset(p, 0, sizeof *p);
    p->max = max;
    p->sink = sink;
    p->ctx = ctx;
}

enum thm_payload_err thm_payload_emit(struct thm_payload *p, const uint8_t *data, uint32_t len)
{
    if (len > p->max - p->total)
        return THM_PAYLOAD_ETOOBIG;
    p->total += len;
    return p->sink(p->ctx, data, len) ? THM_PAYLOAD_OK : THM_PAYLOAD_ESINK;
}

static bool is_text_byte(uint8_t c)
{
    return (c >= ' ' && c < 127) || (c >= '\t' && c <= '\r');
}

/* C source begins with a word, a comment or a preprocessor line; before it may be space and a byte order mark. */
static bool looks_like_c(const uint8_t *head, size_t len)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
    size_t i = memcmp(head, mark, sizeof mark) == 0 ? sizeof mark : 0;
    uint8_t first = 0;
    for (; i < len; i++) {
        if (!is_text_byte(head[i]))
            return false;
        if (!first && head[i] > ' ')
            first = head[i];
    }
    uint8_t lower = first | 0x20;
    return first == 0 || first == '/' || first == '#' || first == '_' || (lower >= 'a' && lower <= 'z');
}

/* What a board is sent as well, but is no model. */
static const char *other_kind(const uint8_t *head)
{
    static const struct {
        uint8_t magic[8], len;
        const char *what;
    } rows[] = {
        { "edgeimpu", 8, "Edge Impulse weights" },
        { THM_SAFE_MAGIC, 4, "weights" },
        { "PK\003\004", 4, "a zip file" },
        { "\x1f\x8b", 2, "gzip" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (memcmp(head, rows[i].magic, rows[i].len) == 0)
            return rows[i].what;
    return thm_ei_looks_like(head) ? rows[0].what : NULL;
}

static enum thm_payload_err decide(struct thm_payload *p)
{
    if (memcmp(p->head, THM_BUNDLE_MAGIC, THM_BUNDLE_MAGIC_BYTES) == 0)
        p->kind = THM_PAYLOAD_BUNDLE;
    else if (memcmp(p->head + IDENTIFIER_AT, "TFL3", 4) == 0)
        p->kind = THM_PAYLOAD_RAW;
    else if (!other_kind(p->head) && looks_like_c(p->head, sizeof p->head))
        p->kind = THM_PAYLOAD_C_ARRAY;
    return p->kind == THM_PAYLOAD_UNKNOWN ? THM_PAYLOAD_ENOTMODEL : THM_PAYLOAD_OK;
}

static bool is_as_is(const struct thm_payload *p)
{
    return p->kind == THM_PAYLOAD_RAW || p->kind == THM_PAYLOAD_BUNDLE;
}

static enum thm_payload_err decode_raw(struct thm_payload *p, const uint8_t *data, size_t len)
{
    p->at += len;
    if (len > UINT32_MAX)
        return THM_PAYLOAD_ETOOBIG;
    return len ? thm_payload_emit(p, data, (uint32_t)len) : THM_PAYLOAD_OK;
}

static enum thm_payload_err decode(struct thm_payload *p, const uint8_t *data, size_t len)
{
    size_t used = 0;
    if (is_as_is(p))
        return decode_raw(p, data, len);
    enum thm_payload_err err = thm_payload_text(p, data, len, &used);
    if (!err && thm_payload_array_ended(p))
        err = thm_payload_flush(p); /* after a trailing comma something is left */
    p->at += err ? used : len;
    return err;
}

/* The first bytes are kept until they tell what the payload is. */
static enum thm_payload_err take_head(struct thm_payload *p, const uint8_t *data, size_t len, size_t *used)
{
    size_t n = sizeof p->head - p->head_len;
    if (n > len)
        n = len;
    if (n)
        memcpy(p->head + p->head_len, data, n);
    p->head_len = (uint8_t)(p->head_len + n);
    *used = n;
    if (p->head_len < sizeof p->head)
        return THM_PAYLOAD_OK;
    enum thm_payload_err err = decide(p);
    return err ? err : decode(p, p->head, sizeof p->head);
}

enum thm_payload_err thm_payload_feed(struct thm_payload *p, const uint8_t *data, size_t len)
{
    size_t used = 0;
    if (!p->err && p->kind == THM_PAYLOAD_UNKNOWN)
        p->err = (uint8_t)take_head(p, data, len, &used);
    if (!p->err && len > used)
        p->err = (uint8_t)decode(p, data + used, len - used);
    return (enum thm_payload_err)p->err;
}

enum thm_payload_err thm_payload_end(struct thm_payload *p)
{
    if (p->err || is_as_is(p))
        return (enum thm_payload_err)p->err;
    if (p->kind == THM_PAYLOAD_UNKNOWN)
        p->err = THM_PAYLOAD_ENOTMODEL;
    else if (thm_payload_array_ended(p))
        p->err = THM_PAYLOAD_OK;
    else if (thm_payload_array_is_open(p) || thm_payload_text_is_open(p))
        p->err = THM_PAYLOAD_ECUT;
    else
        p->err = THM_PAYLOAD_ENOARRAY;
    return (enum thm_payload_err)p->err;
}

static void add_place(struct thm_text *t, const struct thm_payload *p)
{
    thm_text_add(t, "line ");
    thm_text_number(t, (uint64_t)p->line + 1);
    thm_text_add(t, ", byte ");
    thm_text_number(t, p->at);
    thm_text_add(t, ": ");
}

void thm_payload_message(const struct thm_payload *p, char *out, size_t size)
{
    static const struct {
        const char *text;
        bool place, head, limit; /* what else is told */
    } rows[] = {
        [THM_PAYLOAD_OK] = { "", false, false, false },
        [THM_PAYLOAD_ENOTMODEL] = { "not a model: ", false, true, false },
        [THM_PAYLOAD_ENOARRAY] = { "no array of integers in the text; ", false, true, false },
        [THM_PAYLOAD_ESYNTAX] = { "something in the array is no number", true, false, false },
        [THM_PAYLOAD_ERANGE] = { "the number does not fit into a byte", true, false, false },
        [THM_PAYLOAD_ECUT] = { "the text ends before the array does", true, false, false },
        [THM_PAYLOAD_ETOOBIG] = { "the model has more bytes than are accepted: ", false, false, true },
        [THM_PAYLOAD_ESINK] = { "the model's bytes were refused", true, false, false },
    };
    struct thm_text t = { out, size, 0 };
    if (rows[p->err].place && p->kind == THM_PAYLOAD_C_ARRAY)
        add_place(&t, p);
    thm_text_add(&t, rows[p->err].text);
    const char *other = rows[p->err].head && p->head_len == sizeof p->head ? other_kind(p->head) : NULL;
    if (other) {
        thm_text_add(&t, other);
        thm_text_add(&t, ", ");
    }
    if (rows[p->err].head)
        thm_text_head(&t, p->head, p->head_len < TEXT_SHOWN ? p->head_len : TEXT_SHOWN);
    if (rows[p->err].limit)
        thm_text_number(&t, p->max);
    thm_text_end(&t);
}
