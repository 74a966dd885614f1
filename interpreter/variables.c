/* interpreter/variables.c -- resource variables: named storage that all subgraphs share and that outlives an
 * invocation. Source: tensorflow/lite/micro/micro_resource_variable.cc (tflite-micro 90b983c). */
#include "interpreter/context.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"

#define VAR_HANDLE 142u /* its builtin code */

static struct variables_record *manager(struct context *c)
{
    return c->variables ? in_arena(c, c->variables) : NULL;
}

static struct variable_record *record_at(struct context *c, uint32_t i)
{
    return (struct variable_record *)in_arena(c, manager(c)->slots) + i;
}

uint32_t thm_variable_slots(struct thm_interpreter *it)
{
    struct thm_op_identity id;
    uint32_t count = 0;
    if (context_of(it)->slots_chosen)
        return context_of(it)->slots;
    for (uint32_t s = 0; s < it->model->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(it->model, s); i++) {
            thm_op_identity(it->model, thm_model_op_table(it->model, s, i), &id);
            count += id.code == VAR_HANDLE;
        }
    return count;
}

void thm_variables_reset(struct thm_interpreter *it)
{
    struct context *c = context_of(it);
    const struct variables_record *m = manager(c);
    for (uint32_t i = 0; m && i < m->used; i++)
        if (record_at(c, i)->bytes)
            memset(in_arena(c, record_at(c, i)->data), record_at(c, i)->initial, record_at(c, i)->bytes);
}

static bool same_string(const struct thm_model *m, uint32_t a, uint32_t b)
{
    uint32_t len = thm_fb_len(m, a);
    return len == thm_fb_len(m, b) && (len == 0 || memcmp(thm_fb_data(m, a), thm_fb_data(m, b), len) == 0);
}

enum thm_nn_err thm_variable_create(struct thm_node *n, uint32_t container, uint32_t name, int32_t *id)
{
    const struct thm_model *model = n->it->model;
    struct context *c = context_of(n->it);
    struct variables_record *m = manager(c);
    if (!m)
        return thm_refuse(n, THM_NN_EUNSUPPORTED, "the application has made no room for resource variables");
    for (uint32_t i = 0; i < m->used; i++)
        if ((container == 0 || same_string(model, container, record_at(c, i)->container)) &&
            same_string(model, name, record_at(c, i)->name)) {
            *id = (int32_t)i;
            return THM_NN_OK;
        }
    if (m->used == m->room)
        return thm_refuse(n, THM_NN_EUNSUPPORTED,
                          "there are more resource variables than the application has made room for");
    *id = (int32_t)m->used++;
    *record_at(c, (uint32_t)*id) = (struct variable_record){ .container = container, .name = name };
    return THM_NN_OK;
}

static struct variable_record *find(struct thm_node *n, enum thm_nn_err err, int32_t id)
{
    struct context *c = context_of(n->it);
    if (manager(c) && id >= 0 && (uint32_t)id < manager(c)->used)
        return record_at(c, (uint32_t)id);
    thm_refuse(n, err, "the resource variable does not exist");
    return NULL;
}

enum thm_nn_err thm_variable_give(struct thm_node *n, int32_t id, const struct thm_value *value)
{
    struct variable_record *r = find(n, THM_NN_ESHAPE, id);
    struct thm_quant q;
    if (!r)
        return THM_NN_ESHAPE;
    if (r->bytes || value->bytes == 0)
        return THM_NN_OK;
    void *data = thm_node_persistent(n, value->bytes, &r->data);
    if (!data)
        return THM_NN_EARENA;
    thm_node_quant(n, value, &q);
    r->bytes = value->bytes;
    r->initial = (int8_t)q.zero_point; /* for every byte, whatever the type: as in the reference */
    memset(data, r->initial, r->bytes);
    return THM_NN_OK;
}

enum thm_nn_err thm_variable_take(struct thm_node *n, int32_t id, uint32_t bytes, void **data)
{
    const struct variable_record *r = find(n, THM_NN_EINVOKE, id);
    if (!r)
        return THM_NN_EINVOKE;
    if (r->bytes != bytes)
        return thm_refuse(n, THM_NN_EINVOKE, "the resource variable has no value, or one of another size");
    *data = in_arena(context_of(n->it), r->data);
    return THM_NN_OK;
}
