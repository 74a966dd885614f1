/* interpreter/verify.c -- thm_model_open(): nothing in the file is trusted until it has passed here.
 *
 * First the structure: the tables below describe every field the interpreter may follow, and one routine checks them
 * all (bounds, alignment of vectors, field sizes). Then the meaning: indices, shapes, sizes of constant data. */
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

/* '1' '2' '4' '8': scalar of so many bytes; 's': string; 'b' 'i' 'l': vector of 1-, 4-, 8-byte numbers;
 * 'T': table; 'V': vector of tables; '-': not followed. */
struct table_rule;
struct field_rule {
    char kind;
    const struct table_rule *table;
};
struct table_rule {
    const struct field_rule *fields;
    uint32_t count;
};

#define RULE(name, ...)                                           \
    static const struct field_rule name##_fields[] = __VA_ARGS__; \
    static const struct table_rule name = { name##_fields, sizeof name##_fields / sizeof name##_fields[0] }

RULE(quantization_rule,
     { { 'i', NULL }, { 'i', NULL }, { 'i', NULL }, { 'l', NULL }, { '1', NULL }, { '-', NULL }, { '4', NULL } });
RULE(tensor_rule,
     { { 'i', NULL }, { '1', NULL }, { '4', NULL }, { 's', NULL }, { 'T', &quantization_rule }, { '1', NULL } });
RULE(operator_rule, { { '4', NULL },
                      { 'i', NULL },
                      { 'i', NULL },
                      { '1', NULL },
                      { '-', NULL },
                      { 'b', NULL },
                      { '1', NULL },
                      { 'b', NULL },
                      { 'i', NULL },
                      { '8', NULL },
                      { '8', NULL } });
RULE(subgraph_rule, { { 'V', &tensor_rule }, { 'i', NULL }, { 'i', NULL }, { 'V', &operator_rule }, { 's', NULL } });
RULE(opcode_rule, { { '1', NULL }, { 's', NULL }, { '4', NULL }, { '4', NULL } });
RULE(buffer_rule, { { 'b', NULL }, { '8', NULL }, { '8', NULL } });
RULE(metadata_rule, { { 's', NULL }, { '4', NULL } });
RULE(model_rule, { { '4', NULL },
                   { 'V', &opcode_rule },
                   { 'V', &subgraph_rule },
                   { 's', NULL },
                   { 'V', &buffer_rule },
                   { 'i', NULL },
                   { 'V', &metadata_rule } });

/* Fields of the options tables, by their number in the union BuiltinOptions; NULL = nothing in it is followed. */
static const char *const options[] = {
    [1] = "1441441", /* Conv2D */[2] = "1444144",           /* DepthwiseConv2D */
    [5] = "144441",  /* Pool2D */[6] = "411",               /* SVDF */
    [8] = "11111",   /* FullyConnected */[9] = "4",         /* Softmax */
    [10] = "41",     /* Concatenation */[11] = "11",        /* Add */
    [12] = "1",      /* L2Norm */[14] = "14411",            /* LSTM */
    [15] = "4411",   /* ResizeBilinear */[16] = "4",        /* Call */
    [17] = "i",      /* Reshape */[19] = "4",               /* SpaceToDepth */
    [21] = "1",      /* Mul */[23] = "44",                  /* Gather */
    [27] = "1",      /* Reducer */[28] = "11",              /* Sub */
    [29] = "1",      /* Div */[30] = "i",                   /* Squeeze */
    [32] = "444441", /* StridedSlice */[35] = "4",          /* Split */
    [37] = "11",     /* Cast */[40] = "1",                  /* ArgMax */
    [49] = "14411",  /* TransposeConv */[55] = "1",         /* Shape */
    [57] = "1",      /* ArgMin */[59] = "44",               /* Pack */
    [64] = "44",     /* Unpack */[71] = "144111",           /* UnidirectionalSequenceLSTM */
    [74] = "11",     /* ResizeNearestNeighbor */[75] = "4", /* LeakyRelu */
    [77] = "1",      /* MirrorPad */[79] = "4",             /* SplitV */
    [92] = "44",     /* If */[93] = "44",                   /* While */
    [94] = "4",      /* DepthToSpace */[101] = "111",       /* BatchMatMul */
    [102] = "11",    /* Cumsum */[103] = "4",               /* CallOnce */
    [111] = "ss",                                           /* VarHandle */
};

struct verifier {
    struct thm_model *m;
    struct thm_nn_diag *diag;
    uint64_t budget; /* bytes that may still be visited: tables may share content, but not without end */
};

static enum thm_nn_err refuse(struct verifier *v, enum thm_nn_err err, const char *what, uint64_t offset)
{
    v->diag->err = err;
    v->diag->what = what;
    v->diag->offset = offset;
    return err;
}

/* Are there `len` bytes at `at`? */
static enum thm_nn_err need(struct verifier *v, uint64_t at, uint64_t len)
{
    if (at + len > v->m->size) {
        v->diag->need = at + len;
        v->diag->have = v->m->size;
        return refuse(v, THM_NN_ETRUNCATED, "an offset points past the end of the file", at);
    }
    if (v->budget < len)
        return refuse(v, THM_NN_EMALFORMED, "the same bytes are used over and over again", at);
    v->budget -= len;
    return THM_NN_OK;
}

/* Follow the forward offset stored at `at` (which has been checked). */
static enum thm_nn_err follow(struct verifier *v, uint64_t at, uint64_t *to)
{
    uint32_t distance = thm_load32(v->m->data + at);
    if (distance < 4)
        return refuse(v, THM_NN_EMALFORMED, "an offset points at itself", at);
    *to = at + distance;
    return need(v, *to, 4);
}

static enum thm_nn_err check_vector(struct verifier *v, uint64_t at, uint32_t element)
{
    if (at % 4)
        return refuse(v, THM_NN_EMALFORMED, "a vector is not aligned to 4 bytes", at);
    return need(v, at + 4, (uint64_t)thm_load32(v->m->data + at) * element);
}

static enum thm_nn_err check_table_frame(struct verifier *v, uint64_t at, uint32_t *vtable)
{
    enum thm_nn_err err = need(v, at, 4);
    if (err)
        return err;
    int64_t where = (int64_t)at - thm_load_i32(v->m->data + at);
    if (where < 0 || where % 2)
        return refuse(v, THM_NN_EMALFORMED, "a table has no valid vtable", at);
    if ((err = need(v, (uint64_t)where, 4)) != THM_NN_OK)
        return err;
    *vtable = (uint32_t)where;
    uint32_t len = thm_load16(v->m->data + where), table = thm_load16(v->m->data + where + 2);
    if (len < 4 || len % 2 || table < 4)
        return refuse(v, THM_NN_EMALFORMED, "a vtable has an impossible size", (uint64_t)where);
    if ((err = need(v, (uint64_t)where, len)) != THM_NN_OK)
        return err;
    return need(v, at, table);
}

static uint32_t scalar_bytes(char kind)
{
    return kind >= '1' && kind <= '8' ? (uint32_t)(kind - '0') : 4;
}

/* Field `id` of the table at `at`: its position, 0 if absent. */
static enum thm_nn_err find_field(struct verifier *v, uint64_t at, uint32_t vtable, uint32_t id, uint32_t bytes,
                                  uint64_t *field)
{
    const uint8_t *vt = v->m->data + vtable;
    uint32_t offset = 4 + 2 * id + 2 <= thm_load16(vt) ? thm_load16(vt + 4 + 2 * id) : 0;
    *field = offset ? at + offset : 0;
    if (offset && (offset < 4 || offset + bytes > thm_load16(vt + 2)))
        return refuse(v, THM_NN_EMALFORMED, "a field lies outside its table", at);
    return THM_NN_OK;
}

static enum thm_nn_err check_table(struct verifier *v, uint64_t at, const struct table_rule *rule);

static enum thm_nn_err check_tables(struct verifier *v, uint64_t at, const struct table_rule *rule)
{
    enum thm_nn_err err = check_vector(v, at, 4);
    for (uint32_t i = 0; !err && i < thm_load32(v->m->data + at); i++) {
        uint64_t to;
        err = follow(v, at + 4 + 4 * (uint64_t)i, &to);
        if (!err)
            err = check_table(v, to, rule);
    }
    return err;
}

static enum thm_nn_err check_content(struct verifier *v, uint64_t at, char kind, const struct table_rule *table)
{
    uint64_t to;
    enum thm_nn_err err = follow(v, at, &to);
    if (err)
        return err;
    if (kind == 'T')
        return check_table(v, to, table);
    if (kind == 'V')
        return check_tables(v, to, table);
    return check_vector(v, to, kind == 'i' ? 4 : kind == 'l' ? 8 : 1);
}

static enum thm_nn_err check_field(struct verifier *v, uint64_t at, uint32_t vtable, uint32_t id, char kind,
                                   const struct table_rule *table)
{
    uint64_t field;
    enum thm_nn_err err = find_field(v, at, vtable, id, scalar_bytes(kind), &field);
    if (err || !field || kind == '-' || (kind >= '1' && kind <= '8'))
        return err;
    return check_content(v, field, kind, table);
}

static enum thm_nn_err check_table(struct verifier *v, uint64_t at, const struct table_rule *rule)
{
    uint32_t vtable = 0;
    enum thm_nn_err err = check_table_frame(v, at, &vtable);
    for (uint32_t id = 0; !err && id < rule->count; id++)
        err = check_field(v, at, vtable, id, rule->fields[id].kind, rule->fields[id].table);
    return err;
}

/* The options union of one operator; all its other fields have been checked. */
static enum thm_nn_err check_options(struct verifier *v, uint32_t op)
{
    uint32_t type = thm_fb_u8(v->m, op, OPERATOR_OPTIONS_TYPE, 0), vtable = 0;
    uint32_t field = thm_fb_field(v->m, op, OPERATOR_OPTIONS);
    const char *kinds = type < sizeof options / sizeof options[0] ? options[type] : NULL;
    uint64_t at;
    if (!field || !type)
        return THM_NN_OK;
    enum thm_nn_err err = follow(v, field, &at);
    if (!err)
        err = check_table_frame(v, at, &vtable);
    for (uint32_t id = 0; !err && kinds && kinds[id]; id++)
        err = check_field(v, at, vtable, id, kinds[id], NULL);
    return err;
}

/* Every number of a vector of tensor indices is below `tensors`, and not below `least`. */
static enum thm_nn_err check_indices(struct verifier *v, uint32_t vector, uint32_t tensors, int32_t least)
{
    for (uint32_t i = 0; i < thm_fb_len(v->m, vector); i++) {
        int32_t index = thm_fb_i32_at(v->m, vector, i);
        if (index < least || index >= (int64_t)tensors)
            return refuse(v, THM_NN_EMALFORMED, "a tensor index is out of range", vector + 4 + 4 * (uint64_t)i);
    }
    return THM_NN_OK;
}

static enum thm_nn_err check_op(struct verifier *v, uint32_t op, uint32_t tensors)
{
    uint32_t codes = thm_fb_len(v->m, thm_fb_ref(v->m, v->m->root, MODEL_OPERATOR_CODES));
    if ((uint32_t)thm_fb_i32(v->m, op, OPERATOR_OPCODE, 0) >= codes)
        return refuse(v, THM_NN_EMALFORMED, "an operator code index is out of range", op);
    if (thm_fb_field(v->m, op, OPERATOR_LARGE_CUSTOM_OFFSET))
        return refuse(v, THM_NN_EUNSUPPORTED, "custom options outside the flatbuffer are not supported", op);
    enum thm_nn_err err = check_indices(v, thm_fb_ref(v->m, op, OPERATOR_INPUTS), tensors, -1);
    if (!err)
        err = check_indices(v, thm_fb_ref(v->m, op, OPERATOR_OUTPUTS), tensors, 0);
    return err ? err : check_options(v, op);
}

/* Bytes that the constant data of a tensor must have; UINT64_MAX = any. */
static uint64_t constant_bytes(const struct thm_tensor_info *t, uint64_t elements)
{
    uint32_t size = thm_type_size(t->type);
    if (size == 0)
        return UINT64_MAX;
    return t->type == THM_INT4 ? (elements + 1) / 2 : elements * size;
}

static enum thm_nn_err check_tensor(struct verifier *v, uint32_t table)
{
    struct thm_tensor_info t;
    uint32_t buffers = thm_fb_len(v->m, thm_fb_ref(v->m, v->m->root, MODEL_BUFFERS));
    uint32_t buffer_index = (uint32_t)thm_fb_i32(v->m, table, TENSOR_BUFFER, 0);
    if (buffer_index >= buffers && (buffer_index || buffers))
        return refuse(v, THM_NN_EMALFORMED, "a buffer index is out of range", table);
    thm_model_tensor_at(v->m, table, &t);
    uint64_t elements = thm_shape_elements(t.shape, t.rank);
    if (elements == UINT64_MAX || elements * thm_type_size(t.type) > INT32_MAX)
        return refuse(v, THM_NN_EMALFORMED, "a tensor's shape is negative or too large", table);
    uint64_t bytes = constant_bytes(&t, elements);
    if (thm_fb_field(v->m, table, TENSOR_SPARSITY))
        return refuse(v, THM_NN_EUNSUPPORTED, "sparse tensors are not supported", table);
    if (t.data && bytes != UINT64_MAX && bytes != t.data_bytes) {
        v->diag->need = bytes;
        v->diag->have = t.data_bytes;
        return refuse(v, THM_NN_EMALFORMED, "constant data and shape differ in size", table);
    }
    return THM_NN_OK;
}

static void name_tensor(struct verifier *v, uint32_t table, uint32_t subgraph, uint32_t tensor)
{
    uint32_t name = thm_fb_ref(v->m, table, TENSOR_NAME);
    v->diag->subgraph = (int32_t)subgraph;
    v->diag->tensor = (int32_t)tensor;
    v->diag->tensor_name = (const char *)thm_fb_data(v->m, name);
    v->diag->tensor_name_len = thm_fb_len(v->m, name);
}

static enum thm_nn_err check_tensors(struct verifier *v, uint32_t subgraph, uint32_t list)
{
    for (uint32_t i = 0; i < thm_fb_len(v->m, list); i++) {
        uint32_t table = thm_fb_at(v->m, list, i);
        enum thm_nn_err err = check_tensor(v, table);
        if (err) {
            name_tensor(v, table, subgraph, i);
            return err;
        }
    }
    return THM_NN_OK;
}

static enum thm_nn_err check_ops(struct verifier *v, uint32_t subgraph, uint32_t list, uint32_t tensors)
{
    for (uint32_t i = 0; i < thm_fb_len(v->m, list); i++) {
        enum thm_nn_err err = check_op(v, thm_fb_at(v->m, list, i), tensors);
        if (err) {
            v->diag->subgraph = (int32_t)subgraph;
            v->diag->op = (int32_t)i;
            return err;
        }
    }
    return THM_NN_OK;
}

static enum thm_nn_err check_subgraph(struct verifier *v, uint32_t index)
{
    uint32_t table = thm_model_subgraph_table(v->m, index);
    uint32_t tensors = thm_model_tensors(v->m, index);
    enum thm_nn_err err = check_tensors(v, index, thm_fb_ref(v->m, table, SUBGRAPH_TENSORS));
    if (!err)
        err = check_indices(v, thm_fb_ref(v->m, table, SUBGRAPH_INPUTS), tensors, 0);
    if (!err)
        err = check_indices(v, thm_fb_ref(v->m, table, SUBGRAPH_OUTPUTS), tensors, 0);
    return err ? err : check_ops(v, index, thm_fb_ref(v->m, table, SUBGRAPH_OPERATORS), tensors);
}

static enum thm_nn_err check_buffers(struct verifier *v)
{
    uint32_t list = thm_fb_ref(v->m, v->m->root, MODEL_BUFFERS);
    for (uint32_t i = 0; i < thm_fb_len(v->m, list); i++) {
        uint32_t table = thm_fb_at(v->m, list, i), at = thm_fb_field(v->m, table, BUFFER_OFFSET);
        if (at && thm_load_i64(v->m->data + at) > 1)
            return refuse(v, THM_NN_EUNSUPPORTED, "constant data outside the flatbuffer is not supported", table);
    }
    list = thm_fb_ref(v->m, v->m->root, MODEL_METADATA);
    for (uint32_t i = 0; i < thm_fb_len(v->m, list); i++) {
        uint32_t table = thm_fb_at(v->m, list, i);
        uint32_t index = (uint32_t)thm_fb_i32(v->m, table, METADATA_BUFFER, 0);
        if (index >= thm_fb_len(v->m, thm_fb_ref(v->m, v->m->root, MODEL_BUFFERS)))
            return refuse(v, THM_NN_EMALFORMED, "a metadata buffer index is out of range", table);
    }
    return THM_NN_OK;
}

static enum thm_nn_err check_model(struct verifier *v)
{
    uint64_t root;
    enum thm_nn_err err = need(v, 0, 8);
    if (err)
        return err;
    if (memcmp(v->m->data + 4, "TFL3", 4) != 0)
        return refuse(v, THM_NN_EMALFORMED, "the file identifier is not TFL3", 4);
    if ((err = follow(v, 0, &root)) != THM_NN_OK || (err = check_table(v, root, &model_rule)) != THM_NN_OK)
        return err;
    v->m->root = (uint32_t)root;
    if (thm_fb_i32(v->m, v->m->root, MODEL_VERSION, 0) != 3)
        return refuse(v, THM_NN_ESCHEMA, "the schema version is not 3", root);
    v->m->subgraphs = thm_fb_len(v->m, thm_fb_ref(v->m, v->m->root, MODEL_SUBGRAPHS));
    if (v->m->subgraphs == 0)
        return refuse(v, THM_NN_EMALFORMED, "the model has no subgraph", root);
    err = check_buffers(v);
    for (uint32_t i = 0; !err && i < v->m->subgraphs; i++)
        err = check_subgraph(v, i);
    return err;
}

enum thm_nn_err thm_model_open(struct thm_model *m, const void *data, size_t size, struct thm_nn_diag *diag)
{
    struct thm_nn_diag unused = { 0 };
    struct verifier v = { .m = m, .diag = diag ? diag : &unused };
    *v.diag = (struct thm_nn_diag){ .subgraph = -1, .op = -1, .tensor = -1 };
    if (size > UINT32_MAX - 8)
        return refuse(&v, THM_NN_EMALFORMED, "the file is larger than 4 GB", 0);
    if ((uintptr_t)data % 4)
        return refuse(&v, THM_NN_EUSE, "the model does not lie at a multiple of 4 bytes", 0);
    *m = (struct thm_model){ .data = data, .size = (uint32_t)size };
    v.budget = 16 * (uint64_t)size + 1024;
    return check_model(&v);
}
