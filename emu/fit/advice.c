#include "emu/fit/advice.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/fit/remedies.h"

enum { TRIALS_MAX = 96, WAYS_MAX = 32, COMBINED_MOST = 4 };

struct round { /* all trials of so many remedies together, and what became of them */
    struct fit_trial trial[TRIALS_MAX];
    struct thm_fit_cell cell[TRIALS_MAX];
    size_t n;
};

struct search {
    const struct thm_fit_question *q;
    struct fit_offlines offlines;
    struct round *round[THM_FIT_TOGETHER];
    bool gains[FIT_REMEDIES]; /* alone, a way of it left less missing */
};

/* ---- making the trials ---- */

static bool is_used(const struct fit_trial *t, size_t remedy)
{
    while (t && t->remedy != remedy)
        t = t->base;
    return t != NULL;
}

/* All ways of a remedy after `base`, whose case failed as *failed tells. */
static void add_ways(struct search *s, struct round *r, const struct fit_trial *base, const struct thm_fit_cell *failed,
                     size_t remedy)
{
    const struct thm_fit_question q = { base ? &base->c : s->q->c, failed, s->q->models, s->q->models_count };
    enum fit_way way = FIT_WAY_TRY;
    for (unsigned i = 0; i < WAYS_MAX && way != FIT_WAY_END && r->n < TRIALS_MAX; i++) {
        way = fit_remedy(&q, base, &s->offlines, remedy, i, &r->trial[r->n]);
        r->n += way == FIT_WAY_TRY;
    }
}

static uint64_t missing(const struct thm_fit_cell *c)
{
    return c->need > c->have ? c->need - c->have : 0;
}

/* Did the board fail of less than before? Of what has no bytes: of something else. */
static bool is_better(const struct thm_fit_cell *now, const struct thm_fit_cell *before)
{
    if (now->verdict != THM_FIT_FAILS)
        return false;
    if (missing(now) && missing(before))
        return missing(now) < missing(before);
    return strcmp(now->step, before->step) != 0;
}

static void add_singles(struct search *s, struct round *r)
{
    for (size_t remedy = 0; remedy < FIT_REMEDIES; remedy++)
        add_ways(s, r, NULL, s->q->failed, remedy);
}

/* What gains by itself is a base of its own: with others before it, it would be tried twice. */
static bool is_tried_elsewhere(const struct search *s, const struct fit_trial *base, size_t remedy)
{
    return is_used(base, remedy) || (remedy < base->remedy && s->gains[remedy]);
}

/* What became of the case that trial t builds on. */
static const struct thm_fit_cell *cell_before(const struct search *s, const struct fit_trial *t)
{
    const struct fit_trial *b = t->base;
    unsigned depth = 0;
    for (const struct fit_trial *up = b; up && up->base; up = up->base)
        depth++;
    return b ? &s->round[depth]->cell[b - s->round[depth]->trial] : s->q->failed;
}

static void add_to(struct search *s, struct round *r, const struct round *bases)
{
    for (size_t b = 0; b < bases->n; b++) {
        const struct fit_trial *base = &bases->trial[b];
        if (!is_better(&bases->cell[b], cell_before(s, base)))
            continue;
        for (size_t remedy = 0; remedy < FIT_REMEDIES; remedy++)
            if (!is_tried_elsewhere(s, base, remedy))
                add_ways(s, r, base, &bases->cell[b], remedy);
    }
}

static void note_gains(struct search *s)
{
    const struct round *r = s->round[0];
    for (size_t i = 0; i < r->n; i++)
        s->gains[r->trial[i].remedy] |= is_better(&r->cell[i], s->q->failed);
}

/* ---- trying ---- */

static int run_round(struct round *r)
{
    struct thm_fit_case *cases = calloc(r->n + 1, sizeof *cases);
    if (!cases)
        return -1;
    for (size_t i = 0; i < r->n; i++)
        cases[i] = r->trial[i].c;
    const int status = r->n ? thm_fit_run_all(cases, r->n, r->cell, NULL) : 0;
    const int why = errno;
    free(cases);
    errno = why;
    return status;
}

/* ---- telling ---- */

static size_t cost(const struct fit_trial *t)
{
    size_t sum = 0;
    for (; t; t = t->base)
        sum += t->remedy;
    return sum;
}

static bool same_remedies(const struct fit_trial *a, const struct fit_trial *b)
{
    while (a && b && a->remedy == b->remedy) {
        a = a->base;
        b = b->base;
    }
    return !a && !b;
}

static bool is_told(const struct round *r, size_t trial)
{
    bool told = false;
    for (size_t i = 0; i < trial && !told; i++)
        told = r->cell[i].verdict == THM_FIT_FITS && same_remedies(&r->trial[i], &r->trial[trial]);
    return told;
}

static struct thm_fit_advice advice_of(const struct fit_trial *t, const struct thm_fit_cell *cell)
{
    struct thm_fit_advice a = { .cell = *cell };
    for (const struct fit_trial *up = t; up; up = up->base)
        a.steps++;
    for (unsigned i = a.steps; i-- > 0; t = t->base)
        a.step[i] = t->told;
    return a;
}

/* Of the same remedies the first ways that worked; cheapest first. */
static size_t keep_what_works(const struct round *r, size_t most, struct thm_fit_advice *advice)
{
    size_t kept = 0;
    for (size_t c = 0; c < THM_FIT_TOGETHER * FIT_REMEDIES; c++)
        for (size_t i = 0; i < r->n && kept < most; i++)
            if (r->cell[i].verdict == THM_FIT_FITS && cost(&r->trial[i]) == c && !is_told(r, i))
                advice[kept++] = advice_of(&r->trial[i], &r->cell[i]);
    return kept;
}

void thm_fit_advice_how(const struct thm_fit_advice *a, char *buf, size_t size)
{
    size_t at = 0;
    buf[0] = '\0';
    for (unsigned i = 0; i < a->steps && at < size; i++)
        at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? " " : "", a->step[i].how);
}

/* ---- all of it ---- */

static int search(struct search *s, struct thm_fit_advice *advice, size_t *n)
{
    int status = 0;
    for (unsigned k = 0; k < THM_FIT_TOGETHER && !status && *n == 0; k++) {
        struct round *r = s->round[k] = calloc(1, sizeof *r);
        if (!r)
            return -1;
        if (k == 0)
            add_singles(s, r);
        else
            add_to(s, r, s->round[k - 1]);
        status = run_round(r);
        if (!status)
            *n = keep_what_works(r, k == 0 ? THM_FIT_ADVICE_MAX : COMBINED_MOST, advice);
        if (!status && k == 0)
            note_gains(s);
    }
    return status;
}

int thm_fit_advise(const struct thm_fit_question *q, struct thm_fit_advice *advice, size_t *n)
{
    struct search *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    s->q = q;
    *n = 0;
    const int status = search(s, advice, n), why = errno;
    for (unsigned k = 0; k < THM_FIT_TOGETHER; k++) {
        for (size_t i = 0; s->round[k] && i < s->round[k]->n; i++)
            fit_trial_free(&s->round[k]->trial[i]);
        free(s->round[k]);
    }
    fit_offlines_free(&s->offlines);
    free(s);
    errno = why;
    return status;
}
