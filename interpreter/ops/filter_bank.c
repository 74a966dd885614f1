/* interpreter/ops/filter_bank.c -- SignalFilterBank and what follows it in an audio front end: square root, spectral
 * subtraction. Source: filter_bank*, square_root* in signal/ of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/ops.h"

struct bank { /* 36 bytes */
    int32_t channels;
    uint32_t sums; /* where channels + 1 numbers of 64 bits are */
};

static enum thm_nn_err bank_init(struct thm_node *n)
{
    struct bank *d = n->data;
    enum thm_nn_err err = thm_custom_ints(n, &d->channels, 1);
    if (err)
        return err;
    if (d->channels < 0)
        return thm_refuse(n, THM_NN_ESHAPE, "num_channels is negative");
    return thm_node_persistent(n, 8 * ((uint64_t)d->channels + 1), &d->sums) ? THM_NN_OK : THM_NN_EARENA;
}

static enum thm_nn_err bank_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 6,
                                            1,
                                            { { THM_UINT32, 1 },
                                              { THM_INT16, 1 },
                                              { THM_INT16, 1 },
                                              { THM_INT16, 1 },
                                              { THM_INT16, 1 },
                                              { THM_INT16, 1 },
                                              { THM_UINT64, 1 } } };
    const struct bank *d = n->data;
    struct thm_value v;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    for (uint32_t i = 3; i < 6 && !err; i++) { /* starts, weight starts and widths */
        thm_node_input(n, i, &v);
        if (v.elements <= (uint32_t)d->channels)
            err = thm_refuse_tensor(n, THM_NN_ESHAPE, "a table has no entry for every channel", &v);
    }
    if (err)
        return err;
    thm_node_output(n, 0, &v);
    return v.elements <= (uint32_t)d->channels
               ? THM_NN_OK
               : thm_refuse(n, THM_NN_ESHAPE, "the output has more than num_channels elements");
}

/* Tables may come at run time: every channel is checked before it is summed up. */
static bool channel_inside(int32_t start, int32_t width, uint32_t elements)
{
    return width <= 0 || (start >= 0 && (uint32_t)(start + width) <= elements);
}

/* Every frequency counts for two neighbouring channels, with a weight and its complement: what is left over from a
 * channel is where the next one begins. */
static enum thm_nn_err bank_eval(struct thm_node *n)
{
    struct thm_value in, out, table[5];
    const struct bank *d = n->data;
    uint64_t *sums = thm_node_at(n, d->sums), sum = 0, next = 0;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    for (uint32_t i = 0; i < 5; i++)
        thm_node_input(n, i + 1, &table[i]);
    const int16_t *weights = table[0].data, *complements = table[1].data;
    for (int32_t c = 0; c <= d->channels; c++, sum = next, next = 0) {
        int32_t start = ((const int16_t *)table[2].data)[c], at = ((const int16_t *)table[3].data)[c];
        int32_t width = ((const int16_t *)table[4].data)[c];
        if (!channel_inside(start, width, in.elements) || !channel_inside(at, width, table[0].elements) ||
            !channel_inside(at, width, table[1].elements))
            return thm_refuse(n, THM_NN_EINVOKE, "a channel reaches outside the input or the weights");
        for (int32_t j = 0; j < width; j++) {
            uint64_t x = ((const uint32_t *)in.data)[start + j];
            sum += (uint64_t)weights[at + j] * x;
            next += (uint64_t)complements[at + j] * x;
        }
        sums[c] = sum;
    }
    if (out.bytes)
        memcpy(out.data, sums + 1, out.bytes); /* the first sum only holds what belongs to the second */
    return THM_NN_OK;
}

static enum thm_nn_err root_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 2, 1, { { THM_UINT64, 1 }, { THM_INT32, 0 }, { THM_UINT32, 1 } } };
    struct thm_value in, out;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    return in.elements <= out.elements ? THM_NN_OK
                                       : thm_refuse(n, THM_NN_ESHAPE, "the output is smaller than the input");
}

/* Square root to nearest, at most `limit`; digit by digit from the highest even bit. */
static uint32_t square_root(uint64_t x, uint32_t limit)
{
    uint64_t root = 0, bit = x ? UINT64_C(1) << ((63 - __builtin_clzll(x)) & ~1) : 0;
    for (; bit; bit >>= 2) {
        bool digit = x >= root + bit;
        x -= digit ? root + bit : 0;
        root = (root >> 1) + (digit ? bit : 0);
    }
    return (uint32_t)(x > root && root != limit ? root + 1 : root);
}

static enum thm_nn_err root_eval(struct thm_node *n)
{
    struct thm_value in, bits, out;
    thm_node_input(n, 0, &in);
    thm_node_input(n, 1, &bits);
    thm_node_output(n, 0, &out);
    int32_t shift = *(const int32_t *)bits.data;
    if (shift < 0 || shift > 31)
        return thm_refuse(n, THM_NN_EINVOKE, "the scale bits are not within 0..31");
    for (uint32_t i = 0; i < in.elements; i++) {
        uint64_t x;
        memcpy(&x, (const uint8_t *)in.data + 8 * (size_t)i, 8); /* constants may be aligned to 4 only */
        ((uint32_t *)out.data)[i] = square_root(x, x >> 32 ? UINT32_MAX : UINT16_MAX) >> shift;
    }
    return THM_NN_OK;
}

struct subtraction { /* 44 bytes; options in the order of their keys */
    int32_t alternate_one_minus_smoothing, alternate_smoothing, clamping, min_signal_remaining, channels;
    int32_t one_minus_smoothing, smoothing, smoothing_bits, bits;
    uint32_t noise; /* where the estimates are, channels numbers of 32 bits */
    uint32_t unused;
};

static enum thm_nn_err subtraction_init(struct thm_node *n)
{
    struct subtraction *d = n->data;
    enum thm_nn_err err = thm_custom_ints(n, &d->alternate_one_minus_smoothing, 9);
    if (err)
        return err;
    if (d->channels < 0 || d->smoothing_bits < 0 || d->smoothing_bits > 31 || d->bits < 0 || d->bits > 63)
        return thm_refuse(n, THM_NN_ESHAPE, "num_channels is negative or a number of bits is out of range");
    return thm_node_persistent(n, 4 * (uint64_t)d->channels, &d->noise) ? THM_NN_OK : THM_NN_EARENA;
}

static enum thm_nn_err subtraction_reset(struct thm_node *n)
{
    const struct subtraction *d = n->data;
    memset(thm_node_at(n, d->noise), 0, 4 * (size_t)d->channels);
    return THM_NN_OK;
}

static enum thm_nn_err subtraction_prepare(struct thm_node *n)
{
    static const struct thm_ports ports = { 1, 2, { { THM_UINT32, 1 }, { THM_UINT32, 1 }, { THM_UINT32, 1 } } };
    const struct subtraction *d = n->data;
    struct thm_value in, out, noise;
    enum thm_nn_err err = thm_check_ports(n, &ports);
    if (err)
        return err;
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    thm_node_output(n, 1, &noise);
    uint32_t channels = (uint32_t)d->channels;
    if (in.elements < channels || out.elements < channels || noise.elements > channels)
        return thm_refuse(n, THM_NN_ESHAPE, "a tensor does not have num_channels elements");
    return subtraction_reset(n);
}

/* Follow the noise with a first-order low pass, and take it off. */
static uint32_t subtract(const struct subtraction *d, uint32_t x, bool odd, uint32_t *noise)
{
    uint64_t share = (uint32_t)(odd ? d->alternate_smoothing : d->smoothing);
    uint64_t rest = (uint32_t)(odd ? d->alternate_one_minus_smoothing : d->one_minus_smoothing);
    uint32_t scaled = x << d->smoothing_bits;
    uint32_t estimate = (uint32_t)((scaled * share + *noise * rest) >> d->bits);
    *noise = estimate;
    if (estimate > scaled) {
        estimate = scaled;
        if (d->clamping)
            *noise = scaled;
    }
    uint32_t least = (uint32_t)(((uint64_t)x * (uint32_t)d->min_signal_remaining) >> d->bits);
    uint32_t left = (scaled - estimate) >> d->smoothing_bits;
    return left > least ? left : least;
}

static enum thm_nn_err subtraction_eval(struct thm_node *n)
{
    const struct subtraction *d = n->data;
    struct thm_value in, out, noise;
    uint32_t *state = thm_node_at(n, d->noise);
    thm_node_input(n, 0, &in);
    thm_node_output(n, 0, &out);
    thm_node_output(n, 1, &noise);
    for (uint32_t i = 0; i < (uint32_t)d->channels; i++)
        ((uint32_t *)out.data)[i] = subtract(d, ((const uint32_t *)in.data)[i], i & 1, &state[i]);
    if (noise.bytes)
        memcpy(noise.data, state, noise.bytes);
    return THM_NN_OK;
}

const struct thm_op thm_op_signal_filter_bank = {
    .name = "SignalFilterBank",
    .data = THM_BYTES(36),
    .init = bank_init,
    .prepare = bank_prepare,
    .eval = bank_eval,
};
const struct thm_op thm_op_signal_filter_bank_square_root = {
    .name = "SignalFilterBankSquareRoot",
    .prepare = root_prepare,
    .eval = root_eval,
};
const struct thm_op thm_op_signal_filter_bank_spectral_subtraction = {
    .name = "SignalFilterBankSpectralSubtraction",
    .data = THM_BYTES(44),
    .init = subtraction_init,
    .prepare = subtraction_prepare,
    .eval = subtraction_eval,
    .reset = subtraction_reset,
};
