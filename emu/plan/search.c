#include "emu/plan/search.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EFFORT (UINT64_C(1) << 26) /* buffers looked at: some tenths of a second */
#define NONE   UINT32_MAX

enum { PATIENCE = 64, MOVES = 1 << 14 }; /* moves without gain before it goes back to the best order; of all moves */

struct search {
    struct thm_place *place;
    uint64_t *offset; /* of the best placement */
    uint32_t *order, *best_order, *next;
    uint32_t n, lowest; /* next, lowest: the list of placed buffers, by offset */
    uint64_t best, effort, random;
};

/* ---- one placement ---- */

static bool meet(const struct thm_place *a, const struct thm_place *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static uint64_t first_gap(struct search *s, const struct thm_place *b)
{
    uint64_t at = 0;
    for (uint32_t i = s->lowest; i != NONE; i = s->next[i]) {
        const struct thm_place *other = &s->place[i];
        s->effort++;
        if (!meet(other, b))
            continue;
        if (other->offset >= at && other->offset - at >= b->bytes)
            return at;
        if (other->offset + other->bytes > at)
            at = other->offset + other->bytes;
    }
    return at;
}

static void insert(struct search *s, uint32_t index)
{
    uint32_t *link = &s->lowest;
    while (*link != NONE && s->place[*link].offset <= s->place[index].offset)
        link = &s->next[*link];
    s->next[index] = *link;
    *link = index;
}

/* Place all in the present order. Result: the length; *top: position in the order of the last that reaches it. */
static uint64_t place_all(struct search *s, uint32_t *top)
{
    uint64_t length = 0;
    s->lowest = NONE;
    for (uint32_t i = 0; i < s->n; i++) {
        struct thm_place *b = &s->place[s->order[i]];
        b->offset = first_gap(s, b);
        insert(s, s->order[i]);
        if (b->offset + b->bytes >= length) {
            length = b->offset + b->bytes;
            *top = i;
        }
    }
    return length;
}

static bool keep_if_best(struct search *s, uint64_t length)
{
    if (s->best && length >= s->best)
        return false;
    s->best = length;
    memcpy(s->best_order, s->order, s->n * sizeof *s->order);
    for (uint32_t i = 0; i < s->n; i++)
        s->offset[i] = s->place[i].offset;
    return true;
}

/* ---- orders ---- */

static uint64_t by_bytes(const struct thm_place *p)
{
    return p->bytes;
}

static uint64_t by_lifetime(const struct thm_place *p)
{
    return (uint64_t)((int64_t)p->last - p->first);
}

static uint64_t by_area(const struct thm_place *p)
{
    return p->bytes * (by_lifetime(p) + 1);
}

static uint64_t by_time(const struct thm_place *p)
{
    return (uint64_t)((int64_t)INT32_MAX - p->first);
}

static uint64_t (*const starts[])(const struct thm_place *) = { by_bytes, by_area, by_lifetime, by_time };

static void sort(struct search *s, uint64_t (*key)(const struct thm_place *))
{
    for (uint32_t i = 0; i < s->n; i++) {
        const uint64_t k = key(&s->place[i]);
        uint32_t at = i;
        for (; at > 0 && key(&s->place[s->order[at - 1]]) < k; at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = i;
    }
}

static uint32_t random_below(struct search *s, uint32_t n) /* xorshift64, Marsaglia 2003 */
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random % n);
}

static void move_forward(struct search *s, uint32_t from, uint32_t to)
{
    const uint32_t index = s->order[from];
    memmove(&s->order[to + 1], &s->order[to], (from - to) * sizeof *s->order);
    s->order[to] = index;
}

/* ---- the search ---- */

static void start(struct search *s, uint64_t bound)
{
    uint32_t top;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0] && (!s->best || s->best > bound); i++) {
        sort(s, starts[i]);
        keep_if_best(s, place_all(s, &top));
    }
}

static void improve(struct search *s, uint64_t bound)
{
    uint32_t top = 0, vain = PATIENCE;
    for (uint32_t moves = 0; moves < MOVES && s->best > bound && s->effort < EFFORT; moves++) {
        if (vain++ >= PATIENCE) {
            memcpy(s->order, s->best_order, s->n * sizeof *s->order);
            place_all(s, &top);
            vain = 0;
        }
        if (top == 0) /* the first buffer alone is as long */
            return;
        move_forward(s, top, random_below(s, top));
        if (keep_if_best(s, place_all(s, &top)))
            vain = 0;
    }
}

uint64_t thm_place_search(struct thm_place *place, size_t n, uint64_t bound)
{
    struct search s = { .place = place, .n = (uint32_t)n, .random = 1 };
    if (n == 0 || n > THM_PLACES_MAX)
        return 0;
    s.offset = malloc(n * sizeof *s.offset);
    s.order = malloc(3 * n * sizeof *s.order);
    if (s.offset && s.order) {
        s.best_order = s.order + n;
        s.next = s.order + 2 * n;
        start(&s, bound);
        improve(&s, bound);
        for (size_t i = 0; i < n; i++)
            place[i].offset = s.offset[i];
    }
    free(s.order);
    free(s.offset);
    return s.best;
}
