/* A task's stack: its size, its paint, its guard. */
#include <signal.h>
#include <sys/wait.h>
#include "memmodels/stack.h"
#include "tests/testing.h"

static struct thm_stack stack;

static int setup(void **state)
{
    (void)state;
    return thm_stack_map(&stack, "main", 16384) == THM_MEM_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    thm_stack_unmap(&stack);
    return 0;
}

static void map__gives_exactly_the_bytes_asked_for(void **state)
{
    (void)state;
    assert_int_equal(stack.top - stack.low, 16384 * thm_stack_factor);
    assert_int_equal((uintptr_t)stack.top % 16, 0);
    assert_true((uintptr_t)stack.top <= 1ull << 32);
    assert_string_equal(stack.task, "main");
    assert_int_equal(thm_stack_used(&stack), 0);
}

static void map__refuses_nothing_and_too_much(void **state)
{
    struct thm_stack s;
    (void)state;
    assert_int_equal(thm_stack_map(&s, "x", 0), THM_MEM_EINVAL);
    thm_stack_unmap(&s);
    assert_int_equal(thm_stack_map(&s, "x", UINT32_MAX), THM_MEM_EINVAL);
    thm_stack_unmap(&s);
}

struct visit {
    int sum;
    bool inside;
    uint32_t depth;
};

__attribute__((noinline)) static int use_bytes(int depth, struct visit *v)
{
    volatile char frame[512];
    frame[0] = (char)depth;
    frame[511] = 1;
    v->inside = (uint8_t *)__builtin_frame_address(0) > stack.low && (uint8_t *)__builtin_frame_address(0) <= stack.top;
    if (depth == 0)
        v->depth =
            thm_stack_depth(&stack, (const void *)&v->depth) ? 0 : thm_stack_depth(&stack, __builtin_frame_address(0));
    const int below = depth ? use_bytes(depth - 1, v) : 0;
    return below + frame[0] * frame[511]; /* read after the call: the frame must live */
}

static void visit(void *arg)
{
    struct visit *v = arg;
    v->sum = use_bytes(9, v);
}

static void call_on_stack__runs_there_and_returns(void **state)
{
    struct visit v = { 0 };
    (void)state;
    thm_call_on_stack(visit, &v, stack.top);
    assert_int_equal(v.sum, 45);
    assert_true(v.inside);
}

static void used__is_the_deepest_point(void **state)
{
    struct visit v = { 0 };
    (void)state;
    thm_call_on_stack(visit, &v, stack.top);
    const uint32_t used = thm_stack_used(&stack);
    assert_true(used >= 10 * 512 / thm_stack_factor);
    assert_true(used < 16384);
    assert_true(v.depth > 0 && v.depth <= used);
    thm_call_on_stack(visit, &v, stack.top);
    assert_int_equal(thm_stack_used(&stack), used);
    assert_int_equal(thm_stack_depth(&stack, stack.top), 0);
    assert_int_equal(thm_stack_depth(&stack, stack.low), 16384);
}

static void nested(void *arg)
{
    struct thm_stack *inner = arg;
    struct visit v = { 0 };
    thm_call_on_stack(visit, &v, inner->top);
    stack.task = v.sum == 45 ? "nested" : "wrong";
}

static void call_on_stack__may_nest(void **state)
{
    struct thm_stack inner;
    (void)state;
    assert_int_equal(thm_stack_map(&inner, "inner", 8192), THM_MEM_OK);
    thm_call_on_stack(nested, &inner, stack.top);
    assert_string_equal(stack.task, "nested");
    assert_true(thm_stack_used(&stack) > 0 && thm_stack_used(&inner) > 0);
    thm_stack_unmap(&inner);
}

static void fault_in_guard(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    _exit(thm_stack_in_guard(&stack, info->si_addr) ? 42 : 43);
}

static void overflow(void *arg)
{
    struct visit *v = arg;
    use_bytes(100000, v);
}

static void overflow__faults_in_the_guard(void **state)
{
    static uint8_t signal_stack[64 << 10];
    int status = 0;
    (void)state;
    const pid_t pid = fork();
    if (pid == 0) {
        const struct sigaction action = { .sa_sigaction = fault_in_guard, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        struct visit v = { 0 };
        sigaltstack(&(stack_t){ .ss_sp = signal_stack, .ss_size = sizeof signal_stack }, NULL);
        sigaction(SIGSEGV, &action, NULL);
        thm_call_on_stack(overflow, &v, stack.top);
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    assert_false(thm_stack_in_guard(&stack, stack.low));
    assert_true(thm_stack_in_guard(&stack, stack.low - 1));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(map__gives_exactly_the_bytes_asked_for),
        T(map__refuses_nothing_and_too_much),
        T(call_on_stack__runs_there_and_returns),
        T(used__is_the_deepest_point),
        T(call_on_stack__may_nest),
        T(overflow__faults_in_the_guard),
    };
    return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
