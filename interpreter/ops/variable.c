/* interpreter/ops/variable.c -- VAR_HANDLE, READ_VARIABLE and ASSIGN_VARIABLE: any type.
 * VAR_HANDLE's output is its own op data, which holds the variable's number. */
#include "interpreter/fb.h"
#include "interpreter/ops/ops.h"
#include "interpreter/schema.h"

#define VAR_HANDLE_OPTIONS 111   /* number in the union BuiltinOptions */
enum { CONTAINER, SHARED_NAME }; /* VarHandleOptions */

/* A tensor that names a variable: one number. */
static bool is_handle(const struct thm_value *v)
{
    return (v->type == THM_RESOURCE || v->type == THM_INT32) && v->elements == 1;
}

static enum thm_nn_err handle_prepare(struct thm_node *n)
{
    const struct thm_model *m = n->it->model;
    struct thm_value out;
    int32_t id;
    if (n->outputs != 1 || !thm_node_output(n, 0, &out) || !is_handle(&out))
        return thm_refuse(n, THM_NN_ESHAPE, "the output is not one resource handle");
    bool present = thm_fb_u8(m, n->table, OPERATOR_OPTIONS_TYPE, 0) == VAR_HANDLE_OPTIONS;
    uint32_t options = present ? thm_fb_ref(m, n->table, OPERATOR_OPTIONS) : 0,
             name = thm_fb_ref(m, options, SHARED_NAME);
    if (!name)
        return thm_refuse(n, THM_NN_ESHAPE, "the variable has no name");
    enum thm_nn_err err = thm_variable_create(n, thm_fb_ref(m, options, CONTAINER), name, &id);
    if (err)
        return err;
    memcpy(n->data, &id, sizeof id);
    thm_node_bind_output(n, 0);
    return THM_NN_OK;
}

static enum thm_nn_err handle_eval(struct thm_node *n)
{
    (void)n; /* the number has been there since prepare */
    return THM_NN_OK;
}

static enum thm_nn_err assign_prepare(struct thm_node *n)
{
    struct thm_value handle, value;
    if (n->inputs != 2 || n->outputs != 0 || !thm_node_input(n, 0, &handle) || !thm_node_input(n, 1, &value))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes a handle and a value, and has no output");
    if (!is_handle(&handle))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "the first input is not a resource handle", &handle);
    if (!handle.data) /* it comes from another subgraph: known when it runs */
        return THM_NN_OK;
    return thm_variable_give(n, thm_load_i32(handle.data), &value);
}

static enum thm_nn_err assign_eval(struct thm_node *n)
{
    struct thm_value handle, value;
    void *data;
    thm_node_input(n, 0, &handle);
    thm_node_input(n, 1, &value);
    enum thm_nn_err err = thm_variable_take(n, thm_load_i32(handle.data), value.bytes, &data);
    if (!err)
        memmove(data, value.data, value.bytes);
    return err;
}

static enum thm_nn_err read_prepare(struct thm_node *n)
{
    struct thm_value handle, out;
    if (n->inputs != 1 || n->outputs != 1 || !thm_node_input(n, 0, &handle) || !thm_node_output(n, 0, &out))
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes a handle and has one output");
    if (!is_handle(&handle))
        return thm_refuse_tensor(n, THM_NN_ETYPE, "the input is not a resource handle", &handle);
    return THM_NN_OK;
}

static enum thm_nn_err read_eval(struct thm_node *n)
{
    struct thm_value handle, out;
    void *data;
    thm_node_input(n, 0, &handle);
    thm_node_output(n, 0, &out);
    enum thm_nn_err err = thm_variable_take(n, thm_load_i32(handle.data), out.bytes, &data);
    if (!err)
        memmove(out.data, data, out.bytes);
    return err;
}

const struct thm_op thm_op_var_handle = {
    .name = "VAR_HANDLE",
    .options = THM_BYTES(8),
    .data = THM_BYTES(4),
    .temps = "",
    .prepare = handle_prepare,
    .eval = handle_eval,
};
const struct thm_op thm_op_assign_variable = {
    .name = "ASSIGN_VARIABLE",
    .temps = "i1",
    .prepare = assign_prepare,
    .eval = assign_eval,
};
const struct thm_op thm_op_read_variable = {
    .name = "READ_VARIABLE",
    .temps = "i0",
    .prepare = read_prepare,
    .eval = read_eval,
};
