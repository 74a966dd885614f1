/* emu/firmware/ota_infer.c -- the model that was loaded, from its tables to its outputs. */
#include "emu/firmware/ota_internal.h"
#include "emu/board/hal.h"

bool ota_refused(struct ota *s, const struct thm_nn_diag *diag)
{
    thm_hal_model_refused(s->b, diag);
    return false;
}

OUT_OF_LINE bool ota_set_up_interpreter(struct ota *s)
{
    struct thm_nn_diag diag;
    struct thm_interpreter_hooks hooks = thm_hal_interpreter_hooks(s->b);
    const struct thm_layout *layout = thm_hal_layout(s->b);
    s->step = "model";
    if (thm_model_open(&s->parsed, s->model, s->model_bytes, &diag))
        return ota_refused(s, &diag);
    s->arena_bytes = s->o->arena ? s->o->arena : thm_hal_measure_arena(s->b, &s->parsed, layout);
    if (!s->arena_bytes)
        return false;
    s->step = "arena";
    s->arena = thm_hal_static_arena(s->b);
    if (!s->arena)
        s->arena = thm_hal_memalign(s->b, 16, s->arena_bytes, "tensor arena");
    if (!s->arena)
        return false;
    thm_interpreter_init(&s->interpreter, &s->parsed, layout, s->arena, s->arena_bytes, &hooks);
    thm_hal_register_operators(s->b, &s->interpreter);
    if (thm_interpreter_allocate(&s->interpreter, &diag)) {
        ota_refused(s, &diag);
        if (diag.err == THM_NN_EARENA)
            thm_hal_failure_note(s->b, " (the arena has %u)", s->arena_bytes);
        return false;
    }
    thm_hal_arena(s->b, &s->interpreter);
    thm_hal_step(s->b, "arena", "%u bytes, %u used", s->arena_bytes, thm_interpreter_stats(&s->interpreter)->used);
    return true;
}

bool ota_infer_frame(struct ota *s, uint32_t frame)
{
    struct thm_nn_diag diag;
    struct thm_tensor t;
    for (uint32_t i = 0; thm_interpreter_input(&s->interpreter, i, &t) == THM_NN_OK; i++)
        if (!thm_hal_sense(s->b, frame, i, t.data, t.bytes))
            return false;
    if (thm_interpreter_invoke(&s->interpreter, &diag))
        return ota_refused(s, &diag);
    thm_hal_invoked(s->b, frame);
    for (uint32_t i = 0; thm_interpreter_output(&s->interpreter, i, &t) == THM_NN_OK; i++) {
        thm_hal_output(s->b, frame, i, &t);
        if (i == 0 && s->o->telemetry.url)
            s->inferred = thm_inferred_of(&t);
    }
    return true;
}

/* Not in the frame that inference stands on. */
OUT_OF_LINE static uint32_t count_frames(struct ota *s)
{
    struct thm_tensor first = { 0 };
    thm_interpreter_input(&s->interpreter, 0, &first);
    return thm_hal_frames(s->b, first.bytes);
}

bool ota_infer(struct ota *s)
{
    s->step = "infer";
    const uint32_t frames = count_frames(s);
    if (!frames)
        return false;
    for (uint32_t f = 0; f < frames; f++) {
        thm_hal_feed_watchdog(s->b);
        if (!ota_infer_frame(s, f))
            return false;
    }
    thm_hal_step(s->b, "infer", frames == 1 ? "1 inference" : "%u inferences", frames);
    return true;
}
