/* emu/firmware/ota_weights.c -- new weights for the model that is loaded, before it is run. */
#include "emu/firmware/ota_internal.h"
#include "emu/board/hal.h"

static bool load_again(struct ota *s)
{
    thm_hal_free(s->b, s->buffer);
    s->buffer = NULL;
    s->model_bytes = 0;
    if (s->loaded)
        return ota_load(s, s->loaded);
    return s->o->url ? ota_load_from_socket(s) : ota_use_flash_model(s);
}

/* Piece by piece, as it would come from a server. */
bool ota_write_model(struct ota *s, const uint8_t *model, uint32_t bytes)
{
    s->step = "store";
    bool ok = thm_store_begin(&s->store, bytes);
    for (uint32_t at = 0, n; ok && at < bytes; at += n) {
        n = bytes - at < s->o->chunk ? bytes - at : s->o->chunk;
        ok = thm_store_write(&s->store, model + at, n);
    }
    return ok;
}

/* A checked update of a stored model is stored as a new model is. */
static bool store_updated(struct ota *s)
{
    if (!ota_write_model(s, s->model, s->model_bytes) || !ota_commit(s)) {
        thm_store_abandon(&s->store);
        return false;
    }
    thm_hal_step(s->b, "store", "%s with new weights, %u bytes", s->store.next.name, s->store.next.bytes);
    return true;
}

/* The model where it can be written, what is needed to go back, and the payload's download. */
static bool prepare(struct ota *s)
{
    struct thm_weights_update *u = &s->update;
    struct thm_nn_diag diag;
    s->step = "weights";
    *u = (struct thm_weights_update){ .b = s->b, .source = &s->o->weights, .chunk = s->o->chunk, .fd = -1 };
    s->buffer = thm_weights_make_writable(u, s->buffer, s->model, s->model_bytes);
    if (!s->buffer)
        return false;
    s->model = s->buffer;
    if (thm_model_open(&u->parsed, s->model, s->model_bytes, &diag))
        return ota_refused(s, &diag);
    if (u->source->restore && !thm_weights_keep_old(u))
        return false;
    s->weights_policy = s->o->download;
    s->weights_policy.url = u->source->from;
    s->weights_policy.chunk = u->chunk;
    thm_download_init(&s->download, s->b, &s->weights_policy);
    u->download = &s->download;
    return u->source->stored || ota_read_ca(s);
}

/* A payload that changed under way has left the old model loaded again: it may be the next one's. */
OUT_OF_LINE bool ota_update_weights(struct ota *s)
{
    enum { ROUNDS = 3 };
    struct thm_weights_update *u = &s->update;
    enum thm_weights_outcome outcome = THM_WEIGHTS_STALE;
    bool changed = true;
    for (int n = 0; outcome == THM_WEIGHTS_STALE && changed && n < ROUNDS; n++) {
        if (!prepare(s))
            return false;
        outcome = thm_weights_update(u);
        changed = thm_weights_changed(u);
        ota_hang_up(s);
        if (outcome == THM_WEIGHTS_STALE && !load_again(s))
            return false;
    }
    return outcome != THM_WEIGHTS_NEW || !s->loaded || !thm_weights_outlive_power(u) || store_updated(s);
}

/* An update that failed is no reason not to run, but one to tell. */
bool ota_update_succeeded(struct ota *s)
{
    if (s->update.exit_status == 0)
        return true;
    s->step = "weights";
    thm_hal_failure(s->b, s->update.exit_status, 0, 0, 0, "%s", s->update.message);
    return false;
}
