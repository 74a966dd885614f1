/* interpreter/op.h -- what an operator is, and what its kernel may ask for.
 *
 * To add an operator: a struct thm_op in a file of interpreter/ops/, a line in interpreter/ops/ops.h, a test.
 * prepare() checks everything once (types, shapes, parameters) and keeps what eval() needs in the op data; eval()
 * allocates nothing and never fails for a reason prepare() could have seen. */
#pragma once
#include <stdbool.h>
#include "interpreter/interpreter.h"
#include "interpreter/layout.h"

#define THM_MAX_RANK  6 /* dimensions; RuntimeShape of the reference runtime has room for as many */
#define THM_MAX_DEPTH 8 /* subgraphs that run within each other: the stack of a small task holds no more */

enum thm_activation { THM_ACT_NONE, THM_ACT_RELU, THM_ACT_RELU_N1_TO_1, THM_ACT_RELU6 }; /* schema numbers */

struct thm_node;
struct thm_windows_i8;

/* One field of the options table, copied to byte `at` of the options block. */
struct thm_option_field {
    uint8_t id;    /* field number in the schema */
    uint8_t width; /* bytes: 1 or 4 */
    uint8_t at;
    int8_t value; /* when the field is absent */
};

struct thm_op {
    const char *name;
    uint8_t options_type; /* number in the union BuiltinOptions; 0 = none */
    uint8_t fields;
    const struct thm_option_field *field;
    struct thm_bytes options; /* parsed options; 0 = no block */
    struct thm_bytes data;    /* op data; 0 = no block */
    /* The tensors its prepare step looks at, in order, each of which costs temporary memory: "i0" "o1", "i*" "o*" all
     * (optional ones only if present); what follows '8' (or 'q') only if input 0 is int8 (or int8 or int16), what
     * follows 'Q' only if output 0 is int8 or int16. '|': here, not after the last one, the persistent arrays are asked
     * for; '?': the reference does not check that it got the next one, and stumbles when it gives it back.
     * NULL = "i*o*". */
    const char *temps;
    enum thm_nn_err (*init)(struct thm_node *n); /* NULL = nothing beyond the op data */
    enum thm_nn_err (*prepare)(struct thm_node *n);
    enum thm_nn_err (*eval)(struct thm_node *n);
    uint64_t (*macs)(const struct thm_node *n);   /* NULL = none */
    enum thm_nn_err (*reset)(struct thm_node *n); /* state back to its start value; NULL = stateless */
    /* Subgraphs it runs: writes up to 2 indices, returns how many. NULL = none */
    uint32_t (*calls)(const struct thm_node *n, uint32_t subgraph[2]);
    /* The same work as products of windows, for kernels of the PC's CPU (ops/variant.h). false: not this case.
     * NULL = never */
    bool (*windows)(const struct thm_node *n, struct thm_windows_i8 *w);
};

/* The operators of a program. The library's own table (ops_table.c) has all of them; a program that defines another one
 * (ops/ops.h: THM_DEFINE_OP_TABLE) is linked with the operators in it, and refuses models with others. */
struct thm_op_table {
    const struct thm_op *const *builtin; /* index: the builtin code; NULL = not available */
    const struct thm_op *const *custom;  /* NULL ends it */
    uint32_t builtins;                   /* entries of builtin */
};
extern const struct thm_op_table thm_op_table;

/* NULL: not available. A custom operator is found by its name. */
const struct thm_op *thm_op_find(uint32_t code, const char *custom, uint32_t custom_len);
const char *thm_op_builtin_name(uint32_t code); /* also of operators that are not available; never NULL */
#define THM_OP_CUSTOM 32u                       /* the builtin code of custom operators */

struct thm_node {
    struct thm_interpreter *it;
    struct thm_nn_diag *diag;
    const struct thm_op *op;
    void *options, *data; /* blocks in the arena; NULL = none */
    uint32_t subgraph, index;
    uint32_t table;                       /* position of the operator in the file */
    uint32_t inputs, outputs;             /* how many */
    uint32_t input_vector, output_vector; /* positions in the file */
};

/* A tensor as kernels see it. */
struct thm_value {
    enum thm_type type;
    uint32_t rank;
    const int32_t *shape;
    uint32_t elements;
    uint32_t bytes;
    void *data; /* NULL during prepare() unless constant */
    bool constant, variable;
    int32_t tensor; /* index in the subgraph */
};

/* Quantisation of a tensor; without it scale is 0, as in the reference runtime. */
struct thm_quant {
    bool affine; /* scales and zero points are there */
    float scale; /* of the first channel */
    int32_t zero_point;
    uint32_t channels;
    int32_t dimension;
    const float *scales;
};

/* Input or output i. false: it is absent (too few, or -1). */
bool thm_node_input(const struct thm_node *n, uint32_t i, struct thm_value *v);
bool thm_node_output(const struct thm_node *n, uint32_t i, struct thm_value *v);
void thm_node_work(const struct thm_node *n, struct thm_work *w); /* once it is prepared; *w is overwritten */
void thm_node_quant(const struct thm_node *n, const struct thm_value *v, struct thm_quant *q);

/* Only in init() and prepare(). 16-aligned; *offset is where it is in the arena (thm_node_at() finds it again).
 * Errors: NULL: the arena is full, already in diag; return THM_NN_EARENA. */
void *thm_node_persistent(struct thm_node *n, uint64_t bytes, uint32_t *offset);
void *thm_node_at(const struct thm_node *n, uint32_t offset);
/* Only in prepare(): ask for a buffer that lives while the operator runs. The first request is number 0. */
enum thm_nn_err thm_node_request_scratch(struct thm_node *n, uint64_t bytes);
void *thm_node_scratch(const struct thm_node *n, uint32_t number); /* in eval() */

/* Does the kernel library keep per-channel factors for this type of input? */
bool thm_node_keeps_factors(const struct thm_node *n, enum thm_type input);

/* For operators that run subgraphs: any tensor of any subgraph; run all operators of one.
 * Errors of run: the operator's own, THM_NN_EINVOKE: more runs in one invocation than a device would survive. */
void thm_node_tensor(const struct thm_node *n, uint32_t subgraph, uint32_t tensor, struct thm_value *v);
enum thm_nn_err thm_node_run(struct thm_node *n, uint32_t subgraph);

/* Resource variables: named by strings in the file (positions; container 0 = any), shared by all subgraphs.
 * create: find or make the one of that name; give: its storage, the first time, as large as the value;
 * take: its storage, which must have `bytes`; bind: let output i be the operator's own data. */
enum thm_nn_err thm_variable_create(struct thm_node *n, uint32_t container, uint32_t name, int32_t *id);
enum thm_nn_err thm_variable_give(struct thm_node *n, int32_t id, const struct thm_value *value);
enum thm_nn_err thm_variable_take(struct thm_node *n, int32_t id, uint32_t bytes, void **data);
void thm_node_bind_output(struct thm_node *n, uint32_t i);

/* Refuse: `what` is a static sentence. Returns err. */
enum thm_nn_err thm_refuse(struct thm_node *n, enum thm_nn_err err, const char *what);
enum thm_nn_err thm_refuse_tensor(struct thm_node *n, enum thm_nn_err err, const char *what, const struct thm_value *v);

static inline bool thm_same_text(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static inline bool thm_same_shape(const struct thm_value *a, const struct thm_value *b)
{
    if (a->rank != b->rank)
        return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->shape[i] != b->shape[i])
            return false;
    return true;
}

/* Dimension i of a shape extended on the left with ones to `rank` dimensions. */
static inline int32_t thm_dim(const struct thm_value *v, uint32_t rank, uint32_t i)
{
    return i + v->rank < rank ? 1 : v->shape[i + v->rank - rank];
}

/* Sets of types, for thm_type_in(). */
#define THM_SET(type) (UINT32_C(1) << (type))
static inline bool thm_type_in(enum thm_type t, uint32_t set)
{
    return (uint32_t)t < 32 && (set >> t & 1);
}
