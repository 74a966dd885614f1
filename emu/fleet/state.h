/* emu/fleet/state.h -- where a board is on its way, for those who watch a run. */
#pragma once
#include "emu/board/event.h"

/* name, word for people; those under way are together */
#define THM_FLEET_STATES(X)             \
    X(THM_FLEET_WAITING, "waiting")     \
    X(THM_FLEET_BOOTING, "booting")     \
    X(THM_FLEET_FETCHING, "fetching")   \
    X(THM_FLEET_STORING, "storing")     \
    X(THM_FLEET_RUNNING, "running")     \
    X(THM_FLEET_UPDATED, "updated")     \
    X(THM_FLEET_FAILED, "failed")       \
    X(THM_FLEET_WITHHELD, "withheld")   \
    X(THM_FLEET_UNTOUCHED, "untouched") \
    X(THM_FLEET_ELSEWHERE, "elsewhere") /* of another shard */

enum thm_fleet_state {
#define X(id, word) id,
    THM_FLEET_STATES(X)
#undef X
        THM_FLEET_STATE_COUNT
};

const char *thm_fleet_state_word(enum thm_fleet_state s);
bool thm_fleet_state_is_alive(enum thm_fleet_state s); /* it is under way */
/* What the board does after it has told this. */
enum thm_fleet_state thm_fleet_state_after(enum thm_fleet_state now, const struct thm_event *e);
enum thm_fleet_state thm_fleet_state_of_outcome(const char *outcome); /* of a row */
