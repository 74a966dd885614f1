/* Edge Impulse's reader, on a device of three tensors: what it accepts, what it misreads, where it gives up. */
#include "emu/ota/ei.h"
#include "emu/ota/eon.h"
#include "tests/testing.h"

static const char source[] = "const ALIGN(8) int32_t tensor_data1[2] = { -1499591369, 648258640 };\n"
                             "const TfArray<2, float> quant1_scale = { 2, { 0.0036, 0.0268f } };\n"
                             "const TfArray<2, int> quant1_zero = { 2, { 0, 0 } };\n"
                             "ALIGN(16) int8_t tensor_data2[3*2] = { -128, -99, -19, -109, -84, 127, };\n"
                             "const TfArray<1, float> quant2_scale = { 1, { 0.5 } };\n"
                             "const TfArray<1, int> quant2_zero = { 1, { -3 } };\n"
                             "float tensor_data3[2] = { 1.5, 2 };\n";

struct device {
    struct thm_eon eon;
    struct thm_weights weights;
    struct thm_ei_reader reader;
    uint8_t payload[200]; /* with its own weights */
    size_t len;
};

static int setup(void **state)
{
    struct device *d = calloc(1, sizeof *d);
    struct thm_ei_writer writer;
    struct thm_weights_record bad;
    char error[100];
    uint32_t size;
    assert_true(thm_eon_parse(source, strlen(source), &d->eon, error, sizeof error));
    d->weights = thm_weights_of_eon(&d->eon);
    assert_true(thm_ei_size(&d->weights, &size, &bad));
    thm_ei_writer_init(&writer, &d->weights, size);
    d->len = thm_ei_writer_read(&writer, d->payload, sizeof d->payload);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct device *d = *state;
    thm_eon_free(&d->eon);
    free(d);
    return 0;
}

/* Once its end fell together with that of a piece, the writer began again. */
static void writer__behind_its_end_gives_nothing(void **state)
{
    struct device *d = *state;
    for (size_t step = 1; step <= d->len + 1; step++) {
        struct thm_ei_writer writer;
        uint8_t piece[sizeof d->payload + 1];
        size_t total = 0, n;
        thm_ei_writer_init(&writer, &d->weights, (uint32_t)d->len - 4);
        while (total <= d->len && (n = thm_ei_writer_read(&writer, piece, step)) > 0) {
            assert_true(total + n <= d->len);
            assert_memory_equal(piece, d->payload + total, n);
            total += n;
        }
        assert_int_equal(total, d->len);
        for (int i = 0; i < 3; i++)
            assert_int_equal(thm_ei_writer_read(&writer, piece, step), 0);
    }
}

static enum thm_ei_err read_payload(struct device *d, const uint8_t *data, size_t len)
{
    thm_ei_reader_init(&d->reader, &d->weights);
    thm_ei_reader_feed(&d->reader, data, len);
    return thm_ei_reader_end(&d->reader);
}

/* The payload with `n` bytes of `value` in front of offset `at`. */
static size_t with(const struct device *d, size_t at, size_t n, int value, uint8_t out[300])
{
    memcpy(out, d->payload, at);
    memset(out + at, value, n);
    memcpy(out + at + n, d->payload + at, d->len - at);
    return d->len + n;
}

static void says(const struct device *d, const char *text)
{
    char message[100];
    thm_ei_message(&d->reader, message, sizeof message);
    assert_string_equal(message, text);
}

#define FIRST  4u  /* where the first tensor's record starts, */
#define SECOND 16u /* the second's, */
#define QUANT  26u /* and the first quantisation's */

static void writer__sends_big_endian_without_a_word_too_many(void **state)
{
    static const uint8_t head[] = { 0,    0, 0, 52 - 4, 1, 32,   0,    2,    0xa6, 0x9e, 0x0d, 0x37, 0x26, 0xa3, 0xa4,
                                    0x50, 2, 8, 0,      6, 0x80, 0x9d, 0xed, 0x93, 0xac, 0x7f, 1,    0,    2 };
    struct device *d = *state;
    assert_int_equal(d->len, 26 + 19 + 11);
    assert_memory_equal(d->payload + 4, head + 4, sizeof head - 4);
    assert_int_equal(d->payload[3], d->len - 4);
}

static void reader__payload_of_another_size_is_refused_and_nothing_written(void **state)
{
    struct device *d = *state;
    d->payload[3]++;
    d->payload[8] = 0x55;
    assert_int_equal(read_payload(d, d->payload, d->len), THM_EI_ESIZE);
    says(d, "Size mismatch: expected 52, found 53");
    assert_int_equal(d->eon.record[0].data[3], 0xa6);
}

static void reader__cut_anywhere_leaves_what_came_before(void **state)
{
    struct device *d = *state;
    for (size_t len = 0; len < d->len; len++) {
        enum thm_ei_err err = read_payload(d, d->payload, len);
        assert_int_not_equal(err, THM_EI_OK);
        assert_int_equal(err == THM_EI_ENODATA, len == 0);
        assert_int_equal(d->reader.progress.new_tensors, (len >= SECOND) + (len >= QUANT));
        assert_int_equal(d->reader.progress.new_quants, len >= QUANT + 19);
    }
    says(d, "Not enough data for layer 2's data");
}

static void reader__cut_inside_a_number_leaves_its_high_bytes_new(void **state)
{
    struct device *d = *state;
    memset(d->eon.record[0].data, 0, 8);
    read_payload(d, d->payload, FIRST + 4 + 2);
    assert_memory_equal(d->eon.record[0].data, "\0\0\x9e\xa6\0\0\0\0", 8);
}

static void reader__extra_bytes_before_an_index_are_swallowed(void **state)
{
    struct device *d = *state;
    uint8_t longer[300];
    const size_t len = with(d, SECOND, 5, 0xEE, longer);
    assert_int_equal(read_payload(d, longer, len), THM_EI_OK);
    assert_int_equal(d->reader.progress.new_tensors, 2);
}

static void reader__an_extra_byte_that_is_the_index_shifts_what_follows(void **state)
{
    struct device *d = *state;
    uint8_t longer[300];
    /* "2, 2, 8, 0, 6": the second 2 is skipped in search of the bits */
    assert_int_equal(read_payload(d, longer, with(d, SECOND, 1, 2, longer)), THM_EI_OK);
}

static void reader__an_extra_byte_before_the_size_eats_the_stream(void **state)
{
    struct device *d = *state;
    uint8_t longer[300];
    assert_int_equal(read_payload(d, longer, with(d, SECOND + 2, 1, 0xEE, longer)), THM_EI_ECOUNT);
    assert_int_equal(d->reader.bytes, d->len + 1);
    assert_int_equal(d->reader.progress.new_tensors, 1);
}

static void reader__two_extra_bytes_before_the_size_are_swallowed(void **state)
{
    struct device *d = *state;
    uint8_t longer[300];
    assert_int_equal(read_payload(d, longer, with(d, SECOND + 2, 2, 0xEE, longer)), THM_EI_OK);
}

static void reader__trailing_bytes_are_left_in_the_stream(void **state)
{
    struct device *d = *state;
    uint8_t longer[300];
    assert_int_equal(read_payload(d, longer, with(d, d->len, 9, 1, longer)), THM_EI_OK);
    assert_int_equal(d->reader.bytes, d->len);
}

static void reader__a_wrong_index_is_searched_to_the_end(void **state)
{
    struct device *d = *state;
    d->payload[QUANT] = 7;
    memset(d->payload + QUANT + 1, 0xEE, d->len - QUANT - 1);
    assert_int_equal(read_payload(d, d->payload, d->len), THM_EI_EQUANT_INDEX);
    says(d, "Quantization index mismatch: expected 1, found 238");
}

static void reader__message_tells_that_nothing_was_found(void **state)
{
    struct device *d = *state;
    assert_int_equal(read_payload(d, d->payload, SECOND), THM_EI_EINDEX);
    says(d, "Data index mismatch: expected 2, found what was never set");
}

static void reader__any_scale_is_accepted(void **state)
{
    struct device *d = *state;
    memset(d->payload + QUANT + 3, 0xFF, 4); /* NaN */
    assert_int_equal(read_payload(d, d->payload, d->len), THM_EI_OK);
    assert_memory_equal(d->eon.record[2].data, "\xff\xff\xff\xff", 4);
}

static void scan__finds_marker_and_records(void **state)
{
    struct device *d = *state;
    struct thm_ei_item items[8];
    uint8_t marked[300] = THM_EI_MARKER;
    size_t count, start;
    memcpy(marked + 11, d->payload, d->len);
    assert_true(thm_ei_scan(marked, d->len + 11, items, 8, &count, &start));
    assert_int_equal(count, 4);
    assert_int_equal(start, 11);
    assert_int_equal(items[3].offset, 11 + QUANT + 19 + 3);
    for (size_t len = 0; len < d->len; len++)
        assert_false(thm_ei_scan(d->payload, len, items, 8, &count, &start));
    assert_false(thm_ei_scan(marked, d->len + 11, items, 3, &count, &start));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(writer__sends_big_endian_without_a_word_too_many),
        T(writer__behind_its_end_gives_nothing),
        T(reader__payload_of_another_size_is_refused_and_nothing_written),
        T(reader__cut_anywhere_leaves_what_came_before),
        T(reader__cut_inside_a_number_leaves_its_high_bytes_new),
        T(reader__extra_bytes_before_an_index_are_swallowed),
        T(reader__an_extra_byte_that_is_the_index_shifts_what_follows),
        T(reader__an_extra_byte_before_the_size_eats_the_stream),
        T(reader__two_extra_bytes_before_the_size_are_swallowed),
        T(reader__trailing_bytes_are_left_in_the_stream),
        T(reader__a_wrong_index_is_searched_to_the_end),
        T(reader__message_tells_that_nothing_was_found),
        T(reader__any_scale_is_accepted),
        T(scan__finds_marker_and_records),
    };
    return cmocka_run_group_tests_name("ei", tests, NULL, NULL);
}
