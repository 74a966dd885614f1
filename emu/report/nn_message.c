#include "emu/report/nn_message.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_SHOWN 48
#define ARENA_MOST     (UINT32_C(1) << 30)

struct text {
    char *buf;
    size_t len, at;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->buf + t->at, t->len - t->at, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->at = (size_t)n < t->len - t->at ? t->at + (size_t)n : t->len - 1;
}

static void append_name(struct text *t, const char *name, uint32_t len)
{
    for (uint32_t i = 0; name && i < len && i < NAME_MAX_SHOWN; i++)
        append(t, "%c", name[i] < ' ' || name[i] > '~' ? '?' : name[i]);
    if (name && len > NAME_MAX_SHOWN)
        append(t, "...");
}

static void append_place(struct text *t, const struct thm_nn_diag *d)
{
    const char *comma = "";
    if (d->op < 0 && d->tensor < 0)
        return;
    append(t, " (");
    if (d->op >= 0) {
        append(t, "operator %" PRId32 " ", d->op);
        append_name(t, d->op_name, d->op_name_len);
        comma = ", ";
    }
    if (d->tensor >= 0) {
        append(t, "%stensor %" PRId32 " '", comma, d->tensor);
        append_name(t, d->tensor_name, d->tensor_name_len);
        append(t, "'");
    }
    if (d->subgraph > 0)
        append(t, " of subgraph %" PRId32, d->subgraph);
    append(t, ")");
}

void thm_nn_message(const struct thm_nn_diag *d, char *buf, size_t len)
{
    struct text t = { buf, len, 0 };
    bool in_file = d->err == THM_NN_ETRUNCATED || d->err == THM_NN_EMALFORMED || d->err == THM_NN_ESCHEMA;
    if (len == 0)
        return;
    append(&t, "%s", thm_nn_strerror(d->err));
    if (d->what)
        append(&t, ": %s", d->what);
    if (in_file && d->offset)
        append(&t, " at byte %" PRIu64, d->offset);
    if (d->need || d->have)
        append(&t, ": %" PRIu64 " bytes needed, %" PRIu64 " %s", d->need, d->have, in_file ? "there" : "left");
    append_place(&t, d);
    if (d->arena_min)
        append(&t, "; %s arena of %" PRIu64 " bytes would do", d->persistent ? "a persistent" : "an", d->arena_min);
    if (d->device_crashes)
        append(&t, " (the device would crash here)");
}

/* Allocate in `bytes` of zeroed memory. */
static enum thm_nn_err try_arena(const struct thm_model *m, const struct thm_layout *l,
                                 const struct thm_nn_change *change, uint32_t bytes, struct thm_arena_stats *stats,
                                 struct thm_nn_diag *diag)
{
    struct thm_interpreter it;
    void *arena = calloc(1, bytes); /* 16-aligned on every 64-bit host; untouched pages cost nothing */
    if (!arena) {
        *diag = (struct thm_nn_diag){ .err = THM_NN_EARENA,
                                      .what = "this PC cannot give as much",
                                      .subgraph = -1,
                                      .op = -1,
                                      .tensor = -1,
                                      .need = bytes };
        return THM_NN_EARENA;
    }
    thm_interpreter_init(&it, m, l, arena, bytes, NULL);
    if (change)
        change->apply(change->ctx, &it);
    enum thm_nn_err err = thm_interpreter_allocate(&it, diag);
    *stats = *thm_interpreter_stats(&it);
    free(arena);
    return err;
}

enum thm_nn_err thm_nn_measure_changed(const struct thm_model *m, const struct thm_layout *l,
                                       const struct thm_nn_change *change, struct thm_arena_stats *stats,
                                       struct thm_nn_diag *diag)
{
    enum thm_nn_err err = THM_NN_EARENA;
    for (uint64_t bytes = UINT64_C(1) << 18; err == THM_NN_EARENA && bytes <= ARENA_MOST; bytes *= 4)
        err = try_arena(m, l, change, (uint32_t)bytes, stats, diag);
    return err;
}

enum thm_nn_err thm_nn_measure(const struct thm_model *m, const struct thm_layout *l, struct thm_arena_stats *stats,
                               struct thm_nn_diag *diag)
{
    return thm_nn_measure_changed(m, l, NULL, stats, diag);
}
