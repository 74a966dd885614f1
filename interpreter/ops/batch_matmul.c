/* interpreter/ops/batch_matmul.c -- BATCH_MATMUL: float32, int8, int16 (zero points 0); up to 5 dimensions, the leading
 * ones broadcast. The reference transposes into buffers of its own; here the transposed side is only read with other
 * steps, but the buffers are asked for all the same. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"

#define RANK 5 /* most dimensions of an input */

struct options { /* 3 bytes */
    uint8_t adj_x, adj_y, asymmetric;
};

struct data {       /* 16 bytes */
    uint32_t quant; /* arena offset; int8 and int16 only */
};

struct quant { /* 28 bytes */
    int32_t multiplier, shift, zero_a, zero_b, zero_out;
};
_Static_assert(sizeof(struct data) <= 16 && sizeof(struct quant) <= 28, "blocks of BATCH_MATMUL");

/* out[b, i, j] = sum of a[b, i, k] * b[b, k, j] */
struct matmul {
    struct thm_value a, b, out;
    int32_t rows, depth, columns;
    size_t a_row, a_depth, b_depth, b_column; /* steps, elements */
};

static bool gather(const struct thm_node *n, struct matmul *m)
{
    return thm_node_input(n, 0, &m->a) && thm_node_input(n, 1, &m->b) && thm_node_output(n, 0, &m->out);
}

/* After the ranks have been checked. */
static void measure(const struct options *o, struct matmul *m)
{
    int32_t a0 = m->a.shape[m->a.rank - 2], a1 = m->a.shape[m->a.rank - 1], b1 = m->b.shape[m->b.rank - 1];
    m->rows = o->adj_x ? a1 : a0;
    m->depth = o->adj_x ? a0 : a1;
    m->columns = o->adj_y ? m->b.shape[m->b.rank - 2] : b1;
    m->a_row = o->adj_x ? 1 : (size_t)a1;
    m->a_depth = o->adj_x ? (size_t)a1 : 1;
    m->b_depth = o->adj_y ? 1 : (size_t)b1;
    m->b_column = o->adj_y ? (size_t)b1 : 1;
}

static enum thm_nn_err check_types(struct thm_node *n, const struct matmul *m)
{
    enum thm_type t = m->a.type;
    if (t != THM_FLOAT32 && t != THM_INT8 && t != THM_INT16)
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported");
    if (m->b.type != t || m->out.type != t)
        return thm_refuse(n, THM_NN_ETYPE, "inputs and output differ in type");
    return THM_NN_OK;
}

static enum thm_nn_err check_shapes(struct thm_node *n, struct matmul *m)
{
    const struct options *o = n->options;
    if (m->a.rank < 2 || m->a.rank > RANK || m->b.rank < 2 || m->b.rank > RANK)
        return thm_refuse(n, THM_NN_ESHAPE, "an input has fewer than 2 or more than 5 dimensions");
    measure(o, m);
    uint32_t rank = m->a.rank > m->b.rank ? m->a.rank : m->b.rank;
    uint64_t elements = (uint64_t)m->rows * (uint64_t)m->columns;
    if (m->depth != m->b.shape[o->adj_y ? m->b.rank - 1 : m->b.rank - 2])
        return thm_refuse(n, THM_NN_ESHAPE, "columns of the first and rows of the second matrix differ");
    for (uint32_t i = 0; i + 2 < rank && elements <= INT32_MAX; i++) {
        int32_t a = thm_dim(&m->a, rank, i), b = thm_dim(&m->b, rank, i);
        if (a != b && a != 1 && b != 1)
            return thm_refuse(n, THM_NN_ESHAPE, "the leading dimensions do not go together");
        elements *= (uint64_t)(a == 1 ? b : a);
    }
    if (m->out.rank < rank || m->out.elements != elements)
        return thm_refuse(n, THM_NN_ESHAPE, "the output's shape is not that of the product");
    return THM_NN_OK;
}

static bool zero_fits(const struct thm_quant *q, enum thm_type type)
{
    return type == THM_INT16 ? q->zero_point == 0 : q->zero_point >= INT8_MIN && q->zero_point <= INT8_MAX;
}

static enum thm_nn_err quantise(struct thm_node *n, const struct matmul *m)
{
    struct quant *d = thm_node_at(n, ((struct data *)n->data)->quant);
    struct thm_quant a, b, out;
    thm_node_quant(n, &m->a, &a);
    thm_node_quant(n, &m->b, &b);
    thm_node_quant(n, &m->out, &out);
    double factor = (double)(a.scale * b.scale) / (double)out.scale;
    if (!(factor >= 0) || !thm_quantize_factor(factor, &d->multiplier, &d->shift) ||
        (m->a.type == THM_INT16 && d->shift > 14))
        return thm_refuse(n, THM_NN_EQUANT, "a scale is missing or out of range");
    if (!zero_fits(&a, m->a.type) || !zero_fits(&b, m->b.type) || !zero_fits(&out, m->out.type))
        return thm_refuse(n, THM_NN_EQUANT, "a zero point is out of range (int16 needs 0)");
    d->zero_a = a.zero_point;
    d->zero_b = b.zero_point;
    d->zero_out = out.zero_point;
    return THM_NN_OK;
}

/* Tensor object, dimensions and elements of a transposed input. */
static bool take_transposed(struct thm_node *n, const struct thm_value *v)
{
    uint32_t unused;
    return thm_node_persistent(n, THM_BYTES_EVAL_TENSOR, &unused) &&
           thm_node_persistent(n, 4 + 4 * (uint64_t)v->rank, &unused) && thm_node_persistent(n, v->bytes, &unused);
}

static enum thm_nn_err take_blocks(struct thm_node *n, const struct matmul *m)
{
    const struct options *o = n->options;
    struct data *d = n->data;
    uint32_t unused;
    if ((m->a.type != THM_FLOAT32 && !thm_node_persistent(n, 28, &d->quant)) ||
        (o->adj_x && !take_transposed(n, &m->a)) || (!o->adj_y && !take_transposed(n, &m->b)) ||
        !thm_node_persistent(n, 4 + 4 * (uint64_t)m->out.rank, &unused))
        return THM_NN_EARENA;
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct matmul m;
    if (n->inputs != 2 || n->outputs != 1 || !gather(n, &m))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes two inputs and one output");
    enum thm_nn_err err = check_types(n, &m);
    if (!err)
        err = check_shapes(n, &m);
    if (!err)
        err = take_blocks(n, &m);
    return err || m.a.type == THM_FLOAT32 ? err : quantise(n, &m);
}

#define DOT(name, type, sum_t, PRODUCT)                                                  \
    static sum_t name(const struct matmul *m, const struct quant *d, size_t a, size_t b) \
    {                                                                                    \
        sum_t sum = 0;                                                                   \
        (void)d;                                                                         \
        for (int32_t k = 0; k < m->depth; k++, a += m->a_depth, b += m->b_depth)         \
            sum += PRODUCT(((const type *)m->a.data)[a], ((const type *)m->b.data)[b]);  \
        return sum;                                                                      \
    }
#define PRODUCT_I8(x, y)  (uint32_t)(((x)-d->zero_a) * ((y)-d->zero_b))
#define PRODUCT_I16(x, y) ((int64_t)(x) * (y))
#define PRODUCT_F32(x, y) ((x) * (y))
DOT(dot_i8, int8_t, uint32_t, PRODUCT_I8)
DOT(dot_i16, int16_t, int64_t, PRODUCT_I16)
DOT(dot_f32, float, float, PRODUCT_F32)

/* One element of the output from a row that starts at element a and a column that starts at b. */
static void element(const struct matmul *m, const struct quant *d, size_t a, size_t b, size_t to)
{
    if (m->a.type == THM_FLOAT32) {
        ((float *)m->out.data)[to] = dot_f32(m, d, a, b);
    } else if (m->a.type == THM_INT8) {
        int32_t scaled = thm_scale32((int32_t)dot_i8(m, d, a, b), d->multiplier, d->shift);
        ((int8_t *)m->out.data)[to] = (int8_t)thm_add_clamp(scaled, d->zero_out, INT8_MIN, INT8_MAX);
    } else {
        int32_t scaled = thm_scale64(dot_i16(m, d, a, b), d->multiplier, d->shift);
        ((int16_t *)m->out.data)[to] = (int16_t)thm_clamp(scaled, INT16_MIN, INT16_MAX);
    }
}

/* Where matrix number `batch` of the output's comes from: the first element of the input's. */
static size_t matrix_of(const struct thm_value *in, const struct thm_value *other, size_t batch)
{
    size_t at = 0, step = (size_t)in->shape[in->rank - 2] * (size_t)in->shape[in->rank - 1];
    for (uint32_t i = RANK - 2; i-- > 0;) {
        size_t own = (size_t)thm_dim(in, RANK, i), both = own == 1 ? (size_t)thm_dim(other, RANK, i) : own;
        at += own == 1 ? 0 : batch % both * step;
        batch /= both;
        step *= own;
    }
    return at;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct matmul m;
    const struct data *d = n->data;
    gather(n, &m);
    measure(n->options, &m);
    const struct quant *q = m.a.type == THM_FLOAT32 ? NULL : thm_node_at(n, d->quant);
    size_t matrix = (size_t)m.rows * (size_t)m.columns, to = 0;
    for (size_t batch = 0; to < m.out.elements; batch++) {
        size_t a = matrix_of(&m.a, &m.b, batch), b = matrix_of(&m.b, &m.a, batch);
        for (size_t i = 0; i < matrix; i++, to++)
            element(&m, q, a + i / (size_t)m.columns * m.a_row, b + i % (size_t)m.columns * m.b_column, to);
    }
    return THM_NN_OK;
}

static uint64_t macs(const struct thm_node *n)
{
    struct matmul m;
    gather(n, &m);
    measure(n->options, &m);
    return (uint64_t)m.out.elements * (uint64_t)m.depth;
}

static const struct thm_option_field fields[] = {
    /* BatchMatMulOptions */
    { 0, 1, offsetof(struct options, adj_x), 0 },
    { 1, 1, offsetof(struct options, adj_y), 0 },
    { 2, 1, offsetof(struct options, asymmetric), 0 },
};

const struct thm_op thm_op_batch_matmul = {
    .name = "BATCH_MATMUL",
    .options_type = 101,
    .field = fields,
    .fields = sizeof fields / sizeof fields[0],
    .options = THM_BYTES(3),
    .data = THM_BYTES(16),
    .prepare = prepare,
    .eval = eval,
    .macs = macs,
};
