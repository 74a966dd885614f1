/* firmware_test.c -- a model and a firmware tested on an emulated ESP32, with cmocka (thimble(3)).
 *
 *     make check
 *
 * DEMO is the folder of the demo models. gesture_node.so is the firmware under test: gesture_node.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <thimble/device.h>

#define MODEL   DEMO "/gesture.tflite"
#define SAMPLES DEMO "/gesture-samples/"
#define SERVER  "https://updates.example"

enum { WING, RING, SLOPE, NEGATIVE }; /* labels */

static unsigned switched_on;

static const struct thm_outcome *power_on(struct thm_device *d)
{
    switched_on++;
    return thm_device_power_on(d);
}

static void assert_works(const struct thm_outcome *o)
{
    if (o->verdict != THM_WORKED)
        fail_msg("status %d: %s", o->status, o->message);
}

static void assert_failed(const struct thm_outcome *o, int status, const char *step, const char *error)
{
    if (o->verdict != THM_FAILED || o->status != status || strcmp(o->step, step) != 0 || !strstr(o->message, error))
        fail_msg("expected status %d in %s with %s, not %d in '%s': %s", status, step, error, o->status, o->step,
                 o->message);
}

/* A board that sees a ring being drawn, and fetches its model. */
static struct thm_device *create(const char *board)
{
    struct thm_device *d = thm_device_create(board);
    if (!d)
        fail_msg("%s", thm_device_trouble());
    thm_device_model_file(d, THM_FROM_NETWORK, MODEL);
    thm_device_input_file(d, 0, SAMPLES "ring_00.bin");
    return d;
}

/* ---- the model on its board ---- */

static void model__fits_and_knows_a_ring(void **state)
{
    (void)state;
    struct thm_device *d = create("esp32");
    const struct thm_outcome *o = power_on(d);
    assert_works(o);
    assert_int_equal(thm_device_label(d, 0), RING);
    assert_string_equal(thm_device_output(d, 0)->type, "int8");
    assert_in_range(o->arena_minimum, 1, 8192);
    assert_in_range(o->heap_low_water, 65536, UINT32_MAX); /* what the rest of the product needs */
    thm_device_destroy(d);
}

static void model__is_too_large_for_a_small_arena(void **state)
{
    (void)state;
    struct thm_device *d = create("esp32");
    thm_device_arena(d, 2048);
    assert_failed(power_on(d), 10, "arena", "arena");
    thm_device_destroy(d);
}

/* Whichever fails, the board says so; it does not crash. */
static void allocation__that_fails_is_named(void **state)
{
    (void)state;
    struct thm_device *d = create("esp32");
    uint32_t n = 1;
    for (;; n++) {
        thm_device_fail_allocation(d, n);
        const struct thm_outcome *o = power_on(d);
        if (o->verdict == THM_WORKED)
            break; /* it makes no more than n - 1 */
        assert_int_equal(o->verdict, THM_FAILED);
        assert_true(o->status == 10 || o->status == 13); /* the latter in the TLS library */
        assert_non_null(strstr(o->message, "made to fail"));
        assert_string_not_equal(o->step, "");
    }
    assert_in_range(n, 3, 100);
    thm_device_destroy(d);
}

/* ---- updates that go wrong ---- */

/* One that has a model, kept in slots that are written in turn. */
static struct thm_device *create_updated(void)
{
    struct thm_device *d = create("esp32");
    thm_device_store(d, "ab-crc");
    assert_works(power_on(d));
    return d;
}

/* Without a server, as it is. */
static void assert_model_is_there(struct thm_device *d)
{
    thm_device_no_faults(d);
    thm_device_model(d, THM_FROM_STORAGE, NULL, 0);
    assert_works(power_on(d));
    assert_int_equal(thm_device_label(d, 0), RING);
}

static void power_cut__at_every_operation_leaves_a_model(void **state)
{
    (void)state;
    struct thm_device *before = create_updated(), *d = thm_device_copy(before);
    const struct thm_outcome *o = power_on(d);
    const uint32_t operations = (uint32_t)(o->programs + o->erases);
    assert_works(o);
    assert_in_range(operations, 10, 10000);
    thm_device_destroy(d);
    for (uint32_t n = 1; n <= operations; n++) {
        d = thm_device_copy(before);
        thm_device_cut_power(d, n, THM_CUT_IS_INSIDE);
        o = power_on(d);
        assert_int_equal(o->verdict, THM_FAILED);
        assert_string_equal(o->step, "power");
        assert_model_is_there(d);
        thm_device_destroy(d);
    }
    thm_device_destroy(before);
}

static void download__that_is_cut_leaves_the_old_model(void **state)
{
    (void)state;
    struct thm_device *d = create_updated();
    thm_device_network_fault(d, "cut=4000");
    assert_failed(power_on(d), 15, "store", "cut after 4000 of 8736 bytes"); /* the update is refused: */
    assert_int_equal(thm_device_label(d, 0), RING);                          /* it goes on with the old one */
    assert_model_is_there(d);
    thm_device_destroy(d);
}

static void storage__that_is_full_has_the_file_systems_error(void **state)
{
    (void)state;
    struct thm_device *d = create("esp32");
    thm_device_fill_storage(d, 2000);
    const struct thm_outcome *o = power_on(d);
    assert_failed(o, 11, "store", "SPIFFS_ERR_FULL");
    assert_int_equal(o->code, -10001);
    thm_device_destroy(d);
}

/* ---- a firmware of one's own ---- */

static void offer(struct thm_device *d, const char *version)
{
    thm_device_answer(d, SERVER "/gesture.version", 200, version, strlen(version));
}

static struct thm_device *create_node(const char *version)
{
    static char model[16384];
    FILE *f = fopen(MODEL, "rb");
    assert_non_null(f);
    const size_t bytes = fread(model, 1, sizeof model, f);
    fclose(f);
    struct thm_device *d = create("esp32");
    thm_device_firmware(d, "gesture_node.so");
    thm_device_set(d, "server", SERVER);
    thm_device_answer(d, SERVER "/gesture.tflite", 200, model, bytes);
    offer(d, version);
    return d;
}

static void node__takes_the_newer_model(void **state)
{
    (void)state;
    struct thm_device *d = create_node("1.0");
    assert_works(power_on(d));
    assert_int_equal(thm_device_label(d, 0), RING);
    offer(d, "1.1");
    const struct thm_outcome *o = power_on(d);
    assert_works(o);
    assert_non_null(strstr(o->log, "frame 0: gesture 1"));
    thm_device_destroy(d);
}

static void node__goes_on_without_a_server(void **state)
{
    (void)state;
    struct thm_device *d = create_node("1.0");
    thm_device_network_fault(d, "refused");
    assert_failed(power_on(d), 13, "update", "Connection refused");
    thm_device_no_faults(d);
    assert_works(power_on(d));
    thm_device_network_fault(d, "refused");
    const struct thm_outcome *o = power_on(d);
    assert_works(o);
    assert_non_null(strstr(o->log, "staying with version 1.0"));
    thm_device_destroy(d);
}

/* ---- what is no statement about the board ---- */

static void mistakes__are_not_the_boards(void **state)
{
    (void)state;
    struct thm_device *d = create("no-such-board");
    const struct thm_outcome *o = power_on(d);
    assert_int_equal(o->verdict, THM_MISUSED);
    assert_non_null(strstr(o->message, "no-such-board"));
    thm_device_destroy(d);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model__fits_and_knows_a_ring),
        cmocka_unit_test(model__is_too_large_for_a_small_arena),
        cmocka_unit_test(allocation__that_fails_is_named),
        cmocka_unit_test(power_cut__at_every_operation_leaves_a_model),
        cmocka_unit_test(download__that_is_cut_leaves_the_old_model),
        cmocka_unit_test(storage__that_is_full_has_the_file_systems_error),
        cmocka_unit_test(node__takes_the_newer_model),
        cmocka_unit_test(node__goes_on_without_a_server),
        cmocka_unit_test(mistakes__are_not_the_boards),
    };
    const double start = now();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    printf("# %u boards switched on, %.0f a second\n", switched_on, switched_on / (now() - start));
    return failed;
}
