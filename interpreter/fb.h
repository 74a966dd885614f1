/* interpreter/fb.h -- reading a FlatBuffer that thm_model_open() has verified. Positions are byte offsets in the file;
 * 0 stands for "absent" (the root offset lies there, so nothing else can).
 *
 * A table starts with the distance back to its vtable; the vtable holds its own size, the table's size and, for each
 * field number, the field's distance from the table (0: absent). Vectors and strings start with their length. */
#pragma once
#include <stdint.h>
#include <string.h>
#include "interpreter/model.h"

static inline uint16_t thm_load16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t thm_load32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline int32_t thm_load_i32(const void *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline int64_t thm_load_i64(const void *p)
{
    int64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Where the field is; 0 = the table does not have it. `table` 0 has no fields. */
uint32_t thm_fb_field(const struct thm_model *m, uint32_t table, uint32_t id);
/* The table, vector or string that a field refers to; 0 = absent. */
uint32_t thm_fb_ref(const struct thm_model *m, uint32_t table, uint32_t id);
/* Scalars; `value` is what the schema says when the field is absent. */
uint8_t thm_fb_u8(const struct thm_model *m, uint32_t table, uint32_t id, uint8_t value);
int32_t thm_fb_i32(const struct thm_model *m, uint32_t table, uint32_t id, int32_t value);
uint32_t thm_fb_len(const struct thm_model *m, uint32_t vector);               /* 0 for an absent vector */
const uint8_t *thm_fb_data(const struct thm_model *m, uint32_t vector);        /* first element; NULL if absent */
uint32_t thm_fb_at(const struct thm_model *m, uint32_t vector, uint32_t i);    /* table i of a vector of tables */
int32_t thm_fb_i32_at(const struct thm_model *m, uint32_t vector, uint32_t i); /* number i of a vector of int32 */
