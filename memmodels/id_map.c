#include "memmodels/id_map.h"
#include <stdlib.h>

static uint64_t home(const struct thm_id_map *m, int64_t id)
{
    uint64_t h = (uint64_t)id * 0x9E3779B97F4A7C15u; /* Fibonacci hashing */
    return (h ^ h >> 32) & (m->capacity - 1);
}

/* The slot that holds id, or the free one where it belongs. */
static struct thm_id_slot *slot_for(const struct thm_id_map *m, int64_t id)
{
    uint64_t i = home(m, id);
    while (m->slots[i].used && m->slots[i].id != id)
        i = (i + 1) & (m->capacity - 1);
    return &m->slots[i];
}

struct thm_id_slot *thm_id_map_find(const struct thm_id_map *m, int64_t id)
{
    struct thm_id_slot *s = m->capacity ? slot_for(m, id) : NULL;
    return s && s->used ? s : NULL;
}

static bool grow(struct thm_id_map *m)
{
    struct thm_id_map bigger = { .capacity = m->capacity ? 2 * m->capacity : 64, .count = m->count };
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (uint64_t i = 0; i < m->capacity; i++)
        if (m->slots[i].used)
            *slot_for(&bigger, m->slots[i].id) = m->slots[i];
    free(m->slots);
    *m = bigger;
    return true;
}

bool thm_id_map_put(struct thm_id_map *m, int64_t id, uint32_t p)
{
    struct thm_id_slot *s = thm_id_map_find(m, id);
    if (!s) {
        if (4 * (m->count + 1) > 3 * m->capacity && !grow(m))
            return false;
        s = slot_for(m, id);
        m->count++;
    }
    *s = (struct thm_id_slot){ .id = id, .p = p, .used = 1 };
    return true;
}

void thm_id_map_remove(struct thm_id_map *m, int64_t id)
{
    struct thm_id_slot *s = thm_id_map_find(m, id);
    if (!s)
        return;
    s->used = 0;
    m->count--;
    /* Put the rest of the run back in, so that no search ends at the hole. */
    for (uint64_t i = (uint64_t)(s - m->slots + 1) & (m->capacity - 1); m->slots[i].used;
         i = (i + 1) & (m->capacity - 1)) {
        const struct thm_id_slot moved = m->slots[i];
        m->slots[i].used = 0;
        *slot_for(m, moved.id) = moved;
    }
}

void thm_id_map_clear(struct thm_id_map *m)
{
    free(m->slots);
    *m = (struct thm_id_map){ 0 };
}
