#include "memmodels/mbed_stats.h"
#include "memmodels/band.h"
#include "memmodels/dlmalloc.h"

enum { /* alloc_info_t, in front of a block */
       INFO_SIZE = 0,
       INFO_SIGNATURE = 4,
       INFO_BYTES = 8,
};
#define SIGNATURE 0xDEADBEEFu

static const struct thm_heap_ops *inner(const struct thm_heap *h)
{
    return h->ops->inner;
}

/* The block has the wrapper's header. */
static bool is_signed(const struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    return band_holds(&b, p - INFO_BYTES, INFO_BYTES) && band_load(&b, p - INFO_BYTES + INFO_SIGNATURE) == SIGNATURE;
}

/* What the allocator below calls the block. */
static uint32_t inner_block(const struct thm_heap *h, uint32_t p)
{
    return is_signed(h, p) ? p - INFO_BYTES : p;
}

enum thm_mem_err thm_mbed_init(struct thm_heap *h)
{
    return inner(h)->init(h);
}

uint32_t thm_mbed_malloc(struct thm_heap *h, uint32_t n)
{
    const uint32_t info = n <= UINT32_MAX - INFO_BYTES ? inner(h)->malloc(h, n + INFO_BYTES) : 0;
    if (info == 0)
        return 0;
    struct band b = band_view(h);
    band_store(&b, info + INFO_SIZE, n);
    band_store(&b, info + INFO_SIGNATURE, SIGNATURE);
    return band_done(&b, h) ? info + INFO_BYTES : 0;
}

enum thm_mem_err thm_mbed_free(struct thm_heap *h, uint32_t p)
{
    struct band b = band_view(h);
    const uint32_t block = inner_block(h, p);
    if (block != p)
        band_store(&b, block + INFO_SIGNATURE, 0);
    return inner(h)->free(h, block);
}

uint32_t thm_mbed_realloc(struct thm_heap *h, uint32_t p, uint32_t n)
{
    struct band b = band_view(h);
    const uint32_t old = p ? band_load(&b, p - INFO_BYTES + INFO_SIZE) : 0; /* whatever lies there */
    const uint32_t to = n && band_done(&b, h) ? thm_mbed_malloc(h, n) : 0;
    if (to == 0 || p == 0)
        return to;
    band_copy(&b, to, p, old < n ? old : n);
    return band_done(&b, h) && thm_mbed_free(h, p) == THM_MEM_OK ? to : 0;
}

uint32_t thm_mbed_memalign(struct thm_heap *h, uint32_t align, uint32_t n)
{
    return inner(h)->memalign ? inner(h)->memalign(h, align, n) : 0;
}

uint32_t thm_mbed_usable(const struct thm_heap *h, uint32_t p)
{
    const uint32_t block = inner_block(h, p), bytes = inner(h)->usable(h, block);
    return bytes > p - block ? bytes - (p - block) : 0;
}

uint32_t thm_mbed_free_bytes(const struct thm_heap *h)
{
    struct thm_heap_stats s;
    if (inner(h)->free_bytes)
        return inner(h)->free_bytes(h);
    inner(h)->stats(h, &s);
    return s.free;
}

void thm_mbed_stats(const struct thm_heap *h, struct thm_heap_stats *out)
{
    inner(h)->stats(h, out);
    out->largest = out->largest > INFO_BYTES ? out->largest - INFO_BYTES : 0;
}

enum thm_mem_err thm_mbed_check(const struct thm_heap *h, uint32_t *where)
{
    return inner(h)->check(h, where);
}

struct unwrapped {
    const struct thm_heap *h;
    thm_heap_visit *visit;
    void *ctx;
};

static void visit_behind_info(void *ctx, const struct thm_heap_block *b)
{
    const struct unwrapped *u = ctx;
    struct thm_heap_block block = *b;
    if (b->payload && is_signed(u->h, b->payload + INFO_BYTES))
        block.payload += INFO_BYTES;
    u->visit(u->ctx, &block);
}

enum thm_mem_err thm_mbed_walk(const struct thm_heap *h, thm_heap_visit *visit, void *ctx)
{
    struct unwrapped u = { h, visit, ctx };
    return inner(h)->walk(h, visit_behind_info, &u);
}

int thm_mbed_stat_line(const struct thm_heap *h, char *buf, size_t len)
{
    return inner(h)->stat_line(h, buf, len);
}

const struct thm_heap_ops thm_newlib_dlmalloc_v2_mbed = {
    .name = "newlib_dlmalloc_v2_mbed",
    .title = "newlib_dlmalloc_v2 with mbed's heap statistics (Arduino-mbed boards)",
    THM_MBED_OVER(&thm_newlib_dlmalloc_v2),
};
