#include "emu/report/tensor_text.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { VALUES_SHOWN = 8 };

struct thm_tensor_view thm_tensor_view_of(const struct thm_tensor_info *info, const uint8_t *data, size_t bytes)
{
    struct thm_tensor_view v = { .name = info->name,
                                 .name_len = info->name_len,
                                 .type = info->type,
                                 .shape = info->shape,
                                 .rank = info->rank,
                                 .data = data,
                                 .bytes = bytes };
    int64_t zero_point = 0;
    v.quantized = info->scales && info->zero_points && info->type != THM_FLOAT32;
    if (v.quantized) {
        memcpy(&zero_point, info->zero_point, sizeof zero_point);
        v.scale = info->scale[0];
        v.zero_point = (int32_t)zero_point;
    }
    return v;
}

size_t thm_tensor_count(const struct thm_tensor_view *t)
{
    uint32_t size = thm_type_size(t->type);
    return size ? t->bytes / size : 0;
}

#define READ(ctype)                              \
    static double read_##ctype(const uint8_t *p) \
    {                                            \
        ctype v;                                 \
        memcpy(&v, p, sizeof v);                 \
        return (double)v;                        \
    }
READ(float)
READ(int8_t)
READ(uint8_t) READ(int16_t) READ(int32_t) READ(int64_t) READ(uint32_t) READ(bool)

    static double (*const readers[])(const uint8_t *) = {
        [THM_FLOAT32] = read_float, [THM_INT32] = read_int32_t,   [THM_UINT8] = read_uint8_t,
        [THM_INT64] = read_int64_t, [THM_BOOL] = read_bool,       [THM_INT16] = read_int16_t,
        [THM_INT8] = read_int8_t,   [THM_UINT32] = read_uint32_t,
    };

double thm_tensor_raw(const struct thm_tensor_view *t, size_t i)
{
    bool known = (size_t)t->type < sizeof readers / sizeof readers[0] && readers[t->type];
    return known ? readers[t->type](t->data + i * thm_type_size(t->type)) : NAN;
}

double thm_tensor_real(const struct thm_tensor_view *t, size_t i)
{
    double raw = thm_tensor_raw(t, i);
    return t->quantized ? (raw - t->zero_point) * (double)t->scale : raw;
}

size_t thm_tensor_winner(const struct thm_tensor_view *t)
{
    size_t best = 0, n = thm_tensor_count(t);
    for (size_t i = 1; i < n; i++)
        if (thm_tensor_raw(t, i) > thm_tensor_raw(t, best))
            best = i;
    return best;
}

static size_t runner_up(const struct thm_tensor_view *t, size_t winner)
{
    size_t second = winner ? 0 : 1, n = thm_tensor_count(t);
    for (size_t i = second + 1; i < n; i++)
        if (i != winner && thm_tensor_raw(t, i) > thm_tensor_raw(t, second))
            second = i;
    return second;
}

static bool labelled(const struct thm_tensor_view *t, const struct thm_labels *l)
{
    return l && l->n && l->n == thm_tensor_count(t);
}

static void print_values(FILE *f, const struct thm_tensor_view *t)
{
    size_t n = thm_tensor_count(t);
    for (size_t i = 0; i < n && i < VALUES_SHOWN; i++)
        fprintf(f, "%s%.5g", i ? " " : "", thm_tensor_real(t, i));
    if (n > VALUES_SHOWN)
        fprintf(f, " ... (%zu values, largest: %.5g at %zu)", n, thm_tensor_real(t, thm_tensor_winner(t)),
                thm_tensor_winner(t));
}

void thm_tensor_print(FILE *f, const struct thm_tensor_view *t, const struct thm_labels *l)
{
    if (!labelled(t, l)) {
        print_values(f, t);
        return;
    }
    size_t first = thm_tensor_winner(t);
    fprintf(f, "%s %.4g", l->name[first], thm_tensor_real(t, first));
    if (l->n > 1) {
        size_t second = runner_up(t, first);
        fprintf(f, " (next: %s %.4g)", l->name[second], thm_tensor_real(t, second));
    }
}

static json_t *number(const struct thm_tensor_view *t, size_t i)
{
    double v = thm_tensor_raw(t, i);
    if (t->type != THM_FLOAT32)
        return json_integer((json_int_t)v);
    return isfinite(v) ? json_real(v) : json_null();
}

void thm_tensor_print_type(FILE *f, const struct thm_tensor_view *t)
{
    fprintf(f, "%s ", thm_type_name(t->type));
    for (uint32_t i = 0; i < t->rank; i++)
        fprintf(f, "%s%d", i ? "x" : "", (int)t->shape[i]);
    fprintf(f, "%s, %zu bytes", t->rank ? "" : "scalar", t->bytes);
    if (t->quantized)
        fprintf(f, ", scale %.6g, zero point %d", (double)t->scale, (int)t->zero_point);
}

json_t *thm_tensor_json_type(const struct thm_tensor_view *t)
{
    json_t *o = json_object(), *shape = json_array(), *name = json_stringn(t->name ? t->name : "", t->name_len);
    for (uint32_t i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer(t->shape[i]));
    json_object_set_new(o, "name", name ? name : json_string("?")); /* not UTF-8 */
    json_object_set_new(o, "type", json_string(thm_type_name(t->type)));
    json_object_set_new(o, "shape", shape);
    json_object_set_new(o, "bytes", json_integer((json_int_t)t->bytes));
    if (t->quantized) {
        json_object_set_new(o, "scale", json_real((double)t->scale));
        json_object_set_new(o, "zero_point", json_integer(t->zero_point));
    }
    return o;
}

json_t *thm_tensor_json_winner(const struct thm_tensor_view *t, const struct thm_labels *l)
{
    size_t w = thm_tensor_winner(t);
    double value = thm_tensor_real(t, w);
    return json_pack("{s:I, s:s*, s:o}", "index", (json_int_t)w, "label", labelled(t, l) ? l->name[w] : NULL, "value",
                     isfinite(value) ? json_real(value) : json_null());
}

json_t *thm_tensor_json(const struct thm_tensor_view *t, const struct thm_labels *l)
{
    json_t *o = thm_tensor_json_type(t), *values = json_array();
    size_t n = thm_tensor_count(t);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(values, number(t, i));
    json_object_set_new(o, "values", values);
    if (n)
        json_object_set_new(o, "winner", thm_tensor_json_winner(t, l));
    return o;
}
