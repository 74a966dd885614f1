/* emu/torture/older.c -- an older version of a model: the same file with other weights. */
#include <stdlib.h>
#include <string.h>
#include "emu/torture/torture.h"
#include "interpreter/model.h"

enum { WEIGHTS_MIN = 16 /* bytes: smaller constants are shapes and axes */ };

static uint32_t next(uint32_t *state) /* xorshift32 (Marsaglia 2003) */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* The lowest bits of some values: of float32, of their lowest byte. */
static uint32_t change(uint8_t *data, uint32_t bytes, uint32_t step, uint32_t *state)
{
    const uint32_t from = next(state) % bytes / 2 / step * step, end = from + bytes / 2;
    uint32_t changed = 0;
    for (uint32_t i = from; i < end; i += step) {
        const uint8_t flip = next(state) >> 16 & 3;
        data[i] ^= flip;
        changed += flip != 0;
    }
    return changed;
}

static uint32_t change_tensor(uint8_t *copy, const struct thm_model *m, uint32_t subgraph, uint32_t i, uint32_t *state)
{
    struct thm_tensor_info t;
    thm_model_tensor(m, subgraph, i, &t);
    const bool is_byte = t.type == THM_INT8 || t.type == THM_UINT8;
    if (!t.data || t.data_bytes < WEIGHTS_MIN || (!is_byte && t.type != THM_FLOAT32))
        return 0;
    return change(copy + (t.data - m->data), t.data_bytes, is_byte ? 1 : 4, state);
}

int thm_torture_older_model(const uint8_t *model, uint32_t bytes, uint32_t seed, uint8_t **out)
{
    struct thm_model m;
    uint32_t state = seed * 2654435761u + 1, changed = 0;
    *out = NULL;
    if (thm_model_open(&m, model, bytes, NULL))
        return 2;
    uint8_t *copy = malloc(bytes);
    if (!copy)
        return 20;
    memcpy(copy, model, bytes);
    for (uint32_t s = 0; s < m.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(&m, s); i++)
            changed += change_tensor(copy, &m, s, i, &state);
    if (changed) {
        *out = copy;
        return 0;
    }
    free(copy);
    return 2;
}
