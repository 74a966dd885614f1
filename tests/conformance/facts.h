/* tests/conformance/facts.h -- what the files facts.json say of a model, and arena figures compared with it to the
 * byte.
 */
#pragma once
#include <jansson.h>
#include "tests/conformance/golden.h"

static inline uint32_t figure(const json_t *arena, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(arena, key));
}

/* Used bytes exact. Smallest arena: as measured, or (`slack`) what the rule gives where the reference gets by with a
 * little less by overwriting memory in use. Allocation succeeds there and fails 16 bytes below. */
static inline void check_arena(struct golden *g, const json_t *facts, const char *layout, uint32_t slack, int *inexact)
{
    const json_t *a = json_object_get(json_object_get(facts, "arena"), layout);
    const struct thm_arena_stats *s = thm_interpreter_stats(&g->it);
    enum thm_nn_err err = allocate_in(g, layout, BIG_ARENA);
    uint32_t want = figure(a, "min_arena_bytes"), min = s->min;
    if (err || s->used != figure(a, "arena_used_bytes") || s->head != figure(a, "head_bytes") ||
        s->tail != figure(a, "tail_bytes"))
        complain(g, "%s: head %u tail %u, not %u and %u", layout, s->head, s->tail, figure(a, "head_bytes"),
                 figure(a, "tail_bytes"));
    if (min < want || min > want + slack)
        complain(g, "%s: smallest arena %u, not %u", layout, min, want);
    *inexact += min != want;
    if (allocate_in(g, layout, min) != THM_NN_OK)
        complain(g, "%s: fails in its smallest arena of %u: %s", layout, min, g->diag.what);
    if (allocate_in(g, layout, min - 16) != THM_NN_EARENA)
        complain(g, "%s: does not fail in %u bytes", layout, min - 16);
}
