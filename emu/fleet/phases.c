#include "emu/fleet/phases.h"
#include <stdio.h>
#include <string.h>

static void add(struct thm_fleet_phases *p, const char *name, uint64_t ns)
{
    unsigned i = 0;
    while (i < p->count && strcmp(p->of[i].name, name) != 0)
        i++;
    if (i == p->count && i < THM_FLEET_PHASES_MAX)
        snprintf(p->of[p->count++].name, sizeof p->of[0].name, "%s", i + 1 < THM_FLEET_PHASES_MAX ? name : "others");
    p->of[i < p->count ? i : p->count - 1].ns += ns;
}

void thm_fleet_phases_take(struct thm_fleet_phases *p, const struct thm_event *e, uint64_t *told)
{
    const bool failed = e->type == THM_EV_FAILED || e->type == THM_EV_FAULT;
    if ((e->type != THM_EV_STEP && !failed) || e->cpu_ns < *told)
        return;
    add(p, failed ? "failed" : e->name, e->cpu_ns - *told);
    *told = e->cpu_ns;
}
