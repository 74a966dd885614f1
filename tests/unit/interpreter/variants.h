/* tests/unit/interpreter/variants.h -- one random operator, computed by every variant of the kernels: the same bits,
 * and no more stack than the portable code is said to use. */
#pragma once
#include <math.h>
#include <stdbool.h>
#include <ucontext.h>
#include "interpreter/kernels.h"
#include "tests/packing.h"
#include "tests/unit/interpreter/builder.h"

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

#define MOST_WEIGHTS 3000
#define MOST_VALUES  6000 /* bytes of an input or output */

static uint32_t seed;
static int8_t weights[MOST_WEIGHTS], input[MOST_VALUES];

static inline int32_t any(int32_t low, int32_t high)
{
    seed = seed * 1664525 + 1013904223;
    return low + (int32_t)((seed >> 8) % (uint32_t)(high - low + 1));
}

/* Random bytes, with many at the ends of their range. */
static inline void fill(int8_t *to, size_t n)
{
    int32_t extremes = any(0, 3);
    for (size_t i = 0; i < n; i++) {
        int32_t r = any(0, 7);
        to[i] = (int8_t)(extremes && r < extremes ? -128 : r == 7 ? 127 : any(-128, 127));
    }
}

/* Random floats: halves of a step, where rounding decides. */
static inline void fill_floats(void *to, size_t n, float step)
{
    for (size_t i = 0; i < n; i++) {
        float v = (float)any(-300, 300) * step / 2;
        memcpy((uint8_t *)to + 4 * i, &v, 4);
    }
}

/* The same, with many that are hardly numbers. */
static inline void fill_odd_floats(void *to, size_t n, float step)
{
    const float odd[] = { NAN, INFINITY, -INFINITY, 3e38f, -3e38f, -0.0f, 1e-40f };
    fill_floats(to, n, step);
    for (size_t i = 0; i < n; i++)
        if (any(0, 9) == 0)
            memcpy((uint8_t *)to + 4 * i, &odd[any(0, sizeof odd / sizeof odd[0] - 1)], 4);
}

struct layer {
    struct build_tensor tensors[4];
    struct build_op op;
    struct net net;
};

static inline int32_t elements(const struct build_tensor *t)
{
    int32_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->shape[i];
    return n;
}

static struct {
    struct bench bench;
    ucontext_t home, task;
    enum thm_nn_err err;
    uint8_t stack[16384] __attribute__((aligned(16)));
} run;

static inline void invoke(void)
{
    run.err = thm_interpreter_invoke(&run.bench.it, &run.bench.diag);
}

/* On a painted stack. Returns how many bytes of it have been in use. */
static inline size_t invoke_on_stack(void)
{
    size_t untouched = 0;
    memset(run.stack, 0x5a, sizeof run.stack);
    getcontext(&run.task);
    run.task.uc_stack.ss_sp = run.stack;
    run.task.uc_stack.ss_size = sizeof run.stack;
    run.task.uc_link = &run.home;
    makecontext(&run.task, invoke, 0);
    swapcontext(&run.home, &run.task);
    while (run.stack[untouched] == 0x5a)
        untouched++;
    return sizeof run.stack - untouched;
}

/* The output's bytes. */
static inline size_t compute(const struct thm_kernels *k, uint8_t *out, size_t *stack)
{
    struct thm_tensor t;
    thm_interpreter_set_kernels(&run.bench.it, k);
    assert_true(pack_weights(&run.bench.it));
    assert_int_equal(thm_interpreter_input(&run.bench.it, 0, &t), THM_NN_OK);
    assert_true(t.bytes <= sizeof input);
    memcpy(t.data, input, t.bytes);
    assert_int_equal(thm_interpreter_output(&run.bench.it, 0, &t), THM_NN_OK);
    assert_true(t.bytes <= MOST_VALUES);
    memset(t.data, 0x55, t.bytes);
    if (SANITIZED)
        invoke();
    else
        *stack = invoke_on_stack();
    assert_int_equal(run.err, THM_NN_OK);
    memcpy(out, t.data, t.bytes);
    return t.bytes;
}

static inline void describe(const struct layer *l, const struct thm_kernels *k, const char *what)
{
    const int32_t *in = l->tensors[0].shape, *other = l->tensors[1].shape;
    fail_msg("%s %s; operator %d, input %d %d %d %d, second tensor %d %d %d %d", thm_kernels_name(k), what, l->op.code,
             in[0], in[1], in[2], in[3], other[0], other[1], other[2], other[3]);
}

/* Three times: what is kept from one invocation to the next comes into play. false: no such operator is possible. */
static inline bool check_layer(const struct layer *l)
{
    static uint8_t want[MOST_VALUES], got[MOST_VALUES];
    const struct thm_kernels *k;
    size_t said = 0, stack = 0;
    if (bench_build(&run.bench, &l->net) != THM_NN_OK)
        return false;
    size_t bytes = compute(thm_kernels_at(0), want, &said);
    for (size_t i = 1; (k = thm_kernels_at(i)); i++)
        for (int times = 0; times < 3; times++) {
            assert_int_equal(compute(k, got, &stack), bytes);
            if (memcmp(want, got, bytes) != 0)
                describe(l, k, "differs");
            if (stack > said)
                describe(l, k, "needs more stack");
        }
    return true;
}
