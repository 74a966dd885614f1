#include "interpreter/ops/reduce.h"
#include "interpreter/ops/move.h"

static bool gather(struct thm_node *n, struct thm_reduction *r)
{
    return n->inputs == 2 && n->outputs == 1 && thm_node_input(n, 0, &r->in) && thm_node_input(n, 1, &r->axes) &&
           thm_node_output(n, 0, &r->out);
}

/* false: an axis is out of range, or the output has not as many elements as the other dimensions. */
static bool resolve(struct thm_reduction *r)
{
    uint64_t rest = 1;
    r->reduced = 0;
    r->count = 1;
    for (uint32_t i = 0; i < r->axes.elements && r->in.rank; i++) {
        uint32_t axis;
        if (!thm_axis(thm_index_at(&r->axes, i), r->in.rank, &axis))
            return false;
        r->reduced |= UINT32_C(1) << axis;
    }
    for (uint32_t i = 0; i < r->in.rank; i++) {
        if (r->reduced >> i & 1)
            r->count *= (uint32_t)r->in.shape[i];
        else
            rest *= (uint32_t)r->in.shape[i];
    }
    return rest == r->out.elements;
}

enum thm_nn_err thm_reduce_prepare(struct thm_node *n, struct thm_reduction *r)
{
    if (!gather(n, r))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, axes and one output");
    if (r->in.type != r->out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (r->axes.type != THM_INT32)
        return thm_refuse(n, THM_NN_ETYPE, "the axes are not int32");
    if (r->axes.constant && !resolve(r))
        return thm_refuse(n, THM_NN_ESHAPE, "an axis is out of range, or the output's shape does not match");
    return THM_NN_OK;
}

enum thm_nn_err thm_reduce_open(struct thm_node *n, struct thm_reduction *r, uint32_t types, const char *only)
{
    gather(n, r);
    if (!thm_type_in(r->in.type, types))
        return thm_refuse(n, THM_NN_ETYPE, only);
    if (!resolve(r))
        return thm_refuse(n, THM_NN_EINVOKE, "an axis is out of range, or the output's shape does not match");
    return THM_NN_OK;
}

enum thm_nn_err thm_reduce_request_lists(struct thm_node *n, const struct thm_reduction *r)
{
    enum thm_nn_err err = thm_node_request_scratch(n, 4 * (uint64_t)r->in.rank);
    return err ? err : thm_node_request_scratch(n, 4 * (uint64_t)r->axes.elements);
}

struct thm_reduce_rows thm_reduce_rows_of(const struct thm_reduction *r)
{
    uint32_t last = r->in.rank - 1;
    if (r->in.rank == 0)
        return (struct thm_reduce_rows){ .row = 1 };
    return (struct thm_reduce_rows){ .row = (size_t)r->in.shape[last], .step = !(r->reduced >> last & 1) };
}

size_t thm_reduce_output_of(const struct thm_reduction *r, size_t i)
{
    size_t at = 0, stride = 1;
    for (uint32_t k = r->in.rank; k-- > 0; i /= (size_t)r->in.shape[k]) {
        if (r->reduced >> k & 1)
            continue;
        at += i % (size_t)r->in.shape[k] * stride;
        stride *= (size_t)r->in.shape[k];
    }
    return at;
}
