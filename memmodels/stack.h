/* memmodels/stack.h -- a task's stack, painted to measure its depth: a mapping of its own with inaccessible pages
 * below, or a piece of the board's memory, where an overflow overwrites what lies below, as on the device. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "memmodels/err.h"

struct thm_stack {
    const char *task; /* name for messages; lent */
    uint32_t size;    /* bytes the device gives the task */
    uint32_t
        host_size; /* bytes mapped: size x thm_stack_factor, rounded up to pages (the surplus above `top`, unused) */
    uint8_t *low;  /* lowest host address that is the stack's */
    uint8_t *top;  /* first address above; `size` rounded down to 16, as devices align it */
    void *map;     /* private; NULL: the memory is the caller's */
    uint64_t map_size;
    uint8_t *guard; /* inaccessible bytes below `low`; NULL: none */
    uint64_t guard_size;
    unsigned valgrind_id; /* private */
};

/* Host frames of an optimised build are taken as the device's. Builds with sanitizers or without optimisation have
 * larger frames: there the mapping is this many times as large, and depths are divided by it. */
extern const uint32_t thm_stack_factor;

/* Map a stack below 4 GiB. Errors: THM_MEM_EINVAL (less than 16 bytes, more than 64 MiB), THM_MEM_EHOST. */
enum thm_mem_err thm_stack_map(struct thm_stack *s, const char *task, uint32_t size);
/* Use [top - size, top) of memory that is the caller's and outlives the stack; it is painted. Only where
 * thm_stack_factor is 1: the device's bytes are too few for larger frames. Errors: THM_MEM_EINVAL. */
enum thm_mem_err thm_stack_place(struct thm_stack *s, const char *task, uint8_t *top, uint32_t size);
/* Make the host's page below a placed stack inaccessible, as an MPU region would be. The stack loses what its lowest
 * page lacks to a whole one. Errors: THM_MEM_EHOST. */
enum thm_mem_err thm_stack_protect(struct thm_stack *s);
/* The heap below has grown up to `low`: that much is left. */
void thm_stack_raise(struct thm_stack *s, uint8_t *low);
/* FreeRTOS' method 2: are the lowest 16 bytes as they were painted? */
bool thm_stack_canary_intact(const struct thm_stack *s);
void thm_stack_unmap(struct thm_stack *s);                           /* a placed one: its memory stays */
uint32_t thm_stack_used(const struct thm_stack *s);                  /* deepest so far, device bytes (from the paint) */
uint32_t thm_stack_depth(const struct thm_stack *s, const void *sp); /* device bytes between top and sp */
bool thm_stack_in_guard(const struct thm_stack *s, const void *p);   /* async-signal-safe */

/* Call fn(arg) on any stack whose first free byte is below `top`; returns when fn returns. Calls may nest. fn must not
 * leave by longjmp to the old stack under AddressSanitizer, which is not told of the change. */
void thm_call_on_stack(void (*fn)(void *arg), void *arg, void *top);
