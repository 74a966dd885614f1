/* interpreter/ops/log_softmax.c -- LOG_SOFTMAX over the last dimension: float32; int8 with output scale 1/16 and zero
 * point 127. Source: tensorflow/lite/micro/kernels/log_softmax.cc,
 * tensorflow/lite/kernels/internal/{common.h (logarithm), reference/log_softmax.h}. */
#include "interpreter/ops/fixed.h"
#include "interpreter/ops/ops.h"
#include "interpreter/ops/quant.h"
#include <math.h>

#define DATA 28 /* bytes of op data, int8 only; persistent, but asked for in prepare */

struct scaling {
    int32_t multiplier, shift;           /* input steps to 5 integer bits */
    int32_t back_multiplier, back_shift; /* and back */
    int32_t diff_min;                    /* what is further below the maximum counts as 0 */
};

static bool set_scaling(struct scaling *s, float input_scale)
{
    double factor = (double)input_scale * (1 << 26), most = 2147483647.0;
    factor = factor < most ? factor : most;
    if (!(factor > 1) || !thm_quantize_factor(factor / 2, &s->multiplier, &s->shift)) /* up to 2^31 is allowed here */
        return false;
    s->shift++;
    double back = (double)(1 << (31 - s->shift)) / (double)s->multiplier;
    s->diff_min = -thm_input_radius(5, s->shift);
    return thm_quantize_fraction(back, &s->back_multiplier, &s->back_shift);
}

static enum thm_nn_err quantise(struct thm_node *n, struct scaling *s, const struct thm_value *in,
                                const struct thm_value *out)
{
    struct thm_quant from, to;
    thm_node_quant(n, in, &from);
    thm_node_quant(n, out, &to);
    if (to.scale != 16.0f / 256 || to.zero_point != INT8_MAX)
        return thm_refuse(n, THM_NN_EQUANT, "the output's scale is not 1/16 or its zero point not 127");
    if (!set_scaling(s, from.scale))
        return thm_refuse(n, THM_NN_EQUANT, "the input scale is out of range");
    return THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    struct thm_value in, out;
    struct scaling unused;
    uint32_t at;
    enum thm_nn_err err = thm_unary_alike(n, &in, &out);
    if (!err && !thm_same_shape(&in, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "input and output differ in shape");
    if (err || in.type != THM_INT8)
        return err;
    return thm_node_persistent(n, DATA, &at) ? quantise(n, &unused, &in, &out) : THM_NN_EARENA;
}

static void row_f32(const float *in, float *out, uint32_t depth)
{
    float most = -3.402823466e38f, sum = 0;
    for (uint32_t i = 0; i < depth; i++)
        most = most < in[i] ? in[i] : most;
    for (uint32_t i = 0; i < depth; i++)
        sum += expf(in[i] - most);
    // cppcheck-suppress invalidFunctionArg; a row that is not empty has a sum of at least exp(0)
    float log_sum = logf(sum);
    for (uint32_t i = 0; i < depth; i++)
        out[i] = in[i] - most - log_sum;
}

static int32_t half_sum(int32_t a, int32_t b)
{
    int64_t sum = (int64_t)a + b;
    return (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
}

static int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* log(r) for r in [sqrt(1/2), 1) or so, less the log of (1/2)^(1/4): a rational function around that. Q31 in,
 * 6 integer bits out. */
static int32_t log_of_mantissa(int32_t r)
{
    const int32_t centre = 1805811301; /* (1/2)^(1/4) */
    /* with s = 2^(1/4): 11/240 s, s / 20, 2 / s - s, s / 4 */
    const int32_t alpha_n = 117049297, alpha_d = 127690142, alpha_i = 1057819769, alpha_f = 638450708;
    int32_t p = half_sum(r, centre), q = add(add(r, -centre), add(r, -centre)), square = thm_mul_high(q, q);
    int32_t above = add(thm_mul_high(q, r), thm_mul_high(thm_mul_high(q, square), alpha_n));
    int32_t inner = add(add(alpha_i, q), thm_mul_high(alpha_d, square));
    int32_t below = add(thm_mul_high(p, inner), thm_mul_high(alpha_f, q));
    return thm_mul_high(thm_div_pot(above, 6), thm_one_over_one_plus(below));
}

/* Natural logarithm of x >= 1, 12 integer bits in, 5 out: of two ways to write x as a power of two times a mantissa the
 * one with the smaller mantissa. */
static int32_t log_q12(int32_t x)
{
    const int32_t log_2 = 1488522236, sqrt_half = 1518500250, quarter = 1 << 23; /* the last with 6 integer bits */
    int zeros = __builtin_clz((uint32_t)x), zeros_b = __builtin_clz((uint32_t)thm_mul_high(x, sqrt_half)) - 1;
    int32_t mantissa_a = thm_shift_left_sat(thm_mul_high(thm_shift_left_sat(x, zeros - 1), sqrt_half), 1);
    int32_t mantissa_b = thm_shift_left_sat(x, zeros_b);
    int32_t power_a = thm_shift_left_sat(12 - zeros, 25) + quarter;
    int32_t power_b = thm_shift_left_sat(12 - zeros_b, 25) - quarter;
    int32_t mantissa = mantissa_a < mantissa_b ? mantissa_a : mantissa_b;
    int32_t power = power_a > power_b ? power_a : power_b;
    return thm_shift_left_sat(add(thm_mul_high(power, log_2), log_of_mantissa(mantissa)), 1);
}

static int32_t scaled(const struct scaling *s, int32_t difference)
{
    return thm_scale32(difference, s->multiplier, s->shift);
}

/* Sum of exp(x - maximum) with 12 integer bits; 0 if it does not fit. */
static int32_t sum_of_exps(const struct scaling *s, const int8_t *in, uint32_t depth, int32_t most)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < depth && sum <= INT32_MAX; i++)
        if (in[i] - most >= s->diff_min)
            sum += (uint32_t)thm_div_pot(thm_exp_negative(scaled(s, in[i] - most), 5), 12);
    return sum <= INT32_MAX ? (int32_t)sum : 0;
}

static bool row_i8(const struct scaling *s, const int8_t *in, int8_t *out, uint32_t depth)
{
    int32_t most = INT8_MIN;
    for (uint32_t i = 0; i < depth; i++)
        most = in[i] > most ? in[i] : most;
    int32_t sum = sum_of_exps(s, in, depth, most);
    if (sum <= 0)
        return false;
    int32_t log_sum = log_q12(sum), least = thm_scale32(add(log_sum, INT32_MIN), s->back_multiplier, s->back_shift);
    least = s->diff_min - 1 > least ? s->diff_min - 1 : least;
    for (uint32_t i = 0; i < depth; i++) {
        int32_t v = thm_div_pot(add(scaled(s, in[i] - most), -log_sum), 22);
        out[i] = in[i] - most > least ? (int8_t)thm_add_clamp(v, INT8_MAX, INT8_MIN, INT8_MAX) : INT8_MIN;
    }
    return true;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct thm_value in, out;
    struct scaling s = { 0 };
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (in.type != THM_FLOAT32 && in.type != THM_INT8)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "only float32 and int8 are supported", &in);
    enum thm_nn_err err = in.type == THM_INT8 ? quantise(n, &s, &in, &out) : THM_NN_OK;
    uint32_t depth = in.rank ? (uint32_t)in.shape[in.rank - 1] : 1;
    for (size_t i = 0; !err && i < in.elements; i += depth)
        if (in.type == THM_FLOAT32)
            row_f32((const float *)in.data + i, (float *)out.data + i, depth);
        else if (!row_i8(&s, (const int8_t *)in.data + i, (int8_t *)out.data + i, depth))
            err = thm_refuse(n, THM_NN_EINVOKE, "a row is too long for the sum of its exponentials");
    return err;
}

const struct thm_op thm_op_log_softmax = { .name = "LOG_SOFTMAX", .prepare = prepare, .eval = eval };
