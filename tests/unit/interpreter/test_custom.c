/* Custom operators: hostile options, tables and shapes, and state, which the golden vectors do not pin. */
#include "tests/unit/interpreter/builder.h"
#include "tests/unit/interpreter/flex_builder.h"
#include <math.h>
#include <stdbool.h>

#define I16(...) ((const int16_t[]){ __VA_ARGS__ })
#define LEN(a)   ((int)(sizeof(a) / sizeof(a)[0]))

/* Options: keys of one letter, in the order in which kernels read them. */
static void options(struct flex *f, uint32_t count, const int32_t *value)
{
    static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };
    struct flex_entry entry[9];
    for (uint32_t i = 0; i < count; i++)
        entry[i] = (struct flex_entry){ keys[i], FLEX_INT, value[i] };
    flex_map(f, entry, count);
}

struct one_op {
    const char *name;
    int inputs, outputs;
    struct build_tensor tensor[7]; /* inputs, then outputs */
    uint32_t option_count;
    int32_t option[9];
};

static enum thm_nn_err build_one(struct bench *b, const struct one_op *o)
{
    struct flex f;
    options(&f, o->option_count, o->option);
    struct build_op op = { .code = 32, .inputs = o->inputs, .input = { 0, 1, 2, 3 }, .output = o->inputs };
    struct build_custom custom = { o->name, o->option_count ? f.data : NULL, f.bytes, (uint32_t)o->outputs - 1 };
    struct net n = { .tensors = o->tensor, .count = o->inputs + o->outputs, .ops = &op, .op_count = 1 };
    for (int i = 0; i < o->inputs; i++)
        if (!o->tensor[i].data)
            n.input[n.inputs++] = i;
    for (int i = 0; i < o->outputs; i++)
        n.output[n.outputs++] = o->inputs + i;
    return bench_build_custom(b, &n, &custom);
}

static struct bench bench;

static void refuse(const struct one_op *o, enum thm_nn_err want)
{
    assert_int_equal(build_one(&bench, o), want);
    assert_non_null(bench.diag.what);
}

static void *tensor_data(uint32_t i, bool output)
{
    struct thm_tensor t;
    assert_int_equal((output ? thm_interpreter_output : thm_interpreter_input)(&bench.it, i, &t), THM_NN_OK);
    return t.data;
}

static enum thm_nn_err invoke_with(const void *in, size_t bytes)
{
    memcpy(tensor_data(0, false), in, bytes);
    return thm_interpreter_invoke(&bench.it, &bench.diag);
}

static void options__that_are_missing_or_out_of_range_are_refused(void **state)
{
    static const int16_t w[4] = { 0 };
    struct one_op o = { "SignalWindow",
                        2,
                        1,
                        { { THM_INT16, 1, { 8 }, NULL, 0, 0, 0, 0 },
                          { THM_INT16, 1, { 4 }, w, sizeof w, 0, 0, 0 },
                          { THM_INT16, 1, { 8 }, NULL, 0, 0, 0, 0 } },
                        1,
                        { 31 } };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    o.option[0] = 32;
    refuse(&o, THM_NN_ESHAPE);
    o.option[0] = -1;
    refuse(&o, THM_NN_ESHAPE);
    o.option_count = 0;
    refuse(&o, THM_NN_EMALFORMED);
    o.option_count = 1;
    o.option[0] = 0;
    o.tensor[0].shape[0] = o.tensor[2].shape[0] = 6; /* one window and a half */
    refuse(&o, THM_NN_ESHAPE);
    o.tensor[0].type = THM_FLOAT32;
    refuse(&o, THM_NN_ETYPE);
}

static void energy__refuses_indices_outside_the_tensors(void **state)
{
    static const int32_t bad[][2] = { { 5, 0 }, { 1, -1 }, { INT32_MAX, 2 }, { 4, INT32_MIN } };
    struct one_op o = { "SignalEnergy",
                        1,
                        1,
                        { { THM_INT16, 1, { 8 }, NULL, 0, 0, 0, 0 }, { THM_UINT32, 1, { 9 }, NULL, 0, 0, 0, 0 } },
                        2,
                        { 4, 0 } };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    for (int i = 0; i < LEN(bad); i++) {
        memcpy(o.option, bad[i], sizeof bad[i]);
        refuse(&o, THM_NN_ESHAPE);
    }
}

static void rfft__refuses_what_does_not_fit(void **state)
{
    struct one_op o = { "SignalRfft",
                        1,
                        1,
                        { { THM_INT16, 2, { 2, 16 }, NULL, 0, 0, 0, 0 },
                          { THM_INT16, 2, { 2, 18 }, NULL, 0, 0, 0, 0 } },
                        2,
                        { THM_INT16, 16 } };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    o.option[1] = 18; /* a larger spectrum than the output */
    refuse(&o, THM_NN_ESHAPE);
    o.option[1] = 12; /* a longer input than fft_length */
    refuse(&o, THM_NN_ESHAPE);
    o.option[1] = 14;
    refuse(&o, THM_NN_ESHAPE);
    o.option[1] = 1 << 30;
    refuse(&o, THM_NN_EARENA);
    o.option[1] = 16;
    o.option[0] = THM_INT8;
    refuse(&o, THM_NN_ETYPE);
}

static void framer__refuses_steps_and_sizes_that_do_not_fit(void **state)
{
    static const int32_t bad[][3] = {
        { 0, 2, 0 }, { 4, 0, 0 }, { -4, 2, 0 }, { 1, 2, 1 }, { 4, 3, 0 }, { 5, 2, 0 }, { INT32_MAX, INT32_MAX, 0 }
    };
    struct one_op o = { "SignalFramer",
                        1,
                        2,
                        { { THM_INT16, 1, { 4 }, NULL, 0, 0, 0, 0 },
                          { THM_INT16, 2, { 2, 4 }, NULL, 0, 0, 0, 0 },
                          { THM_BOOL, 0, { 0 }, NULL, 0, 0, 0, 0 } },
                        3,
                        { 4, 2, 0 } };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    for (int i = 0; i < LEN(bad); i++) {
        memcpy(o.option, bad[i], sizeof bad[i]);
        refuse(&o, THM_NN_ESHAPE);
    }
}

static void delay__starts_again_after_a_reset(void **state)
{
    struct one_op o = { "SignalDelay",
                        1,
                        1,
                        { { THM_INT16, 1, { 2 }, NULL, 0, 0, 0, 0 }, { THM_INT16, 1, { 2 }, NULL, 0, 0, 0, 0 } },
                        1,
                        { 3 } };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    assert_int_equal(invoke_with(I16(1, 2), 4), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), I16(0, 0), 4);
    assert_int_equal(invoke_with(I16(3, 4), 4), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), I16(0, 1), 4);
    assert_int_equal(thm_interpreter_reset(&bench.it, NULL), THM_NN_OK);
    assert_int_equal(invoke_with(I16(5, 6), 4), THM_NN_OK);
    assert_int_equal(invoke_with(I16(7, 8), 4), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), I16(0, 5), 4);
    o.option[0] = -1;
    refuse(&o, THM_NN_ESHAPE);
    o.option[0] = INT32_MAX;
    refuse(&o, THM_NN_EARENA);
}

static void stacker__with_a_step_beyond_its_context_fails_cleanly(void **state)
{
    struct one_op o = { "SignalStacker",
                        1,
                        2,
                        { { THM_INT16, 1, { 2 }, NULL, 0, 0, 0, 0 },
                          { THM_INT16, 1, { 4 }, NULL, 0, 0, 0, 0 },
                          { THM_BOOL, 0, { 0 }, NULL, 0, 0, 0, 0 } },
                        4,
                        { 2, 1, 0, 7 } };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    assert_int_equal(invoke_with(I16(1, 2), 4), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), I16(1, 2, 1, 2), 8);
    assert_int_equal(invoke_with(I16(3, 4), 4), THM_NN_EINVOKE);
    o.option[0] = INT32_MAX;
    refuse(&o, THM_NN_ESHAPE);
}

static void pcan__fails_on_a_noise_level_outside_its_table(void **state)
{
    static const int16_t gain[10] = { 0 };
    struct one_op o = { "SignalPCAN",
                        3,
                        1,
                        { { THM_UINT32, 1, { 1 }, NULL, 0, 0, 0, 0 },
                          { THM_UINT32, 1, { 1 }, NULL, 0, 0, 0, 0 },
                          { THM_INT16, 1, { 10 }, gain, sizeof gain, 0, 0, 0 },
                          { THM_UINT32, 1, { 1 }, NULL, 0, 0, 0, 0 } },
                        1,
                        { 4 } };
    uint32_t noise = 7; /* 3 bits: entries 6, 7 and 8 */
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    memcpy(tensor_data(1, false), &noise, 4);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    noise = 8;
    memcpy(tensor_data(1, false), &noise, 4);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EINVOKE);
    o.option[0] = 64;
    refuse(&o, THM_NN_ESHAPE);
}

static void circular_buffer__aborts_until_its_cycles_have_passed(void **state)
{
    struct one_op o = { "CIRCULAR_BUFFER",
                        1,
                        1,
                        { { THM_INT8, 4, { 1, 1, 1, 2 }, NULL, 0, 1, 0, 0 },
                          { THM_INT8, 4, { 1, 3, 1, 2 }, NULL, 0, 1, 0, 1 } },
                        1,
                        { 2 } };
    static const int8_t in[2][2] = { { 1, 2 }, { 3, 4 } }, want[6] = { 0, 0, 1, 2, 3, 4 };
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    assert_int_equal(invoke_with(in[0], 2), THM_NN_EINVOKE);
    assert_int_equal(invoke_with(in[1], 2), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), want, sizeof want);
    assert_int_equal(invoke_with(in[1], 2), THM_NN_EINVOKE);
    assert_int_equal(thm_interpreter_reset(&bench.it, NULL), THM_NN_OK);
    assert_int_equal(invoke_with(in[0], 2), THM_NN_EINVOKE);
    o.tensor[1].shape[3] = 3;
    refuse(&o, THM_NN_ESHAPE);
}

/* A record of 16 bytes: kind, version, ..., version of the kind, parameters, stride; then the values. */
static struct one_op decode_op(const uint8_t *bits, uint32_t bit_bytes, const uint8_t *record, uint32_t record_bytes)
{
    return (struct one_op){ "TFLM_DECODE",
                            2,
                            1,
                            { { THM_UINT8, 1, { (int32_t)bit_bytes }, bits, bit_bytes, 0, 0, 0 },
                              { THM_UINT8, 1, { (int32_t)record_bytes }, record, record_bytes, 0, 0, 0 },
                              { THM_INT8, 1, { 4 }, NULL, 0, 0.5f, -7, 0 } },
                            0,
                            { 0 } };
}

static void decode__looks_every_index_up(void **state)
{
    static const uint8_t bits[2] = { 0x0A, 0x40 }; /* 3 bits each: 0 2 4 4 */
    uint8_t record[16 + 5] = { 0, 1, 0, 0, 1, 3, 0, [16] = 10, 11, 12, 13, 14 };
    static const int8_t want[4] = { 10, 12, 14, 14 };
    struct one_op o = decode_op(bits, 2, record, sizeof record);
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), want, 4);
    o = decode_op(bits, 2, record, sizeof record - 1); /* no entry 4 */
    refuse(&o, THM_NN_ESHAPE);
    o = decode_op(bits, 1, record, sizeof record); /* no bits for the last ones */
    refuse(&o, THM_NN_ESHAPE);
    o = decode_op(bits, 2, record, 15);
    refuse(&o, THM_NN_ESHAPE);
}

static void decode__puts_zero_points_between_the_kept(void **state)
{
    static const uint8_t bits[1] = { 0xA0 }; /* 1 0 1 0 */
    uint8_t record[16 + 2] = { 2, 1, 0, 0, 1, [16] = 10, 11 };
    static const int8_t want[4] = { 10, -7, 11, -7 };
    struct one_op o = decode_op(bits, 1, record, sizeof record);
    (void)state;
    assert_int_equal(build_one(&bench, &o), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_memory_equal(tensor_data(0, true), want, 4);
    o = decode_op(bits, 1, record, sizeof record - 1);
    refuse(&o, THM_NN_ESHAPE);
    o = decode_op(bits, 1, record, sizeof record);
    o.tensor[2].type = THM_INT16; /* with a zero point of -7 */
    refuse(&o, THM_NN_EQUANT);
    record[1] = 2;
    o = decode_op(bits, 1, record, sizeof record);
    refuse(&o, THM_NN_EUNSUPPORTED);
    record[1] = 1;
    record[0] = 1; /* Huffman */
    refuse(&o, THM_NN_EUNSUPPORTED);
    o.tensor[0].data = NULL;
    refuse(&o, THM_NN_EUNSUPPORTED);
}

struct detection {
    int32_t most, classes, each, per_class, regular;
    float overlap;
};

/* Two boxes that do not overlap, each of two classes. */
static enum thm_nn_err build_detection(const struct detection *d)
{
    static const float anchors[2][4] = { { 0, 0, 1, 1 }, { 5, 5, 1, 1 } };
    const struct flex_entry entry[] = {
        { "detections_per_class", FLEX_INT, d->per_class },
        { "h_scale", FLEX_FLOAT, float_bits(1) },
        { "max_classes_per_detection", FLEX_INT, d->each },
        { "max_detections", FLEX_INT, d->most },
        { "nms_iou_threshold", FLEX_FLOAT, float_bits(d->overlap) },
        { "nms_score_threshold", FLEX_FLOAT, float_bits(0.1f) },
        { "num_classes", FLEX_INT, d->classes },
        { "use_regular_nms", FLEX_BOOL, d->regular },
        { "w_scale", FLEX_FLOAT, float_bits(1) },
        { "x_scale", FLEX_FLOAT, float_bits(1) },
        { "y_scale", FLEX_FLOAT, float_bits(1) },
    };
    const struct build_tensor t[] = {
        { THM_FLOAT32, 3, { 1, 2, 4 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 3, { 1, 2, 2 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 2, { 2, 4 }, anchors, sizeof anchors, 0, 0, 0 },
        { THM_FLOAT32, 3, { 1, 3, 4 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 2, { 1, 3 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 2, { 1, 3 }, NULL, 0, 0, 0, 0 },
        { THM_FLOAT32, 1, { 1 }, NULL, 0, 0, 0, 0 },
    };
    struct flex f;
    flex_map(&f, entry, LEN(entry));
    struct build_op op = { .code = 32, .inputs = 3, .input = { 0, 1, 2 }, .output = 3 };
    struct build_custom custom = { "TFLite_Detection_PostProcess", f.data, f.bytes, 3 };
    struct net n = { t, LEN(t), &op, 1, 2, { 0, 1 }, 4, { 3, 4, 5, 6 } };
    return bench_build_custom(&bench, &n, &custom);
}

static enum thm_nn_err detect(void)
{
    static const float scores[2][2] = { { 0.9f, 0.3f }, { 0.4f, 0.8f } };
    memset(tensor_data(0, false), 0, 8 * sizeof(float));
    memcpy(tensor_data(1, false), scores, sizeof scores);
    return thm_interpreter_invoke(&bench.it, &bench.diag);
}

static void detection__keeps_the_best_of_all_classes(void **state)
{
    static const float classes[3] = { 0, 1, 0 }, scores[3] = { 0.9f, 0.8f, 0.4f };
    (void)state;
    assert_int_equal(build_detection(&(struct detection){ 3, 2, 1, 2, 1, 0.5f }), THM_NN_OK);
    assert_int_equal(detect(), THM_NN_OK);
    assert_memory_equal(tensor_data(1, true), classes, sizeof classes);
    assert_memory_equal(tensor_data(2, true), scores, sizeof scores);
    assert_true(*(float *)tensor_data(3, true) == 3);
}

static void detection__of_several_classes_never_leaves_its_outputs(void **state)
{
    (void)state;
    assert_int_equal(build_detection(&(struct detection){ 3, 2, 2, 2, 0, 0.5f }), THM_NN_OK);
    assert_int_equal(detect(), THM_NN_EINVOKE); /* the reference writes past them */
}

static void detection__refuses_hostile_options(void **state)
{
    static const struct detection bad[] = {
        { 0, 2, 1, 2, 1, 0.5f }, { 4, 2, 1, 2, 1, 0.5f },  { -1, 2, 1, 2, 1, 0.5f }, { 3, 0, 1, 2, 1, 0.5f },
        { 3, 3, 1, 2, 1, 0.5f }, { 3, 2, 1, 0, 1, 0.5f },  { 3, 2, 0, 2, 0, 0.5f },  { 3, 2, 1, 2, 1, 0 },
        { 3, 2, 1, 2, 1, 1.5f }, { 3, 2, 1, 2, 1, -0.5f }, { 3, 2, 1, 2, 1, NAN },
    };
    (void)state;
    for (int i = 0; i < LEN(bad); i++)
        assert_int_equal(build_detection(&bad[i]), THM_NN_ESHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__that_are_missing_or_out_of_range_are_refused),
        cmocka_unit_test(energy__refuses_indices_outside_the_tensors),
        cmocka_unit_test(rfft__refuses_what_does_not_fit),
        cmocka_unit_test(framer__refuses_steps_and_sizes_that_do_not_fit),
        cmocka_unit_test(delay__starts_again_after_a_reset),
        cmocka_unit_test(stacker__with_a_step_beyond_its_context_fails_cleanly),
        cmocka_unit_test(pcan__fails_on_a_noise_level_outside_its_table),
        cmocka_unit_test(circular_buffer__aborts_until_its_cycles_have_passed),
        cmocka_unit_test(decode__looks_every_index_up),
        cmocka_unit_test(decode__puts_zero_points_between_the_kept),
        cmocka_unit_test(detection__keeps_the_best_of_all_classes),
        cmocka_unit_test(detection__of_several_classes_never_leaves_its_outputs),
        cmocka_unit_test(detection__refuses_hostile_options),
    };
    return cmocka_run_group_tests_name("custom", tests, NULL, NULL);
}
