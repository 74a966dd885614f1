#include "emu/fleet/template.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *key;
    size_t value;
} holes[] = {
    { "{id}", offsetof(struct thm_fleet_values, id) },
    { "{board}", offsetof(struct thm_fleet_values, board) },
    { "{group}", offsetof(struct thm_fleet_values, group) },
    { "{version}", offsetof(struct thm_fleet_values, version) },
    { "{model}", offsetof(struct thm_fleet_values, model) },
};

enum { HOLES = sizeof holes / sizeof holes[0] };

/* HOLES: none of them. */
static size_t hole_at(const char *text)
{
    size_t i = 0;
    while (i < HOLES && strncmp(text, holes[i].key, strlen(holes[i].key)) != 0)
        i++;
    return i;
}

const char *thm_fleet_template_fault(const char *text)
{
    for (const char *at = text; (at = strchr(at, '{')); at++)
        if (hole_at(at) == HOLES)
            return at;
    return NULL;
}

size_t thm_fleet_template_fill(const char *text, const struct thm_fleet_values *v, char *out, size_t size)
{
    size_t len = 0;
    while (*text) {
        const size_t i = hole_at(text);
        const char *piece = i < HOLES ? *(const char *const *)(const void *)((const char *)v + holes[i].value) : text;
        const size_t n = i < HOLES ? strlen(piece) : 1 + strcspn(text + 1, "{");
        if (len < size)
            snprintf(out + len, size - len, "%.*s", (int)n, piece);
        len += n;
        text += i < HOLES ? strlen(holes[i].key) : n;
    }
    return len;
}
