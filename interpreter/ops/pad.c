/* interpreter/ops/pad.c -- PAD and PADV2: float32, int32, int8, int16; up to 5 dimensions. int8 is padded with the zero
 * point, the others with 0, unless there is a third input. */
#include "interpreter/fb.h"
#include "interpreter/ops/move.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

struct data { /* 56 bytes */
    int32_t zero;
};

struct pad {
    struct thm_value in, pads, value, out;
    bool has_value;
};

static bool gather(const struct thm_node *n, struct pad *p)
{
    p->has_value = n->inputs == 3;
    return n->inputs >= 2 && n->inputs <= 3 && n->outputs == 1 && thm_node_input(n, 0, &p->in) &&
           thm_node_input(n, 1, &p->pads) && (!p->has_value || thm_node_input(n, 2, &p->value)) &&
           thm_node_output(n, 0, &p->out);
}

static int32_t padding_of(const struct pad *p, uint32_t dim, uint32_t side)
{
    return thm_load_i32((const uint8_t *)p->pads.data + 8 * (size_t)dim + 4 * (size_t)side);
}

static enum thm_nn_err check_shapes(struct thm_node *n, const struct pad *p)
{
    if (p->in.rank != p->out.rank || p->in.rank > 5 || p->pads.elements != 2 * p->out.rank)
        return thm_refuse(n, THM_NN_ESHAPE, "input, output and paddings differ in dimensions, or have more than 5");
    if (!p->pads.constant || p->pads.type != THM_INT32)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the paddings are not constant int32");
    for (uint32_t i = 0; i < p->out.rank; i++) {
        int32_t before = padding_of(p, i, 0), after = padding_of(p, i, 1);
        if (before < 0 || after < 0 || (int64_t)p->in.shape[i] + before + after != p->out.shape[i])
            return thm_refuse(n, THM_NN_ESHAPE, "the output's shape is not the input's plus the paddings");
    }
    return THM_NN_OK;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct pad *p)
{
    struct data *d = n->data;
    struct thm_quant out, value;
    thm_node_quant(n, &p->out, &out);
    d->zero = out.zero_point;
    if (!p->has_value)
        return d->zero >= INT8_MIN && d->zero <= INT8_MAX
                   ? THM_NN_OK
                   : thm_refuse(n, THM_NN_EQUANT, "the output's zero point is out of range");
    thm_node_quant(n, &p->value, &value);
    if (value.zero_point != out.zero_point || value.scale != out.scale)
        return thm_refuse(n, THM_NN_EQUANT, "the padding value differs in scale or zero point from the output");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct pad p;
    if (!gather(n, &p))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes input, paddings, optional value and one output");
    enum thm_type t = p.in.type;
    if (t != p.out.type)
        return thm_refuse(n, THM_NN_ETYPE, "input and output differ in type");
    if (p.has_value && (p.value.type != t || p.value.elements != 1))
        return thm_refuse(n, THM_NN_ETYPE, "the padding value is not one element of the input's type");
    enum thm_nn_err err = check_shapes(n, &p);
    return err || t != THM_INT8 ? err : quantise(n, &p);
}

/* Each copy doubles what is there. */
static void fill(uint8_t *out, const void *value, size_t size, size_t bytes)
{
    if (bytes == 0)
        return;
    memcpy(out, value, size);
    for (size_t done = size; done < bytes; done *= 2)
        memcpy(out + done, out, done < bytes - done ? done : bytes - done);
}

static void copy_input(const struct pad *p, uint32_t size)
{
    struct thm_box box = { .rank = p->in.rank };
    thm_steps(p->in.shape, box.rank, box.from);
    thm_steps(p->out.shape, box.rank, box.to);
    for (uint32_t i = 0; i < box.rank; i++) {
        box.size[i] = p->in.shape[i];
        box.to_at += (size_t)padding_of(p, i, 0) * box.to[i];
    }
    thm_box_copy(&box, p->in.data, p->out.data, size);
}

static enum thm_nn_err eval(struct thm_node *n)
{
    const struct data *d = n->data;
    struct pad p;
    uint8_t value[4] = { 0 };
    gather(n, &p);
    if (!thm_type_in(p.out.type, THM_SET(THM_FLOAT32) | THM_SET(THM_INT32) | THM_SET(THM_INT8) | THM_SET(THM_INT16)))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int32, int8 and int16 are supported");
    uint32_t size = thm_type_size(p.out.type);
    if (p.has_value)
        memcpy(value, p.value.data, size);
    else if (p.out.type == THM_INT8)
        value[0] = (uint8_t)d->zero;
    fill(p.out.data, value, size, p.out.bytes);
    copy_input(&p, size);
    return THM_NN_OK;
}

const struct thm_op thm_op_pad = { .name = "PAD", .data = THM_BYTES(56), .prepare = prepare, .eval = eval };
const struct thm_op thm_op_padv2 = { .name = "PADV2", .data = THM_BYTES(56), .prepare = prepare, .eval = eval };
