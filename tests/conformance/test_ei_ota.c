/* Edge Impulse's weights payloads: the shared ones are read as their manifest says, and made again, byte for byte, from
 * the C++ source that their compiler would have written. */
#include <jansson.h>
#include "emu/board/signing.h"
#include "emu/ota/ei.h"
#include "emu/ota/eon.h"
#include "tests/testing.h"

enum { ITEMS_MAX = 512 };

static json_t *manifest;

static int setup(void **state)
{
    const char *path = shared_path("golden/ei-ota/manifest.json");
    *state = NULL;
    manifest = path ? json_load_file(path, 0, NULL) : NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(manifest);
    return 0;
}

struct payload {
    json_t *facts;
    uint8_t *data;
    size_t len, count, start;
    struct thm_ei_item item[ITEMS_MAX];
};

static void load(struct payload *p, size_t i)
{
    char name[100];
    p->facts = json_array_get(json_object_get(manifest, "items"), i);
    snprintf(name, sizeof name, "golden/ei-ota/%s", json_string_value(json_object_get(p->facts, "file")));
    const char *path = shared_path(name);
    FILE *f = path ? fopen(path, "rb") : NULL;
    assert_non_null(f);
    p->len = (size_t)json_integer_value(json_object_get(p->facts, "bytes"));
    p->data = malloc(p->len);
    assert_non_null(p->data);
    assert_int_equal(fread(p->data, 1, p->len, f), p->len);
    fclose(f);
    assert_true(thm_ei_scan(p->data, p->len, p->item, ITEMS_MAX, &p->count, &p->start));
}

static void for_each(void (*check)(struct payload *p))
{
    static struct payload p;
    if (!manifest)
        skip();
    for (size_t i = 0; i < json_array_size(json_object_get(manifest, "items")); i++) {
        load(&p, i);
        check(&p);
        free(p.data);
    }
}

static json_t *row_of(const struct payload *p, size_t i)
{
    json_t *tensors = json_object_get(p->facts, "tensors"), *quants = json_object_get(p->facts, "quant");
    const size_t n = json_array_size(tensors);
    assert_int_equal(p->count, n + json_array_size(quants));
    return i < n ? json_array_get(tensors, i) : json_array_get(quants, i - n);
}

static void check_items(struct payload *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const json_t *row = row_of(p, i);
        assert_int_equal(p->item[i].index, json_integer_value(json_object_get(row, "index")));
        assert_int_equal(p->item[i].count, json_integer_value(json_object_get(row, "count")));
        assert_int_equal(p->item[i].offset, json_integer_value(json_object_get(row, "payload_offset")));
    }
}

static void payload__is_taken_apart_as_the_manifest_says(void **state)
{
    (void)state;
    for_each(check_items);
}

/* ---- the source ---- */

static int32_t big32(const uint8_t *p)
{
    return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static void write_data(FILE *f, const struct payload *p, const struct thm_ei_item *i)
{
    fprintf(f, "const ALIGN(16) int%u_t tensor_data%u[%u] = { \n  /* [0] */ ", i->bits, i->index, i->count);
    for (uint32_t k = 0; k < i->count; k++)
        fprintf(f, "%d, ", i->bits == 8 ? (int8_t)p->data[i->offset + k] : big32(p->data + i->offset + 4 * k));
    fprintf(f, "};\nconst TfArray<1, int> tensor_dimension%u = { 1, { %u } };\n", i->index, i->count);
}

static void write_quant(FILE *f, const struct payload *p, const struct thm_ei_item *i)
{
    fprintf(f, "const TfArray<%u, float> quant%u_scale = { %u, { ", i->count, i->index, i->count);
    for (uint32_t k = 0; k < i->count; k++) {
        const int32_t word = big32(p->data + i->offset + 8 * k);
        float scale;
        memcpy(&scale, &word, sizeof scale);
        fprintf(f, "%.17g, ", (double)scale);
    }
    fprintf(f, "} };\nconst TfArray<%u, int> quant%u_zero = { %u, { ", i->count, i->index, i->count);
    for (uint32_t k = 0; k < i->count; k++)
        fprintf(f, "%d,", big32(p->data + i->offset + 8 * k + 4));
    fprintf(f, "} };\nconst TfLiteAffineQuantization quant%u = { (TfLiteFloatArray*)&quant%u_scale, 0 };\n", i->index,
            i->index);
}

static void source_of(const struct payload *p, struct thm_eon *eon)
{
    char *text = NULL, error[200] = "";
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    for (size_t i = 0; i < p->count; i++)
        (p->item[i].kind == THM_WEIGHTS_DATA ? write_data : write_quant)(f, p, &p->item[i]);
    fclose(f);
    if (!thm_eon_parse(text, len, eon, error, sizeof error))
        fail_msg("%s", error);
    free(text);
}

static void check_written(struct payload *p)
{
    struct thm_eon eon;
    struct thm_ei_writer writer;
    struct thm_weights_record bad;
    uint32_t size;
    uint8_t *out = malloc(p->len + 1);
    source_of(p, &eon);
    const struct thm_weights w = thm_weights_of_eon(&eon);
    assert_true(thm_ei_size(&w, &size, &bad));
    assert_int_equal(size, json_integer_value(json_object_get(p->facts, "patch_size")));
    thm_ei_writer_init(&writer, &w, size);
    assert_int_equal(thm_ei_writer_read(&writer, out, p->len + 1), p->len);
    assert_memory_equal(out, p->data, p->len);
    free(out);
    thm_eon_free(&eon);
}

static void writer__makes_the_same_bytes_from_the_source(void **state)
{
    (void)state;
    for_each(check_written);
}

/* ---- the device ---- */

static void check_digest(const struct thm_weights_record *r, const char *expected)
{
    struct thm_digest d;
    uint8_t is[THM_DIGEST_BYTES];
    char text[2 * THM_DIGEST_BYTES + 1];
    thm_digest_start(&d);
    if (r->kind == THM_WEIGHTS_DATA)
        thm_digest_add(&d, r->data, thm_weights_bytes(r));
    for (uint32_t c = 0; r->kind == THM_WEIGHTS_QUANT && c < r->count; c++) {
        thm_digest_add(&d, r->data + 4 * c, 4);
        thm_digest_add(&d, r->zero_point + 4 * c, 4);
    }
    thm_digest_end(&d, is);
    for (size_t i = 0; i < sizeof is; i++)
        snprintf(text + 2 * i, 3, "%02x", is[i]);
    assert_string_equal(text, expected);
}

static void clear(struct thm_eon *eon)
{
    for (size_t i = 0; i < eon->count; i++) {
        struct thm_weights_record *r = &eon->record[i];
        memset(r->data, 0, r->kind == THM_WEIGHTS_DATA ? thm_weights_bytes(r) : 4 * r->count);
        if (r->zero_point)
            memset(r->zero_point, 0, 4 * r->zero_points);
    }
}

static void check_read(struct payload *p)
{
    for (size_t step = 1; step <= p->len; step = step < 7 ? 7 : step * 40) {
        struct thm_eon eon;
        struct thm_ei_reader reader;
        source_of(p, &eon);
        clear(&eon);
        const struct thm_weights w = thm_weights_of_eon(&eon);
        thm_ei_reader_init(&reader, &w);
        for (size_t i = 0; i < p->len; i += step)
            thm_ei_reader_feed(&reader, p->data + i, p->len - i < step ? p->len - i : step);
        assert_int_equal(thm_ei_reader_end(&reader), THM_EI_OK);
        for (size_t i = 0; i < eon.count; i++)
            check_digest(&eon.record[i], json_string_value(json_object_get(row_of(p, i), "sha256_le")));
        thm_eon_free(&eon);
    }
}

static void reader__leaves_the_devices_values(void **state)
{
    (void)state;
    for_each(check_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload__is_taken_apart_as_the_manifest_says),
        cmocka_unit_test(writer__makes_the_same_bytes_from_the_source),
        cmocka_unit_test(reader__leaves_the_devices_values),
    };
    return cmocka_run_group_tests_name("ei-ota", tests, setup, teardown);
}
