/* emu/cli/ota_safe.c -- payloads of our own format. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/ota_format.h"
#include "emu/ota/compare.h"
#include "emu/ota/safe.h"

static const char *const fields[] = { "data", "scales", "zero points" };

static bool recognises(const uint8_t *data, size_t len)
{
    return len >= 4 && memcmp(data, THM_SAFE_MAGIC, 4) == 0;
}

static int write_payload(const struct ota_options *o, struct ota_source *a, struct ota_source *b, uint8_t **out,
                         size_t *len)
{
    char text[200];
    (void)o;
    if (!a->is_model || !b->is_model)
        return thm_fail(THM_EXIT_USAGE, "%s: --format safe is made of .tflite files", (a->is_model ? b : a)->path);
    if (!thm_ota_same_architecture(&a->model, &b->model, text, sizeof text))
        return thm_fail(THM_EXIT_DIFFERS, "%s and %s are not of one architecture: %s", a->path, b->path, text);
    thm_safe_write(&a->model, &b->model, out, len);
    return *out ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
}

static uint8_t *stage(void *ctx, uint32_t bytes)
{
    uint8_t **p = ctx;
    *p = malloc(bytes);
    return *p;
}

static bool apply(uint8_t *model, size_t model_len, const uint8_t *data, size_t len, char *text, size_t size)
{
    struct thm_safe_reader reader;
    uint8_t *staged = NULL;
    struct thm_safe_host host = thm_safe_pc;
    host.stage = stage;
    host.ctx = &staged;
    thm_safe_reader_init(&reader, &host, model, (uint32_t)model_len);
    thm_safe_reader_feed(&reader, data, len);
    const bool ok = thm_safe_reader_end(&reader) == THM_SAFE_OK;
    thm_safe_message(&reader, text, size);
    free(staged);
    return ok;
}

/* ---- show ---- */

static json_t *record_json(const struct thm_safe_record *r, size_t offset)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:I}", "field", r->field < THM_SAFE_FIELDS ? fields[r->field] : "unknown",
                     "subgraph", (int)r->subgraph, "tensor", (int)r->tensor, "bytes", (int)r->bytes, "payload_offset",
                     (json_int_t)offset);
}

static void print_record(const struct thm_safe_record *r, size_t offset, const struct thm_model *m)
{
    char name[80];
    ota_tensor_name(m, r->subgraph, r->tensor, name, sizeof name);
    printf("%8zu  tensor %3u  %8u bytes of %s%s\n", offset, r->tensor, r->bytes,
           r->field < THM_SAFE_FIELDS ? fields[r->field] : "an unknown field", name);
}

/* All records within len; all: NULL, they are printed. */
static void walk(const uint8_t *data, size_t len, const struct thm_model *model, json_t *all)
{
    struct thm_safe_record r;
    for (size_t at = THM_SAFE_HEADER; len - at >= THM_SAFE_RECORD; at += r.bytes) {
        thm_safe_parse_record(data + at, &r);
        at += THM_SAFE_RECORD;
        if (all)
            json_array_append_new(all, record_json(&r, at));
        else
            print_record(&r, at, model);
        if (r.bytes > len - at)
            return;
    }
}

static void hex(const uint8_t *digest, char out[2 * THM_DIGEST_BYTES + 1])
{
    for (size_t i = 0; i < THM_DIGEST_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static int show(const struct ota_options *o, const uint8_t *data, size_t len, const struct thm_model *model)
{
    struct thm_safe_header h;
    char digest[3][2 * THM_DIGEST_BYTES + 1];
    if (len < THM_SAFE_HEADER || !thm_safe_parse_header(data, &h))
        return thm_fail(THM_EXIT_UPDATE, "the payload's header is damaged or cut");
    hex(h.digest, digest[0]);
    hex(h.base, digest[1]);
    hex(h.result, digest[2]);
    if (!o->json) {
        printf("%s, %u bytes, %u records\n  digest %s\n  from   %s\n  to     %s\n", ota_safe.title, h.bytes, h.records,
               digest[0], digest[1], digest[2]);
        walk(data, len, model, NULL);
        return 0;
    }
    json_t *all = json_array();
    walk(data, len, NULL, all);
    json_t *top = json_pack("{s:s, s:I, s:s, s:s, s:s, s:o}", "format", ota_safe.name, "bytes", (json_int_t)h.bytes,
                            "digest", digest[0], "from", digest[1], "to", digest[2], "records", all);
    const int bad = json_dumpf(top, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(top);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

const struct ota_format ota_safe = { .name = "safe",
                                     .title = "safe weights payload",
                                     .recognises = recognises,
                                     .write = write_payload,
                                     .apply = apply,
                                     .show = show };
