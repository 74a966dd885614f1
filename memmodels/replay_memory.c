#include "memmodels/replay_memory.h"
#include <stdlib.h>
#include <string.h>

enum thm_mem_err replay_memory_one(struct replay_memory *m, uint32_t base, uint32_t size)
{
    uint8_t *mem = calloc(1, size);
    if (!mem)
        return THM_MEM_EHOST;
    const enum thm_mem_err e = thm_heap_init(&m->one, m->ops, mem, base, size);
    if (e)
        free(mem);
    return e;
}

static enum thm_mem_err add_regions(struct replay_memory *m)
{
    enum thm_mem_err e = THM_MEM_OK;
    thm_heaps_init(&m->several, m->internal_limit);
    for (uint32_t i = 0; i < m->regions && !e; i++) {
        const struct thm_region *r = &m->region[i];
        e = thm_heaps_add(&m->several, m->ops, m->type[i], r->mem, r->base, r->size, false);
    }
    return e ? e : thm_heaps_reserve(&m->several, m->reserve);
}

enum thm_mem_err replay_memory_several(struct replay_memory *m)
{
    enum thm_mem_err e = thm_regions_map(m->region, m->regions);
    if (e)
        return e;
    e = add_regions(m);
    if (e)
        thm_regions_unmap(m->region, m->regions);
    return e;
}

void replay_memory_drop(struct replay_memory *m)
{
    if (m->regions)
        thm_regions_unmap(m->region, m->regions);
    else
        free(m->one.mem);
}

/* The heap that holds an address; NULL: none. */
static struct thm_heap *heap_at(const struct replay_memory *m, uint32_t at)
{
    for (uint32_t i = 0; i < m->several.n; i++)
        if (at - m->several.heap[i].base < m->several.heap[i].size)
            return (struct thm_heap *)&m->several.heap[i];
    return NULL;
}

bool replay_where_parse(const struct replay_memory *m, const char *text, struct replay_where *out)
{
    char *end;
    if (*text < '0' || *text > '9' || strncmp(text, "8BIT", 4) == 0 || strncmp(text, "32BIT", 5) == 0) {
        out->kind = WHERE_CAPS;
        return thm_caps_parse(text, &out->value);
    }
    const unsigned long long at = strtoull(text, &end, 0);
    *out = (struct replay_where){ WHERE_REGION, (uint32_t)at };
    return !*end && at <= UINT32_MAX && heap_at(m, out->value);
}

static uint32_t allocate_from(struct thm_heap *h, uint32_t align, uint32_t n)
{
    return align ? h->ops->memalign(h, align, n) : h->ops->malloc(h, n);
}

uint32_t replay_allocate(struct replay_memory *m, struct replay_where where, uint32_t align, uint32_t n)
{
    if (m->regions == 0)
        return allocate_from(&m->one, align, n);
    if (where.kind == WHERE_REGION)
        return allocate_from(heap_at(m, where.value), align, n);
    if (align)
        return thm_heaps_memalign(&m->several, align, n, where.kind == WHERE_CAPS ? where.value : THM_CAP_DEFAULT);
    return where.kind == WHERE_CAPS ? thm_heaps_malloc_caps(&m->several, n, where.value)
                                    : thm_heaps_malloc(&m->several, n);
}

uint32_t replay_resize(struct replay_memory *m, uint32_t p, uint32_t n)
{
    return m->regions ? thm_heaps_realloc(&m->several, p, n) : m->ops->realloc(&m->one, p, n);
}

enum thm_mem_err replay_free(struct replay_memory *m, uint32_t p)
{
    return m->regions ? thm_heaps_free(&m->several, p) : m->ops->free(&m->one, p);
}

bool replay_can_resize(const struct replay_memory *m)
{
    return m->ops->realloc || m->regions;
}

bool replay_can_align(const struct replay_memory *m)
{
    return m->ops->memalign;
}

bool replay_damaged(const struct replay_memory *m)
{
    bool damaged = m->one.corrupt_at;
    for (uint32_t i = 0; i < m->several.n; i++)
        damaged |= m->several.heap[i].corrupt_at != 0;
    return damaged;
}

void replay_stats(const struct replay_memory *m, struct replay_where where, struct thm_heap_stats *out)
{
    const struct thm_heap *h = m->regions ? where.kind == WHERE_REGION ? heap_at(m, where.value) : NULL : &m->one;
    if (h)
        h->ops->stats(h, out);
    else
        thm_heaps_stats(&m->several, where.kind == WHERE_CAPS ? where.value : THM_CAP_DEFAULT, out);
}
