/* emu/cli/run_cores.h -- `thimble run --core`: what each companion core of a board runs, and what is told of it. */
#pragma once
#include <stdio.h>
#include "emu/board/cores.h"
#include "emu/board/run.h"
#include "emu/cli/cli.h"
#include "emu/report/report.h"

struct thm_core_request { /* one --core */
    const char *name, *firmware, *model, *input;
    uint32_t stack;
    struct thm_profile *profile;
    struct thm_profile_link *link;
    struct thm_run_input frames;
    struct thm_report report;
    struct thm_core_requests *all;
};

struct thm_core_requests {
    struct thm_core_request *core[THM_CORES_MAX - 1]; /* owned */
    struct thm_run run[THM_CORES_MAX - 1];
    unsigned count;
    FILE *trace; /* NULL: none */
    bool trace_failed;
};

/* Take "NAME:KEY=VALUE,...", of this process's own arguments. Result: 0, 2 or 20, reported. */
int thm_core_requests_take(struct thm_core_requests *r, const struct thm_args *a);
/* Read profiles and files; make `main` a run with these companions. Result: 0, 2 or 20, reported. */
int thm_core_requests_load(struct thm_core_requests *r, struct thm_run *main);
void thm_core_requests_tell(struct thm_core_requests *r, FILE *live, FILE *trace); /* where their events go */
void thm_core_requests_summary(const struct thm_core_requests *r, FILE *f);
void thm_core_requests_json(const struct thm_core_requests *r, json_t *o); /* as "cores" of the run's object */
void thm_core_requests_free(struct thm_core_requests *r);
