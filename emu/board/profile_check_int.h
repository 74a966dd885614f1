/* emu/board/profile_check_int.h -- what the checks of a profile's parts share. Private to profile_check*.c. */
#pragma once
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include "emu/board/profile.h"
#include "emu/board/profile_check.h"
#include "emu/board/profile_yaml.h"

struct check {
    const struct thm_profile *p;
    struct thm_yaml *y;
    char path[80]; /* of the value looked at */
};

struct span { /* a range with a name: a bank, a heap, a partition */
    const char *name;
    uint64_t base, size;
};

void thm_check_at(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An error at the value looked at; gives the exit status. */
#define WRONG(c, ...) thm_yaml_fail((c)->y, thm_yaml_line((c)->y, (c)->path), (c)->path, __VA_ARGS__)

int thm_check_one_of(struct check *c, const char *value, const char *const *known);
/* found: what the library's table holds under that name. */
int thm_check_known(struct check *c, const void *found, const char *what, const char *value);
int thm_check_within(struct check *c, uint64_t value, uint64_t min, uint64_t max);
bool thm_spans_overlap(const struct span *a, const struct span *b);
struct span thm_bank_span(const struct thm_profile *p, unsigned i);
/* Range i has a size, a name of its own and no byte of the ranges before it. start: the key of its first byte. */
int thm_check_separate(struct check *c, struct span (*get)(const struct thm_profile *, unsigned), unsigned i,
                       const char *list, const char *start);

/* profile_check_storage.c */
int thm_check_flash(struct check *c);
int thm_check_media(struct check *c);
int thm_check_storage(struct check *c);
