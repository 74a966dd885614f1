/* interpreter/node.c -- the services of op.h. */
#include "interpreter/context.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

struct subgraph_record *thm_subgraph_at(struct context *c, uint32_t subgraph)
{
    return (struct subgraph_record *)in_arena(c, c->subgraphs) + subgraph;
}

struct eval_tensor *thm_eval_tensor_at(struct context *c, uint32_t subgraph, uint32_t tensor)
{
    return (struct eval_tensor *)in_arena(c, thm_subgraph_at(c, subgraph)->tensors) + tensor;
}

struct node_record *thm_node_record_at(struct context *c, uint32_t subgraph, uint32_t op)
{
    return (struct node_record *)in_arena(c, thm_subgraph_at(c, subgraph)->nodes) + op;
}

void thm_op_identity(const struct thm_model *m, uint32_t op_table, struct thm_op_identity *id)
{
    uint32_t table = thm_model_opcode_table(m, op_table);
    int32_t old = (int8_t)thm_fb_u8(m, table, OPCODE_DEPRECATED, 0), builtin = thm_fb_i32(m, table, OPCODE_BUILTIN, 0);
    id->code = (uint32_t)(old > builtin ? old : builtin); /* files from before 2020 have only the old field */
    uint32_t custom = id->code == THM_OP_CUSTOM ? thm_fb_ref(m, table, OPCODE_CUSTOM) : 0;
    id->name = custom ? (const char *)thm_fb_data(m, custom) : thm_op_builtin_name(id->code);
    id->name_len = thm_fb_len(m, custom);
    while (!custom && id->name[id->name_len])
        id->name_len++;
}

void thm_node_open(struct thm_interpreter *it, uint32_t subgraph, uint32_t op, struct thm_nn_diag *diag,
                   struct thm_node *n)
{
    struct context *c = context_of(it);
    const struct node_record *r = thm_node_record_at(c, subgraph, op);
    struct thm_op_identity id;
    thm_op_identity(it->model, r->table, &id);
    *n = (struct thm_node){
        .it = it,
        .diag = diag,
        .op = thm_op_find(id.code, id.name, id.name_len),
        .subgraph = subgraph,
        .index = op,
        .options = r->options ? in_arena(c, r->options) : NULL,
        .data = r->data ? in_arena(c, r->data) : NULL,
        .table = r->table,
        .input_vector = r->inputs,
        .output_vector = r->outputs,
        .inputs = thm_fb_len(it->model, r->inputs),
        .outputs = thm_fb_len(it->model, r->outputs),
    };
}

void thm_diag_op(struct thm_interpreter *it, struct thm_nn_diag *diag, uint32_t subgraph, uint32_t op)
{
    struct thm_op_identity id;
    thm_op_identity(it->model, thm_model_op_table(it->model, subgraph, op), &id);
    diag->subgraph = (int32_t)subgraph;
    diag->op = (int32_t)op;
    diag->op_name = id.name;
    diag->op_name_len = id.name_len;
}

void thm_diag_tensor(struct thm_interpreter *it, struct thm_nn_diag *diag, uint32_t subgraph, uint32_t tensor)
{
    uint32_t table = thm_model_tensor_table(it->model, subgraph, tensor);
    uint32_t name = thm_fb_ref(it->model, table, TENSOR_NAME);
    diag->subgraph = (int32_t)subgraph;
    diag->tensor = (int32_t)tensor;
    diag->tensor_name = (const char *)thm_fb_data(it->model, name);
    diag->tensor_name_len = thm_fb_len(it->model, name);
}

enum thm_nn_err thm_fail_arena(struct thm_interpreter *it, struct thm_nn_diag *diag, const char *what, uint64_t need)
{
    struct context *c = context_of(it);
    diag->what = what;
    diag->need = need;
    diag->have = thm_arena_tail_gap(&c->arena);
    diag->persistent = c->persistent != NULL;
    diag->arena_min = c->persistent ? c->persistent_min : c->arena_min;
    return diag->err = THM_NN_EARENA;
}

enum thm_nn_err thm_fail_head(struct thm_interpreter *it, struct thm_nn_diag *diag, const char *what, uint64_t need)
{
    struct context *c = context_of(it);
    diag->what = what;
    diag->need = need;
    diag->have = thm_arena_gap(&c->arena);
    diag->arena_min = c->arena_min;
    return diag->err = THM_NN_EARENA;
}

enum thm_nn_err thm_refuse(struct thm_node *n, enum thm_nn_err err, const char *what)
{
    thm_diag_op(n->it, n->diag, n->subgraph, n->index);
    n->diag->what = what;
    return n->diag->err = err;
}

enum thm_nn_err thm_refuse_tensor(struct thm_node *n, enum thm_nn_err err, const char *what, const struct thm_value *v)
{
    thm_diag_tensor(n->it, n->diag, n->subgraph, (uint32_t)v->tensor);
    return thm_refuse(n, err, what);
}

void thm_tensor_value(struct thm_interpreter *it, uint32_t subgraph, uint32_t tensor, struct thm_value *v)
{
    const struct thm_model *m = it->model;
    struct context *c = context_of(it);
    const struct eval_tensor *t = thm_eval_tensor_at(c, subgraph, tensor);
    uint32_t shape = thm_fb_ref(m, t->table, TENSOR_SHAPE);
    v->type = (enum thm_type)t->type;
    v->rank = thm_fb_len(m, shape);
    v->shape = (const int32_t *)(const void *)thm_fb_data(m, shape);
    v->elements = (uint32_t)thm_shape_elements(v->shape, v->rank);
    v->bytes = v->elements * thm_type_size(v->type);
    v->constant = t->place == PLACE_MODEL;
    v->variable = t->variable;
    v->tensor = (int32_t)tensor;
    v->data = v->bytes ? NULL : c->arena.base; /* empty: any address will do, but NULL plus 0 is undefined */
    if (t->place == PLACE_ARENA)
        v->data = in_arena(c, t->data);
    else if (t->place == PLACE_MODEL)
        v->data = (void *)(uintptr_t)(m->data + t->data); /* kernels do not write to constant inputs */
}

static bool get_value(const struct thm_node *n, uint32_t vector, uint32_t count, uint32_t i, struct thm_value *v)
{
    int32_t tensor = i < count ? thm_fb_i32_at(n->it->model, vector, i) : -1;
    if (tensor < 0)
        return false;
    thm_tensor_value(n->it, n->subgraph, (uint32_t)tensor, v);
    return true;
}

bool thm_node_input(const struct thm_node *n, uint32_t i, struct thm_value *v)
{
    return get_value(n, n->input_vector, n->inputs, i, v);
}

bool thm_node_output(const struct thm_node *n, uint32_t i, struct thm_value *v)
{
    return get_value(n, n->output_vector, n->outputs, i, v);
}

void thm_node_quant(const struct thm_node *n, const struct thm_value *v, struct thm_quant *q)
{
    const struct thm_model *m = n->it->model;
    uint32_t table = thm_fb_ref(m, thm_model_tensor_table(m, n->subgraph, (uint32_t)v->tensor), TENSOR_QUANTIZATION);
    uint32_t scale = thm_fb_ref(m, table, QUANT_SCALE), zero = thm_fb_ref(m, table, QUANT_ZERO_POINT);
    *q = (struct thm_quant){ .affine = thm_fb_len(m, scale) && thm_fb_len(m, zero) };
    if (!q->affine)
        return;
    q->scales = (const float *)(const void *)thm_fb_data(m, scale);
    q->channels = thm_fb_len(m, scale);
    q->scale = q->scales[0];
    q->zero_point = (int32_t)thm_load_i64(thm_fb_data(m, zero));
    q->dimension = thm_fb_i32(m, table, QUANT_DIMENSION, 0);
}

void *thm_node_persistent(struct thm_node *n, uint64_t bytes, uint32_t *offset)
{
    struct context *c = context_of(n->it);
    if (!thm_arena_tail(&c->arena, bytes, 16, offset)) {
        thm_diag_op(n->it, n->diag, n->subgraph, n->index);
        thm_fail_arena(n->it, n->diag, "no room for an operator's data", bytes);
        return NULL;
    }
    return in_arena(c, *offset);
}

void *thm_node_at(const struct thm_node *n, uint32_t offset)
{
    return in_arena(context_of(n->it), offset);
}

enum thm_nn_err thm_node_request_scratch(struct thm_node *n, uint64_t bytes)
{
    struct context *c = context_of(n->it);
    struct node_record *r = thm_node_record_at(c, n->subgraph, n->index);
    if (r->scratches == THM_SCRATCH_PER_OP || bytes > INT32_MAX)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "more scratch memory is asked for than the runtime can give");
    struct scratch_request *table = in_arena(c, c->arena.start); /* room for 12 more than before this operator */
    table[c->requests++] = (struct scratch_request){ (uint32_t)bytes, n->subgraph, n->index };
    r->scratches++;
    return THM_NN_OK;
}

void *thm_node_scratch(const struct thm_node *n, uint32_t number)
{
    struct context *c = context_of(n->it);
    uint32_t first = thm_node_record_at(c, n->subgraph, n->index)->scratch;
    return in_arena(c, thm_load32((uint8_t *)in_arena(c, c->handles) + 4 * (size_t)(first + number)));
}

void thm_node_tensor(const struct thm_node *n, uint32_t subgraph, uint32_t tensor, struct thm_value *v)
{
    thm_tensor_value(n->it, subgraph, tensor, v);
}

void thm_node_bind_output(struct thm_node *n, uint32_t i)
{
    struct context *c = context_of(n->it);
    struct eval_tensor *t =
        thm_eval_tensor_at(c, n->subgraph, (uint32_t)thm_fb_i32_at(n->it->model, n->output_vector, i));
    t->place = PLACE_ARENA;
    t->data = thm_node_record_at(c, n->subgraph, n->index)->data;
}
