/* emu/board/merge.h -- what several cores tell, in one order: by device time, then by the core's number.
 *
 * Each core tells in the order of its own clock, but when it does so depends on the PC. An item is passed on as soon as
 * every other core has told something later or has ended. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct thm_merge;

/* Takes an item of a core: kind and bytes as they were put. */
typedef void thm_merge_sink(void *ctx, uint32_t core, uint32_t kind, const uint8_t *data, size_t len);

struct thm_merge *thm_merge_create(uint32_t cores, thm_merge_sink *sink, void *ctx); /* NULL: out of memory */
void thm_merge_destroy(struct thm_merge *m);                                         /* NULL is fine */
/* Result: 0, or -1: out of memory. Times of one core do not fall. */
int thm_merge_put(struct thm_merge *m, uint32_t core, uint64_t t_ns, uint32_t kind, const void *data, size_t len);
void thm_merge_end(struct thm_merge *m, uint32_t core); /* this core tells nothing more */
