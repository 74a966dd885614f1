/* emu/fit/advice.h -- what would help a model that does not fit: every remedy is run, and told only if it then fits. */
#pragma once
#include "emu/fit/fit.h"

struct thm_fit_advice {
    char text[192];           /* what to do, and its bytes */
    char how[96];             /* the options or the profile's keys that do it */
    struct thm_fit_cell cell; /* the run that proves it */
};

struct thm_fit_question { /* lent */
    const struct thm_fit_case *c;
    const struct thm_fit_cell *failed;  /* what became of it */
    const struct thm_fit_model *models; /* others that could be used instead */
    size_t models_count;
};

struct thm_fit_advices {
    struct thm_fit_advice *list; /* NULL: none was asked for */
    size_t n;
};

enum { THM_FIT_ADVICE_MAX = 16 };
/* Out: advice[THM_FIT_ADVICE_MAX], the first way of each remedy that makes it fit. *n: how many.
 * Result: 0, or -1 with errno: the PC failed, nothing is told. */
int thm_fit_advise(const struct thm_fit_question *q, struct thm_fit_advice *advice, size_t *n);
