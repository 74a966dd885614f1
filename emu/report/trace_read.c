#include "emu/report/trace_read.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 20 };

uint64_t thm_trace_number(const json_t *o, const char *key)
{
    const json_int_t v = json_integer_value(json_object_get(o, key));
    return v > 0 ? (uint64_t)v : 0;
}

const char *thm_trace_string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static bool fail(struct thm_trace_error *e, int exit_status, uint64_t line, const char *text)
{
    e->exit_status = exit_status;
    e->line = line;
    snprintf(e->text, sizeof e->text, "%s", text);
    return false;
}

static bool take_line(const char *text, size_t len, uint64_t line, const struct thm_trace_reader *reader,
                      struct thm_trace_error *error)
{
    json_error_t why;
    if (len > LINE_MAX_BYTES)
        return fail(error, 2, line, "longer than any event");
    json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!o)
        return fail(error, 2, line, why.text);
    const char *name = thm_trace_string(o, "event");
    const json_t *t = json_object_get(o, "t_ns");
    bool ok = *name && json_is_integer(t) && json_integer_value(t) >= 0;
    if (!ok)
        fail(error, 2, line, "no event of a trace: 'event' or 't_ns' is missing or wrong");
    else if (!reader->event(reader->ctx, name, thm_trace_number(o, "t_ns"), o))
        ok = fail(error, 20, line, "the PC is out of memory");
    json_decref(o);
    return ok;
}

bool thm_trace_read(FILE *f, const struct thm_trace_reader *reader, struct thm_trace_error *error)
{
    char *text = NULL;
    size_t size = 0;
    uint64_t line = 0;
    ssize_t len;
    bool ok = true;
    while (ok && (len = getline(&text, &size, f)) >= 0)
        ok = take_line(text, (size_t)len, ++line, reader, error);
    if (ok && !feof(f))
        ok = fail(error, 20, 0, strerror(errno));
    if (ok && line == 0)
        ok = fail(error, 2, 0, "empty");
    free(text);
    return ok;
}
