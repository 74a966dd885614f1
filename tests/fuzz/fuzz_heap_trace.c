/* Any bytes as an allocation log; then as operations on a heap into which the same bytes are written: nothing may leave
 * the heap's memory. Build with -Db_sanitize=address,undefined. */
#include <stdlib.h>
#include <string.h>
#include "memmodels/heap_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BASE 0x20000000u

/* The input's length chooses the allocator. */
static const struct thm_heap_ops *row_of(size_t len)
{
    size_t rows = 0;
    while (thm_heap_at(rows))
        rows++;
    return thm_heap_at(len % rows);
}

static void as_log(const uint8_t *data, size_t len)
{
    struct thm_replay_result result;
    /* One heap without the log's own size, which would only make the run slow. */
    const bool regions = memmem(data, len, "# region: ", 10);
    const struct thm_replay_options options = { .ops = row_of(len), .heap_size = regions ? 0 : 16384 };
    FILE *in = fmemopen((void *)(uintptr_t)data, len, "r");
    if (!in)
        return;
    thm_replay_stream(in, &options, &result);
    fclose(in);
}

/* Four bytes an operation: what, which of 16 blocks, a size or a place to overwrite, a value. */
static void step(struct thm_heap *h, uint32_t *p, const uint8_t *op)
{
    const uint32_t n = op[2] | (uint32_t)(op[0] & 0xF0) << 4;
    switch (op[0] % 6) {
    case 0: *p = h->ops->malloc(h, n); break;
    case 1: *p = h->ops->memalign ? h->ops->memalign(h, 1u << op[3] % 10, n) : 0; break;
    case 2:
        if (h->ops->realloc)
            h->ops->realloc(h, *p, n);
        break;
    case 3: h->ops->free(h, *p); break;
    case 4: h->mem[n % h->size] = op[3]; break;
    default: h->mem[(*p - BASE + n) % h->size] = op[3]; break;
    }
}

static void as_operations(const uint8_t *data, size_t len)
{
    struct thm_heap h;
    struct thm_heap_stats s;
    uint32_t p[16] = { 0 }, where;
    const uint32_t size = 2048;
    uint8_t *mem = calloc(1, size);
    if (!mem || thm_heap_init(&h, row_of(len), mem, BASE, size))
        abort();
    for (size_t i = 0; i + 4 <= len; i += 4)
        step(&h, &p[data[i + 1] % 16], data + i);
    h.ops->check(&h, &where);
    h.ops->stats(&h, &s);
    free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    as_log(data, len);
    as_operations(data, len);
    return 0;
}
