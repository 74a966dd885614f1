/* interpreter/share.c -- several models on one allocator: each goes on where the last one has left it.
 * Source: MicroAllocator::StartModelAllocation(), max_head_buffer_usage_ and model_is_allocating_ in
 * tensorflow/lite/micro/micro_allocator.cc: the head shrinks to the table of scratch requests while a model is being
 * allocated and is then as large as the largest plan; a model that fails leaves the allocator unusable. */
#include "interpreter/context.h"

_Static_assert(sizeof(struct share) <= sizeof((struct thm_arena_share *)0)->priv, "private part");

static struct share *share_of(struct thm_arena_share *s)
{
    return (struct share *)(void *)s->priv;
}

void thm_arena_share_init(struct thm_arena_share *share, void *arena, uint32_t arena_size)
{
    *share = (struct thm_arena_share){ .arena = arena, .arena_size = arena_size, .stats.size = arena_size };
}

const struct thm_arena_stats *thm_arena_share_stats(const struct thm_arena_share *share)
{
    return &share->stats;
}

void thm_interpreter_init_shared(struct thm_interpreter *it, const struct thm_model *model,
                                 const struct thm_layout *layout, struct thm_arena_share *share,
                                 const struct thm_interpreter_hooks *hooks)
{
    thm_interpreter_init(it, model, layout, share->arena, share->arena_size, hooks);
    context_of(it)->share = share;
}

static enum thm_nn_err refuse(struct thm_nn_diag *diag, const char *what)
{
    diag->what = what;
    return diag->err = THM_NN_EUSE;
}

enum thm_nn_err thm_share_begin(struct thm_interpreter *it, struct thm_nn_diag *diag)
{
    struct context *c = context_of(it);
    if (!c->share)
        return THM_NN_OK;
    struct share *s = share_of(c->share);
    if (s->state == STATE_FAILED)
        return refuse(diag, "another model in the same arena has failed to allocate before");
    if (s->layout && s->layout != it->layout)
        return refuse(diag, "another model in the same arena has another layout");
    s->layout = it->layout;
    c->arena = s->arena;
    c->others = s->arena.head;
    c->arena.head = 0;
    c->arena.temp = c->arena.start;
    return THM_NN_OK;
}

void thm_share_end(struct thm_interpreter *it, enum thm_nn_err result)
{
    const struct context *c = context_of(it);
    if (!c->share)
        return;
    struct share *s = share_of(c->share);
    s->state = result ? STATE_FAILED : STATE_ALLOCATED;
    if (result)
        return;
    s->arena = c->arena;
    c->share->stats = it->stats;
}
