/* tests/unit/fsimages/failing_heap.h -- a board's heap that has no memory after so many allocations. */
#pragma once
#include "tests/testing.h"
#include "fsimages/fs.h"

struct failing_heap {
    int left; /* allocations until it fails */
    int live;
    uint32_t bytes; /* of all that were made */
};

static inline void *failing_heap_alloc(void *ctx, uint32_t bytes, const char *what)
{
    struct failing_heap *h = ctx;
    assert_non_null(what);
    if (h->left-- == 0)
        return NULL;
    h->live++;
    h->bytes += bytes;
    return malloc(bytes);
}

static inline void failing_heap_free(void *ctx, void *p)
{
    ((struct failing_heap *)ctx)->live--;
    free(p);
}

static inline struct thm_fs_memory failing_heap_memory(struct failing_heap *h)
{
    return (struct thm_fs_memory){ h, failing_heap_alloc, failing_heap_free };
}
