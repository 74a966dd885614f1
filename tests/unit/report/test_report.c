/* tests/unit/report/test_report.c -- the readers of the event stream: trace lines, tensors, messages. */
#include "tests/testing.h"
#include <math.h>
#include "emu/report/nn_message.h"
#include "emu/report/report.h"

/* One event as a parsed line of the trace. */
static json_t *trace_line(const struct thm_event *e)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_true(thm_trace_write(f, e, NULL));
    fclose(f);
    assert_int_equal(text[len - 1], '\n');
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    free(text);
    return o;
}

static void trace__every_kind_of_event_is_json_and_in_the_manual(void **state)
{
    char path[512], page[65536];
    (void)state;
    snprintf(path, sizeof path, "%s/docs/thimble-trace.5.scd", getenv("THIMBLE_SOURCE"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    page[fread(page, 1, sizeof page - 1, f)] = '\0';
    fclose(f);
    for (uint32_t type = 0; type < THM_EV_COUNT; type++) {
        struct thm_event e = { .type = type, .seq = 5, .v = { 1, 2, 3, 4, 5, 6 }, .name = "na\"me", .text = "te\\xt" };
        const struct thm_event_kind *k = thm_event_kind(type);
        json_t *o = trace_line(&e);
        assert_string_equal(json_string_value(json_object_get(o, "event")), k->name);
        assert_int_equal(strlen(k->formats), THM_EVENT_VALUES);
        for (int i = 0; i < THM_EVENT_VALUES; i++)
            assert_int_equal(k->formats[i] == '.', k->values[i][0] == '\0');
        if (k->text_key[0])
            assert_string_equal(json_string_value(json_object_get(o, k->text_key)), "te\\xt");
        char row[64];
        snprintf(row, sizeof row, "|  %s\n", k->name);
        assert_non_null(strstr(page, row));
        json_decref(o);
    }
}

static void trace__negative_codes_keep_their_sign(void **state)
{
    struct thm_event e = { .type = THM_EV_FAILED, .v = { 11, (uint64_t)-10001, 1, 2, 3 } };
    (void)state;
    json_t *o = trace_line(&e);
    assert_int_equal(json_integer_value(json_object_get(o, "code")), -10001);
    json_decref(o);
}

static char *printed(const struct thm_tensor_view *t, const struct thm_labels *l)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    thm_tensor_print(f, t, l);
    fclose(f);
    return text;
}

static void tensor__labelled_output_names_the_winner_and_the_next(void **state)
{
    const int8_t data[] = { -128, 127, 0 };
    char *names[] = { (char[]){ "a" }, (char[]){ "b" }, (char[]){ "c" } };
    const struct thm_labels labels = { names, 3 };
    struct thm_tensor_view t = { .name = "out",
                                 .name_len = 3,
                                 .type = THM_INT8,
                                 .quantized = 1,
                                 .scale = 1.0f / 256,
                                 .zero_point = -128,
                                 .data = (const uint8_t *)data,
                                 .bytes = 3 };
    (void)state;
    char *text = printed(&t, &labels);
    assert_string_equal(text, "b 0.9961 (next: c 0.5)");
    free(text);
    t.bytes = 1; /* one value: no next one, and three labels do not fit */
    text = printed(&t, &labels);
    assert_string_equal(text, "0");
    free(text);
}

static void tensor__of_not_a_number_is_null_in_json(void **state)
{
    const float data[] = { NAN, 1.5f };
    const int32_t shape[] = { 2 };
    struct thm_tensor_view t = { .name = "x",
                                 .name_len = 1,
                                 .type = THM_FLOAT32,
                                 .shape = shape,
                                 .rank = 1,
                                 .data = (const uint8_t *)data,
                                 .bytes = sizeof data };
    (void)state;
    json_t *o = thm_tensor_json(&t, NULL);
    assert_true(json_is_null(json_array_get(json_object_get(o, "values"), 0)));
    assert_true(json_real_value(json_array_get(json_object_get(o, "values"), 1)) == 1.5);
    json_decref(o);
}

static void message__has_the_place_and_the_bytes_in_one_line(void **state)
{
    const struct thm_nn_diag d = { .err = THM_NN_EARENA,
                                   .what = "no room for the tensors",
                                   .op = 2,
                                   .tensor = 7,
                                   .op_name = "ADD",
                                   .op_name_len = 3,
                                   .tensor_name = "a\nb",
                                   .tensor_name_len = 3,
                                   .need = 100,
                                   .have = 50,
                                   .arena_min = 160 };
    char text[256];
    (void)state;
    thm_nn_message(&d, text, sizeof text);
    assert_null(strchr(text, '\n'));
    assert_non_null(strstr(text, "100 bytes needed, 50"));
    assert_non_null(strstr(text, "ADD"));
    assert_non_null(strstr(text, "160"));
    assert_null(strstr(text, "crash"));
    struct thm_nn_diag crash = d;
    crash.device_crashes = crash.persistent = 1;
    thm_nn_message(&crash, text, sizeof text);
    assert_non_null(strstr(text, "a persistent arena of 160 bytes would do (the device would crash here)"));
    char small[10];
    thm_nn_message(&d, small, sizeof small);
    assert_int_equal(strlen(small), sizeof small - 1);
}

static void make_tiny(void *tries, struct thm_interpreter *it)
{
    ++*(unsigned *)tries;
    thm_interpreter_init(it, it->model, it->layout, it->arena, 64, NULL);
}

static void measure__of_a_model_that_fits_no_arena_ends(void **state)
{
    char path[512];
    unsigned tries = 0;
    struct thm_model model;
    struct thm_arena_stats stats;
    struct thm_nn_diag diag;
    (void)state;
    snprintf(path, sizeof path, "%s/demo/gesture.tflite", getenv("THIMBLE_SOURCE"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    uint8_t *data = malloc(65536);
    assert_int_equal(thm_model_open(&model, data, fread(data, 1, 65536, f), &diag), THM_NN_OK);
    fclose(f);
    const struct thm_nn_change change = { make_tiny, &tries };
    assert_int_equal(thm_nn_measure_changed(&model, thm_layout_find("cortex_m"), &change, &stats, &diag),
                     THM_NN_EARENA);
    assert_int_equal(tries, 7); /* 256 KiB to 1 GiB */
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace__every_kind_of_event_is_json_and_in_the_manual),
        cmocka_unit_test(trace__negative_codes_keep_their_sign),
        cmocka_unit_test(tensor__labelled_output_names_the_winner_and_the_next),
        cmocka_unit_test(tensor__of_not_a_number_is_null_in_json),
        cmocka_unit_test(message__has_the_place_and_the_bytes_in_one_line),
        cmocka_unit_test(measure__of_a_model_that_fits_no_arena_ends),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
