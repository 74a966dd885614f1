#include "emu/fleet/state.h"
#include <string.h>

static const char *const words[] = {
#define X(id, word) [id] = word,
    THM_FLEET_STATES(X)
#undef X
};

/* A step is told when it is over. */
static const struct {
    const char *step;
    enum thm_fleet_state next;
} after_step[] = {
    { "boot", THM_FLEET_BOOTING },  { "network", THM_FLEET_BOOTING },  { "storage", THM_FLEET_FETCHING },
    { "store", THM_FLEET_RUNNING }, { "flash", THM_FLEET_RUNNING },    { "load", THM_FLEET_RUNNING },
    { "arena", THM_FLEET_RUNNING }, { "connect", THM_FLEET_FETCHING },
};

const char *thm_fleet_state_word(enum thm_fleet_state s)
{
    return words[s];
}

bool thm_fleet_state_is_alive(enum thm_fleet_state s)
{
    return s >= THM_FLEET_BOOTING && s <= THM_FLEET_RUNNING;
}

enum thm_fleet_state thm_fleet_state_after(enum thm_fleet_state now, const struct thm_event *e)
{
    if (e->type == THM_EV_BODY)
        return THM_FLEET_STORING;
    for (size_t i = 0; e->type == THM_EV_STEP && i < sizeof after_step / sizeof after_step[0]; i++)
        if (strcmp(e->name, after_step[i].step) == 0)
            return after_step[i].next;
    return now;
}

enum thm_fleet_state thm_fleet_state_of_outcome(const char *outcome)
{
    for (int s = 0; s < THM_FLEET_STATE_COUNT; s++)
        if (strcmp(words[s], outcome) == 0)
            return (enum thm_fleet_state)s;
    return THM_FLEET_WAITING;
}
