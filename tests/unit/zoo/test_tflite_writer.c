/* One dense layer, written and read back with an independent reader. */
#include "emu/zoo/tflite_writer.h"
#include "tests/unit/zoo/memory_sink.h"
#include "tests/unit/zoo/walker.h"

enum { INPUT, WEIGHTS, BIAS, OUTPUT, TENSORS };

struct fixture {
    struct thm_tflite_tensor tensors[TENSORS];
    struct thm_tflite_op op;
    struct thm_tflite_model model;
    struct memory out;
    uint32_t last_tensor, next_offset; /* what the data callback was asked for */
};

static const float one_scale[] = { 0.5f }, row_scales[] = { 0.1f, 0.2f, 0.3f };

static uint8_t expected_byte(uint32_t tensor, uint32_t offset)
{
    return (uint8_t)(tensor * 50 + offset * 7);
}

static void data(void *context, uint32_t tensor, uint32_t offset, uint8_t *to, uint32_t len)
{
    struct fixture *f = context;
    if (tensor != f->last_tensor)
        f->next_offset = 0;
    assert_true(tensor >= f->last_tensor);
    assert_int_equal(offset, f->next_offset);
    f->last_tensor = tensor;
    f->next_offset = offset + len;
    for (uint32_t i = 0; i < len; i++)
        to[i] = expected_byte(tensor, offset + i);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->tensors[INPUT] = (struct thm_tflite_tensor){ .name = "in",
                                                    .type = THM_INT8,
                                                    .rank = 2,
                                                    .shape = { 1, 3001 },
                                                    .scale = one_scale,
                                                    .scales = 1,
                                                    .zero_point = -7 };
    f->tensors[WEIGHTS] = (struct thm_tflite_tensor){ .name = "w",
                                                      .type = THM_INT8,
                                                      .rank = 2,
                                                      .shape = { 3, 3001 },
                                                      .scale = row_scales,
                                                      .scales = 3,
                                                      .data_bytes = 9003 };
    f->tensors[BIAS] =
        (struct thm_tflite_tensor){ .name = "bias", .type = THM_INT32, .rank = 1, .shape = { 3 }, .data_bytes = 12 };
    f->tensors[OUTPUT] = (struct thm_tflite_tensor){
        .name = "out", .type = THM_INT8, .rank = 2, .shape = { 1, 3 }, .scale = one_scale, .scales = 1
    };
    f->op = (struct thm_tflite_op){ .code = THM_TFLITE_FULLY_CONNECTED,
                                    .version = 4,
                                    .inputs = 3,
                                    .input = { INPUT, WEIGHTS, BIAS },
                                    .output = OUTPUT };
    thm_tflite_dense_options(&f->op, THM_TFLITE_RELU);
    f->model = (struct thm_tflite_model){ .description = "a test",
                                          .tensors = f->tensors,
                                          .tensor_count = TENSORS,
                                          .ops = &f->op,
                                          .op_count = 1,
                                          .input = INPUT,
                                          .output = OUTPUT,
                                          .data = data,
                                          .context = f };
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    free(f->out.data);
    free(f);
    return 0;
}

static struct walker write_ok(struct fixture *f, uint32_t file_bytes)
{
    const struct thm_sink sink = memory_sink(&f->out);
    uint32_t written;
    f->last_tensor = f->next_offset = 0;
    f->out.size = 0;
    assert_int_equal(thm_tflite_write(&f->model, file_bytes, &sink, &written), THM_ZOO_OK);
    assert_int_equal(written, f->out.size);
    return (struct walker){ f->out.data, f->out.size };
}

static void file__is_well_formed(void **state)
{
    struct walker w = write_ok(*state, 0);
    walk_file(&w);
    assert_string_equal(walk_string(&w, walk_model_table(&w), 3), "a test");
}

static void constant_data__arrives_whole_and_aligned(void **state)
{
    struct walker w = write_ok(*state, 0);
    for (uint32_t tensor = WEIGHTS; tensor <= BIAS; tensor++) {
        size_t n, at = walk_buffer(&w, walk_scalar(&w, walk_tensor_table(&w, tensor), 2, 4, 0), &n);
        assert_int_equal(n, tensor == WEIGHTS ? 9003 : 12);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(w.data[at + i], expected_byte(tensor, i));
    }
}

static void tensors__keep_shape_type_and_quantisation(void **state)
{
    struct walker w = write_ok(*state, 0);
    size_t n, t = walk_tensor_table(&w, INPUT), shape = walk_vector(&w, t, 0, 4, &n);
    assert_int_equal(n, 2);
    assert_int_equal(walk_number(&w, shape + 4, 4), 3001);
    assert_int_equal(walk_scalar(&w, t, 1, 1, 0), THM_INT8);
    size_t zero = walk_vector(&w, walk_table(&w, t, 4), 3, 8, &n);
    assert_int_equal((int64_t)walk_number(&w, zero, 8), -7);
    size_t scale = walk_vector(&w, walk_table(&w, walk_tensor_table(&w, WEIGHTS), 4), 2, 4, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(w.data + scale, row_scales, sizeof row_scales);
    assert_int_equal(walk_field(&w, walk_tensor_table(&w, BIAS), 4), 0);
}

static void op__keeps_code_version_tensors_and_options(void **state)
{
    struct walker w = write_ok(*state, 0);
    size_t n, ops = walk_vector(&w, walk_graph_table(&w), 3, 4, &n), op = walk_reference(&w, ops);
    size_t codes = walk_vector(&w, walk_model_table(&w), 1, 4, &n), code = walk_reference(&w, codes);
    assert_int_equal(walk_scalar(&w, code, 3, 4, 0), 9);
    assert_int_equal(walk_scalar(&w, code, 2, 4, 1), 4);
    size_t inputs = walk_vector(&w, op, 1, 4, &n);
    assert_int_equal(n, 3);
    assert_int_equal(walk_number(&w, inputs + 8, 4), BIAS);
    assert_int_equal(walk_scalar(&w, op, 3, 1, 0), 8); /* FullyConnectedOptions */
    assert_int_equal(walk_scalar(&w, walk_table(&w, op, 4), 0, 1, 0), THM_TFLITE_RELU);
}

static void padding__reaches_every_length_exactly(void **state)
{
    struct walker w = write_ok(*state, 0);
    for (uint32_t bytes = (uint32_t)w.size + 200; bytes < w.size + 220; bytes++) {
        struct walker padded = write_ok(*state, bytes);
        assert_int_equal(padded.size, bytes);
        walk_file(&padded);
        size_t n, entries = walk_vector(&padded, walk_model_table(&padded), 6, 4, &n);
        assert_int_equal(n, 1);
        assert_string_equal(walk_string(&padded, walk_reference(&padded, entries), 0), "padding");
        size_t at = walk_buffer(&padded, walk_scalar(&padded, walk_reference(&padded, entries), 1, 4, 0), &n);
        assert_int_equal(at + n, bytes);
    }
}

static void padding__of_too_short_a_file_is_refused_and_nothing_written(void **state)
{
    struct fixture *f = *state;
    const struct thm_sink sink = memory_sink(&f->out);
    assert_int_equal(thm_tflite_write(&f->model, 9000, &sink, NULL), THM_ZOO_ESIZE);
    assert_int_equal(f->out.size, 0);
}

static void size__is_that_of_the_file(void **state)
{
    struct fixture *f = *state;
    struct walker w = write_ok(f, 0);
    uint32_t bytes;
    assert_int_equal(thm_tflite_size(&f->model, &bytes), THM_ZOO_OK);
    assert_int_equal(bytes, w.size);
}

static void size__beyond_two_gigabytes_is_refused(void **state)
{
    struct fixture *f = *state;
    uint32_t bytes;
    f->tensors[WEIGHTS].data_bytes = UINT32_MAX;
    assert_int_equal(thm_tflite_size(&f->model, &bytes), THM_ZOO_ESIZE);
    f->tensors[BIAS].data_bytes = UINT32_MAX;
    assert_int_equal(thm_tflite_size(&f->model, &bytes), THM_ZOO_ESIZE);
}

static void index__out_of_range_is_refused(void **state)
{
    struct fixture *f = *state;
    uint32_t bytes;
    f->op.input[1] = TENSORS;
    assert_int_equal(thm_tflite_size(&f->model, &bytes), THM_ZOO_EINVAL);
    f->op.input[1] = WEIGHTS;
    f->op.output = -1;
    assert_int_equal(thm_tflite_size(&f->model, &bytes), THM_ZOO_EINVAL);
    f->op.output = OUTPUT;
    f->model.input = TENSORS;
    assert_int_equal(thm_tflite_size(&f->model, &bytes), THM_ZOO_EINVAL);
}

static void sink__that_refuses_ends_the_writing_at_once(void **state)
{
    struct fixture *f = *state;
    const struct thm_sink sink = memory_sink(&f->out);
    for (size_t limit = 1; limit < 9000; limit += 1500) {
        f->out.limit = limit;
        f->out.size = f->last_tensor = f->next_offset = 0;
        assert_int_equal(thm_tflite_write(&f->model, 0, &sink, NULL), THM_ZOO_ESINK);
        assert_true(f->out.size <= limit);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(file__is_well_formed),
        T(constant_data__arrives_whole_and_aligned),
        T(tensors__keep_shape_type_and_quantisation),
        T(op__keeps_code_version_tensors_and_options),
        T(padding__reaches_every_length_exactly),
        T(padding__of_too_short_a_file_is_refused_and_nothing_written),
        T(size__is_that_of_the_file),
        T(size__beyond_two_gigabytes_is_refused),
        T(index__out_of_range_is_refused),
        T(sink__that_refuses_ends_the_writing_at_once),
    };
    return cmocka_run_group_tests_name("tflite writer", tests, NULL, NULL);
}
