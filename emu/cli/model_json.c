/* emu/cli/model_json.c -- the JSON object of `thimble model`; thimble-model(1) lists its keys. */
#include "emu/cli/model_facts.h"
#include <string.h>

static json_t *text(const char *name, uint32_t len)
{
    json_t *s = json_stringn(name ? name : "", name ? len : 0);
    return s ? s : json_string("?"); /* not UTF-8 */
}

static json_t *tensors(const struct thm_model_facts *f, uint32_t count,
                       int32_t (*at)(const struct thm_model *, uint32_t, uint32_t))
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        struct thm_tensor_view v = thm_model_facts_tensor(f, 0, (uint32_t)at(&f->model, 0, i));
        json_array_append_new(list, thm_tensor_json_type(&v));
    }
    return list;
}

static json_t *work(const struct thm_work *w)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "type", thm_type_name(w->type), "elements",
                     (json_int_t)w->elements, "pixels", (json_int_t)w->pixels, "taps", (json_int_t)w->taps, "inputs",
                     (json_int_t)w->inputs, "constants", (json_int_t)w->constants);
}

static json_t *operator(const struct thm_model_facts *f, uint32_t subgraph, uint32_t i)
{
    struct thm_op_info op;
    const struct thm_work *w = thm_memory_plan_work(&f->plan, subgraph, i);
    thm_model_op(&f->model, subgraph, i, &op);
    json_t *o = json_pack("{s:I, s:I, s:o, s:b}", "subgraph", (json_int_t)subgraph, "index", (json_int_t)i, "name",
                          text(op.name, op.name_len), "in_tflm", (int)op.available);
    if (op.output >= 0) {
        struct thm_tensor_view v = thm_model_facts_tensor(f, subgraph, (uint32_t)op.output);
        json_object_set_new(o, "output", thm_tensor_json_type(&v));
    }
    if (w) {
        json_object_set_new(o, "macs", json_integer((json_int_t)w->macs));
        json_object_set_new(o, "work", work(w));
    }
    return o;
}

static json_t *operators(const struct thm_model_facts *f)
{
    json_t *list = json_array();
    for (uint32_t s = 0; s < f->model.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(&f->model, s); i++)
            json_array_append_new(list, operator(f, s, i));
    return list;
}

static json_t *not_in_tflm(const struct thm_model_facts *f)
{
    json_t *list = json_array();
    struct thm_op_info op;
    for (uint32_t s = 0; s < f->model.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(&f->model, s); i++)
            if (thm_model_facts_missing(f, s, i, &op))
                json_array_append_new(list, text(op.name, op.name_len));
    return list;
}

static json_t *buffer(const struct thm_model_facts *f, const struct thm_planned_buffer *b)
{
    json_t *o = json_pack("{s:I, s:I, s:I}", "subgraph", (json_int_t)b->subgraph, "bytes", (json_int_t)b->bytes,
                          "offset", (json_int_t)b->offset);
    if (b->tensor < 0) {
        json_object_set_new(o, "scratch_of", json_integer(b->op));
        return o;
    }
    struct thm_tensor_view v = thm_model_facts_tensor(f, b->subgraph, (uint32_t)b->tensor);
    json_object_set_new(o, "tensor", json_integer(b->tensor));
    json_object_set_new(o, "name", text(v.name, v.name_len));
    return o;
}

static json_t *peak(const struct thm_model_facts *f)
{
    const struct thm_memory_plan *p = &f->plan;
    const struct thm_planned_op *running = thm_memory_plan_running(p, p->peak);
    json_t *o = json_object(), *alive = json_array();
    if (running) {
        json_object_set_new(o, "subgraph", json_integer(running->subgraph));
        json_object_set_new(o, "operator", json_integer(running->op));
    }
    for (size_t i = 0; i < p->buffer_count; i++)
        if (thm_planned_alive(&p->buffers[i], p->peak))
            json_array_append_new(alive, buffer(f, &p->buffers[i]));
    json_object_set_new(o, "bytes", json_integer((json_int_t)p->peak_bytes));
    json_object_set_new(o, "alive", alive);
    return o;
}

static void add_plan(const struct thm_model_facts *f, json_t *o)
{
    const struct thm_arena_stats *s = &f->plan.arena;
    json_t *figures = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "macs", (json_int_t)f->macs, "arena_used_bytes",
                                (json_int_t)s->used, "min_arena_bytes", (json_int_t)s->min, "head_bytes",
                                (json_int_t)s->head, "tail_bytes", (json_int_t)s->tail, "peak", peak(f));
    json_object_update(o, figures);
    json_decref(figures);
    s = &f->offline.after;
    if (f->offline.data)
        json_object_set_new(o, "offline_plan",
                            json_pack("{s:I, s:I, s:I, s:I}", "file_bytes", (json_int_t)f->offline.bytes,
                                      "arena_used_bytes", (json_int_t)s->used, "min_arena_bytes", (json_int_t)s->min,
                                      "head_bytes", (json_int_t)s->head));
}

json_t *thm_model_facts_json(const struct thm_model_facts *f)
{
    char why[512];
    json_t *o = json_pack("{s:o, s:s, s:s, s:b}", "model", text(f->name, (uint32_t)strlen(f->name)), "layout",
                          thm_layout_name(f->layout), "kernels", thm_kernel_library_name(f->kernels), "accepted",
                          f->refused == THM_NN_OK);
    if (f->refused) {
        thm_nn_message(&f->diag, why, sizeof why);
        json_object_set_new(o, "refused", json_string(why));
    }
    if (f->opened) {
        json_object_set_new(o, "file_bytes", json_integer(f->model.size));
        json_object_set_new(o, "inputs", tensors(f, thm_model_inputs(&f->model, 0), thm_model_input));
        json_object_set_new(o, "outputs", tensors(f, thm_model_outputs(&f->model, 0), thm_model_output));
        json_object_set_new(o, "operators", operators(f));
        json_object_set_new(o, "not_in_tflm", not_in_tflm(f));
        json_object_set_new(o, "constants", json_integer((json_int_t)f->constants));
        json_object_set_new(o, "constant_bytes", json_integer((json_int_t)f->constant_bytes));
    }
    if (!f->refused)
        add_plan(f, o);
    if (f->refusing_boards)
        json_object_set(o, "refusing_boards", f->refusing_boards);
    return o;
}
