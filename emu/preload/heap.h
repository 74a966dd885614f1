/* emu/preload/heap.h -- the board's heaps as a C program's malloc: host pointers, the alignment that its compiler
 * counts on. Takes no lock, calls no malloc.
 *
 * Alignment. A 32-bit allocator aligns to 4 or 8 bytes; code for x86-64 may use instructions that need 16 for objects
 * that are aligned so. A block of at least `align` bytes is therefore asked for with `align` minus the allocator's own
 * alignment bytes more (smaller ones with as much as their size can need), and the pointer moved up inside it: that is
 * the padding. Where a pointer lies in its block, and how much was asked for, is written beside the heap, not in it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "emu/preload/shared.h"
#include "memmodels/caps.h"
#include "memmodels/region.h"

struct thm_exec_block; /* private: what is written about a block */

struct thm_exec_heap {
    struct thm_region region[THM_EXEC_REGIONS];
    struct thm_exec_block *blocks[THM_EXEC_REGIONS]; /* one for each 8 bytes of the region; resident where used */
    uint32_t regions;
    struct thm_heaps heaps;
    uint32_t align;           /* wanted of a block of so many bytes; 0: as it comes */
    uint32_t allocator_align; /* what the allocator gives by itself: found by trying */
    uint32_t whole;           /* bytes free before the runtime took its blocks */
    uint32_t live, padding;   /* blocks in use; bytes in them that are there for alignment only */
};

/* Map the regions, set up the allocator, take what the runtime takes. The setup has been checked. Errors:
 * THM_MEM_EHOST; EINVAL (a region too small for the allocator, two that overlap); ENOMEM: the runtime's blocks do not
 * fit. */
enum thm_mem_err thm_exec_heap_init(struct thm_exec_heap *h, const struct thm_exec_setup *s);
void thm_exec_heap_finish(struct thm_exec_heap *h); /* unmap */

/* align: power of two; 0: as C wants it of malloc. 0 bytes are given a block of one. NULL: no room (or damage: see
 * thm_exec_heap_damage). */
void *thm_exec_heap_alloc(struct thm_exec_heap *h, uint64_t n, uint64_t align);
void *thm_exec_heap_realloc(struct thm_exec_heap *h, void *p,
                            uint64_t n); /* p: owned, n: not 0; NULL: p is as it was */
/* p: owned. ECORRUPT: a damaged header, or freed twice and the allocator noticed. EINVAL: no block's address. */
enum thm_mem_err thm_exec_heap_free(struct thm_exec_heap *h, void *p);
bool thm_exec_heap_owns(const struct thm_exec_heap *h, const void *p);
size_t thm_exec_heap_size(const struct thm_exec_heap *h, const void *p);      /* as asked for; 0: not a live block */
uint32_t thm_exec_heap_address(const struct thm_exec_heap *h, const void *p); /* the device's; 0: not owned */
uint32_t thm_exec_heap_damage(const struct thm_exec_heap *h); /* device address of a damaged header met; 0: none */
