/* memmodels/trail.h -- private: where the nodes of a list in address order were when a walk last passed them.
 *
 * In a walk over such a list only a node's link tells where the next node lies: every step waits for the one before.
 * The trail remembers the nodes, outside the heap. A walk compares each link with it, and meanwhile reads on where the
 * next node should be. From the first link that says otherwise the heap's memory alone leads the walk, so damage has
 * its effect at the same node as on the device.
 *
 * The nodes of a trail ascend and lie inside the heap, so a link that agrees needs no check of its own. */
#pragma once
#include "memmodels/band.h"

enum {
    TRAIL_MAX = 256,             /* nodes; the list may have more */
    TRAIL_MIN = 16,              /* fewer are passed as quickly by their links */
    TRAIL_WORDS = TRAIL_MAX + 1, /* of thm_heap.state */
};
#define TRAIL_BY_ADDRESS (-1)

/* A walk. */
struct trail {
    uint32_t *node, *n;  /* the trail and its length */
    uint32_t i;          /* how many nodes the walk has passed; TRAIL_MAX: or more */
    uint32_t before, at; /* the last of them (0: none), and what its link says */
};

BAND_INLINE struct trail trail_start(uint32_t *words, uint32_t first)
{
    return (struct trail){ .n = words, .node = words + 1, .at = first };
}

/* Pass nodes as far as the trail is right, and only those whose word at offset `key`, or whose address, is below
 * `bound`. `link`: the link's offset. */
BAND_INLINE void trail_follow(struct trail *t, const struct band *b, uint32_t link, int key, uint32_t bound)
{
    const uint8_t *const zero = (const uint8_t *)b->zero;
    const uint32_t *node = t->node, *const end = node + *t->n;
    uint32_t at = t->at;
    if (*t->n < TRAIL_MIN)
        return;
    for (; node != end; node++) {
        uintptr_t guess = *node;
        __asm__("" : "+r"(guess)); /* or the compiler would read at `at`, which is equal but comes later */
        if (*node != at || (key < 0 ? (uint32_t)guess : thm_load32(zero + guess + key)) >= bound)
            break;
        at = thm_load32(zero + guess + link);
    }
    t->i = (uint32_t)(node - t->node);
    t->before = t->i ? node[-1] : 0;
    t->at = at;
}

/* Pass the node `at` by its link, and remember it. It must lie inside, behind the one before. */
BAND_INLINE void trail_pass(struct trail *t, uint32_t next)
{
    if (t->i < TRAIL_MAX) {
        t->node[t->i] = t->at;
        *t->n = ++t->i;
    }
    t->before = t->at;
    t->at = next;
}

/* ---- the list has changed where the walk has ended ---- */

/* Is the node `at` in the trail? If there is another one, the trail ends here. */
BAND_INLINE bool trail_has(struct trail *t)
{
    if (t->i < *t->n && t->node[t->i] != t->at)
        *t->n = t->i;
    return t->i < *t->n;
}

/* The node `at` has gone. */
BAND_INLINE void trail_remove(struct trail *t)
{
    if (!trail_has(t))
        return;
    --*t->n;
    memmove(t->node + t->i, t->node + t->i + 1, (*t->n - t->i) * sizeof *t->node);
}

/* It has become `node`, which lies inside and behind the one before. */
BAND_INLINE void trail_replace(struct trail *t, uint32_t node)
{
    if (!trail_has(t))
        return;
    t->node[t->i] = node;
    if (t->i + 1 < *t->n && t->node[t->i + 1] <= node)
        *t->n = t->i + 1;
}

/* Between the one before and `at` lies a new node. */
BAND_INLINE void trail_insert(struct trail *t, uint32_t node)
{
    if (!trail_has(t) && t->i == TRAIL_MAX)
        return;
    *t->n += *t->n < TRAIL_MAX;
    memmove(t->node + t->i + 1, t->node + t->i, (*t->n - t->i - 1) * sizeof *t->node);
    t->node[t->i] = node;
}

/* The new node may have become part of the one before, and `at` part of the new one. */
BAND_INLINE void trail_join(struct trail *t, uint32_t node, bool with_before, bool with_next)
{
    if (!with_next && !with_before)
        trail_insert(t, node);
    else if (with_next && with_before)
        trail_remove(t);
    else if (with_next)
        trail_replace(t, node);
}
