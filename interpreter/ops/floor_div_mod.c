/* interpreter/ops/floor_div_mod.c -- FLOOR_DIV and FLOOR_MOD: float32, with broadcasting. FLOOR_DIV refuses a divisor
 * of 0. Source: tensorflow/lite/micro/kernels/{floor_div,floor_mod}.cc. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/ops.h"
#include <math.h>

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_binary v;
    return thm_binary_prepare_alike(n, &v);
}

static void div_row(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        double x = (double)((const float *)a)[i * sa], y = (double)((const float *)b)[i * sb];
        ((float *)out)[i] = (float)floor(x / y);
    }
}

/* The result has the sign of the divisor. */
static void mod_row(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        float x = ((const float *)a)[i * sa], y = ((const float *)b)[i * sb], rest = fmodf(x, y);
        ((float *)out)[i] = rest != 0 && (y < 0) != (rest < 0) ? rest + y : rest;
    }
}

static enum thm_nn_err eval(struct thm_node *n, thm_row_fn *row)
{
    const struct thm_typed_row rows[] = { { THM_FLOAT32, row } };
    return thm_binary_eval(n, rows, 1, NULL, "only float32 is supported");
}

static enum thm_nn_err div_eval(struct thm_node *n)
{
    struct thm_value divisor;
    thm_node_input(n, 1, &divisor);
    for (uint32_t i = 0; divisor.type == THM_FLOAT32 && i < divisor.elements; i++)
        if (((const float *)divisor.data)[i] == 0)
            return thm_refuse_tensor(n, THM_NN_EINVOKE, "division by zero", &divisor);
    return eval(n, div_row);
}

static enum thm_nn_err mod_eval(struct thm_node *n)
{
    return eval(n, mod_row);
}

const struct thm_op thm_op_floor_div = { .name = "FLOOR_DIV", .prepare = prepare, .eval = div_eval };
const struct thm_op thm_op_floor_mod = { .name = "FLOOR_MOD", .prepare = prepare, .eval = mod_eval };
