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

#define SHORT_ROW 16 /* elements; longer ones keep to fewer cache lines */

static void move_dimension(struct thm_box *b, uint32_t from, uint32_t to)
{
    b->size[to] = b->size[from];
    b->from[to] = b->from[from];
    b->to[to] = b->to[from];
}

/* Let dimensions that lie in one row on both sides be one, so that rows are long. */
static void merge_dimensions(struct thm_box *b)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->rank; i++) {
        size_t size = (size_t)b->size[i];
        if (size == 1)
            continue;
        if (kept && b->from[kept - 1] == size * b->from[i] && b->to[kept - 1] == size * b->to[i]) {
            b->size[i] *= b->size[kept - 1];
            kept--;
        }
        move_dimension(b, i, kept++);
    }
    b->rank = kept;
}

static void swap_dimensions(struct thm_box *b, uint32_t i, uint32_t k)
{
    int32_t size = b->size[i];
    size_t from = b->from[i], to = b->to[i];
    move_dimension(b, k, i);
    b->size[k] = size;
    b->from[k] = from;
    b->to[k] = to;
}

/* Short rows that cannot be copied at once (say, of three colours) make way for the longest dimension. */
static void lengthen_rows(struct thm_box *b)
{
    uint32_t last = b->rank ? b->rank - 1 : 0, longest = last;
    if (b->rank < 2 || b->size[last] >= SHORT_ROW || (b->from[last] == 1 && b->to[last] == 1))
        return;
    for (uint32_t i = 0; i < last; i++)
        if (b->size[i] > b->size[longest])
            longest = i;
    swap_dimensions(b, longest, last);
}

void thm_box_copy(struct thm_box *b, const void *from, void *to, uint32_t element_bytes)
{
    int32_t index[THM_MAX_RANK] = { 0 };
    if (thm_box_elements(b) == 0)
        return;
    merge_dimensions(b);
    lengthen_rows(b);
    size_t f = b->from_at, t = b->to_at;
    uint32_t last = b->rank ? b->rank - 1 : 0, i;
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
