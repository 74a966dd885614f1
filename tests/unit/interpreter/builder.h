/* tests/unit/interpreter/builder.h -- writes small .tflite files: tensors, operators and one subgraph in a few lines.
 */
#pragma once
#include "interpreter/interpreter.h"
#include "tests/testing.h"

struct build_tensor {
    enum thm_type type;
    int rank;
    int32_t shape[6];
    const void *data; /* NULL: at run time */
    uint32_t bytes;
    float scale; /* 0: not quantised */
    int64_t zero;
    int variable;
};

struct build_op {
    uint8_t code; /* builtin code */
    int inputs, input[4];
    int output;
    uint8_t options_type;
    const char *kinds; /* '1' or '4' for each field of the options table */
    int32_t value[8];  /* floats as bits */
};

/* What a custom operator (code 32) has beyond that. */
struct build_custom {
    const char *name;
    const void *options; /* NULL: none */
    uint32_t options_bytes;
    uint32_t more_outputs; /* the tensors that follow `output` */
};

struct build {
    uint8_t data[8192] __attribute__((aligned(16)));
    uint32_t at;
};

struct net {
    const struct build_tensor *tensors;
    int count;
    const struct build_op *ops;
    int op_count;
    int inputs, input[4];
    int outputs, output[4];
};

static inline void put32(struct build *b, uint32_t at, uint32_t v)
{
    memcpy(b->data + at, &v, 4);
}

/* A vtable and a table of `fields` slots of 4 bytes, zeroed; the position of the table. */
static inline uint32_t put_table(struct build *b, uint32_t fields)
{
    uint32_t vtable = b->at, table = (vtable + 4 + 2 * fields + 3) & ~3u;
    uint16_t v[2] = { (uint16_t)(4 + 2 * fields), (uint16_t)(4 + 4 * fields) };
    memcpy(b->data + vtable, v, 4);
    for (uint32_t i = 0; i < fields; i++) {
        uint16_t at = (uint16_t)(4 + 4 * i);
        memcpy(b->data + vtable + 4 + 2 * i, &at, 2);
    }
    put32(b, table, table - vtable);
    b->at = table + 4 + 4 * fields;
    return table;
}

static inline void put_field(struct build *b, uint32_t table, uint32_t id, uint32_t v)
{
    put32(b, table + 4 + 4 * id, v);
}

static inline void drop_field(struct build *b, uint32_t table, uint32_t id)
{
    uint32_t back;
    memcpy(&back, b->data + table, 4);
    memset(b->data + table - back + 4 + 2 * id, 0, 2);
}

/* Let the field refer to what is written next. */
static inline void put_ref(struct build *b, uint32_t table, uint32_t id)
{
    put_field(b, table, id, b->at - (table + 4 + 4 * id));
}

static inline uint32_t put_vector(struct build *b, const void *data, uint32_t count, uint32_t bytes)
{
    uint32_t at = b->at;
    put32(b, at, count);
    if (bytes)
        memcpy(b->data + at + 4, data, bytes);
    b->at = (at + 4 + bytes + 3) & ~3u;
    return at;
}

/* A vector of `count` references, to be filled with put_item(). */
static inline uint32_t put_list(struct build *b, uint32_t count)
{
    uint32_t at = b->at;
    put32(b, at, count);
    b->at = at + 4 + 4 * count;
    return at;
}

static inline void link_item(struct build *b, uint32_t list, uint32_t i, uint32_t table)
{
    put32(b, list + 4 + 4 * i, table - (list + 4 + 4 * i));
}

static inline void link_field(struct build *b, uint32_t table, uint32_t id, uint32_t to)
{
    put_field(b, table, id, to - (table + 4 + 4 * id));
}

static inline void build_quant(struct build *b, uint32_t tensor, const struct build_tensor *t)
{
    if (t->scale == 0) {
        drop_field(b, tensor, 4);
        return;
    }
    uint32_t q = put_table(b, 4);
    link_field(b, tensor, 4, q);
    drop_field(b, q, 0);
    drop_field(b, q, 1);
    put_ref(b, q, 2);
    put_vector(b, &t->scale, 1, 4);
    put_ref(b, q, 3);
    put_vector(b, &t->zero, 1, 8);
}

static inline void build_tensors(struct build *b, const struct net *n, uint32_t list)
{
    for (int i = 0; i < n->count; i++) {
        const struct build_tensor *t = &n->tensors[i];
        uint32_t table = put_table(b, 6);
        link_item(b, list, (uint32_t)i, table);
        put_ref(b, table, 0);
        put_vector(b, t->shape, (uint32_t)t->rank, 4 * (uint32_t)t->rank);
        put_field(b, table, 1, t->type);
        put_field(b, table, 2, t->data ? (uint32_t)i + 1 : 0);
        put_ref(b, table, 3);
        put_vector(b, "t", 1, 1);
        build_quant(b, table, t);
        put_field(b, table, 5, (uint32_t)t->variable);
    }
}

static inline void build_outputs(struct build *b, uint32_t first, uint32_t more)
{
    uint32_t list = put_list(b, 1 + more);
    for (uint32_t i = 0; i <= more; i++)
        put32(b, list + 4 + 4 * i, first + i);
}

/* custom: one for all operators, or NULL. */
static inline void build_ops(struct build *b, const struct net *n, const struct build_custom *custom, uint32_t list)
{
    for (int i = 0; i < n->op_count; i++) {
        const struct build_op *op = &n->ops[i];
        uint32_t table = put_table(b, 6), fields = op->kinds ? (uint32_t)strlen(op->kinds) : 0;
        link_item(b, list, (uint32_t)i, table);
        put_field(b, table, 0, (uint32_t)i);
        put_ref(b, table, 1);
        put_vector(b, op->input, (uint32_t)op->inputs, 4 * (uint32_t)op->inputs);
        put_ref(b, table, 2);
        build_outputs(b, (uint32_t)op->output, custom ? custom->more_outputs : 0);
        put_field(b, table, 3, op->options_type);
        if (custom && custom->options) {
            put_ref(b, table, 5);
            put_vector(b, custom->options, custom->options_bytes, custom->options_bytes);
        } else {
            drop_field(b, table, 5);
        }
        uint32_t options = put_table(b, fields);
        link_field(b, table, 4, options);
        for (uint32_t k = 0; k < fields; k++)
            put_field(b, options, k, (uint32_t)op->value[k]);
    }
}

static inline void build_codes(struct build *b, const struct net *n, const struct build_custom *custom, uint32_t list)
{
    for (int i = 0; i < n->op_count; i++) {
        uint32_t table = put_table(b, 4);
        link_item(b, list, (uint32_t)i, table);
        put_field(b, table, 0, n->ops[i].code < 127 ? n->ops[i].code : 127);
        if (custom) {
            put_ref(b, table, 1);
            put_vector(b, custom->name, (uint32_t)strlen(custom->name), (uint32_t)strlen(custom->name) + 1);
        } else {
            drop_field(b, table, 1);
        }
        put_field(b, table, 3, n->ops[i].code);
    }
}

static inline void build_buffers(struct build *b, const struct net *n, uint32_t list)
{
    for (int i = 0; i <= n->count; i++) {
        uint32_t table = put_table(b, 1);
        link_item(b, list, (uint32_t)i, table);
        if (i == 0 || !n->tensors[i - 1].data) {
            drop_field(b, table, 0);
            continue;
        }
        put_ref(b, table, 0);
        put_vector(b, n->tensors[i - 1].data, n->tensors[i - 1].bytes, n->tensors[i - 1].bytes);
    }
}

/* The file's size; its last byte is used. */
static inline uint32_t build_custom_net(struct build *b, const struct net *n, const struct build_custom *custom)
{
    memset(b, 0, sizeof *b);
    memcpy(b->data + 4, "TFL3", 4);
    b->at = 8;
    uint32_t model = put_table(b, 5);
    put32(b, 0, model);
    put_field(b, model, 0, 3);
    put_ref(b, model, 1);
    uint32_t codes = put_list(b, (uint32_t)n->op_count);
    put_ref(b, model, 2);
    uint32_t subgraphs = put_list(b, 1);
    drop_field(b, model, 3);
    put_ref(b, model, 4);
    uint32_t buffers = put_list(b, (uint32_t)n->count + 1);
    build_buffers(b, n, buffers);
    build_codes(b, n, custom, codes);
    uint32_t subgraph = put_table(b, 4);
    link_item(b, subgraphs, 0, subgraph);
    put_ref(b, subgraph, 0);
    uint32_t tensors = put_list(b, (uint32_t)n->count);
    put_ref(b, subgraph, 3);
    uint32_t ops = put_list(b, (uint32_t)n->op_count);
    build_tensors(b, n, tensors);
    build_ops(b, n, custom, ops);
    put_ref(b, subgraph, 1);
    put_vector(b, n->input, (uint32_t)n->inputs, 4 * (uint32_t)n->inputs);
    put_ref(b, subgraph, 2);
    put_vector(b, n->output, (uint32_t)n->outputs, 4 * (uint32_t)n->outputs);
    assert_true(b->at <= sizeof b->data);
    return b->at;
}

static inline uint32_t build_net(struct build *b, const struct net *n)
{
    return build_custom_net(b, n, NULL);
}

static inline int32_t float_bits(float f)
{
    int32_t v;
    memcpy(&v, &f, 4);
    return v;
}

/* A model with its interpreter in 16 KB of arena. */
struct bench {
    struct build file;
    uint32_t bytes;
    struct thm_model model;
    struct thm_interpreter it;
    struct thm_nn_diag diag;
    uint8_t arena[16384] __attribute__((aligned(16)));
};

static inline enum thm_nn_err bench_allocate(struct bench *b, uint32_t arena_bytes)
{
    thm_interpreter_init(&b->it, &b->model, thm_layout_find("cortex_m"), b->arena, arena_bytes, NULL);
    return thm_interpreter_allocate(&b->it, &b->diag);
}

static inline enum thm_nn_err bench_build_custom(struct bench *b, const struct net *n,
                                                 const struct build_custom *custom)
{
    b->bytes = build_custom_net(&b->file, n, custom);
    enum thm_nn_err err = thm_model_open(&b->model, b->file.data, b->bytes, &b->diag);
    return err ? err : bench_allocate(b, sizeof b->arena);
}

static inline enum thm_nn_err bench_build(struct bench *b, const struct net *n)
{
    return bench_build_custom(b, n, NULL);
}

/* Build, set input 0 and 1 (if not NULL), invoke, compare output 0. */
static inline void bench_expect(const struct net *n, const void *in0, const void *in1, const void *want)
{
    static struct bench b;
    struct thm_tensor t;
    assert_int_equal(bench_build(&b, n), THM_NN_OK);
    for (uint32_t i = 0; i < 2; i++) {
        const void *in = i ? in1 : in0;
        if (!in)
            continue;
        assert_int_equal(thm_interpreter_input(&b.it, i, &t), THM_NN_OK);
        memcpy(t.data, in, t.bytes);
    }
    assert_int_equal(thm_interpreter_invoke(&b.it, &b.diag), THM_NN_OK);
    assert_int_equal(thm_interpreter_output(&b.it, 0, &t), THM_NN_OK);
    assert_memory_equal(t.data, want, t.bytes);
}

static inline void bench_refuse(const struct net *n, enum thm_nn_err want)
{
    static struct bench b;
    assert_int_equal(bench_build(&b, n), want);
    assert_non_null(b.diag.what);
}
