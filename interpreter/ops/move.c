#include "interpreter/ops/move.h"
#include "interpreter/fb.h"

enum thm_nn_err thm_take(struct thm_node *n, uint32_t inputs, struct thm_value *in, struct thm_value *out)
{
    bool there = n->inputs == inputs && n->outputs == 1 && thm_node_output(n, 0, out);
    for (uint32_t i = 0; i < inputs && there; i++)
        there = thm_node_input(n, i, &in[i]);
    return there ? THM_NN_OK : thm_refuse(n, THM_NN_ESHAPE, "it has not the number of inputs and outputs it needs");
}

int64_t thm_index_at(const struct thm_value *v, uint32_t i)
{
    const uint8_t *data = v->data;
    return v->type == THM_INT64 ? thm_load_i64(data + 8 * (size_t)i) : thm_load_i32(data + 4 * (size_t)i);
}

size_t thm_span(const struct thm_value *v, uint32_t from, uint32_t to)
{
    size_t all = 1;
    for (uint32_t i = from; i < to; i++)
        all *= (size_t)v->shape[i];
    return all;
}

void thm_steps(const int32_t *shape, uint32_t rank, size_t *step)
{
    size_t all = 1;
    for (uint32_t i = rank; i-- > 0;) {
        step[i] = all;
        all *= (size_t)shape[i];
    }
}

uint64_t thm_box_elements(const struct thm_box *b)
{
    uint64_t all = 1;
    for (uint32_t i = 0; i < b->rank; i++)
        if (b->size[i] <= 0)
            return 0;
    for (uint32_t i = 0; i < b->rank && all <= INT32_MAX; i++)
        all *= (uint64_t)b->size[i];
    return all;
}

#define RUN(bytes)                                                    \
    for (int32_t i = 0; i < count; i++, f += from_step, t += to_step) \
    memmove(to + t * (bytes), from + f * (bytes), bytes)

static void copy_run(const uint8_t *from, size_t f, size_t from_step, uint8_t *to, size_t t, size_t to_step,
                     int32_t count, uint32_t bytes)
{
    if (from_step == 1 && to_step == 1)
        memmove(to + t * bytes, from + f * bytes, (size_t)count * bytes);
    else if (bytes == 1)
        RUN(1);
    else if (bytes == 2)
        RUN(2);
    else if (bytes == 4)
        RUN(4);
    else
        RUN(bytes);
}

void thm_box_copy(const struct thm_box *b, const void *from, void *to, uint32_t element_bytes)
{
    int32_t index[THM_MAX_RANK] = { 0 };
    size_t f = b->from_at, t = b->to_at;
    uint32_t last = b->rank ? b->rank - 1 : 0, i;
    if (thm_box_elements(b) == 0)
        return;
    do {
        copy_run(from, f, b->rank ? b->from[last] : 1, to, t, b->rank ? b->to[last] : 1, b->rank ? b->size[last] : 1,
                 element_bytes);
        for (i = last; i-- > 0; index[i] = 0) { /* the next index of the outer dimensions */
            f += b->from[i];
            t += b->to[i];
            if (++index[i] < b->size[i])
                break;
            f -= b->from[i] * (size_t)b->size[i];
            t -= b->to[i] * (size_t)b->size[i];
        }
    } while (i < last);
}
