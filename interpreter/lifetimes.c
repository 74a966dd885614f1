/* interpreter/lifetimes.c -- from when to when each buffer of the head is used.
 *
 * The clock starts at 0, before the first operator; every operator adds 1. An operator that runs subgraphs adds 1 for
 * each and walks it, so that what it keeps lives as long as they run.
 * Source: tensorflow/lite/micro/micro_allocation_info.cc (tflite-micro 90b983c). */
#include "interpreter/context.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

#define CLOCK_MAX 1000000u /* subgraphs that call each other may multiply */

static struct allocation_info *info_of(struct context *c, uint32_t subgraph, int32_t tensor)
{
    uint32_t base = ((uint32_t *)in_arena(c, c->bases))[subgraph];
    return (struct allocation_info *)in_arena(c, c->info) + base + (uint32_t)tensor;
}

static void begin(struct context *c, struct allocation_info *a)
{
    if (a->first < 0)
        a->first = (int32_t)c->clock;
}

static void use(struct context *c, struct allocation_info *a)
{
    a->last = (int32_t)c->clock;
}

static void use_all(struct thm_interpreter *it, uint32_t subgraph, uint32_t vector, bool creates)
{
    struct context *c = context_of(it);
    for (uint32_t i = 0; i < thm_fb_len(it->model, vector); i++) {
        int32_t tensor = thm_fb_i32_at(it->model, vector, i);
        if (tensor < 0)
            continue;
        struct allocation_info *a = info_of(c, subgraph, tensor);
        if (creates)
            begin(c, a);
        use(c, a);
    }
}

static enum thm_nn_err walk(struct thm_interpreter *it, uint32_t subgraph, struct thm_nn_diag *diag);

static enum thm_nn_err walk_called(struct thm_node *n)
{
    struct context *c = context_of(n->it);
    uint32_t subgraph[2], count = n->op->calls ? n->op->calls(n, subgraph) : 0;
    enum thm_nn_err err = THM_NN_OK;
    if (count && (c->depth >= THM_MAX_DEPTH || c->clock > CLOCK_MAX))
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "subgraphs call each other without end");
    c->depth++;
    for (uint32_t i = 0; i < count && !err; i++) {
        c->clock++;
        err = walk(n->it, subgraph[i], n->diag);
    }
    c->depth--;
    return err;
}

static void walk_scratch(struct context *c, const struct node_record *r, uint32_t from)
{
    struct allocation_info *a = (struct allocation_info *)in_arena(c, c->info) + c->tensors + r->scratch;
    for (uint32_t i = 0; i < r->scratches; i++) {
        a[i].first = (int32_t)from;
        a[i].last = (int32_t)c->clock;
    }
}

static enum thm_nn_err walk(struct thm_interpreter *it, uint32_t subgraph, struct thm_nn_diag *diag)
{
    struct context *c = context_of(it);
    uint32_t table = thm_model_subgraph_table(it->model, subgraph);
    use_all(it, subgraph, thm_fb_ref(it->model, table, SUBGRAPH_INPUTS), true);
    for (uint32_t i = 0; i < thm_model_ops(it->model, subgraph); i++) {
        struct thm_node n;
        uint32_t from = ++c->clock;
        thm_node_open(it, subgraph, i, diag, &n);
        use_all(it, subgraph, n.output_vector, true);
        enum thm_nn_err err = walk_called(&n);
        if (err)
            return err;
        use_all(it, subgraph, n.input_vector, false);
        use_all(it, subgraph, n.output_vector, false);
        walk_scratch(c, thm_node_record_at(c, subgraph, i), from);
        thm_show_op(&n, from);
    }
    use_all(it, subgraph, thm_fb_ref(it->model, table, SUBGRAPH_OUTPUTS), false);
    return THM_NN_OK;
}

/* Offsets that the model fixes: metadata "OfflineMemoryAllocation": version, subgraph, count, one offset a tensor. */
static enum thm_nn_err offline_plan(struct thm_interpreter *it, const uint8_t **offsets, struct thm_nn_diag *diag)
{
    static const char name[] = "OfflineMemoryAllocation";
    uint32_t bytes = 0;
    const uint8_t *plan = thm_model_metadata(it->model, name, sizeof name - 1, &bytes);
    *offsets = NULL;
    if (!plan)
        return THM_NN_OK;
    uint32_t tensors = context_of(it)->tensors;
    if (bytes / 4 < 3 || thm_load32(plan + 8) != tensors || bytes / 4 - 3 < tensors) {
        diag->what = "the offline memory plan does not have one offset for each tensor";
        return diag->err = THM_NN_EMALFORMED;
    }
    *offsets = plan + 12;
    for (uint32_t i = 0; i < tensors; i++) {
        int32_t at = thm_load_i32(*offsets + 4 * i);
        if (at != -1 && (at < 0 || at % 4)) {
            diag->what = "an offset of the offline memory plan is negative or not a multiple of 4";
            return diag->err = THM_NN_EMALFORMED;
        }
    }
    return THM_NN_OK;
}

/* Variable tensors go to the tail unless the offline plan places them. The reference looks up the plan with the index
 * within the subgraph there, not the running one. */
static bool in_head(const struct eval_tensor *t, const uint8_t *offsets, uint32_t tensor)
{
    if (t->place != PLACE_NONE)
        return false;
    return !t->variable || (offsets && thm_load_i32(offsets + 4 * tensor) != -1);
}

static void start_subgraph(struct thm_interpreter *it, uint32_t subgraph, uint32_t base, const uint8_t *offsets)
{
    struct context *c = context_of(it);
    for (uint32_t i = 0; i < thm_model_tensors(it->model, subgraph); i++) {
        const struct eval_tensor *t = thm_eval_tensor_at(c, subgraph, i);
        struct thm_tensor_info tensor;
        thm_model_tensor_at(it->model, t->table, &tensor);
        uint32_t bytes = (uint32_t)thm_shape_elements(tensor.shape, tensor.rank) * thm_type_size(tensor.type);
        *info_of(c, subgraph, (int32_t)i) = (struct allocation_info){
            .bytes = bytes,
            .first = -1,
            .last = -1,
            .planned = bytes && in_head(t, offsets, i),
            .offline = offsets ? thm_load_i32(offsets + 4 * (base + i)) : -1,
        };
    }
}

static void start_scratch(struct context *c)
{
    const struct scratch_request *r = in_arena(c, c->arena.start);
    struct allocation_info *a = (struct allocation_info *)in_arena(c, c->info) + c->tensors;
    for (uint32_t i = 0; i < c->requests; i++)
        a[i] = (struct allocation_info){
            .bytes = r[i].bytes, .first = -1, .last = -1, .offline = -1, .planned = 1
        }; /* also if it has 0 bytes */
}

enum thm_nn_err thm_lifetimes(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    struct context *c = context_of(it);
    const uint8_t *offsets;
    enum thm_nn_err err = offline_plan(it, &offsets, diag);
    if (err)
        return err;
    for (uint32_t s = 0, base = 0; s < it->model->subgraphs; base += thm_model_tensors(it->model, s++)) {
        ((uint32_t *)in_arena(c, c->bases))[s] = base;
        start_subgraph(it, s, base, offsets);
    }
    start_scratch(c);
    c->clock = c->depth = 0;
    return walk(it, 0, diag);
}
