/* interpreter/ops/filter_bank_gain.c -- SignalFilterBankLog and SignalPCAN (per-channel amplitude normalisation).
 * Source: log.cc and pcan_argc_fixed.cc in signal/src of tensorflow/tflite-micro. */
#include "interpreter/ops/custom.h"
#include "interpreter/ops/ops.h"

struct logarithm { /* 8 bytes; options in the order of their keys */
    int32_t correction_bits, scale;
};

struct pcan { /* 4 bytes */
    int32_t shift;
};

/* 65536 * (log2(1 + i / 128) - i / 128), to nearest: how far the logarithm bends away from a straight line. */
static const int16_t bend[129] = {
    0,    224,  442,  654,  861,  1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944, 3087, 3224,
    3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063,
    5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640,
    5641, 5638, 5633, 5626, 5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203,
    5156, 5106, 5054, 5000, 4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935,
    3848, 3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971,
    1851, 1729, 1605, 1480, 1353, 1224, 1094, 963,  830,  695,  559,  421,  282,  142,  0,
};

/* 65536 * log2(x), x > 0; between the points of the table it is a straight line. */
static uint32_t log2_q16(uint32_t x)
{
    uint32_t whole = (uint32_t)thm_highest_bit32(x) - 1, rest = x ^ (UINT32_C(1) << whole);
    uint32_t fraction = whole < 16 ? rest << (16 - whole) : rest >> (whole - 16);
    uint32_t i = fraction >> 9;
    int32_t step = bend[i + 1] - bend[i];
    int32_t between =
        (step * (int32_t)(fraction & 511)) >> 16; /* rounds as if it were much smaller, like the reference */
    return (whole << 16) + fraction + (uint32_t)(bend[i] + between);
}

/* Natural logarithm times scale; 45426 is ln(2) * 65536. */
static uint32_t scaled_log(uint32_t x, uint32_t scale)
{
    uint32_t natural = (uint32_t)((UINT64_C(45426) * log2_q16(x) + 32768) >> 16);
    return (scale * natural + 32768) >> 16;
}

static enum thm_nn_err log_init(struct thm_node *n)
{
    return thm_custom_ints(n, n->data, 2);
}

static enum thm_nn_err log_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 1, 1, { { THM_UINT32, 1 }, { THM_INT16, 1 } } };
    const struct logarithm *d = n->data;
    struct thm_value in, out;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    if (out.elements < in.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "the output is smaller than the input");
    if (d->correction_bits < 0 || d->correction_bits > 31)
        return thm_refuse(n, THM_NN_ESHAPE, "input_correction_bits is not within 0..31");
    return THM_NN_OK;
}

static enum thm_nn_err log_eval(struct thm_node *n)
{
    const struct logarithm *d = n->data;
    struct thm_value in, out;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    for (uint32_t i = 0; i < in.elements; i++) {
        uint32_t x = ((const uint32_t *)in.data)[i] << d->correction_bits;
        uint32_t y = x > 1 ? scaled_log(x, (uint32_t)d->scale) : 0;
        ((int16_t *)out.data)[i] = (int16_t)(y < INT16_MAX ? y : INT16_MAX);
    }
    return THM_NN_OK;
}

static enum thm_nn_err pcan_init(struct thm_node *n)
{
    return thm_custom_ints(n, n->data, 1);
}

static enum thm_nn_err pcan_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = {
        3, 1, { { THM_UINT32, 1 }, { THM_UINT32, 1 }, { THM_INT16, 1 }, { THM_UINT32, 1 } }
    };
    const struct pcan *d = n->data;
    struct thm_value in, noise, out;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &noise);
    thm_node_output(n, 0, &out);
    if (in.elements != noise.elements || in.elements != out.elements)
        return thm_refuse(n, THM_NN_ESHAPE, "input, noise estimate and output differ in size");
    if (d->shift < 0 || d->shift > 63)
        return thm_refuse(n, THM_NN_ESHAPE, "snr_shift is not within 0..63");
    return THM_NN_OK;
}

/* The gain for a noise level: for each power of two a parabola in the table. false: the table is too short. */
static bool gain_of(uint32_t noise, const struct thm_value *table, uint32_t *gain)
{
    const int16_t *entry = table->data;
    int bits = thm_highest_bit32(noise);
    uint32_t at = noise <= 2 ? noise : 4 * (uint32_t)bits - 6, last = noise <= 2 ? at : at + 2;
    if (last >= table->elements)
        return false;
    int64_t y = entry[at];
    if (noise > 2) {
        int32_t x = (int32_t)((bits < 11 ? noise << (11 - bits) : noise >> (bits - 11)) & 0x3FF);
        int64_t slope = ((entry[at + 2] * x) >> 5) + entry[at + 1] * 32;
        y += ((int32_t)(uint32_t)(slope * x) + INT64_C(16384)) >> 15;
    }
    *gain = (uint32_t)(int16_t)y;
    return true;
}

/* x * x / 4 below 2, x - 1 above; from 12 to 6 bits after the point. */
static uint32_t shrink(uint32_t x)
{
    return x < 2 << 12 ? (x * x) >> (2 + 2 * 12 - 6) : (x >> (12 - 6)) - (1 << 6);
}

static enum thm_nn_err pcan_eval(struct thm_node *n)
{
    const struct pcan *d = n->data;
    struct thm_value in, noise, table, out;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &noise);
    thm_node_input(n, 2, &table);
    thm_node_output(n, 0, &out);
    for (uint32_t i = 0; i < in.elements; i++) {
        uint32_t gain;
        if (!gain_of(((const uint32_t *)noise.data)[i], &table, &gain))
            return thm_refuse(n, THM_NN_EINVOKE, "a noise level is outside the gain table");
        uint64_t product = (uint64_t)((const uint32_t *)in.data)[i] * gain;
        ((uint32_t *)out.data)[i] = shrink((uint32_t)(product >> d->shift));
    }
    return THM_NN_OK;
}

const struct thm_op thm_op_signal_filter_bank_log = {
    .name = "SignalFilterBankLog",
    .data = THM_BYTES(8),
    .init = log_init,
    .prepare = log_prepare,
    .eval = log_eval,
};
const struct thm_op thm_op_signal_pcan = {
    .name = "SignalPCAN",
    .data = THM_BYTES(4),
    .init = pcan_init,
    .prepare = pcan_prepare,
    .eval = pcan_eval,
};
