/* memmodels/heap_replay.h -- run an allocation log on an emulated heap, line by line.
 *
 * The log is text. `#` begins a comment; before the first operation, `# allocator: NAME`, `# heap_size: BYTES` and
 * `# base_mod4096: N` (the address of the heap's first byte, modulo 4096) set up the heap; `# end ops=N` tells that
 * the log is whole. Operations, each optionally with its recorded result, an offset from the first byte, NULL, or ok
 * (anything but NULL):
 *   m ID SIZE -> OFF     malloc; ID is any integer that is not live
 *   a ID ALIGN SIZE -> OFF  memalign
 *   r ID SIZE -> OFF     realloc; size 0 is as the allocator takes it
 *   f ID                 free; of an ID whose allocation failed here: nothing, as free(NULL)
 *   stat FIELDS          the allocator's figures; without fields: only written, not compared
 * Numbers are decimal or 0x hexadecimal. FIRST..LAST as ID: the operation once for each.
 *
 * Several heaps behind capabilities (memmodels/caps.h): a header `# region: TYPE ADDRESS BYTES` for each, in the order
 * in which they are registered; `# internal_limit: BYTES` and `# reserve: BYTES` with PSRAM. Results are then
 * addresses, and
 *   m ID SIZE WHERE      takes WHERE: capabilities (INTERNAL|8BIT), or an address in a region, whatever its
 * capabilities a ID ALIGN SIZE WHERE  likewise stat WHERE FIELDS    compares the fields that are given: free=,
 * largest=, min_free=, allocated=, blocks_alloc=, blocks_free=. Without WHERE: the DEFAULT memory */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "memmodels/heap.h"

struct thm_replay_options {         /* all zero: everything from the log's headers */
    const struct thm_heap_ops *ops; /* overrides the header */
    uint32_t heap_size;             /* bytes; 0: from the header */
    bool base_given;                /* base_mod4096 overrides the header, which may be absent (0) */
    uint32_t base_mod4096;
    bool fill_in; /* ignore recorded results, write the log with those of this heap to `out` */
    FILE *out;
};

struct thm_replay_result {
    enum thm_mem_err err;
    uint64_t line;                /* of the error; 1-based. After success: lines read */
    uint64_t ops;                 /* m, a, r and f lines done */
    char expected[160], got[160]; /* EDIFFERS: recorded and actual result. EFORMAT: what should be there, and what is */
    const struct thm_heap_ops *allocator; /* NULL: the log ended or failed before it was known */
    uint32_t heap_size, base_mod4096;     /* of regions: the sum */
    struct thm_heap_stats stats;          /* at the end, or at the line of the error */
};

#define THM_REPLAY_HEAP_MAX (1u << 30) /* bytes; what a log may ask of the PC */

/* The allocator of a row name or of a log's header ("esp-multi_heap-tlsf", "newlib-nano-2.5"); NULL: unknown. */
const struct thm_heap_ops *thm_replay_allocator(const char *name);

/* Replay a whole stream. Stops at the first line that is malformed or differs. Returns result->err: THM_MEM_OK;
 * THM_MEM_EDIFFERS; THM_MEM_EFORMAT; THM_MEM_ECORRUPT (the allocator met a damaged header: never from a log alone);
 * THM_MEM_EHOST (no memory for the heap, or reading or writing failed). */
enum thm_mem_err thm_replay_stream(FILE *in, const struct thm_replay_options *options,
                                   struct thm_replay_result *result);
