/* interpreter/ops/pack.c -- PACK: several tensors become one with a dimension more; UNPACK: the other way round.
 * float32, int8, int16, int32; PACK also int64. */
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include <string.h>

struct options { /* 8 bytes; PackOptions and UnpackOptions */
    int32_t count, axis;
};

/* Both operators: one tensor with the dimension, and `count` without. */
struct stack {
    struct thm_value whole;
    uint32_t axis, count;
    bool packing;
};

static bool part_of(const struct thm_node *n, const struct stack *s, uint32_t i, struct thm_value *part)
{
    return s->packing ? thm_node_input(n, i, part) : thm_node_output(n, i, part);
}

static bool find_whole(const struct thm_node *n, bool packing, struct stack *s)
{
    const struct options *o = n->options;
    s->packing = packing;
    s->count = packing ? n->inputs : n->outputs;
    bool there = (packing ? n->outputs : n->inputs) == 1 &&
                 (packing ? thm_node_output(n, 0, &s->whole) : thm_node_input(n, 0, &s->whole));
    return there && o->count >= 0 && (uint32_t)o->count == s->count && thm_axis(o->axis, s->whole.rank, &s->axis) &&
           (uint32_t)s->whole.shape[s->axis] == s->count;
}

static enum thm_nn_err check(struct thm_node *n, bool packing)
{
    struct stack s;
    struct thm_value part;
    if (!find_whole(n, packing, &s))
        return thm_refuse(n, THM_NN_ESHAPE, "axis, shape and the number of inputs or outputs do not go together");
    for (uint32_t i = 0; i < s.count; i++) {
        if (!part_of(n, &s, i, &part))
            return thm_refuse(n, THM_NN_ESHAPE, "an input or output is missing");
        if (part.type != s.whole.type)
            return thm_refuse_tensor(n, THM_NN_ETYPE, "inputs and outputs differ in type", &part);
        if ((uint64_t)part.elements * s.count != s.whole.elements)
            return thm_refuse_tensor(n, THM_NN_ESHAPE, "not an equal share of the elements", &part);
    }
    return THM_NN_OK;
}

static void run(const struct thm_node *n, const struct stack *s)
{
    struct thm_value part;
    size_t bytes = thm_span(&s->whole, s->axis + 1, s->whole.rank) * thm_type_size(s->whole.type),
           row = bytes * s->count;
    for (uint32_t i = 0; i < s->count && s->whole.bytes; i++) {
        part_of(n, s, i, &part);
        for (size_t r = 0; r * bytes < part.bytes; r++) {
            uint8_t *one = (uint8_t *)part.data + r * bytes, *all = (uint8_t *)s->whole.data + r * row + i * bytes;
            memmove(s->packing ? all : one, s->packing ? one : all, bytes);
        }
    }
}

static enum thm_nn_err pack_prepare(struct thm_node *n)
{
    return check(n, true);
}

static enum thm_nn_err unpack_prepare(struct thm_node *n)
{
    return check(n, false);
}

static const uint32_t unpack_types = THM_SET(THM_FLOAT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16) | THM_SET(THM_INT32);

static enum thm_nn_err pack_eval(struct thm_node *n)
{
    struct stack s;
    find_whole(n, true, &s);
    if (!thm_type_in(s.whole.type, unpack_types | THM_SET(THM_INT64)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8, int16, int32 and int64 are supported");
    run(n, &s);
    return THM_NN_OK;
}

static enum thm_nn_err unpack_eval(struct thm_node *n)
{
    struct stack s;
    find_whole(n, false, &s);
    if (!thm_type_in(s.whole.type, unpack_types))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8, int16 and int32 are supported");
    run(n, &s);
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    { 0, 4, offsetof(struct options, count), 0 },
    { 1, 4, offsetof(struct options, axis), 0 },
};

const struct thm_op thm_op_pack = {
    .name = "PACK",
    .options_type = 59,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(8),
    .temps = "",
    .prepare = pack_prepare,
    .eval = pack_eval,
};
const struct thm_op thm_op_unpack = {
    .name = "UNPACK",
    .options_type = 64,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(8),
    .temps = "",
    .prepare = unpack_prepare,
    .eval = unpack_eval,
};
