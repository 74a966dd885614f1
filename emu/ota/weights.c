#include "emu/ota/weights.h"

/* What a constant pointer into the file is on the writable copy. Who only reads gets the file's own. */
static uint8_t *place(const struct thm_weights_model *w, const void *p)
{
    uint8_t *base = w->writable ? w->writable : (uint8_t *)(uintptr_t)w->model.data;
    return p ? base + ((const uint8_t *)p - w->model.data) : NULL;
}

static bool data_record(const struct thm_weights_model *w, const struct thm_tensor_info *t,
                        struct thm_weights_record *out)
{
    const uint32_t size = t->type == THM_INT8 ? 1 : 4;
    if ((t->type != THM_INT8 && t->type != THM_INT32) || !t->data || t->data_bytes < size)
        return false;
    *out = (struct thm_weights_record){ .kind = THM_WEIGHTS_DATA,
                                        .index = w->tensor,
                                        .bits = 8 * size,
                                        .count = t->data_bytes / size,
                                        .data = place(w, t->data) };
    return true;
}

static bool quant_record(const struct thm_weights_model *w, const struct thm_tensor_info *t,
                         struct thm_weights_record *out)
{
    if (!t->scales)
        return false;
    *out = (struct thm_weights_record){ .kind = THM_WEIGHTS_QUANT,
                                        .index = w->tensor,
                                        .bits = 64,
                                        .count = t->scales,
                                        .data = place(w, t->scale),
                                        .zero_point = place(w, t->zero_point),
                                        .zero_points = t->zero_points,
                                        .zero_bytes = sizeof *t->zero_point };
    return true;
}

static bool step(struct thm_weights_model *w, struct thm_weights_record *out)
{
    static bool (*const record_of[])(const struct thm_weights_model *, const struct thm_tensor_info *,
                                     struct thm_weights_record *) = { data_record, quant_record };
    const uint32_t tensors = thm_model_tensors(&w->model, 0);
    for (; w->kind <= THM_WEIGHTS_QUANT; w->kind++, w->tensor = 0)
        for (; w->tensor < tensors; w->tensor++) {
            struct thm_tensor_info t;
            thm_model_tensor(&w->model, 0, w->tensor, &t);
            if (!record_of[w->kind](w, &t, out))
                continue;
            w->tensor++;
            return true;
        }
    return false;
}

static bool record_at(void *ctx, uint32_t n, struct thm_weights_record *out)
{
    struct thm_weights_model *w = ctx;
    if (w->writable && thm_model_open(&w->model, w->writable, w->model.size, NULL))
        return false;
    if (n != w->next)
        w->next = w->tensor = 0, w->kind = THM_WEIGHTS_DATA;
    for (; w->next < n; w->next++)
        if (!step(w, out))
            return false;
    w->next++;
    return step(w, out);
}

struct thm_weights thm_weights_of_model(struct thm_weights_model *w, const struct thm_model *m, uint8_t *writable)
{
    *w = (struct thm_weights_model){ .model = *m, .writable = writable };
    return (struct thm_weights){ record_at, w };
}
