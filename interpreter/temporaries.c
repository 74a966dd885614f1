/* interpreter/temporaries.c -- the temporary tensors of prepare steps: the room they take, and what the reference
 * runtime does when there is too little.
 *
 * It asks for persistent arrays without looking at temporary objects, only at the table below them. So an array may lie
 * over them; the room for the next ones is then less than nothing, is taken for huge, and they overwrite the arrays and
 * what lies above. An array that is not there at all is only missed when it is filled.
 * Source: arena_allocator/single_arena_buffer_allocator.cc, kernels/conv_common.cc and depthwise_conv_common.cc of
 * tensorflow/tflite-micro; it agrees with the sizes at which crashes were measured. */
#include "interpreter/context.h"

/* One TfLiteTensor with its quantisation: three requests, each after the other. */
static bool take_tensor(const struct thm_node *n, const struct thm_value *v)
{
    struct thm_arena *a = &context_of(n->it)->arena;
    struct thm_quant q;
    uint32_t unused;
    thm_node_quant(n, v, &q);
    return thm_arena_temp(a, n->it->layout->io_tensor, 4, &unused) &&
           (!q.affine || (thm_arena_temp(a, THM_BYTES_AFFINE, 4, &unused) &&
                          thm_arena_temp(a, 4 + 4 * (uint64_t)q.channels, 4, &unused)));
}

static bool take_entry(const struct thm_node *n, char side, char which)
{
    struct thm_value v;
    uint32_t count = side == 'i' ? n->inputs : n->outputs;
    uint32_t first = which == '*' ? 0 : (uint32_t)(which - '0'), last = which == '*' ? count : first + 1;
    for (uint32_t i = first; i < last; i++) {
        bool there = side == 'i' ? thm_node_input(n, i, &v) : thm_node_output(n, i, &v);
        if (there && !take_tensor(n, &v))
            return false;
    }
    return true;
}

/* Does the condition hold on which the rest of .temps depends? */
static bool condition_holds(const struct thm_node *n, char condition)
{
    struct thm_value v;
    bool there = condition == 'Q' ? thm_node_output(n, 0, &v) : thm_node_input(n, 0, &v);
    return there && (v.type == THM_INT8 || (v.type == THM_INT16 && condition != '8'));
}

/* The next tensor's two letters in .temps, what lies before them is passed by; NULL: there is none. */
static const char *next_entry(const struct thm_node *n, const char *p)
{
    for (; *p && *p != 'i' && *p != 'o'; p++)
        if (*p != '|' && *p != '?' && !condition_holds(n, *p))
            return NULL;
    return *p ? p : NULL;
}

static const char *entries(const struct thm_node *n)
{
    return n->op->temps ? n->op->temps : "i*o*";
}

bool thm_take_temps(const struct thm_node *n)
{
    for (const char *p = next_entry(n, entries(n)); p; p = next_entry(n, p + 2))
        if (!take_entry(n, p[0], p[1]))
            return false;
    return true;
}

/* The kernel's persistent requests, with nothing but the table in the way. false: one of them fails. */
static bool request_arrays(struct thm_node *n)
{
    struct thm_arena *a = &context_of(n->it)->arena;
    struct thm_nn_diag reported = *n->diag;
    uint32_t temp = a->temp;
    thm_arena_reset_temp(a, thm_requests_bytes(context_of(n->it)));
    bool there = !n->op->prepare || n->op->prepare(n) != THM_NN_EARENA;
    a->temp = temp;
    *n->diag = reported;
    return there;
}

bool thm_prepare_crashes(struct thm_node *n)
{
    struct context *c = context_of(n->it);
    bool arrays = false, missing = false;
    thm_arena_reset_temp(&c->arena, thm_requests_bytes(c));
    for (const char *from = entries(n), *p; (p = next_entry(n, from)); from = p + 2) {
        if (p > from && p[-1] == '|') {
            arrays = true;
            missing = !request_arrays(n);
        }
        if (!c->arena.persistent && c->arena.temp > c->arena.tail)
            return true;
        if (take_entry(n, p[0], p[1]))
            continue;
        if (p == from || p[-1] != '?')
            return false;
        missing = true;
    }
    return missing || (!arrays && !request_arrays(n));
}
