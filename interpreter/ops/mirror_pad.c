/* interpreter/ops/mirror_pad.c -- MIRROR_PAD: float32, int8; int32 or int64 paddings, which may be computed at run
 * time. REFLECT does not repeat the border, SYMMETRIC does. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <string.h>

struct options { /* cortex_m: 1 byte */
    uint8_t mode;
};

enum { REFLECT, SYMMETRIC }; /* schema numbers */

struct pad {
    struct thm_value in[2], out;
    int32_t offset; /* 1: the border is not repeated */
    int32_t left[THM_MAX_RANK];
};

static bool gather(struct thm_node *n, struct pad *p)
{
    p->offset = ((const struct options *)n->options)->mode == REFLECT;
    return thm_take(n, 2, p->in, &p->out) == THM_NN_OK;
}

/* false: the paddings leave nothing to mirror, or do not lead to the output's shape. On the right the reference goes on
 * with the first element when the input ends. */
static bool read_paddings(struct pad *p)
{
    for (uint32_t i = 0; i < p->in[0].rank; i++) {
        int64_t left = thm_index_at(&p->in[1], 2 * i), right = thm_index_at(&p->in[1], 2 * i + 1),
                size = p->in[0].shape[i];
        int64_t most = size < p->offset ? 0 : size - p->offset;
        if (left < 0 || left > most || right < 0 || right > INT32_MAX || (right && most == 0) ||
            size + left + right != p->out.shape[i])
            return false;
        p->left[i] = (int32_t)left;
    }
    return true;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct pad p;
    if (!gather(n, &p))
        return n->diag->err;
    if (p.in[0].type != p.out.type || !thm_is_index(&p.in[1]))
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type, or the paddings are not int32 or int64");
    if (p.in[0].rank != p.out.rank || p.in[1].rank != 2 || p.in[1].shape[0] != (int32_t)p.in[0].rank ||
        p.in[1].shape[1] != 2)
        return thm_refuse(n, THM_NN_ESHAPE, "not two paddings for each dimension of input and output");
    if (p.in[1].constant && !read_paddings(&p))
        return thm_refuse(n, THM_NN_ESHAPE, "the paddings do not lead from the input's shape to the output's");
    enum thm_nn_err err = thm_node_request_scratch(n, 4 * (uint64_t)p.in[0].rank); /* the reference's lists of steps */
    return err ? err : thm_node_request_scratch(n, 4 * (uint64_t)p.in[0].rank);
}

/* Index of the input that is seen at index `at` of the output. */
static size_t mirrored(const struct pad *p, uint32_t dim, int32_t at)
{
    int32_t size = p->in[0].shape[dim], left = p->left[dim];
    if (at < left)
        return (size_t)(left + p->offset - 1 - at);
    if (at - left < size)
        return (size_t)(at - left);
    int32_t beyond = at - left - size, last = size - 1 - p->offset;
    return (size_t)(beyond < last ? last - beyond : 0);
}

static void run(const struct pad *p, size_t size)
{
    size_t step[THM_MAX_RANK];
    thm_steps(p->in[0].shape, p->in[0].rank, step);
    for (size_t i = 0; i < p->out.elements; i++) {
        size_t rest = i, from = 0;
        for (uint32_t k = p->out.rank; k-- > 0; rest /= (size_t)p->out.shape[k])
            from += mirrored(p, k, (int32_t)(rest % (size_t)p->out.shape[k])) * step[k];
        memmove((uint8_t *)p->out.data + i * size, (const uint8_t *)p->in[0].data + from * size, size);
    }
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct pad p;
    gather(n, &p);
    if (!thm_type_in(p.out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT8)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32 and int8 are supported");
    if (!read_paddings(&p))
        return thm_refuse(n, THM_NN_EINVOKE, "the paddings do not lead from the input's shape to the output's");
    run(&p, thm_type_size(p.out.type));
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = { { 0, 1, offsetof(struct options, mode),
                                                    REFLECT } }; /* MirrorPadOptions */

const struct thm_op thm_op_mirror_pad = {
    .name = "MIRROR_PAD",
    .options_type = 77,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES3(1, 4, 4),
    .data = THM_BYTES(20),
    .prepare = prepare,
    .eval = eval,
};
