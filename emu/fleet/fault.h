/* emu/fleet/fault.h -- what can be wrong with a board of a fleet: one table. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thm_fleet_run;
struct thm_fleet_plan;

struct thm_fleet_fault_kind {
    const char *name;
    uint64_t value, max; /* the default, 0: drawn for each board from 1 to `drawn`; the largest allowed */
    uint64_t drawn;
    const char *words; /* what happens, with one %s for the value */
    bool wears;        /* only of storage that wears out */
    /* It is told in words, and are they right? false: *why is a sentence. NULL: it has a number. */
    bool (*parse)(const char *text, const char **why);
    void (*apply)(struct thm_fleet_run *r, const struct thm_fleet_plan *p);
};

const struct thm_fleet_fault_kind *thm_fleet_fault_kind(const char *name); /* NULL: unknown */
const char *thm_fleet_fault_names(char *out, size_t size);                 /* "a, b or c"; result: out */
