/* emu/fit/ledger.h -- a board's RAM account, from the events of one run. Private to emu/fit. */
#pragma once
#include "emu/fit/fit.h"

struct fit_heap { /* one picture of the heap, as it comes */
    bool seen;
    uint64_t t_ns, peak_ns;
    uint64_t area, free, peak_free, unreachable; /* bytes of all regions; free for malloc; of those it cannot use */
    uint32_t largest;
    struct {
        uint64_t bytes[THM_FIT_ROWS_COUNT], arena;
    } now, peak; /* by owner */
};

/* Take a THM_EV_HEAP* event; others are none of its business. */
void fit_heap_event(struct fit_heap *h, const struct thm_profile *p, const struct thm_event *ev);
/* Both ledgers of the cell, whose arena and stack are known by now. */
void fit_ledger_make(const struct fit_heap *h, const struct thm_fit_case *c, struct thm_fit_cell *cell);
