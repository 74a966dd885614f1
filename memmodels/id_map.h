/* memmodels/id_map.h -- IDs (of a log, or device addresses) to 32-bit values; an open-addressed hash table. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct thm_id_map { /* all zero: empty */
    struct thm_id_slot {
        int64_t id;
        uint32_t p;   /* 0: known, but its allocation failed */
        uint8_t used; /* the slot holds an ID */
    } * slots;
    uint64_t capacity, count; /* capacity: 0 or a power of two */
};

/* NULL: unknown. Valid until the next change. */
struct thm_id_slot *thm_id_map_find(const struct thm_id_map *m, int64_t id);
bool thm_id_map_put(struct thm_id_map *m, int64_t id, uint32_t p); /* false: the PC is out of memory */
void thm_id_map_remove(struct thm_id_map *m, int64_t id);
void thm_id_map_clear(struct thm_id_map *m);
