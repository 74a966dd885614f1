/* interpreter/ops/select.c -- SELECT_V2, x where the condition is true and y elsewhere: float32, int8, int16; with
 * broadcasting. Source: tensorflow/lite/micro/kernels/select.cc. */
#include "interpreter/ops/broadcast.h"
#include "interpreter/ops/ops.h"
#include <string.h>

struct values {
    struct thm_value condition, x, y, out;
};

static bool gather(const struct thm_node *n, struct values *v)
{
    return n->inputs == 3 && n->outputs == 1 && thm_node_input(n, 0, &v->condition) && thm_node_input(n, 1, &v->x) &&
           thm_node_input(n, 2, &v->y) && thm_node_output(n, 0, &v->out);
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct values v;
    if (!gather(n, &v))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes three inputs and one output");
    if (v.condition.type != THM_BOOL)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "the condition is not bool", &v.condition);
    if (v.x.type != v.y.type || v.x.type != v.out.type)
        return thm_refuse(n, THM_NN_ETYPE, "the two values and the output differ in type");
    bool alike = thm_same_shape(&v.condition, &v.x) && thm_same_shape(&v.x, &v.y) && v.x.elements == v.out.elements;
    bool spread = thm_spreads_to(&v.condition, &v.out) && thm_spreads_to(&v.x, &v.out) && thm_spreads_to(&v.y, &v.out);
    if (!alike && !spread)
        return thm_refuse(n, THM_NN_ESHAPE, "the inputs' shapes do not go together with the output's");
    return THM_NN_OK;
}

struct choice {
    bool wanted;
    size_t size; /* bytes an element */
};

/* Copy the elements where the condition is as wanted. */
static void copy_row(const void *ctx, const void *a, size_t sa, const void *b, size_t sb, void *out, size_t count)
{
    const struct choice *c = ctx;
    const uint8_t *condition = a, *from = b;
    for (size_t i = 0; i < count; i++)
        if ((condition[i * sa] != 0) == c->wanted)
            memcpy((uint8_t *)out + i * c->size, from + i * sb * c->size, c->size);
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct values v = { 0 };
    gather(n, &v);
    if (v.x.type != THM_FLOAT32 && v.x.type != THM_INT8 && v.x.type != THM_INT16)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported", &v.x);
    for (int i = 0; i < 2; i++) {
        struct thm_binary b = { v.condition, i ? v.y : v.x, v.out };
        struct choice c = { .wanted = i == 0, .size = thm_type_size(v.x.type) };
        thm_binary_rows(&b, copy_row, &c);
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_select_v2 = { .name = "SELECT_V2", .data = THM_BYTES(1), .prepare = prepare, .eval = eval };
