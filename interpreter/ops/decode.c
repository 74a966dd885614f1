/* interpreter/ops/decode.c -- TFLM_DECODE: constants that are packed as indices into a table of values (lut) or as a
 * bit for each element that is not the zero point (prune). For each output two inputs: the packed bits, and a record of
 * 16 bytes followed by the values. Source: tensorflow/lite/micro/kernels/decode*.{h,cc} of tensorflow/tflite-micro. */
#include "interpreter/fb.h"
#include "interpreter/ops/custom.h"
#include "interpreter/ops/ops.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

enum {
    RECORD_TYPE = 0,
    RECORD_VERSION = 1,
    RECORD_TYPE_VERSION = 4,
    RECORD_PARAMETERS = 5,
    RECORD_STRIDE = 6,
    RECORD_BYTES = 16
};
enum { KIND_LUT = 0, KIND_PRUNE = 2 };
enum { LUT_STATE = 36, PRUNE_STATE = 40 };

/* One output; everything in it comes from the model. */
struct decoding {
    struct thm_value bits, record, out;
    struct thm_quant quant;
    const uint8_t *zeros; /* zero points, 8 bytes each; NULL = 0 */
    const uint8_t *head;  /* the record's data */
    uint32_t channels, per_channel;
    bool last_axis; /* channels are the last dimension, else the first */
    uint32_t size;  /* bytes of a value */
};

static enum thm_nn_err refuse_contents(struct thm_node *n, const struct decoding *k)
{
    return thm_refuse_tensor(n, THM_NN_ESHAPE, "indices or values do not suffice for the output", &k->record);
}

static enum thm_nn_err open_record(struct thm_node *n, uint32_t i, struct decoding *k)
{
    if (!thm_node_input(n, 2 * i, &k->bits) || !thm_node_input(n, 2 * i + 1, &k->record) ||
        !thm_node_output(n, i, &k->out))
        return thm_refuse(n, THM_NN_ESHAPE, "an input is missing");
    if (!k->bits.constant || !k->record.constant)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "its inputs are not constant");
    if (k->record.bytes < RECORD_BYTES)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the record has less than 16 bytes", &k->record);
    k->head = k->record.data;
    if (k->head[RECORD_VERSION] != 1 || k->head[RECORD_TYPE_VERSION] != 1)
        return thm_refuse_tensor(n, THM_NN_EUNSUPPORTED, "the record's version is not 1", &k->record);
    if (k->head[RECORD_TYPE] != KIND_LUT && k->head[RECORD_TYPE] != KIND_PRUNE)
        return thm_refuse_tensor(n, THM_NN_EUNSUPPORTED, "only lut and prune records are supported", &k->record);
    return THM_NN_OK;
}

/* Only int8 has zero points other than 0. */
static enum thm_nn_err open_zero_points(struct thm_node *n, struct decoding *k)
{
    const struct thm_model *m = n->it->model;
    uint32_t tensor = thm_model_tensor_table(m, n->subgraph, (uint32_t)k->out.tensor);
    uint32_t zeros = thm_fb_ref(m, thm_fb_ref(m, tensor, TENSOR_QUANTIZATION), QUANT_ZERO_POINT);
    bool wanted = k->quant.affine && k->out.type == THM_INT8;
    k->zeros = wanted ? thm_fb_data(m, zeros) : NULL;
    if (wanted && thm_fb_len(m, zeros) < k->channels)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "there are less zero points than scales", &k->out);
    return THM_NN_OK;
}

/* Which channel does an element belong to? */
static enum thm_nn_err open_channels(struct thm_node *n, struct decoding *k)
{
    thm_node_quant(n, &k->out, &k->quant);
    k->size = thm_type_size(k->out.type);
    k->channels = k->quant.affine ? k->quant.channels : 1;
    k->last_axis = k->channels > 1 && k->quant.dimension == (int32_t)k->out.rank - 1;
    if (k->quant.affine && !k->last_axis && k->quant.dimension != 0)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the quantised dimension is neither the first nor the last",
                                 &k->out);
    if (k->channels == 0 || k->out.elements % k->channels != 0)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the scales do not divide the elements", &k->out);
    k->per_channel = k->last_axis ? 1 : k->out.elements / k->channels;
    return open_zero_points(n, k);
}

static uint32_t channel_of(const struct decoding *k, uint32_t element)
{
    return k->per_channel ? element / k->per_channel % k->channels : 0;
}

/* `width` bits from bit `at` on, the highest bit of a byte first; they are inside. */
static uint32_t take_bits(const uint8_t *bits, uint64_t at, uint32_t width)
{
    uint32_t value = 0;
    for (uint64_t b = at; b < at + width; b++)
        value = value << 1 | (bits[b / 8] >> (7 - b % 8) & 1);
    return value;
}

static bool is_supported(enum thm_type type)
{
    return type == THM_BOOL || type == THM_FLOAT32 || type == THM_INT8 || type == THM_INT16 || type == THM_INT32 ||
           type == THM_INT64;
}

/* `to` NULL: only check. */
static enum thm_nn_err decode_lut(struct thm_node *n, const struct decoding *k, uint8_t *to)
{
    uint32_t width = k->head[RECORD_PARAMETERS] & 7, stride = k->head[RECORD_STRIDE];
    if (width == 0 || (uint64_t)k->out.elements * width > 8 * (uint64_t)k->bits.bytes)
        return refuse_contents(n, k);
    for (uint32_t i = 0; i < k->out.elements; i++) {
        uint64_t entry = (uint64_t)channel_of(k, i) * stride + take_bits(k->bits.data, (uint64_t)i * width, width);
        if (RECORD_BYTES + (entry + 1) * k->size > k->record.bytes)
            return refuse_contents(n, k);
        if (to)
            memcpy(to + (size_t)i * k->size, k->head + RECORD_BYTES + entry * k->size, k->size);
    }
    return THM_NN_OK;
}

static enum thm_nn_err decode_prune(struct thm_node *n, const struct decoding *k, uint8_t *to)
{
    uint64_t at = RECORD_BYTES;
    if (k->out.elements > 8 * (uint64_t)k->bits.bytes)
        return refuse_contents(n, k);
    for (uint32_t i = 0; i < k->out.elements; i++) {
        bool kept = take_bits(k->bits.data, i, 1);
        if (kept && at + k->size > k->record.bytes)
            return refuse_contents(n, k);
        int64_t zero = k->zeros ? thm_load_i64(k->zeros + 8 * (size_t)channel_of(k, i)) : 0;
        if (to)
            memcpy(to + (size_t)i * k->size, kept ? (const void *)(k->head + at) : &zero, k->size);
        at += kept ? k->size : 0;
    }
    return THM_NN_OK;
}

static enum thm_nn_err decode(struct thm_node *n, const struct decoding *k, uint8_t *to)
{
    return k->head[RECORD_TYPE] == KIND_LUT ? decode_lut(n, k, to) : decode_prune(n, k, to);
}

/* What the reference asks for; nothing of it is needed here. */
static enum thm_nn_err take_state(struct thm_node *n, const struct decoding *k)
{
    uint32_t unused;
    bool prune = k->head[RECORD_TYPE] == KIND_PRUNE;
    if (!thm_node_persistent(n, prune ? PRUNE_STATE : LUT_STATE, &unused))
        return THM_NN_EARENA;
    if (prune && k->out.type == THM_INT8 && k->channels > 1 && !thm_node_persistent(n, k->channels, &unused))
        return THM_NN_EARENA;
    return THM_NN_OK;
}

static enum thm_nn_err prepare_output(struct thm_node *n, uint32_t i)
{
    struct decoding k;
    enum thm_nn_err err = open_record(n, i, &k);
    if (!err)
        err = open_channels(n, &k);
    if (!err)
        err = take_state(n, &k);
    if (err)
        return err;
    if (k.head[RECORD_TYPE] == KIND_PRUNE && k.out.type != THM_INT8 && k.quant.affine && k.quant.zero_point != 0)
        return thm_refuse_tensor(n, THM_NN_EQUANT, "the zero point is not 0", &k.out);
    return is_supported(k.out.type) ? decode(n, &k, NULL) : THM_NN_OK;
}

static enum thm_nn_err prepare(struct thm_node *n)
{
    uint32_t unused;
    if (n->outputs == 0 || n->inputs != 2 * (uint64_t)n->outputs)
        return thm_refuse(n, THM_NN_ESHAPE, "there are not two inputs for each output");
    if (!thm_node_persistent(n, 4 * (uint64_t)n->outputs, &unused))
        return THM_NN_EARENA;
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t i = 0; i < n->outputs && !err; i++)
        err = prepare_output(n, i);
    return err;
}

static enum thm_nn_err eval(struct thm_node *n)
{
    struct decoding k;
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t i = 0; i < n->outputs && !err; i++) {
        err = open_record(n, i, &k);
        if (!err)
            err = open_channels(n, &k);
        if (!err && !is_supported(k.out.type))
            err = thm_refuse_tensor(n, THM_NN_ETYPE, "the type of an output is not supported", &k.out);
        if (!err)
            err = decode(n, &k, k.out.data);
    }
    return err;
}

const struct thm_op thm_op_decode = { .name = "TFLM_DECODE", .prepare = prepare, .eval = eval };
