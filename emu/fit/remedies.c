/* emu/fit/remedies.c -- each remedy makes way number i of itself in *t, which begins as the case that failed. What is
 * told of it, has its bytes. */
#include "emu/fit/remedies.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/static_data.h"
#include "emu/fit/plans.h"

typedef const struct thm_fit_question question;

#define SAY(t, ...) snprintf((t)->told.text, sizeof(t)->told.text, __VA_ARGS__)
#define HOW(t, ...) snprintf((t)->told.how, sizeof(t)->told.how, __VA_ARGS__)

static bool uses_storage(const struct thm_fit_cell *c)
{
    return strcmp(c->storage, "none") != 0;
}

/* ---- another place for the model ---- */

static enum fit_way in_flash(question *q, unsigned i, struct fit_trial *t)
{
    if (i > 0 || q->c->from == THM_FIT_FLASH)
        return FIT_WAY_END;
    t->c.from = THM_FIT_FLASH;
    SAY(t, "as part of the program, used in place: none of its %u bytes in RAM", q->c->model->bytes);
    HOW(t, "--from flash");
    return FIT_WAY_TRY;
}

static enum fit_way other_storage(question *q, unsigned i, struct fit_trial *t)
{
    const struct thm_profile *p = q->c->profile;
    if (q->c->from == THM_FIT_FLASH || i >= p->storage_count)
        return FIT_WAY_END;
    t->c.storage = p->storage[i].name;
    SAY(t, "on storage %s (%s)", p->storage[i].name, p->storage[i].fs);
    HOW(t, "--storage %s", p->storage[i].name);
    return strcmp(q->failed->storage, p->storage[i].name) == 0 ? FIT_WAY_SKIP : FIT_WAY_TRY;
}

static enum fit_way no_storage(question *q, unsigned i, struct fit_trial *t)
{
    if (i > 0 || q->c->from != THM_FIT_URL || !uses_storage(q->failed))
        return FIT_WAY_END;
    t->c.storage = "none";
    SAY(t, "from the socket straight into RAM: no file, no file system's buffers of %llu bytes",
        (unsigned long long)q->failed->peak.row[THM_FIT_FILES]);
    HOW(t, "--storage none");
    return FIT_WAY_TRY;
}

static enum fit_way stored_before(question *q, unsigned i, struct fit_trial *t)
{
    if (i > 0 || q->c->from != THM_FIT_URL || q->c->profile->storage_count == 0)
        return FIT_WAY_END;
    t->c.from = THM_FIT_FS;
    if (!uses_storage(q->failed))
        t->c.storage = NULL;
    SAY(t, "written to the storage beforehand: no network and no TLS session, %llu bytes at the fullest moment",
        (unsigned long long)(q->failed->peak.row[THM_FIT_TLS] + q->failed->peak.row[THM_FIT_NETWORK]));
    HOW(t, "--from fs");
    return FIT_WAY_TRY;
}

/* ---- the same board, built otherwise ---- */

static enum fit_way smaller_tls(question *q, unsigned i, struct fit_trial *t)
{
    static const uint32_t lengths[][2] = { { 16384, 4096 }, { 4096, 4096 }, { 2048, 2048 } };
    const struct thm_profile_network *n = &q->c->profile->network;
    if (q->c->from != THM_FIT_URL || i >= sizeof lengths / sizeof lengths[0])
        return FIT_WAY_END;
    const uint64_t had = (uint64_t)n->tls_in_content + n->tls_out_content, has = lengths[i][0] + lengths[i][1];
    if (has >= had || !n->tls || strcmp(n->tls, "none") == 0)
        return FIT_WAY_SKIP;
    t->changes_profile = true;
    t->profile.network.tls_in_content = lengths[i][0];
    t->profile.network.tls_out_content = lengths[i][1];
    SAY(t, "TLS content lengths of %u and %u: %llu bytes less%s", lengths[i][0], lengths[i][1],
        (unsigned long long)(had - has), lengths[i][0] < 16384 ? " (the server must agree: max_fragment_length)" : "");
    HOW(t, "--tls-buffers %u,%u", lengths[i][0], lengths[i][1]);
    return FIT_WAY_TRY;
}

/* What the model needs at least; 0: it is refused. */
static uint32_t smallest_arena(const struct thm_fit_case *c)
{
    const struct thm_nn_change change = { fit_apply_setting, (void *)(uintptr_t)c };
    struct thm_arena_stats stats;
    struct thm_nn_diag diag;
    struct thm_model m;
    if (thm_model_open(&m, c->model->data, c->model->bytes, &diag))
        return 0;
    return thm_nn_measure_changed(&m, thm_layout_find(c->profile->cores[0].layout), &change, &stats, &diag) ? 0
                                                                                                            : stats.min;
}

static enum fit_way static_arena(question *q, unsigned i, struct fit_trial *t)
{
    char *error = NULL;
    const uint32_t bytes = i == 0 && !q->c->static_arena ? smallest_arena(q->c) : 0;
    if (bytes == 0 || q->c->profile->heaps_count > THM_HEAPS_MAX)
        return FIT_WAY_END;
    memcpy(t->heaps, q->c->profile->heaps, q->c->profile->heaps_count * sizeof t->heaps[0]);
    t->changes_profile = true;
    t->profile.heaps = t->heaps;
    t->c.arena = bytes;
    const int status = thm_profile_link_static(&t->profile, bytes, &t->c.static_arena, &error);
    free(error);
    SAY(t, "the arena of %u bytes as a static array, in .bss, not in the heap", bytes);
    HOW(t, "--static-arena %u", bytes);
    return status ? FIT_WAY_END : FIT_WAY_TRY;
}

static enum fit_way arena_in_bank(question *q, unsigned i, struct fit_trial *t)
{
    const struct thm_profile *p = q->c->profile;
    char *error = NULL;
    if (i >= p->memory_count || q->c->static_arena)
        return FIT_WAY_END;
    if (!p->memory[i].spare)
        return FIT_WAY_SKIP;
    t->changes_profile = true;
    t->c.arena = smallest_arena(q->c);
    const int status =
        t->c.arena ? thm_profile_place_static(p, p->memory[i].name, t->c.arena, &t->c.static_arena, &error) : 2;
    free(error);
    SAY(t, "the arena of %u bytes in bank %s (%s)", t->c.arena, p->memory[i].name, p->memory[i].use);
    HOW(t, "--static-arena %u@%s", t->c.arena, p->memory[i].name);
    return status ? FIT_WAY_SKIP : FIT_WAY_TRY;
}

/* The plan for a model with these kernels and this layout, made once; NULL: none is smaller, or it was not to be made.
 */
static const struct fit_offline *offline_plan(const struct thm_fit_case *c, struct fit_offlines *all)
{
    const struct thm_layout *layout = thm_layout_find(c->profile->cores[0].layout);
    const struct thm_nn_change change = { fit_apply_setting, (void *)(uintptr_t)c };
    struct thm_nn_diag diag;
    struct thm_model m;
    unsigned i = 0;
    while (i < all->n &&
           (all->made[i].of != c->model || all->made[i].kernels != c->kernels || all->made[i].layout != layout))
        i++;
    if (i == FIT_OFFLINES_MAX)
        return NULL;
    struct fit_offline *o = &all->made[i];
    if (i == all->n) {
        *o = (struct fit_offline){ .of = c->model, .kernels = c->kernels, .layout = layout };
        all->n++;
        if (!thm_model_open(&m, c->model->data, c->model->bytes, &diag))
            thm_offline_plan(&m, layout, &change, &o->plan, &diag);
        o->model = *c->model;
        o->model.data = o->plan.data;
        o->model.bytes = (uint32_t)o->plan.bytes;
    }
    return o->plan.data ? o : NULL;
}

static enum fit_way planned_arena(question *q, unsigned i, struct fit_trial *t)
{
    const struct fit_offline *o =
        i == 0 && !q->c->arena && q->failed->exit_status == 10 ? offline_plan(q->c, t->offlines) : NULL;
    if (!o)
        return FIT_WAY_END;
    t->c.model = &o->model;
    SAY(t, "a memory plan that the model brings along: an arena of %u bytes instead of %u (thimble model --plan-arena)",
        o->plan.after.min, o->plan.before.min);
    HOW(t, "--plan-arena");
    return FIT_WAY_TRY;
}

static enum fit_way larger_stack(question *q, unsigned i, struct fit_trial *t)
{
    const uint32_t now = q->c->stack ? q->c->stack : q->c->profile->task.stack;
    if (q->failed->exit_status != 12 || i >= 4 || now > UINT32_MAX >> 4)
        return FIT_WAY_END;
    t->c.stack = now << (i + 1);
    SAY(t, "a task stack of %u bytes instead of %u", t->c.stack, now);
    HOW(t, "--stack %u", t->c.stack);
    return FIT_WAY_TRY;
}

static enum fit_way all_operators(question *q, unsigned i, struct fit_trial *t)
{
    if (i > 0 || !q->c->operators || q->failed->exit_status != 14)
        return FIT_WAY_END;
    t->c.operators = NULL;
    SAY(t, "firmware that registers the missing operators (more program flash, no RAM)");
    HOW(t, "--operators all");
    return FIT_WAY_TRY;
}

static enum fit_way other_kernels(question *q, unsigned i, struct fit_trial *t)
{
    const struct thm_kernel_library *l = thm_kernel_library_at(i);
    if (!l)
        return FIT_WAY_END;
    const struct thm_layout *only = thm_kernel_library_layout(l);
    t->c.kernels = l;
    if (l == q->c->kernels || (!q->c->kernels && !only) ||
        (only && only != thm_layout_find(q->c->profile->cores[0].layout)))
        return FIT_WAY_SKIP;
    SAY(t, "kernels %s: an arena of %u bytes instead of %u", thm_kernel_library_name(l), smallest_arena(&t->c),
        smallest_arena(q->c));
    HOW(t, "--kernels %s", thm_kernel_library_name(l));
    return FIT_WAY_TRY;
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

static bool load_variant(const char *name, const struct thm_profile *of, struct fit_trial *t)
{
    char *error = NULL;
    int status = thm_profile_load(name, &t->other, &error);
    if (!status && t->other->network.link)
        status = thm_profile_link_load(t->other->network.link, &t->link, &error);
    free(error);
    return !status && ram_of(t->other) > ram_of(of) && same_text(t->other->operators, of->operators) &&
           strcmp(t->other->cores[0].layout, of->cores[0].layout) == 0;
}

static enum fit_way board_variant(question *q, unsigned i, struct fit_trial *t)
{
    const struct thm_profile *p = q->c->profile;
    char **names = t->changes_profile ? NULL : thm_profile_names("boards"); /* those changes are of one board */
    unsigned seen = 0;
    enum fit_way way = FIT_WAY_END;
    for (char **name = names; name && *name && way == FIT_WAY_END; name++) {
        if (!is_variant(*name, p->name) || seen++ != i)
            continue;
        way = load_variant(*name, p, t) ? FIT_WAY_TRY : FIT_WAY_SKIP;
        if (way == FIT_WAY_TRY)
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

static enum fit_way int8_model(question *q, unsigned i, struct fit_trial *t)
{
    if (i >= q->models_count)
        return FIT_WAY_END;
    const struct thm_fit_model *m = &q->models[i];
    if (m == q->c->model || !quantises(m, q->c->model))
        return FIT_WAY_SKIP;
    t->c.model = m;
    SAY(t, "int8 instead of float32, as in %s: %u bytes instead of %u, an arena of %u instead of %u", m->name, m->bytes,
        q->c->model->bytes, smallest_arena(&t->c), smallest_arena(q->c));
    HOW(t, "--model %.80s", m->name);
    return FIT_WAY_TRY;
}

/* What costs least first. */
static enum fit_way (*const remedies[])(question *q, unsigned i, struct fit_trial *t) = {
    in_flash,    other_storage, no_storage,    stored_before, planned_arena, static_arena,  arena_in_bank,
    smaller_tls, larger_stack,  all_operators, other_kernels, int8_model,    board_variant,
};

_Static_assert(sizeof remedies / sizeof remedies[0] == FIT_REMEDIES, "the table is complete");

enum fit_way fit_remedy(question *q, const struct fit_trial *base, struct fit_offlines *offlines, size_t remedy,
                        unsigned i, struct fit_trial *t)
{
    *t = (struct fit_trial){ .remedy = remedy,
                             .base = base,
                             .offlines = offlines,
                             .c = *q->c,
                             .profile = *q->c->profile,
                             .changes_profile = base && base->changes_profile };
    t->c.profile = &t->profile;
    const enum fit_way way = remedies[remedy](q, i, t);
    if (way != FIT_WAY_TRY)
        fit_trial_free(t);
    return way;
}

void fit_trial_free(struct fit_trial *t)
{
    thm_profile_link_free(t->link);
    thm_profile_free(t->other);
    t->link = NULL;
    t->other = NULL;
}

void fit_offlines_free(struct fit_offlines *o)
{
    for (unsigned i = 0; i < o->n; i++)
        free(o->made[i].plan.data);
    o->n = 0;
}
