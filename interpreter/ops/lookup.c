#include "interpreter/ops/lookup.h"

const int32_t *thm_lookup_begin(const struct thm_node *n, const struct thm_byte_map *m, size_t uses)
{
    const struct thm_kernels *k = thm_node_kernels(n);
    return k->lookup_begin ? k->lookup_begin(m, uses) : NULL;
}

void thm_lookup_end(const struct thm_node *n, const int32_t *table)
{
    if (table)
        thm_node_kernels(n)->lookup_end();
}

void thm_map_i8(const struct thm_node *n, thm_byte_fn *f, size_t bytes, const struct thm_value *in,
                const struct thm_value *out)
{
    const struct thm_byte_map m = { f, n->data, bytes };
    const int8_t *from = in->data;
    int8_t *to = out->data;
    bool (*look_up)(const int32_t *, const int8_t *, int8_t *, size_t) = thm_node_kernels(n)->look_up;
    thm_touch_stack();
    const int32_t *table = thm_lookup_begin(n, &m, out->elements);
    if (!table)
        for (size_t i = 0; i < out->elements; i++)
            to[i] = (int8_t)f(n->data, from[i]);
    else if (!look_up || !look_up(table, from, to, out->elements))
        for (size_t i = 0; i < out->elements; i++)
            to[i] = (int8_t)table[(uint8_t)from[i]];
    thm_lookup_end(n, table);
}
