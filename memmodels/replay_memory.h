/* memmodels/replay_memory.h -- private: what an allocation log runs on: one heap, or regions behind capabilities. */
#pragma once
#include "memmodels/caps.h"
#include "memmodels/region.h"

struct replay_memory {
    const struct thm_heap_ops *ops;
    struct thm_heap one; /* if there are no regions */
    uint32_t regions;    /* the rest: if there are some */
    struct thm_region region[THM_HEAPS_MAX];
    const struct thm_mem_type *type[THM_HEAPS_MAX];
    uint32_t internal_limit, reserve; /* as thm_heaps_init and thm_heaps_reserve have them */
    struct thm_heaps several;
};

/* Which memory a call or a figure is about. */
struct replay_where {
    enum { WHERE_PLAIN, WHERE_CAPS, WHERE_REGION } kind; /* plain: malloc's choice; for figures the DEFAULT memory */
    uint32_t value;                                      /* capability bits, or an address in the region */
};

/* EINVAL: the allocator does not take that size or start, or regions overlap; EHOST: no memory on this PC;
 * ENOMEM: what is to be reserved is not there. After an error there is nothing to drop. */
enum thm_mem_err replay_memory_one(struct replay_memory *m, uint32_t base, uint32_t size);
enum thm_mem_err replay_memory_several(struct replay_memory *m);
void replay_memory_drop(struct replay_memory *m);

bool replay_where_parse(const struct replay_memory *m, const char *text, struct replay_where *out);
/* align 0: malloc. 0: none. */
uint32_t replay_allocate(struct replay_memory *m, struct replay_where where, uint32_t align, uint32_t n);
uint32_t replay_resize(struct replay_memory *m, uint32_t p, uint32_t n);
enum thm_mem_err replay_free(struct replay_memory *m, uint32_t p);
bool replay_can_resize(const struct replay_memory *m);
bool replay_can_align(const struct replay_memory *m);
bool replay_damaged(const struct replay_memory *m);
void replay_stats(const struct replay_memory *m, struct replay_where where, struct thm_heap_stats *out);
