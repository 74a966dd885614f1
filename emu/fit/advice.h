/* emu/fit/advice.h -- what would help a model that does not fit: every remedy is run, and told only if it then fits.
 * Where none helps alone, two are tried together, then three; of those, only such as build on one that left less
 * missing. */
#pragma once
#include "emu/fit/fit.h"

enum { THM_FIT_TOGETHER = 3, THM_FIT_ADVICE_MAX = 16 };

struct thm_fit_remedy {
    char text[192]; /* what to do, and its bytes */
    char how[96];   /* the options of `thimble fit` or `thimble run` that do it */
};

struct thm_fit_advice {
    struct thm_fit_remedy step[THM_FIT_TOGETHER]; /* all of them are needed */
    unsigned steps;
    struct thm_fit_cell cell; /* the run that proves it */
};

/* "--from flash --stack 4096". Always NUL-terminated. */
void thm_fit_advice_how(const struct thm_fit_advice *a, char *buf, size_t size);

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

/* Out: advice[THM_FIT_ADVICE_MAX]: the first way of each remedy that makes it fit; where there is none, the cheapest
 * pairs that do, or the cheapest triples. *n: how many.
 * Result: 0, or -1 with errno: the PC failed, nothing is told. */
int thm_fit_advise(const struct thm_fit_question *q, struct thm_fit_advice *advice, size_t *n);
