#include "tests/unit/interpreter/nets.h"

static struct bench bench;

static void open__a_small_model_is_read_back(void **state)
{
    struct thm_tensor_info t;
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    assert_int_equal(thm_model_tensors(&bench.model, 0), 5);
    assert_int_equal(thm_model_ops(&bench.model, 0), 2);
    assert_int_equal(thm_model_input(&bench.model, 0, 0), 0);
    assert_int_equal(thm_model_output(&bench.model, 0, 0), 4);
    thm_model_tensor(&bench.model, 0, 1, &t);
    assert_int_equal(t.type, THM_INT8);
    assert_int_equal(t.rank, 2);
    assert_int_equal(t.shape[1], 4);
    assert_int_equal(t.data_bytes, 8);
    assert_memory_equal(t.data, fc_weights, 8);
    assert_true(t.scale[0] == 0.25f);
}

static void open__every_truncated_file_is_refused_as_such(void **state)
{
    (void)state;
    uint32_t whole = build_net(&bench.file, &fc_net);
    for (uint32_t n = 0; n < whole; n++) {
        uint8_t *copy = malloc(n + 1); /* of the exact size, so that a sanitizer sees a read past the end */
        memcpy(copy, bench.file.data, n);
        enum thm_nn_err err = thm_model_open(&bench.model, copy, n, &bench.diag);
        free(copy);
        assert_int_equal(err, THM_NN_ETRUNCATED);
        assert_true(bench.diag.need > n);
        assert_int_equal(bench.diag.have, n);
    }
}

/* Whatever one changed byte does, nothing outside the file or the arena is touched (run with sanitizers). */
static void open__a_changed_byte_never_leads_outside(void **state)
{
    static const uint8_t changes[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
    uint32_t whole = build_net(&bench.file, &fc_net), accepted = 0;
    (void)state;
    for (uint32_t i = 0; i < whole; i++)
        for (size_t k = 0; k < sizeof changes; k++) {
            uint8_t *copy = malloc(whole);
            memcpy(copy, bench.file.data, whole);
            copy[i] ^= changes[k];
            enum thm_nn_err err = thm_model_open(&bench.model, copy, whole, &bench.diag);
            if (!err && !bench_allocate(&bench, sizeof bench.arena)) {
                thm_interpreter_invoke(&bench.it, &bench.diag);
                accepted++;
            }
            free(copy);
        }
    assert_true(accepted >= whole); /* the unchanged file, at least */
}

static enum thm_nn_err open_changed(uint32_t at, uint8_t value)
{
    uint32_t bytes = build_net(&bench.file, &fc_net);
    bench.file.data[at] = value;
    return thm_model_open(&bench.model, bench.file.data, bytes, &bench.diag);
}

static void open__another_file_identifier_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(open_changed(7, '4'), THM_NN_EMALFORMED);
    assert_int_equal(bench.diag.offset, 4);
}

static void open__another_schema_version_is_refused(void **state)
{
    uint32_t root;
    (void)state;
    build_net(&bench.file, &fc_net);
    memcpy(&root, bench.file.data, 4);
    assert_int_equal(open_changed(root + 4, 2), THM_NN_ESCHEMA);
}

static void open__an_unaligned_model_is_refused(void **state)
{
    (void)state;
    uint32_t bytes = build_net(&bench.file, &fc_net);
    memmove(bench.file.data + 2, bench.file.data, bytes);
    assert_int_equal(thm_model_open(&bench.model, bench.file.data + 2, bytes, &bench.diag), THM_NN_EUSE);
}

static void refuse_tensor(int which, struct build_tensor t)
{
    struct build_tensor tensors[5];
    memcpy(tensors, fc_tensors, sizeof tensors);
    tensors[which] = t;
    struct net n = fc_net;
    n.tensors = tensors;
    bench_refuse(&n, THM_NN_EMALFORMED);
}

static void open__constant_data_of_the_wrong_size_is_malformed(void **state)
{
    (void)state;
    refuse_tensor(1, (struct build_tensor){ THM_INT8, 2, { 2, 5 }, fc_weights, sizeof fc_weights, 0.25f, 0, 0 });
}

static void open__a_negative_dimension_is_malformed(void **state)
{
    (void)state;
    refuse_tensor(0, (struct build_tensor){ THM_INT8, 2, { 1, -4 }, NULL, 0, 0.5f, 0, 0 });
}

static void open__a_shape_that_overflows_is_malformed(void **state)
{
    (void)state;
    refuse_tensor(0, (struct build_tensor){ THM_INT32, 3, { 65536, 65536, 2 }, NULL, 0, 0, 0, 0 });
}

static void refuse_op(struct build_op op, enum thm_nn_err want)
{
    struct build_op ops[2] = { fc_ops[0], op };
    struct net n = fc_net;
    n.ops = ops;
    bench_refuse(&n, want);
}

static void open__tensor_indices_out_of_range_are_malformed(void **state)
{
    (void)state;
    refuse_op((struct build_op){ 22, 1, { 5 }, 4, 17, "", { 0 } }, THM_NN_EMALFORMED);
    refuse_op((struct build_op){ 22, 1, { -2 }, 4, 17, "", { 0 } }, THM_NN_EMALFORMED);
    refuse_op((struct build_op){ 22, 1, { 3 }, -1, 17, "", { 0 } }, THM_NN_EMALFORMED);
}

static void allocate__an_unknown_operator_is_named(void **state)
{
    (void)state;
    refuse_op((struct build_op){ 78, 1, { 3 }, 4, 56, "", { 0 } }, THM_NN_EOP);
}

static void type__names_and_sizes_cover_the_schema(void **state)
{
    (void)state;
    assert_string_equal(thm_type_name(THM_INT4), "int4");
    assert_string_equal(thm_type_name((enum thm_type)99), "unknown");
    assert_int_equal(thm_type_size(THM_INT64), 8);
    assert_int_equal(thm_type_size(THM_STRING), 0);
    assert_int_equal(thm_type_size((enum thm_type)99), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open__a_small_model_is_read_back),
        cmocka_unit_test(open__every_truncated_file_is_refused_as_such),
        cmocka_unit_test(open__a_changed_byte_never_leads_outside),
        cmocka_unit_test(open__another_file_identifier_is_malformed),
        cmocka_unit_test(open__another_schema_version_is_refused),
        cmocka_unit_test(open__an_unaligned_model_is_refused),
        cmocka_unit_test(open__constant_data_of_the_wrong_size_is_malformed),
        cmocka_unit_test(open__a_negative_dimension_is_malformed),
        cmocka_unit_test(open__a_shape_that_overflows_is_malformed),
        cmocka_unit_test(open__tensor_indices_out_of_range_are_malformed),
        cmocka_unit_test(allocate__an_unknown_operator_is_named),
        cmocka_unit_test(type__names_and_sizes_cover_the_schema),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
