/* emu/fit/remedies.h -- ways to change a case that failed, one at a time. Private to emu/fit. */
#pragma once
#include "emu/fit/advice.h"
#include "emu/plan/offline.h"
#include "memmodels/caps.h"

enum { FIT_REMEDIES = 13, FIT_OFFLINES_MAX = 8 };

struct fit_offline { /* a model with a memory plan of its own */
    const struct thm_fit_model *of;
    const struct thm_kernel_library *kernels;
    const struct thm_layout *layout;
    struct thm_offline_model plan; /* data is owned; NULL: none is smaller */
    struct thm_fit_model model;    /* the one with the plan */
};

struct fit_offlines { /* made so far, for all trials of one question */
    struct fit_offline made[FIT_OFFLINES_MAX];
    unsigned n;
};

struct fit_trial { /* one way of a remedy, or of several: then it builds on another trial, which must outlive it */
    size_t remedy;
    const struct fit_trial *base; /* NULL: the question's case */
    struct thm_fit_case c;
    struct thm_profile profile, *other; /* changed copy, whose parts are the original's; another board: owned */
    struct thm_profile_link *link;      /* of the other board: owned */
    struct thm_profile_heap heaps[THM_HEAPS_MAX];
    bool changes_profile; /* c.profile is not as its file has it */
    struct fit_offlines *offlines;
    struct thm_fit_remedy told;
};

/* TRY: *t is to be run, and to be given back with fit_trial_free(). SKIP: this way does not apply. END: there are no
 * more. */
enum fit_way { FIT_WAY_TRY, FIT_WAY_SKIP, FIT_WAY_END };

/* Way number i of a remedy (0 to FIT_REMEDIES - 1, cheapest first) for the case of the question, which is that of
 * `base` (NULL: as it came). */
enum fit_way fit_remedy(const struct thm_fit_question *q, const struct fit_trial *base, struct fit_offlines *offlines,
                        size_t remedy, unsigned i, struct fit_trial *t);
void fit_trial_free(struct fit_trial *t);
void fit_offlines_free(struct fit_offlines *o);
