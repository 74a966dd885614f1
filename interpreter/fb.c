#include "interpreter/fb.h"

uint32_t thm_fb_field(const struct thm_model *m, uint32_t table, uint32_t id)
{
    if (!table)
        return 0;
    uint32_t vtable = table - thm_load32(m->data + table);
    if (4 + 2 * id + 2 > thm_load16(m->data + vtable))
        return 0;
    uint32_t at = thm_load16(m->data + vtable + 4 + 2 * id);
    return at ? table + at : 0;
}

uint32_t thm_fb_ref(const struct thm_model *m, uint32_t table, uint32_t id)
{
    uint32_t at = thm_fb_field(m, table, id);
    return at ? at + thm_load32(m->data + at) : 0;
}

uint8_t thm_fb_u8(const struct thm_model *m, uint32_t table, uint32_t id, uint8_t value)
{
    uint32_t at = thm_fb_field(m, table, id);
    return at ? m->data[at] : value;
}

int32_t thm_fb_i32(const struct thm_model *m, uint32_t table, uint32_t id, int32_t value)
{
    uint32_t at = thm_fb_field(m, table, id);
    return at ? thm_load_i32(m->data + at) : value;
}

uint32_t thm_fb_len(const struct thm_model *m, uint32_t vector)
{
    return vector ? thm_load32(m->data + vector) : 0;
}

const uint8_t *thm_fb_data(const struct thm_model *m, uint32_t vector)
{
    return vector ? m->data + vector + 4 : NULL;
}

uint32_t thm_fb_at(const struct thm_model *m, uint32_t vector, uint32_t i)
{
    uint32_t at = vector + 4 + 4 * i;
    return at + thm_load32(m->data + at);
}

int32_t thm_fb_i32_at(const struct thm_model *m, uint32_t vector, uint32_t i)
{
    return thm_load_i32(m->data + vector + 4 + 4 * i);
}
