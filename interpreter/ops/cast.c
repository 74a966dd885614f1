/* interpreter/ops/cast.c -- CAST between int8, int16, int32, uint32 and float32; from bool. The options are ignored:
 * the tensors' types count. Source: tensorflow/lite/micro/kernels/cast.cc. */
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

struct options { /* cortex_m: 2 single bytes */
    uint8_t in, out;
};

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (!err && in.elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in the number of elements");
    return err;
}

static int64_t load(const struct thm_value *v, uint32_t i)
{
    switch (v->type) {
    case THM_BOOL: return ((const uint8_t *)v->data)[i] != 0;
    case THM_INT8: return ((const int8_t *)v->data)[i];
    case THM_INT16: return ((const int16_t *)v->data)[i];
    case THM_UINT32: return ((const uint32_t *)v->data)[i];
    default: return ((const int32_t *)v->data)[i];
    }
}

/* Too large numbers lose their upper bits. */
static void store(const struct thm_value *v, uint32_t i, int64_t x)
{
    switch (v->type) {
    case THM_INT8: ((int8_t *)v->data)[i] = (int8_t)x; break;
    case THM_INT16: ((int16_t *)v->data)[i] = (int16_t)x; break;
    case THM_FLOAT32: ((float *)v->data)[i] = (float)x; break;
    default: ((uint32_t *)v->data)[i] = (uint32_t)(uint64_t)x; break;
    }
}

/* Towards 0. What does not fit is undefined in C; devices with a floating-point unit saturate to 32 bits. */
static int64_t whole(float x, enum thm_type to)
{
    int64_t low = to == THM_UINT32 ? 0 : INT32_MIN, high = to == THM_UINT32 ? UINT32_MAX : INT32_MAX;
    if (!(x > (float)low))
        return x != x ? 0 : low;
    return x < (float)high ? (int64_t)x : high;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const uint32_t numbers =
        THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32) | THM_SET(THM_UINT32) | THM_SET(THM_FLOAT32);
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (!thm_type_in(in.type, numbers | THM_SET(THM_BOOL)))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "input type is not int8, int16, int32, uint32, float32 or bool", &in);
    if (!thm_type_in(out.type, numbers))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "output type is not int8, int16, int32, uint32 or float32", &out);
    for (uint32_t i = 0; i < out.elements; i++)
        if (in.type != THM_FLOAT32)
            store(&out, i, load(&in, i));
        else if (out.type == THM_FLOAT32)
            ((float *)out.data)[i] = ((const float *)in.data)[i];
        else
            store(&out, i, whole(((const float *)in.data)[i], out.type));
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* CastOptions */
    { 0, 1, offsetof(struct options, in), 0 },
    { 1, 1, offsetof(struct options, out), 0 },
};

const struct thm_op thm_op_cast = {
    .name = "CAST",
    .options_type = 37,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES3(2, 8, 8),
    .prepare = prepare,
    .eval = eval,
};
