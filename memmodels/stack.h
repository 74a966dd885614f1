/* memmodels/stack.h -- a task's stack: exactly its size, an inaccessible page below, painted to measure its depth. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "memmodels/err.h"

struct thm_stack {
    const char *task; /* name for messages; lent */
    uint32_t size;    /* bytes the device gives the task */
    uint32_t
        host_size; /* bytes mapped: size x thm_stack_factor, rounded up to pages (the surplus above `top`, unused) */
    uint8_t *low;  /* lowest usable host address; the guard page lies below */
    uint8_t *top;  /* first address above; `size` rounded down to 16, as devices align it */
    void *map;     /* private */
    uint64_t map_size;
    unsigned valgrind_id; /* private */
};

/* Host frames of an optimised build are taken as the device's. Builds with sanitizers or without optimisation have
 * larger frames: there the mapping is this many times as large, and depths are divided by it. */
extern const uint32_t thm_stack_factor;

/* Map a stack below 4 GiB. Errors: THM_MEM_EINVAL (less than 16 bytes, more than 64 MiB), THM_MEM_EHOST. */
enum thm_mem_err thm_stack_map(struct thm_stack *s, const char *task, uint32_t size);
void thm_stack_unmap(struct thm_stack *s);
uint32_t thm_stack_used(const struct thm_stack *s);                  /* deepest so far, device bytes (from the paint) */
uint32_t thm_stack_depth(const struct thm_stack *s, const void *sp); /* device bytes between top and sp */
bool thm_stack_in_guard(const struct thm_stack *s, const void *p);   /* async-signal-safe */

/* Call fn(arg) on any stack whose first free byte is below `top`; returns when fn returns. Calls may nest. fn must not
 * leave by longjmp to the old stack under AddressSanitizer, which is not told of the change. */
void thm_call_on_stack(void (*fn)(void *arg), void *arg, void *top);
