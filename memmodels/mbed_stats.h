/* memmodels/mbed_stats.h -- private: mbed OS's heap statistics, a wrapper around any allocator.
 *
 * Rules: mbed-os platform/source/mbed_alloc_wrappers.cpp with MBED_HEAP_STATS_ENABLED (every Arduino-mbed variant).
 * Each block has 8 bytes in front: its size and 0xDEADBEEF. calloc is malloc, and memset. realloc always moves, and to
 * 0 bytes it gives NULL and leaves the block allocated; memalign goes past the wrapper, so its blocks have no header.
 * free() passes on what has no signature: a block freed twice reaches the allocator as an address that is 8 too high.
 */
#pragma once
#include "memmodels/heap.h"

enum thm_mem_err thm_mbed_init(struct thm_heap *h);
uint32_t thm_mbed_malloc(struct thm_heap *h, uint32_t n);
uint32_t thm_mbed_realloc(struct thm_heap *h, uint32_t p, uint32_t n);
uint32_t thm_mbed_memalign(struct thm_heap *h, uint32_t align, uint32_t n);
enum thm_mem_err thm_mbed_free(struct thm_heap *h, uint32_t p);
uint32_t thm_mbed_usable(const struct thm_heap *h, uint32_t p);
uint32_t thm_mbed_free_bytes(const struct thm_heap *h);
void thm_mbed_stats(const struct thm_heap *h, struct thm_heap_stats *out);
enum thm_mem_err thm_mbed_check(const struct thm_heap *h, uint32_t *where);
enum thm_mem_err thm_mbed_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx);
int thm_mbed_stat_line(const struct thm_heap *h, char *buf, size_t len);

/* The members of a row that wraps `row` (which has memalign). */
#define THM_MBED_OVER(row)                                                                                      \
    .inner = (row), .init = thm_mbed_init, .malloc = thm_mbed_malloc, .free = thm_mbed_free,                    \
    .realloc = thm_mbed_realloc, .memalign = thm_mbed_memalign, .usable = thm_mbed_usable,                      \
    .free_bytes = thm_mbed_free_bytes, .stats = thm_mbed_stats, .check = thm_mbed_check, .walk = thm_mbed_walk, \
    .stat_line = thm_mbed_stat_line

extern const struct thm_heap_ops thm_newlib_dlmalloc_v2_mbed;
