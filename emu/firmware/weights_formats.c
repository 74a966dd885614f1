/* emu/firmware/weights_formats.c -- the formats' readers, as the firmware has them. */
#include "emu/board/hal.h"
#include "emu/firmware/weights_format.h"

/* ---- Edge Impulse's ---- */

static void ei_begin(struct thm_weights_update *u)
{
    u->safe_begun = false; /* its reader is where this one will be */
    u->weights = thm_weights_of_model(&u->walk, &u->parsed, u->model);
    thm_ei_reader_init(&u->ei, &u->weights);
}

static bool ei_feed(struct thm_weights_update *u, const uint8_t *data, uint32_t len)
{
    /* What is behind the last record is not read, but it ends the wait for one byte more. */
    return thm_ei_reader_feed(&u->ei, data, len) == len;
}

static enum thm_weights_outcome ei_end(struct thm_weights_update *u)
{
    if (thm_ei_reader_end(&u->ei) == THM_EI_OK)
        return THM_WEIGHTS_NEW;
    const bool untouched = u->ei.n == 0 || (u->ei.n == 1 && (u->ei.err != THM_EI_ESHORT || u->ei.at == 0));
    return untouched ? THM_WEIGHTS_OLD : THM_WEIGHTS_MIXED;
}

static void ei_message(const struct thm_weights_update *u, char *out, size_t size)
{
    thm_ei_message(&u->ei, out, size);
}

static void ei_progress(const struct thm_weights_update *u, uint64_t v[4])
{
    const struct thm_ei_progress *p = &u->ei.progress;
    v[0] = p->tensors;
    v[1] = p->new_tensors;
    v[2] = p->quants;
    v[3] = p->new_quants;
}

const struct thm_weights_format thm_weights_edge_impulse = { .name = "edge-impulse",
                                                             .wait_ns = THM_EI_WAIT_NS,
                                                             .begin = ei_begin,
                                                             .feed = ei_feed,
                                                             .end = ei_end,
                                                             .message = ei_message,
                                                             .progress = ei_progress };

/* ---- the safe one ---- */

static uint8_t *stage(void *ctx, uint32_t bytes)
{
    struct thm_weights_update *u = ctx;
    thm_hal_free(u->b, u->staged); /* of another payload, of which nothing was taken */
    u->staged = thm_hal_malloc(u->b, bytes, "staged weights");
    return u->staged;
}

static void digest_start(void *ctx, struct thm_digest *d)
{
    thm_hal_digest_start(((struct thm_weights_update *)ctx)->b, d);
}

static void digest_add(void *ctx, struct thm_digest *d, const void *data, uint32_t len)
{
    thm_hal_digest_add(((struct thm_weights_update *)ctx)->b, d, data, len);
}

static void digest_end(void *ctx, struct thm_digest *d, uint8_t *out)
{
    thm_hal_digest_end(((struct thm_weights_update *)ctx)->b, d, out);
}

static void safe_begin(struct thm_weights_update *u)
{
    if (u->safe_begun) {
        (void)thm_safe_reader_resume(&u->safe, u->from == 0);
        return;
    }
    u->safe_begun = true;
    u->host = (struct thm_safe_host){ stage, digest_start, digest_add, digest_end, u };
    thm_safe_reader_init(&u->safe, &u->host, u->model, u->bytes);
}

static bool safe_feed(struct thm_weights_update *u, const uint8_t *data, uint32_t len)
{
    return thm_safe_reader_feed(&u->safe, data, len) == THM_SAFE_OK;
}

static enum thm_weights_outcome safe_end(struct thm_weights_update *u)
{
    if (thm_safe_reader_end(&u->safe) == THM_SAFE_OK)
        return THM_WEIGHTS_NEW;
    return u->safe.applied ? THM_WEIGHTS_STALE : THM_WEIGHTS_OLD;
}

/* A damaged record is asked for again, and nothing before it; what is another payload in itself, from its beginning. */
static bool safe_again(const struct thm_weights_update *u, uint64_t *at)
{
    const enum thm_safe_err err = (enum thm_safe_err)u->safe.err;
    const bool in_a_record = err == THM_SAFE_ECRC || err == THM_SAFE_ERECORD || err == THM_SAFE_ECUT;
    *at = in_a_record ? thm_safe_reader_place(&u->safe) : 0;
    return err != THM_SAFE_EBASE && err != THM_SAFE_EMODEL && err != THM_SAFE_ERESULT && !thm_weights_changed(u);
}

static void safe_message(const struct thm_weights_update *u, char *out, size_t size)
{
    thm_safe_message(&u->safe, out, size);
}

static void safe_progress(const struct thm_weights_update *u, uint64_t v[4])
{
    v[0] = u->safe.header.records;
    v[1] = u->safe.applied;
}

const struct thm_weights_format thm_weights_safe = { .name = "safe",
                                                     .again = safe_again,
                                                     .outlives = true,
                                                     .begin = safe_begin,
                                                     .feed = safe_feed,
                                                     .end = safe_end,
                                                     .message = safe_message,
                                                     .progress = safe_progress };
