/* memmodels/region.h -- device memory in this process, at the device's own addresses.
 *
 * A region is exactly as large as it is on the chip. What follows it, and is no other region, is inaccessible: running
 * past its end faults. Protection works in pages: where a region does not end on one, the bytes up to the page's end
 * stay accessible, as do those before one that does not begin on one. Regions less than a page apart share a mapping,
 * and the hole between them is accessible too. Regions that are adjacent on the chip are adjacent here. Sizes are
 * bytes, addresses the device's. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "memmodels/err.h"

struct thm_region {
    const char *name; /* lent: must outlive the region */
    uint32_t base;    /* device address */
    uint32_t size;    /* bytes; need not be a multiple of the host's page size */
    uint8_t *mem;     /* host address of byte 0; == (uint8_t *)(uintptr_t)base when `at_device_address` */
    bool at_device_address;
    void *map; /* private: the mapping with its guard page, shared by regions less than a page apart */
    uint64_t map_size;
};

/* Map regions[0..n) (name, base and size filled in by the caller), zeroed and not yet resident, in one go so that
 * adjacency can be kept. Tries the device's addresses (MAP_FIXED_NOREPLACE); where the PC has something else
 * there, the whole set of adjacent regions moves to a free range below 4 GiB and `at_device_address` is false.
 * Errors: THM_MEM_EINVAL (overlap, size 0, past 4 GiB), THM_MEM_EHOST; nothing stays mapped. */
enum thm_mem_err thm_regions_map(struct thm_region *regions, uint32_t n);
void thm_regions_unmap(struct thm_region *regions, uint32_t n);

/* The region that holds, or whose guard page holds, host address p; NULL: none. *past_end (may be NULL) tells
 * which, for fault messages. Async-signal-safe. */
const struct thm_region *thm_region_at(const struct thm_region *regions, uint32_t n, const void *p, bool *past_end);
