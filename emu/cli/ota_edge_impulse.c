/* emu/cli/ota_edge_impulse.c -- Edge Impulse's payloads. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/ota_format.h"
#include "emu/ota/compare.h"
#include "emu/ota/ei.h"

enum { ITEMS_MAX = 2 * (THM_EI_INDEX_MAX + 1), MARKER = sizeof THM_EI_MARKER - 1 };

static bool has_marker(const uint8_t *data, size_t len)
{
    return len >= MARKER && memcmp(data, THM_EI_MARKER, MARKER) == 0;
}

static bool recognises(const uint8_t *data, size_t len)
{
    return has_marker(data, len) || (len >= 8 && thm_ei_looks_like(data));
}

/* ---- write ---- */

static int check_same(struct ota_source *a, struct ota_source *b)
{
    char text[200];
    const bool same = a->is_model && b->is_model ? thm_ota_same_architecture(&a->model, &b->model, text, sizeof text)
                                                 : thm_ota_same_records(&a->weights, &b->weights, text, sizeof text);
    return same ? 0 : thm_fail(THM_EXIT_DIFFERS, "%s and %s are not of one architecture: %s", a->path, b->path, text);
}

/* Would a board with `a` then have all of b's weights? Types that are not sent must not differ. */
static int check_result(const struct ota_source *a, const struct ota_source *b, const uint8_t *payload, size_t len)
{
    char text[200] = "";
    struct thm_model result;
    uint8_t *copy = malloc(a->len);
    int status = copy ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    if (copy) {
        memcpy(copy, a->data, a->len);
        const bool applied = ota_edge_impulse.apply(copy, a->len, payload, len, text, sizeof text);
        if (!applied)
            status = thm_fail(THM_EXIT_DIFFERS, "%s: the payload cannot be applied: %s", a->path, text);
        else if (thm_model_open(&result, copy, a->len, NULL) ||
                 !thm_ota_same_weights(&result, &b->model, text, sizeof text))
            status = thm_fail(THM_EXIT_DIFFERS,
                              "the format does not carry the %s, in which %s and %s differ; "
                              "--format safe does",
                              text, a->path, b->path);
    }
    free(copy);
    return status;
}

static int write_payload(const struct ota_options *o, struct ota_source *a, struct ota_source *b, uint8_t **out,
                         size_t *len)
{
    struct thm_weights_record bad;
    struct thm_ei_writer writer;
    uint32_t patch_size;
    int status = check_same(a, b);
    if (status)
        return status;
    if (!thm_ei_size(&b->weights, &patch_size, &bad))
        return thm_fail(THM_EXIT_UPDATE,
                        "tensor %u has %u elements: the format has room for indices to %u and %u "
                        "elements; --format safe for more",
                        bad.index, bad.count, THM_EI_INDEX_MAX, THM_EI_COUNT_MAX);
    if (patch_size == 0)
        return thm_fail(THM_EXIT_UPDATE,
                        "%s: no int8 or int32 weights, and the format carries no others; --format "
                        "safe does",
                        b->path);
    const size_t marker = o->marker ? MARKER : 0, payload = 4 + (size_t)patch_size;
    *out = malloc(marker + payload);
    if (!*out)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    *len = marker + payload;
    memcpy(*out, THM_EI_MARKER, marker);
    thm_ei_writer_init(&writer, &b->weights, patch_size);
    thm_ei_writer_read(&writer, *out + marker, payload);
    return a->is_model && b->is_model ? check_result(a, b, *out, *len) : 0;
}

/* ---- apply ---- */

static bool apply(uint8_t *model, size_t model_len, const uint8_t *data, size_t len, char *text, size_t size)
{
    struct thm_model m;
    struct thm_weights_model walk;
    struct thm_ei_reader reader;
    const size_t skip = has_marker(data, len) ? MARKER : 0;
    if (thm_model_open(&m, model, model_len, NULL))
        return false;
    const struct thm_weights w = thm_weights_of_model(&walk, &m, model);
    thm_ei_reader_init(&reader, &w);
    thm_ei_reader_feed(&reader, data + skip, len - skip);
    const bool ok = thm_ei_reader_end(&reader) == THM_EI_OK;
    thm_ei_message(&reader, text, size);
    const size_t used = strlen(text);
    if (!ok)
        snprintf(text + used, size - used, "; %u of %u tensors and %u of %u quantisations are new",
                 reader.progress.new_tensors, reader.progress.tensors, reader.progress.new_quants,
                 reader.progress.quants);
    return ok;
}

/* ---- show ---- */

static void print_item(const struct thm_ei_item *i, const struct thm_model *m)
{
    char name[80];
    ota_tensor_name(m, 0, i->index, name, sizeof name);
    if (i->kind == THM_WEIGHTS_DATA)
        printf("%8u  tensor %3u  %5u x int%u%s\n", i->offset, i->index, i->count, i->bits, name);
    else
        printf("%8u  quant  %3u  %5u x (scale, zero point)%s\n", i->offset, i->index, i->count, name);
}

static json_t *item_json(const struct thm_ei_item *i)
{
    json_t *o = json_pack("{s:s, s:i, s:i, s:i}", "kind", i->kind == THM_WEIGHTS_DATA ? "tensor" : "quant", "index",
                          (int)i->index, "count", (int)i->count, "payload_offset", (int)i->offset);
    if (i->kind == THM_WEIGHTS_DATA)
        json_object_set_new(o, "bits", json_integer(i->bits));
    return o;
}

static int show_json(const struct thm_ei_item *items, size_t count, size_t len)
{
    json_t *all = json_array(), *o = json_object();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, item_json(&items[i]));
    json_object_set_new(o, "format", json_string(ota_edge_impulse.name));
    json_object_set_new(o, "bytes", json_integer((json_int_t)len));
    json_object_set_new(o, "records", all);
    const int bad = json_dumpf(o, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

static int show(const struct ota_options *o, const uint8_t *data, size_t len, const struct thm_model *model)
{
    struct thm_ei_item items[ITEMS_MAX];
    size_t count, start;
    if (!thm_ei_scan(data, len, items, ITEMS_MAX, &count, &start))
        return thm_fail(THM_EXIT_UPDATE, "no well-formed Edge Impulse payload: its records do not fill the %zu bytes",
                        len);
    if (o->json)
        return show_json(items, count, len);
    printf("%s, %zu bytes%s\n", ota_edge_impulse.title, len, start ? ", with the marker" : "");
    for (size_t i = 0; i < count; i++)
        print_item(&items[i], model);
    return 0;
}

const struct ota_format ota_edge_impulse = { .name = "edge-impulse",
                                             .title = "Edge Impulse weights payload",
                                             .recognises = recognises,
                                             .write = write_payload,
                                             .apply = apply,
                                             .show = show };
