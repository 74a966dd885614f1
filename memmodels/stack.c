#include "memmodels/stack.h"
#include <string.h>
#include <sys/mman.h>
#include "memmodels/lowmap.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id)      ((void)(id))
#define VALGRIND_MAKE_MEM_DEFINED(at, len) ((void)0)
#endif

#ifndef __has_feature /* gcc 12 */
#define __has_feature(x) 0
#endif

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
const uint32_t thm_stack_factor = 8; /* red zones around every local, and no slot is used twice */
#elif !defined __OPTIMIZE__
const uint32_t thm_stack_factor = 4; /* every temporary has a slot */
#else
const uint32_t thm_stack_factor = 1;
#endif

#define PAINT      0xA5u       /* as FreeRTOS paints its stacks */
#define GUARD_SIZE (64u << 10) /* a frame may jump over one page, hardly over this */
#define SIZE_LIMIT (64u << 20)
#define CANARY     16u /* bytes: FreeRTOS-Kernel include/stack_macros.h */

static void paint(struct thm_stack *s)
{
    memset(s->low, PAINT, (size_t)(s->top - s->low));
    s->valgrind_id = VALGRIND_STACK_REGISTER(s->low, s->top);
}

enum thm_mem_err thm_stack_map(struct thm_stack *s, const char *task, uint32_t size)
{
    const uint64_t page = thm_page_size(), used = ((uint64_t)size * thm_stack_factor) & ~15ull;
    *s = (struct thm_stack){ .task = task, .size = size };
    if (size < 16 || size > SIZE_LIMIT)
        return THM_MEM_EINVAL;
    s->host_size = (uint32_t)((used + page - 1) / page * page);
    s->map_size = GUARD_SIZE + s->host_size;
    const uint64_t at = thm_lowmap_anywhere(s->map_size, 0);
    if (at == 0)
        return THM_MEM_EHOST;
    s->map = (void *)(uintptr_t)at;
    s->low = (uint8_t *)(uintptr_t)(at + GUARD_SIZE);
    s->top = s->low + used;
    s->guard = s->map;
    s->guard_size = GUARD_SIZE;
    if (mprotect(s->map, GUARD_SIZE, PROT_NONE) < 0) {
        munmap(s->map, s->map_size);
        s->map = s->guard = s->low = NULL;
        return THM_MEM_EHOST;
    }
    paint(s);
    return THM_MEM_OK;
}

enum thm_mem_err thm_stack_place(struct thm_stack *s, const char *task, uint8_t *top, uint32_t size)
{
    *s = (struct thm_stack){ .task = task, .size = size, .host_size = size };
    if (size < 16 || size > SIZE_LIMIT || thm_stack_factor != 1)
        return THM_MEM_EINVAL;
    s->low = top - size;
    s->top = (uint8_t *)((uintptr_t)top & ~(uintptr_t)15);
    paint(s);
    return THM_MEM_OK;
}

enum thm_mem_err thm_stack_protect(struct thm_stack *s)
{
    const uintptr_t page = thm_page_size(), low = ((uintptr_t)s->low + page - 1) / page * page;
    if (low >= (uintptr_t)s->top || mprotect((void *)(low - page), page, PROT_NONE) < 0)
        return THM_MEM_EHOST;
    s->low = (uint8_t *)low;
    s->guard = (uint8_t *)(low - page);
    s->guard_size = page;
    return THM_MEM_OK;
}

void thm_stack_raise(struct thm_stack *s, uint8_t *low)
{
    if (low <= s->low)
        return;
    s->low = low < s->top ? low : s->top;
    s->size = (uint32_t)(s->top - s->low);
}

bool thm_stack_canary_intact(const struct thm_stack *s)
{
    VALGRIND_MAKE_MEM_DEFINED(s->low, CANARY); /* dead to it: it lies below the stack pointer */
    for (uint32_t i = 0; i < CANARY; i++)
        if (((const volatile uint8_t *)s->low)[i] != PAINT)
            return false;
    return true;
}

void thm_stack_unmap(struct thm_stack *s)
{
    if (!s->low)
        return;
    VALGRIND_STACK_DEREGISTER(s->valgrind_id);
    if (s->map)
        munmap(s->map, s->map_size);
    s->map = s->guard = s->low = NULL;
}

static uint32_t device_bytes(uint64_t host_bytes)
{
    return (uint32_t)((host_bytes + thm_stack_factor - 1) / thm_stack_factor);
}

/* It looks below the stack pointer, at what is left of dead frames: no business of the tools. */
__attribute__((no_sanitize("address"))) uint32_t thm_stack_used(const struct thm_stack *s)
{
    const volatile uint8_t *p = s->low;
    VALGRIND_MAKE_MEM_DEFINED(s->low, s->top - s->low);
    while (p < s->top && *p == PAINT)
        p++;
    return device_bytes((uint64_t)(s->top - p));
}

uint32_t thm_stack_depth(const struct thm_stack *s, const void *sp)
{
    const uintptr_t top = (uintptr_t)s->top, at = (uintptr_t)sp;
    return at < top ? device_bytes(top - at) : 0;
}

bool thm_stack_in_guard(const struct thm_stack *s, const void *p)
{
    return s->guard && (uintptr_t)p - (uintptr_t)s->guard < s->guard_size;
}
