#include "emu/report/nn_message.h"
#include <stdarg.h>
#include <stdio.h>

struct line {
    char *buf;
    size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = l->len < l->size ? vsnprintf(l->buf + l->len, l->size - l->len, fmt, args) : 0;
    va_end(args);
    if (n > 0)
        l->len += (size_t)n;
}

static void add_place(struct line *l, const struct thm_nn_diag *d)
{
    if (d->op >= 0 && d->op_name)
        add(l, ", operator %d %.*s", (int)d->op, (int)d->op_name_len, d->op_name);
    else if (d->op >= 0)
        add(l, ", operator %d", (int)d->op);
    if (d->tensor >= 0)
        add(l, ", tensor %d", (int)d->tensor);
    if (d->tensor >= 0 && d->tensor_name_len)
        add(l, " '%.*s'", d->tensor_name_len < 40 ? (int)d->tensor_name_len : 40, d->tensor_name);
    if (d->offset)
        add(l, ", byte %llu of the file", (unsigned long long)d->offset);
}

void thm_nn_message(const struct thm_nn_diag *d, char *buf, size_t size)
{
    struct line l = { buf, size, 0 };
    add(&l, "%s", thm_nn_strerror(d->err));
    if (d->what)
        add(&l, ": %s", d->what);
    add_place(&l, d);
    if (d->need)
        add(&l, ": %llu bytes needed, %llu there", (unsigned long long)d->need, (unsigned long long)d->have);
    if (d->arena_min)
        add(&l, "; the smallest arena that works has %llu bytes", (unsigned long long)d->arena_min);
}
