/* tests/unit/fleet/test_fleet.c -- scenarios and their errors, what is drawn for a board, the order of waves, rows. */
#include "tests/testing.h"
#include "emu/fleet/queue.h"
#include "emu/fleet/results.h"

#define HEAD  "name: t\nseed: 3\ngroups:\n"
#define GROUP "  - {name: a, board: esp32, count: 700, model: m.tflite, switch_on_s: 100, skew_s: 20}\n"
#define OTHER "  - {name: b, board: esp32-s3, count: 300, model: m.tflite}\n"
#define TAIL  "server: {folder: f, offline: true}\n"
#define WAVES                                                                      \
    "rollout:\n  poll_s: 60\n  stop_percent: 50\n  waves:\n"                       \
    "    - {name: one, percent: 10}\n    - {name: two, percent: 60, at_s: 1000}\n" \
    "faults:\n  - {kind: power-cut, percent: 20}\n  - {kind: cut-link, percent: 100, group: b, value: 9}\n"

static struct thm_fleet *parse(const char *text)
{
    struct thm_fleet *f;
    char *error = NULL;
    int status = thm_fleet_parse("t.yaml", (const uint8_t *)text, strlen(text), &f, &error);
    if (status)
        print_message("# %s\n", error);
    assert_int_equal(status, 0);
    return f;
}

static int setup(void **state)
{
    *state = parse(HEAD GROUP OTHER TAIL WAVES);
    return 0;
}

static int teardown(void **state)
{
    thm_fleet_free(*state);
    return 0;
}

/* ---- scenarios ---- */

static void refused(const char *text, const char *message)
{
    struct thm_fleet *f;
    char *error = NULL;
    assert_int_equal(thm_fleet_parse("t.yaml", (const uint8_t *)text, strlen(text), &f, &error), 2);
    assert_null(f);
    assert_non_null(error);
    if (!strstr(error, message))
        fail_msg("'%s' does not say '%s'", error, message);
    free(error);
}

static void scenario__errors_name_file_line_and_key(void **state)
{
    (void)state;
    refused("", "t.yaml:1: the file is empty");
    refused(HEAD GROUP, "t.yaml:1: server: missing key");
    refused(HEAD GROUP "server: {folder: f}\nserver: {folder: f}\n", "t.yaml:6: server: repeated key");
    refused(HEAD GROUP "server: {offline: true}\n", "t.yaml:5: server: expected a folder");
    refused(HEAD GROUP "server: {url: \"http://x/\"}\n", "t.yaml:5: server.url: 'http://x/' is not an https URL");
    refused(HEAD GROUP "server: {url: \"https://x/{nam}\"}\n", "t.yaml:5: server.url: '{nam}'");
    refused(HEAD GROUP GROUP TAIL, "t.yaml:5: groups[1].name: a second group 'a'");
    refused(HEAD "  - {name: a, board: esp32, count: 0, model: m}\n" TAIL, "t.yaml:4: groups[0].count: 0 boards");
    refused(HEAD "  - {name: a, board: esp32, count: 1}\n" TAIL, "t.yaml:4: groups[0].model: group 'a' has no model");
    refused(HEAD "  - {name: a, board: esp32, count: 1, model: m, store: x}\n" TAIL, "t.yaml:4: groups[0].store: 'x'");
    refused(HEAD "  - {name: a, board: esp32, count: 1, model: m, link: x}\n" TAIL,
            "t.yaml:4: groups[0].link: unknown");
    refused(HEAD "  - {name: a, board: pico, count: 1, model: m}\n" TAIL,
            "t.yaml:4: groups[0].board: pico has no network");
    refused(HEAD GROUP TAIL "faults:\n  - {kind: rain, percent: 1}\n", "t.yaml:7: faults[0].kind: 'rain' is unknown");
    refused(HEAD GROUP TAIL "faults:\n  - {kind: power-cut, percent: 101}\n", "t.yaml:7: faults[0].percent: 101");
    refused(HEAD GROUP TAIL "faults:\n  - {kind: bad-blocks, percent: 1, value: 1000001}\n",
            "faults[0].value: 1000001");
    refused(HEAD GROUP TAIL "faults:\n  - {kind: power-cut, percent: 1, group: z}\n", "there is no group 'z'");
}

static void resize__keeps_the_sum_and_the_proportion(void **state)
{
    struct thm_fleet *f = *state;
    thm_fleet_resize(f, 7);
    assert_int_equal(f->groups[0].count, 5);
    assert_int_equal(thm_fleet_boards(f), 7);
}

/* ---- plans ---- */

static void plan__but_for_the_wave_does_not_depend_on_others(void **state)
{
    struct thm_fleet_plan before, after;
    thm_fleet_plan(*state, 5, &before);
    ((struct thm_fleet *)*state)->groups[1].count = 9000;
    thm_fleet_plan(*state, 5, &after);
    assert_int_equal(before.seed, after.seed);
    assert_int_equal(before.switched_on, after.switched_on);
    assert_int_equal(before.skew, after.skew);
    ((struct thm_fleet *)*state)->seed++;
    thm_fleet_plan(*state, 5, &after);
    assert_int_not_equal(before.seed, after.seed);
}

static void plan__shares_are_kept(void **state)
{
    unsigned waves[3] = { 0 }, cuts = 0;
    for (uint32_t id = 0; id < 1000; id++) {
        struct thm_fleet_plan p;
        thm_fleet_plan(*state, id, &p);
        waves[p.wave == THM_FLEET_NO_WAVE ? 2 : p.wave]++;
        cuts += p.fault && strcmp(p.fault->name, "power-cut") == 0;
        assert_true(id < 700 || p.fault);
    }
    assert_int_equal(waves[0], 100);
    assert_int_equal(waves[1], 500);
    assert_int_equal(waves[2], 400);
    assert_in_range(cuts, 150, 250);
}

static void plan__asks_first_after_the_opening_at_its_own_full_minute(void **state)
{
    for (uint32_t id = 0; id < 1000; id++) {
        struct thm_fleet_plan p;
        thm_fleet_plan(*state, id, &p);
        if (p.wave == THM_FLEET_NO_WAVE)
            continue;
        assert_true(p.asked >= p.opened && p.asked >= p.switched_on);
        if (p.polls == 1)
            assert_int_equal(p.asked, p.switched_on);
        else {
            assert_int_equal((p.asked + (uint64_t)(p.skew + 60000)) % 60000, 0);
            assert_true(p.asked < p.opened + 60000);
        }
        assert_true(p.skew >= -20000 && p.skew <= 20000 && p.switched_on < 100000);
    }
}

/* ---- the order ---- */

static void drain(struct thm_fleet_queue *q, uint32_t wave, bool failed, uint32_t *count)
{
    uint32_t id, last = 0;
    for (*count = 0; thm_fleet_queue_next(q, &id); ++*count) {
        struct thm_fleet_plan p;
        thm_fleet_plan(q->fleet, id, &p);
        assert_int_equal(p.wave, wave);
        assert_true(*count == 0 || id > last);
        last = id;
        thm_fleet_queue_ended(q, wave, failed);
    }
}

static void queue__wave_waits_for_the_one_before(void **state)
{
    static uint8_t done[1000];
    struct thm_fleet_queue q;
    uint32_t first, second, id, untouched = 0;
    assert_true(thm_fleet_queue_init(&q, *state, done, 0, 0));
    drain(&q, 0, false, &first);
    assert_false(thm_fleet_queue_open(&q));
    assert_true(thm_fleet_queue_advance(&q));
    assert_false(thm_fleet_queue_stops(&q));
    drain(&q, 1, true, &second);
    assert_false(thm_fleet_queue_advance(&q));
    while (thm_fleet_queue_untouched(&q, &id))
        untouched++;
    assert_int_equal(first + second + untouched, 1000);
    thm_fleet_queue_free(&q);
}

static void queue__too_many_failures_stop_it_also_when_resumed(void **state)
{
    static uint8_t done[1000];
    struct thm_fleet_queue q;
    uint32_t n;
    for (uint32_t id = 0; id < 1000; id++) {
        struct thm_fleet_plan p;
        thm_fleet_plan(*state, id, &p);
        done[id] = p.wave == 0 ? 2 : 0;
    }
    assert_true(thm_fleet_queue_init(&q, *state, done, 0, 0));
    assert_false(thm_fleet_queue_open(&q));
    assert_true(thm_fleet_queue_advance(&q));
    assert_true(thm_fleet_queue_stops(&q));
    drain(&q, 1, false, &n); /* the withheld */
    assert_true(n > 400);
    thm_fleet_queue_free(&q);
}

static void queue__shards_have_every_board_once(void **state)
{
    static uint8_t done[1000];
    unsigned seen = 0;
    ((struct thm_fleet *)*state)->rollout.stop_percent = 0;
    for (uint32_t shard = 0; shard < 3; shard++) {
        struct thm_fleet_queue q;
        uint32_t id;
        assert_true(thm_fleet_queue_init(&q, *state, done, shard, 3));
        while (thm_fleet_queue_next(&q, &id) || thm_fleet_queue_untouched(&q, &id)) {
            assert_int_equal(id % 3, shard);
            seen++;
        }
        thm_fleet_queue_free(&q);
    }
    assert_int_equal(seen, 1000);
}

/* ---- rows ---- */

static void results__row_comes_back_as_it_was(void **state)
{
    char folder[] = "/tmp/test-fleet-XXXXXX", path[64], *error = NULL;
    static struct thm_fleet_row row, back;
    static uint8_t done[10];
    struct thm_fleet_results *r;
    const struct thm_fleet_meta meta = {
        .scenario = "x", .file = "f", .folder = "d", .inputs = "i", .seed = 4, .boards = 10
    };
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.db", folder);
    row = (struct thm_fleet_row){ .id = 6,
                                  .outcome = "failed",
                                  .message = "it's \"so\"",
                                  .status = 11,
                                  .energy_uj = -1,
                                  .heap_low_water = 0,
                                  .updated_ms = -1,
                                  .ended_ms = -1 };
    assert_int_equal(thm_fleet_results_create(&r, path, &meta, &error), 0);
    assert_int_equal(thm_fleet_results_put(r, &row, NULL, &error), 0);
    assert_int_equal(thm_fleet_results_commit(r, &error), 0);
    thm_fleet_results_close(r);
    assert_int_equal(thm_fleet_results_open(&r, path, false, &error), 0);
    assert_int_equal(thm_fleet_results_meta(r)->seed, 4);
    assert_int_equal(thm_fleet_results_get(r, 6, &back, &error), 0);
    assert_null(thm_fleet_row_difference(&row, &back));
    assert_int_equal(thm_fleet_results_done(r, done, 10, &error), 0);
    assert_int_equal(done[6], 2);
    assert_int_equal(done[5], 0);
    assert_int_equal(thm_fleet_results_get(r, 5, &back, &error), 2);
    free(error);
    thm_fleet_results_close(r);
    unlink(path);
    rmdir(folder);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(scenario__errors_name_file_line_and_key),
        T(resize__keeps_the_sum_and_the_proportion),
        T(plan__but_for_the_wave_does_not_depend_on_others),
        T(plan__shares_are_kept),
        T(plan__asks_first_after_the_opening_at_its_own_full_minute),
        T(queue__wave_waits_for_the_one_before),
        T(queue__too_many_failures_stop_it_also_when_resumed),
        T(queue__shards_have_every_board_once),
        T(results__row_comes_back_as_it_was),
    };
    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
