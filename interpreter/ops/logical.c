/* interpreter/ops/logical.c -- LOGICAL_AND and LOGICAL_OR: bool, with broadcasting. Every byte but 0 is true.
 * Source: tensorflow/lite/micro/kernels/logical_common.cc, which has no prepare step. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/ops.h"

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    enum thm_nn_err err = thm_binary_prepare(n, &v);
    if (!err && (v.a.type != THM_BOOL || v.out.type != THM_BOOL))
        return thm_refuse(n, THM_NN_ETYPE, "only bool is supported");
    return err;
}

static void and_row(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)out)[i] = ((const uint8_t *)a)[i * sa] && ((const uint8_t *)b)[i * sb];
}

static void or_row(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)out)[i] = ((const uint8_t *)a)[i * sa] || ((const uint8_t *)b)[i * sb];
}

static enum thm_nn_err and_eval(struct thm_node *n)
{
    struct thm_binary v;
    thm_binary_gather(n, &v);
    thm_binary_rows(&v, and_row, NULL);
    return THM_NN_OK;
}

static enum thm_nn_err or_eval(struct thm_node *n)
{
    struct thm_binary v;
    thm_binary_gather(n, &v);
    thm_binary_rows(&v, or_row, NULL);
    return THM_NN_OK;
}

const struct thm_op thm_op_logical_and = { .name = "LOGICAL_AND", .temps = "", .prepare = prepare, .eval = and_eval };
const struct thm_op thm_op_logical_or = { .name = "LOGICAL_OR", .temps = "", .prepare = prepare, .eval = or_eval };
