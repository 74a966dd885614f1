/* emu/board/hal.c -- the story of a run: steps, failures, what was downloaded. */
#include "emu/board/board.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#pragma GCC diagnostic ignored \
    "-Wformat-nonliteral" /* formats pass through struct text_call; hal.h checks the callers' */

struct text_call { /* formatting takes more stack than a device's printf: done on the PC's */
    struct thm_board *b;
    const char *step, *fmt;
    va_list *args;
};

static void do_failure_text(struct thm_call *c)
{
    const struct text_call *t = c->q;
    vsnprintf(c->b->failure.message, sizeof c->b->failure.message, t->fmt, *t->args);
}

static void do_note_text(struct thm_call *c)
{
    const struct text_call *t = c->q;
    char *message = c->b->failure.message;
    size_t len = strlen(message);
    vsnprintf(message + len, sizeof c->b->failure.message - len, t->fmt, *t->args);
}

void thm_hal_failure(struct thm_board *b, int exit_status, int64_t code, uint64_t need, uint64_t have, const char *fmt,
                     ...)
{
    va_list args;
    b->failure = (struct thm_failure){ .exit_status = exit_status, .code = code, .need = need, .have = have };
    va_start(args, fmt);
    struct text_call t = { .fmt = fmt, .args = &args };
    thm_board_enter(do_failure_text, (struct thm_call){ .b = b, .q = &t });
    va_end(args);
}

void thm_hal_failure_note(struct thm_board *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct text_call t = { .fmt = fmt, .args = &args };
    thm_board_enter(do_note_text, (struct thm_call){ .b = b, .q = &t });
    va_end(args);
}

void thm_hal_failure_forget(struct thm_board *b)
{
    b->failure = (struct thm_failure){ 0 };
}

static void do_step(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct text_call *t = c->q;
    struct thm_heap_stats st;
    uint64_t used, total;
    char note[sizeof b->batch[0].text];
    vsnprintf(note, sizeof note, t->fmt, *t->args);
    thm_board_heap(b, &st);
    thm_board_storage_used(b, &used, &total);
    thm_board_event(b, THM_EV_STEP, t->step, note, b->now_ns - b->step_start_ns, st.free, st.largest,
                    b->heaps.low_water, used, total);
    b->step_start_ns = b->fed_ns = b->now_ns;
    b->failure.exit_status = 0;
    b->book.injected = 0;
}

void thm_hal_step(struct thm_board *b, const char *step, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    thm_hal_vstep(b, step, fmt, args);
    va_end(args);
}

void thm_hal_vstep(struct thm_board *b, const char *step, const char *fmt, va_list args)
{
    va_list copy;
    va_copy(copy, args);
    struct text_call t = { .step = step, .fmt = fmt, .args = &copy };
    thm_board_enter(do_step, (struct thm_call){ .b = b, .q = &t });
    va_end(copy);
}

static void do_attempt(struct thm_call *c)
{
    const uint64_t *v = c->q;
    thm_board_event(c->b, THM_EV_ATTEMPT, NULL, c->b->failure.message, v[0], v[1], v[2], v[3]);
}

void thm_hal_attempt(struct thm_board *b, uint32_t n, uint64_t at, int64_t total, uint32_t wait_ms)
{
    const uint64_t v[] = { n, at, (uint64_t)total, (uint64_t)wait_ms * 1000000u };
    char why[sizeof b->failure.message];
    memcpy(why, b->failure.message, sizeof why);
    thm_board_enter(do_attempt, (struct thm_call){ .b = b, .q = v });
    thm_hal_step(b, "retry", "connection %u, from byte %llu, in %.3f s: %s", n, (unsigned long long)at, wait_ms / 1e3,
                 why);
}

static void do_fail(struct thm_call *c)
{
    const struct thm_failure *f = &c->b->failure;
    if (c->b->book.injected)
        thm_hal_failure_note(c->b, "; allocation %u of the application was made to fail (--fail-alloc)",
                             c->b->book.injected);
    thm_board_event(c->b, THM_EV_FAILED, c->s, f->message, (uint64_t)f->exit_status, (uint64_t)f->code, f->need,
                    f->have, f->largest);
    c->result = f->exit_status;
}

int thm_hal_fail(struct thm_board *b, const char *step)
{
    return (int)thm_board_enter(do_fail, (struct thm_call){ .b = b, .s = step });
}

const char *thm_hal_failure_text(const struct thm_board *b)
{
    return b->failure.message;
}

void thm_hal_failure_becomes(struct thm_board *b, int exit_status)
{
    b->failure.exit_status = exit_status;
}

int thm_hal_failure_status(const struct thm_board *b)
{
    return b->failure.exit_status;
}

const char *thm_hal_board_name(const struct thm_board *b)
{
    return b->profile->name;
}

const char *thm_hal_firmware_name(const struct thm_board *b)
{
    return b->firmware_name;
}

const char *thm_hal_setting(const struct thm_board *b, const char *key)
{
    for (unsigned i = 0; i < b->run->settings_count; i++)
        if (strcmp(b->run->settings[i].key, key) == 0)
            return b->run->settings[i].value;
    return NULL;
}

const struct thm_run *thm_hal_run(const struct thm_board *b)
{
    return b->run;
}

static void do_end(struct thm_call *c)
{
    thm_board_end(c->b, (int)c->n);
}

void thm_hal_end(struct thm_board *b, int exit_status)
{
    thm_board_enter(do_end, (struct thm_call){ .b = b, .n = (uint32_t)exit_status });
}

static void do_body(struct thm_call *c)
{
    const uint64_t *v = c->q;
    thm_board_event(c->b, THM_EV_BODY, c->s, NULL, v[0], v[1]);
}

void thm_hal_body(struct thm_board *b, const char *kind, uint64_t bytes, uint64_t model_bytes)
{
    const uint64_t v[2] = { bytes, model_bytes };
    thm_board_enter(do_body, (struct thm_call){ .b = b, .s = kind, .q = v });
}

struct weights_call {
    const char *format, *message;
    const uint64_t *v;
};

static void do_weights(struct thm_call *c)
{
    const struct weights_call *w = c->q;
    thm_board_emit(c->b, THM_EV_WEIGHTS, w->format, w->message, w->v);
}

void thm_hal_weights(struct thm_board *b, const char *format, const char *message, const uint64_t v[6])
{
    const struct weights_call w = { format, message, v };
    thm_board_enter(do_weights, (struct thm_call){ .b = b, .q = &w });
}

struct figures_call {
    enum thm_event_type type;
    const char *name;
    const uint64_t *v;
};

static void do_figures(struct thm_call *c)
{
    const struct figures_call *f = c->q;
    thm_board_emit(c->b, f->type, f->name, NULL, f->v);
}

void thm_hal_polled(struct thm_board *b, const char *answer, const uint64_t v[6])
{
    const struct figures_call f = { answer ? THM_EV_POLL : THM_EV_POLLED, answer, v };
    thm_board_enter(do_figures, (struct thm_call){ .b = b, .q = &f });
}

void thm_hal_telemetry(struct thm_board *b, const uint64_t v[6])
{
    const struct figures_call f = { THM_EV_TELEMETRY, NULL, v };
    thm_board_enter(do_figures, (struct thm_call){ .b = b, .q = &f });
}
