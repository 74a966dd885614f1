/* tests/unit/interpreter/ops.h -- what the tests of operators share. */
#pragma once
#include "tests/unit/interpreter/builder.h"

#define NET(name, tensors, ops, n_in)                                             \
    static const struct net name = { tensors, sizeof tensors / sizeof tensors[0], \
                                     ops,     sizeof ops / sizeof ops[0],         \
                                     n_in,    { 0, 1 },                           \
                                     1,       { sizeof tensors / sizeof tensors[0] - 1 } }

#define F32(...) ((const float[]){ __VA_ARGS__ })
#define I8(...)  ((const int8_t[]){ __VA_ARGS__ })
#define U8(...)  ((const uint8_t[]){ __VA_ARGS__ })
#define I16(...) ((const int16_t[]){ __VA_ARGS__ })
#define I32(...) ((const int32_t[]){ __VA_ARGS__ })
#define U32(...) ((const uint32_t[]){ __VA_ARGS__ })

/* Tensors without constant data: type, number of elements, scale and zero point. */
#define ROW(type, count)                     \
    {                                        \
        type, 1, { count }, NULL, 0, 0, 0, 0 \
    }
#define QROW(type, count, scale, zero)              \
    {                                               \
        type, 1, { count }, NULL, 0, scale, zero, 0 \
    }

/* Allocation succeeds, the invocation with these inputs (NULL: zeros) is refused. */
static inline void bench_fail(const struct net *n, const void *in0, const void *in1, enum thm_nn_err want)
{
    static struct bench b;
    const void *const in[] = { in0, in1 };
    struct thm_tensor t;
    memset(&b, 0, sizeof b);
    assert_int_equal(bench_build(&b, n), THM_NN_OK);
    for (uint32_t i = 0; i < 2; i++)
        if (in[i]) {
            assert_int_equal(thm_interpreter_input(&b.it, i, &t), THM_NN_OK);
            memcpy(t.data, in[i], t.bytes);
        }
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), want);
    assert_non_null(b.diag.what);
}
