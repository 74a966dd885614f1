/* emu/cli/operators.h -- the option --operators, and the sets that boards name. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/profile.h"
#include "emu/cli/cli.h"

#define THM_OPERATORS_HELP "those the firmware registers: NAME,NAME,..., a set of profiles/operators, or 'all'"

struct thm_operators {
    const char *const *names; /* NULL: all there are */
    uint32_t count;
    struct thm_profile_operators *set; /* where they come from; NULL: a list on the command line */
    char *text;                        /* that list */
    const char **list;
};

/* value: as on the command line; NULL: what the board's profile says. Result: 0, 2 or 20, reported. */
int thm_operators_choose(struct thm_operators *o, const char *value, const struct thm_profile *board);
void thm_operators_free(struct thm_operators *o); /* after a failure too */
