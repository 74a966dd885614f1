#include "memmodels/heap.h"
#include <string.h>
#include "memmodels/dlmalloc.h"
#include "memmodels/heap_4.h"
#include "memmodels/mbed_stats.h"
#include "memmodels/multi_heap.h"
#include "memmodels/nano.h"

static const struct thm_heap_ops *const allocators[] = {
    /* ESP-IDF */ &thm_multi_heap_tlsf,
    &thm_multi_heap_tlsf_light,
    &thm_multi_heap_tlsf_v5,
    &thm_multi_heap_tlsf_v5_light,
    &thm_multi_heap_tlsf_v4,
    &thm_multi_heap_tlsf_v4_light,
    &thm_multi_heap_best_fit,
    &thm_multi_heap_best_fit_light,
    /* FreeRTOS */ &thm_freertos_heap_4,
    /* newlib */ &thm_newlib_nano,
    &thm_newlib_nano_v2,
    &thm_newlib_dlmalloc,
    &thm_newlib_dlmalloc_v2,
    &thm_newlib_dlmalloc_v2_mbed,
};

const struct thm_heap_ops *thm_heap_at(size_t i)
{
    return i < sizeof allocators / sizeof allocators[0] ? allocators[i] : NULL;
}

const struct thm_heap_ops *thm_heap_find(const char *name)
{
    const struct thm_heap_ops *ops;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++)
        if (strcmp(ops->name, name) == 0)
            return ops;
    return NULL;
}

enum thm_mem_err thm_heap_init(struct thm_heap *h, const struct thm_heap_ops *ops, uint8_t *mem, uint32_t base,
                               uint32_t size)
{
    if (size == 0 || size - 1 > UINT32_MAX - base)
        return THM_MEM_EINVAL;
    *h = (struct thm_heap){ .ops = ops, .mem = mem, .base = base, .size = size, .limit = size };
    return ops->init(h);
}

uint32_t thm_heap_past_end(const struct thm_heap *h)
{
    return h->brk > h->size ? h->brk - h->size : 0;
}
