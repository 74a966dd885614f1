/* interpreter/ops/control.c -- IF, WHILE and CALL_ONCE: any types. Values are copied between the operator's tensors and
 * the subgraph's. As in the reference, sizes are compared when the copy is made, so a branch that is never taken may
 * be wrong. */
#include "interpreter/ops/ops.h"
#include <string.h>

struct options {           /* 8 bytes; CALL_ONCE: 4, the first */
    int32_t first, second; /* IF: then, else; WHILE: condition, body */
};

struct once_data { /* 8 bytes */
    uint32_t done;
};

static uint32_t calls_two(const struct thm_node *n, uint32_t subgraph[2])
{
    const struct options *o = n->options;
    subgraph[0] = (uint32_t)o->first;
    subgraph[1] = (uint32_t)o->second;
    return 2;
}

static uint32_t calls_one(const struct thm_node *n, uint32_t subgraph[2])
{
    subgraph[0] = *(const uint32_t *)n->options;
    return 1;
}

static enum thm_nn_err check_subgraphs(struct thm_node *n)
{
    uint32_t called[2], count = n->op->calls(n, called);
    for (uint32_t i = 0; i < count; i++)
        if (called[i] >= n->it->model->subgraphs)
            return thm_refuse(n, THM_NN_ESHAPE, "a subgraph that it runs does not exist");
    return THM_NN_OK;
}

static enum thm_nn_err move(struct thm_node *n, const struct thm_value *from, const struct thm_value *to)
{
    if (from->type != to->type || from->bytes != to->bytes)
        return thm_refuse(n, THM_NN_EINVOKE, "its tensors and those of the subgraph differ in type or size");
    if (to->constant)
        return thm_refuse(n, THM_NN_EINVOKE, "it would write to constant data");
    if (to->bytes && to->data != from->data)
        memmove(to->data, from->data, to->bytes);
    return THM_NN_OK;
}

/* Which tensors of the operator are copied: its inputs from the i-th on, or its outputs. */
struct own {
    bool (*get)(const struct thm_node *n, uint32_t i, struct thm_value *v);
    uint32_t skip;
};
static const struct own inputs = { thm_node_input, 0 }, inputs_after_condition = { thm_node_input, 1 },
                        outputs = { thm_node_output, 0 };

static enum thm_nn_err enter(struct thm_node *n, struct own own, uint32_t subgraph)
{
    const struct thm_model *m = n->it->model;
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t i = 0; i < thm_model_inputs(m, subgraph) && !err; i++) {
        struct thm_value from, to;
        thm_node_tensor(n, subgraph, (uint32_t)thm_model_input(m, subgraph, i), &to);
        err = own.get(n, i + own.skip, &from)
                  ? move(n, &from, &to)
                  : thm_refuse(n, THM_NN_EINVOKE, "the subgraph has more inputs than the operator gives it");
    }
    return err;
}

static enum thm_nn_err leave(struct thm_node *n, uint32_t subgraph)
{
    const struct thm_model *m = n->it->model;
    struct thm_value from, to;
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t i = 0; i < thm_model_outputs(m, subgraph) && thm_node_output(n, i, &to) && !err; i++) {
        thm_node_tensor(n, subgraph, (uint32_t)thm_model_output(m, subgraph, i), &from);
        err = move(n, &from, &to);
    }
    return err;
}

static enum thm_nn_err if_prepare(struct thm_node *n)
{
    const struct thm_model *m = n->it->model;
    struct thm_value condition;
    uint32_t called[2];
    if (!thm_node_input(n, 0, &condition) || condition.type != THM_BOOL)
        return thm_refuse(n, THM_NN_ETYPE, "the first input is not a bool");
    if (condition.elements != 1)
        return thm_refuse_tensor(n, THM_NN_ESHAPE, "the condition has not exactly one element", &condition);
    enum thm_nn_err err = check_subgraphs(n);
    if (err)
        return err;
    calls_two(n, called);
    if (thm_model_inputs(m, called[0]) != n->inputs - 1 || thm_model_outputs(m, called[0]) != n->outputs)
        return thm_refuse(n, THM_NN_ESHAPE, "the branch has another number of inputs or outputs");
    return THM_NN_OK;
}

static enum thm_nn_err if_eval(struct thm_node *n)
{
    const struct thm_model *m = n->it->model;
    struct thm_value condition;
    uint32_t called[2];
    calls_two(n, called);
    thm_node_input(n, 0, &condition);
    uint32_t branch = called[*(const uint8_t *)condition.data ? 0 : 1];
    if (thm_model_inputs(m, branch) != n->inputs - 1 || thm_model_outputs(m, branch) != n->outputs)
        return thm_refuse(n, THM_NN_EINVOKE, "the branch has another number of inputs or outputs");
    enum thm_nn_err err = enter(n, inputs_after_condition, branch);
    if (!err)
        err = thm_node_run(n, branch);
    return err ? err : leave(n, branch);
}

static enum thm_nn_err while_prepare(struct thm_node *n)
{
    const struct thm_model *m = n->it->model;
    struct thm_value condition;
    uint32_t called[2];
    enum thm_nn_err err = check_subgraphs(n);
    if (err)
        return err;
    calls_two(n, called);
    if (thm_model_inputs(m, called[0]) != n->inputs || thm_model_inputs(m, called[1]) != n->inputs ||
        n->inputs != n->outputs || thm_model_outputs(m, called[1]) != n->outputs)
        return thm_refuse(n, THM_NN_ESHAPE, "condition or body have another number of inputs or outputs");
    if (thm_model_outputs(m, called[0]) == 0)
        return thm_refuse(n, THM_NN_ESHAPE, "the condition has no output");
    thm_node_tensor(n, called[0], (uint32_t)thm_model_output(m, called[0], 0), &condition);
    return condition.bytes ? THM_NN_OK : thm_refuse(n, THM_NN_ESHAPE, "the condition's output is empty");
}

static enum thm_nn_err test(struct thm_node *n, struct own own, uint32_t subgraph, bool *go_on)
{
    struct thm_value result;
    enum thm_nn_err err = enter(n, own, subgraph);
    if (!err)
        err = thm_node_run(n, subgraph);
    thm_node_tensor(n, subgraph, (uint32_t)thm_model_output(n->it->model, subgraph, 0), &result);
    *go_on = !err && *(const uint8_t *)result.data != 0;
    return err;
}

static enum thm_nn_err copy_to_outputs(struct thm_node *n)
{
    struct thm_value from, to;
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t i = 0; thm_node_input(n, i, &from) && thm_node_output(n, i, &to) && !err; i++)
        err = move(n, &from, &to);
    return err;
}

static enum thm_nn_err while_eval(struct thm_node *n)
{
    uint32_t called[2];
    bool go_on = false;
    calls_two(n, called);
    enum thm_nn_err err = test(n, inputs, called[0], &go_on);
    if (!err)
        err = copy_to_outputs(n);
    while (!err && go_on) {
        err = enter(n, outputs, called[1]);
        if (!err)
            err = thm_node_run(n, called[1]);
        if (!err)
            err = leave(n, called[1]);
        if (!err)
            err = test(n, outputs, called[0], &go_on);
    }
    return err;
}

static enum thm_nn_err once_prepare(struct thm_node *n)
{
    if (n->inputs || n->outputs)
        return thm_refuse(n, THM_NN_ESHAPE, "the operator takes no input and has no output");
    return check_subgraphs(n);
}

static enum thm_nn_err once_eval(struct thm_node *n)
{
    struct once_data *d = n->data;
    uint32_t called[2];
    if (d->done)
        return THM_NN_OK;
    calls_one(n, called);
    enum thm_nn_err err = thm_node_run(n, called[0]);
    d->done = !err;
    return err;
}

static enum thm_nn_err once_reset(struct thm_node *n)
{
    ((struct once_data *)n->data)->done = 0;
    return THM_NN_OK;
}

static const struct thm_option_field fields[] = {
    /* IfOptions, WhileOptions; the first one: CallOnceOptions */
    { 0, 4, offsetof(struct options, first), 0 },
    { 1, 4, offsetof(struct options, second), 0 },
};

const struct thm_op thm_op_if = {
    .name = "IF",
    .options_type = 92,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(8),
    .data = THM_BYTES(8),
    .temps = "i0",
    .prepare = if_prepare,
    .eval = if_eval,
    .calls = calls_two,
};
const struct thm_op thm_op_while = {
    .name = "WHILE",
    .options_type = 93,
    .field = fields,
    .fields = 2,
    .options = THM_BYTES(8),
    .data = THM_BYTES(8),
    .temps = "",
    .prepare = while_prepare,
    .eval = while_eval,
    .calls = calls_two,
};
const struct thm_op thm_op_call_once = {
    .name = "CALL_ONCE",
    .options_type = 103,
    .field = fields,
    .fields = 1,
    .options = THM_BYTES(4),
    .data = THM_BYTES(8),
    .temps = "",
    .prepare = once_prepare,
    .eval = once_eval,
    .reset = once_reset,
    .calls = calls_one,
};
