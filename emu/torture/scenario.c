#include "emu/torture/scenario.h"
#include <stdlib.h>
#include <string.h>
#include "emu/board/hal.h"

/* Runs of equal bytes that are shorter are sent along: a range has a head, too. */
enum { GAP = 16 };

/* With range NULL they are only counted. */
static uint32_t find_ranges(const struct thm_torture *t, struct thm_store_range *range)
{
    uint32_t n = 0, end = 0; /* of the last range */
    for (uint32_t i = 0; t->old && i < t->bytes && i < t->old_bytes; i++) {
        if (t->model[i] == t->old[i])
            continue;
        const bool joins = n && i - end < GAP;
        n += !joins;
        if (range && !joins)
            range[n - 1].offset = i;
        end = i + 1;
        if (range)
            range[n - 1].bytes = end - range[n - 1].offset;
    }
    return n;
}

/* Of a switch, either may be run after the other; else the new one is newer for good. */
static uint8_t *make_bundle(const struct thm_torture *t, const uint8_t *model, uint32_t bytes, uint32_t counter)
{
    uint8_t *raw = malloc(THM_BUNDLE_HEAD + bytes), digest[THM_DIGEST_BYTES];
    struct thm_bundle_manifest m = { .model_bytes = bytes, .counter = counter, .algorithm = THM_KEY_ED25519 };
    struct thm_digest d;
    if (!raw)
        return NULL;
    memcpy(m.board, t->run.profile->name, strnlen(t->run.profile->name, THM_BUNDLE_BOARD_MAX));
    thm_key_id(thm_test_key(), m.key_id);
    thm_digest_start(&d);
    thm_digest_add(&d, model, bytes);
    thm_digest_end(&d, m.digest);
    thm_bundle_put_manifest(raw, &m);
    thm_digest_start(&d);
    thm_digest_add(&d, raw, THM_BUNDLE_MANIFEST);
    thm_digest_end(&d, digest);
    thm_sign(digest, raw + THM_BUNDLE_MANIFEST);
    memcpy(raw + THM_BUNDLE_HEAD, model, bytes);
    return raw;
}

static bool make_bundles(struct thm_scene *s)
{
    const struct thm_torture *t = s->t;
    if (!t->store->is_bundle)
        return true;
    s->bundle = make_bundle(t, t->model, t->bytes, t->scenario == THM_SCENARIO_SWITCH ? 1 : 2);
    s->old_bundle = t->old ? make_bundle(t, t->old, t->old_bytes, 1) : NULL;
    return s->bundle && (s->old_bundle || !t->old);
}

int thm_scene_init(struct thm_scene *s, const struct thm_torture *t)
{
    const struct thm_run *r = &t->run;
    *s = (struct thm_scene){ .t = t,
                             .ota = { .storage = r->storage, .file = r->file, .store = t->store, .chunk = r->chunk } };
    s->ranges = find_ranges(t, NULL);
    s->range = calloc(s->ranges + 1, sizeof *s->range);
    if (!s->range || !make_bundles(s))
        return 20;
    find_ranges(t, s->range);
    thm_sign_model(t->model, t->bytes, s->signature);
    if (t->old)
        thm_sign_model(t->old, t->old_bytes, s->old_signature);
    return 0;
}

void thm_scene_finish(struct thm_scene *s)
{
    free(s->range);
    free(s->bundle);
    free(s->old_bundle);
}

/* ---- updates ---- */

struct job {
    const struct thm_scene *scene;
    struct thm_update update;
};

static int update(struct thm_board *b, void *arg)
{
    const struct job *j = arg;
    return thm_firmware_update(b, &j->scene->ota, &j->update);
}

static int run_stored(struct thm_board *b, void *arg)
{
    struct thm_booted booted;
    return thm_firmware_boot(b, &((struct job *)arg)->scene->ota, &booted);
}

/* Where a model is on trial, its first run is a part of the update. */
static int update_and_confirm(struct job *j, struct thm_rig *r, struct thm_medium *medium)
{
    const int status = thm_rig_boot(r, medium, update, j);
    return status || !j->scene->t->store->mark ? status : thm_rig_boot(r, medium, run_stored, j);
}

static struct thm_update sent(const struct thm_scene *s, bool is_new)
{
    const struct thm_torture *t = s->t;
    const uint8_t *bundle = is_new ? s->bundle : s->old_bundle;
    return (struct thm_update){ .kind = THM_UPDATE_MODEL,
                                .model = bundle   ? bundle
                                         : is_new ? t->model
                                                  : t->old,
                                .bytes = (is_new ? t->bytes : t->old_bytes) + (bundle ? THM_BUNDLE_HEAD : 0),
                                .signature = is_new ? s->signature : s->old_signature };
}

static int store(const struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium, bool is_new)
{
    struct job j = { s, sent(s, is_new) };
    return update_and_confirm(&j, r, medium);
}

int thm_scene_update(const struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium)
{
    static const enum thm_update_kind kinds[THM_SCENARIO_COUNT] = {
        [THM_SCENARIO_WEIGHTS] = THM_UPDATE_PATCH, [THM_SCENARIO_SWITCH] = THM_UPDATE_SWITCH
    };
    const struct thm_torture *t = s->t;
    struct job j = { s, sent(s, true) };
    j.update.kind = kinds[t->scenario];
    j.update.patch = (struct thm_store_patch){ t->model, s->range, s->ranges };
    return update_and_confirm(&j, r, medium);
}

/* ---- before ---- */

static uint32_t arena_of(struct thm_board *b, const uint8_t *model, uint32_t bytes)
{
    struct thm_nn_diag diag;
    struct thm_model m;
    if (!thm_model_open(&m, model, bytes, &diag))
        return thm_hal_measure_arena(b, &m, thm_hal_layout(b));
    thm_hal_model_refused(b, &diag);
    return 0;
}

/* The firmware's arena is large enough for the models that it is made for. */
static int measure(struct thm_board *b, void *arg)
{
    struct thm_scene *s = arg;
    const struct thm_torture *t = s->t;
    const uint32_t of_new = arena_of(b, t->model, t->bytes);
    const uint32_t of_old = t->old ? arena_of(b, t->old, t->old_bytes) : of_new;
    s->ota.arena = of_new > of_old ? of_new : of_old;
    return of_new && of_old ? 0 : thm_hal_failure_status(b);
}

static int fill_before(struct thm_board *b, void *arg)
{
    struct thm_scene *s = arg;
    return thm_volume_before(b, s->t, &s->files);
}

static int fill_after(struct thm_board *b, void *arg)
{
    struct thm_scene *s = arg;
    return thm_volume_after(b, s->t, &s->files);
}

/* The model to switch to is stored first: it is in the oldest slot then. */
int thm_scene_prepare(struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium)
{
    const uint32_t copies = s->t->store->copies ? s->t->store->copies : 1;
    int status = thm_rig_boot(r, medium, measure, s);
    if (!status)
        status = thm_rig_boot(r, medium, fill_before, s);
    if (!status && s->t->scenario == THM_SCENARIO_SWITCH)
        status = store(s, r, medium, true);
    for (uint32_t i = 0; !status && s->t->scenario != THM_SCENARIO_DOWNLOAD && i < copies; i++)
        status = store(s, r, medium, false);
    return status ? status : thm_rig_boot(r, medium, fill_after, s);
}

/* ---- after ---- */

struct boot {
    const struct thm_scene *scene;
    enum thm_outcome outcome;
};

static bool is(const struct thm_booted *b, const uint8_t *model, uint32_t bytes)
{
    return model && b->bytes == bytes && memcmp(b->model, model, bytes) == 0;
}

static int boot(struct thm_board *b, void *arg)
{
    struct boot *j = arg;
    const struct thm_torture *t = j->scene->t;
    struct thm_booted booted;
    const int status = thm_firmware_boot(b, &j->scene->ota, &booted);
    if (!booted.model)
        j->outcome = booted.found ? THM_OUTCOME_NOTICED : THM_OUTCOME_NONE;
    else if (is(&booted, t->model, t->bytes))
        j->outcome = THM_OUTCOME_NEW;
    else
        j->outcome = is(&booted, t->old, t->old_bytes) ? THM_OUTCOME_OLD : THM_OUTCOME_UNNOTICED;
    return status;
}

enum thm_outcome thm_scene_boot(const struct thm_scene *s, struct thm_rig *r, struct thm_medium *medium, int *status)
{
    struct boot j = { s, THM_OUTCOME_NONE };
    *status = thm_rig_boot(r, medium, boot, &j);
    return j.outcome;
}
