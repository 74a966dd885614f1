#include "interpreter/ops/custom.h"
#include "interpreter/fb.h"
#include "interpreter/schema.h"

enum thm_nn_err thm_custom_map(struct thm_node *n, struct thm_flex *map)
{
    const struct thm_model *m = n->it->model;
    uint32_t blob = thm_fb_ref(m, n->table, OPERATOR_CUSTOM_OPTIONS);
    if (thm_flex_open(map, thm_fb_data(m, blob), thm_fb_len(m, blob)))
        return THM_NN_OK;
    return thm_refuse(n, THM_NN_EMALFORMED, "its custom options are not a map of a FlexBuffer");
}

enum thm_nn_err thm_custom_ints(struct thm_node *n, int32_t *value, uint32_t count)
{
    struct thm_flex map;
    enum thm_nn_err err = thm_custom_map(n, &map);
    for (uint32_t i = 0; i < count && !err; i++)
        if (!thm_flex_int_at(&map, i, &value[i]))
            err = thm_refuse(n, THM_NN_EMALFORMED, "a custom option is missing");
    return err;
}

static enum thm_nn_err check_port(struct thm_node *n, const struct thm_value *v, const struct thm_port *want)
{
    if (v->type != want->type)
        return thm_refuse_tensor(n, THM_NN_ETYPE, "a tensor has a type that the operator does not take", v);
    if (want->rank == THM_ANY_RANK ? v->rank == 0 : v->rank != (uint32_t)want->rank)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "a tensor has the wrong number of dimensions", v);
    return THM_NN_OK;
}

enum thm_nn_err thm_check_ports(struct thm_node *n, const struct thm_ports *want)
{
    struct thm_value v;
    enum thm_nn_err err = THM_NN_OK;
    if (n->inputs != want->inputs || n->outputs != want->outputs)
        return thm_refuse(n, THM_NN_ESHAPE, "the number of inputs or outputs is wrong");
    for (uint32_t i = 0; i < n->inputs + n->outputs && !err; i++) {
        bool there = i < n->inputs ? thm_node_input(n, i, &v) : thm_node_output(n, i - n->inputs, &v);
        if (!there)
            return thm_refuse(n, THM_NN_ESHAPE, "an input is missing");
        err = check_port(n, &v, &want->port[i]);
    }
    return err;
}

enum thm_nn_err thm_persistent_array(struct thm_node *n, uint32_t count, uint64_t bytes, uint32_t *array)
{
    uint32_t *at = thm_node_persistent(n, 4 * (uint64_t)count, array);
    if (!at)
        return THM_NN_EARENA;
    for (uint32_t i = 0; i < count; i++) {
        void *block = thm_node_persistent(n, bytes, &at[i]);
        if (!block)
            return THM_NN_EARENA;
        memset(block, 0, (size_t)bytes);
    }
    return THM_NN_OK;
}
