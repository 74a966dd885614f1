/* tests/unit/fleet/test_dashboard.c -- who may read the dashboard; what boards are at. */
#include "tests/testing.h"
#include <unistd.h>
#include "emu/fleet/dashboard_internal.h"

static void opens(struct thm_dashboard_access *a, const char *address, const char *token)
{
    char *error = NULL;
    const int status = thm_dashboard_access_open(a, address, token, &error);
    if (status)
        print_message("# %s\n", error);
    assert_int_equal(status, 0);
    close(a->listener);
}

static void refused(const char *address, const char *token, int status, const char *message)
{
    struct thm_dashboard_access a;
    char *error = NULL;
    assert_int_equal(thm_dashboard_access_open(&a, address, token, &error), status);
    assert_non_null(error);
    if (!strstr(error, message))
        fail_msg("'%s' does not say '%s'", error, message);
    free(error);
}

static void address__default_and_loopback_need_no_token(void **state)
{
    static const char *const addresses[] = { NULL, "0", "127.0.0.1", "127.0.0.1:0", "localhost", "localhost:0" };
    struct thm_dashboard_access a;
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        opens(&a, addresses[i], NULL);
        assert_string_equal(a.token, "");
        assert_memory_equal(a.url, "http://127.0.0.1:", 17);
        assert_true(a.port > 0);
    }
}

static void address__elsewhere_gets_a_token_that_differs_each_time(void **state)
{
    struct thm_dashboard_access a, b;
    (void)state;
    opens(&a, "0.0.0.0", NULL);
    opens(&b, "0.0.0.0", NULL);
    assert_int_equal(strlen(a.token), 32);
    assert_string_not_equal(a.token, b.token);
    assert_non_null(strstr(a.url, a.token));
}

static void address__nonsense_is_refused(void **state)
{
    (void)state;
    refused("example.com", NULL, 2, "example.com: not an address");
    refused("127.0.0.1:65536", NULL, 2, "not an address");
    refused("127.0.0.1:x", NULL, 2, "not an address");
    refused("-1", NULL, 2, "not an address");
    refused("", NULL, 2, "not an address");
    refused("[::1", NULL, 2, "not an address");
    refused(NULL, "short", 2, "8 to 79");
    refused(NULL, "with space", 2, "8 to 79");
}

static void token__only_the_whole_one_fits(void **state)
{
    struct thm_dashboard_access a;
    (void)state;
    opens(&a, NULL, "0123456789");
    assert_true(thm_dashboard_token_fits(&a, "0123456789"));
    assert_false(thm_dashboard_token_fits(&a, "012345678"));
    assert_false(thm_dashboard_token_fits(&a, "01234567890123456789"));
    assert_false(thm_dashboard_token_fits(&a, "0123456788"));
    assert_false(thm_dashboard_token_fits(&a, ""));
    assert_false(thm_dashboard_token_fits(&a, NULL));
}

static void host__addresses_and_this_machine_fit(void **state)
{
    static const char *const good[] = {
        "localhost", "LOCALHOST:80", "127.0.0.1", "10.0.0.7:8080", "[::1]", "[::1]:80"
    };
    static const char *const bad[] = { "evil.example",
                                       "evil.example:80",
                                       "localhost.evil.example",
                                       "127.0.0.1.evil.example",
                                       "",
                                       ":80",
                                       "[::1].evil.example]",
                                       "local" };
    struct thm_dashboard_access a;
    (void)state;
    opens(&a, NULL, NULL);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(thm_dashboard_host_fits(&a, good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(thm_dashboard_host_fits(&a, bad[i]));
    assert_false(thm_dashboard_host_fits(&a, NULL));
    snprintf(a.machine, sizeof a.machine, "%s", "workstation");
    assert_true(thm_dashboard_host_fits(&a, "Workstation:9000"));
    a.machine[0] = '\0'; /* it has no name */
    assert_false(thm_dashboard_host_fits(&a, ""));
}

static enum thm_fleet_state after(enum thm_fleet_state now, uint32_t type, const char *name)
{
    struct thm_event e = { .type = type };
    snprintf(e.name, sizeof e.name, "%s", name);
    return thm_fleet_state_after(now, &e);
}

static void state__follows_the_steps_of_an_update(void **state)
{
    (void)state;
    enum thm_fleet_state s = after(THM_FLEET_BOOTING, THM_EV_STEP, "boot");
    assert_int_equal(s, THM_FLEET_BOOTING);
    s = after(s, THM_EV_STEP, "storage");
    assert_int_equal(s, THM_FLEET_FETCHING);
    s = after(s, THM_EV_BODY, "model");
    assert_int_equal(s, THM_FLEET_STORING);
    s = after(s, THM_EV_LOG, "boot");
    assert_int_equal(s, THM_FLEET_STORING);
    s = after(s, THM_EV_STEP, "store");
    assert_int_equal(s, THM_FLEET_RUNNING);
    assert_true(thm_fleet_state_is_alive(s));
    assert_int_equal(after(s, THM_EV_STEP, "of the user's own"), THM_FLEET_RUNNING);
    assert_int_equal(thm_fleet_state_of_outcome("withheld"), THM_FLEET_WITHHELD);
    assert_false(thm_fleet_state_is_alive(THM_FLEET_WITHHELD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address__default_and_loopback_need_no_token),
        cmocka_unit_test(address__elsewhere_gets_a_token_that_differs_each_time),
        cmocka_unit_test(address__nonsense_is_refused),
        cmocka_unit_test(token__only_the_whole_one_fits),
        cmocka_unit_test(host__addresses_and_this_machine_fit),
        cmocka_unit_test(state__follows_the_steps_of_an_update),
    };
    return cmocka_run_group_tests_name("dashboard", tests, NULL, NULL);
}
