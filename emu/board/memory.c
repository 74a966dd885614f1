/* emu/board/memory.c -- the board's SRAM, its heaps and its task stack. */
#include "emu/board/board.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/memcheck.h"
#include "emu/board/out_of_memory.h"

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
    b->regions = calloc(p->memory_count + 1, sizeof *b->regions);
    if (!b->regions)
        return THM_MEM_EHOST;
    for (unsigned i = 0; i < p->memory_count; i++)
        b->regions[i] =
            (struct thm_region){ .name = p->memory[i].name, .base = p->memory[i].base, .size = p->memory[i].size };
    b->regions_count = p->memory_count;
    if (thm_board_model_fits(b))
        b->regions[b->regions_count++] = thm_board_flash_region(b);
    enum thm_mem_err err = thm_regions_map(b->regions, b->regions_count);
    if (!err)
        err = thm_board_fill_flash(b);
    return err ? err : thm_board_map_stack(b);
}

void thm_board_unmap_memory(struct thm_board *b)
{
    thm_stack_unmap(&b->stack);
    thm_regions_unmap(b->regions, b->regions_count);
    thm_heap_forget(&b->book);
    free(b->regions);
    b->regions = NULL;
}

uint8_t *thm_board_host(const struct thm_board *b, uint32_t base, uint32_t size)
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

/* ---- the heap's end ----
 *
 * Where heap and stack share a piece of memory, the break may rise to the task's stack pointer (STM32duino's _sbrk), or
 * there is no limit at all (Adafruit SAMD's: policy "overrun"): then blocks reach into the stack and beyond the RAM. */

static bool unlimited(const struct thm_board *b)
{
    return !b->run->polite_oom && strcmp(b->profile->allocator.on_failure, "overrun") == 0;
}

/* during: an allocation is under way; otherwise the figures are those up to the stack. */
static void set_heap_end(struct thm_board *b, bool during)
{
    struct thm_heap *h = &b->heaps.heap[0];
    if (!b->stack_shared || b->heaps.n == 0)
        return;
    const uint32_t to_stack = b->task_sp > h->mem ? (uint32_t)(b->task_sp - h->mem) : h->size;
    h->limit = during && unlimited(b) ? UINT32_MAX - h->base : to_stack < h->size ? to_stack : h->size;
}

void thm_board_limit_heap(struct thm_board *b)
{
    set_heap_end(b, false);
}

void *thm_board_block(const struct thm_board *b, uint32_t address)
{
    if (address && b->stack_shared) /* it may lie where no memory is */
        return b->heaps.heap[0].mem + (address - b->heaps.heap[0].base);
    return thm_heaps_host(&b->heaps, address);
}

/* What the heap has grown over is no longer the stack's. */
static void heap_grew(struct thm_board *b, uint32_t address, uint32_t bytes)
{
    if (b->stack_shared)
        thm_stack_raise(&b->stack, (uint8_t *)thm_board_block(b, address) + bytes);
}

/* Of its memory, what is the heap's and not a stack's. */
static uint32_t heap_bytes(const struct thm_heap *h)
{
    return h->limit < h->size ? h->limit : h->size;
}

static enum thm_mem_err add_heaps(struct thm_board *b, const struct thm_heap_ops *ops, bool at_startup)
{
    const struct thm_profile *p = b->profile;
    for (unsigned i = 0; i < p->heaps_count; i++) {
        const struct thm_profile_heap *h = &p->heaps[i];
        uint8_t *mem = thm_board_host(b, h->base, h->size);
        if (h->at_startup != at_startup)
            continue;
        if (!mem)
            return THM_MEM_EINVAL;
        enum thm_mem_err err =
            thm_heaps_add(&b->heaps, ops, thm_mem_type_find(h->type), mem, h->base, h->size, at_startup);
        if (err)
            return err;
    }
    return THM_MEM_OK;
}

/* ---- allocations ---- */

static const char *call_name(const struct thm_heap_call *c)
{
    return c->by_new ? "operator new" : c->op == THM_HEAP_REALLOC ? "realloc" : "malloc";
}

static void alloc_failed(struct thm_board *b, const struct thm_heap_call *c)
{
    struct thm_heap_stats st;
    char why[128];
    thm_board_heap(b, &st);
    thm_board_event(b, THM_EV_ALLOC_FAILED, c->what, NULL, c->bytes, st.free, st.largest);
    thm_heap_view(b, "failed", c->what);
    thm_hal_failure(b, 10, 0, c->bytes, st.free, "%s: %s(%u) failed: %u bytes are free, the largest block is %u%s",
                    c->what, call_name(c), c->bytes, st.free, st.largest,
                    thm_heap_shortage(b, c->bytes, why, sizeof why));
    b->failure.largest = st.largest;
}

static void past_the_end(struct thm_board *b, uint32_t address)
{
    char text[sizeof b->batch[0].text];
    snprintf(text, sizeof text,
             "malloc wrote a block header past the RAM's end, at 0x%x: the heap has run over the stack, as it has no "
             "limit here (--polite-oom gives NULL)",
             address);
    thm_board_event(b, THM_EV_FAULT, "memory fault", text, 12, address);
    thm_board_die(b, 12);
}

/* An allocator that met a damaged header gives NULL too, but the device would have stopped there. */
static void look_for_damage(struct thm_board *b, const struct thm_heap_call *c)
{
    for (uint32_t i = 0; i < b->heaps.n; i++) {
        const struct thm_heap *h = &b->heaps.heap[i];
        if (h->corrupt_at && unlimited(b) && h->corrupt_at - h->base >= h->size - 4)
            past_the_end(b, h->corrupt_at);
        if (h->corrupt_at)
            thm_heap_damaged(b, h->corrupt_at, c);
    }
}

/* What the platform does now; returns where the caller gets NULL. */
static void out_of_memory(struct thm_board *b, const char *on_failure)
{
    const struct thm_oom_policy *policy = thm_oom_policy_find(on_failure);
    if (!policy || policy->exit_status == 0 || b->run->polite_oom || !b->running)
        return;
    thm_hal_failure_note(b, "; %s%s%s", policy->words ? policy->words : "", policy->words ? ": " : "", policy->result);
    thm_board_event(b, THM_EV_FAULT, "out of memory", b->failure.message, (uint64_t)policy->exit_status, 0);
    thm_board_die(b, policy->exit_status);
}

static uint32_t allocate(struct thm_board *b, const struct thm_heap_call *c)
{
    const struct thm_profile_allocator *a = &b->profile->allocator;
    uint32_t address;
    set_heap_end(b, true);
    (void)thm_board_heap_call(b, c, &address);
    set_heap_end(b, false);
    if (address) {
        heap_grew(b, address, c->bytes);
        return address;
    }
    look_for_damage(b, c);
    if (thm_heap_call_frees(c))
        return 0;
    alloc_failed(b, c);
    out_of_memory(b, c->by_new && a->on_new_failure ? a->on_new_failure : a->on_failure);
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

/* An application without memalign (FreeRTOS' heap_4 has none) asks for more, uses the aligned part, and remembers what
 * to give back. */
static uint32_t align_by_hand(struct thm_board *b, const struct thm_heap_call *c)
{
    const uint32_t more = c->align - 1;
    struct thm_board_aligned *free_slot = NULL;
    for (size_t i = 0; i < sizeof b->aligned / sizeof b->aligned[0]; i++)
        free_slot = b->aligned[i].at ? free_slot : &b->aligned[i];
    if (!free_slot || c->bytes > UINT32_MAX - more)
        return 0;
    free_slot->block = thm_board_alloc(b, c->bytes + more, c->what);
    free_slot->at = free_slot->block ? (free_slot->block + more) & ~more : 0;
    return free_slot->at;
}

static struct thm_board_aligned *aligned_slot(struct thm_board *b, uint32_t address)
{
    for (size_t i = 0; i < sizeof b->aligned / sizeof b->aligned[0]; i++)
        if (address && b->aligned[i].at == address)
            return &b->aligned[i];
    return NULL;
}

/* The block that an address stands for. */
static uint32_t block_of(struct thm_board *b, uint32_t address)
{
    struct thm_board_aligned *slot = aligned_slot(b, address);
    if (!slot)
        return address;
    slot->at = 0;
    return slot->block;
}

void thm_board_release(struct thm_board *b, uint32_t address)
{
    const struct thm_heap_call c = { .op = THM_HEAP_FREE, .address = block_of(b, address) };
    uint32_t none;
    if (address && thm_board_heap_call(b, &c, &none))
        thm_heap_bad_free(b, &c);
}

/* realloc of an aligned part: its bytes begin inside the block, so the allocator cannot move them. */
static uint32_t move_aligned(struct thm_board *b, const struct thm_heap_call *c)
{
    const uint32_t block = aligned_slot(b, c->address)->block;
    const struct thm_ledger_block *known = thm_ledger_find(&b->book.ledger, block);
    const uint32_t old = known ? known->bytes - (c->address - block) : 0;
    const uint32_t to = c->bytes ? thm_board_alloc(b, c->bytes, c->what) : 0;
    if (to)
        memmove(thm_board_block(b, to), thm_board_block(b, c->address), old < c->bytes ? old : c->bytes);
    if (to || c->bytes == 0)
        thm_board_release(b, c->address);
    return to;
}

bool thm_board_take_static(struct thm_board *b, uint32_t bytes)
{
    return bytes == 0 || take_block(b, bytes, 0, "firmware .data .bss");
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

static bool stack_from_heap(struct thm_board *b)
{
    const uint32_t at = take_block(b, b->stack.size, thm_profile_caps("internal"), "task stack");
    if (at)
        thm_board_stack_in_heap(b, at);
    return at != 0;
}

enum thm_mem_err thm_board_boot_memory(struct thm_board *b)
{
    const struct thm_profile *p = b->profile;
    const struct thm_heap_ops *ops = thm_heap_find(p->allocator.name);
    thm_heaps_init(&b->heaps, p->allocator.internal_limit);
    enum thm_mem_err err = ops ? add_heaps(b, ops, false) : THM_MEM_EINVAL;
    if (!err)
        err = add_heaps(b, ops, true);
    set_heap_end(b, false);
    if (!err && b->run->check_heap && !thm_heap_check_start(b))
        err = THM_MEM_EHOST;
    if (err)
        return err;
    for (uint32_t i = 0; i < b->heaps.n; i++)
        THM_MEMCHECK_CLOSE(b->heaps.heap[i].mem, heap_bytes(&b->heaps.heap[i]));
    if (!thm_board_take(b, "boot"))
        return THM_MEM_ENOMEM;
    if (p->task.stack_from_heap && !stack_from_heap(b))
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

static void do_new(struct thm_call *c)
{
    c->result = allocate(c->b, &(struct thm_heap_call){ .bytes = c->n, .by_new = true, .what = c->s });
}

static void do_memalign(struct thm_call *c)
{
    const struct thm_heap_call call = {
        .op = THM_HEAP_MEMALIGN, .bytes = c->n, .align = c->m, .caps = THM_CAP_DEFAULT, .what = c->s
    };
    const bool has_it = thm_heap_find(c->b->profile->allocator.name)->memalign;
    c->result = has_it ? allocate(c->b, &call) : align_by_hand(c->b, &call);
}

static void do_malloc_caps(struct thm_call *c)
{
    c->result = allocate(c->b, &(struct thm_heap_call){ .bytes = c->n, .caps = c->m, .what = c->s });
}

static void do_realloc(struct thm_call *c)
{
    const struct thm_heap_call call = { .op = THM_HEAP_REALLOC, .address = c->m, .bytes = c->n, .what = c->s };
    c->result = aligned_slot(c->b, c->m) ? move_aligned(c->b, &call) : allocate(c->b, &call);
}

static void do_heap(struct thm_call *c)
{
    THM_MEMCHECK_PAUSE();
    thm_heaps_stats(&c->b->heaps, c->n, c->p);
    THM_MEMCHECK_RESUME();
}

static void do_free(struct thm_call *c)
{
    thm_board_release(c->b, c->n);
}

void *thm_hal_malloc(struct thm_board *b, uint32_t bytes, const char *what)
{
    int64_t at = thm_board_enter(do_malloc, (struct thm_call){ .b = b, .n = bytes, .s = what });
    return thm_board_block(b, (uint32_t)at);
}

void *thm_hal_new(struct thm_board *b, uint32_t bytes, const char *what)
{
    int64_t at = thm_board_enter(do_new, (struct thm_call){ .b = b, .n = bytes, .s = what });
    return thm_board_block(b, (uint32_t)at);
}

void *thm_hal_memalign(struct thm_board *b, uint32_t align, uint32_t bytes, const char *what)
{
    int64_t at = thm_board_enter(do_memalign, (struct thm_call){ .b = b, .n = bytes, .m = align, .s = what });
    return thm_board_block(b, (uint32_t)at);
}

void *thm_hal_malloc_caps(struct thm_board *b, uint32_t bytes, uint32_t caps, const char *what)
{
    int64_t at = thm_board_enter(do_malloc_caps, (struct thm_call){ .b = b, .n = bytes, .m = caps, .s = what });
    return thm_board_block(b, (uint32_t)at);
}

/* The device address of what is given back; ends the board if it lies in no heap. */
static uint32_t heap_address(struct thm_board *b, const void *p, const char *call)
{
    const uint32_t at = thm_board_address(b, p);
    if (at == 0 || !thm_board_block(b, at))
        thm_hal_fault(b, NULL, "%s of %p: it points to no heap of the board", call, p);
    return at;
}

void *thm_hal_realloc(struct thm_board *b, void *p, uint32_t bytes, const char *what)
{
    const uint32_t old = p ? heap_address(b, p, "realloc") : 0;
    int64_t at = thm_board_enter(do_realloc, (struct thm_call){ .b = b, .n = bytes, .m = old, .s = what });
    return thm_board_block(b, (uint32_t)at);
}

void thm_hal_free(struct thm_board *b, void *p)
{
    if (p)
        thm_board_enter(do_free, (struct thm_call){ .b = b, .n = heap_address(b, p, "free") });
}

void thm_hal_heap(struct thm_board *b, uint32_t caps, struct thm_heap_stats *out, uint32_t *low_water)
{
    thm_board_enter(do_heap, (struct thm_call){ .b = b, .n = caps ? caps : THM_CAP_DEFAULT, .p = out });
    *low_water = caps ? out->min_free : b->heaps.low_water;
}

static void do_round(struct thm_call *c)
{
    c->result = thm_heap_round_end(c->b);
}

bool thm_hal_round(struct thm_board *b)
{
    return thm_board_enter(do_round, (struct thm_call){ .b = b }) != 0;
}
