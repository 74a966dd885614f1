#include <stdlib.h>
#include <string.h>
#include "emu/zoo/tflite_ops.h"

#define ALIGNMENT      16 /* of constant data: what TensorFlow Lite asks for */
#define FILE_BYTES_MAX INT32_MAX
#define CODES_MAX      32

struct layout {
    struct thm_fb fb;                            /* the tables: everything but constant data */
    uint32_t codes;                              /* operator codes, */
    int32_t code[CODES_MAX], version[CODES_MAX]; /* in order of first use */
    uint32_t buffers_at;   /* the buffers' first reference; constant tensors first, then the padding */
    uint64_t natural_size; /* without padding */
    uint32_t padding_at;   /* where the padding's length field goes; 0: no padding */
};

/* Where the length field goes so that the data behind it is aligned. */
static uint32_t data_start(uint64_t end)
{
    return (uint32_t)(((end + 4 + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1)) - 4);
}

static bool is_tensor(const struct thm_tflite_model *m, int32_t index)
{
    return index >= 0 && (uint32_t)index < m->tensor_count;
}

static bool is_valid_op(const struct thm_tflite_model *m, const struct thm_tflite_op *op)
{
    if (op->inputs > 3 || op->options > THM_FB_FIELDS_MAX || !is_tensor(m, op->output))
        return false;
    for (uint32_t i = 0; i < op->inputs; i++)
        if (!is_tensor(m, op->input[i]))
            return false;
    return true;
}

static bool is_valid(const struct thm_tflite_model *m)
{
    for (uint32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].rank > 4 || (m->tensors[i].scales && !m->tensors[i].scale))
            return false;
    for (uint32_t i = 0; i < m->op_count; i++)
        if (!is_valid_op(m, &m->ops[i]))
            return false;
    return is_tensor(m, m->input) && is_tensor(m, m->output);
}

static uint32_t opcode_index(struct layout *l, const struct thm_tflite_op *op)
{
    uint32_t i = 0;
    while (i < l->codes && (l->code[i] != (int32_t)op->code || l->version[i] != op->version))
        i++;
    if (i == CODES_MAX) {
        l->fb.failed = true;
        return 0;
    }
    if (i == l->codes) {
        l->code[i] = (int32_t)op->code;
        l->version[i] = op->version;
        l->codes++;
    }
    return i;
}

/* Write the operator codes; must follow a pass of opcode_index() over all ops. */
static void write_codes(struct layout *l, uint32_t at)
{
    uint32_t refs = thm_fb_vector(&l->fb, at, NULL, 4, l->codes);
    for (uint32_t i = 0; i < l->codes; i++) {
        uint32_t code = (uint32_t)l->code[i]; /* below 127, so the deprecated field says the same */
        const struct thm_fb_field fields[] = { { 0, 1, code }, { 2, 4, (uint32_t)l->version[i] }, { 3, 4, code } };
        thm_fb_table(&l->fb, refs + 4 * i, fields, 3);
    }
}

static void write_zero_points(struct thm_fb *fb, uint32_t at, const struct thm_tflite_tensor *t)
{
    uint32_t first = thm_fb_vector(fb, at, NULL, 8, t->scales);
    for (uint32_t i = 0; i < t->scales && !fb->failed; i++)
        memcpy(fb->data + first + 8 * i, &t->zero_point, 8);
}

static void write_quantization(struct thm_fb *fb, uint32_t at, const struct thm_tflite_tensor *t)
{
    const struct thm_fb_field fields[] = { { 2, 4, 0 }, { 3, 4, 0 }, { 6, 4, (uint32_t)t->quantized_dimension } };
    uint32_t table = thm_fb_table(fb, at, fields, t->quantized_dimension ? 3 : 2);
    thm_fb_vector(fb, thm_fb_slot(fb, table, 2), t->scale, 4, t->scales);
    write_zero_points(fb, thm_fb_slot(fb, table, 3), t);
}

static void write_tensor(struct thm_fb *fb, uint32_t at, const struct thm_tflite_tensor *t, uint32_t buffer)
{
    struct thm_fb_field fields[5] = { { 0, 4, 0 }, { 1, 1, t->type }, { 2, 4, buffer }, { 3, 4, 0 }, { 4, 4, 0 } };
    uint32_t table = thm_fb_table(fb, at, fields, t->scales ? 5 : 4);
    thm_fb_vector(fb, thm_fb_slot(fb, table, 0), t->shape, 4, t->rank);
    thm_fb_string(fb, thm_fb_slot(fb, table, 3), t->name);
    if (t->scales)
        write_quantization(fb, thm_fb_slot(fb, table, 4), t);
}

static void write_tensors(struct thm_fb *fb, uint32_t at, const struct thm_tflite_model *m)
{
    uint32_t refs = thm_fb_vector(fb, at, NULL, 4, m->tensor_count), buffer = 0;
    for (uint32_t i = 0; i < m->tensor_count; i++)
        write_tensor(fb, refs + 4 * i, &m->tensors[i], m->tensors[i].data_bytes ? ++buffer : 0);
}

static void write_op(struct layout *l, uint32_t at, const struct thm_tflite_op *op)
{
    uint8_t type = thm_tflite_options_type(op->code);
    const struct thm_fb_field fields[] = {
        { 0, 4, opcode_index(l, op) }, { 1, 4, 0 }, { 2, 4, 0 }, { 3, 1, type }, { 4, 4, 0 },
    };
    uint32_t table = thm_fb_table(&l->fb, at, fields, type ? 5 : 3);
    thm_fb_vector(&l->fb, thm_fb_slot(&l->fb, table, 1), op->input, 4, op->inputs);
    thm_fb_vector(&l->fb, thm_fb_slot(&l->fb, table, 2), &op->output, 4, 1);
    if (type)
        thm_fb_table(&l->fb, thm_fb_slot(&l->fb, table, 4), op->option, op->options);
}

static void write_subgraph(struct layout *l, uint32_t at, const struct thm_tflite_model *m)
{
    const struct thm_fb_field fields[] = { { 0, 4, 0 }, { 1, 4, 0 }, { 2, 4, 0 }, { 3, 4, 0 }, { 4, 4, 0 } };
    struct thm_fb *fb = &l->fb;
    uint32_t graph = thm_fb_table(fb, at, fields, 5);
    write_tensors(fb, thm_fb_slot(fb, graph, 0), m);
    thm_fb_vector(fb, thm_fb_slot(fb, graph, 1), &m->input, 4, 1);
    thm_fb_vector(fb, thm_fb_slot(fb, graph, 2), &m->output, 4, 1);
    uint32_t refs = thm_fb_vector(fb, thm_fb_slot(fb, graph, 3), NULL, 4, m->op_count);
    for (uint32_t i = 0; i < m->op_count; i++)
        write_op(l, refs + 4 * i, &m->ops[i]);
    thm_fb_string(fb, thm_fb_slot(fb, graph, 4), "main");
}

static uint32_t constant_count(const struct thm_tflite_model *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->tensor_count; i++)
        n += m->tensors[i].data_bytes != 0;
    return n;
}

/* Buffer 0 is empty by convention; then one for each constant tensor, then the padding. Data come later. */
static void write_buffers(struct layout *l, uint32_t at, uint32_t constants, bool padded)
{
    const struct thm_fb_field data = { 0, 4, 0 };
    uint32_t n = 1 + constants + padded;
    uint32_t refs = thm_fb_vector(&l->fb, at, NULL, 4, n);
    thm_fb_table(&l->fb, refs, NULL, 0);
    for (uint32_t i = 1; i < n; i++)
        thm_fb_table(&l->fb, refs + 4 * i, &data, 1);
    l->buffers_at = refs + 4;
}

static void write_padding_entry(struct thm_fb *fb, uint32_t at, uint32_t buffer)
{
    const struct thm_fb_field fields[] = { { 0, 4, 0 }, { 1, 4, buffer } };
    uint32_t refs = thm_fb_vector(fb, at, NULL, 4, 1);
    uint32_t entry = thm_fb_table(fb, refs, fields, 2);
    thm_fb_string(fb, thm_fb_slot(fb, entry, 0), "padding");
}

static uint32_t reference_at(const struct thm_fb *fb, uint32_t at)
{
    uint32_t offset;
    memcpy(&offset, fb->data + at, 4);
    return at + offset;
}

/* Give each constant tensor its place behind the tables. */
static void place_data(struct layout *l, const struct thm_tflite_model *m, bool padded)
{
    uint64_t end = l->fb.len;
    uint32_t ref = l->buffers_at;
    for (uint32_t i = 0; i < m->tensor_count && end < FILE_BYTES_MAX && !l->fb.failed; i++) {
        if (!m->tensors[i].data_bytes)
            continue;
        uint32_t at = data_start(end);
        thm_fb_link(&l->fb, thm_fb_slot(&l->fb, reference_at(&l->fb, ref), 0), at);
        end = (uint64_t)at + 4 + m->tensors[i].data_bytes;
        ref += 4;
    }
    if (padded && end < FILE_BYTES_MAX && !l->fb.failed) {
        l->padding_at = data_start(end);
        thm_fb_link(&l->fb, thm_fb_slot(&l->fb, reference_at(&l->fb, ref), 0), l->padding_at);
        end = (uint64_t)l->padding_at + 4;
    }
    l->natural_size = end;
}

/* Everything but the constant data. */
static enum thm_zoo_err lay_out(struct layout *l, const struct thm_tflite_model *m, bool padded)
{
    const struct thm_fb_field fields[] = {
        { 0, 4, 3 }, { 1, 4, 0 }, { 2, 4, 0 }, { 3, 4, 0 }, { 4, 4, 0 }, { 6, 4, 0 },
    };
    if (!is_valid(m))
        return THM_ZOO_EINVAL;
    for (uint32_t i = 0; i < m->op_count; i++)
        opcode_index(l, &m->ops[i]);
    struct thm_fb *fb = &l->fb;
    thm_fb_start(fb, "TFL3");
    uint32_t model = thm_fb_table(fb, 0, fields, padded ? 6 : 5), constants = constant_count(m);
    write_codes(l, thm_fb_slot(fb, model, 1));
    uint32_t graph = thm_fb_vector(fb, thm_fb_slot(fb, model, 2), NULL, 4, 1);
    write_subgraph(l, graph, m);
    thm_fb_string(fb, thm_fb_slot(fb, model, 3), m->description);
    write_buffers(l, thm_fb_slot(fb, model, 4), constants, padded);
    if (padded)
        write_padding_entry(fb, thm_fb_slot(fb, model, 6), 1 + constants);
    place_data(l, m, padded);
    if (fb->failed)
        return l->codes == CODES_MAX ? THM_ZOO_EINVAL : THM_ZOO_ENOMEM;
    return l->natural_size > FILE_BYTES_MAX ? THM_ZOO_ESIZE : THM_ZOO_OK;
}

struct stream {
    const struct thm_sink *sink;
    uint64_t at;
    enum thm_zoo_err err;
};

static void emit(struct stream *s, const void *data, size_t len)
{
    if (!s->err && len && s->sink->write(s->sink->context, data, len) != 0)
        s->err = THM_ZOO_ESINK;
    s->at += len;
}

static void emit_zeros(struct stream *s, uint64_t until)
{
    static const uint8_t zeros[4096];
    while (!s->err && s->at < until)
        emit(s, zeros, until - s->at < sizeof zeros ? (size_t)(until - s->at) : sizeof zeros);
}

static void emit_length(struct stream *s, uint32_t at, uint32_t length)
{
    emit_zeros(s, at);
    emit(s, &length, sizeof length);
}

static void emit_tensor(struct stream *s, const struct thm_tflite_model *m, uint32_t tensor)
{
    uint8_t piece[4096];
    uint32_t bytes = m->tensors[tensor].data_bytes;
    emit_length(s, data_start(s->at), bytes);
    for (uint32_t done = 0; done < bytes && !s->err;) {
        uint32_t n = bytes - done < sizeof piece ? bytes - done : (uint32_t)sizeof piece;
        m->data(m->context, tensor, done, piece, n);
        emit(s, piece, n);
        done += n;
    }
}

static enum thm_zoo_err emit_all(const struct layout *l, const struct thm_tflite_model *m, uint32_t file_bytes,
                                 const struct thm_sink *sink)
{
    struct stream s = { .sink = sink };
    emit(&s, l->fb.data, l->fb.len);
    for (uint32_t i = 0; i < m->tensor_count && !s.err; i++)
        if (m->tensors[i].data_bytes)
            emit_tensor(&s, m, i);
    if (l->padding_at)
        emit_length(&s, l->padding_at, file_bytes - l->padding_at - 4);
    emit_zeros(&s, file_bytes);
    return s.err;
}

enum thm_zoo_err thm_tflite_write(const struct thm_tflite_model *m, uint32_t file_bytes, const struct thm_sink *sink,
                                  uint32_t *written)
{
    struct layout l = { 0 };
    enum thm_zoo_err e = lay_out(&l, m, file_bytes != 0);
    if (!e && file_bytes && (file_bytes > FILE_BYTES_MAX || l.natural_size > file_bytes))
        e = THM_ZOO_ESIZE;
    if (!e && !file_bytes)
        file_bytes = (uint32_t)l.natural_size;
    if (!e)
        e = emit_all(&l, m, file_bytes, sink);
    if (written)
        *written = e ? 0 : file_bytes;
    thm_fb_finish(&l.fb);
    return e;
}

enum thm_zoo_err thm_tflite_size(const struct thm_tflite_model *m, uint32_t *bytes)
{
    struct layout l = { 0 };
    enum thm_zoo_err e = lay_out(&l, m, false);
    *bytes = e ? 0 : (uint32_t)l.natural_size;
    thm_fb_finish(&l.fb);
    return e;
}
