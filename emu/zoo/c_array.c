#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "emu/zoo/c_array.h"

#define PER_LINE 12

static void set_variable(struct thm_c_array *a, const char *name)
{
    snprintf(a->variable, sizeof a->variable, "zoo_%.56s_tflite", name);
    for (char *c = a->variable; *c; c++)
        if (!(*c >= '0' && *c <= '9') && !((*c | 32) >= 'a' && (*c | 32) <= 'z'))
            *c = '_';
}

static int opening(const struct thm_c_array *a, char *to, size_t size)
{
    return snprintf(to, size, "alignas(16) const unsigned char %s[] = {\n", a->variable);
}

static int closing(const struct thm_c_array *a, uint64_t n, char *to, size_t size)
{
    return snprintf(to, size, "\n};\nconst unsigned int %s_len = %" PRIu64 ";\n", a->variable, n);
}

static void send(struct thm_c_array *a, const char *text, size_t len)
{
    if (!a->status && len)
        a->status = a->to->write(a->to->context, text, len);
}

void thm_c_array_start(struct thm_c_array *a, const char *name, const struct thm_sink *to)
{
    char text[160];
    *a = (struct thm_c_array){ .to = to };
    set_variable(a, name);
    send(a, text, (size_t)opening(a, text, sizeof text));
}

/* What stands before byte number n. */
static const char *separator(uint64_t n)
{
    return n % PER_LINE ? ", " : n ? ",\n  " : "  ";
}

static int write_text(void *context, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    struct thm_c_array *a = context;
    const uint8_t *bytes = data;
    char text[4096];
    size_t used = 0;
    for (size_t i = 0; i < len && !a->status; i++) {
        const char *before = separator(a->count++);
        size_t n = strlen(before);
        memcpy(text + used, before, n);
        used += n;
        memcpy(text + used, (char[]){ '0', 'x', digits[bytes[i] >> 4], digits[bytes[i] & 15] }, 4);
        used += 4;
        if (used > sizeof text - 16) {
            send(a, text, used);
            used = 0;
        }
    }
    send(a, text, used);
    return a->status;
}

struct thm_sink thm_c_array_sink(struct thm_c_array *a)
{
    return (struct thm_sink){ .write = write_text, .context = a };
}

int thm_c_array_end(struct thm_c_array *a)
{
    char text[160];
    send(a, text, (size_t)closing(a, a->count, text, sizeof text));
    return a->status;
}

uint64_t thm_c_array_bytes(const char *name, uint64_t n)
{
    struct thm_c_array a;
    char text[160];
    set_variable(&a, name);
    uint64_t lines = (n + PER_LINE - 1) / PER_LINE;
    uint64_t body = n ? 6 * n + 2 * lines - 2 : 0; /* "0x00, " each, two to indent a line, no last ", " */
    return body + (uint64_t)opening(&a, text, sizeof text) + (uint64_t)closing(&a, n, text, sizeof text);
}
