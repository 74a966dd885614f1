/* interpreter/ops/reduce_extremes.c -- REDUCE_MAX and REDUCE_MIN: float32, int8 (input and output quantised alike);
 * REDUCE_ALL: bool. Over any axes; of no elements at all it is the type's least or greatest value, or true. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include "interpreter/ops/reduce.h"

#define REDUCE(name, type, START, TAKE)                              \
    static void name(const struct thm_reduction *r)                  \
    {                                                                \
        struct thm_reduce_rows rows = thm_reduce_rows_of(r);         \
        const type *in = r->in.data;                                 \
        type *out = r->out.data;                                     \
        for (uint32_t i = 0; i < r->out.elements; i++)               \
            out[i] = START;                                          \
        for (size_t i = 0; i < r->in.elements; i += rows.row) {      \
            type *to = out + thm_reduce_output_of(r, i);             \
            for (size_t k = 0; k < rows.row; k++, to += rows.step) { \
                type v = in[i + k];                                  \
                if (TAKE)                                            \
                    *to = v;                                         \
            }                                                        \
        }                                                            \
    }
#define MOST 3.402823466e38f /* FLT_MAX */
REDUCE(max_f32, float, -MOST, v > *to)
REDUCE(min_f32, float, MOST, v < *to)
REDUCE(max_i8, int8_t, INT8_MIN, v > *to)
REDUCE(min_i8, int8_t, INT8_MAX, v < *to)
REDUCE(all_bool, uint8_t, 1, !v)

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_reduction r;
    enum thm_nn_err err = thm_reduce_prepare(n, &r);
    return err ? err : thm_reduce_request_lists(n, &r);
}

static enum thm_nn_err prepare_all(struct thm_node *n)
{
    struct thm_value in;
    if (thm_node_input(n, 0, &in) && in.type != THM_BOOL)
        return thm_refuse(n, THM_NN_ETYPE, "only bool is supported");
    return prepare(n);
}

static enum thm_nn_err extreme(struct thm_node *n, void (*f32)(const struct thm_reduction *),
                               void (*i8)(const struct thm_reduction *))
{
    struct thm_reduction r;
    struct thm_quant in, out;
    enum thm_nn_err err =
        thm_reduce_open(n, &r, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8), "only float32 and int8 are supported");
    if (err)
        return err;
    thm_node_quant(n, &r.in, &in);
    thm_node_quant(n, &r.out, &out);
    if (r.in.type == THM_INT8 && (in.scale != out.scale || in.zero_point != out.zero_point))
        return thm_refuse(n, THM_NN_EQUANT, "input and output differ in scale or zero point");
    if (r.in.type == THM_INT8)
        i8(&r);
    else
        f32(&r);
    return THM_NN_OK;
}

static enum thm_nn_err eval_max(struct thm_node *n)
{
    return extreme(n, max_f32, max_i8);
}

static enum thm_nn_err eval_min(struct thm_node *n)
{
    return extreme(n, min_f32, min_i8);
}

static enum thm_nn_err eval_all(struct thm_node *n)
{
    struct thm_reduction r;
    enum thm_nn_err err = thm_reduce_open(n, &r, THM_SET(THM_BOOL), "only bool is supported");
    if (!err)
        all_bool(&r);
    return err;
}

const struct thm_op thm_op_reduce_max = THM_REDUCER("REDUCE_MAX", prepare, eval_max);
const struct thm_op thm_op_reduce_min = THM_REDUCER("REDUCE_MIN", prepare, eval_min);
const struct thm_op thm_op_reduce_all = THM_REDUCER("REDUCE_ALL", prepare_all, eval_all);
