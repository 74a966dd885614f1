#include "emu/preload/heap.h"
#include <string.h>
#include <sys/mman.h>

#define GRANULE 8u /* blocks are further apart than this in every allocator */

struct thm_exec_block {
    uint32_t size;    /* as asked for, plus 1; 0: not live */
    uint32_t shift;   /* from the allocator's pointer to the program's; stays after free, for a second free */
    uint32_t padding; /* bytes asked for on top */
};

/* -- pointers --------------------------------------------------------------------------------------------------- */

/* The region that holds p; h->regions: none. */
static uint32_t region_of(const struct thm_exec_heap *h, const void *p)
{
    uint32_t i = 0;
    while (i < h->regions && (uintptr_t)p - (uintptr_t)h->region[i].mem >= h->region[i].size)
        i++;
    return i;
}

static uint32_t offset_in(const struct thm_exec_heap *h, uint32_t region, const void *p)
{
    return (uint32_t)((uintptr_t)p - (uintptr_t)h->region[region].mem);
}

static struct thm_exec_block *block_of(const struct thm_exec_heap *h, const void *p)
{
    const uint32_t i = region_of(h, p);
    return i < h->regions ? &h->blocks[i][offset_in(h, i, p) / GRANULE] : NULL;
}

bool thm_exec_heap_owns(const struct thm_exec_heap *h, const void *p)
{
    return region_of(h, p) < h->regions;
}

uint32_t thm_exec_heap_address(const struct thm_exec_heap *h, const void *p)
{
    const uint32_t i = region_of(h, p);
    return i < h->regions ? h->region[i].base + offset_in(h, i, p) : 0;
}

size_t thm_exec_heap_size(const struct thm_exec_heap *h, const void *p)
{
    const struct thm_exec_block *b = block_of(h, p);
    return b && b->size ? b->size - 1 : 0;
}

uint32_t thm_exec_heap_damage(const struct thm_exec_heap *h)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < h->heaps.n && !at; i++)
        at = h->heaps.heap[i].corrupt_at;
    return at;
}

/* -- alignment -------------------------------------------------------------------------------------------------- */

/* What C promises for n bytes: no object of that size can need more. */
static uint32_t alignment_for(const struct thm_exec_heap *h, uint64_t n)
{
    uint32_t align = h->align;
    while (align > GRANULE && align > n)
        align /= 2;
    return align;
}

static uint32_t padding_for(const struct thm_exec_heap *h, uint64_t align)
{
    return align > h->allocator_align ? (uint32_t)align - h->allocator_align : 0;
}

/* Bytes to move p up. */
static uint32_t shift_of(const void *p, uint64_t align)
{
    return align ? (uint32_t)(-(uintptr_t)p & (align - 1)) : 0;
}

static void *note(struct thm_exec_heap *h, uint8_t *at, uint64_t n, uint32_t shift, uint32_t padding)
{
    struct thm_exec_block *b = block_of(h, at + shift);
    *b = (struct thm_exec_block){ (uint32_t)n + 1, shift, padding };
    h->live++;
    h->padding += padding;
    return at + shift;
}

/* -- the calls -------------------------------------------------------------------------------------------------- */

static uint64_t at_least_one(uint64_t n)
{
    return n ? n : 1;
}

static void *alloc_padded(struct thm_exec_heap *h, uint64_t n, uint64_t align)
{
    const uint32_t padding = padding_for(h, align);
    if (n >= UINT32_MAX - padding)
        return NULL;
    uint8_t *at = thm_heaps_host(&h->heaps, thm_heaps_malloc(&h->heaps, (uint32_t)n + padding));
    return at ? note(h, at, n, shift_of(at, align), padding) : NULL;
}

/* The allocator's own memalign, if it has one. The PC's mapping may be aligned worse than the device's memory. */
static void *alloc_aligned(struct thm_exec_heap *h, uint64_t n, uint64_t align)
{
    if (align >= UINT32_MAX / 2 || n >= UINT32_MAX)
        return NULL;
    if (!h->heaps.heap[0].ops->memalign)
        return alloc_padded(h, n, align);
    const uint32_t p = thm_heaps_memalign(&h->heaps, (uint32_t)align, (uint32_t)n, THM_CAP_DEFAULT);
    uint8_t *at = thm_heaps_host(&h->heaps, p);
    if (at && shift_of(at, align)) {
        thm_heaps_free(&h->heaps, p);
        return alloc_padded(h, n, align);
    }
    return at ? note(h, at, n, 0, 0) : NULL;
}

void *thm_exec_heap_alloc(struct thm_exec_heap *h, uint64_t n, uint64_t align)
{
    const uint64_t bytes = at_least_one(n), usual = alignment_for(h, bytes);
    const bool special = align > usual && align > h->allocator_align;
    return special ? alloc_aligned(h, bytes, align) : alloc_padded(h, bytes, usual);
}

static void forget(struct thm_exec_heap *h, struct thm_exec_block *b)
{
    h->padding -= b->padding;
    h->live--;
    b->size = 0;
}

void *thm_exec_heap_realloc(struct thm_exec_heap *h, void *p, uint64_t n)
{
    struct thm_exec_block *old = block_of(h, p);
    const uint32_t align = alignment_for(h, n), padding = padding_for(h, align), from = old->shift;
    if (old->size == 0 || n >= UINT32_MAX - padding - from)
        return NULL;
    const uint32_t keep = old->size - 1 < n ? old->size - 1 : (uint32_t)n, extra = from > padding ? from : padding;
    const uint32_t to =
        thm_heaps_realloc(&h->heaps, thm_exec_heap_address(h, (uint8_t *)p - from), (uint32_t)n + extra);
    uint8_t *at = thm_heaps_host(&h->heaps, to);
    if (!at)
        return NULL;
    forget(h, old);
    const uint32_t shift = shift_of(at, align);
    memmove(at + shift, at + from, keep);
    return note(h, at, n, shift, extra);
}

enum thm_mem_err thm_exec_heap_free(struct thm_exec_heap *h, void *p)
{
    struct thm_exec_block *b = block_of(h, p);
    const bool live = b->size != 0;
    const enum thm_mem_err e = thm_heaps_free(&h->heaps, thm_exec_heap_address(h, (uint8_t *)p - b->shift));
    if (!e && live)
        forget(h, b);
    return e;
}

/* -- setting up ------------------------------------------------------------------------------------------------- */

/* The least alignment of a few odd sizes in a heap of their own is what the allocator promises. */
static enum thm_mem_err find_alignment(struct thm_exec_heap *h, const struct thm_heap_ops *ops)
{
    const uint32_t size = 32 << 10, base = 0x20000000;
    struct thm_heap probe;
    uint32_t all = 64;
    void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mem == MAP_FAILED)
        return THM_MEM_EHOST;
    enum thm_mem_err e = thm_heap_init(&probe, ops, mem, base, size);
    for (uint32_t n = 1; n < 64 && !e; n += 3) {
        const uint32_t p = ops->malloc(&probe, n);
        all |= p;
        e = p ? THM_MEM_OK : THM_MEM_EINVAL;
    }
    munmap(mem, size);
    h->allocator_align = all & -all;
    return e;
}

static enum thm_mem_err map(struct thm_exec_heap *h, const struct thm_exec_setup *s)
{
    h->regions = s->regions_count;
    for (uint32_t i = 0; i < h->regions; i++)
        h->region[i] =
            (struct thm_region){ .name = s->region[i].name, .base = s->region[i].base, .size = s->region[i].size };
    enum thm_mem_err e = thm_regions_map(h->region, h->regions);
    for (uint32_t i = 0; i < h->regions && !e; i++) {
        const size_t bytes = (h->region[i].size / GRANULE + 1) * sizeof *h->blocks[i];
        void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        h->blocks[i] = at == MAP_FAILED ? NULL : at;
        e = h->blocks[i] ? THM_MEM_OK : THM_MEM_EHOST;
    }
    return e;
}

/* As the board registers them: those of start-up, then those added before the application, in front. */
static enum thm_mem_err add_heaps(struct thm_exec_heap *h, const struct thm_exec_setup *s, uint32_t at_startup)
{
    const struct thm_heap_ops *ops = thm_heap_find(s->allocator);
    enum thm_mem_err e = THM_MEM_OK;
    for (uint32_t i = 0; i < s->regions_count && !e; i++) {
        const struct thm_exec_region *r = &s->region[i];
        if (r->at_startup == at_startup)
            e = thm_heaps_add(&h->heaps, ops, thm_mem_type_find(r->type), h->region[i].mem, r->base, r->size,
                              at_startup);
    }
    return e;
}

static enum thm_mem_err take(struct thm_exec_heap *h, const struct thm_exec_taken *t)
{
    uint32_t p = 1;
    for (uint32_t i = 0; i < t->count && p; i++)
        p = t->caps ? thm_heaps_malloc_caps(&h->heaps, t->bytes, t->caps) : thm_heaps_malloc(&h->heaps, t->bytes);
    return p ? THM_MEM_OK : THM_MEM_ENOMEM;
}

static enum thm_mem_err boot(struct thm_exec_heap *h, const struct thm_exec_setup *s)
{
    struct thm_heap_stats st;
    thm_heaps_init(&h->heaps, s->internal_limit);
    enum thm_mem_err e = add_heaps(h, s, 0);
    if (!e)
        e = add_heaps(h, s, 1);
    thm_heaps_stats(&h->heaps, THM_CAP_DEFAULT, &st);
    h->whole = st.free;
    for (uint32_t i = 0; i < s->taken_count && !e; i++)
        e = take(h, &s->taken[i]);
    return e;
}

enum thm_mem_err thm_exec_heap_init(struct thm_exec_heap *h, const struct thm_exec_setup *s)
{
    *h = (struct thm_exec_heap){ .align = s->align };
    enum thm_mem_err e = find_alignment(h, thm_heap_find(s->allocator));
    if (!e)
        e = map(h, s);
    if (!e)
        e = boot(h, s);
    if (e)
        thm_exec_heap_finish(h);
    return e;
}

void thm_exec_heap_finish(struct thm_exec_heap *h)
{
    thm_regions_unmap(h->region, h->regions);
    for (uint32_t i = 0; i < h->regions; i++)
        if (h->blocks[i])
            munmap(h->blocks[i], (h->region[i].size / GRANULE + 1) * sizeof *h->blocks[i]);
    h->regions = 0;
}
