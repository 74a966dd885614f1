/* interpreter/ops/softmax.c -- SOFTMAX over the last dimension: float32; int8 to int8 or int16; int16.
 * Output scale 1/256 (int8, zero point -128), 1/65536 (int8 to int16, -32768), 1/32768 (int16, 0).
 * Source: tensorflow/lite/kernels/internal/reference/softmax.h. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/lookup.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

#define TABLE 513 /* int16: entries of a function table, the last only for interpolation */

struct options {
    float beta;
};

struct data { /* 56 bytes */
    int32_t multiplier, shift;
    int32_t diff_min;                     /* what is further below the maximum counts as 0 */
    uint32_t exp_table, reciprocal_table; /* arena offsets; int16 only */
};
_Static_assert(sizeof(struct options) <= 4 && sizeof(struct data) <= 56, "blocks of SOFTMAX");

struct rows {
    uint32_t count, depth;
};

static struct rows rows_of(const struct thm_value *v)
{
    struct rows r = { 0, (uint32_t)v->shape[v->rank - 1] };
    r.count = r.depth ? v->elements / r.depth : 0;
    return r;
}

/* Table of f at `TABLE` points from low to high, each entry corrected by half the error of linear interpolation at the
 * midpoint. Source: gen_lut(), tensorflow/lite/kernels/internal/common.h. */
static int16_t entry(float (*f)(float), float at, float step)
{
    const float unit = 32768.0f; /* outputs in [-1, 1) */
    float value = roundf(f(at) * unit), next = f(at + step) * unit, middle = roundf(f(at + step / 2) * unit);
    float error = roundf((next + value) / 2) - middle;
    float v = value - roundf(error / 2);
    return (int16_t)(v < -32768.0f ? -32768.0f : v > 32767.0f ? 32767.0f : v);
}

static void fill_table(float (*f)(float), float low, float high, int16_t *table)
{
    float step = (high - low) / (TABLE - 1);
    for (int i = 0; i < TABLE - 1; i++)
        table[i] = entry(f, low + (float)i * step, step);
    float last = roundf(f(high) * 32768.0f);
    table[TABLE - 1] = (int16_t)(last > 32767.0f ? 32767.0f : last);
}

static float one_over_one_plus(float x)
{
    return 1.0f / (1.0f + x);
}

static int16_t look_up(const int16_t *table, int16_t x)
{
    int32_t index = 256 + (x >> 7), base = table[index], slope = table[index + 1] - base;
    return (int16_t)(base + ((slope * (x & 0x7f) + 64) >> 7));
}

static bool near(float a, float b)
{
    return fabsf(a - b) <= 0.001f * b;
}

static enum thm_nn_err check_output(struct thm_node *n, const struct thm_value *in, const struct thm_value *out,
                                    const struct thm_quant *q)
{
    bool fits = out->type == THM_INT8   ? q->zero_point == INT8_MIN && q->scale == 1.0f / 256
                : in->type == THM_INT16 ? q->zero_point == 0 && near(q->scale, 1.0f / 32768)
                                        : q->zero_point == INT16_MIN && near(q->scale, 1.0f / 65536);
    return fits ? THM_NN_OK
                : thm_refuse(n, THM_NN_EQUANT, "the output does not have softmax's fixed scale and zero point");
}

static enum thm_nn_err prepare_i16(struct thm_node *n, double scale)
{
    struct data *d = n->data;
    const struct options *o = n->options;
    int16_t *exponential = thm_node_persistent(n, TABLE * sizeof(int16_t), &d->exp_table);
    int16_t *reciprocal = exponential ? thm_node_persistent(n, TABLE * sizeof(int16_t), &d->reciprocal_table) : NULL;
    if (!reciprocal)
        return THM_NN_EARENA;
    fill_table(expf, -10.0f, 0.0f, exponential);
    fill_table(one_over_one_plus, 0.0f, 1.0f, reciprocal);
    double factor = scale * (double)o->beta / (10.0 / 65535.0); /* differences of 10 become 65535 */
    if (!(factor >= 0) || !thm_quantize_factor(factor, &d->multiplier, &d->shift))
        return thm_refuse(n, THM_NN_EQUANT, "input scale times beta is out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare_i8(struct thm_node *n, double scale)
{
    struct data *d = n->data;
    const struct options *o = n->options;
    double factor = (double)o->beta * scale * (1 << 26), most = 2147483647.0; /* differences have 5 integer bits */
    factor = factor < most ? factor : most;
    if (!(factor > 1) || !thm_quantize_factor(factor / 2, &d->multiplier, &d->shift)) /* up to 2^31 is allowed here */
        return thm_refuse(n, THM_NN_EQUANT, "input scale times beta is out of range");
    d->shift++;
    d->diff_min = -thm_input_radius(5, d->shift);
    return THM_NN_OK;
}

static bool types_fit(enum thm_type in, enum thm_type out)
{
    return (in == THM_FLOAT32 && out == in) || (in == THM_INT16 && out == in) ||
           (in == THM_INT8 && (out == THM_INT8 || out == THM_INT16));
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct thm_quant from, to;
    enum thm_nn_err err = thm_unary(n, &in, &out);
    if (err)
        return err;
    if (!types_fit(in.type, out.type))
        return thm_refuse(n, THM_NN_ETYPE, "only float32, int8 and int16 are supported, the output alike or int16");
    if (in.rank < 1 || !thm_same_shape(&in, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape, or have no dimension");
    if (in.type == THM_FLOAT32)
        return THM_NN_OK;
    thm_node_quant(n, &in, &from);
    thm_node_quant(n, &out, &to);
    if ((err = check_output(n, &in, &out, &to)) != THM_NN_OK)
        return err;
    return in.type == THM_INT16 ? prepare_i16(n, (double)from.scale) : prepare_i8(n, (double)from.scale);
}

static void row_f32(const float *in, float *out, uint32_t depth, float beta)
{
    float most = -3.402823466e38f, sum = 0;
    for (uint32_t i = 0; i < depth; i++)
        most = most < in[i] ? in[i] : most;
    for (uint32_t i = 0; i < depth; i++)
        sum += out[i] = expf((in[i] - most) * beta);
    for (uint32_t i = 0; i < depth; i++)
        out[i] /= sum;
}

#define LEAST_DIFFERENCE (INT8_MIN - INT8_MAX)

/* The exponential of how far an element is below the maximum: LEAST_DIFFERENCE to 0, so a function of one byte. */
static int32_t exp_i8(const void *data, int32_t x)
{
    const struct data *d = data;
    int32_t difference = x + LEAST_DIFFERENCE - INT8_MIN;
    if (difference < d->diff_min)
        return 0;
    return thm_exp_negative(thm_mul_high(thm_shift_left(difference, d->shift), d->multiplier), 5);
}

struct exponentials {
    struct thm_byte_map map;
    const int32_t *table;
};

static int32_t exp_below(const struct exponentials *e, int32_t difference)
{
    return thm_look_up(e->table, &e->map, difference + INT8_MIN - LEAST_DIFFERENCE);
}

/* Returns false if the sum of a very long row does not fit. */
static bool row_i8(const struct exponentials *e, const int8_t *in, void *out, uint32_t depth, enum thm_type type)
{
    int32_t most = INT8_MIN, low = thm_type_min(type), high = thm_type_max(type);
    int bits;
    uint32_t sum = 0; /* 12 integer bits */
    for (uint32_t i = 0; i < depth; i++)
        most = in[i] > most ? in[i] : most;
    for (uint32_t i = 0; i < depth; i++)
        sum += (uint32_t)thm_div_pot(exp_below(e, in[i] - most), 12);
    if (sum == 0 || sum > INT32_MAX)
        return false;
    int32_t scale = thm_reciprocal((int32_t)sum, 12, &bits);
    int exponent = bits + 31 - (type == THM_INT8 ? 8 : 16);
    if (exponent > 31)
        return false;
    for (uint32_t i = 0; i < depth; i++) {
        int32_t v = thm_div_pot(thm_mul_high(scale, exp_below(e, in[i] - most)), exponent);
        v = thm_add_clamp(v, low, low, high);
        if (type == THM_INT8)
            ((int8_t *)out)[i] = (int8_t)v;
        else
            ((int16_t *)out)[i] = (int16_t)v;
    }
    return true;
}

static int16_t exp_i16(const struct data *d, const int16_t *table, int32_t difference)
{
    int64_t scaled = (int64_t)thm_scale32(difference, d->multiplier, d->shift) + 32767;
    return look_up(table, (int16_t)(scaled < INT16_MIN ? INT16_MIN : scaled > INT16_MAX ? INT16_MAX : scaled));
}

static bool row_i16(const struct thm_node *n, const int16_t *in, int16_t *out, uint32_t depth)
{
    const struct data *d = n->data;
    const int16_t *table = thm_node_at(n, d->exp_table);
    int32_t most = INT16_MIN;
    uint32_t sum = 0; /* 15 fraction bits */
    for (uint32_t i = 0; i < depth; i++)
        most = in[i] > most ? in[i] : most;
    for (uint32_t i = 0; i < depth; i++)
        sum += (uint16_t)(out[i] = exp_i16(d, table, in[i] - most));
    if (sum == 0 || sum > INT32_MAX)
        return false;
    int headroom = __builtin_clz(sum), right = 31 - headroom;
    int64_t shifted = (((int64_t)sum << (headroom - 1)) + (1 << 13)) >> 14; /* in [1, 2), 16 fraction bits */
    int32_t centred = thm_clamp((int32_t)(shifted - (1 << 15) - (1 << 16)), INT16_MIN, INT16_MAX);
    int32_t reciprocal = look_up(thm_node_at(n, d->reciprocal_table), (int16_t)centred);
    for (uint32_t i = 0; i < depth; i++) {
        int64_t v = ((int64_t)out[i] * reciprocal + (INT64_C(1) << (right - 1))) >> right;
        out[i] = (int16_t)(v < 0 ? 0 : v > INT16_MAX ? INT16_MAX : v);
    }
    return true;
}

static bool row(const struct thm_node *n, const struct exponentials *e, const struct thm_value *in,
                const struct thm_value *out, size_t at, uint32_t depth)
{
    const struct options *o = n->options;
    if (in->type == THM_FLOAT32)
        row_f32((const float *)in->data + at, (float *)out->data + at, depth, o->beta);
    else if (in->type == THM_INT16)
        return row_i16(n, (const int16_t *)in->data + at, (int16_t *)out->data + at, depth);
    else
        return row_i8(e, (const int8_t *)in->data + at, (uint8_t *)out->data + at * thm_type_size(out->type), depth,
                      out->type);
    return true;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    struct exponentials e = { .map = { exp_i8, n->data, offsetof(struct data, exp_table) } };
    struct rows r = rows_of(&in);
    bool fits = true;
    thm_touch_stack();
    if (in.type == THM_INT8)
        e.table = thm_lookup_begin(n, &e.map, 2 * in.elements);
    for (size_t i = 0; i < r.count && fits; i++)
        fits = row(n, &e, &in, &out, i * r.depth, r.depth);
    thm_lookup_end(n, e.table);
    return fits ? THM_NN_OK : thm_refuse(n, THM_NN_EINVOKE, "a row is too long for the sum of its exponentials");
}

static const struct thm_option_field fields[] = { { 0, 4, offsetof(struct options, beta), 0 } }; /* SoftmaxOptions */

const struct thm_op thm_op_softmax = {
    .name = "SOFTMAX",
    .options_type = 9,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES(4),
    .data = THM_BYTES(56),
    .prepare = prepare,
    .eval = eval,
};
