/* memmodels/caps.h -- several heaps behind one malloc, chosen by capability, as ESP-IDF's heap_caps does.
 *
 * A board with one heap uses the same front with one region and no capabilities. Sources: esp-idf
 * components/heap/heap_caps_base.c, heap_caps_init.c, port/<chip>/memory_layout.c (1021229). */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "memmodels/heap.h"

enum { /* MALLOC_CAP_* bits */
       THM_CAP_EXEC = 1 << 0,
       THM_CAP_32BIT = 1 << 1,
       THM_CAP_8BIT = 1 << 2,
       THM_CAP_DMA = 1 << 3,
       THM_CAP_SPIRAM = 1 << 10,
       THM_CAP_INTERNAL = 1 << 11,
       THM_CAP_DEFAULT = 1 << 12,
       THM_CAP_RTCRAM = 1 << 15,
};

/* "DEFAULT|8BIT", without the prefix MALLOC_CAP_; false: an unknown name. */
bool thm_caps_parse(const char *text, uint32_t *caps);

/* A type of memory: its capabilities in three columns of falling priority. */
struct thm_mem_type {
    const char *name; /* "DRAM", "D/IRAM", "IRAM", "SPIRAM", "RTC", the same with "S3-" in front, "DMA-POOL", "RAM" (no
                         capabilities) */
    uint32_t caps[3];
};
const struct thm_mem_type *thm_mem_type_find(const char *name); /* NULL: unknown */

#define THM_HEAPS_MAX 16

struct thm_heaps {
    struct thm_heap heap[THM_HEAPS_MAX]; /* in search order */
    const struct thm_mem_type *type[THM_HEAPS_MAX];
    bool at_front[THM_HEAPS_MAX];
    uint32_t n;
    bool used;               /* something was allocated: no heaps are joined any more */
    uint32_t internal_limit; /* PSRAM: plain malloc of up to this many bytes tries internal RAM first; 0: no PSRAM */
    uint32_t low_water;      /* least free bytes seen over all DEFAULT heaps; later ones count as if always there */
};

void thm_heaps_init(struct thm_heaps *hs, uint32_t internal_limit);
/* Register a region: sorted into the search order (ascending size, or as they come: thm_heap_ops.unsorted; `at_front` =
 * added at run time, as D/IRAM just before app_main). A region that adjoins a heap (here too) of the same type and
 * time, which nobody used yet, becomes one heap with it. Errors: THM_MEM_EINVAL: too many or too small. */
enum thm_mem_err thm_heaps_add(struct thm_heaps *hs, const struct thm_heap_ops *ops, const struct thm_mem_type *type,
                               uint8_t *mem, uint32_t base, uint32_t size, bool at_front);
/* ESP-IDF keeps the array of heap records in the first 8BIT|INTERNAL heap, as its first block: take it, once the heaps
 * of start-up are added. `regions` counts those added later too. Errors: EINVAL: no such heap; ENOMEM. */
enum thm_mem_err thm_heaps_take_records(struct thm_heaps *hs, uint32_t regions);
/* PSRAM: keep `bytes` of internal memory for those who ask for DMA or INTERNAL memory by name, as
 * CONFIG_SPIRAM_MALLOC_RESERVE_INTERNAL does (esp_psram_extram_reserve_dma_pool). Errors: ENOMEM, EINVAL. */
enum thm_mem_err thm_heaps_reserve(struct thm_heaps *hs, uint32_t bytes);
/* 0: no heap with these capabilities has room, or one is damaged (thm_heap.corrupt_at). EXEC gives a data address. */
uint32_t thm_heaps_malloc(struct thm_heaps *hs, uint32_t n); /* plain malloc's choice of capabilities */
uint32_t thm_heaps_malloc_caps(struct thm_heaps *hs, uint32_t n, uint32_t caps);
uint32_t thm_heaps_memalign(struct thm_heaps *hs, uint32_t align, uint32_t n, uint32_t caps);
/* 0 bytes: free, as heap_caps_realloc; on a board without capabilities whatever its allocator does. */
uint32_t thm_heaps_realloc(struct thm_heaps *hs, uint32_t p, uint32_t n);
enum thm_mem_err thm_heaps_free(struct thm_heaps *hs, uint32_t p); /* EINVAL: p is in no heap */
/* Host address of device address p inside some heap; NULL: in none. */
void *thm_heaps_host(const struct thm_heaps *hs, uint32_t p);
/* Sum over the heaps that have all of `caps`: free, min_free, allocated and blocks are sums, largest the maximum. */
void thm_heaps_stats(const struct thm_heaps *hs, uint32_t caps, struct thm_heap_stats *out);
uint32_t thm_heaps_free_bytes(const struct thm_heaps *hs); /* free bytes of all DEFAULT heaps: what low_water follows */
enum thm_mem_err thm_heaps_check(const struct thm_heaps *hs, uint32_t *where);
