/* tests/unit/interpreter/graphs.h -- models with several subgraphs, and operators with any number of inputs and
 * outputs; on the primitives of builder.h. */
#pragma once
#include <stdbool.h>
#include "tests/unit/interpreter/builder.h"

struct graph_op {
    uint8_t code; /* builtin code */
    int inputs, input[24];
    int outputs, output[2];
    uint8_t options_type;
    const char *kinds; /* '4' or '1': value of that field; 's': the text */
    int32_t value[8];
    const char *text;
};

struct graph {
    const struct build_tensor *tensors;
    int count;
    const struct graph_op *ops;
    int op_count;
    int inputs, input[4];
    int outputs, output[4];
};

static inline int graph_sum(const struct graph *g, int graphs, bool ops)
{
    int n = 0;
    for (int i = 0; i < graphs; i++)
        n += ops ? g[i].op_count : g[i].count;
    return n;
}

static inline void graph_codes(struct build *b, const struct graph *g, int graphs, uint32_t list)
{
    for (int i = 0, at = 0; i < graphs; i++)
        for (int k = 0; k < g[i].op_count; k++, at++) {
            uint32_t table = put_table(b, 4);
            link_item(b, list, (uint32_t)at, table);
            put_field(b, table, 0, g[i].ops[k].code < 127 ? g[i].ops[k].code : 127);
            drop_field(b, table, 1);
            put_field(b, table, 3, g[i].ops[k].code);
        }
}

/* Buffer 0 is empty; each tensor has the next. */
static inline void graph_buffers(struct build *b, const struct graph *g, int graphs, uint32_t list)
{
    uint32_t table = put_table(b, 1);
    link_item(b, list, 0, table);
    drop_field(b, table, 0);
    for (int i = 0, at = 1; i < graphs; i++)
        for (int k = 0; k < g[i].count; k++, at++) {
            const struct build_tensor *t = &g[i].tensors[k];
            table = put_table(b, 1);
            link_item(b, list, (uint32_t)at, table);
            if (t->data) {
                put_ref(b, table, 0);
                put_vector(b, t->data, t->bytes, t->bytes);
            } else {
                drop_field(b, table, 0);
            }
        }
}

static inline void graph_tensor(struct build *b, const struct build_tensor *t, uint32_t buffer, uint32_t table)
{
    put_ref(b, table, 0);
    put_vector(b, t->shape, (uint32_t)t->rank, 4 * (uint32_t)t->rank);
    put_field(b, table, 1, t->type);
    put_field(b, table, 2, buffer);
    put_ref(b, table, 3);
    put_vector(b, "t", 1, 1);
    build_quant(b, table, t);
    put_field(b, table, 5, (uint32_t)t->variable);
}

static inline void graph_op(struct build *b, const struct graph_op *op, uint32_t code, uint32_t table)
{
    uint32_t fields = op->kinds ? (uint32_t)strlen(op->kinds) : 0;
    put_field(b, table, 0, code);
    put_ref(b, table, 1);
    put_vector(b, op->input, (uint32_t)op->inputs, 4 * (uint32_t)op->inputs);
    put_ref(b, table, 2);
    put_vector(b, op->output, (uint32_t)op->outputs, 4 * (uint32_t)op->outputs);
    put_field(b, table, 3, op->options_type);
    uint32_t options = put_table(b, fields);
    link_field(b, table, 4, options);
    for (uint32_t k = 0; k < fields; k++) {
        if (op->kinds[k] != 's') {
            put_field(b, options, k, (uint32_t)op->value[k]);
            continue;
        }
        put_ref(b, options, k);
        put_vector(b, op->text, (uint32_t)strlen(op->text), (uint32_t)strlen(op->text) + 1);
    }
}

static inline void graph_subgraph(struct build *b, const struct graph *g, uint32_t buffer, uint32_t code,
                                  uint32_t table)
{
    put_ref(b, table, 0);
    uint32_t tensors = put_list(b, (uint32_t)g->count);
    put_ref(b, table, 3);
    uint32_t ops = put_list(b, (uint32_t)g->op_count);
    for (int i = 0; i < g->count; i++) {
        uint32_t tensor = put_table(b, 6);
        link_item(b, tensors, (uint32_t)i, tensor);
        graph_tensor(b, &g->tensors[i], buffer + (uint32_t)i, tensor);
    }
    for (int i = 0; i < g->op_count; i++) {
        uint32_t op = put_table(b, 5);
        link_item(b, ops, (uint32_t)i, op);
        graph_op(b, &g->ops[i], code + (uint32_t)i, op);
    }
    put_ref(b, table, 1);
    put_vector(b, g->input, (uint32_t)g->inputs, 4 * (uint32_t)g->inputs);
    put_ref(b, table, 2);
    put_vector(b, g->output, (uint32_t)g->outputs, 4 * (uint32_t)g->outputs);
}

static inline uint32_t build_graphs(struct build *b, const struct graph *g, int graphs)
{
    memset(b, 0, sizeof *b);
    memcpy(b->data + 4, "TFL3", 4);
    b->at = 8;
    uint32_t model = put_table(b, 5), buffer = 1, code = 0;
    put32(b, 0, model);
    put_field(b, model, 0, 3);
    put_ref(b, model, 1);
    uint32_t codes = put_list(b, (uint32_t)graph_sum(g, graphs, true));
    put_ref(b, model, 2);
    uint32_t subgraphs = put_list(b, (uint32_t)graphs);
    drop_field(b, model, 3);
    put_ref(b, model, 4);
    uint32_t buffers = put_list(b, (uint32_t)graph_sum(g, graphs, false) + 1);
    graph_buffers(b, g, graphs, buffers);
    graph_codes(b, g, graphs, codes);
    for (int i = 0; i < graphs; i++) {
        uint32_t table = put_table(b, 4);
        link_item(b, subgraphs, (uint32_t)i, table);
        graph_subgraph(b, &g[i], buffer, code, table);
        buffer += (uint32_t)g[i].count;
        code += (uint32_t)g[i].op_count;
    }
    assert_true(b->at <= sizeof b->data);
    return b->at;
}

static inline enum thm_nn_err bench_graphs(struct bench *b, const struct graph *g, int graphs)
{
    b->bytes = build_graphs(&b->file, g, graphs);
    enum thm_nn_err err = thm_model_open(&b->model, b->file.data, b->bytes, &b->diag);
    return err ? err : bench_allocate(b, sizeof b->arena);
}

/* Set input `i` of the first subgraph. */
static inline void bench_set(struct bench *b, uint32_t i, const void *data)
{
    struct thm_tensor t;
    assert_int_equal(thm_interpreter_input(&b->it, i, &t), THM_NN_OK);
    memcpy(t.data, data, t.bytes);
}

static inline const void *bench_get(struct bench *b, uint32_t i)
{
    struct thm_tensor t;
    assert_int_equal(thm_interpreter_output(&b->it, i, &t), THM_NN_OK);
    return t.data;
}
