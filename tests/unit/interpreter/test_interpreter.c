#include <ucontext.h>
#include <valgrind/valgrind.h>
#include "tests/unit/interpreter/nets.h"

static struct bench bench;
static const int8_t input[] = { 1, 2, 3, 4 };

static void allocate__fits_its_smallest_arena_and_not_16_bytes_less(void **state)
{
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    for (size_t i = 0; thm_layout_at(i); i++) {
        thm_interpreter_init(&bench.it, &bench.model, thm_layout_at(i), bench.arena, sizeof bench.arena, NULL);
        assert_int_equal(thm_interpreter_allocate(&bench.it, &bench.diag), THM_NN_OK);
        uint32_t min = bench.it.stats.min;
        thm_interpreter_init(&bench.it, &bench.model, thm_layout_at(i), bench.arena, min, NULL);
        assert_int_equal(thm_interpreter_allocate(&bench.it, &bench.diag), THM_NN_OK);
        assert_true(bench.it.stats.used <= min);
        thm_interpreter_init(&bench.it, &bench.model, thm_layout_at(i), bench.arena, min - 16, NULL);
        assert_int_equal(thm_interpreter_allocate(&bench.it, &bench.diag), THM_NN_EARENA);
    }
}

/* In every size below the smallest there is an error with a cause and sizes, never a write outside (sanitizers). */
static void allocate__every_smaller_arena_fails_with_a_cause(void **state)
{
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    uint32_t min = bench.it.stats.min;
    for (uint32_t bytes = 0; bytes + 16 <= min; bytes += 16) {
        uint8_t *exact = aligned_alloc(16, bytes ? bytes : 16);
        thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("cortex_m"), exact, bytes, NULL);
        enum thm_nn_err err = thm_interpreter_allocate(&bench.it, &bench.diag);
        free(exact);
        assert_int_equal(err, THM_NN_EARENA);
        assert_non_null(bench.diag.what);
        assert_true(bench.diag.need > 0);
        assert_true(bench.diag.arena_min == 0 || bench.diag.arena_min == min);
    }
}

/* i386: 116 bytes of objects, 8 + 144 for parsing to start, arrays of 8 + 5 * 12 + 2 * 32, options of 16 and 36. */
static void allocate__tells_where_a_device_would_crash(void **state)
{
    static const struct {
        uint32_t bytes;
        int crashes;
    } want[] = {
        { 112, 1 }, { 128, 0 }, { 256, 0 }, { 384, 0 }, { 400, 1 }, { 448, 1 }, { 464, 0 }, { 512, 0 },
    };
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("i386"), bench.arena, want[i].bytes, NULL);
        assert_int_equal(thm_interpreter_allocate(&bench.it, &bench.diag), THM_NN_EARENA);
        assert_int_equal(bench.diag.device_crashes, want[i].crashes);
    }
}

static void allocate__an_unaligned_arena_works_and_loses_a_few_bytes(void **state)
{
    struct thm_tensor t;
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    for (uint32_t skew = 1; skew < 16; skew++) {
        thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("i386"), bench.arena + skew, 4096, NULL);
        assert_int_equal(thm_interpreter_allocate(&bench.it, &bench.diag), THM_NN_OK);
        assert_int_equal(thm_interpreter_input(&bench.it, 0, &t), THM_NN_OK);
        assert_int_equal((uintptr_t)t.data % 16, 0);
        assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    }
}

static void invoke__gives_the_expected_numbers(void **state)
{
    (void)state;
    /* sums 30 and -30, plus bias 10 and -10; the products' scale is the output's */
    bench_expect(&fc_net, input, NULL, (const int8_t[]){ 40, -40 });
}

static void use__in_the_wrong_order_is_refused(void **state)
{
    struct thm_tensor t;
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    assert_int_equal(thm_interpreter_allocate(&bench.it, &bench.diag), THM_NN_EUSE);
    assert_int_equal(thm_interpreter_input(&bench.it, 1, &t), THM_NN_EUSE);
    assert_int_equal(thm_interpreter_output(&bench.it, 1, &t), THM_NN_EUSE);
    thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("i386"), bench.arena, sizeof bench.arena, NULL);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_EUSE);
    assert_int_equal(thm_interpreter_input(&bench.it, 0, &t), THM_NN_EUSE);
    assert_int_equal(thm_interpreter_reset(&bench.it, &bench.diag), THM_NN_EUSE);
}

struct seen {
    int ops;
    uint64_t macs, elements, pixels, inputs, constants;
    char names[64];
};

static void see(void *ctx, const struct thm_op_event *ev)
{
    struct seen *s = ctx;
    s->ops++;
    s->macs += ev->work.macs;
    s->elements += ev->work.elements;
    s->pixels += ev->work.pixels;
    s->inputs += ev->work.inputs;
    s->constants += ev->work.constants;
    strncat(s->names, ev->name, ev->name_len);
    strcat(s->names, " ");
}

static void invoke__tells_of_every_operator(void **state)
{
    struct seen seen = { 0 };
    struct thm_interpreter_hooks hooks = { .ctx = &seen, .op_done = see };
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("i386"), bench.arena, sizeof bench.arena, &hooks);
    assert_int_equal(thm_interpreter_allocate(&bench.it, NULL), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, NULL), THM_NN_OK);
    assert_int_equal(seen.ops, 2);
    assert_int_equal(seen.macs, 8);
    assert_int_equal(seen.elements, 4);
    assert_int_equal(seen.pixels, 2);
    assert_int_equal(seen.inputs, 6);
    assert_int_equal(seen.constants, 16);
    assert_string_equal(seen.names, "FULLY_CONNECTED RESHAPE ");
}

/* RESHAPE out of a variable tensor: it shows what the variable holds. */
static void reset__gives_variables_their_zero_point(void **state)
{
    static const struct build_tensor tensors[] = {
        { THM_INT8, 1, { 4 }, NULL, 0, 0.5f, -7, 1 },
        { THM_INT8, 2, { 2, 2 }, NULL, 0, 0.5f, -7, 0 },
    };
    static const struct build_op ops[] = { { 22, 1, { 0 }, 1, 17, "", { 0 } } };
    static const struct net n = { tensors, 2, ops, 1, 1, { 0 }, 1, { 1 } };
    struct thm_tensor t;
    (void)state;
    assert_int_equal(bench_build(&bench, &n), THM_NN_OK);
    assert_int_equal(thm_interpreter_input(&bench.it, 0, &t), THM_NN_OK);
    memset(t.data, 3, 4);
    assert_int_equal(thm_interpreter_reset(&bench.it, &bench.diag), THM_NN_OK);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    thm_interpreter_output(&bench.it, 0, &t);
    assert_memory_equal(t.data, ((int8_t[]){ -7, -7, -7, -7 }), 4);
}

static void allocate__an_operator_that_writes_to_a_constant_is_refused(void **state)
{
    struct build_op ops[2] = { fc_ops[0], { 22, 1, { 0 }, 1, 17, "", { 0 } } };
    struct net n = fc_net;
    (void)state;
    n.ops = ops;
    bench_refuse(&n, THM_NN_EMALFORMED);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static ucontext_t main_context, small_context;

static void allocate_and_invoke(void)
{
    bench_allocate(&bench, sizeof bench.arena);
    thm_interpreter_invoke(&bench.it, &bench.diag);
}

static void nothing(void)
{
}

/* Bytes of a painted stack that `run` overwrites. */
static size_t stack_of(void (*run)(void))
{
    static uint8_t stack[65536] __attribute__((aligned(16)));
    size_t untouched = 0;
    memset(stack, 0x5a, sizeof stack);
    getcontext(&small_context);
    small_context.uc_stack.ss_sp = stack;
    small_context.uc_stack.ss_size = sizeof stack;
    small_context.uc_link = &main_context;
    makecontext(&small_context, run, 0);
    swapcontext(&main_context, &small_context);
    while (stack[untouched] == 0x5a)
        untouched++;
    return sizeof stack - untouched;
}

/* It runs on a task's stack of a few KB. The library is always optimised; what a sanitizer adds does not count. */
static void allocate_and_invoke__need_little_stack(void **state)
{
    (void)state;
    if (SANITIZED || RUNNING_ON_VALGRIND)
        return;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    allocate_and_invoke(); /* the dynamic linker's part of a first call does not count either */
    size_t bytes = stack_of(allocate_and_invoke) - stack_of(nothing);
    assert_int_equal(thm_interpreter_invoke(&bench.it, &bench.diag), THM_NN_OK);
    assert_in_range(bytes, 1, 2048);
}

static enum thm_nn_err allocate_with(const char *const *names, uint32_t count)
{
    thm_interpreter_init(&bench.it, &bench.model, thm_layout_find("i386"), bench.arena, sizeof bench.arena, NULL);
    assert_int_equal(thm_interpreter_set_operators(&bench.it, names, count), THM_NN_OK);
    return thm_interpreter_allocate(&bench.it, &bench.diag);
}

static void operators__only_registered_ones_are_there(void **state)
{
    const char *const names[] = { "CONV_2D", "FULLY_CONNECTED", "RESHAPE", "FULLY" };
    (void)state;
    assert_int_equal(bench_build(&bench, &fc_net), THM_NN_OK);
    assert_int_equal(allocate_with(names, 3), THM_NN_OK);
    assert_int_equal(thm_interpreter_set_operators(&bench.it, names, 3), THM_NN_EUSE);
    assert_int_equal(allocate_with(names, 2), THM_NN_EOP);
    assert_int_equal(bench.diag.op, 1);
    assert_int_equal(allocate_with(names + 2, 2), THM_NN_EOP);
    assert_int_equal(bench.diag.op, 0);
    assert_int_equal(allocate_with(names, 0), THM_NN_EOP);
}

static void layout__names_are_found_and_listed(void **state)
{
    (void)state;
    assert_string_equal(thm_layout_name(thm_layout_find("ilp32_align8")), "ilp32_align8");
    assert_null(thm_layout_find("cortex"));
    assert_null(thm_layout_find("cortex_m7"));
    assert_null(thm_layout_at(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocate__fits_its_smallest_arena_and_not_16_bytes_less),
        cmocka_unit_test(allocate__every_smaller_arena_fails_with_a_cause),
        cmocka_unit_test(allocate__tells_where_a_device_would_crash),
        cmocka_unit_test(allocate__an_unaligned_arena_works_and_loses_a_few_bytes),
        cmocka_unit_test(invoke__gives_the_expected_numbers),
        cmocka_unit_test(use__in_the_wrong_order_is_refused),
        cmocka_unit_test(invoke__tells_of_every_operator),
        cmocka_unit_test(reset__gives_variables_their_zero_point),
        cmocka_unit_test(allocate__an_operator_that_writes_to_a_constant_is_refused),
        cmocka_unit_test(allocate_and_invoke__need_little_stack),
        cmocka_unit_test(operators__only_registered_ones_are_there),
        cmocka_unit_test(layout__names_are_found_and_listed),
    };
    return cmocka_run_group_tests_name("interpreter", tests, NULL, NULL);
}
