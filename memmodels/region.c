#include "memmodels/region.h"
#include <stddef.h>
#include <sys/mman.h>
#include "memmodels/lowmap.h"

/* Regions that share a mapping: less than a page lies between each and the next. */
struct run {
    uint64_t start, end; /* device addresses, rounded out to pages; the guard page follows */
};

static uint64_t end_of(const struct thm_region *r)
{
    return (uint64_t)r->base + r->size;
}

static bool valid(const struct thm_region *regions, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (regions[i].size == 0 || end_of(&regions[i]) > 1ull << 32)
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (regions[i].base < end_of(&regions[j]) && regions[j].base < end_of(&regions[i]))
                return false;
    }
    return true;
}

/* The run that region i belongs to: widen its pages until no region touches them. */
static struct run run_of(const struct thm_region *regions, uint32_t n, uint32_t i)
{
    const uint64_t page = thm_page_size();
    struct run run = { regions[i].base / page * page, (end_of(&regions[i]) + page - 1) / page * page };
    for (uint32_t j = 0; j < n; j++) {
        const uint64_t start = regions[j].base / page * page, end = (end_of(&regions[j]) + page - 1) / page * page;
        const bool touches = start <= run.end && run.start <= end, wider = start < run.start || end > run.end;
        if (!touches || !wider)
            continue;
        run.start = start < run.start ? start : run.start;
        run.end = end > run.end ? end : run.end;
        j = UINT32_MAX; /* from the beginning: an earlier one may touch now */
    }
    return run;
}

/* Give every region of a run its place in the run's mapping at host address `at`. */
static void place(struct thm_region *regions, uint32_t n, struct run run, uint64_t at)
{
    for (uint32_t i = 0; i < n; i++) {
        struct thm_region *r = &regions[i];
        if (r->base < run.start || r->base >= run.end)
            continue;
        r->map = (void *)(uintptr_t)at;
        r->map_size = run.end - run.start + thm_page_size();
        r->mem = (uint8_t *)(uintptr_t)(at + (r->base - run.start));
        r->at_device_address = at == run.start;
    }
}

/* Map the run of region i, with its guard page, where the device has it or (`anywhere`) where there is room. */
static bool map_run(struct thm_region *regions, uint32_t n, uint32_t i, bool anywhere)
{
    const struct run run = run_of(regions, n, i);
    const uint64_t page = thm_page_size(), size = run.end - run.start;
    uint64_t at = 0;
    if (anywhere)
        at = thm_lowmap_anywhere(size + page, run.start);
    else if (thm_lowmap_at(run.start, size + page))
        at = run.start;
    if (at == 0)
        return false;
    if (mprotect((void *)(uintptr_t)(at + size), page, PROT_NONE) < 0) {
        munmap((void *)(uintptr_t)at, size + page);
        return false;
    }
    place(regions, n, run, at);
    return true;
}

enum thm_mem_err thm_regions_map(struct thm_region *regions, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        regions[i].map = regions[i].mem = NULL;
        regions[i].map_size = 0;
        regions[i].at_device_address = false;
    }
    if (!valid(regions, n))
        return THM_MEM_EINVAL;
    for (int anywhere = 0; anywhere < 2; anywhere++) /* the second time, what could not be had the first time */
        for (uint32_t i = 0; i < n; i++)
            if (!regions[i].map && !map_run(regions, n, i, anywhere) && anywhere) {
                thm_regions_unmap(regions, n);
                return THM_MEM_EHOST;
            }
    return THM_MEM_OK;
}

void thm_regions_unmap(struct thm_region *regions, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        void *map = regions[i].map;
        if (!map)
            continue;
        munmap(map, regions[i].map_size);
        for (uint32_t j = i; j < n; j++)
            if (regions[j].map == map)
                regions[j].map = regions[j].mem = NULL;
    }
}

const struct thm_region *thm_region_at(const struct thm_region *regions, uint32_t n, const void *p, bool *past_end)
{
    const struct thm_region *before = NULL; /* the last region that ends at or before p, in p's mapping */
    const uintptr_t a = (uintptr_t)p;
    for (uint32_t i = 0; i < n; i++) {
        const struct thm_region *r = &regions[i];
        const uintptr_t mem = (uintptr_t)r->mem, map = (uintptr_t)r->map;
        if (!r->map || a < mem || a - map >= r->map_size)
            continue;
        if (a - mem < r->size) {
            if (past_end)
                *past_end = false;
            return r;
        }
        if (!before || r->mem > before->mem)
            before = r;
    }
    if (before && past_end)
        *past_end = true;
    return before;
}
