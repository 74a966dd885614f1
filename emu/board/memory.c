/* emu/board/memory.c -- the board's SRAM, its heaps and its task stack. */
#include "emu/board/board.h"
#include <stdlib.h>
#include <string.h>
#include "emu/board/memcheck.h"

static uint32_t total_sram(const struct thm_profile *p)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < p->memory_count; i++)
        sum += p->memory[i].size;
    return sum;
}

enum thm_mem_err thm_board_map_memory(struct thm_board *b)
{
    const struct thm_profile *p = b->profile;
    b->regions_count = p->memory_count;
    b->regions = calloc(p->memory_count, sizeof *b->regions);
    if (!b->regions)
        return THM_MEM_EHOST;
    for (unsigned i = 0; i < p->memory_count; i++)
        b->regions[i] =
            (struct thm_region){ .name = p->memory[i].name, .base = p->memory[i].base, .size = p->memory[i].size };
    enum thm_mem_err err = thm_regions_map(b->regions, b->regions_count);
    if (err)
        return err;
    return thm_stack_map(&b->stack, p->task.name, b->run->stack ? b->run->stack : p->task.stack);
}

static uint8_t *host_memory(const struct thm_board *b, uint32_t base, uint32_t size)
{
    for (uint32_t i = 0; i < b->regions_count; i++) {
        const struct thm_region *r = &b->regions[i];
        if (base >= r->base && base - r->base <= r->size && size <= r->size - (base - r->base))
            return r->mem + (base - r->base);
    }
    return NULL;
}

uint32_t thm_board_address(const struct thm_board *b, const void *p)
{
    const struct thm_region *r = thm_region_at(b->regions, b->regions_count, p, NULL);
    return r ? r->base + (uint32_t)((const uint8_t *)p - r->mem) : 0;
}

static enum thm_mem_err add_heaps(struct thm_board *b, const struct thm_heap_ops *ops, bool at_startup)
{
    const struct thm_profile *p = b->profile;
    for (unsigned i = 0; i < p->heaps_count; i++) {
        const struct thm_profile_heap *h = &p->heaps[i];
        uint8_t *mem = host_memory(b, h->base, h->size);
        if (h->at_startup != at_startup)
            continue;
        if (!mem)
            return THM_MEM_EINVAL;
        if (b->run->check_heap)
            memset(mem, 0xFE, h->size); /* SRAM holds anything at power-on */
        enum thm_mem_err err =
            thm_heaps_add(&b->heaps, ops, thm_mem_type_find(h->type), mem, h->base, h->size, at_startup);
        if (err)
            return err;
    }
    return THM_MEM_OK;
}

static void alloc_failed(struct thm_board *b, uint32_t bytes, const char *what)
{
    struct thm_heap_stats st;
    char why[128];
    thm_board_heap(b, &st);
    thm_board_event(b, THM_EV_ALLOC_FAILED, what, NULL, bytes, st.free, st.largest);
    thm_heap_view(b, "failed", what);
    thm_hal_failure(b, 10, 0, bytes, st.free, "%s: malloc(%u) failed: %u bytes are free, the largest block is %u%s",
                    what, bytes, st.free, st.largest, thm_heap_shortage(b, bytes, why, sizeof why));
    b->failure.largest = st.largest;
}

/* An allocator that met a damaged header gives NULL too, but the device would have stopped there. */
static void look_for_damage(struct thm_board *b, const struct thm_heap_call *c)
{
    for (uint32_t i = 0; i < b->heaps.n; i++)
        if (b->heaps.heap[i].corrupt_at)
            thm_heap_damaged(b, b->heaps.heap[i].corrupt_at, c);
}

static uint32_t allocate(struct thm_board *b, const struct thm_heap_call *c)
{
    uint32_t address;
    (void)thm_board_heap_call(b, c, &address);
    if (address)
        return address;
    look_for_damage(b, c);
    alloc_failed(b, c->bytes, c->what);
    return 0;
}

static uint32_t take_block(struct thm_board *b, uint32_t bytes, uint32_t caps, const char *what)
{
    return allocate(b, &(struct thm_heap_call){ .bytes = bytes, .caps = caps, .what = what, .runtime = true });
}

uint32_t thm_board_alloc(struct thm_board *b, uint32_t bytes, const char *what)
{
    return allocate(b, &(struct thm_heap_call){ .bytes = bytes, .what = what });
}

void thm_board_release(struct thm_board *b, uint32_t address)
{
    const struct thm_heap_call c = { .op = THM_HEAP_FREE, .address = address };
    uint32_t none;
    if (address && thm_board_heap_call(b, &c, &none))
        thm_heap_bad_free(b, &c);
}

bool thm_board_take(struct thm_board *b, const char *when)
{
    const struct thm_profile *p = b->profile;
    for (unsigned i = 0; i < p->taken_count; i++) {
        const struct thm_profile_taken *t = &p->taken[i];
        for (uint32_t k = 0; strcmp(t->when, when) == 0 && k < t->count; k++)
            if (!take_block(b, t->bytes, thm_profile_caps(t->caps), t->name))
                return false;
    }
    return true;
}

enum thm_mem_err thm_board_boot_memory(struct thm_board *b)
{
    const struct thm_profile *p = b->profile;
    const struct thm_heap_ops *ops = thm_heap_find(p->allocator.name);
    thm_heaps_init(&b->heaps, p->allocator.internal_limit);
    enum thm_mem_err err = ops ? add_heaps(b, ops, false) : THM_MEM_EINVAL;
    if (!err)
        err = add_heaps(b, ops, true);
    if (!err && b->run->check_heap && !thm_heap_check_start(b))
        err = THM_MEM_EHOST;
    if (err)
        return err;
    for (uint32_t i = 0; i < b->heaps.n; i++)
        THM_MEMCHECK_CLOSE(b->heaps.heap[i].mem, b->heaps.heap[i].size);
    if (!thm_board_take(b, "boot"))
        return THM_MEM_ENOMEM;
    if (p->task.stack_from_heap && !take_block(b, b->stack.size, thm_profile_caps("internal"), "task stack"))
        return THM_MEM_ENOMEM;
    struct thm_heap_stats st;
    thm_board_heap(b, &st);
    thm_board_event(b, THM_EV_BOOT, p->name, p->task.name, total_sram(p), st.free, b->stack.size);
    return THM_MEM_OK;
}

void thm_board_heap(const struct thm_board *b, struct thm_heap_stats *out)
{
    THM_MEMCHECK_PAUSE();
    thm_heaps_stats(&b->heaps, THM_CAP_DEFAULT, out);
    THM_MEMCHECK_RESUME();
}

static void do_malloc(struct thm_call *c)
{
    c->result = thm_board_alloc(c->b, c->n, c->s);
}

static void do_memalign(struct thm_call *c)
{
    c->result = allocate(
        c->b, &(struct thm_heap_call){
                  .op = THM_HEAP_MEMALIGN, .bytes = c->n, .align = c->m, .caps = THM_CAP_DEFAULT, .what = c->s });
}

static void do_free(struct thm_call *c)
{
    thm_board_release(c->b, c->n);
}

void *thm_hal_malloc(struct thm_board *b, uint32_t bytes, const char *what)
{
    int64_t at = thm_board_enter(do_malloc, (struct thm_call){ .b = b, .n = bytes, .s = what });
    return at ? thm_heaps_host(&b->heaps, (uint32_t)at) : NULL;
}

void *thm_hal_memalign(struct thm_board *b, uint32_t align, uint32_t bytes, const char *what)
{
    int64_t at = thm_board_enter(do_memalign, (struct thm_call){ .b = b, .n = bytes, .m = align, .s = what });
    return at ? thm_heaps_host(&b->heaps, (uint32_t)at) : NULL;
}

void thm_hal_free(struct thm_board *b, void *p)
{
    if (p)
        thm_board_enter(do_free, (struct thm_call){ .b = b, .n = thm_board_address(b, p) });
}

static void do_round(struct thm_call *c)
{
    c->result = thm_heap_round_end(c->b);
}

bool thm_hal_round(struct thm_board *b)
{
    return thm_board_enter(do_round, (struct thm_call){ .b = b }) != 0;
}
