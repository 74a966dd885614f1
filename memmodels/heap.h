/* memmodels/heap.h -- a board's heap allocator, in band, in emulated SRAM.
 *
 * An allocator keeps its headers and lists inside the memory it manages, as 32-bit little-endian words, exactly where
 * the device's allocator keeps them: same addresses, same fragmentation, same NULL, and an overrun damages the same
 * neighbour. Addresses are the device's (uint32_t); 0 is NULL. Sizes are bytes. Not thread-safe.
 * A new allocator: one file, one row in heap.c's table, its golden traces. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "memmodels/err.h"

/* What every allocator can say, whatever the device's own info call shows (that is stat_line). Bytes. */
struct thm_heap_stats {
    uint32_t free;      /* not in live blocks and not lost: for a newlib heap the free chunks and the memory that the
                         * program break has not reached; multi_heap: less one block's poisoning */
    uint32_t largest;   /* the largest malloc that would succeed now, exactly; 0: none would */
    uint32_t min_free;  /* least `free` so far, after any call */
    uint32_t allocated; /* in live blocks: multi_heap and heap_4 without their headers, newlib with them */
    uint32_t blocks_alloc, blocks_free;
};

/* One block of a heap, with all that it takes: header, payload, what the allocator adds behind it. */
struct thm_heap_block {
    uint32_t at, bytes; /* device address of its first byte; total size */
    uint32_t payload;   /* the address that malloc gave, as far as the header tells; 0: the block is free */
};
typedef void thm_heap_visit(void *ctx, const struct thm_heap_block *b);

struct thm_heap_ops;

#define THM_HEAP_STATE_WORDS 272

struct thm_heap {
    const struct thm_heap_ops *ops;
    uint8_t *mem;        /* host address of the heap's first byte; lent */
    uint32_t base;       /* device address of it; alignment and page rounding follow this */
    uint32_t size;       /* bytes */
    uint32_t limit;      /* bytes that a program break may reach; see thm_heap_init */
    uint32_t brk;        /* a newlib heap's program break, bytes from base (mallinfo's arena); others leave it 0 */
    uint32_t corrupt_at; /* 0; else the first damaged word, or word outside the heap, that an operation met: the device
                          * has stopped, or has from here on no heap that deserves the name */
    uint32_t state[THM_HEAP_STATE_WORDS]; /* what the device keeps outside the heap (newlib's statics); meaning is the
                                             allocator's */
};

struct thm_heap_ops {
    const char *name;                 /* as on the command line and in profiles: "esp_multi_heap_tlsf", ... */
    const char *title;                /* one line for listings */
    const struct thm_heap_ops *inner; /* a wrapper's: the allocator below; else NULL */
    bool unsorted; /* of several heaps the one registered first is tried first (ESP-IDF before 5.4), not the smallest */
    enum thm_mem_err (*init)(struct thm_heap *h);
    /* These give 0 when the board is out of memory, and also when they met a damaged header: then corrupt_at is set. */
    uint32_t (*malloc)(struct thm_heap *h, uint32_t n);
    uint32_t (*realloc)(struct thm_heap *h, uint32_t p, uint32_t n);      /* NULL member: the allocator has none */
    uint32_t (*memalign)(struct thm_heap *h, uint32_t align, uint32_t n); /* likewise */
    /* ECORRUPT: a damaged header, as the device would notice. EINVAL: p was never a block's address. 0 is fine. */
    enum thm_mem_err (*free)(struct thm_heap *h, uint32_t p);
    uint32_t (*usable)(const struct thm_heap *h, uint32_t p); /* bytes the block can hold; 0: its header is damaged */
    uint32_t (*free_bytes)(const struct thm_heap *h); /* as in stats, without walking; NULL member: only stats knows */
    void (*stats)(const struct thm_heap *h, struct thm_heap_stats *out);
    /* Walk the whole heap. ECORRUPT: *where = device address of the first damaged block header. */
    enum thm_mem_err (*check)(const struct thm_heap *h, uint32_t *where);
    /* Visit every block in the order of addresses; what lies in none is the allocator's own. Memory that the program
     * break has not reached is a free block too. Only reads, and may run in a signal handler. Stops at the first
     * damaged header: ECORRUPT. */
    enum thm_mem_err (*walk)(const struct thm_heap *h, thm_heap_visit *visit, void *ctx);
    /* The allocator's own `stat` line of the trace format, without the word "stat"; returns snprintf's value. */
    int (*stat_line)(const struct thm_heap *h, char *buf, size_t len);
};

const struct thm_heap_ops *thm_heap_find(const char *name); /* NULL: unknown */
const struct thm_heap_ops *thm_heap_at(size_t i);           /* NULL after the last: for listings */

/* Set up an allocator over mem[0..size).
 *
 * `limit` is set to `size`. For a newlib heap the caller may change it right afterwards: the program break fails beyond
 * it. size - 1: the board's _sbrk does not let the break reach the end. UINT32_MAX - base: its _sbrk checks nothing
 * (Adafruit SAMD), so blocks reach past the memory: malloc succeeds, thm_heap_past_end() tells, and the figures go on
 * to count what really exists. Where the allocator itself would write a header past the memory, the call gives 0 with
 * corrupt_at at or above base + size: the device's bus fault. Errors: THM_MEM_EINVAL: too small or too large for this
 * allocator, misaligned, or past 4 GiB. */
enum thm_mem_err thm_heap_init(struct thm_heap *h, const struct thm_heap_ops *ops, uint8_t *mem, uint32_t base,
                               uint32_t size);
/* By how many bytes the program break is past the memory; 0 unless `limit` allows it. */
uint32_t thm_heap_past_end(const struct thm_heap *h);
