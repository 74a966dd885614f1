/* emu/fleet/engine.h -- runs the boards of a fleet: one supervisor for all, many under way at once.
 *
 * One loop waits for the modems of all boards (epoll), the zygote, and the transfers (one curl multi handle). */
#pragma once
#include "emu/fleet/footprint.h"
#include "emu/fleet/phases.h"
#include "emu/fleet/results.h"
#include "emu/fleet/state.h"

struct thm_fleet_totals {
    uint32_t boards, done, updated, failed, withheld, untouched, alive;
    uint32_t mine;                                                                  /* boards of this shard */
    uint32_t ran;                                                                   /* in this session */
    uint32_t states[THM_FLEET_STATE_COUNT];                                         /* of those that are alive */
    bool interrupted;                                                               /* ended early: resume goes on */
    bool stopped;                                                                   /* the rollout was */
    uint64_t boards_user_us, boards_system_us, zygote_us, server_us, supervisor_us; /* of the PC's processor */
    struct thm_fleet_phases phases;       /* of the boards' own time, if timed */
    struct thm_fleet_footprint footprint; /* with the most boards at once, if timed */
    double seconds;
};

struct thm_fleet_engine {
    struct thm_fleet_kit *kit; /* port and cacert are set here when the fleet has a server of its own */
    const char *folder;
    struct thm_fleet_results *results;
    bool timed;                                /* look at what boards take of the PC; it takes some itself */
    uint32_t jobs;                             /* boards under way at once; 0: four for each processor */
    uint32_t shard, shards;                    /* only boards with id % shards == shard; shards 0: all */
    void (*note)(void *ctx, const char *line); /* what the user should know; may be NULL */
    void (*progress)(void *ctx, const struct thm_fleet_totals *t, bool end); /* some times a second; may be NULL */
    /* A board's state, whenever that may have changed, with what it has told just now (NULL: nothing); boards that are
     * done already are told at the start. May be NULL; must not block. */
    void (*board)(void *ctx, uint32_t id, enum thm_fleet_state state, const struct thm_event *e);
    void *ctx;
    void *board_ctx;
};

/* Runs what has no row yet. SIGINT and SIGTERM end it when the boards under way have ended, a second one at once.
 * Result: 0, 2 or 20, *error: one malloc'ed line. */
int thm_fleet_engine_run(const struct thm_fleet_engine *e, struct thm_fleet_totals *out, char **error);
/* The fleet's own server, if the scenario has a folder and is not offline. Sets the kit's port and cacert. */
struct thm_fleet_own_server;
int thm_fleet_engine_serve(struct thm_fleet_kit *k, const char *folder, struct thm_fleet_own_server *s, char **error);
