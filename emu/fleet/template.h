/* emu/fleet/template.h -- texts with holes that each board fills in: {id} {board} {group} {version} {model}. */
#pragma once
#include <stddef.h>

struct thm_fleet_values { /* of one board; none NULL */
    const char *id, *board, *group, *version, *model;
};

/* Where the first hole is that nothing fills; NULL: there is none. */
const char *thm_fleet_template_fault(const char *text);
/* As snprintf: the length that the whole has, or would have had. */
size_t thm_fleet_template_fill(const char *text, const struct thm_fleet_values *v, char *out, size_t size);
