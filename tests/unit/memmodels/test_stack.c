/* A task's stack: its size, its paint, its guard. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "memmodels/stack.h"
#include "tests/testing.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(at, len) ((void)0)
#endif

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

/* -- in memory that the board has anyway -------------------------------------------------------------------------- */

enum { BANK = 65536, SIZE = 16384 };

/* A stack at the end of a bank of zeros; NULL: this build's frames are too large for that. */
static uint8_t *place(struct thm_stack *s)
{
    uint8_t *bank = mmap(NULL, BANK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(bank, MAP_FAILED);
    if (thm_stack_factor != 1) {
        assert_int_equal(thm_stack_place(s, "placed", bank + BANK, SIZE), THM_MEM_EINVAL);
        munmap(bank, BANK);
        return NULL;
    }
    assert_int_equal(thm_stack_place(s, "placed", bank + BANK, SIZE), THM_MEM_OK);
    return bank;
}

/* A canary only sees bytes that are written: so are all of these. */
static void overflow_placed(void *arg)
{
    volatile uint8_t frame[SIZE + 4096];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 1;
    *(uint8_t *)arg = frame[SIZE];
}

static void place__is_measured_and_its_canary_is_whole(void **state)
{
    struct thm_stack s;
    struct visit v = { 0 };
    (void)state;
    uint8_t *bank = place(&s);
    if (!bank)
        return;
    thm_call_on_stack(visit, &v, s.top);
    assert_int_equal(v.sum, 45);
    assert_in_range(thm_stack_used(&s), 10 * 512, SIZE - 1);
    assert_true(thm_stack_canary_intact(&s));
    assert_false(thm_stack_in_guard(&s, s.low - 1));
    thm_stack_unmap(&s);
    munmap(bank, BANK);
}

static void overflow__of_a_placed_one_overwrites_what_lies_below(void **state)
{
    struct thm_stack s;
    uint8_t written = 0;
    size_t overwritten = 0;
    (void)state;
    uint8_t *bank = place(&s);
    if (!bank)
        return;
    thm_call_on_stack(overflow_placed, &written, s.top);
    assert_int_equal(written, 1);
    assert_false(thm_stack_canary_intact(&s));
    assert_int_equal(thm_stack_used(&s), SIZE);
    VALGRIND_MAKE_MEM_DEFINED(bank, BANK); /* to it, bytes below the stack pointer are dead */
    for (const uint8_t *p = bank; p < s.low; p++)
        overwritten += *p != 0;
    assert_true(overwritten > 0);
    thm_stack_unmap(&s);
    munmap(bank, BANK);
}

static void protect__makes_the_access_below_fault(void **state)
{
    struct thm_stack s;
    int status = 0;
    (void)state;
    uint8_t *bank = place(&s);
    if (!bank)
        return;
    assert_int_equal(thm_stack_protect(&s), THM_MEM_OK);
    assert_true(thm_stack_in_guard(&s, s.low - 1));
    assert_false(thm_stack_in_guard(&s, s.low));
    const pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile uint8_t *)(s.low - 1) = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    thm_stack_unmap(&s);
    munmap(bank, BANK);
}

static void raise__leaves_less_and_never_more(void **state)
{
    struct thm_stack s;
    (void)state;
    uint8_t *bank = place(&s);
    if (!bank)
        return;
    thm_stack_raise(&s, s.low + 1000);
    assert_int_equal(s.size, SIZE - 1000);
    thm_stack_raise(&s, s.low - 1000);
    assert_int_equal(s.size, SIZE - 1000);
    thm_stack_raise(&s, s.top + 1000);
    assert_int_equal(s.size, 0);
    thm_stack_unmap(&s);
    munmap(bank, BANK);
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
        cmocka_unit_test(place__is_measured_and_its_canary_is_whole),
        cmocka_unit_test(overflow__of_a_placed_one_overwrites_what_lies_below),
        cmocka_unit_test(protect__makes_the_access_below_fault),
        cmocka_unit_test(raise__leaves_less_and_never_more),
    };
    return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
