/* tests/unit/interpreter/test_packed.c -- weights packed once for a model and used by many interpreters. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "interpreter/kernels.h"
#include "tests/unit/interpreter/builder.h"

#define DEPTH    64
#define CHANNELS 16

static int8_t weights[CHANNELS * DEPTH], input[DEPTH];

static const struct build_tensor tensors[] = {
    { .type = THM_INT8, .rank = 2, .shape = { 1, DEPTH }, .scale = 0.5f },
    { THM_INT8, 2, { CHANNELS, DEPTH }, weights, sizeof weights, 0.02f, 0, 0 },
    { .type = THM_INT8, .rank = 2, .shape = { 1, CHANNELS }, .scale = 1 },
};
static struct build_op fully_connected = {
    .code = 9, .options_type = 8, .kinds = "1111", .inputs = 2, .input = { 0, 1 }, .output = 2
};
static const struct net net = { tensors, 3, &fully_connected, 1, 1, { 0 }, 1, { 2 } };
static struct bench first, second;
static void *packed;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof weights; i++)
        weights[i] = (int8_t)(i * 37 % 251 - 125);
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (int8_t)(i * 11 % 100);
    if (bench_build(&first, &net) != THM_NN_OK || bench_build(&second, &net) != THM_NN_OK)
        return -1;
    size_t bytes = thm_packed_bytes(&first.it);
    packed = bytes ? aligned_alloc(64, bytes) : NULL;
    if (packed)
        thm_pack(&first.it, packed);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(packed);
    return 0;
}

/* On a PC whose best variant is the portable code there is nothing to see. */
static void need_packed(void)
{
    if (!packed)
        skip();
}

static void invoke(struct bench *b, int8_t out[CHANNELS])
{
    struct thm_tensor t;
    assert_int_equal(thm_interpreter_input(&b->it, 0, &t), THM_NN_OK);
    memcpy(t.data, input, sizeof input);
    assert_int_equal(thm_interpreter_invoke(&b->it, &b->diag), THM_NN_OK);
    assert_int_equal(thm_interpreter_output(&b->it, 0, &t), THM_NN_OK);
    memcpy(out, t.data, CHANNELS);
}

static void portable(int8_t out[CHANNELS])
{
    static struct bench b;
    assert_int_equal(bench_build(&b, &net), THM_NN_OK);
    invoke(&b, out);
}

/* The packed weights do the work: when they are wiped, the output is another. */
static void packed__weights_are_what_is_computed_with(void **state)
{
    int8_t want[CHANNELS], got[CHANNELS];
    (void)state;
    need_packed();
    portable(want);
    invoke(&first, got);
    assert_memory_equal(want, got, CHANNELS);
    size_t bytes = thm_packed_bytes(&first.it);
    memset((uint8_t *)packed + bytes - sizeof weights, 0, sizeof weights);
    invoke(&first, got);
    assert_memory_not_equal(want, got, CHANNELS);
}

static void packed__serves_a_copy_of_the_model(void **state)
{
    int8_t want[CHANNELS], got[CHANNELS];
    (void)state;
    need_packed();
    portable(want);
    assert_true(thm_interpreter_use_packed(&second.it, packed));
    invoke(&second, got);
    assert_memory_equal(want, got, CHANNELS);
}

static void packed__is_refused_for_another_model(void **state)
{
    int8_t want[CHANNELS], got[CHANNELS];
    (void)state;
    need_packed();
    weights[3]++;
    assert_int_equal(bench_build(&second, &net), THM_NN_OK);
    portable(want);
    assert_false(thm_interpreter_use_packed(&second.it, packed));
    invoke(&second, got);
    assert_memory_equal(want, got, CHANNELS);
}

static void packed__is_refused_for_another_variant(void **state)
{
    (void)state;
    need_packed();
    thm_interpreter_set_kernels(&second.it, thm_kernels_at(0));
    assert_false(thm_interpreter_use_packed(&second.it, packed));
    assert_int_equal(thm_packed_bytes(&second.it), 0);
    assert_true(thm_interpreter_use_packed(&second.it, NULL));
}

static void packed__needs_an_allocated_interpreter(void **state)
{
    struct thm_interpreter it;
    (void)state;
    thm_interpreter_init(&it, &first.model, thm_layout_find("cortex_m"), first.arena, sizeof first.arena, NULL);
    assert_int_equal(thm_packed_bytes(&it), 0);
}

static void packed__is_shared_with_processes_that_fork(void **state)
{
    int8_t want[CHANNELS], got[CHANNELS];
    int status;
    (void)state;
    need_packed();
    portable(want);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool used = thm_interpreter_use_packed(&second.it, packed);
        invoke(&second, got);
        _exit(used && memcmp(want, got, CHANNELS) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(packed__weights_are_what_is_computed_with), T(packed__serves_a_copy_of_the_model),
        T(packed__is_refused_for_another_model),      T(packed__is_refused_for_another_variant),
        T(packed__needs_an_allocated_interpreter),    T(packed__is_shared_with_processes_that_fork),
    };
    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
