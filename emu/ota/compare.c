#include "emu/ota/compare.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "emu/board/event.h"
#include "emu/ota/safe.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

struct text { /* the first difference */
    char *out;
    size_t size;
};

static bool differ(const struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool differ(const struct text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(t->out, t->size, fmt, args);
    va_end(args);
    thm_make_printable(t->out, t->size);
    return false;
}

/* ---- tensors ---- */

static void shape_text(const struct thm_tensor_info *t, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < t->rank && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%d", i ? "x" : "", t->shape[i]);
}

static bool same_shape(const struct text *text, uint32_t i, const struct thm_tensor_info *a,
                       const struct thm_tensor_info *b)
{
    char sa[80], sb[80];
    if (a->rank == b->rank && (a->rank == 0 || memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0))
        return true;
    shape_text(a, sa, sizeof sa);
    shape_text(b, sb, sizeof sb);
    return differ(text, "tensor %u '%.*s': shape %s and %s", i, (int)a->name_len, a->name, sa, sb);
}

static bool same_tensor(const struct text *text, uint32_t i, const struct thm_tensor_info *a,
                        const struct thm_tensor_info *b)
{
    const struct {
        const char *what;
        int64_t a, b;
    } numbers[] = {
        { "constant bytes", a->data_bytes, b->data_bytes },
        { "scales", a->scales, b->scales },
        { "zero points", a->zero_points, b->zero_points },
        { "quantised dimension", a->quantized_dimension, b->quantized_dimension },
        { "variable", a->is_variable, b->is_variable },
    };
    const char *name = a->name;
    const int len = (int)a->name_len;
    if (a->type != b->type)
        return differ(text, "tensor %u '%.*s': type %s and %s", i, len, name, thm_type_name(a->type),
                      thm_type_name(b->type));
    if (!same_shape(text, i, a, b))
        return false;
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        if (numbers[k].a != numbers[k].b)
            return differ(text, "tensor %u '%.*s': %s %lld and %lld", i, len, name, numbers[k].what,
                          (long long)numbers[k].a, (long long)numbers[k].b);
    return true;
}

/* ---- operators ---- */

static bool same_vector(const struct thm_model *a, uint32_t va, const struct thm_model *b, uint32_t vb, uint32_t size)
{
    const uint32_t n = thm_fb_len(a, va);
    return n == thm_fb_len(b, vb) && (n == 0 || memcmp(thm_fb_data(a, va), thm_fb_data(b, vb), (size_t)n * size) == 0);
}

static bool same_code(const struct text *text, uint32_t op, const struct thm_op_identity *a,
                      const struct thm_op_identity *b)
{
    const bool same = a->code == b->code && a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
    return same || differ(text, "operator %u: %.*s and %.*s", op, (int)a->name_len, a->name, (int)b->name_len, b->name);
}

/* Of an options table's 4 bytes that differ, both may be the distance to a vector of numbers. */
static bool same_numbers(const struct thm_model *a, uint32_t at_a, const struct thm_model *b, uint32_t at_b)
{
    const uint64_t pa = (uint64_t)at_a + thm_load32(a->data + at_a), pb = (uint64_t)at_b + thm_load32(b->data + at_b);
    if (pa + 4 > a->size || pb + 4 > b->size)
        return false;
    const uint64_t n = thm_load32(a->data + pa);
    return n == thm_load32(b->data + pb) && pa + 4 + 4 * n <= a->size && pb + 4 + 4 * n <= b->size &&
           memcmp(a->data + pa + 4, b->data + pb + 4, 4 * n) == 0;
}

static const uint8_t *vtable(const struct thm_model *m, uint32_t table, uint32_t *bytes, uint32_t *table_bytes)
{
    const int64_t at = (int64_t)table - thm_load_i32(m->data + table);
    *bytes = at >= 0 && at + 4 <= m->size ? thm_load16(m->data + at) : 0;
    *table_bytes = *bytes ? thm_load16(m->data + at + 2) : 0;
    return *bytes && at + *bytes <= m->size && (uint64_t)table + *table_bytes <= m->size ? m->data + at : NULL;
}

/* What the schema calls the fields is not known here: tables of one layout are compared word by word. */
static bool same_options(const struct thm_model *a, uint32_t ta, const struct thm_model *b, uint32_t tb)
{
    uint32_t va, vb, na, nb;
    if (!ta || !tb)
        return ta == tb;
    const uint8_t *fa = vtable(a, ta, &va, &na), *fb = vtable(b, tb, &vb, &nb);
    if (!fa || !fb || va != vb || na != nb || memcmp(fa, fb, va) != 0)
        return true;
    for (uint32_t at = 4; at < na; at += 4) {
        const uint32_t n = na - at < 4 ? na - at : 4;
        if (memcmp(a->data + ta + at, b->data + tb + at, n) != 0 && (n < 4 || !same_numbers(a, ta + at, b, tb + at)))
            return false;
    }
    return true;
}

static bool same_op(const struct text *text, const struct thm_model *a, const struct thm_model *b, uint32_t subgraph,
                    uint32_t op)
{
    static const uint8_t lists[] = { OPERATOR_INPUTS, OPERATOR_OUTPUTS };
    struct thm_op_identity ia, ib;
    const uint32_t ta = thm_model_op_table(a, subgraph, op), tb = thm_model_op_table(b, subgraph, op);
    thm_op_identity(a, ta, &ia);
    thm_op_identity(b, tb, &ib);
    if (!same_code(text, op, &ia, &ib))
        return false;
    bool same = same_options(a, thm_fb_ref(a, ta, OPERATOR_OPTIONS), b, thm_fb_ref(b, tb, OPERATOR_OPTIONS));
    const uint32_t id = OPERATOR_CUSTOM_OPTIONS;
    same = same && same_vector(a, thm_fb_ref(a, ta, id), b, thm_fb_ref(b, tb, id), 1);
    if (!same)
        return differ(text, "operator %u: the options of %.*s", op, (int)ia.name_len, ia.name);
    for (size_t i = 0; i < sizeof lists; i++)
        same = same && same_vector(a, thm_fb_ref(a, ta, lists[i]), b, thm_fb_ref(b, tb, lists[i]), 4);
    return same || differ(text, "operator %u: the tensors of %.*s", op, (int)ia.name_len, ia.name);
}

/* ---- models ---- */

static bool same_ends(const struct text *text, const struct thm_model *a, const struct thm_model *b, uint32_t s)
{
    bool same = thm_model_inputs(a, s) == thm_model_inputs(b, s) && thm_model_outputs(a, s) == thm_model_outputs(b, s);
    for (uint32_t i = 0; same && i < thm_model_inputs(a, s); i++)
        same = thm_model_input(a, s, i) == thm_model_input(b, s, i);
    for (uint32_t i = 0; same && i < thm_model_outputs(a, s); i++)
        same = thm_model_output(a, s, i) == thm_model_output(b, s, i);
    return same || differ(text, "the inputs or outputs of subgraph %u", s);
}

static bool same_subgraph(const struct text *text, const struct thm_model *a, const struct thm_model *b, uint32_t s)
{
    const uint32_t tensors = thm_model_tensors(a, s), ops = thm_model_ops(a, s);
    const uint32_t common_ops = ops < thm_model_ops(b, s) ? ops : thm_model_ops(b, s);
    for (uint32_t i = 0; i < tensors && i < thm_model_tensors(b, s); i++) {
        struct thm_tensor_info ta, tb;
        thm_model_tensor(a, s, i, &ta);
        thm_model_tensor(b, s, i, &tb);
        if (!same_tensor(text, i, &ta, &tb))
            return false;
    }
    for (uint32_t i = 0; i < common_ops; i++)
        if (!same_op(text, a, b, s, i))
            return false;
    if (tensors != thm_model_tensors(b, s))
        return differ(text, "%u and %u tensors", tensors, thm_model_tensors(b, s));
    if (ops != thm_model_ops(b, s))
        return differ(text, "%u and %u operators", ops, thm_model_ops(b, s));
    return same_ends(text, a, b, s);
}

bool thm_ota_same_architecture(const struct thm_model *a, const struct thm_model *b, char *out, size_t size)
{
    const struct text text = { out, size };
    if (a->subgraphs != b->subgraphs)
        return differ(&text, "%u and %u subgraphs", a->subgraphs, b->subgraphs);
    for (uint32_t s = 0; s < a->subgraphs; s++)
        if (!same_subgraph(&text, a, b, s))
            return false;
    return true;
}

bool thm_ota_same_records(const struct thm_weights *a, const struct thm_weights *b, char *out, size_t size)
{
    const struct text text = { out, size };
    for (uint32_t n = 0;; n++) {
        struct thm_weights_record ra = { 0 }, rb = { 0 };
        const bool more_a = a->at(a->ctx, n, &ra), more_b = b->at(b->ctx, n, &rb);
        if (!more_a && !more_b)
            return true;
        if (!more_a || !more_b)
            return differ(&text, "tensor %u: only one of them has it", more_a ? ra.index : rb.index);
        if (ra.kind != rb.kind || ra.index != rb.index)
            return differ(&text, "tensor %u of one where the other has %u", ra.index, rb.index);
        if (ra.bits != rb.bits || ra.count != rb.count)
            return differ(&text, "tensor %u: %u elements of %u bits and %u of %u", ra.index, ra.count, ra.bits,
                          rb.count, rb.bits);
    }
}

bool thm_ota_same_weights(const struct thm_model *a, const struct thm_model *b, char *out, size_t size)
{
    static const char *const fields[] = { "data", "scales", "zero points" };
    const struct text text = { out, size };
    for (uint32_t s = 0; s < a->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(a, s); i++)
            for (uint32_t f = 0; f < THM_SAFE_FIELDS; f++) {
                const uint8_t *da, *db;
                uint32_t na, nb;
                struct thm_tensor_info t;
                if (!thm_safe_find(a, s, i, f, &da, &na) || !thm_safe_find(b, s, i, f, &db, &nb) ||
                    (na == nb && memcmp(da, db, na) == 0))
                    continue;
                thm_model_tensor(a, s, i, &t);
                return differ(&text, "%s of tensor %u '%.*s' (%s)", fields[f], i, (int)t.name_len, t.name,
                              thm_type_name(t.type));
            }
    return true;
}
