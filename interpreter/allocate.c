/* interpreter/allocate.c -- AllocateTensors(), in the order of the reference runtime, because with alignment the order
 * decides the padding. Source: tensorflow/lite/micro/micro_allocator.cc (tflite-micro 90b983c) and measurements. */
#include "interpreter/context.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

_Static_assert(sizeof(struct eval_tensor) <= THM_BYTES_EVAL_TENSOR, "eval tensor");
_Static_assert(sizeof(struct node_record) <= THM_BYTES_NODE, "node");
_Static_assert(sizeof(struct subgraph_record) <= THM_BYTES_SUBGRAPH, "subgraph");
_Static_assert(sizeof(struct scratch_request) <= THM_BYTES_SCRATCH_REQUEST, "scratch request");
_Static_assert(sizeof(struct allocation_info) <= THM_BYTES_ALLOCATION_INFO, "allocation info");
_Static_assert(sizeof(struct variables_record) <= THM_BYTES_VARIABLES, "resource variables");
_Static_assert(sizeof(struct variable_record) <= THM_BYTES_VARIABLE, "resource variable");
_Static_assert(sizeof(struct context) <= sizeof((struct thm_interpreter *)0)->priv, "private part");

/* The operators of all subgraphs, one after another. */
struct cursor {
    struct thm_interpreter *it;
    struct thm_nn_diag *diag;
    struct context *c;
};

/* Where the reference does not look at the result and stores through the null pointer. */
static enum thm_nn_err take_unchecked(struct cursor *k, const char *what, uint64_t bytes, uint32_t align,
                                      uint32_t *offset)
{
    if (thm_arena_tail(&k->c->arena, bytes, align, offset))
        return THM_NN_OK;
    k->diag->device_crashes = 1;
    return thm_fail_arena(k->it, k->diag, what, bytes);
}

static enum thm_nn_err take(struct cursor *k, const char *what, uint64_t bytes, uint32_t align, uint32_t *offset)
{
    if (thm_arena_tail(&k->c->arena, bytes, align, offset))
        return THM_NN_OK;
    return thm_fail_arena(k->it, k->diag, what, bytes);
}

/* The application makes the manager of resource variables before it makes the interpreter. */
static enum thm_nn_err take_variable_slots(struct cursor *k)
{
    static const char what[] = "no room for the table of resource variables";
    uint32_t count = thm_variable_slots(k->it), slots;
    if (count == 0)
        return THM_NN_OK;
    enum thm_nn_err err = take_unchecked(k, what, THM_BYTES_VARIABLES, 16, &k->c->variables);
    if (!err)
        err = take(k, what, THM_BYTES_VARIABLE * (uint64_t)count, 16, &slots);
    if (!err)
        *(struct variables_record *)in_arena(k->c, k->c->variables) = (struct variables_record){ slots, count, 0 };
    return err;
}

static enum thm_nn_err release_temps(struct cursor *k)
{
    uint64_t table = thm_requests_bytes(k->c);
    if (thm_arena_reset_temp(&k->c->arena, table))
        return THM_NN_OK;
    return thm_fail_head(k->it, k->diag, "no room for the table of scratch requests", table);
}

static const char no_objects[] = "no room for the allocator's own objects";

/* MicroAllocator::Create(): once an arena, however many models share it. */
static enum thm_nn_err create_allocator(struct cursor *k)
{
    static const uint8_t one[] = { THM_BYTES_ARENA_ALLOCATOR, THM_BYTES_PLANNER, THM_BYTES_MICRO_ALLOCATOR, 0 };
    static const uint8_t two[] = { THM_BYTES_PERSISTENT_ALLOCATOR, THM_BYTES_HEAD_ALLOCATOR, THM_BYTES_PLANNER,
                                   THM_BYTES_MICRO_ALLOCATOR, 0 };
    struct context *c = k->c;
    uint32_t unused;
    enum thm_nn_err err = THM_NN_OK;
    if (c->persistent)
        thm_arena_init_split(&c->arena, k->it->arena, k->it->arena_size, c->persistent, c->persistent_size);
    else
        thm_arena_init(&c->arena, k->it->arena, k->it->arena_size);
    for (const uint8_t *bytes = c->persistent ? two : one; *bytes && !err; bytes++)
        err = take_unchecked(k, no_objects, *bytes, 4, &unused);
    return err;
}

static enum thm_nn_err take_objects(struct cursor *k)
{
    uint32_t unused;
    enum thm_nn_err err = take_variable_slots(k);
    if (!err)
        err = take_unchecked(k, no_objects, THM_BYTES_OPTIONS_ALLOCATOR, 4, &unused);
    return err ? err : release_temps(k); /* the first table of scratch requests */
}

static enum thm_nn_err start_tensor(struct cursor *k, uint32_t subgraph, uint32_t i, struct eval_tensor *t)
{
    struct thm_tensor_info info;
    uint32_t table = thm_model_tensor_table(k->it->model, subgraph, i);
    thm_model_tensor_at(k->it->model, table, &info);
    *t = (struct eval_tensor){ .table = table, .type = (uint8_t)info.type, .variable = info.is_variable != 0 };
    if (info.data) {
        t->place = PLACE_MODEL;
        t->data = (uint32_t)(info.data - k->it->model->data);
    }
    if (info.rank <= THM_MAX_RANK)
        return THM_NN_OK;
    thm_diag_tensor(k->it, k->diag, subgraph, i);
    k->diag->what = "a tensor has more than 6 dimensions";
    return k->diag->err = THM_NN_EUNSUPPORTED;
}

static enum thm_nn_err take_tensors(struct cursor *k, uint32_t subgraph)
{
    uint32_t count = thm_model_tensors(k->it->model, subgraph);
    uint32_t *at = &thm_subgraph_at(k->c, subgraph)->tensors;
    enum thm_nn_err err = take(k, "no room for the tensor array", (uint64_t)count * THM_BYTES_EVAL_TENSOR, 4, at);
    for (uint32_t i = 0; i < count && !err; i++)
        err = start_tensor(k, subgraph, i, thm_eval_tensor_at(k->c, subgraph, i));
    k->c->tensors += count;
    return err;
}

static enum thm_nn_err take_nodes(struct cursor *k, uint32_t subgraph)
{
    const struct thm_model *m = k->it->model;
    uint32_t count = thm_model_ops(m, subgraph);
    uint32_t *at = &thm_subgraph_at(k->c, subgraph)->nodes;
    enum thm_nn_err err = take(k, "no room for the operator array", (uint64_t)count * THM_BYTES_NODE, 4, at);
    for (uint32_t i = 0; i < count && !err; i++) {
        struct node_record *r = thm_node_record_at(k->c, subgraph, i);
        uint32_t table = thm_model_op_table(m, subgraph, i);
        *r = (struct node_record){ .table = table,
                                   .inputs = thm_fb_ref(m, table, OPERATOR_INPUTS),
                                   .outputs = thm_fb_ref(m, table, OPERATOR_OUTPUTS) };
    }
    return err;
}

static enum thm_nn_err take_arrays(struct cursor *k)
{
    uint32_t subgraphs = k->it->model->subgraphs;
    enum thm_nn_err err =
        take(k, "no room for the subgraph array", (uint64_t)subgraphs * THM_BYTES_SUBGRAPH, 4, &k->c->subgraphs);
    for (uint32_t s = 0; s < subgraphs && !err; s++)
        err = take_tensors(k, s);
    for (uint32_t s = 0; s < subgraphs && !err; s++)
        err = take_nodes(k, s);
    return err;
}

/* Run one step for every operator of every subgraph. */
static enum thm_nn_err for_each_op(struct cursor *k, enum thm_nn_err (*step)(struct cursor *, struct thm_node *))
{
    for (uint32_t s = 0; s < k->it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(k->it->model, s); i++) {
            struct thm_node n;
            thm_node_open(k->it, s, i, k->diag, &n);
            enum thm_nn_err err = step(k, &n);
            if (err) {
                thm_diag_op(k->it, k->diag, s, i);
                return err;
            }
        }
    return THM_NN_OK;
}

static bool is_registered(const struct context *c, const char *name)
{
    bool found = !c->operators;
    for (uint32_t i = 0; i < c->operator_count && !found; i++)
        found = thm_same_text(c->operators[i], name);
    return found;
}

static enum thm_nn_err find_op(struct cursor *k, struct thm_node *n)
{
    if (!n->op)
        return thm_refuse(n, THM_NN_EOP, "there is no kernel for it");
    return is_registered(k->c, n->op->name) ? THM_NN_OK
                                            : thm_refuse(n, THM_NN_EOP, "the firmware does not register it");
}

static void parse_options(struct thm_node *n, uint8_t *block, uint32_t bytes)
{
    const struct thm_model *m = n->it->model;
    bool present = thm_fb_u8(m, n->table, OPERATOR_OPTIONS_TYPE, 0) == n->op->options_type;
    uint32_t table = present ? thm_fb_ref(m, n->table, OPERATOR_OPTIONS) : 0;
    memset(block, 0, bytes);
    for (uint32_t i = 0; i < n->op->fields; i++) {
        const struct thm_option_field *f = &n->op->field[i];
        int32_t value = f->value;
        uint32_t at = thm_fb_field(m, table, f->id);
        if (at)
            memcpy(&value, m->data + at, f->width);
        memcpy(block + f->at, &value, f->width); /* the low byte comes first */
    }
}

static enum thm_nn_err take_options(struct cursor *k, struct thm_node *n)
{
    struct node_record *r = thm_node_record_at(k->c, n->subgraph, n->index);
    uint32_t bytes = n->op->options.of[k->it->layout->index];
    uint32_t align = bytes <= 3 || bytes == 5 ? 1 : 4; /* structs of single bytes */
    if (bytes == 0)
        return THM_NN_OK;
    enum thm_nn_err err = take_unchecked(k, "no room for an operator's options", bytes, align, &r->options);
    if (!err)
        parse_options(n, in_arena(k->c, r->options), bytes);
    return err;
}

/* The reference goes on without the block: all other operators are initialised, then prepared, until one finds no room
 * for its temporary tensors, or the one without data stores into it. Most often there is no room even for the first. */
static enum thm_nn_err lose_op_data(struct cursor *k, const struct thm_node *lost)
{
    k->diag->device_crashes = lost->subgraph == 0 && lost->index == 0 && thm_take_temps(lost);
    return THM_NN_EARENA;
}

static enum thm_nn_err init_op(struct cursor *k, struct thm_node *n)
{
    struct node_record *r = thm_node_record_at(k->c, n->subgraph, n->index);
    uint32_t bytes = thm_library_data_bytes(n);
    if (bytes) {
        n->data = thm_node_persistent(n, bytes, &r->data);
        if (!n->data)
            return lose_op_data(k, n);
        memset(n->data, 0, bytes);
    }
    return n->op->init ? n->op->init(n) : THM_NN_OK;
}

static enum thm_nn_err check_outputs(struct thm_node *n)
{
    struct thm_value v;
    for (uint32_t i = 0; thm_node_output(n, i, &v); i++)
        if (v.constant)
            return thm_refuse_tensor(n, THM_NN_EMALFORMED, "an operator would write to constant data", &v);
    return THM_NN_OK;
}

static enum thm_nn_err try_prepare(struct cursor *k, struct thm_node *n)
{
    enum thm_nn_err err = check_outputs(n); /* first: after EARENA prepare() may be tried once more */
    if (err)
        return err;
    if (!thm_take_temps(n))
        return thm_fail_head(k->it, k->diag, "no room for an operator's temporary tensors", k->it->layout->io_tensor);
    if (n->op->prepare)
        err = n->op->prepare(n);
    return err ? err : thm_library_memory(n);
}

static enum thm_nn_err prepare_op(struct cursor *k, struct thm_node *n)
{
    struct node_record *r = thm_node_record_at(k->c, n->subgraph, n->index);
    enum thm_nn_err err = release_temps(k);
    r->scratch = k->c->requests;
    if (err)
        return err;
    uint32_t tail = k->c->arena.tail;
    err = try_prepare(k, n);
    if (err == THM_NN_EARENA) {
        k->c->requests = r->scratch;
        k->c->arena.tail = tail;
        r->scratches = 0;
        k->diag->device_crashes = thm_prepare_crashes(n);
    }
    return err;
}

/* The reference does not see that variables reach into the tables of the planner, whose room is then less than nothing
 * and taken for huge; it only sees when they reach the table of requests. In: the first tensor that did not fit. */
static bool variables_overlap(struct cursor *k, uint32_t s, uint32_t i)
{
    const struct allocation_info *info = in_arena(k->c, k->c->info);
    struct thm_arena a = k->c->arena;
    uint32_t unused, skip = i;
    if (a.persistent || !thm_arena_reset_temp(&a, thm_requests_bytes(k->c)))
        return false;
    for (uint32_t before = 0; before < s; before++)
        skip += thm_model_tensors(k->it->model, before);
    for (info += skip; s < k->it->model->subgraphs; s++, i = 0)
        for (; i < thm_model_tensors(k->it->model, s); i++, info++) {
            const struct eval_tensor *t = thm_eval_tensor_at(k->c, s, i);
            if (t->variable && t->place != PLACE_MODEL && !info->planned && info->bytes &&
                !thm_arena_tail(&a, info->bytes, 16, &unused))
                return false;
        }
    return true;
}

static enum thm_nn_err take_variables(struct cursor *k)
{
    const struct allocation_info *info = in_arena(k->c, k->c->info);
    enum thm_nn_err err = THM_NN_OK;
    for (uint32_t s = 0; s < k->it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(k->it->model, s) && !err; i++, info++) {
            struct eval_tensor *t = thm_eval_tensor_at(k->c, s, i);
            if (!t->variable || t->place != PLACE_NONE || info->planned || info->bytes == 0)
                continue;
            err = take(k, "no room for a variable tensor", info->bytes, 16, &t->data);
            t->place = PLACE_ARENA;
            if (err) {
                thm_diag_tensor(k->it, k->diag, s, i);
                k->diag->device_crashes = variables_overlap(k, s, i);
            }
        }
    return err;
}

static enum thm_nn_err take_planning_tables(struct cursor *k)
{
    struct context *c = k->c;
    uint64_t requests = thm_requests_bytes(c);
    uint64_t infos = THM_BYTES_ALLOCATION_INFO * ((uint64_t)c->tensors + c->requests);
    if (thm_arena_reset_temp(&c->arena, requests) &&
        thm_arena_temp(&c->arena, 4 * (uint64_t)k->it->model->subgraphs, 4, &c->bases) &&
        thm_arena_temp(&c->arena, infos, 4, &c->info))
        return THM_NN_OK;
    return thm_fail_head(k->it, k->diag, "no room for the lifetimes of the tensors", infos);
}

static uint32_t count_planned(const struct context *c)
{
    const struct allocation_info *info = in_arena(c, c->info);
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->tensors + c->requests; i++)
        n += info[i].planned;
    return n;
}

/* Pointer array and objects of the inputs (side 0) or outputs (1) of the first subgraph, in any arena. */
static bool take_io(const struct cursor *k, struct thm_arena *a, int side, uint32_t *at)
{
    const struct thm_model *m = k->it->model;
    uint32_t count = side ? thm_model_outputs(m, 0) : thm_model_inputs(m, 0), unused;
    if (!thm_arena_tail(a, (uint64_t)count * 4, 16, at))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct thm_tensor_info t;
        thm_model_tensor(m, 0, (uint32_t)(side ? thm_model_output(m, 0, i) : thm_model_input(m, 0, i)), &t);
        if (!thm_arena_tail(a, k->it->layout->io_tensor, 4, &unused))
            return false;
        if (t.scales && t.zero_points &&
            (!thm_arena_tail(a, THM_BYTES_AFFINE, 4, &unused) ||
             !thm_arena_tail(a, 4 + 4 * (uint64_t)t.scales, 4, &unused)))
            return false;
    }
    return true;
}

/* The smallest arena, now that the head is known: the rest of the tail is counted in an arena without memory.
 * With two arenas: that of the head; the persistent one's goes to the context. */
static uint32_t smallest_arena(const struct cursor *k, uint64_t head)
{
    const struct thm_arena *real = &k->c->arena;
    struct thm_arena a = { .border = UINT32_MAX, .size = (UINT32_C(1) << 31) + real->size % 16, .skew = real->skew };
    uint32_t unused;
    a.tail = a.size - thm_arena_tail_bytes(real);
    if (head > INT32_MAX || !take_io(k, &a, 0, &unused) || !take_io(k, &a, 1, &unused))
        return 0;
    uint64_t least = head + (k->c->persistent ? 0 : thm_arena_tail_bytes(&a));
    if (k->c->persistent)
        k->c->persistent_min = (uint32_t)thm_round_up16(thm_arena_tail_bytes(&a));
    if (least < real->peak)
        least = real->peak;
    return (uint32_t)thm_round_up16(least);
}

/* The planned buffer that reaches highest names the problem when the head does not fit. */
static void name_highest(struct cursor *k)
{
    const struct allocation_info *info = in_arena(k->c, k->c->info), *highest = NULL;
    uint32_t base = 0;
    for (uint32_t s = 0; s < k->it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(k->it->model, s); i++, base++) {
            const struct allocation_info *a = &info[base];
            if (!a->planned ||
                (highest && (uint64_t)a->offset + a->bytes <= (uint64_t)highest->offset + highest->bytes))
                continue;
            highest = a;
            thm_diag_tensor(k->it, k->diag, s, i);
        }
}

/* Give every planned buffer its place in the head. */
static void commit(struct cursor *k)
{
    const struct allocation_info *info = in_arena(k->c, k->c->info);
    uint32_t start = k->c->arena.start;
    for (uint32_t s = 0; s < k->it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(k->it->model, s); i++, info++) {
            struct eval_tensor *t = thm_eval_tensor_at(k->c, s, i);
            if (!info->planned)
                continue;
            t->place = PLACE_ARENA;
            t->data = start + info->offset;
        }
    for (uint32_t i = 0; i < k->c->requests; i++) {
        uint32_t at = start + info[i].offset;
        memcpy((uint8_t *)in_arena(k->c, k->c->handles) + 4 * (size_t)i, &at, 4);
    }
}

static enum thm_nn_err plan_head(struct cursor *k)
{
    struct thm_arena *a = &k->c->arena;
    uint32_t work, planned = count_planned(k->c);
    uint64_t bytes = THM_BYTES_PLANNED * (uint64_t)planned, padding = (a->skew + (uint64_t)thm_arena_end(a)) % 16;
    k->diag->device_crashes = padding > thm_arena_gap(a); /* see variables_overlap() */
    if (padding > thm_arena_gap(a) || !thm_arena_temp(a, 0, 16, &work) || thm_arena_gap(a) < bytes + padding)
        return thm_fail_head(k->it, k->diag, "no room for the planner's tables", bytes);
    uint64_t peak = thm_arena_beside(a) + padding + (work - a->start) + bytes;
    if (peak > a->peak)
        a->peak = (uint32_t)peak;
    uint64_t head =
        thm_plan_greedy(in_arena(k->c, k->c->info), k->c->tensors + k->c->requests, planned, in_arena(k->c, work));
    thm_show_buffers(k->it);
    if (head < k->c->others)
        head = k->c->others;
    k->c->arena_min = smallest_arena(k, head);
    if (a->start + head > thm_arena_end(a)) {
        name_highest(k);
        thm_fail_head(k->it, k->diag, "no room for the tensors", head);
        k->diag->have = thm_arena_end(a) - a->start;
        return THM_NN_EARENA;
    }
    commit(k); /* before the head overwrites the tables */
    thm_arena_set_head(a, head);
    return THM_NN_OK;
}

static enum thm_nn_err take_all_io(struct cursor *k)
{
    for (int side = 0; side < 2; side++)
        if (!take_io(k, &k->c->arena, side, &k->c->io[side]))
            return thm_fail_arena(k->it, k->diag, "no room for the input and output tensors' objects",
                                  k->it->layout->io_tensor);
    return THM_NN_OK;
}

static enum thm_nn_err plan(struct cursor *k)
{
    uint64_t handles = THM_BYTES_HANDLE * (uint64_t)k->c->requests;
    enum thm_nn_err err = release_temps(k);
    if (handles && !err)
        err = take(k, "no room for the scratch buffer handles", handles, 4, &k->c->handles);
    if (!err)
        err = take_planning_tables(k);
    if (!err)
        err = thm_lifetimes(k->it, k->diag);
    if (!err)
        err = take_variables(k);
    if (!err)
        err = plan_head(k);
    return err ? err : take_all_io(k);
}

enum thm_nn_err thm_allocate(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    static enum thm_nn_err (*const steps[])(struct cursor *, struct thm_node *) = { find_op, take_options, init_op,
                                                                                    prepare_op };
    struct cursor k = { it, diag, context_of(it) };
    enum thm_nn_err err = k.c->arena.base ? THM_NN_OK : create_allocator(&k);
    if (!err)
        err = take_objects(&k);
    if (!err)
        err = take_arrays(&k);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !err; i++)
        err = for_each_op(&k, steps[i]);
    return err ? err : plan(&k);
}
