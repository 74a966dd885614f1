/* interpreter/ops/elementwise.c -- one number in, one number out: CEIL, COS, EXP, FLOOR, LOG, NEG, ROUND, SIN, SQRT,
 * SQUARE (float32), LOGICAL_NOT (bool), ZEROS_LIKE. The reference looks at the type while it runs, except in CEIL, EXP
 * and ROUND. Source: tensorflow/lite/micro/kernels/{elementwise,ceil,exp,floor,neg,round,zeros_like}.cc. */
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>
#include <string.h>

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    return thm_unary_alike(n, &in, &out);
}

static enum thm_nn_err prepare_f32(struct thm_node *n)
{
    struct thm_value in, out;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (err)
        return err;
    if (in.type != THM_FLOAT32)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 is supported", &in);
    if (!thm_same_shape(&in, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape");
    return THM_NN_OK;
}

static enum thm_nn_err map_f32(struct thm_node *n, float (*f)(float))
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 is supported", &in);
    for (uint32_t i = 0; i < out.elements; i++)
        ((float *)out.data)[i] = f(((const float *)in.data)[i]);
    return THM_NN_OK;
}

static float negative(float x)
{
    return -x;
}

static float square(float x)
{
    return x * x;
}

/* To nearest, halves to even. */
static float round_even(float x)
{
    float below = floorf(x), rest = x - below, half = below * 0.5f;
    return rest < 0.5f || (rest == 0.5f && floorf(half) == half) ? below : below + 1.0f;
}

static enum thm_nn_err logical_not_eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_BOOL)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only bool is supported", &in);
    for (uint32_t i = 0; i < out.elements; i++)
        ((uint8_t *)out.data)[i] = !((const uint8_t *)in.data)[i];
    return THM_NN_OK;
}

static enum thm_nn_err zeros_like_eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32 && in.type != THM_INT8 && in.type != THM_INT32 && in.type != THM_INT64)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8, int32 and int64 are supported", &in);
    memset(out.data, 0, out.bytes);
    return THM_NN_OK;
}

const struct thm_op thm_op_logical_not = { .name = "LOGICAL_NOT", .prepare = prepare, .eval = logical_not_eval };
const struct thm_op thm_op_zeros_like = { .name = "ZEROS_LIKE", .prepare = prepare, .eval = zeros_like_eval };

/* `seen`: the tensors that the reference's prepare step looks at (op.h). */
#define FLOAT_OP(NAME, op, f, check, seen)               \
    static enum thm_nn_err op##_eval(struct thm_node *n) \
    {                                                    \
        return map_f32(n, f);                            \
    }                                                    \
    const struct thm_op thm_op_##op = { .name = NAME, .temps = seen, .prepare = check, .eval = op##_eval }

FLOAT_OP("CEIL", ceil, ceilf, prepare_f32, NULL);
FLOAT_OP("COS", cos, cosf, prepare, NULL);
FLOAT_OP("EXP", exp, expf, prepare_f32, NULL);
FLOAT_OP("FLOOR", floor, floorf, prepare, "");
FLOAT_OP("LOG", log, logf, prepare, NULL);
FLOAT_OP("NEG", neg, negative, prepare, "");
FLOAT_OP("ROUND", round, round_even, prepare_f32, NULL);
FLOAT_OP("SIN", sin, sinf, prepare, NULL);
FLOAT_OP("SQRT", sqrt, sqrtf, prepare, NULL);
FLOAT_OP("SQUARE", square, square, prepare, NULL);
