#include "emu/plan/offline.h"
#include <stdlib.h>
#include "emu/plan/search.h"

struct plan {
    const struct thm_model *m;
    struct thm_memory_plan greedy;
    struct thm_place *place; /* of each buffer */
    int32_t *offset;         /* of each tensor in the file's order */
    uint32_t tensors;
};

static uint32_t first_of(const struct thm_model *m, uint32_t subgraph)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < subgraph; s++)
        n += thm_model_tensors(m, s);
    return n;
}

static bool reserve(struct plan *p)
{
    p->tensors = first_of(p->m, p->m->subgraphs);
    p->place = calloc(p->greedy.buffer_count + 1, sizeof *p->place);
    p->offset = calloc((size_t)p->tensors + 1, sizeof *p->offset);
    return p->place && p->offset && !p->greedy.out_of_memory;
}

/* Bytes that any plan needs: those alive at once, or those never used, which have a moment of their own. */
static uint64_t bound(const struct plan *p)
{
    uint64_t idle = 0;
    for (size_t i = 0; i < p->greedy.buffer_count; i++)
        idle += p->greedy.buffers[i].last < 0 ? thm_planned_room(&p->greedy.buffers[i]) : 0;
    return idle > p->greedy.peak_bytes ? idle : p->greedy.peak_bytes;
}

static uint64_t search(struct plan *p)
{
    for (size_t i = 0; i < p->greedy.buffer_count; i++) {
        const struct thm_planned_buffer *b = &p->greedy.buffers[i];
        p->place[i] = (struct thm_place){ thm_planned_room(b), b->first, b->last, 0 };
    }
    return thm_place_search(p->place, p->greedy.buffer_count, bound(p));
}

/* Scratch memory is not in the file's plan: the planner puts it, after the tensors, into the first gap. */
static void take_offsets(struct plan *p)
{
    for (uint32_t i = 0; i < p->tensors; i++)
        p->offset[i] = -1;
    for (size_t i = 0; i < p->greedy.buffer_count; i++) {
        const struct thm_planned_buffer *b = &p->greedy.buffers[i];
        if (b->tensor >= 0)
            p->offset[first_of(p->m, b->subgraph) + (uint32_t)b->tensor] = (int32_t)p->place[i].offset;
    }
}

/* Whether a variable tensor stays in the tail is looked up with its index in its own subgraph, as if it were the
 * first: what lies at that place of the plan must be -1. */
static void spare_variables(struct plan *p)
{
    for (uint32_t s = 0; s < p->m->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(p->m, s); i++) {
            struct thm_tensor_info t;
            thm_model_tensor(p->m, s, i, &t);
            if (t.is_variable)
                p->offset[i] = p->offset[first_of(p->m, s) + i] = -1;
        }
}

/* Keep the copy only if its arena is the smaller one. */
static enum thm_nn_err measure(struct thm_offline_model *out, const struct thm_layout *l,
                               const struct thm_nn_change *change, struct thm_nn_diag *diag)
{
    struct thm_model m;
    enum thm_nn_err err = thm_model_open(&m, out->data, out->bytes, diag);
    if (!err)
        err = thm_nn_measure_changed(&m, l, change, &out->after, diag);
    if (err || out->after.min >= out->before.min) {
        free(out->data);
        out->data = NULL;
        out->bytes = 0;
        out->after = out->before;
    }
    return err;
}

static enum thm_nn_err improve(struct plan *p, struct thm_offline_model *out, struct thm_nn_diag *diag)
{
    if (!reserve(p)) {
        diag->what = "the PC is out of memory for the plan";
        return diag->err = THM_NN_EARENA;
    }
    const uint64_t length = search(p);
    if (length == 0 || length >= p->greedy.arena.head)
        return THM_NN_OK;
    take_offsets(p);
    spare_variables(p);
    return thm_offline_write(p->m, p->offset, &out->data, &out->bytes, diag);
}

enum thm_nn_err thm_offline_plan(const struct thm_model *m, const struct thm_layout *l,
                                 const struct thm_nn_change *change, struct thm_offline_model *out,
                                 struct thm_nn_diag *diag)
{
    struct plan p = { .m = m };
    *out = (struct thm_offline_model){ 0 };
    enum thm_nn_err err = thm_memory_plan_make(&p.greedy, m, l, change, diag);
    out->before = out->after = p.greedy.arena;
    if (!err)
        err = improve(&p, out, diag);
    if (!err && out->data)
        err = measure(out, l, change, diag);
    free(p.place);
    free(p.offset);
    thm_memory_plan_free(&p.greedy);
    return err;
}
