#include "emu/fit/advice.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/static_data.h"
#include "emu/report/nn_message.h"
#include "memmodels/caps.h"

enum { TRIALS_MAX = 64, WAYS_MAX = 32 };

struct trial { /* one way of a remedy */
    size_t remedy;
    struct thm_fit_case c;
    struct thm_profile profile, *other; /* changed copy, whose parts are the original's; another board: owned */
    struct thm_profile_link *link;      /* of the other board: owned */
    struct thm_profile_heap heaps[THM_HEAPS_MAX];
    struct thm_fit_advice advice;
};

typedef const struct thm_fit_question question;

#define SAY(t, ...) snprintf((t)->advice.text, sizeof(t)->advice.text, __VA_ARGS__)
#define HOW(t, ...) snprintf((t)->advice.how, sizeof(t)->advice.how, __VA_ARGS__)

/* Each remedy makes way number i of itself in *t, which begins as the case that failed. Result: SKIP: this way does not
 * apply, END: there are no more. */
enum way { TRY, SKIP, END };

static bool uses_storage(const struct thm_fit_cell *c)
{
    return strcmp(c->storage, "none") != 0;
}

/* ---- another place for the model ---- */

static enum way in_flash(question *q, unsigned i, struct trial *t)
{
    if (i > 0 || q->c->from == THM_FIT_FLASH)
        return END;
    t->c.from = THM_FIT_FLASH;
    SAY(t, "as part of the program, used in place: none of its %u bytes in RAM", q->c->model->bytes);
    HOW(t, "--from flash");
    return TRY;
}

static enum way other_storage(question *q, unsigned i, struct trial *t)
{
    const struct thm_profile *p = q->c->profile;
    if (q->c->from == THM_FIT_FLASH || i >= p->storage_count)
        return END;
    t->c.storage = p->storage[i].name;
    SAY(t, "on storage %s (%s)", p->storage[i].name, p->storage[i].fs);
    HOW(t, "--storage %s", p->storage[i].name);
    return strcmp(q->failed->storage, p->storage[i].name) == 0 ? SKIP : TRY;
}

static enum way no_storage(question *q, unsigned i, struct trial *t)
{
    if (i > 0 || q->c->from != THM_FIT_URL || !uses_storage(q->failed))
        return END;
    t->c.storage = "none";
    SAY(t, "from the socket straight into RAM: no file system's buffers, no file");
    HOW(t, "--storage none");
    return TRY;
}

static enum way stored_before(question *q, unsigned i, struct trial *t)
{
    if (i > 0 || q->c->from != THM_FIT_URL || q->c->profile->storage_count == 0)
        return END;
    t->c.from = THM_FIT_FS;
    if (!uses_storage(q->failed))
        t->c.storage = NULL;
    SAY(t, "written to the storage beforehand: no network and no TLS session, %llu bytes at the fullest moment",
        (unsigned long long)(q->failed->peak.row[THM_FIT_TLS] + q->failed->peak.row[THM_FIT_NETWORK]));
    HOW(t, "--from fs");
    return TRY;
}

/* ---- the same board, built otherwise ---- */

static enum way smaller_tls(question *q, unsigned i, struct trial *t)
{
    static const uint32_t lengths[][2] = { { 16384, 4096 }, { 4096, 4096 }, { 2048, 2048 } };
    const struct thm_profile_network *n = &q->c->profile->network;
    if (q->c->from != THM_FIT_URL || i >= sizeof lengths / sizeof lengths[0])
        return END;
    const uint64_t had = (uint64_t)n->tls_in_content + n->tls_out_content, has = lengths[i][0] + lengths[i][1];
    if (has >= had || !n->tls || strcmp(n->tls, "none") == 0)
        return SKIP;
    t->profile.network.tls_in_content = lengths[i][0];
    t->profile.network.tls_out_content = lengths[i][1];
    SAY(t, "TLS content lengths of %u and %u: %llu bytes less%s", lengths[i][0], lengths[i][1],
        (unsigned long long)(had - has), lengths[i][0] < 16384 ? " (the server must agree: max_fragment_length)" : "");
    HOW(t, "profile: tls_in_content: %u, tls_out_content: %u", lengths[i][0], lengths[i][1]);
    return TRY;
}

struct setting { /* of the interpreter, as the board has it */
    const struct thm_fit_case *c;
};

static void apply_setting(void *ctx, struct thm_interpreter *it)
{
    const struct setting *s = ctx;
    if (s->c->operators)
        thm_interpreter_set_operators(it, s->c->operators, s->c->operators_count);
    if (s->c->kernels)
        thm_interpreter_set_library(it, s->c->kernels);
}

/* What the model needs at least; 0: it is refused. */
static uint32_t smallest_arena(const struct thm_fit_case *c)
{
    struct setting s = { c };
    const struct thm_nn_change change = { apply_setting, &s };
    struct thm_arena_stats stats;
    struct thm_nn_diag diag;
    struct thm_model m;
    if (thm_model_open(&m, c->model->data, c->model->bytes, &diag))
        return 0;
    return thm_nn_measure_changed(&m, thm_layout_find(c->profile->cores[0].layout), &change, &stats, &diag) ? 0
                                                                                                            : stats.min;
}

static enum way static_arena(question *q, unsigned i, struct trial *t)
{
    char *error = NULL;
    const uint32_t bytes = i == 0 && !q->c->static_arena ? smallest_arena(q->c) : 0;
    if (bytes == 0 || q->c->profile->heaps_count > THM_HEAPS_MAX)
        return END;
    memcpy(t->heaps, q->c->profile->heaps, q->c->profile->heaps_count * sizeof t->heaps[0]);
    t->profile.heaps = t->heaps;
    t->c.arena = bytes;
    const int status = thm_profile_link_static(&t->profile, bytes, &t->c.static_arena, &error);
    free(error);
    SAY(t, "the arena of %u bytes as a static array, in .bss, not in the heap", bytes);
    HOW(t, "thimble run --static-arena %u", bytes);
    return status ? END : TRY;
}

static enum way arena_in_bank(question *q, unsigned i, struct trial *t)
{
    const struct thm_profile *p = q->c->profile;
    char *error = NULL;
    if (i >= p->memory_count || q->c->static_arena)
        return END;
    if (!p->memory[i].spare)
        return SKIP;
    t->c.arena = smallest_arena(q->c);
    const int status =
        t->c.arena ? thm_profile_place_static(p, p->memory[i].name, t->c.arena, &t->c.static_arena, &error) : 2;
    free(error);
    SAY(t, "the arena of %u bytes in bank %s (%s)", t->c.arena, p->memory[i].name, p->memory[i].use);
    HOW(t, "thimble run --static-arena %u@%s", t->c.arena, p->memory[i].name);
    return status ? SKIP : TRY;
}

static enum way larger_stack(question *q, unsigned i, struct trial *t)
{
    const uint32_t now = q->c->stack ? q->c->stack : q->c->profile->task.stack;
    if (q->failed->exit_status != 12 || i >= 4 || now > UINT32_MAX >> 4)
        return END;
    t->c.stack = now << (i + 1);
    SAY(t, "a task stack of %u bytes instead of %u", t->c.stack, now);
    HOW(t, "thimble run --stack %u", t->c.stack);
    return TRY;
}

static enum way all_operators(question *q, unsigned i, struct trial *t)
{
    if (i > 0 || !q->c->operators || q->failed->exit_status != 14)
        return END;
    t->c.operators = NULL;
    SAY(t, "firmware that registers the missing operators (more program flash, no RAM)");
    HOW(t, "--operators all");
    return TRY;
}

static enum way other_kernels(question *q, unsigned i, struct trial *t)
{
    const struct thm_kernel_library *l = thm_kernel_library_at(i);
    if (!l)
        return END;
    const struct thm_layout *only = thm_kernel_library_layout(l);
    t->c.kernels = l;
    if (l == q->c->kernels || (!q->c->kernels && !only) ||
        (only && only != thm_layout_find(q->c->profile->cores[0].layout)))
        return SKIP;
    SAY(t, "kernels %s: an arena of %u bytes instead of %u", thm_kernel_library_name(l), smallest_arena(&t->c),
        smallest_arena(q->c));
    HOW(t, "--kernels %s", thm_kernel_library_name(l));
    return TRY;
}

/* ---- another board, another model ---- */

static uint64_t ram_of(const struct thm_profile *p)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->memory_count; i++)
        sum += p->memory[i].size;
    return sum;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* "esp32-s3" is a variant of "esp32", "esp32-s3-psram" of both. */
static bool is_variant(const char *name, const char *of)
{
    const size_t len = strlen(of);
    return strncmp(name, of, len) == 0 && name[len] == '-';
}

static bool load_variant(const char *name, const struct thm_profile *of, struct trial *t)
{
    char *error = NULL;
    int status = thm_profile_load(name, &t->other, &error);
    if (!status && t->other->network.link)
        status = thm_profile_link_load(t->other->network.link, &t->link, &error);
    free(error);
    return !status && ram_of(t->other) > ram_of(of) && same_text(t->other->operators, of->operators) &&
           strcmp(t->other->cores[0].layout, of->cores[0].layout) == 0;
}

static enum way board_variant(question *q, unsigned i, struct trial *t)
{
    const struct thm_profile *p = q->c->profile;
    char **names = thm_profile_names("boards");
    unsigned seen = 0;
    enum way way = END;
    for (char **name = names; name && *name && way == END; name++) {
        if (!is_variant(*name, p->name) || seen++ != i)
            continue;
        way = load_variant(*name, p, t) ? TRY : SKIP;
        if (way == TRY)
            SAY(t, "board %s: %llu bytes of RAM instead of %llu", *name, (unsigned long long)ram_of(t->other),
                (unsigned long long)ram_of(p));
        HOW(t, "--board %s", *name);
    }
    thm_profile_names_free(names);
    t->c.profile = t->other;
    t->c.link = t->link;
    return way;
}

static bool same_shape(const struct thm_tensor_info *a, const struct thm_tensor_info *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, a->rank * sizeof a->shape[0]) == 0;
}

/* Same inputs in shape, the one float32, the other int8. */
static bool quantises(const struct thm_fit_model *quantised, const struct thm_fit_model *plain)
{
    struct thm_model q, p;
    if (thm_model_open(&q, quantised->data, quantised->bytes, NULL) ||
        thm_model_open(&p, plain->data, plain->bytes, NULL))
        return false;
    const uint32_t inputs = thm_model_inputs(&p, 0), outputs = thm_model_outputs(&p, 0);
    bool same = inputs && inputs == thm_model_inputs(&q, 0) && outputs == thm_model_outputs(&q, 0);
    for (uint32_t i = 0; same && i < inputs + outputs; i++) {
        const bool in = i < inputs;
        const uint32_t k = in ? i : i - inputs;
        struct thm_tensor_info a, b;
        thm_model_tensor(&p, 0, (uint32_t)(in ? thm_model_input(&p, 0, k) : thm_model_output(&p, 0, k)), &a);
        thm_model_tensor(&q, 0, (uint32_t)(in ? thm_model_input(&q, 0, k) : thm_model_output(&q, 0, k)), &b);
        same = a.type == THM_FLOAT32 && b.type == THM_INT8 && same_shape(&a, &b);
    }
    return same;
}

static enum way int8_model(question *q, unsigned i, struct trial *t)
{
    if (i >= q->models_count)
        return END;
    const struct thm_fit_model *m = &q->models[i];
    if (m == q->c->model || !quantises(m, q->c->model))
        return SKIP;
    t->c.model = m;
    SAY(t, "int8 instead of float32, as in %s: %u bytes instead of %u, an arena of %u instead of %u", m->name, m->bytes,
        q->c->model->bytes, smallest_arena(&t->c), smallest_arena(q->c));
    HOW(t, "%.90s", m->name);
    return TRY;
}

/* In the order in which they are told: what costs least first. */
static enum way (*const remedies[])(question *q, unsigned i, struct trial *t) = {
    in_flash,    other_storage, no_storage,    stored_before, static_arena, arena_in_bank,
    smaller_tls, larger_stack,  all_operators, other_kernels, int8_model,   board_variant,
};

#define REMEDIES (sizeof remedies / sizeof remedies[0])
_Static_assert(REMEDIES <= THM_FIT_ADVICE_MAX, "each remedy gives at most one advice");

/* ---- trying ---- */

static void discard(struct trial *t)
{
    thm_profile_link_free(t->link);
    thm_profile_free(t->other);
}

/* The next trial in *t; false: this remedy has no more. */
static bool make_trial(question *q, size_t remedy, unsigned i, struct trial *t, bool *applies)
{
    *t = (struct trial){ .remedy = remedy, .c = *q->c, .profile = *q->c->profile };
    t->c.profile = &t->profile;
    const enum way way = remedies[remedy](q, i, t);
    *applies = way == TRY;
    if (way != TRY)
        discard(t);
    return way != END;
}

static size_t make_trials(question *q, struct trial *trials)
{
    size_t n = 0;
    bool applies;
    for (size_t r = 0; r < REMEDIES; r++)
        for (unsigned i = 0; i < WAYS_MAX && n < TRIALS_MAX && make_trial(q, r, i, &trials[n], &applies); i++)
            n += applies;
    return n;
}

/* Of each remedy the first way that worked. */
static size_t keep_what_works(struct trial *trials, size_t n, const struct thm_fit_cell *cells,
                              struct thm_fit_advice *advice)
{
    size_t kept = 0;
    bool told[REMEDIES] = { false };
    for (size_t i = 0; i < n; i++) {
        if (cells[i].verdict != THM_FIT_FITS || told[trials[i].remedy])
            continue;
        told[trials[i].remedy] = true;
        advice[kept] = trials[i].advice;
        advice[kept++].cell = cells[i];
    }
    return kept;
}

int thm_fit_advise(question *q, struct thm_fit_advice *advice, size_t *n)
{
    struct trial *trials = calloc(TRIALS_MAX, sizeof *trials);
    struct thm_fit_case *cases = calloc(TRIALS_MAX, sizeof *cases);
    struct thm_fit_cell *cells = calloc(TRIALS_MAX, sizeof *cells);
    const size_t count = trials && cases && cells ? make_trials(q, trials) : 0;
    int status = trials && cases && cells ? 0 : -1;
    *n = 0;
    for (size_t i = 0; i < count; i++)
        cases[i] = trials[i].c;
    if (count)
        status = thm_fit_run_all(cases, count, cells, NULL);
    const int why = status ? errno : 0;
    if (!status)
        *n = keep_what_works(trials, count, cells, advice);
    for (size_t i = 0; i < count; i++)
        discard(&trials[i]);
    free(trials);
    free(cases);
    free(cells);
    errno = why;
    return status;
}
