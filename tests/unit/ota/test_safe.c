/* The safe payload between two trained models of one architecture: what it survives. */
#include "emu/ota/compare.h"
#include "emu/ota/ei.h"
#include "emu/ota/safe.h"
#include "tests/testing.h"

struct file {
    uint8_t *data;
    size_t len;
    struct thm_model model;
};

static struct file bad, smart;
static uint8_t *payload, *device;
static size_t len;
static uint8_t *staged;
static bool no_memory;

static void load(struct file *f, const char *name)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/demo/%s", getenv("THIMBLE_SOURCE"), name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    f->data = malloc(1 << 20);
    f->len = fread(f->data, 1, 1 << 20, in);
    fclose(in);
    assert_int_equal(thm_model_open(&f->model, f->data, f->len, NULL), THM_NN_OK);
}

static int setup(void **state)
{
    (void)state;
    load(&bad, "spotter-bad.tflite");
    load(&smart, "spotter-smart.tflite");
    thm_safe_write(&bad.model, &smart.model, &payload, &len);
    device = malloc(bad.len);
    return payload && device ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(bad.data);
    free(smart.data);
    free(payload);
    free(device);
    return 0;
}

static uint8_t *stage(void *ctx, uint32_t bytes)
{
    (void)ctx;
    free(staged);
    return staged = no_memory ? NULL : malloc(bytes);
}

static int clean(void **state)
{
    (void)state;
    free(staged);
    staged = NULL;
    no_memory = false;
    return 0;
}

static void begin(struct thm_safe_reader *r)
{
    static struct thm_safe_host host;
    host = thm_safe_pc;
    host.stage = stage;
    memcpy(device, bad.data, bad.len);
    thm_safe_reader_init(r, &host, device, (uint32_t)bad.len);
}

static void feed(struct thm_safe_reader *r, const uint8_t *data, size_t n, size_t step)
{
    for (size_t i = 0; i < n; i += step)
        thm_safe_reader_feed(r, data + i, n - i < step ? n - i : step);
}

static bool device_is_new(void)
{
    struct thm_model m;
    char text[100];
    return thm_model_open(&m, device, bad.len, NULL) == THM_NN_OK &&
           thm_ota_same_weights(&m, &smart.model, text, sizeof text);
}

static void reader__in_pieces_of_any_size_makes_the_new_model(void **state)
{
    (void)state;
    for (size_t step = 1; step < 3 * len; step = step * 3 + 1) {
        struct thm_safe_reader r;
        begin(&r);
        feed(&r, payload, len, step);
        assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_OK);
        assert_true(device_is_new());
    }
}

static void reader__cut_anywhere_resumes_behind_what_is_written(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < len; cut += cut < 300 ? 1 : 97) {
        struct thm_safe_reader r;
        begin(&r);
        feed(&r, payload, cut, 100);
        assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_ECUT);
        const uint32_t from = thm_safe_reader_resume(&r, false);
        assert_true(from <= cut);
        feed(&r, payload + from, len - from, 100);
        assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_OK);
        assert_true(device_is_new());
    }
}

static void reader__cut_thrice_resumes_from_the_start_as_well(void **state)
{
    struct thm_safe_reader r;
    (void)state;
    begin(&r);
    feed(&r, payload, len / 4, 100);
    for (size_t part = 2; part <= 4; part++) {
        const uint32_t before = r.applied;
        thm_safe_reader_end(&r);
        assert_int_equal(thm_safe_reader_resume(&r, true), 0);
        feed(&r, payload, len / 4 * part + (part == 4 ? len % 4 : 0), 100);
        assert_true(r.applied > before);
    }
    assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_OK);
    assert_true(device_is_new());
}

static void reader__any_corrupt_byte_is_found_and_none_of_its_record_written(void **state)
{
    (void)state;
    for (size_t at = 0; at < len; at += at < 200 ? 1 : 101) {
        struct thm_safe_reader r;
        struct thm_model m;
        begin(&r);
        payload[at] ^= 0x10;
        feed(&r, payload, len, 512);
        assert_int_not_equal(thm_safe_reader_end(&r), THM_SAFE_OK);
        payload[at] ^= 0x10;
        assert_int_equal(thm_model_open(&m, device, bad.len, NULL), THM_NN_OK);
        if (at < THM_SAFE_HEADER)
            assert_memory_equal(device, bad.data, bad.len);
        else {
            const uint32_t from = thm_safe_reader_resume(&r, false);
            assert_true(from <= at);
            feed(&r, payload + from, len - from, 512);
            assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_OK);
        }
    }
}

static void reader__another_model_is_refused_before_anything_is_written(void **state)
{
    struct thm_safe_reader r;
    (void)state;
    begin(&r);
    memcpy(device, smart.data, smart.len < bad.len ? smart.len : bad.len);
    device[bad.len - 1] ^= 1;
    uint8_t *before = malloc(bad.len);
    memcpy(before, device, bad.len);
    feed(&r, payload, len, 512);
    assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_EBASE);
    assert_memory_equal(device, before, bad.len);
    free(before);
}

static void reader__resumed_with_another_payload_stops(void **state)
{
    struct thm_safe_reader r;
    uint8_t *other;
    size_t other_len;
    (void)state;
    thm_safe_write(&bad.model, &bad.model, &other, &other_len);
    assert_int_equal(other_len, THM_SAFE_HEADER); /* nothing changes */
    begin(&r);
    feed(&r, payload, len / 2, 512);
    thm_safe_reader_resume(&r, true);
    feed(&r, other, other_len, 512);
    assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_EOTHER);
    free(other);
}

static void reader__before_anything_is_written_any_payload_will_do(void **state)
{
    struct thm_safe_reader r;
    uint8_t *other;
    size_t other_len;
    (void)state;
    thm_safe_write(&bad.model, &bad.model, &other, &other_len);
    begin(&r);
    feed(&r, other, other_len, 512);
    thm_safe_reader_resume(&r, true);
    feed(&r, payload, len, 512);
    assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_OK);
    assert_true(device_is_new());
    free(other);
}

static void reader__bytes_behind_the_end_are_refused(void **state)
{
    struct thm_safe_reader r;
    (void)state;
    begin(&r);
    feed(&r, payload, len, 512);
    thm_safe_reader_feed(&r, payload, 1);
    assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_EDIGEST);
}

static void reader__without_memory_to_stage_writes_nothing(void **state)
{
    struct thm_safe_reader r;
    (void)state;
    begin(&r);
    no_memory = true;
    feed(&r, payload, len, 512);
    assert_int_equal(thm_safe_reader_end(&r), THM_SAFE_EMEMORY);
    assert_memory_equal(device, bad.data, bad.len);
}

/* ---- the models' records ---- */

static void weights__of_a_model_are_written_where_they_are(void **state)
{
    struct thm_weights_model from, to;
    struct thm_ei_writer writer;
    struct thm_ei_reader reader;
    struct thm_weights_record bad_record;
    uint32_t size;
    uint8_t piece[13];
    size_t n;
    (void)state;
    memcpy(device, bad.data, bad.len);
    const struct thm_weights source = thm_weights_of_model(&from, &smart.model, NULL);
    const struct thm_weights target = thm_weights_of_model(&to, &bad.model, device);
    assert_true(thm_ei_size(&source, &size, &bad_record));
    thm_ei_writer_init(&writer, &source, size);
    thm_ei_reader_init(&reader, &target);
    while ((n = thm_ei_writer_read(&writer, piece, sizeof piece)) > 0)
        assert_int_equal(thm_ei_reader_feed(&reader, piece, n), n);
    assert_int_equal(thm_ei_reader_end(&reader), THM_EI_OK);
    assert_true(device_is_new());
}

static void weights__can_be_asked_for_in_any_order(void **state)
{
    struct thm_weights_model walk;
    struct thm_weights_record forwards[8], r;
    (void)state;
    const struct thm_weights w = thm_weights_of_model(&walk, &smart.model, NULL);
    for (uint32_t n = 0; n < 8; n++)
        assert_true(w.at(w.ctx, n, &forwards[n]));
    for (uint32_t n = 8; n-- > 0;) {
        assert_true(w.at(w.ctx, n, &r));
        assert_int_equal(r.index, forwards[n].index);
        assert_ptr_equal(r.data, forwards[n].data);
    }
    assert_false(w.at(w.ctx, 100000, &r));
}

#define T(name) cmocka_unit_test_teardown(name, clean)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reader__in_pieces_of_any_size_makes_the_new_model),
        T(reader__cut_anywhere_resumes_behind_what_is_written),
        T(reader__cut_thrice_resumes_from_the_start_as_well),
        T(reader__any_corrupt_byte_is_found_and_none_of_its_record_written),
        T(reader__another_model_is_refused_before_anything_is_written),
        T(reader__resumed_with_another_payload_stops),
        T(reader__before_anything_is_written_any_payload_will_do),
        T(reader__bytes_behind_the_end_are_refused),
        T(reader__without_memory_to_stage_writes_nothing),
        T(weights__of_a_model_are_written_where_they_are),
        T(weights__can_be_asked_for_in_any_order),
    };
    return cmocka_run_group_tests_name("safe", tests, setup, teardown);
}
