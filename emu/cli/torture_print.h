/* emu/cli/torture_print.h -- what the cuts of one strategy came to: for people, and as JSON. */
#pragma once
#include <jansson.h>
#include "emu/torture/torture.h"

struct torture_tally {
    uint32_t count[THM_OUTCOME_COUNT]; /* cut points */
    uint32_t first[THM_OUTCOME_COUNT]; /* the first of each: counted from 0, three an operation */
    uint32_t operations, programs, erases;
    bool broken; /* it claims to be power-safe, and is not */
};

struct torture_style {
    bool colour;
    uint32_t width; /* columns of the picture */
};

void torture_count(const struct thm_torture *t, const struct thm_torture_result *r, struct torture_tally *out);
/* "17:torn": operations are counted from 1. */
const char *torture_cut_name(uint32_t cut, char *buf, size_t size);
/* Index of the state that a cut point leaves. */
uint32_t torture_state_of(uint32_t cut);

void torture_print(const struct thm_torture *t, const struct thm_torture_result *r, const struct torture_tally *n,
                   const struct torture_style *style);
void torture_print_legend(const struct torture_style *style);
json_t *torture_json(const struct thm_torture *t, const struct thm_torture_result *r, const struct torture_tally *n);
