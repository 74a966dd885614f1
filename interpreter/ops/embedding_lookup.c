/* interpreter/ops/embedding_lookup.c -- EMBEDDING_LOOKUP: rows of a table of float32 or int8, also int8 to float32. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"

static enum thm_nn_err check_types(struct thm_node *n, const struct thm_value in[2], const struct thm_value *out)
{
    struct thm_quant q;
    bool same = in[1].type == out->type && (out->type == THM_FLOAT32 || out->type == THM_INT8);
    bool hybrid = in[1].type == THM_INT8 && out->type == THM_FLOAT32;
    if (in[0].type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "the row numbers are not int32");
    if (!same && !hybrid)
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 tables are supported; int8 may become float32");
    thm_node_quant(n, &in[1], &q);
    if (hybrid && q.zero_point != 0)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the table's zero point is not 0", &in[1]);
    return THM_NN_OK;
}

static bool shapes_fit(const struct thm_value in[2], const struct thm_value *out)
{
    if (in[0].rank != 1 || in[1].rank < 2 || in[1].shape[0] == 0 || out->rank != in[1].rank ||
        out->shape[0] != in[0].shape[0])
        return false;
    for (uint32_t i = 1; i < out->rank; i++)
        if (out->shape[i] != in[1].shape[i])
            return false;
    return true;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in[2], out;
    uint32_t unused;
    enum thm_nn_err err = thm_take(n, 2, in, &out);
    if (!err)
        err = check_types(n, in, &out);
    if (err)
        return err;
    if (!shapes_fit(in, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the shapes of row numbers, table and output do not go together");
    /* the reference's copy of the output's shape, and its op data */
    bool room = thm_node_persistent(n, 4 + 4 * (uint64_t)out.rank, &unused) && thm_node_persistent(n, 8, &unused);
    return room ? THM_NN_OK : THM_NN_EARENA;
}

static void dequantize(const int8_t *in, float scale, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = scale * (float)in[i];
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in[2], out;
    struct thm_quant q;
    thm_take(n, 2, in, &out);
    thm_node_quant(n, &in[1], &q);
    size_t row = thm_span(&in[1], 1, in[1].rank), bytes = row * thm_type_size(out.type);
    for (uint32_t i = 0; i < in[0].elements && out.elements; i++) {
        int32_t at = thm_load_i32((const uint8_t *)in[0].data + 4 * (size_t)i);
        if (at < 0 || at >= in[1].shape[0])
            return thm_refuse(n, THM_NN_EINVOKE, "a row number is out of range");
        if (in[1].type == out.type)
            memmove((uint8_t *)out.data + i * bytes, (const uint8_t *)in[1].data + (size_t)at * bytes, bytes);
        else
            dequantize((const int8_t *)in[1].data + (size_t)at * row, q.scale, (float *)out.data + i * row, row);
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_embedding_lookup = { .name = "EMBEDDING_LOOKUP", .prepare = prepare, .eval = eval };
