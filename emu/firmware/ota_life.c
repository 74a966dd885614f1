/* emu/firmware/ota_life.c -- before the update and after it: polls, and what the board reports. */
#include "emu/firmware/ota_internal.h"

/* The update is asked for when it is there, and at a later poll again when the network failed. */
bool ota_poll_and_update(struct ota *s, bool (*update)(struct ota *s))
{
    thm_poll_init(&s->poll, s->b, &s->o->poll, s->o->url, s->o->chunk);
    for (;;) {
        if (!ota_read_ca(s))
            return false;
        thm_poll_until_offered(&s->poll);
        ota_forget_ca(s);
        if (update(s))
            return true;
        if (!thm_poll_again(&s->poll))
            return false;
        ota_hang_up(s);
    }
}

/* A frame and a post each time; what cannot be posted is no failure. */
static bool infer_and_post(struct ota *s, uint32_t n)
{
    struct thm_tensor first = { 0 };
    thm_interpreter_input(&s->interpreter, 0, &first);
    const uint32_t frames = thm_hal_frames(s->b, first.bytes);
    s->step = "infer";
    if (n && !ota_infer_frame(s, n % (frames ? frames : 1)))
        return false;
    if (!ota_read_ca(s))
        return false;
    thm_telemetry_post(&s->telemetry, s->b, s->o->telemetry.url, &s->inferred);
    ota_forget_ca(s);
    return true;
}

bool ota_send_telemetry(struct ota *s)
{
    const struct thm_telemetry_policy *p = &s->o->telemetry;
    const struct thm_telemetry *t = &s->telemetry;
    const uint32_t count = p->count ? p->count : 1;
    bool ok = true;
    if (!p->url || s->o->no_invoke)
        return true;
    thm_hal_step(s->b, "telemetry", "%u to be posted", count);
    thm_hal_idle(s->b, true); /* the update is safe */
    for (uint32_t n = 0; ok && n < count; n++) {
        if (n)
            (void)thm_hal_sleep(s->b, p->every_ns);
        ok = infer_and_post(s, n);
    }
    thm_hal_idle(s->b, false);
    thm_hal_telemetry(s->b, (const uint64_t[]){ t->posted, t->failed, t->air.open_ns, t->air.sent, t->air.received,
                                                t->air.sending_ns });
    if (ok)
        thm_hal_step(s->b, "telemetry", "%u posted, %u failed", t->posted, t->failed);
    return ok;
}
