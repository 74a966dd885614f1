/* emu/cli/run_request.h -- what the command line of `thimble run` asks for, and what it takes from files. */
#pragma once
#include <stdbool.h>
#include "emu/board/run.h"
#include "emu/cli/operators.h"
#include "emu/cli/run_cores.h"

enum { RUN_INPUTS_MAX = 16, RUN_SETTINGS_MAX = 64 };

struct run_tls { /* in place of what the profile says; NULL and 0: nothing */
    const char *stack, *ca_file;
    uint32_t in_content, out_content, max_fragment;
};

struct run_request {
    struct thm_run run;
    const char *operators_given;
    uint32_t static_arena, static_data;
    const char *arena_bank; /* where that arena lies; NULL: with the other static data */
    struct thm_operators operators;
    const char *board, *firmware, *labels_path, *output_dir, *trace_path;
    const char *trust; /* PEM file with a public key */
    struct thm_public_key trusted;
    const char *model, *weights; /* URL, file, or storage:NAME */
    const char *input_path[RUN_INPUTS_MAX];
    struct thm_run_input input[RUN_INPUTS_MAX];
    struct thm_run_setting setting[RUN_SETTINGS_MAX];
    struct run_tls tls;
    struct thm_core_requests cores;
    struct thm_net_faults net_faults;
    const char *link_given; /* NULL: the profile's */
    bool json, stats, coprocessor, storage_given;
    struct thm_profile *profile;
    struct thm_profile_link *link;
};

bool run_is_url(const char *model);
/* Profile, model, certificate, firmware, inputs, further cores. Result: 0, or an exit status, reported. */
int run_request_load(struct run_request *q);
void run_request_free(struct run_request *q);
