/* tests/unit/fleet/test_life.c -- what a scenario says of a board's life: templates, headers, outages, faults by time.
 */
#include "tests/testing.h"
#include "emu/fleet/plan.h"
#include "emu/fleet/template.h"

#define HEAD   "name: t\nseed: 3\ngroups:\n"
#define GROUP  "  - {name: a, board: esp32, count: 500, model: m.tflite, switch_on_s: 100, skew_s: 20}\n"
#define SERVER "server: {folder: f, offline: true}\n"
#define POLLS  "rollout: {poll_s: 600}\n"

static int parse(const char *text, struct thm_fleet **f, char **error)
{
    *error = NULL;
    return thm_fleet_parse("t.yaml", (const uint8_t *)text, strlen(text), f, error);
}

static struct thm_fleet *good(const char *text)
{
    struct thm_fleet *f;
    char *error;
    if (parse(text, &f, &error))
        fail_msg("%s", error);
    return f;
}

static void refused(const char *text, const char *message)
{
    struct thm_fleet *f;
    char *error;
    assert_int_equal(parse(text, &f, &error), 2);
    if (!strstr(error, message))
        fail_msg("'%s' does not say '%s'", error, message);
    free(error);
}

/* ---- the manual ---- */

static char page[65536];

static void read_page(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/docs/thimble-fleet.1.scd", getenv("THIMBLE_SOURCE"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    page[fread(page, 1, sizeof page - 1, f)] = '\0';
    fclose(f);
}

/* "groups[0]." and "switch_on_s" begin a row of its table: "|  groups[].switch\_on\_s". */
static void expect_row(const char *path, const char *key)
{
    char row[160] = "|  ", text[120];
    size_t len = strlen(row);
    snprintf(text, sizeof text, "%s%s", path, key);
    for (const char *c = text; *c && len < sizeof row - 3; c++) {
        if (*c == '_')
            row[len++] = '\\';
        if (*c < '0' || *c > '9')
            row[len++] = *c;
    }
    row[len] = '\0';
    if (!strstr(page, row))
        fail_msg("no row '%s'", row);
}

/* text has an unknown key zz at `path`: the message lists those that are known. */
static void expect_rows(const char *path, const char *text)
{
    struct thm_fleet *f;
    char *error;
    assert_int_equal(parse(text, &f, &error), 2);
    char *keys = strstr(error, "zz: unknown key, expected one of ");
    assert_non_null(keys);
    keys += strlen("zz: unknown key, expected one of ");
    unsigned count = 0;
    for (char *key = strtok(keys, ", "); key; key = strtok(NULL, ", "), count++)
        expect_row(path, key);
    assert_true(count > 1);
    free(error);
}

static void schema__every_key_is_in_the_manual(void **state)
{
    (void)state;
    read_page();
    expect_rows("", HEAD GROUP SERVER "zz: 1\n");
    expect_rows("groups[].", HEAD "  - {zz: 1}\n" SERVER);
    expect_rows("groups[].client.", HEAD "  - {name: a, board: esp32, count: 1, client: {zz: 1}}\n" SERVER);
    expect_rows("server.", HEAD GROUP "server: {zz: 1}\n");
    expect_rows("rollout.", HEAD GROUP SERVER "rollout: {zz: 1}\n");
    expect_rows("rollout.waves[].", HEAD GROUP SERVER "rollout: {waves: [{zz: 1}]}\n");
    expect_rows("telemetry.", HEAD GROUP SERVER "telemetry: {zz: 1}\n");
    expect_rows("outages[].", HEAD GROUP SERVER "outages: [{zz: 1}]\n");
    expect_rows("faults[].", HEAD GROUP SERVER "faults: [{zz: 1}]\n");
}

/* ---- templates ---- */

static const struct thm_fleet_values values = { "17", "esp32", "hall", "1.1", "kws.tflite" };

static void template__holes_are_filled(void **state)
{
    char out[80];
    (void)state;
    const size_t len = thm_fleet_template_fill("{id}/{board}-{group}?{version}{model} {", &values, out, sizeof out);
    assert_string_equal(out, "17/esp32-hall?1.1kws.tflite {");
    assert_int_equal(len, strlen(out));
}

static void template__too_long_a_text_tells_its_length(void **state)
{
    char out[4];
    (void)state;
    assert_int_equal(thm_fleet_template_fill("{model}{id}", &values, out, sizeof out), 12);
    assert_string_equal(out, "kws");
}

static void template__hole_that_nothing_fills_is_found(void **state)
{
    (void)state;
    assert_null(thm_fleet_template_fault("https://x/{id}{version}"));
    assert_string_equal(thm_fleet_template_fault("a{id}{serial}b"), "{serial}b");
    assert_string_equal(thm_fleet_template_fault("a{id"), "{id");
}

/* ---- errors ---- */

#define WITH_HEADERS(list) HEAD GROUP "server: {folder: f, headers: [" list "]}\n"

static void header__must_be_one_of_the_users(void **state)
{
    struct thm_fleet *f = good(WITH_HEADERS("\"X-Board: {id} {board}\", \"Authorization: Bearer a:b\""));
    (void)state;
    assert_int_equal(f->server.headers_count, 2);
    thm_fleet_free(f);
    refused(WITH_HEADERS("\"X-Board\""), "t.yaml:5: server.headers[0]: 'X-Board': expected 'Name: value'");
    refused(WITH_HEADERS("\"X Board: 1\""), "expected 'Name: value'");
    refused(WITH_HEADERS("\"X-Board:\""), "expected 'Name: value'");
    refused(WITH_HEADERS("\"A: 1\", \"host: x\""), "server.headers[1]: Host is the client's own");
    refused(WITH_HEADERS("\"A: {serial}\""), "server.headers[0]: '{serial}': expected {id}");
}

static void header__line_end_in_any_value_is_refused(void **state)
{
    (void)state;
    refused(WITH_HEADERS("\"A: 1\\r\\nB: 2\""), "t.yaml:5: ");
    refused(HEAD GROUP SERVER "rollout: {version: \"1\\r\\nB: 2\"}\n", "t.yaml:6: ");
    refused(HEAD GROUP SERVER "rollout: {version: '1\"'}\n", "t.yaml:6: rollout.version: a quote or backslash");
    refused(HEAD "  - {name: \"a\\nB: 2\", board: esp32, count: 5, model: m}\n" SERVER, "t.yaml:4: ");
}

static void scenario__new_keys_have_their_lines(void **state)
{
    (void)state;
    refused(HEAD GROUP SERVER "outages:\n  - {from_s: 9, to_s: 9}\n", "t.yaml:7: outages[0].to_s: 9 is not after");
    refused(HEAD GROUP SERVER "outages:\n  - {from_s: 9, to_s: 19, group: z}\n", "t.yaml:7: outages[0].group: there");
    refused(HEAD GROUP SERVER "outages:\n  - {from_s: 9, to_s: 19, percent: 101}\n",
            "t.yaml:7: outages[0].percent: 101");
    refused(HEAD GROUP SERVER "rollout: {poll_s: 1, waves: [{name: a, percent: 9, at_s: 1000001}]}\n",
            "t.yaml:6: rollout.waves[0].at_s: 1000001 polls of each board");
    refused(HEAD GROUP SERVER POLLS "outages:\n  - {from_s: 0, to_s: 4000000000}\n",
            "t.yaml:8: outages[0].to_s: 6666666 polls");
    refused(HEAD GROUP SERVER "telemetry: {url: \"https://x\", count: 99999, every_s: 99999}\n",
            "t.yaml:6: telemetry.every_s: the last post");
    refused(HEAD GROUP SERVER "rollout: {tries: 2}\n", "t.yaml:6: rollout.tries: a board that does not poll");
    refused(HEAD GROUP SERVER "rollout: {poll_s: 9, poll_url: \"http://x\"}\n",
            "t.yaml:6: rollout.poll_url: 'http://x'");
    refused(HEAD GROUP SERVER "telemetry: {url: \"ftp://x\"}\n", "t.yaml:6: telemetry.url: 'ftp://x' is not");
    refused(HEAD GROUP SERVER "telemetry: {url: \"https://x\", count: 100001}\n", "t.yaml:6: telemetry.count: 100001");
    refused(HEAD "  - {name: a, board: esp32, count: 5, model: m, clock: late}\n" SERVER, "t.yaml:4: groups[0].clock");
    refused(HEAD "  - {name: a, board: esp32, count: 5, model: m, client: {cert: c}}\n" SERVER,
            "t.yaml:4: groups[0].client.key: missing key");
    refused(HEAD "  - {name: a, board: esp32, count: 5, model: m, backoff_ms: 3600001}\n" SERVER,
            "t.yaml:4: groups[0].backoff_ms");
}

static void scenario__faults_have_the_value_they_need(void **state)
{
    (void)state;
    refused(HEAD GROUP SERVER "faults:\n  - {kind: net-fault, percent: 1}\n",
            "t.yaml:7: faults[0].fault: net-fault wants");
    refused(HEAD GROUP SERVER "faults:\n  - {kind: net-fault, percent: 1, fault: rain}\n",
            "t.yaml:7: faults[0].fault: ");
    refused(HEAD GROUP SERVER "faults:\n  - {kind: bad-link, percent: 1, fault: x}\n",
            "bad-link has a value, no words");
    refused(HEAD GROUP SERVER "faults:\n  - {kind: bad-link, percent: 1, from_s: 5, to_s: 4}\n",
            "faults[0].to_s: 4 is");
    refused(HEAD "  - {name: a, board: esp32, storage: sd, count: 5, model: m}\n" SERVER
                 "faults:\n  - {kind: worn-flash, percent: 1}\n",
            "faults[0].kind: how long the storage of group 'a' lasts is not known");
}

static void fault__every_kind_has_words_with_one_place_for_its_value(void **state)
{
    static const char *const kinds[] = { "power-cut",  "power-off", "full-storage", "bad-blocks", "bit-flips",
                                         "worn-flash", "bad-link",  "cut-link",     "net-fault",  "failed-alloc" };
    char names[256];
    (void)state;
    thm_fleet_fault_names(names, sizeof names);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct thm_fleet_fault_kind *k = thm_fleet_fault_kind(kinds[i]);
        assert_non_null(k);
        assert_non_null(k->apply);
        const char *hole = strstr(k->words, "%s");
        assert_non_null(hole);
        assert_null(strchr(hole + 1, '%'));
        assert_true(k->value <= k->max && (k->value || k->drawn || k->parse));
        assert_non_null(strstr(names, kinds[i]));
    }
}

/* ---- outages ---- */

static void plan__board_gets_it_at_its_first_poll_after_an_outage(void **state)
{
    struct thm_fleet *f =
        good(HEAD GROUP SERVER POLLS "outages:\n  - {from_s: 50, to_s: 5000}\n  - {from_s: 5500, to_s: 6100}\n");
    struct thm_fleet *plain = good(HEAD GROUP SERVER POLLS);
    unsigned late = 0;
    (void)state;
    for (uint32_t id = 0; id < 500; id++) {
        struct thm_fleet_plan p, q;
        thm_fleet_plan(f, id, &p);
        thm_fleet_plan(plain, id, &q);
        assert_int_equal(q.lost, 0);
        assert_false(p.asked >= 50000 && p.asked < 5000000);
        assert_false(p.asked >= 5500000 && p.asked < 6100000);
        if (q.asked < 50000) {
            assert_int_equal(p.asked, q.asked);
            continue;
        }
        late++;
        assert_true(p.asked < 6100000 + 600000);
        assert_int_equal(p.polls, 1 + p.lost);
        assert_int_equal((p.asked + (uint64_t)(p.skew + 600000)) % 600000, 0);
        assert_int_equal(p.asked, q.switched_on + p.next_poll + (p.lost - 1) * UINT64_C(600000));
    }
    assert_in_range(late, 150, 350);
    thm_fleet_free(f);
    thm_fleet_free(plain);
}

static void plan__outage_of_a_share_is_of_that_share(void **state)
{
    struct thm_fleet *f = good(HEAD GROUP SERVER POLLS "outages:\n  - {from_s: 0, to_s: 40000000, percent: 30}\n");
    unsigned concerned = 0;
    (void)state;
    for (uint32_t id = 0; id < 500; id++) {
        struct thm_fleet_plan p;
        thm_fleet_plan(f, id, &p);
        const bool out = thm_fleet_outage_concerns(f, id, 0);
        concerned += out;
        assert_int_equal(p.asked >= UINT64_C(40000000000), out);
    }
    assert_in_range(concerned, 100, 200);
    thm_fleet_free(f);
}

/* ---- faults by time ---- */

static void plan__fault_of_a_time_is_of_those_that_ask_then(void **state)
{
    struct thm_fleet *f = good(HEAD GROUP SERVER POLLS
                               "faults:\n  - {kind: net-fault, percent: 100, fault: dns, from_s: 30, to_s: 60}\n");
    (void)state;
    for (uint32_t id = 0; id < 500; id++) {
        struct thm_fleet_plan p;
        thm_fleet_plan(f, id, &p);
        assert_int_equal(p.fault != NULL, p.asked >= 30000 && p.asked < 60000);
        if (p.fault)
            assert_string_equal(p.fault_text, "dns");
    }
    thm_fleet_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schema__every_key_is_in_the_manual),
        cmocka_unit_test(template__holes_are_filled),
        cmocka_unit_test(template__too_long_a_text_tells_its_length),
        cmocka_unit_test(template__hole_that_nothing_fills_is_found),
        cmocka_unit_test(header__must_be_one_of_the_users),
        cmocka_unit_test(header__line_end_in_any_value_is_refused),
        cmocka_unit_test(scenario__new_keys_have_their_lines),
        cmocka_unit_test(scenario__faults_have_the_value_they_need),
        cmocka_unit_test(fault__every_kind_has_words_with_one_place_for_its_value),
        cmocka_unit_test(plan__board_gets_it_at_its_first_poll_after_an_outage),
        cmocka_unit_test(plan__outage_of_a_share_is_of_that_share),
        cmocka_unit_test(plan__fault_of_a_time_is_of_those_that_ask_then),
    };
    return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
