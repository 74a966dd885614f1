/* tests/unit/fleet/test_jobs.c -- how many boards at once, and who may write a database. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/fleet/jobs.h"
#include "emu/fleet/lock.h"
#include "tests/testing.h"

static void jobs__refusal_lowers_them_and_is_told_once(void **state)
{
    struct thm_fleet_jobs j;
    char note[THM_FLEET_NOTE_MAX];
    (void)state;
    thm_fleet_jobs_init(&j, 30);
    assert_null(thm_fleet_jobs_lower(&j, 12, EAGAIN));
    assert_null(thm_fleet_jobs_lower(&j, 9, EAGAIN));
    assert_int_equal(j.most, 9);
    assert_true(thm_fleet_jobs_told(&j, note));
    assert_non_null(strstr(note, "no more than 9 boards at once"));
    assert_non_null(strstr(note, "processes"));
    assert_false(thm_fleet_jobs_told(&j, note));
}

static void jobs__not_even_one_is_an_error_that_names_the_limit(void **state)
{
    struct thm_fleet_jobs j;
    (void)state;
    thm_fleet_jobs_init(&j, 30);
    assert_non_null(strstr(thm_fleet_jobs_lower(&j, 0, EMFILE), "ulimit -n"));
    assert_non_null(strstr(thm_fleet_jobs_lower(&j, 0, EAGAIN), "ulimit -u"));
}

/* In a process that is killed. */
static void lock_and_wait(const char *path, int ready)
{
    (void)!write(ready, thm_fleet_lock(path) < 0 ? "n" : "y", 1);
    pause();
    _exit(0);
}

static void lock__is_one_s_until_that_one_is_killed(void **state)
{
    char path[] = "/tmp/thm_lock_XXXXXX", got = 0;
    int ready[2], file = mkstemp(path);
    (void)state;
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    if (pid == 0)
        lock_and_wait(path, ready[1]);
    assert_int_equal(read(ready[0], &got, 1), 1);
    assert_int_equal(got, 'y');
    assert_int_equal(thm_fleet_lock(path), -1);
    assert_int_equal(errno, EAGAIN);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    const int mine = thm_fleet_lock(path);
    assert_true(mine >= 0);
    const int closed[] = { mine, file, ready[0], ready[1] };
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
        close(closed[i]);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs__refusal_lowers_them_and_is_told_once),
        cmocka_unit_test(jobs__not_even_one_is_an_error_that_names_the_limit),
        cmocka_unit_test(lock__is_one_s_until_that_one_is_killed),
    };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
