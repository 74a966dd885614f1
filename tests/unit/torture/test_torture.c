/* tests/unit/torture/test_torture.c -- what is counted of the cuts, and that a false claim is found out. */
#include "tests/testing.h"
#include "emu/cli/torture_print.h"

enum { JOBS = 2 };

struct bench {
    struct thm_profile *profile;
    struct thm_torture t;
    uint8_t *old;
};

static uint8_t *read_model(const char *name, uint32_t *bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/demo/%s", getenv("THIMBLE_SOURCE"), name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *data = malloc(1 << 16);
    *bytes = (uint32_t)fread(data, 1, 1 << 16, f);
    fclose(f);
    return data;
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    char *error = NULL;
    assert_int_equal(thm_profile_load("esp32", &b->profile, &error), 0);
    b->t = (struct thm_torture){ .run = { .profile = b->profile, .storage = "spiffs", .file = "/m.tfl", .chunk = 1460 },
                                 .store = &thm_store_overwrite,
                                 .scenario = THM_SCENARIO_UPDATE,
                                 .jobs = JOBS };
    b->t.model = read_model("gesture.tflite", &b->t.bytes);
    b->t.old_bytes = b->t.bytes;
    assert_int_equal(thm_torture_older_model(b->t.model, b->t.bytes, 1, &b->old), 0);
    b->t.old = b->old;
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    free((void *)(uintptr_t)b->t.model);
    free(b->old);
    thm_profile_free(b->profile);
    free(b);
    return 0;
}

static struct torture_tally tally(const struct thm_torture *t)
{
    struct thm_torture_result r;
    struct torture_tally n;
    thm_torture_run(t, &r);
    assert_string_equal(r.message, "");
    assert_int_equal(r.exit_status, 0);
    torture_count(t, &r, &n);
    thm_torture_finish(&r);
    return n;
}

static void claim__that_is_false_is_found_out(void **state)
{
    struct bench *b = *state;
    struct thm_store_ops boastful = thm_store_overwrite;
    struct torture_tally n = tally(&b->t);
    assert_false(n.broken);
    boastful.power_safe = true;
    b->t.store = &boastful;
    n = tally(&b->t);
    assert_true(n.broken);
    assert_int_equal(torture_state_of(n.first[THM_OUTCOME_OLD]), 0);
}

static void cuts__are_three_an_operation_and_all_are_counted(void **state)
{
    struct bench *b = *state;
    uint32_t sum = 0;
    b->t.store = &thm_store_rename;
    const struct torture_tally n = tally(&b->t);
    for (int o = 0; o < THM_OUTCOME_COUNT; o++)
        sum += n.count[o];
    assert_int_equal(sum, 3 * n.operations);
    assert_int_equal(n.programs + n.erases, n.operations);
    assert_int_equal(n.count[THM_OUTCOME_NEW] + n.count[THM_OUTCOME_OLD], sum);
}

/* Boot code that faults at every third model it looks at, counted in its own process. */
static bool fault(struct thm_store *s, const struct thm_store_entry *e, const uint8_t *model)
{
    static uint32_t calls;
    (void)s, (void)e, (void)model;
    if (++calls % 3 == 0)
        __builtin_trap();
    return true;
}

static void boot__that_faults_ends_one_worker_and_the_next_goes_on(void **state)
{
    struct bench *b = *state;
    struct thm_store_ops fragile = thm_store_rename;
    fragile.verify = fault;
    b->t.store = &fragile;
    const struct torture_tally n = tally(&b->t);
    assert_true(n.count[THM_OUTCOME_DIED] > 0);
    assert_true(n.count[THM_OUTCOME_OLD] > n.count[THM_OUTCOME_DIED]);
    assert_int_equal(n.count[THM_OUTCOME_NEW] + n.count[THM_OUTCOME_OLD] + n.count[THM_OUTCOME_DIED], 3 * n.operations);
}

static void older_model__differs_and_is_no_longer(void **state)
{
    struct bench *b = *state;
    uint8_t *again;
    assert_memory_not_equal(b->old, b->t.model, b->t.bytes);
    assert_int_equal(thm_torture_older_model(b->t.model, b->t.bytes, 1, &again), 0);
    assert_memory_equal(again, b->old, b->t.bytes);
    free(again);
    assert_int_equal(thm_torture_older_model(b->t.model, 100, 1, &again), 2);
    assert_null(again);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(claim__that_is_false_is_found_out),
        T(cuts__are_three_an_operation_and_all_are_counted),
        T(boot__that_faults_ends_one_worker_and_the_next_goes_on),
        T(older_model__differs_and_is_no_longer),
    };
    return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
