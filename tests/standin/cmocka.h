/* tests/standin/cmocka.h -- what the interpreter's tests use of cmocka 1.1, for machines that are compiled for without
 * having its library. Always TAP. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
    int (*setup)(void **state), (*teardown)(void **state);
};

enum standin_end { STANDIN_PASSED, STANDIN_FAILED, STANDIN_SKIPPED };
static jmp_buf standin_leave;

__attribute__((format(printf, 1, 2))) static inline void print_message(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
}

#define skip() longjmp(standin_leave, STANDIN_SKIPPED)
#define fail_msg(...)                                   \
    do {                                                \
        print_message("# %s:%d: ", __FILE__, __LINE__); \
        print_message(__VA_ARGS__);                     \
        print_message("\n");                            \
        longjmp(standin_leave, STANDIN_FAILED);         \
    } while (0)

#define assert_true(c)                      \
    do {                                    \
        if (!(c))                           \
            fail_msg("%s is not true", #c); \
    } while (0)
#define assert_false(c)                   assert_true(!(c))
#define assert_null(p)                    assert_true(!(p))
#define assert_non_null(p)                assert_true(p)
#define assert_ptr_equal(a, b)            assert_true((a) == (b))
#define assert_string_equal(a, b)         assert_true(strcmp(a, b) == 0)
#define assert_memory_equal(a, b, n)      assert_true(memcmp(a, b, n) == 0)
#define assert_memory_not_equal(a, b, n)  assert_true(memcmp(a, b, n) != 0)
#define assert_in_range(v, low, high)     assert_true((uintmax_t)(v) >= (low) && (uintmax_t)(v) <= (high))
#define assert_float_equal(a, b, epsilon) assert_true((a) - (b) <= (epsilon) && (b) - (a) <= (epsilon))
#define assert_int_equal(a, b)                                                           \
    do {                                                                                 \
        long long standin_a = (long long)(a), standin_b = (long long)(b);                \
        if (standin_a != standin_b)                                                      \
            fail_msg("%s is %lld, not %s, which is %lld", #a, standin_a, #b, standin_b); \
    } while (0)

#define cmocka_unit_test(f) \
    {                       \
#f, f, NULL, NULL   \
    }
#define cmocka_unit_test_setup_teardown(f, first, last) \
    {                                                   \
#f, f, first, last                              \
    }
#define cmocka_run_group_tests_name(name, tests, first, last) \
    standin_run(tests, sizeof(tests) / sizeof(tests)[0], first, last)

static inline enum standin_end standin_run_one(const struct CMUnitTest *t)
{
    static void *state;
    int end = setjmp(standin_leave);
    if (end == STANDIN_PASSED) {
        if (t->setup && t->setup(&state))
            return STANDIN_FAILED;
        t->run(&state);
    }
    if (t->teardown && t->teardown(&state))
        return STANDIN_FAILED;
    return (enum standin_end)end;
}

static inline int standin_run(const struct CMUnitTest *tests, size_t count, int (*first)(void **), int (*last)(void **))
{
    int failures = 0;
    void *state = NULL;
    printf("1..%zu\n", count);
    if (first && first(&state))
        return 1;
    for (size_t i = 0; i < count; i++) {
        enum standin_end end = standin_run_one(&tests[i]);
        printf("%sok %zu - %s%s\n", end == STANDIN_FAILED ? "not " : "", i + 1, tests[i].name,
               end == STANDIN_SKIPPED ? " # SKIP" : "");
        failures += end == STANDIN_FAILED;
    }
    return last && last(&state) ? 1 : failures;
}
