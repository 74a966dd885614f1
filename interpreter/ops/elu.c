/* interpreter/ops/elu.c -- ELU, exp(x) - 1 below 0: float32; int8 by a table of all 256 results.
 * Source: tensorflow/lite/micro/kernels/elu.cc. */
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

#define TABLE 256 /* bytes of op data, also for float32 */

static int8_t entry(int32_t x, const struct thm_quant *in, const struct thm_quant *out)
{
    float value = in->scale * (float)((int64_t)x - in->zero_point);
    float transformed = value < 0.0f ? expf(value) - 1.0f : value;
    float steps = roundf(transformed * (1 / out->scale)) + (float)out->zero_point;
    return (int8_t)(steps >= (float)INT8_MAX ? INT8_MAX : steps > (float)INT8_MIN ? (int32_t)steps : INT8_MIN);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant from, to;
    int8_t *table = n->data;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (err || in.type != THM_INT8)
        return err;
    thm_node_quant(n, &in, &from);
    thm_node_quant(n, &out, &to);
    for (int32_t x = INT8_MIN; x <= INT8_MAX; x++)
        table[(uint8_t)x] = entry(x, &from, &to);
    return THM_NN_OK;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    const int8_t *table = n->data;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32 && in.type != THM_INT8)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 and int8 are supported", &in);
    for (uint32_t i = 0; i < out.elements; i++) {
        if (in.type == THM_INT8) {
            ((int8_t *)out.data)[i] = table[((const uint8_t *)in.data)[i]];
        } else {
            float x = ((const float *)in.data)[i];
            ((float *)out.data)[i] = x < 0.0f ? expm1f(x) : x;
        }
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_elu = { .name = "ELU", .data = THM_BYTES(TABLE), .prepare = prepare, .eval = eval };
