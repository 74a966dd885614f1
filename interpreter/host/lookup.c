/* interpreter/host/lookup.c -- tables of functions of one byte, kept from one invocation to the next. A function with
 * the same parameters is the same function, whichever operator, model or invocation asks. */
#include "interpreter/host/lookup.h"
#include <stdatomic.h>
#include <string.h>

#define SLOTS 512u
#define WAYS  4u /* slots in which a table may be */
#define BYTES 256

struct slot {
    thm_byte_fn *f;
    uint8_t ctx[THM_BYTE_MAP_CTX];
    enum { FREE, SEEN, FILLED } state;
    int32_t table[BYTES];
};

extern struct slot thm_pc_lookup[SLOTS]; /* public: see workspace.h */
struct slot thm_pc_lookup[SLOTS];
static atomic_flag taken = ATOMIC_FLAG_INIT;

static bool is_for(const struct slot *s, const struct thm_byte_map *m, const uint8_t *ctx)
{
    return s->f == m->f && memcmp(s->ctx, ctx, sizeof s->ctx) == 0;
}

/* FNV-1a. */
static uint32_t hash_of(const struct thm_byte_map *m, const uint8_t *ctx)
{
    uint32_t hash = 2166136261u ^ (uint32_t)(uintptr_t)m->f;
    for (size_t i = 0; i < m->bytes; i++)
        hash = (hash ^ ctx[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* Its slot, or else the one whose loss costs least. */
static struct slot *slot_of(const struct thm_byte_map *m, const uint8_t *ctx)
{
    uint32_t first = hash_of(m, ctx);
    struct slot *worst = &thm_pc_lookup[first % SLOTS];
    for (uint32_t i = 0; i < WAYS; i++) {
        struct slot *s = &thm_pc_lookup[(first + i) % SLOTS];
        if (is_for(s, m, ctx))
            return s;
        if (s->state < worst->state)
            worst = s;
    }
    return worst;
}

static void fill(struct slot *s, const struct thm_byte_map *m)
{
    for (int32_t x = INT8_MIN; x <= INT8_MAX; x++)
        s->table[(uint8_t)x] = m->f(m->ctx, x);
    s->state = FILLED;
}

/* A table is made when it has fewer entries than there are elements, or when the same function is wanted again before
 * its slot is taken away: it never costs much more than it saves. */
static const int32_t *find(const struct thm_byte_map *m, size_t uses)
{
    uint8_t ctx[THM_BYTE_MAP_CTX] = { 0 };
    memcpy(ctx, m->ctx, m->bytes);
    struct slot *s = slot_of(m, ctx);
    bool again = is_for(s, m, ctx);
    if (!again) {
        s->f = m->f;
        s->state = SEEN;
        memcpy(s->ctx, ctx, sizeof ctx);
    }
    if (s->state == SEEN && (again || uses >= BYTES))
        fill(s, m);
    return s->state == FILLED ? s->table : NULL;
}

const int32_t *thm_lookup_table_begin(const struct thm_byte_map *m, size_t uses)
{
    if (m->bytes > THM_BYTE_MAP_CTX || atomic_flag_test_and_set_explicit(&taken, memory_order_acquire))
        return NULL;
    const int32_t *table = find(m, uses);
    if (!table)
        thm_lookup_table_end();
    return table;
}

void thm_lookup_table_end(void)
{
    atomic_flag_clear_explicit(&taken, memory_order_release);
}
