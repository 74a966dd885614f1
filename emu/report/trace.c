#include <inttypes.h>
#include "emu/report/report.h"

static void write_string(FILE *f, const char *key, const char *value)
{
    fprintf(f, ",\"%s\":\"", key);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        if (*p < 0x20 || *p == 0x7f)
            fprintf(f, "\\u%04x", *p);
        else if (*p == '"' || *p == '\\')
            fprintf(f, "\\%c", *p);
        else
            fputc(*p, f);
    }
    fputc('"', f);
}

static void write_value(FILE *f, char format, const char *key, uint64_t v)
{
    if (format == 'x')
        fprintf(f, ",\"%s\":\"0x%08" PRIx64 "\"", key, v);
    else if (format == 'i')
        fprintf(f, ",\"%s\":%" PRId64, key, (int64_t)v);
    else
        fprintf(f, ",\"%s\":%" PRIu64, key, v);
}

bool thm_trace_write(FILE *f, const struct thm_event *ev, const char *core)
{
    const struct thm_event_kind *k = thm_event_kind(ev->type);
    fprintf(f, "{\"seq\":%u,\"t_ns\":%" PRIu64 ",\"event\":\"%s\"", ev->seq, ev->t_ns, k->name);
    if (core)
        write_string(f, "core", core);
    if (k->name_key[0])
        write_string(f, k->name_key, ev->name);
    for (unsigned i = 0; i < THM_EVENT_VALUES; i++)
        if (k->values[i][0])
            write_value(f, k->formats[i], k->values[i], ev->v[i]);
    if (k->text_key[0])
        write_string(f, k->text_key, ev->text);
    fputs("}\n", f);
    return !ferror(f);
}
